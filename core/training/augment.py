"""Varying faces for training, every draw fixed by the sample's own seed."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.evaluation.occlusion import free_form_mask
from core.faces.face import SIDE
from core.training.config import AugmentConfig

DARK = 14  # a padded border is this dark or darker, out of 255, after lossy storage
LUMA = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)


@dataclass(frozen=True, eq=False)
class Draws:
    """Random numbers of a batch, B samples, the same however the batch is split.

    uniform: (B, 24) float32 in [0, 1)
    seeds:   (B,) of the samples, for what needs draws without end
    """

    uniform: np.ndarray
    seeds: tuple[tuple[int, int], ...]

    @staticmethod
    def of(seed: int, samples: np.ndarray) -> "Draws":
        """samples: (B,) numbers that count the samples of the run."""
        seeds = tuple((seed, int(sample)) for sample in samples)
        uniform = np.stack([_generator(pair).random(24, np.float32) for pair in seeds])
        return Draws(uniform, seeds)


def _generator(pair: tuple[int, int]) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array(pair, np.uint64)))


def border_mask(pixels_BHWC: np.ndarray) -> np.ndarray:
    """Where black padding surrounds the photo: (B, 112, 112) bool.

    A pixel belongs to it when it and all pixels between it and an edge of the crop, straight
    along its row or column, are dark. Faces with less than 4 % of such pixels have none.
    """
    dark = pixels_BHWC.max(axis=3) <= DARK
    border = np.zeros_like(dark)
    for axis in (1, 2):
        border |= np.logical_and.accumulate(dark, axis)
        border |= np.flip(np.logical_and.accumulate(np.flip(dark, axis), axis), axis)
    border &= border.mean(axis=(1, 2), keepdims=True) >= 0.04
    return border


def fill_borders(pixels_BHWC: np.ndarray, donors_BHWC: np.ndarray) -> np.ndarray:
    """Put the donors' pixels where black padding is, with a soft edge; uint8 in and out."""
    border = border_mask(pixels_BHWC)
    chosen = np.flatnonzero(border.any(axis=(1, 2)))
    if len(chosen) == 0:
        return pixels_BHWC
    mask = torch.from_numpy(border[chosen]).float()[:, None]
    # Grown by two pixels: lossy storage smears the border's edge into the photo.
    mask = F.avg_pool2d(F.max_pool2d(mask, 5, 1, 2), 3, 1, 1, count_include_pad=False)
    share = mask.permute(0, 2, 3, 1).numpy()
    filled = pixels_BHWC.copy()
    mixed = share * donors_BHWC[chosen] + (1 - share) * pixels_BHWC[chosen]
    filled[chosen] = mixed.round().astype(np.uint8)
    return filled


def augment(
    pixels_BHWC: np.ndarray, mirrored: np.ndarray, draws: Draws, config: AugmentConfig
) -> Tensor:
    """Vary a batch: (B, 112, 112, 3) uint8 to (B, 3, 112, 112) float32, 0 to 255."""
    x_BCHW = torch.from_numpy(pixels_BHWC).permute(0, 3, 1, 2).float()
    u = torch.from_numpy(draws.uniform)
    x_BCHW = _move(x_BCHW, torch.from_numpy(mirrored), u[:, :5], config)
    x_BCHW = _recolour(x_BCHW, u[:, 5:13], config)
    _soften(x_BCHW, u[:, 13:16], config)
    _occlude(x_BCHW, u[:, 16:21], draws.seeds, config)
    return x_BCHW.clamp_(0, 255)


def _move(x_BCHW: Tensor, mirrored: Tensor, u: Tensor, config: AugmentConfig) -> Tensor:
    signed = 2 * u - 1
    angle = signed[:, 0] * torch.pi / 180 * config.rotation
    size = 1 + signed[:, 1] * config.scale
    shift = signed[:, 2:4] * config.shift * 2 / SIDE
    flip = 1 - 2 * mirrored.float()
    cos, sin = angle.cos() * size, angle.sin() * size
    theta = torch.stack(
        [
            torch.stack([cos * flip, -sin, shift[:, 0]], 1),
            torch.stack([sin * flip, cos, shift[:, 1]], 1),
        ],
        dim=1,
    )
    grid = F.affine_grid(theta, list(x_BCHW.shape), align_corners=False)
    return F.grid_sample(x_BCHW, grid, "bilinear", "reflection", align_corners=False)


def _recolour(x_BCHW: Tensor, u: Tensor, config: AugmentConfig) -> Tensor:
    factors = (1 + (2 * u - 1) * config.colour)[..., None, None, None]
    grey = (x_BCHW * LUMA).sum(1, keepdim=True)
    saturation = torch.where(u[:, 3, None, None, None] < config.grey, 0.0, factors[:, 2])
    x_BCHW = grey + (x_BCHW - grey) * saturation
    mean = grey.mean(dim=(2, 3), keepdim=True)
    x_BCHW = mean + (x_BCHW - mean) * factors[:, 1]
    tint = 1 + (2 * u[:, 4:7, None, None] - 1) * config.colour / 3
    return x_BCHW * factors[:, 0] * tint


def _soften(x_BCHW: Tensor, u: Tensor, config: AugmentConfig) -> None:
    for index in torch.nonzero(u[:, 0] < config.blur).flatten().tolist():
        side = int(24 + 64 * u[index, 1])
        small = F.interpolate(x_BCHW[index : index + 1], (side, side), mode="area")
        mode = "bilinear" if u[index, 2] < 0.5 else "bicubic"
        x_BCHW[index : index + 1] = F.interpolate(small, (SIDE, SIDE), mode=mode)


def _occlude(
    x_BCHW: Tensor, u: Tensor, seeds: tuple[tuple[int, int], ...], config: AugmentConfig
) -> None:
    for index in torch.nonzero(u[:, 0] < config.occlusion).flatten().tolist():
        rng = _generator((seeds[index][0] + (1 << 32), seeds[index][1]))
        hidden = torch.from_numpy(free_form_mask(0.05 + 0.25 * float(u[index, 1]), rng))
        if rng.random() < 0.5:  # another face of the batch shows through
            cover = x_BCHW[index - 1].clone()
        else:
            cover = (255 * u[index, 2:5])[:, None, None].expand(3, SIDE, SIDE)
        x_BCHW[index] = torch.where(hidden, cover, x_BCHW[index])
