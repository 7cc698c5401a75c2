"""How many steps a run has, at which rate each is taken, and by which optimiser."""

from typing import Any

import numpy as np
import torch
from torch import nn

from core.training.config import OptimisationConfig

ATTENTION = "net.attention."  # before the names of learned attention's parameters


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
    """AdamW, or SGD with momentum, over the parameters that are trained.

    Each group has `times`, by which a step's rate is multiplied for it.
    """
    moved = {name: p for name, p in model.named_parameters() if p.requires_grad}
    apart = config.attention_rate != 1.0
    of_attention = {name for name in moved if apart and name.startswith(ATTENTION)}
    rate, decay = config.learning_rate, config.weight_decay
    groups: list[dict[str, Any]] = []
    for names, times in (
        (moved.keys() - of_attention, 1.0),
        (of_attention, config.attention_rate),
    ):
        some = [p for name, p in moved.items() if name in names]
        # Scales, shifts, slopes and biases are not decayed: it would only move them to 0.
        groups += [
            {"params": [p for p in some if p.ndim > 1], "times": times},
            {"params": [p for p in some if p.ndim <= 1], "times": times, "weight_decay": 0.0},
        ]
    groups = [group for group in groups if group["params"]]
    if config.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, weight_decay=decay)
    fused = device.type == "cuda"
    return torch.optim.AdamW(groups, lr=rate, weight_decay=decay, fused=fused)
