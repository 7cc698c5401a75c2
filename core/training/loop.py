"""The training loop: two branches, a target, checkpoints that resume exactly."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.errors import Stopped, XCosError
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.xcos import XCosNet
from core.progress import QUIET, Task
from core.training.batch_loader import Feed, Views
from core.training.checks import contradiction, too_few_identities
from core.training.config import (
    LocalityConfig,
    LossConfig,
    TrainConfig,
    missing_paths,
    needs_target,
    target_choice,
    write_config,
)
from core.training.correlation import WATCHED, correlation_attention
from core.training.data import BatchSampler, TrainingFaces, training_faces
from core.training.encoding import MEAN, SCALE, encode
from core.training.frozen import FrozenBackbone, stored
from core.training.losses import joint_cosines
from core.training.net import Beside, TrainingNet, weighted
from core.training.parallel import (
    any_process,
    make_fabric,
    processes,
    share_batch_norm,
    summed,
)
from core.training.positive_mining import kept_positives
from core.training.run import RunDirectory
from core.training.schedule import learning_rate, make_optimiser, steps_of_epoch, total_steps
from core.training.start import as_started, take_start
from core.training.target_cache import (
    JointTeacher,
    LiveTarget,
    TargetAnswers,
    scales_of,
    target_answers,
)
from core.training.validation import Validation

Teacher = TargetAnswers | LiveTarget | JointTeacher

LOG_EVERY = 25  # steps
LOSS_NAMES = [
    f.name.removesuffix("_weight")
    for f in (*fields(LossConfig), *fields(LocalityConfig))
    if f.name.endswith("_weight") and f.name != "alike_weight"
]


@dataclass(frozen=True, eq=False)
class StepLosses:
    """A step, its rate, and the losses of its parts, still on the device: reading them waits."""

    step: int
    rate: float
    parts: list[dict[str, Tensor]]


class Training:
    """One run: everything a step needs, and the state a checkpoint holds.

    faces: instead of those of the config's folders
    """

    def __init__(
        self,
        config: TrainConfig,
        run: RunDirectory,
        task: Task,
        faces: TrainingFaces | None = None,
    ) -> None:
        for sentence in missing_paths(config):
            raise XCosError(sentence)
        config = as_started(config)
        self.config, self.run = config, run
        hardware = config.hardware
        if hardware.threads:
            torch.set_num_threads(hardware.threads)
        self.fabric = make_fabric(hardware)
        # Before hours of decoding, not after them.
        unfit = contradiction(config, self.fabric.world_size)
        if unfit is not None:
            raise XCosError(unfit)
        if self.fabric.is_global_zero:
            run.begin(write_config(config))
        with self.fabric.rank_zero_first():
            self.faces = faces or training_faces(config.data, task)
            self._refuse_few_people()
            self.answers, self.teacher = self._ask_targets(task)
            self._near = self._likely_positives(task)
            self._freeze(task)
        task.report("Building the model", 0, 0)
        self.steps = total_steps(config.optimisation, len(self.faces))
        self.sampler = self._make_sampler()
        device = self.fabric.device
        ranks = self.fabric.global_rank, self.fabric.world_size
        self.feed = Feed(self.faces, self.sampler, config, device, *ranks)
        # Only now: asking the target draws numbers, and only where its answers are not kept yet.
        torch.manual_seed(hardware.seed)
        self._make_model()
        self.validation = Validation.of(config)
        if self.validation is not None and self.frozen is not None:
            self.validation.maps = self.frozen.maps(self.validation.crops, task)
        self.step, self.best = 0, 0.0

    def _refuse_few_people(self) -> None:
        unlabelled = int((self.faces.labels < 0).sum())
        lacking = too_few_identities(self.config, len(self.faces.identities), unlabelled)
        if lacking is not None:
            raise XCosError(lacking)

    def _freeze(self, task: Task) -> None:
        self.frozen: FrozenBackbone | None = None
        self.maps: np.ndarray | None = None
        if self.config.model.frozen is not None:
            self.frozen = FrozenBackbone(self.config.model, str(self.fabric.device))
            self.maps = self.frozen.maps_of(self.faces, task)

    def _ask_targets(self, task: Task) -> tuple[list[TargetAnswers], Teacher | None]:
        """What each target says of every face, the first one's first, and who teaches a step."""
        config = self.config
        if not needs_target(config):
            return [], None
        with_maps = config.losses.map_weight > 0
        live = config.target.live
        answers: list[TargetAnswers] = []
        teachers: list[TargetAnswers | LiveTarget] = []
        for choice in (target_choice(config), *map(TargetChoice, config.target.others)):
            target = Target(choice, str(self.fabric.device))
            maps = with_maps and not teachers  # of the first target alone
            answers.append(target_answers(self.faces, target, maps and not live, task))
            teachers.append(LiveTarget(target, maps, self.fabric.device) if live else answers[-1])
            if live and config.hardware.compile:
                target.compile()
        if len(teachers) == 1:
            return answers, teachers[0]
        return answers, JointTeacher(teachers[0], teachers[1:], scales_of(answers))

    def _likely_positives(self, task: Task) -> np.ndarray | None:
        alike = self.config.losses.alike
        if not self.answers or not self.config.optimisation.partner_share:
            return None
        first = self.answers[0]
        return kept_positives(
            first.folder / f"neighbours-{alike:g}.npy",
            first.embeddings[0],
            self.faces.labels,
            alike,
            str(self.fabric.device),
            task,
        )

    def _make_sampler(self) -> BatchSampler:
        config = self.config
        near = self._near
        if near is None:
            near = np.full((len(self.faces), 1), -1, np.int64)
        optimisation = config.optimisation
        part = replace(optimisation, batch=optimisation.batch // optimisation.accumulate)
        seed = config.hardware.seed
        return BatchSampler(self.faces.labels, near, part, seed, self.faces.bordered)

    def _make_model(self) -> None:
        config, device = self.config, self.fabric.device
        teacher = self.teacher
        model = TrainingNet(
            config,
            None if teacher is None else teacher.size,
            None if teacher is None else teacher.map_channels,
            len(self.faces.identities),
            None if self.frozen is None else self.frozen.network,
        )
        self.start = take_start(model.net, config)
        # Attention runs on gathered pairs, so its statistics are the whole batch's already.
        if not isinstance(model.net, XCosNet):
            share_batch_norm(model.net, device)
        else:
            share_batch_norm(model.net.grid, device)
            if self.frozen is None:
                share_batch_norm(model.net.backbone, device)
        model = model.to(memory_format=torch.channels_last)
        self.average = AveragedModel(
            model.net,
            multi_avg_fn=get_ema_multi_avg_fn(config.optimisation.average),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        self.average.to(device)
        optimiser = make_optimiser(model, config.optimisation, device)
        if config.hardware.compile:
            getattr(model.net, "backbone", model.net).compile()
        self.model, self.optimiser = self.fabric.setup(model, optimiser)

    @property
    def net(self) -> nn.Module:
        """The network whose weights the optimiser moves: an XCosNet, or a baseline."""
        net: nn.Module = self.model.net
        return net

    @property
    def exported(self) -> nn.Module:
        """The network to validate and ship: the moving average where there is one."""
        averaged = self.average.module
        assert isinstance(averaged, nn.Module)
        return averaged if self.config.optimisation.average else self.net

    def correlation(self, batches: int, task: Task = QUIET) -> np.ndarray | None:
        """P (7, 7), normalised, over the pairs of some training batches; None without a target.

        Raises Stopped.
        """
        network, maps, device = self.exported, self.maps, self.fabric.device
        answers = self.answers
        if not answers or not isinstance(network, XCosNet):
            return None

        def grids(chosen: np.ndarray) -> np.ndarray:
            if maps is None:
                grid, _ = encode(network, device, crops=self.faces.take(chosen))
            else:
                grid, _ = encode(network, device, maps=maps[0, chosen])
            assert grid is not None
            return grid.float().cpu().numpy()

        scales = scales_of(answers)

        def cosines(chosen: np.ndarray) -> np.ndarray:
            known = [torch.from_numpy(answer.embeddings[0, chosen]) for answer in answers]
            return joint_cosines(known, scales).numpy()

        found = correlation_attention(cosines, self.sampler, grids, batches, task)
        return found.normalised()

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint's state. Raises XCosError where the settings do not fit it."""
        try:
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.best = int(state["step"]), float(state["best"])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise XCosError(
                f"{self.run.last} is of a run with other settings; give their config, or train "
                "into another folder."
            ) from error
        if self.fabric.is_global_zero:
            self.run.rewind(self.step)

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "best": self.best,
        }

    def save(self, path: Path) -> None:
        """Write a checkpoint, by one of the processes."""
        if self.fabric.is_global_zero:
            self.run.save(path, self.state())

    def rows(self) -> "Iterator[StepLosses]":
        """Run the remaining steps, yielding each one's losses."""
        while self.step < self.steps:
            yield self._step()

    def _step(self) -> "StepLosses":
        optimisation = self.config.optimisation
        epoch = steps_of_epoch(optimisation, len(self.faces))
        rate = learning_rate(self.step, self.steps, optimisation, epoch)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        self.optimiser.zero_grad()
        parts = [self._backward(part) for part in range(optimisation.accumulate)]
        self.optimiser.step()
        if optimisation.average:
            self.average.update_parameters(self.net)
        self.step += 1
        return StepLosses(self.step - 1, rate, parts)

    def numbers(self, rows: "list[StepLosses]") -> list[dict[str, float]]:
        """The losses of some steps as numbers, which waits for a GPU. Raises XCosError.

        A loss that is not finite is told with its step and some of its faces.
        """
        return [self._numbers(row) for row in rows]

    def _numbers(self, row: "StepLosses") -> dict[str, float]:
        accumulate = self.config.optimisation.accumulate
        parts = []
        for number, part in enumerate(row.parts):
            values = torch.stack(list(part.values())).tolist()
            if not np.isfinite(values).all():
                batch = self.sampler.batch(row.step * accumulate + number)
                part_of_batch = batch.part(self.fabric.global_rank, self.fabric.world_size)
                bad = [name for name, v in zip(part, values, strict=True) if not np.isfinite(v)]
                raise self._not_finite(bad, row.step, part_of_batch.faces)
            parts.append(dict(zip(part, values, strict=True)))
        names = sorted({name for part in parts for name in part})
        return {"rate": row.rate} | {
            name: float(np.mean([part[name] for part in parts if name in part])) for name in names
        }

    def _backward(self, part: int) -> dict[str, Tensor]:
        config = self.config
        number = self.step * config.optimisation.accumulate + part
        views = self.feed.views(number)
        lesson = None if self.teacher is None else self.teacher.lesson(views)
        x_BCHW = self._input(views)
        draw = torch.Generator().manual_seed(config.hardware.seed * 1_000_003 + number)
        last = part + 1 == config.optimisation.accumulate
        with self.fabric.no_backward_sync(self.model, enabled=not last):
            losses = self.model(x_BCHW, views.labels, Beside(lesson, draw, views.hidden))
            total = weighted(losses, config)
            self.fabric.backward(total / config.optimisation.accumulate)
        losses["total"] = total
        values = torch.stack([loss.detach() for loss in losses.values()])
        values = summed(values) / processes()
        return dict(zip(losses, values.unbind(), strict=True))

    def _input(self, views: Views) -> Tensor:
        """What the network is shown: normalised faces, or a frozen backbone's maps of them."""
        if self.maps is not None:
            batch = views.batch
            return stored(self.maps, batch.faces, batch.mirrored).to(self.fabric.device)
        pixels = views.pixels
        if views.hidden is not None:
            pixels = torch.cat([pixels, views.hidden.pixels])
        return ((pixels - MEAN) / SCALE).contiguous(memory_format=torch.channels_last)

    def _not_finite(self, bad: list[str], step: int, faces: np.ndarray) -> XCosError:
        names = ", ".join(name for name in bad if name != "total") or "total"
        files = ", ".join(sorted({self.faces.name(int(face)) for face in faces})[:3])
        return XCosError(
            f"The {names} loss is not finite at step {step} (faces such as {files}); the last good "
            f"checkpoint is {self.run.last}: lower optimisation.learning_rate and resume from it."
        )


def train(
    config: TrainConfig,
    path: Path,
    *,
    task: Task = QUIET,
) -> Training:
    """Train in a run directory, resuming the checkpoint that lies there; returns it finished.

    Asks stopped() at every step and saves before it leaves by Stopped.
    Raises XCosError for settings, files or losses that the user can mend.
    """
    training = Training(config, RunDirectory(path), task)
    try:
        _run(training, task)
    finally:
        training.feed.close()
        training.run.close()
    return training


def _run(training: Training, task: Task) -> None:
    run, hardware = training.run, training.config.hardware
    if training.fabric.is_global_zero:
        run.tell_problems(training.faces.problems)
    state = run.load(run.last)
    if state is not None:
        training.resume(state)
    total = training.steps
    # Of few faces an epoch is shorter than anybody looks.
    epoch = max(LOG_EVERY, steps_of_epoch(training.config.optimisation, len(training.faces)))
    _keep_pair(training)
    recent: list[StepLosses] = []
    numbers: list[dict[str, float]] = []
    on_cpu = training.fabric.device.type == "cpu"
    clock = time.monotonic()
    for row in training.rows():
        recent.append(row)
        step = training.step
        task.report("Training", step, total)
        validate = step % hardware.validate_every == 0 or step == total
        save = step % hardware.save_every == 0 or step == total
        leave = any_process(task.stopped()) and step < total
        log = step % LOG_EVERY == 0 or validate
        # A GPU works ahead of its losses; they are looked at before anything is kept.
        if log or save or leave or on_cpu:
            numbers += training.numbers(recent)
            recent = []
        if log:
            _log(training, numbers, (time.monotonic() - clock) / len(numbers))
            numbers, clock = [], time.monotonic()
        if validate and training.validation is not None:
            _validate(training)
            clock = time.monotonic()
        if validate or step % epoch == 0:
            _keep_pair(training)
        if save:
            training.save(run.last)
        if leave:
            training.save(run.last)
            raise Stopped("The training")


def _log(training: Training, recent: list[dict[str, float]], seconds: float) -> None:
    if not training.fabric.is_global_zero:
        return
    names = ["rate", *LOSS_NAMES, "total"]
    values = {n: [row[n] for row in recent if n in row] for n in names}
    mean = {n: float(np.mean(found)) if found else float("nan") for n, found in values.items()}
    batch = training.config.optimisation.batch
    speed = {"photos_per_second": batch / seconds, "seconds_per_step": seconds}
    row = {"step": training.step} | _rounded(speed) | _rounded(mean)
    training.run.log(row)


def _validate(training: Training) -> None:
    assert training.validation is not None
    if training.fabric.is_global_zero:
        device, correlation = training.fabric.device, training.correlation(WATCHED)
        accuracy = training.validation.accuracies(training.exported, device, correlation)
        training.run.log_validation({"step": training.step} | _rounded(accuracy))
        reached = accuracy.get("learned", accuracy.get("fc", 0.0))
        if reached > training.best:
            training.best = reached
            training.save(training.run.best)
    training.fabric.barrier()


def _keep_pair(training: Training) -> None:
    """Draw the maps of the fixed validation pair anew."""
    if training.validation is None or not training.fabric.is_global_zero:
        return
    pair = training.validation.first_genuine(training.exported, training.fabric.device)
    if pair is not None:
        training.run.keep_pair(training.step, *pair)


def _rounded(row: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in row.items()}
