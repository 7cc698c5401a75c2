"""The training loop: two branches, a target, checkpoints that resume exactly."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.errors import Stopped, XCosError
from core.model.backbones import build_backbone
from core.model.heads import ArcFace, CosFace
from core.model.target import Target
from core.model.xcos import XCosNet
from core.progress import Report, StopAsked, never, silent
from core.training.augment import Draws, augment, fill_borders
from core.training.config import OptimisationConfig, TrainConfig, write_config
from core.training.data import (
    BatchSampler,
    TrainingFaces,
    likely_positives,
    training_faces,
)
from core.training.lessons import TargetAnswers, target_answers
from core.training.losses import Lesson, embedding_loss, map_loss, score_losses
from core.training.run import RunDirectory
from core.training.validation import Validation

MEAN, SCALE = 127.5, 128.0  # of our own weights: (x - 127.5) / 128


class TrainingNet(nn.Module):
    """The network with what only training needs: a projector to the target's map, an ID head."""

    def __init__(self, config: TrainConfig, answers: TargetAnswers, identities: int) -> None:
        super().__init__()
        backbone = build_backbone(config.model.backbone, **config.model.options)
        size = answers.embeddings.shape[2] if config.model.embedding else None
        self.net = XCosNet(backbone, size)
        self.projector = (
            nn.Conv2d(int(backbone.channels), answers.maps.shape[2], 1)  # type: ignore[arg-type]
            if answers.maps is not None
            else None
        )
        kinds = {"cosface": CosFace, "arcface": ArcFace}
        kind = kinds.get(config.losses.identification)
        features = 32 * 49
        self.head = None if kind is None else kind(features, identities)

    def forward(
        self,
        x_BCHW: Tensor,
        labels_B: Tensor,
        lesson: Lesson,
        config: TrainConfig,
        draw: torch.Generator,
    ) -> dict[str, Tensor]:
        """The losses of a batch, not yet weighted, by name."""
        net = self.net
        map_BCHW = net.backbone(x_BCHW)
        grid_BCHW = net.grid(map_BCHW)
        losses = score_losses(net.attention, grid_BCHW, lesson.embeddings, config.losses, draw)
        embedding_BD = net.embed(grid_BCHW)
        if embedding_BD is not None and config.losses.embedding_weight:
            losses["embedding"] = embedding_loss(embedding_BD, lesson.embeddings)
        if self.projector is not None and lesson.maps is not None:
            losses["map"] = map_loss(self.projector(map_BCHW), lesson.maps, lesson.valid)
        if self.head is not None and bool((labels_B >= 0).any()):
            known = labels_B >= 0
            logits = self.head(grid_BCHW[known].flatten(1), labels_B[known])
            losses["identification"] = nn.functional.cross_entropy(logits, labels_B[known])
        return losses


def weighted(losses: dict[str, Tensor], config: TrainConfig) -> Tensor:
    """The objective: the losses with the config's weights, summed."""
    weights = config.losses
    total = sum(getattr(weights, f"{name}_weight") * loss for name, loss in losses.items())
    assert isinstance(total, Tensor)
    return total


def learning_rate(step: int, config: OptimisationConfig) -> float:
    """The rate of a step, counted from 0."""
    rise = min(1.0, (step + 1) / max(1, config.warm_up))
    if config.schedule == "cosine":
        shape = 0.5 * (1 + np.cos(np.pi * step / config.steps))
    elif config.schedule == "steps":
        shape = 0.1 ** sum(step >= milestone for milestone in config.milestones)
    else:
        shape = min(1.0, (config.steps - step) / max(1, config.cool_down))
    return float(config.learning_rate * rise * shape)


class Training:
    """One run: everything a step needs, and the state a checkpoint holds."""

    def __init__(
        self, config: TrainConfig, run: RunDirectory, report: Report, stopped: StopAsked
    ) -> None:
        self.config, self.run, self.report, self.stopped = config, run, report, stopped
        hardware = config.hardware
        if hardware.threads:
            torch.set_num_threads(hardware.threads)
        self.fabric = Fabric(
            accelerator=_accelerator(hardware.device),
            devices=1,
            precision=hardware.precision,
        )
        self.faces: TrainingFaces = training_faces(config.data, report, stopped)
        if config.target.weights is None:
            raise XCosError(
                "target.weights is not set; name the target model's file in the config."
            )
        target = Target(config.target.weights, hardware.device)
        with_maps = config.losses.map_weight > 0
        self.answers = target_answers(self.faces, target, with_maps, report, stopped)
        near = likely_positives(self.answers.embeddings[0], self.faces.labels, config.losses.alike)
        self.sampler = BatchSampler(self.faces.labels, near, config.optimisation, hardware.seed)
        # Only now: asking the target draws numbers, and only where its answers are not kept yet.
        torch.manual_seed(hardware.seed)
        model = TrainingNet(config, self.answers, len(self.faces.identities))
        model = model.to(memory_format=torch.channels_last)
        self.average = AveragedModel(
            model.net,
            multi_avg_fn=get_ema_multi_avg_fn(config.optimisation.average),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        optimiser = torch.optim.AdamW(
            _parameter_groups(model, config.optimisation.weight_decay),
            lr=config.optimisation.learning_rate,
        )
        if hardware.compile:
            model.net.backbone.compile()
        self.model, self.optimiser = self.fabric.setup(model, optimiser)
        self.average.to(self.fabric.device)
        self.validation = Validation.of(config)
        self.step, self.best = 0, 0.0

    @property
    def net(self) -> XCosNet:
        """The network whose weights the optimiser moves."""
        net: XCosNet = self.model.net
        return net

    @property
    def exported(self) -> XCosNet:
        """The network to validate and ship: the moving average where there is one."""
        averaged: XCosNet = self.average.module  # type: ignore[assignment]
        return averaged if self.config.optimisation.average else self.net

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint's state."""
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best = int(state["step"]), float(state["best"])
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

    def steps(self) -> Iterator[dict[str, float]]:
        """Run the remaining steps, yielding each one's losses."""
        while self.step < self.config.optimisation.steps:
            yield self._step()

    def _step(self) -> dict[str, float]:
        config, sampler = self.config, self.sampler
        seed = config.hardware.seed
        batch = sampler.batch(self.step)
        pixels = np.asarray(self.faces.pixels[batch.faces])
        lesson = self.answers.lesson(batch, pixels)
        if config.data.fill_borders:
            donors = np.random.default_rng([seed, 3, self.step]).integers(
                0, len(self.faces), len(pixels)
            )
            pixels = fill_borders(pixels, np.asarray(self.faces.pixels[donors]))
        draws = Draws.of(seed, batch.samples)
        x_BCHW = augment(pixels, batch.mirrored, draws, config.augmentation)
        x_BCHW = ((x_BCHW - MEAN) / SCALE).contiguous(memory_format=torch.channels_last)
        labels_B = torch.from_numpy(self.faces.labels[batch.faces])
        rate = learning_rate(self.step, config.optimisation)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        draw = torch.Generator().manual_seed(seed * 1_000_003 + self.step)
        device = self.fabric.to_device
        losses = self.model(device(x_BCHW), device(labels_B), _on(lesson, device), config, draw)
        total = weighted(losses, config)
        if not torch.isfinite(total):
            raise self._not_finite(losses, batch.faces)
        self.optimiser.zero_grad()
        self.fabric.backward(total)
        self.optimiser.step()
        if config.optimisation.average:
            self.average.update_parameters(self.net)
        self.step += 1
        return {"rate": rate, "total": total.item()} | {k: v.item() for k, v in losses.items()}

    def _not_finite(self, losses: dict[str, Tensor], faces: np.ndarray) -> XCosError:
        bad = (
            ", ".join(name for name, loss in losses.items() if not torch.isfinite(loss)) or "total"
        )
        files = ", ".join(sorted({str(self.faces.files[face]) for face in faces})[:3])
        return XCosError(
            f"The {bad} loss is not finite at step {self.step} (faces such as {files}); the last good "
            f"checkpoint is {self.run.last}: lower optimisation.learning_rate and resume from it."
        )


def train(
    config: TrainConfig,
    path: Path,
    *,
    report: Report = silent,
    stopped: StopAsked = never,
) -> Training:
    """Train in a run directory, resuming the checkpoint that lies there; returns it finished.

    Asks stopped() at every step and saves before it leaves by Stopped.
    Raises XCosError for settings, files or losses that the user can mend.
    """
    run = RunDirectory(path)
    run.begin(write_config(config))
    training = Training(config, run, report, stopped)
    state = run.load(run.last)
    if state is not None:
        training.resume(state)
    total, batch = config.optimisation.steps, config.optimisation.batch
    recent: list[dict[str, float]] = []
    clock = time.monotonic()
    for row in training.steps():
        recent.append(row)
        step = training.step
        report("Training", step, total)
        validate = step % config.hardware.validate_every == 0 or step == total
        if step % 25 == 0 or validate:
            mean = {name: float(np.mean([r[name] for r in recent if name in r])) for name in row}
            speed = len(recent) * batch / (time.monotonic() - clock)
            run.log({"step": step, "photos_per_second": round(speed, 1)} | _rounded(mean))
            recent, clock = [], time.monotonic()
        if validate and training.validation is not None:
            accuracy = training.validation.accuracies(training.exported, training.fabric.device)
            run.log_validation({"step": step} | _rounded(accuracy))
            if accuracy["learned"] > training.best:
                training.best = accuracy["learned"]
                run.save(run.best, training.state())
            clock = time.monotonic()
        if step % config.hardware.save_every == 0 or step == total:
            run.save(run.last, training.state())
        if stopped():
            run.save(run.last, training.state())
            raise Stopped("The training")
    return training


def _rounded(row: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in row.items()}


def _on(lesson: Lesson, device: Any) -> Lesson:
    maps = None if lesson.maps is None else device(lesson.maps)
    return Lesson(device(lesson.embeddings), maps, device(lesson.valid))


def _parameter_groups(model: nn.Module, decay: float) -> list[dict[str, Any]]:
    # Scales, shifts, slopes and biases are not decayed: it would only move them to 0.
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": decay},
        {"params": others, "weight_decay": 0.0},
    ]


def _accelerator(device: str) -> str:
    if device == "auto":
        return "auto"
    return device.split(":")[0]
