"""What a run needs before its first step: faces, people held out, the targets' answers, kept maps."""

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from core.errors import XCosError
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.progress import Task
from core.training.checks import too_few_identities
from core.training.config import TrainConfig, keeps_maps, needs_target
from core.training.data import (
    TrainingFaces,
    faces_folder,
    identities_of,
    open_sources,
    problems_of,
    training_faces,
)
from core.training.frozen import FrozenBackbone
from core.training.held_out import HeldOutFaces, people_held_out, split
from core.training.input_measure import measured_input, some_faces
from core.training.named_files import frozen_choice, target_choice
from core.training.positive_mining import kept_positives
from core.training.resumable_arrays import prepared_alone
from core.training.sources import FaceSource
from core.training.target_cache import (
    JointTeacher,
    LiveTarget,
    TargetAnswers,
    answers_from_maps,
    scales_of,
    target_answers,
)

Teacher = TargetAnswers | LiveTarget | JointTeacher


@dataclass(frozen=True, eq=False)
class Prepared:
    """A run made ready.

    config:   with what was measured of a plugged-in model's input
    faces:    to train on; held_out: of people who are not trained on, or None
    answers:  of each target, the first one's first; teacher: who teaches a step, or None
    near:     (n, 8) likely positives of each face, or None
    frozen:   the plugged-in model, or None
    maps:     where it stays as it is its maps (2, n, C, 7, 7) float16, [1] of mirrored faces, or
              (1, n, C, 7, 7); else None
    problems: photos left out, and why; notes: sentences on what was found out by itself
    """

    config: TrainConfig
    faces: TrainingFaces
    held_out: HeldOutFaces | None
    answers: list[TargetAnswers]
    teacher: Teacher | None
    near: np.ndarray | None
    frozen: FrozenBackbone | None
    maps: np.ndarray | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def prepare(
    config: TrainConfig, device: torch.device, faces: TrainingFaces | None, task: Task
) -> Prepared:
    """Find and decode the faces, hold people out, ask the targets; most of it is kept on the disk.

    faces: instead of the config's, nobody is then held out. Raises XCosError and Stopped.
    """
    held_out: HeldOutFaces | None = None
    sources: tuple[FaceSource, ...] = ()
    if faces is None:
        sources = open_sources(config.data, config.model.start, task)
        every = identities_of(sources)
        people = people_held_out(config, every)
        sources, held_out = split(sources, every, people, config.hardware.seed)
        _refuse_no_positives(config, identities_of(sources))
    folder = faces_folder(config.data, sources) if faces is None else faces.folder
    with prepared_alone(folder, task):
        faces = faces or training_faces(config.data, task, sources)
        _refuse_few_people(config, faces)
        config, notes = _with_input(config, faces, task)
        frozen = maps = None
        if config.model.frozen is not None:
            frozen = FrozenBackbone(config.model, str(device), config.hardware.precision)
            notes = (*notes, *frozen.notes)
        if frozen is not None and keeps_maps(config.model):
            maps = frozen.maps_of(faces, task)
        known = None if frozen is None or maps is None else (frozen, maps)
        answers, teacher = _ask_targets(config, faces, known, str(device), task)
        near = _likely_positives(config, faces, answers, str(device), task)
    problems = (*problems_of(sources, config.data.aligned), *faces.problems)
    return Prepared(config, faces, held_out, answers, teacher, near, frozen, maps, problems, notes)


def _refuse_no_positives(config: TrainConfig, names: np.ndarray) -> None:
    """Where names correct the target, some person must have two photos."""
    if not config.losses.labels:
        return
    place = config.data.gallery or "data.labelled"
    _, counts = np.unique(names[names != ""], return_counts=True)
    if not len(counts):
        raise XCosError(
            f"{place} names nobody: put each person's photos in a folder of their own, or give "
            "the names in a CSV or in the window."
        )
    if counts.max() < 2:
        raise XCosError(
            f"Every person of {place} has one photo, so that no pair shows one person twice; "
            "add photos of the same people."
        )


def _refuse_few_people(config: TrainConfig, faces: TrainingFaces) -> None:
    unlabelled = int((faces.labels < 0).sum())
    lacking = too_few_identities(config, len(faces.identities), unlabelled)
    if lacking is not None:
        raise XCosError(lacking)


def _with_input(
    config: TrainConfig, faces: TrainingFaces, task: Task
) -> tuple[TrainConfig, tuple[str, ...]]:
    """The config with a plugged-in ONNX model's input, measured where neither file nor user says."""
    model, target = config.model, config.target
    if model.frozen is None:
        return config, ()
    choice = frozen_choice(model)
    if not choice.is_onnx or (choice.channels and choice.normalisation):
        return config, ()
    task.report("Measuring the model's input", 0, 0)
    which = some_faces(faces.labels)
    measured = measured_input(choice, faces.take(which), faces.labels[which], task)
    order: Literal["rgb", "bgr"] = "bgr" if measured.choice.channels == "BGR" else "rgb"
    normalisation = measured.choice.normalisation
    scaling = model.normalisation if normalisation is None else str(normalisation)
    if target.weights == model.frozen:
        target = replace(target, channels=order, normalisation=scaling)
    model = replace(model, channels=order, normalisation=scaling)
    return replace(config, model=model, target=target), (measured.words,)


def _ask_targets(
    config: TrainConfig,
    faces: TrainingFaces,
    known: tuple[FrozenBackbone, np.ndarray] | None,
    device: str,
    task: Task,
) -> tuple[list[TargetAnswers], Teacher | None]:
    """What each target says of every face, the first one's first, and who teaches a step.

    known: the plugged-in model with its maps, by which it need not be asked again
    """
    if not needs_target(config):
        return [], None
    with_maps = config.losses.map_weight > 0
    live = config.target.live
    answers: list[TargetAnswers] = []
    teachers: list[TargetAnswers | LiveTarget] = []
    for choice in (target_choice(config), *map(TargetChoice, config.target.others)):
        maps = with_maps and not teachers  # of the first target alone
        if known is not None and not maps and known[0].embeds(choice):
            answers.append(answers_from_maps(faces, *known, task))
            teachers.append(answers[-1])
            continue
        target = Target(choice, device)
        views = 2 if known is None else len(known[1])
        answers.append(target_answers(faces, target, maps and not live, task, views))
        here = torch.device(device)
        teachers.append(LiveTarget(target, maps, here) if live else answers[-1])
        if live and config.hardware.compile:
            target.compile()
    if len(teachers) == 1:
        return answers, teachers[0]
    return answers, JointTeacher(teachers[0], teachers[1:], scales_of(answers))


def _likely_positives(
    config: TrainConfig,
    faces: TrainingFaces,
    answers: list[TargetAnswers],
    device: str,
    task: Task,
) -> np.ndarray | None:
    alike = config.losses.alike
    if not answers or not config.optimisation.partner_share:
        return None
    first = answers[0]
    # The same photos, once with names and once without, have other neighbours.
    named = hashlib.sha256(np.packbits(faces.labels >= 0).tobytes()).hexdigest()[:8]
    return kept_positives(
        first.folder / f"neighbours-{alike:g}-{named}.npy",
        first.embeddings[0],
        faces.labels,
        alike,
        device,
        task,
    )
