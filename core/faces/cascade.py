"""MTCNN's three networks over a batch of photos at once.

The cascade of Zhang et al. (2016) as facenet-pytorch runs it, with its networks, weights and helpers.
What differs is how parts of photos are resampled: every pixel of every scale and candidate is the mean
of a rectangle, so one table of sums per photo gives them all, in place of one call a candidate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

FACTOR = 0.709  # between two scales, as MTCNN has it; areas halve
CELL = 12  # pixels that the first network looks at
THRESHOLDS = (0.6, 0.7, 0.7)  # of the three networks
INT32_PIXELS = 2**31 // 256

Network = Callable[[Tensor], Any]


@dataclass(frozen=True, eq=False)
class Networks:
    """Proposals from 12x12 pixels, refinement from 24x24, boxes and landmarks from 48x48."""

    proposal: Network
    refinement: Network
    output: Network


@dataclass(frozen=True, eq=False)
class Found:
    """Faces of one photo: boxes (n, 4), landmarks (n, 5, 2) and probabilities (n,), float32."""

    boxes: np.ndarray
    landmarks: np.ndarray
    probabilities: np.ndarray


def find_faces(
    photos_BHWC: Tensor, smallest: int, networks: Networks, step: float = FACTOR
) -> list[Found]:
    """Faces of at least `smallest` pixels in uint8 photos of one size; step: between two scales."""
    from facenet_pytorch.models.utils.detect_face import batched_nms, batched_nms_numpy, bbreg

    sums = _AreaSums(photos_BHWC)
    boxes, photo = _proposals(sums, smallest, networks.proposal, step)
    boxes, photo, crops = sums.crops(boxes, photo, 24)
    if len(boxes):
        moves, chances = networks.refinement(crops)
        sure = chances[:, 1] > THRESHOLDS[1]
        boxes = torch.cat([boxes[sure, :4], chances[sure, 1:]], 1)
        photo, moves = photo[sure], moves[sure]
        kept = batched_nms(boxes[:, :4], boxes[:, 4], photo, 0.7)
        boxes, photo = _squared(bbreg(boxes[kept], moves[kept])), photo[kept]
    boxes, photo, crops = sums.crops(boxes, photo, 48)
    points = boxes.new_empty(0, 5, 2)
    if len(boxes):
        boxes, points, sure = _outputs(boxes, crops, networks.output)
        photo = photo[sure]
        kept = batched_nms_numpy(boxes[:, :4], boxes[:, 4], photo, 0.7, "Min")
        boxes, photo, points = boxes[kept], photo[kept], points[kept]
    table, marks, owner = boxes.cpu().numpy(), points.cpu().numpy(), photo.cpu().numpy()
    return [
        Found(table[owner == number, :4], marks[owner == number], table[owner == number, 4])
        for number in range(len(photos_BHWC))
    ]


def look_closer(
    photo_HWC: np.ndarray, square: np.ndarray, networks: Networks, device: str
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """A face's box (4,), landmarks (5, 2) and probability by the last network alone, or None.

    photo_HWC: uint8; square: left, top, right, bottom of where it looks
    """
    with torch.inference_mode():
        sums = _AreaSums(torch.from_numpy(photo_HWC[None].copy()).to(device))
        boxes = torch.from_numpy(square.astype(np.float32)).to(device)[None]
        boxes, _, crops = sums.crops(boxes, torch.zeros(1, dtype=torch.long, device=device), 48)
        if not len(boxes):
            return None
        found, points, _ = _outputs(boxes, crops, networks.output)
    if not len(found):
        return None
    return found[0, :4].cpu().numpy(), points[0].cpu().numpy(), float(found[0, 4])


def _outputs(boxes: Tensor, crops: Tensor, network: Network) -> tuple[Tensor, Tensor, Tensor]:
    """Faces (n, 5) with their chances and landmarks (n, 5, 2) of squares that show one, and which do."""
    from facenet_pytorch.models.utils.detect_face import bbreg

    moves, marks, chances = network(crops)
    sure = chances[:, 1] > THRESHOLDS[2]
    boxes = torch.cat([boxes[sure, :4], chances[sure, 1:]], 1)
    moves, marks = moves[sure], marks[sure]
    corner, size = boxes[:, None, :2], boxes[:, None, 2:4] - boxes[:, None, :2] + 1
    points = torch.stack([marks[:, :5], marks[:, 5:]], 2) * size + corner - 1
    return bbreg(boxes, moves), points, sure


def _proposals(
    sums: "_AreaSums", smallest: int, network: Network, step: float
) -> tuple[Tensor, Tensor]:
    """Squares (n, 5) with their chances, of all scales, and the photo (n,) of each."""
    from facenet_pytorch.models.utils.detect_face import batched_nms, generateBoundingBox

    boxes, photo = [], []
    scale = CELL / smallest
    while min(sums.height, sums.width) * scale >= CELL:
        size = int(sums.height * scale + 1), int(sums.width * scale + 1)
        moves, chances = network(sums.resized(*size))
        proposed, of = generateBoundingBox(moves, chances[:, 1], scale, THRESHOLDS[0])
        kept = batched_nms(proposed[:, :4], proposed[:, 4], of, 0.5)
        boxes.append(proposed[kept])
        photo.append(of[kept])
        scale *= step
    if not boxes:
        return sums.empty(), torch.empty(0, dtype=torch.long, device=sums.device)
    every, of = torch.cat(boxes), torch.cat(photo)
    kept = batched_nms(every[:, :4], every[:, 4], of, 0.7)
    every, of = every[kept], of[kept]
    side = (every[:, 2:4] - every[:, :2]).repeat(1, 2)
    return _squared(torch.cat([every[:, :4] + every[:, 5:] * side, every[:, 4:5]], 1)), of


def _squared(boxes: Tensor) -> Tensor:
    from facenet_pytorch.models.utils.detect_face import rerec

    squared: Tensor = rerec(boxes)
    return squared


class _AreaSums:
    """Sums over all rectangles from a photo's corner, from which any rectangle's mean follows."""

    def __init__(self, photos_BHWC: Tensor) -> None:
        batch, self.height, self.width, channels = photos_BHWC.shape
        whole = torch.int32 if self.height * self.width < INT32_PIXELS else torch.int64
        self.device = photos_BHWC.device
        self._sums = torch.zeros(
            batch, self.height + 1, self.width + 1, channels, dtype=whole, device=self.device
        )
        inner = self._sums[:, 1:, 1:]
        torch.cumsum(photos_BHWC.cumsum(2, dtype=whole), 1, dtype=whole, out=inner)
        self._flat = self._sums.view(-1, channels)

    def empty(self) -> Tensor:
        """No boxes."""
        return torch.empty(0, 5, device=self.device)

    def resized(self, height: int, width: int) -> Tensor:
        """The photos by area means, as the networks take them: (B, 3, height, width)."""
        top, bottom = _bins(torch.tensor([self.height], device=self.device), height)
        left, right = _bins(torch.tensor([self.width], device=self.device), width)
        top, bottom, left, right = top[0], bottom[0], left[0], right[0]
        rows = self._sums.index_select(1, bottom).sub_(self._sums.index_select(1, top))
        total = rows.index_select(2, right).sub_(rows.index_select(2, left))
        area = (bottom - top)[:, None, None] * (right - left)[None, :, None]
        return _normalised(total, area)

    def crops(self, boxes: Tensor, photo: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes that lie in their photo, their photos, and their pixels (n, 3, side, side)."""
        corners = boxes[:, :4].trunc().long()
        left, top = corners[:, 0].clamp(min=1) - 1, corners[:, 1].clamp(min=1) - 1
        right, bottom = corners[:, 2].clamp(max=self.width), corners[:, 3].clamp(max=self.height)
        inside = (right > left) & (bottom > top)
        boxes, photo = boxes[inside], photo[inside]
        left, top, right, bottom = left[inside], top[inside], right[inside], bottom[inside]
        x0, x1 = _bins(right - left, side)
        y0, y1 = _bins(bottom - top, side)
        area = (y1 - y0)[:, :, None, None] * (x1 - x0)[:, None, :, None]
        x0, x1 = (x0 + left[:, None])[:, None], (x1 + left[:, None])[:, None]
        line = photo[:, None] * (self.height + 1) + top[:, None]
        y0, y1 = ((line + y)[:, :, None] * (self.width + 1) for y in (y0, y1))
        shape = (len(boxes), side, side, self._flat.shape[1])

        def at(place: Tensor) -> Tensor:
            return self._flat.index_select(0, place.flatten()).view(shape)

        total = at(y1 + x1).sub_(at(y0 + x1)).sub_(at(y1 + x0)).add_(at(y0 + x0))
        return boxes, photo, _normalised(total, area)


def _bins(lengths: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Where `count` bins over each length (n,) start and end, (n, count), as adaptive pooling has it."""
    place = torch.arange(count, device=lengths.device)
    start = place * lengths[:, None] // count
    end = -(-(place + 1) * lengths[:, None] // count)
    return start, end


def _normalised(total_BHWC: Tensor, area: Tensor) -> Tensor:
    """Sums to means, (mean - 127.5) / 128, as (B, C, H, W)."""
    return total_BHWC.float().mul_(0.0078125 / area).sub_(0.99609375).permute(0, 3, 1, 2)
