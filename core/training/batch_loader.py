"""What a step sees, on the device, the next one prepared while the present one runs."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.model.features import CELLS
from core.training.augment import Draws, augment, border_mask, fill_borders, is_mixed, on_device
from core.training.config import TrainConfig, keeps_maps
from core.training.data import Batch, BatchSampler, TrainingFaces
from core.training.hiding import HiddenViews, hidden_views

RESIDENT_SHARE = 0.4  # of a GPU's free memory that decoded faces may take for good


@dataclass(frozen=True, eq=False)
class Views:
    """A process's part of a batch, varied.

    batch:   which faces these are
    pixels:  (B, 3, 112, 112) float32 in [0, 255] on the device; empty for a frozen backbone
    valid:   (B, 112, 112) float32, 1 where the face's own photo shows before augmentation
    labels:  (B,) int64 on the device; -1 unknown, or made of two faces
    hidden:  second views with a part hidden, or None where none are wanted
    """

    batch: Batch
    pixels: Tensor
    valid: Tensor
    labels: Tensor
    hidden: HiddenViews | None = None


class Feed:
    """Views of any step's batch; a function of the step, so that a resumed run sees the same."""

    def __init__(
        self,
        faces: TrainingFaces,
        sampler: BatchSampler,
        config: TrainConfig,
        device: torch.device,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        self._faces, self._sampler, self._config = faces, sampler, config
        self._device, self._rank, self._processes = device, rank, processes
        self._resident = _resident(faces, device)
        self._pool = ThreadPoolExecutor(1, "feed")
        self._next: tuple[int, Future[tuple[Batch, Draws, list[Tensor]]]] | None = None

    def views(self, step: int) -> Views:
        """The varied faces of a step, and a start on the next one's."""
        if self._next is not None and self._next[0] == step:
            prepared = self._next[1].result()
        else:
            prepared = self._prepare(step)
        self._next = (step + 1, self._pool.submit(self._prepare, step + 1))
        return self._vary(*prepared)

    def close(self) -> None:
        """End the thread that prepares."""
        self._pool.shutdown(cancel_futures=True)

    def _prepare(self, step: int) -> tuple[Batch, Draws, list[Tensor]]:
        batch = self._sampler.batch(step).part(self._rank, self._processes)
        draws = Draws.of(self._config.hardware.seed, batch.samples)
        if keeps_maps(self._config.model):
            return batch, draws, []  # its maps are known, so nothing is decoded or varied
        pixels = [
            torch.from_numpy(which)
            if self._resident is not None
            else torch.from_numpy(self._faces.take(which))
            for which in (batch.faces, batch.donors, batch.companions)
        ]
        if self._device.type == "cuda":
            pixels = [part.pin_memory() for part in pixels]
        return batch, draws, pixels

    def _vary(self, batch: Batch, draws: Draws, pixels: list[Tensor]) -> Views:
        config = self._config
        if not pixels:
            labels_B = torch.from_numpy(self._faces.labels[batch.faces]).to(self._device)
            shown = torch.ones(len(labels_B), CELLS, CELLS, device=self._device)
            return Views(batch, shown.new_empty(0), shown, labels_B)
        moved = [part.to(self._device, non_blocking=True) for part in pixels]
        if self._resident is not None:
            moved = [self._resident[part] for part in moved]
        x_BCHW, donors_BCHW, companions_BCHW = (p.permute(0, 3, 1, 2).float() for p in moved)
        border = border_mask(x_BCHW)
        if config.data.fill_borders:
            x_BCHW = fill_borders(x_BCHW, border, donors_BCHW)
            companions_BCHW = fill_borders(
                companions_BCHW, border_mask(companions_BCHW), donors_BCHW
            )
        x_BCHW = augment(x_BCHW, companions_BCHW, batch.mirrored, draws, config.augmentation)
        labels = np.where(is_mixed(draws, config.augmentation), -1, self._faces.labels[batch.faces])
        count = round(config.locality.hidden * len(x_BCHW))
        hidden = None
        if count:
            seed = config.hardware.seed
            hidden = hidden_views(x_BCHW, companions_BCHW, batch.samples, seed, count)
        labels_B = on_device(labels, x_BCHW)
        return Views(batch, x_BCHW, 1 - border.float(), labels_B, hidden)


def _resident(faces: TrainingFaces, device: torch.device) -> Tensor | None:
    """All decoded faces in a GPU's memory, where they fit."""
    if device.type != "cuda" or faces.pixels is None:
        return None
    if faces.pixels.nbytes > RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]:
        return None
    return torch.from_numpy(faces.take(np.arange(len(faces)))).to(device)
