"""A run in progress: faces, target, network and optimiser, and what a checkpoint holds of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.errors import XCosError
from core.model.xcos import XCosNet
from core.progress import QUIET, Task
from core.training.batch_loader import Feed, Views
from core.training.checks import contradiction
from core.training.config import TrainConfig, missing_paths, write_config
from core.training.correlation import correlation_attention
from core.training.data import BatchSampler, TrainingFaces
from core.training.encoding import encode, normalised
from core.training.frozen import FrozenBackbone, stored
from core.training.losses import joint_cosines
from core.training.named_files import with_files
from core.training.near_start import SOME, start_near
from core.training.net import Beside, TrainingNet, weighted
from core.training.parallel import (
    make_fabric,
    processes,
    share_batch_norm,
    summed,
)
from core.training.preparing import prepare
from core.training.run import RunDirectory
from core.training.schedule import learning_rate, make_optimiser, steps_of_epoch, total_steps
from core.training.start import as_started, take_start
from core.training.target_cache import label_limits, scales_of
from core.training.validation import Validation

REMEMBERED = 8192  # faces whose grid features are kept while cells are correlated, 51 MB


@dataclass(frozen=True, eq=False)
class StepLosses:
    """A step, its rate, and the losses of its parts, still on the device: reading them waits."""

    step: int
    rate: float
    parts: list[dict[str, Tensor]]


class Training:
    """One run: everything a step needs, and the state a checkpoint holds.

    faces: instead of those of the config's folders
    notes: sentences on what it found out and decided by itself
    """

    def __init__(
        self,
        config: TrainConfig,
        run: RunDirectory,
        task: Task,
        faces: TrainingFaces | None = None,
    ) -> None:
        config = with_files(config)
        for sentence in missing_paths(config):
            raise XCosError(sentence)
        config = as_started(config)
        self.run = run
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
            ready = prepare(config, self.fabric.device, faces, task)
        self.config = config = ready.config
        if ready.notes and self.fabric.is_global_zero:
            run.begin(write_config(config))
        self.faces, self.held_out, self.notes = ready.faces, ready.held_out, ready.notes
        self.answers, self.teacher, self._near = ready.answers, ready.teacher, ready.near
        self.frozen, self.maps, self.problems = ready.frozen, ready.maps, ready.problems
        task.report("Building the model", 0, 0)
        self.steps = total_steps(config.optimisation, len(self.faces))
        self.sampler = self._make_sampler()
        device = self.fabric.device
        ranks = self.fabric.global_rank, self.fabric.world_size
        self.feed = Feed(self.faces, self.sampler, config, device, *ranks)
        # Only now: asking the target draws numbers, and only where its answers are not kept yet.
        torch.manual_seed(hardware.seed)
        self._make_model()
        self.validation = Validation.of(config, self.held_out)
        if self.validation is not None and self.frozen is not None:
            self.validation.normalise = self.normalise
            if self.maps is not None:
                self.validation.maps = self.frozen.maps(self.validation.crops, task)
        self.step, self.best, self.without_gain = 0, 0.0, 0

    def _make_sampler(self) -> BatchSampler:
        config = self.config
        near = self._near
        if near is None:
            near = np.full((len(self.faces), 1), -1, np.int64)
        optimisation = config.optimisation
        part = replace(optimisation, batch=optimisation.batch // optimisation.accumulate)
        seed = config.hardware.seed
        mirror = self.maps is None or len(self.maps) > 1
        return BatchSampler(self.faces.labels, near, part, seed, self.faces.bordered, mirror)

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
        if config.losses.labels and self.answers:
            model.limits = label_limits(self.answers, self.faces.labels)
        self.start = take_start(model.net, config)
        if self.frozen is not None and not self.run.last.exists():
            self._start_near(model.net, self.frozen)
        # Attention runs on gathered pairs, so its statistics are the whole batch's already.
        if not isinstance(model.net, XCosNet):
            share_batch_norm(model.net, device)
        else:
            share_batch_norm(model.net.grid, device)
            backbone = model.net.backbone
            if self.maps is None:
                share_batch_norm(backbone, device)
        model = model.to(memory_format=torch.channels_last)
        self._averaged = get_ema_multi_avg_fn(config.optimisation.average)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(model.net, multi_avg_fn=self._averaged, use_buffers=True)
        self.average.to(device)
        optimiser = make_optimiser(model, config.optimisation, device)
        if config.hardware.compile:
            getattr(model.net, "backbone", model.net).compile()
        self.model, self.optimiser = self.fabric.setup(model, optimiser)

    def _start_near(self, net: XCosNet, frozen: FrozenBackbone) -> None:
        """Begin near the plugged-in model's own score, where its last layer is linear."""
        count = len(self.faces)
        some = np.unique(np.linspace(0, count - 1, SOME).round().astype(np.int64))
        if self.maps is None:
            maps = frozen.maps(self.faces.take(some), QUIET)
        else:
            maps = self.maps[0, some]
        layer = frozen.own_layer(maps)
        if layer is not None:
            start_near(net, layer, torch.from_numpy(maps).float())

    @property
    def net(self) -> nn.Module:
        """The network whose weights the optimiser moves: an XCosNet, or a baseline."""
        net: nn.Module = self.model.net
        return net

    def normalise(self, x_BCHW: Tensor) -> Tensor:
        """Pixels from 0 to 255, (B, 3, 112, 112), as the network takes them."""
        return normalised(x_BCHW) if self.frozen is None else self.frozen.normalised(x_BCHW)

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
        answers, few = self.answers, len(self.faces) <= REMEMBERED
        if not answers or not isinstance(self.exported, XCosNet):
            return None
        known: dict[int, np.ndarray] = {}

        def grids(chosen: np.ndarray) -> np.ndarray:
            if not few:
                return self._grids(chosen)
            fresh = np.array([face for face in chosen.tolist() if face not in known], np.int64)
            if len(fresh):
                known.update(zip(fresh.tolist(), self._grids(fresh), strict=True))
            return np.stack([known[face] for face in chosen.tolist()])

        scales = scales_of(answers)

        def cosines(chosen: np.ndarray) -> np.ndarray:
            of_each = [torch.from_numpy(answer.embeddings[0, chosen]) for answer in answers]
            return joint_cosines(of_each, scales).numpy()

        correlation = correlation_attention(cosines, self.sampler, grids, batches, task)
        return correlation.normalised()

    def _grids(self, chosen: np.ndarray) -> np.ndarray:
        """Grid features (k, 32, 7, 7) of some training faces as they are."""
        crops = maps = None
        if self.maps is None:
            crops = self.faces.take(chosen)
        else:
            maps = self.maps[0, chosen]
        grid, _ = encode(self.exported, self.fabric.device, crops, maps, self.normalise)
        assert grid is not None
        return grid.float().cpu().numpy()

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint's state. Raises XCosError where the settings do not fit it."""
        try:
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.best = int(state["step"]), float(state["best"])
            self.without_gain = int(state.get("without_gain", 0))
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
            "without_gain": self.without_gain,
        }

    @property
    def patient(self) -> bool:
        """Whether the run may go on: the last validations brought a gain, or it does not mind."""
        patience = self.config.optimisation.patience
        return not patience or self.without_gain < patience

    def take_best(self) -> None:
        """Put the weights that did best on the held-out people in place of the last ones."""
        state = self.run.load(self.run.best)
        if state is not None:
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])

    def save(self, path: Path) -> None:
        """Write a checkpoint, by one of the processes."""
        if self.fabric.is_global_zero:
            self.run.save(path, self.state())

    def rows(self) -> "Iterator[StepLosses]":
        """Run the remaining steps, yielding each one's losses."""
        while self.step < self.steps:
            yield self._step()

    def rate(self) -> float:
        """The learning rate of the next step."""
        optimisation = self.config.optimisation
        epoch = steps_of_epoch(optimisation, len(self.faces))
        return learning_rate(self.step, self.steps, optimisation, epoch)

    def _step(self) -> "StepLosses":
        optimisation, rate = self.config.optimisation, self.rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group.get("times", 1.0)
        self.model.train()
        self.optimiser.zero_grad()
        parts = [self._backward(part) for part in range(optimisation.accumulate)]
        self.optimiser.step()
        if optimisation.average:
            self._update_average()
        self.step += 1
        return StepLosses(self.step - 1, rate, parts)

    def _update_average(self) -> None:
        if self.step == 0:
            self.average.update_parameters(self.net)
            return
        # AveragedModel itself waits for a GPU at each step, to count them.
        averaged, current = (
            [t.detach() for t in (*n.parameters(), *n.buffers()) if t.is_floating_point()]
            for n in (self.average.module, self.net)
        )
        self._averaged(averaged, current, None)

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
        seed = config.hardware.seed * 1_000_003 + number
        draw = torch.Generator().manual_seed(seed % 2**63)
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
        return self.normalise(pixels).contiguous(memory_format=torch.channels_last)

    def _not_finite(self, bad: list[str], step: int, faces: np.ndarray) -> XCosError:
        names = ", ".join(name for name in bad if name != "total") or "total"
        files = ", ".join(sorted({self.faces.name(int(face)) for face in faces})[:3])
        return XCosError(
            f"The {names} loss is not finite at step {step} (faces such as {files}); the last good "
            f"checkpoint is {self.run.last}: lower optimisation.learning_rate and resume from it."
        )
