"""Running a network over many crops: batches, half precision, and what to do when memory ends."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import Stopped, XCosError
from core.model.card import ModelCard
from core.model.device import batch_size
from core.progress import Task

Compute = Callable[[Tensor], list[Tensor]]


class Runner:
    """Feeds uint8 crops through a network on a device, batch by batch.

    card:     of what runs; network: in evaluation mode
    warnings: takes sentences on what was done otherwise than asked
    """

    def __init__(
        self,
        card: ModelCard,
        network: nn.Module,
        device: torch.device,
        half: bool,
        warnings: list[str] | None = None,
    ) -> None:
        self.warnings = [] if warnings is None else warnings
        self.card, self.network = card, network.eval()
        self._type = torch.float32
        if half and device.type == "cpu":
            self.warnings.append(
                "Half precision needs a GPU; the CPU computes in single precision."
            )
        elif half:
            self._type = torch.float16
        self._place(device)

    def run(
        self,
        crops: np.ndarray,
        compute: Compute,
        what: str,
        task: Task,
    ) -> list[np.ndarray]:
        """Apply compute to normalised batches of (n, 112, 112, 3) uint8 crops, n >= 1.

        Returns compute's tensors as float32, joined over the batches. Raises Stopped, and XCosError
        for numbers that are not finite; those of half precision are computed again in single.
        """
        parts: list[list[np.ndarray]] = []
        start = 0
        while start < len(crops):
            if task.stopped():
                raise Stopped(what)
            task.report(what, start, len(crops))
            try:
                x_BCHW = self._input(crops[start : start + self._batch])
                with torch.inference_mode():
                    # In C order, as the cache gives them back: sums then round alike.
                    outputs = [out.float().cpu().contiguous().numpy() for out in compute(x_BCHW)]
            except torch.OutOfMemoryError:
                self._shrink()
                continue
            if not all(np.isfinite(out).all() for out in outputs):
                self._refuse_or_widen()
                continue
            parts.append(outputs)
            start += len(outputs[0])
        task.report(what, len(crops), len(crops))
        return [np.concatenate(same) for same in zip(*parts, strict=True)]

    def _input(self, crops_BHWC: np.ndarray) -> Tensor:
        if self.card.channels == "BGR":
            crops_BHWC = crops_BHWC[..., ::-1]
        x_BHWC = torch.from_numpy(np.ascontiguousarray(crops_BHWC)).to(self._device).float()
        # (B, H, W, C) seen as (B, C, H, W) is channels-last already.
        return ((x_BHWC - self._mean) / self._std).to(self._type).permute(0, 3, 1, 2)

    @property
    def device(self) -> torch.device:
        """Where the network lies."""
        return self._device

    def normalised(self, x_BCHW: Tensor) -> Tensor:
        """RGB faces (B, 3, 112, 112) in [0, 255] on this device, as the network takes them."""
        if self.card.channels == "BGR":
            x_BCHW = x_BCHW.flip(1)
        return (x_BCHW - self._mean[:, None, None]) / self._std[:, None, None]

    def _place(self, device: torch.device) -> None:
        self._device = device
        self.network.to(device=device, dtype=self._type, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mean = torch.tensor(self.card.mean, device=device)
        self._std = torch.tensor(self.card.std, device=device)
        self._batch = batch_size(device)

    def _refuse_or_widen(self) -> None:
        if self._type == torch.float32:
            raise XCosError(
                f"{self.card.path} gives numbers that are not finite; "
                "its weights are damaged, or its input is another than it was trained on."
            )
        self.warnings.append(
            "Half precision is too narrow for these weights; single precision is used instead."
        )
        self._type = torch.float32
        self._place(self._device)

    def _shrink(self) -> None:
        if self._batch > 1:
            self._batch //= 2
            return
        if self._device.type == "cpu":
            raise XCosError("The memory is full; close other programs and try again.")
        self.warnings.append(f"The memory of {self._device} is full; the CPU goes on instead.")
        self._type = torch.float32
        self._place(torch.device("cpu"))
