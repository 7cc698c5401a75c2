"""What keeps a run from starting or makes it slow, told before it starts."""

import os
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from core.errors import XCosError
from core.faces.face import SIDE
from core.model.features import CELLS, CHANNELS
from core.model.target_choice import TargetChoice
from core.training.config import (
    TrainConfig,
    keeps_maps,
    missing_paths,
    needs_target,
)
from core.training.data import cache_folder, views_kept
from core.training.gallery_source import listed_people
from core.training.named_files import target_choice, with_files
from core.training.sources import empty_folders, open_source

if TYPE_CHECKING:
    from torch import nn

COPIES = 5  # of each weight: itself, its gradient, two moments, the moving average
MAP_CHANNELS = 512  # of the last map of most face models
PAIR_BYTES = 4 * CELLS * CELLS * 3 * 32  # of a pair's learned attention
MOST_TRIED = 500_000_000  # weights of a network that is tried; more fill the memory by themselves


@dataclass(frozen=True)
class Faces:
    """What a config's folders hold.

    labelled, unlabelled: photos of known and of unknown people; identities: people among the labelled ones; empty: folders of
    people without a photo
    """

    labelled: int = 0
    unlabelled: int = 0
    identities: int = 0
    empty: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.labelled + self.unlabelled


@dataclass(frozen=True)
class Verdict:
    """problems: sentences on what keeps the run from starting; warnings: on what may harm it."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    faces: Faces = Faces()


def check(config: TrainConfig) -> Verdict:
    """Look at folders, memory and device, without reading a photo."""
    try:
        config = with_files(config)
    except XCosError as error:
        return Verdict((str(error),))
    problems = missing_paths(config)
    unfit = contradiction(config)
    if problems or unfit:
        return Verdict((*problems, *([unfit] if unfit else [])))
    try:
        faces = count_faces(config)
        lacking = too_few_identities(config, faces.identities, faces.unlabelled)
        warnings = _told_empty(faces) + _memory(config, faces) + _disk(config, faces)
    except XCosError as error:
        return Verdict((str(error),))
    return Verdict((lacking,) if lacking else (), tuple(warnings), faces)


def count_faces(config: TrainConfig) -> Faces:
    """Photos and people of a config's folders. Raises XCosError for a folder without photos."""
    labelled = unlabelled = people = 0
    empty: list[str] = []
    data = config.data
    if data.gallery is not None:
        photos, names = listed_people(data)
        labelled, unlabelled, people = len(names), photos - len(names), len({*names})
    for roots, with_names in ((data.labelled, True), (data.unlabelled, False)):
        for root in roots:
            count, known, without = _counted(root, with_names, _changed(root))
            labelled += known
            unlabelled += count - known
            people += without[0]  # a name that two folders have is two people
            empty += without[1]
    return Faces(labelled, unlabelled, people, tuple(empty))


def too_few_identities(config: TrainConfig, identities: int, unlabelled: int) -> str | None:
    """Why there are too few people to learn from, and the way out; None where there are enough."""
    if identities >= 2:
        return None
    people = "one identity" if identities == 1 else "no identity"
    if config.losses.identification != "none":
        return (
            f"{config.data.gallery or 'data.labelled'} has {people}, but the identification loss needs two: put each person's "
            "photos in a folder of their own, or set losses.identification to none."
        )
    if unlabelled < 2:
        return (
            f"The faces to train on show {people} and no others, so no pair of different "
            "people: add another person's photos, or name folders under data.unlabelled."
        )
    return None


def contradiction(config: TrainConfig, processes: int = 1) -> str | None:
    """Which settings do not go together, and the way out; None where all do."""
    optimisation, live = config.optimisation, config.target.live
    if needs_target(config) and config.target.weights is not None:
        try:
            target_choice(config)
        except XCosError as error:
            return str(error)
    parts = optimisation.accumulate * processes
    if optimisation.batch % parts or optimisation.batch // parts < 2:
        return (
            f"optimisation.batch is {optimisation.batch}, which does not part evenly in {parts} "
            "(processes times accumulate); choose a multiple of it."
        )
    if config.augmentation.mix and not live:
        return (
            "augmentation.mix needs target.live, since the target must see the mixed faces; "
            "set target.live to true or augmentation.mix to 0."
        )
    if config.model.grid_channels % CHANNELS:
        return (
            f"model.grid_channels is {config.model.grid_channels}, which is no multiple of "
            f"{CHANNELS}; set it to one."
        )
    plugged_in = config.model.frozen
    if plugged_in and not keeps_maps(config.model) and TargetChoice(plugged_in).is_onnx:
        return (
            f"model.trained is {config.model.trained}, and the layers of {config.model.frozen}, an "
            "ONNX file, cannot be trained; set model.trained to head, or name a torch file."
        )
    if config.locality.hidden and (plugged_in or not config.model.xcos):
        return (
            "locality.hidden shows views to a backbone that is trained under xCos, and "
            "model.frozen or model.xcos rules that out; set locality.hidden to 0."
        )
    if config.locality.hidden and not needs_target(config):
        return "locality.hidden needs a target's cosines; set a weight of the losses, or it to 0."
    if config.model.trained != "all" and config.model.start is None and config.model.frozen is None:
        return (
            f"model.trained is {config.model.trained}, and without model.start the rest would stay "
            "random; name weights there or set model.trained to all."
        )
    if live and keeps_maps(config.model):
        return "target.live varies each face, but a frozen model's maps are kept; set it to false."
    return None


def batch_bytes(config: TrainConfig, identities: int) -> int:
    """About what weights and a step take: activations kept for the gradients, and pairs."""
    import torch

    from core.model.backbones import build_backbone

    optimisation, losses = config.optimisation, config.losses
    batch = optimisation.batch // optimisation.accumulate
    weights = outputs = 0
    if config.model.frozen is None:
        with torch.device("meta"):
            network = build_backbone(config.model.backbone, **config.model.options)
        weights, outputs = _sizes(network)
    weights += (
        identities * config.model.grid_channels * CELLS * CELLS * (losses.identification != "none")
    )
    size = 4 if config.hardware.precision == "32-true" else 2
    pixels = 3 * 3 * SIDE * SIDE * 4  # faces, donors, companions
    pairs = losses.pairs * bool(losses.cosine_weight and config.model.xcos)
    cells = 4 * CELLS * CELLS * 4 * config.model.grid_channels  # of a pair
    return 4 * COPIES * weights + batch * (size * outputs + pixels) + pairs * (PAIR_BYTES + cells)


def free_memory(device: str) -> tuple[int, str]:
    """Free bytes where a run would compute, and what to call that place. Raises XCosError."""
    from core.model.device import choose_device

    place = choose_device(device)
    if place.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(place)[0]), f"{place} has"
    return int(psutil.virtual_memory().available), "this machine has"


def _sizes(network: "nn.Module") -> tuple[int, int]:
    """Weights of a network, and numbers that its layers put out for one face."""
    import torch

    outputs = 0

    def note(_module: object, _inputs: object, output: object) -> None:
        nonlocal outputs
        if isinstance(output, torch.Tensor):
            outputs += output.numel()

    weights = sum(p.numel() for p in network.parameters())
    if weights > MOST_TRIED:
        return weights, outputs
    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(note)
    # Without numbers it would be computed in Python, by a thousand modules that nothing else needs.
    network.to_empty(device="cpu")
    with torch.inference_mode():
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.zero_()
        network.eval()(torch.zeros(1, 3, SIDE, SIDE))
    return weights, outputs


def _told_empty(faces: Faces) -> list[str]:
    if not faces.empty:
        return []
    more = ", ..." if len(faces.empty) > 3 else ""
    folders = "folder has" if len(faces.empty) == 1 else "folders have"
    return [
        f"{len(faces.empty)} {folders} no photo and will be left out: "
        f"{', '.join(faces.empty[:3])}{more}."
    ]


def _memory(config: TrainConfig, faces: Faces) -> list[str]:
    sentences = []
    needed = batch_bytes(config, faces.identities)
    free, place = free_memory(config.hardware.device)
    if needed > 0.9 * free:
        sentences.append(
            f"A batch of {config.optimisation.batch} faces takes about {_size(needed)}, and {place} "
            f"{_size(free)} free: lower optimisation.batch, or raise optimisation.accumulate."
        )
    decoded, available = faces.total * SIDE * SIDE * 3, psutil.virtual_memory().available
    if not keeps_maps(config.model) and decoded > 0.9 * available:
        sentences.append(
            f"The decoded faces take {_size(decoded)} and {_size(available)} of memory are free, so "
            "they are read from the disk again and again: a fast disk for data.cache helps."
        )
    return sentences


def _disk(config: TrainConfig, faces: Faces) -> list[str]:
    kept = views_kept(faces.total) if keeps_maps(config.model) else 0
    maps = needs_target(config) and config.losses.map_weight > 0 and not config.target.live
    bytes_a_face = MAP_CHANNELS * CELLS * CELLS * (2 * kept + 2 * maps)
    cache = cache_folder(config.data).absolute()
    place = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if not any(cache.glob("faces-*")) and faces.total * bytes_a_face > free:
        return [
            f"Kept maps take about {_size(faces.total * bytes_a_face)}, and the disk of data.cache "
            f"has {_size(free)} free: name a folder on another disk."
        ]
    return []


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _changed(root: Path) -> float:
    """When a folder or one of a person in it last did."""
    try:
        with os.scandir(root) as inside:
            times = [entry.stat().st_mtime for entry in inside if entry.is_dir()]
        return max(root.stat().st_mtime, *times, 0.0)
    except OSError:
        return 0.0


@lru_cache(maxsize=32)
def _counted(
    root: Path, labelled: bool, changed: float
) -> tuple[int, int, tuple[int, tuple[str, ...]]]:
    """All photos, those of a known person, the number of people, and the empty folders.

    changed: when the folder last did, so that typing in a form does not list it again
    """
    source = open_source(root, labelled)
    known = source.identities[source.identities != ""]
    empty = tuple(empty_folders(root, source)) if labelled else ()
    return len(source.identities), len(known), (len(np.unique(known)), empty)
