"""Faces to grid features and embeddings with one of our weight files."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from core.errors import XCosError
from core.model.card import read_card
from core.model.features import CELLS, FaceFeatures
from core.model.kinds import refuse_no_device
from core.progress import QUIET, Task

if TYPE_CHECKING:
    from core.model.inference import Runner
    from core.model.xcos import XCosNet


class Verifier:
    """Computes what a model needs once per face. Cheap to make: torch is loaded at first use.

    device: auto, cpu, cuda, cuda:1 or mps; half: half precision where the device has it
    warnings: sentences on what was done otherwise than asked
    """

    def __init__(self, path: Path, device: str = "auto", half: bool = False) -> None:
        refuse_no_device(device)  # also where all features are known, and it is not asked for
        self.card = read_card(path)
        self._device, self._half = device, half
        self.warnings: list[str] = []
        self._loaded: tuple[XCosNet, Runner] | None = None
        self._loading = Lock()  # several threads may ask at once

    def __reduce__(self) -> "tuple[type[Verifier], tuple[Path, str, bool]]":
        return Verifier, (self.card.path, self._device, self._half)  # loaded anew elsewhere

    @property
    def device(self) -> str:
        """The device that was asked for."""
        return self._device

    @property
    def fingerprint(self) -> str:
        """Differs whenever the features would: of the weights, and of half precision."""
        return self.card.fingerprint + ("-half" if self._half else "")

    @property
    def workers(self) -> int:
        """How many threads should ask for features at once, to use the device best."""
        from core.model.device import choose_device, workers

        return workers(choose_device(self._device))

    def features(self, crops: np.ndarray, task: Task = QUIET) -> FaceFeatures:
        """(n, 112, 112, 3) uint8 RGB crops to features of n faces. Raises XCosError, Stopped."""
        if len(crops) == 0:
            size = self.card.embedding_size
            grid = np.empty((0, self.card.grid_channels, CELLS, CELLS), np.float32)
            return FaceFeatures(grid, None if size is None else np.empty((0, size), np.float32))
        network, runner = self._load()
        outputs = runner.run(
            crops,
            lambda x: [out for out in network(x) if out is not None],
            "Computing features",
            task,
        )
        embedding = unit(outputs[1]) if len(outputs) > 1 else None
        return FaceFeatures(outputs[0], embedding)

    def _load(self) -> "tuple[XCosNet, Runner]":
        with self._loading:
            if self._loaded is None:
                from core.model.device import choose_device
                from core.model.inference import Runner
                from core.model.weights import load_xcos
                from core.model.winograd import for_inference

                card, network = load_xcos(self.card.path)
                if card.fingerprint != self.card.fingerprint:
                    raise XCosError(
                        f"{card.path} has changed since it was chosen; choose it again."
                    )
                device = choose_device(self._device)
                if device.type == "cpu":
                    for_inference(network.eval())
                runner = Runner(card, network, device, self._half, self.warnings)
                self._loaded = (network, runner)
            return self._loaded


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their length, (n, d) float32; a row of zeros stays."""
    # In double precision, in which the squares of single precision's numbers stay finite.
    length = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    divided: np.ndarray = (rows / np.where(length > 0, length, 1)).astype(np.float32)
    return divided
