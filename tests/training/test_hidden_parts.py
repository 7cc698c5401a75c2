"""What hides a part of a face in training: which shapes, how often, and what fills them."""

import numpy as np
import pytest
import torch

from core.training.augment import Draws
from core.training.hiding import HiddenViews, hidden_views

COUNT, SIDE = 160, 112
# The share that is hidden of each cell, over the first views of a run; a run that is resumed by
# another version of the program must see the same ones.
HIDDEN = """
0.13367 0.13672 0.13770 0.13169 0.11387 0.12939 0.12747
0.16228 0.15952 0.12739 0.13823 0.13640 0.15818 0.14436
0.14790 0.14783 0.13818 0.15930 0.15112 0.15554 0.14011
0.16697 0.18555 0.16445 0.16804 0.18467 0.16841 0.14546
0.17930 0.20046 0.20518 0.20549 0.18694 0.15493 0.13296
0.16060 0.18706 0.21113 0.20076 0.18035 0.13083 0.11616
0.13872 0.15789 0.16416 0.16609 0.18323 0.13469 0.11809
"""


def views(
    count: int, samples: np.ndarray, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor, HiddenViews]:
    """Coloured faces, others beside them, and views of some."""
    draw = torch.Generator().manual_seed(1)
    x = 60 + 130 * torch.rand(len(samples), 3, SIDE, SIDE, generator=draw)
    x *= torch.tensor([1.0, 0.8, 0.6])[:, None, None]
    others = 40 * torch.rand(len(samples), 3, SIDE, SIDE, generator=draw)
    return x, others, hidden_views(x, others, samples, seed, count)


def test_the_views_of_a_run_are_always_the_same() -> None:
    _, _, found = views(COUNT, np.arange(COUNT))
    mean = found.covered.mean(dim=0).numpy()
    wanted = np.array(HIDDEN.split(), float).reshape(7, 7)
    np.testing.assert_allclose(mean, wanted, atol=3e-5)
    # How rough they are follows from the fields of noise that fill some.
    steps = found.pixels.diff(dim=3).square().mean().item()
    assert steps == pytest.approx(1662.993, rel=1e-4)


def test_the_faces_with_the_lowest_draws_are_seen_again_in_their_order() -> None:
    samples = np.arange(100, 130)
    x, _, found = views(9, samples)
    first = Draws.of(0x5EED, samples).uniform[:, 0]
    assert found.source.tolist() == sorted(np.argsort(first)[:9].tolist())
    assert found.pixels.shape == (9, 3, SIDE, SIDE) and len(x) == 30


def colour(u: np.ndarray, face: np.ndarray) -> np.ndarray:
    """(3,): dark, bright, anything, or near the face's own mean, by the first number."""
    if u[0] < 0.3:
        return 255 * 0.15 * u[1:]
    if u[0] < 0.4:
        return 255 * (1 - 0.15 * u[1:])
    if u[0] < 0.75:
        return 255 * u[1:]
    return 255 * (face.mean(axis=(1, 2)) / 255 + 0.3 * (u[1:] - 0.5)).clip(0, 1)


def test_a_hidden_part_is_flat_shaded_rough_striped_or_a_face() -> None:
    samples = np.arange(COUNT)
    x, others, found = views(COUNT, samples)
    u = Draws.of(0x5EED, samples).uniform.astype(np.float64)
    axis = np.linspace(-1, 1, SIDE)
    seen: dict[str, int] = {}
    for k in range(COUNT):
        face, other, made = (
            part[k].numpy().astype(np.float64) for part in (x, others, found.pixels)
        )
        hidden = (np.abs(made - face) > 1e-6).any(axis=0)
        first, second = colour(u[k, 5:9], face), colour(u[k, 9:13], face)
        angle = 2 * np.pi * u[k, 4]
        along = np.cos(angle) * axis + np.sin(angle) * axis[:, None]
        bounds = {"flat": 0.34, "shaded": 0.48, "rough": 0.68, "striped": 0.78, "turned": 0.94}
        kind = next((name for name, end in bounds.items() if u[k, 3] <= end), "other")
        seen[kind] = seen.get(kind, 0) + 1
        if kind == "rough":  # between the two colours, at one place of the way for all three
            gap = (second - first)[:, None]
            way = ((made - first[:, None, None])[:, hidden] / gap).T
            assert way.min() > -0.01 and way.max() < 1.01
            sharp = np.abs(gap[:, 0]) > 20
            assert way.std() > 0.02
            assert not sharp.any() or np.ptp(way[:, sharp], axis=1).max() < 0.01
            continue
        if kind == "turned":
            wanted = other[:, ::-1] if u[k, 16] < 0.5 else other.transpose(0, 2, 1)
            wanted = face[:, ::-1] if u[k, 17] < 0.3 else wanted
        elif kind == "other":
            wanted = other
        else:
            amount = {
                "flat": np.zeros_like(along),
                "shaded": (0.5 + 0.6 * along).clip(0, 1),
                "striped": 0.5 + 0.5 * np.sin((4 + 28 * u[k, 15]) * along + 7 * angle),
            }[kind]
            wanted = first[:, None, None] + (second - first)[:, None, None] * amount
        np.testing.assert_allclose(made[:, hidden], wanted[:, hidden], atol=0.02)
    assert len(seen) == 6 and min(seen.values()) > 3


def test_of_a_photo_that_is_nearly_grey_the_hidden_part_is_grey() -> None:
    grey = (
        (60 + 130 * torch.rand(80, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(2)))
        .expand(-1, 3, -1, -1)
        .clone()
    )
    tinted = grey.clone()
    tinted[:, 0] += 3.0
    for x, stays in ((grey, True), (tinted, False)):
        made = hidden_views(x, x.roll(1, 0), np.arange(80), 0, 80).pixels
        hidden = ((made - x).abs() > 1e-3).any(dim=1)
        apart = (made.amax(dim=1) - made.amin(dim=1))[hidden]
        assert (float(apart.max()) < 1e-3) == stays
