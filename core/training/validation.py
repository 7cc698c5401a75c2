"""Validation accuracy of a network while it trains, on a list of pairs it never learns from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import XCosError
from core.evaluation.verification import best_threshold, read_lfw_pairs
from core.faces.photo import PHOTO_SUFFIXES
from core.model.xcos import XCosNet, cosine_map, xcos
from core.training.config import TrainConfig
from core.training.sources import FaceReader

BATCH = 128


@dataclass(eq=False)
class Validation:
    """A list's faces and pairs.

    crops:       (n, 112, 112, 3) uint8
    left, right: (p,) indices of its pairs; same: (p,) bool
    maps:        (n, C, 7, 7) float32 of a frozen backbone, which is then not run again
    """

    crops: np.ndarray
    left: torch.Tensor
    right: torch.Tensor
    same: np.ndarray
    maps: np.ndarray | None = None

    @staticmethod
    def of(config: TrainConfig) -> "Validation | None":
        """Read the config's validation list, or None where it names none. Raises XCosError."""
        if config.data.validation is None:
            return None
        pairs = read_lfw_pairs(config.data.validation)
        photos = config.data.validation_photos or config.data.validation.parent
        names = sorted({*pairs.left, *pairs.right})
        number = {name: index for index, name in enumerate(names)}
        reader = FaceReader(config.data.aligned)
        crops = np.stack([reader.read(_file(photos, name)) for name in names])
        return Validation(
            crops,
            _indices(pairs.left, number),
            _indices(pairs.right, number),
            pairs.same,
        )

    def scores(
        self, net: nn.Module, device: torch.device, correlation: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Scores of the list's pairs: learned (both orders), uniform, fc where there is a head.

        A baseline has fc alone. correlation: P (7, 7), whose scores are then there too
        """
        training = net.training
        net.eval()
        found = {}
        with torch.inference_mode():
            grid_BCHW, embedding_BD = self._encoded(net, device)
            if grid_BCHW is not None and isinstance(net, XCosNet):
                left, right = grid_BCHW[self.left], grid_BCHW[self.right]
                cosine = cosine_map(left, right)
                both = (net.attention(left, right) + net.attention(right, left)) / 2
                found = {"learned": xcos(cosine, both), "uniform": cosine.mean(dim=(1, 2))}
                if correlation is not None:
                    weights = torch.from_numpy(correlation).to(cosine)
                    found["correlation"] = xcos(cosine, weights[None])
            if embedding_BD is not None:
                found["fc"] = torch.cosine_similarity(
                    embedding_BD[self.left], embedding_BD[self.right]
                )
        net.train(training)
        return {kind: scores.cpu().numpy() for kind, scores in found.items()}

    def _encoded(self, net: nn.Module, device: torch.device) -> tuple[Tensor | None, Tensor | None]:
        """Grid features and embeddings of the list's faces, each None where there is none."""
        grids, embeddings = [], []
        for start in range(0, len(self.crops), BATCH):
            grid, embedding = self._encode(net, slice(start, start + BATCH), device)
            grids.append(grid)
            embeddings.append(embedding)
        return _joined(grids), _joined(embeddings)

    def _encode(
        self, net: nn.Module, faces: slice | list[int], device: torch.device
    ) -> tuple[Tensor | None, Tensor | None]:
        if isinstance(net, XCosNet) and self.maps is not None:
            grid_BCHW = net.grid(torch.from_numpy(self.maps[faces]).to(device))
            return grid_BCHW, net.embed(grid_BCHW)
        u8 = torch.from_numpy(self.crops[faces]).to(device)
        x_BCHW = (u8.permute(0, 3, 1, 2).float() - 127.5) / 128
        x_BCHW = x_BCHW.contiguous(memory_format=torch.channels_last)
        if not isinstance(net, XCosNet):
            return None, net.embed(x_BCHW)  # type: ignore[operator]
        return net(x_BCHW)

    def first_genuine(
        self, net: nn.Module, device: torch.device
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Crops (2, 112, 112, 3), S and W (7, 7) of the first genuine pair; None of a baseline."""
        if not isinstance(net, XCosNet):
            return None
        pair = int(np.flatnonzero(self.same)[0])
        faces = [int(self.left[pair]), int(self.right[pair])]
        training = net.training
        net.eval()
        with torch.inference_mode():
            grid, _ = self._encode(net, faces, device)
            assert grid is not None
            found = net.pairs(grid[:1], grid[1:])
            turned = net.attention(grid[1:], grid[:1])
        net.train(training)
        attention = (found.attention + turned) / 2
        return self.crops[faces], found.cosine[0].cpu().numpy(), attention[0].cpu().numpy()

    def accuracies(self, net: nn.Module, device: torch.device) -> dict[str, float]:
        """Accuracy at the best single threshold, a fraction, of each kind of score."""
        return {k: best_threshold(s, self.same)[1] for k, s in self.scores(net, device).items()}


def _joined(parts: list[Tensor | None]) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known) if known else None


def _indices(names: tuple[str, ...], number: dict[str, int]) -> torch.Tensor:
    return torch.tensor([number[name] for name in names])


def _file(photos: Path, name: str) -> Path:
    for suffix in sorted(PHOTO_SUFFIXES):
        if (photos / f"{name}{suffix}").is_file():
            return photos / f"{name}{suffix}"
    raise XCosError(f"The validation photo {name} is not in {photos}; set data.validation_photos.")
