"""How many steps a run has, at which rate each is taken, and by which optimiser."""

from typing import Any

import numpy as np
import torch
from torch import nn

from core.training.config import OptimisationConfig


def total_steps(config: OptimisationConfig, faces: int) -> int:
    """Optimiser steps of a run over so many faces."""
    return config.epochs * steps_of_epoch(config, faces) if config.epochs else config.steps


def steps_of_epoch(config: OptimisationConfig, faces: int) -> int:
    """Steps in which as many faces are drawn as there are."""
    return -(-faces // config.batch)


def learning_rate(step: int, steps: int, config: OptimisationConfig, epoch: int = 1) -> float:
    """The rate of a step, counted from 0, of a run of so many; epoch: steps of one."""
    rise = min(1.0, (step + 1) / max(1, config.warm_up))
    if config.schedule == "cosine":
        shape = 0.5 * (1 + np.cos(np.pi * step / steps))
    elif config.schedule == "steps":
        unit = epoch if config.epochs else 1
        shape = 0.1 ** sum(step >= milestone * unit for milestone in config.milestones)
    else:
        shape = min(1.0, (steps - step) / max(1, config.cool_down))
    return float(config.learning_rate * rise * shape)


def make_optimiser(
    model: nn.Module, config: OptimisationConfig, device: torch.device
) -> torch.optim.Optimizer:
    """AdamW, or SGD with momentum, over the parameters that are trained."""
    # Scales, shifts, slopes and biases are not decayed: it would only move them to 0.
    moved = [p for p in model.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in moved if p.ndim > 1]},
        {"params": [p for p in moved if p.ndim <= 1], "weight_decay": 0.0},
    ]
    rate, decay = config.learning_rate, config.weight_decay
    if config.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, weight_decay=decay)
    fused = device.type == "cuda"
    return torch.optim.AdamW(groups, lr=rate, weight_decay=decay, fused=fused)
