"""Varying faces for training, on any device, every draw fixed by the sample's own number.

Decisions are drawn on the CPU, pixels change on the device; a sample's result depends on its
own pixels, its companion's and its draws alone, however a batch is split among processes.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.faces.face import SIDE
from core.faces.masks import free_form_mask
from core.training.config import AugmentConfig

DARK = 14  # a padded border is this dark or darker, out of 255, after lossy storage
LEAST_BORDER = 0.04  # share of the crop under which dark edges are not taken for padding
LUMA = (0.299, 0.587, 0.114)
DRAWS = 32  # random numbers a sample has
MASKS = 512  # free-form masks to choose from
MASKED = (0.05, 0.3)  # share of the face that they hide
UNMOVED = 0.3  # share of faces that are not moved
SEAMS, SURROUNDINGS = 0.4, 0.35  # of mixed faces; the others are blended


@dataclass(frozen=True, eq=False)
class Draws:
    """uniform: (B, 32) float32 in [0, 1), a row a sample."""

    uniform: np.ndarray

    @staticmethod
    def of(seed: int, samples: np.ndarray) -> "Draws":
        """samples: (B,) numbers that count the samples of the run.

        A counter-based generator (SplitMix64's finaliser, Steele et al., 2014): any number of
        any sample without those before it.
        """
        with np.errstate(over="ignore"):
            first = samples.astype(np.uint64)[:, None] * np.uint64(DRAWS)
            counter = first + np.arange(DRAWS, dtype=np.uint64)
            z = _mixed(counter + _mixed(np.array([[seed + 1]], np.uint64)))
        return Draws(((z >> np.uint64(40)) * 2.0**-24).astype(np.float32))


def _mixed(z: np.ndarray) -> np.ndarray:
    z = z * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def border_mask(x_BCHW: Tensor) -> Tensor:
    """Where black padding surrounds the photo: (B, 112, 112) bool, for any numeric (B, 3, ...).

    A pixel belongs to it when it and all pixels between it and an edge of the crop, straight
    along its row or column, are dark. Faces with less than 4 % of such pixels have none.
    """
    dark = (x_BCHW.amax(dim=1) <= DARK).to(torch.uint8)
    border = torch.zeros_like(dark)
    for axis in (1, 2):
        border |= dark.cumprod(axis, dtype=torch.uint8)
        border |= dark.flip(axis).cumprod(axis, dtype=torch.uint8).flip(axis)
    enough = border.float().mean(dim=(1, 2), keepdim=True) >= LEAST_BORDER
    return border.bool() & enough


def fill_borders(x_BCHW: Tensor, border_BHW: Tensor, donors_BCHW: Tensor) -> Tensor:
    """Put the donors' pixels where the border is, with a soft edge; float in and out."""
    share = border_BHW[:, None].float()
    # Grown by two pixels: lossy storage smears the border's edge into the photo.
    share = F.avg_pool2d(F.max_pool2d(share, 5, 1, 2), 3, 1, 1, count_include_pad=False)
    return x_BCHW + share * (donors_BCHW - x_BCHW)


def augment(
    x_BCHW: Tensor,
    companions_BCHW: Tensor | None,
    mirrored: np.ndarray,
    draws: Draws,
    config: AugmentConfig,
) -> Tensor:
    """Vary a batch: (B, 3, 112, 112) float32 in [0, 255] to the same.

    companions: another face for each, which hides parts of it or is mixed into it; without
    them hidden parts have one colour and nothing is mixed
    """
    u = draws.uniform
    if companions_BCHW is not None and config.mix:
        x_BCHW = _mix(x_BCHW, companions_BCHW, u[:, 21:26], config.mix)
    x_BCHW = _move(x_BCHW, mirrored, u[:, :5], config)
    x_BCHW = _recolour(x_BCHW, u[:, 5:13], config)
    _soften(x_BCHW, u[:, 13:16], config.blur)
    _occlude(x_BCHW, companions_BCHW, u[:, 16:21], u[:, 26:29], config.occlusion)
    return x_BCHW.clamp_(0, 255)


def is_mixed(draws: Draws, config: AugmentConfig) -> np.ndarray:
    """Which samples of a batch `augment` makes of two faces: (B,) bool."""
    mixed: np.ndarray = draws.uniform[:, 21] < config.mix
    return mixed


def _move(x_BCHW: Tensor, mirrored: np.ndarray, u: np.ndarray, config: AugmentConfig) -> Tensor:
    signed = 2 * u - 1
    angle = signed[:, 0] * np.pi / 180 * config.rotation
    size = 1 + signed[:, 1] * config.scale
    shift = signed[:, 2:4] * config.shift * 2 / SIDE
    flip = 1 - 2 * mirrored.astype(np.float32)
    cos, sin = np.cos(angle) * size, np.sin(angle) * size
    rows = [[cos * flip, -sin, shift[:, 0]], [sin * flip, cos, shift[:, 1]]]
    theta = on_device(np.stack([np.stack(row, 1) for row in rows], 1).astype(np.float32), x_BCHW)
    grid = F.affine_grid(theta, list(x_BCHW.shape), align_corners=False)
    moved = F.grid_sample(x_BCHW, grid, "bilinear", "reflection", align_corners=False)
    # Moving smooths: of some faces the pixels stay, or sharp photos are never seen.
    turned = on_device(mirrored, x_BCHW)[:, None, None, None]
    still = on_device(u[:, 4] < UNMOVED, x_BCHW)[:, None, None, None]
    return torch.where(still, torch.where(turned, x_BCHW.flip(3), x_BCHW), moved)


def _recolour(x_BCHW: Tensor, u: np.ndarray, config: AugmentConfig) -> Tensor:
    signed = 2 * u - 1
    factors = 1 + signed * config.colour
    factors[:, 2] = np.where(u[:, 3] < config.grey, 0.0, factors[:, 2])
    factors[:, 4:7] = 1 + signed[:, 4:7] * config.colour / 3
    by_face = on_device(factors, x_BCHW)[..., None, None]
    luma = _luma(str(x_BCHW.device)).view(1, 3, 1, 1)
    grey = (x_BCHW * luma).sum(1, keepdim=True)
    x_BCHW = grey + (x_BCHW - grey) * by_face[:, 2:3]
    mean = grey.mean(dim=(2, 3), keepdim=True)
    x_BCHW = mean + (x_BCHW - mean) * by_face[:, 1:2]
    return x_BCHW * by_face[:, 0:1] * by_face[:, 4:7]


@cache
def _luma(device: str) -> Tensor:
    return torch.tensor(LUMA, device=device)


def _soften(x_BCHW: Tensor, u: np.ndarray, share: float) -> None:
    side = (24 + 8 * (8 * u[:, 1]).astype(int)).clip(24, 80)
    smooth = u[:, 2] < 0.5
    chosen = u[:, 0] < share
    for size, bilinear in sorted(
        {*zip(side[chosen].tolist(), smooth[chosen].tolist(), strict=True)}
    ):
        which = on_device(np.flatnonzero(chosen & (side == size) & (smooth == bilinear)), x_BCHW)
        small = F.interpolate(x_BCHW[which], (size, size), mode="area")
        mode = "bilinear" if bilinear else "bicubic"
        x_BCHW[which] = F.interpolate(small, (SIDE, SIDE), mode=mode)


@cache
def _masks() -> np.ndarray:
    """(512, 112, 112) bool free-form masks, the same in every process."""
    rng = np.random.default_rng(0)
    return np.stack([free_form_mask(rng.uniform(*MASKED), rng) for _ in range(MASKS)])


def _occlude(
    x_BCHW: Tensor,
    companions_BCHW: Tensor | None,
    u: np.ndarray,
    turn: np.ndarray,
    share: float,
) -> None:
    rows = np.flatnonzero(u[:, 0] < share)
    if len(rows) == 0:
        return
    masks = _masks()[(u[rows, 1] * MASKS).astype(int)]
    masks = np.where(turn[rows, 0, None, None] < 0.5, masks, masks[:, :, ::-1])
    masks = np.where(turn[rows, 1, None, None] < 0.5, masks, masks[:, ::-1])
    which, hidden = on_device(rows, x_BCHW), on_device(masks, x_BCHW)[:, None]
    cover = on_device(255 * u[rows, 2:5], x_BCHW)[:, :, None, None].expand(-1, -1, SIDE, SIDE)
    if companions_BCHW is not None:  # another face shows through every other mask
        other = on_device(turn[rows, 2] < 0.5, x_BCHW)[:, None, None, None]
        cover = torch.where(other, companions_BCHW[which], cover)
    x_BCHW[which] = torch.where(hidden, cover, x_BCHW[which])


def _mix(x_BCHW: Tensor, companions_BCHW: Tensor, u: np.ndarray, share: float) -> Tensor:
    """Blend two faces all over, join them along a soft straight seam, or change what surrounds one.

    What surrounds a face lies outside a soft ellipse, so that backgrounds are seen to mean nothing.
    """
    axis = torch.linspace(-1, 1, SIDE, device=x_BCHW.device)
    angle = 2 * np.pi * u[:, 2]
    columns = [np.cos(angle), np.sin(angle), 1.6 * u[:, 3] - 0.8, 0.6 * u[:, 3]]
    columns += [0.6 + 0.35 * u[:, 2], 0.8 + 0.3 * u[:, 3]]
    numbers = on_device(np.stack(columns).astype(np.float32), x_BCHW)[:, :, None, None]
    across = numbers[0] * axis + numbers[1] * axis[:, None]
    seam = torch.sigmoid(12 * (across - numbers[2]))
    reach = ((axis / numbers[4]) ** 2 + (axis[:, None] / numbers[5]) ** 2).sqrt()
    outside = torch.sigmoid(20 * (reach - 1))
    kind = on_device(u[:, 1], x_BCHW)[:, None, None]
    amount = torch.where(kind < SEAMS, seam, numbers[3])
    amount = torch.where(kind >= 1 - SURROUNDINGS, outside, amount)
    amount = amount * on_device(u[:, 0] < share, x_BCHW)[:, None, None]
    return torch.lerp(x_BCHW, companions_BCHW, amount[:, None])


def on_device(array: np.ndarray, like: Tensor) -> Tensor:
    """An array on a tensor's device, without waiting for what is queued there."""
    return torch.from_numpy(np.ascontiguousarray(array)).to(like.device, non_blocking=True)
