"""At which rate each step is taken, how many there are, and what the optimiser does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.training.config import OptimisationConfig
from core.training.schedule import learning_rate, make_optimiser, steps_of_epoch, total_steps

CPU = torch.device("cpu")


def rates(config: OptimisationConfig, steps: int, epoch: int = 1) -> list[float]:
    return [learning_rate(step, steps, config, epoch) for step in range(steps)]


def test_a_cosine_falls_from_the_whole_rate_nearly_to_0_after_the_rise() -> None:
    found = rates(OptimisationConfig(learning_rate=0.4, warm_up=4), 12)
    falling = [0.4 * (1 + np.cos(np.pi * k / 12)) / 2 for k in range(12)]
    rise = [0.25, 0.5, 0.75, *[1] * 9]
    assert found == pytest.approx([a * b for a, b in zip(falling, rise, strict=True)])
    assert found[6] == pytest.approx(0.2) and found[-1] == pytest.approx(0.0068, rel=0.01)
    at_once = OptimisationConfig(learning_rate=0.4, warm_up=0)
    assert rates(at_once, 12)[0] == rates(replace(at_once, warm_up=1), 12)[0] == 0.4


def test_a_constant_rate_cools_down_over_the_last_steps() -> None:
    config = OptimisationConfig(learning_rate=1, warm_up=0, schedule="constant", cool_down=4)
    assert rates(config, 8) == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    assert rates(replace(config, cool_down=0), 8) == [1] * 8


def test_milestones_count_steps_or_epochs() -> None:
    config = OptimisationConfig(
        learning_rate=1, warm_up=0, schedule="steps", milestones=[2, 3], epochs=0
    )
    assert rates(config, 5, epoch=2) == pytest.approx([1, 1, 0.1, 0.01, 0.01])
    by_epochs = replace(config, epochs=4)
    assert rates(by_epochs, 8, epoch=2) == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])


def test_an_epoch_has_as_many_steps_as_show_every_face() -> None:
    config = OptimisationConfig(steps=7, batch=8)
    assert [steps_of_epoch(config, faces) for faces in (1, 8, 9, 16, 17)] == [1, 1, 2, 2, 3]
    assert total_steps(config, 100) == 7 and total_steps(replace(config, epochs=3), 17) == 9


class Little(nn.Module):
    """A layer, its norm, and attention in the place where a run has it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm = nn.Linear(2, 2), nn.BatchNorm1d(2)
        self.net = nn.ModuleDict({"attention": nn.Linear(2, 1), "other": nn.Linear(2, 1)})
        self.layer.bias.requires_grad_(False)


def test_weights_decay_and_scales_shifts_and_biases_do_not() -> None:
    model = Little()
    names = {id(p): name for name, p in model.named_parameters()}
    for optimiser in ("adamw", "sgd"):
        config = OptimisationConfig(
            optimiser=optimiser,  # type: ignore[arg-type]
            learning_rate=0.3,
            weight_decay=0.07,
            attention_rate=2.0,
        )
        made = make_optimiser(model, config, CPU)
        assert isinstance(made, torch.optim.SGD if optimiser == "sgd" else torch.optim.AdamW)
        found = {
            names[id(p)]: (group["lr"], group["weight_decay"], group["times"])
            for group in made.param_groups
            for p in group["params"]
        }
        assert found == {
            "layer.weight": (0.3, 0.07, 1.0),
            "norm.weight": (0.3, 0.0, 1.0),
            "norm.bias": (0.3, 0.0, 1.0),
            "net.attention.weight": (0.3, 0.07, 2.0),
            "net.attention.bias": (0.3, 0.0, 2.0),
            "net.other.weight": (0.3, 0.07, 1.0),
            "net.other.bias": (0.3, 0.0, 1.0),
        }


def test_sgd_carries_nine_tenths_of_its_last_step_on() -> None:
    model = Little()
    config = OptimisationConfig(optimiser="sgd", learning_rate=0.5, weight_decay=0.1)
    made = make_optimiser(model, config, CPU)
    weight = model.layer.weight
    start = weight.detach().clone()
    for _ in range(2):
        made.zero_grad()
        weight.sum().backward()
        made.step()
    first = 1 + 0.1 * start
    after = start - 0.5 * first
    second = 0.9 * first + 1 + 0.1 * after
    torch.testing.assert_close(weight.detach(), after - 0.5 * second)
