"""Views of faces with a part hidden, from which a network learns what a cell may know.

The shapes and fillings differ from those that tests hide with: no squares, no blurred patches,
no strokes of one grey, no glasses or scarves. A view depends on its face, its companion and its
own draws alone.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.faces.face import SIDE
from core.model.features import CELLS
from core.training.augment import Draws, on_device

JOINED = 0.4  # of shapes take another piece, and of these another
SHAPES, TEXTURES = 2048, 256  # prepared once; flips and turns make eight of each
LEAST_SHARE, MOST_SHARE = 0.015, 0.6  # of the face that a shape hides
SMALL, SMALL_SHARE = 0.5, 0.15  # how many of the shapes hide no more than so much
BANK_SEED = 7
GREY = 2.0  # mean difference of a photo's channels under which it is grey
SALT = 0x5EED  # so that a view's draws are not its face's

# What hides, and how often.
KINDS = {
    "ellipse": 0.22,
    "polygon": 0.22,
    "band": 0.1,
    "wave": 0.12,
    "ring": 0.08,
    "frame": 0.08,
    "half": 0.08,
    "blob": 0.1,
}

CHANGES: tuple[Callable[[Tensor], Tensor], ...] = (
    lambda x_HYX: x_HYX.flip(2),
    lambda x_HYX: x_HYX.flip(1),
    lambda x_HYX: x_HYX.transpose(1, 2),
)

# What fills a shape, and how often.
FILLINGS = (
    ("flat", 0.34),
    ("gradient", 0.14),
    ("texture", 0.2),
    ("waves", 0.1),
    ("turned face", 0.16),
    ("face", 0.06),
)


class HiddenViews(NamedTuple):
    """Second views of some faces of a batch.

    pixels:  (H, 3, 112, 112) float32 in [0, 255]
    source:  (H,) int64, which face of the batch each shows
    covered: (H, 7, 7) float32, the share of each cell that is hidden
    """

    pixels: Tensor
    source: Tensor
    covered: Tensor


def hidden_views(
    x_BCHW: Tensor, companions_BCHW: Tensor, samples: np.ndarray, seed: int, count: int
) -> HiddenViews:
    """Hide a part of the first `count` faces in the order of their draws.

    x, companions: (B, 3, 112, 112) float32 in [0, 255], the companion another face for each
    samples:       (B,) numbers that count the samples of the run
    """
    u = Draws.of(seed ^ SALT, samples).uniform
    chosen = np.sort(np.argsort(u[:, 0], kind="stable")[:count])
    u = u[chosen]
    device = x_BCHW.device
    source, numbers = on_device(chosen, x_BCHW), on_device(u, x_BCHW)
    hidden = _turned(_pick(_shapes(str(device)), numbers[:, 1]), numbers[:, 2])
    filling = _fillings(companions_BCHW[source], x_BCHW[source], numbers)
    pixels = torch.where(hidden[:, None], filling, x_BCHW[source])
    covered = F.avg_pool2d(hidden[:, None].float(), SIDE // CELLS)[:, 0]
    return HiddenViews(pixels.clamp(0, 255), source, covered)


def _fillings(companions: Tensor, own: Tensor, u: Tensor) -> Tensor:
    """(H, 3, 112, 112): what lies in the hidden part of each face, by u[:, 3]."""
    device = own.device
    axis = torch.linspace(-1, 1, SIDE, device=device)
    angle = 2 * np.pi * u[:, 4, None, None]
    along = torch.cos(angle) * axis + torch.sin(angle) * axis[:, None]
    first, second = _colours(u[:, 5:9], own), _colours(u[:, 9:13], own)
    texture = _turned(_pick(_textures(str(device)), u[:, 13]), u[:, 14])
    waves = 0.5 + 0.5 * torch.sin((4 + 28 * u[:, 15, None, None]) * along + 7 * angle)
    amounts = {
        "flat": torch.zeros_like(along),
        "gradient": (0.5 + 0.6 * along).clamp(0, 1),
        "texture": texture,
        "waves": waves,
    }
    choice = torch.bucketize(u[:, 3].contiguous(), _shares(str(device)))[:, None, None]
    amount = torch.zeros_like(along)
    for number, (name, _) in enumerate(FILLINGS):
        if name in amounts:
            amount = torch.where(choice == number, amounts[name], amount)
    filling = first + (second - first) * amount[:, None]
    turned = torch.where(
        (u[:, 16] < 0.5)[:, None, None, None], companions.flip(2), companions.transpose(2, 3)
    )
    turned = torch.where((u[:, 17] < 0.3)[:, None, None, None], own.flip(2), turned)
    names = [name for name, _ in FILLINGS]
    filling = torch.where(choice[:, None] == names.index("turned face"), turned, filling)
    filling = torch.where(choice[:, None] == names.index("face"), companions, filling)
    # What hides a part of a grey photo is grey on it.
    grey = (own.amax(dim=1) - own.amin(dim=1)).mean(dim=(1, 2)) < GREY
    return torch.where(
        grey[:, None, None, None], filling.mean(dim=1, keepdim=True).expand_as(filling), filling
    )


@cache
def _shares(device: str) -> Tensor:
    """Where in [0, 1] one filling ends and the next begins."""
    return torch.tensor(np.cumsum([share for _, share in FILLINGS])[:-1], device=device).float()


def _colours(u: Tensor, own: Tensor) -> Tensor:
    """(H, 3, 1, 1): anywhere in the cube, dark, bright, or near the face's own mean."""
    kind, rgb = u[:, :1], u[:, 1:4]
    mean = own.mean(dim=(2, 3)) / 255
    colour = torch.where(kind < 0.3, 0.15 * rgb, rgb)
    colour = torch.where((kind >= 0.3) & (kind < 0.4), 1 - 0.15 * rgb, colour)
    colour = torch.where(kind >= 0.75, (mean + 0.3 * (rgb - 0.5)).clamp(0, 1), colour)
    return 255 * colour[:, :, None, None]


def _pick(bank: Tensor, u: Tensor) -> Tensor:
    return bank[(u * len(bank)).long().clamp(max=len(bank) - 1)]


def _turned(x_HYX: Tensor, u: Tensor) -> Tensor:
    """Each mirrored, upended or transposed, by three bits of u."""
    bits = (8 * u).long()
    for bit, change in enumerate(CHANGES):
        x_HYX = torch.where(((bits >> bit) & 1 == 1)[:, None, None], change(x_HYX), x_HYX)
    return x_HYX


@cache
def _shapes(device: str) -> Tensor:
    """(2048, 112, 112) bool: of all kinds, some of them joined."""
    rng = np.random.default_rng(BANK_SEED)
    return torch.from_numpy(np.stack([_shape(rng) for _ in range(SHAPES)])).to(device)


def _shape(rng: np.random.Generator) -> np.ndarray:
    small = rng.random() < SMALL
    most = SMALL_SHARE if small else MOST_SHARE
    while True:
        size = rng.uniform(0.3, 1) if small else 1.0
        hidden = _piece(rng, size)
        while rng.random() < JOINED:
            hidden = hidden | _piece(rng, size)
        if LEAST_SHARE <= hidden.mean() <= most:
            return hidden


def _piece(rng: np.random.Generator, size: float) -> np.ndarray:
    """(112, 112) bool; size: of the piece, 1 for one that may hide half of the face."""
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1) * 2 - 1
    angle = rng.uniform(0, 2 * np.pi)
    centre = rng.uniform(-0.9, 0.9, 2)
    along = (np.cos(angle) * (x - centre[0]) + np.sin(angle) * (y - centre[1])) / size
    across = (-np.sin(angle) * (x - centre[0]) + np.cos(angle) * (y - centre[1])) / size
    kind = rng.choice([*KINDS], p=[*KINDS.values()])
    if kind == "ellipse":
        a, b = rng.uniform(0.15, 0.7, 2)
        return (along / a) ** 2 + (across / b) ** 2 < 1
    if kind == "band":
        return np.abs(across) < rng.uniform(0.08, 0.3)
    if kind == "wave":
        bend = rng.uniform(0.1, 0.5) * np.sin(rng.uniform(2, 7) * along + rng.uniform(0, 7))
        return np.abs(across + bend) < rng.uniform(0.06, 0.2)
    if kind == "ring":
        a, b = rng.uniform(0.3, 0.9, 2)
        reach = np.sqrt((along / a) ** 2 + (across / b) ** 2)
        return np.abs(reach - 1) < rng.uniform(0.1, 0.35)
    if kind == "frame":
        a, b = rng.uniform(0.55, 0.95), rng.uniform(0.7, 1.1)
        return ((x - 0.2 * centre[0]) / a) ** 2 + ((y - 0.2 * centre[1]) / b) ** 2 > 1
    if kind == "half":
        return across > rng.uniform(0.0, 0.8)
    if kind == "blob":
        field = _smooth(rng, int(rng.integers(3, 9)))
        return field > np.quantile(field, 1 - rng.uniform(0.08, 0.5))
    corners = int(rng.integers(3, 7))
    turns = angle + 2 * np.pi * (np.arange(corners) + rng.uniform(-0.3, 0.3, corners)) / corners
    reach = rng.uniform(0.12, 0.6, corners)
    sides = [
        np.cos(t) * (x - centre[0]) + np.sin(t) * (y - centre[1]) < r * size
        for t, r in zip(turns, reach, strict=True)
    ]
    return np.logical_and.reduce(sides)


@cache
def _textures(device: str) -> Tensor:
    """(256, 112, 112) float32 in [0, 1]: fields of noise from broad to pixel-fine."""
    rng = np.random.default_rng([BANK_SEED, 1])
    fields = [_smooth(rng, int(SIDE ** rng.uniform(0.25, 1))) for _ in range(TEXTURES)]
    return torch.from_numpy(np.stack(fields).astype(np.float32)).to(device)


def _smooth(rng: np.random.Generator, cells: int) -> np.ndarray:
    small = torch.from_numpy(rng.random((1, 1, cells, cells)))
    field = F.interpolate(small, (SIDE, SIDE), mode="bicubic", align_corners=False)[0, 0]
    return field.clamp(0, 1).numpy()
