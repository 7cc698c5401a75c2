"""Validation accuracy of a network while it trains, on a list of pairs it never learns from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.errors import XCosError
from core.evaluation.verification import best_threshold, read_lfw_pairs
from core.faces.photo import PHOTO_SUFFIXES, read_photo
from core.model.xcos import XCosNet, cosine_map, xcos
from core.training.config import TrainConfig

BATCH = 128


@dataclass(frozen=True, eq=False)
class Validation:
    """crops: (n, 112, 112, 3) uint8 of a list's faces; left, right: (p,) indices of its pairs."""

    crops: np.ndarray
    left: torch.Tensor
    right: torch.Tensor
    same: np.ndarray

    @staticmethod
    def of(config: TrainConfig) -> "Validation | None":
        """Read the config's validation list, or None where it names none. Raises XCosError."""
        if config.data.validation is None:
            return None
        pairs = read_lfw_pairs(config.data.validation)
        photos = config.data.validation_photos or config.data.validation.parent
        names = sorted({*pairs.left, *pairs.right})
        number = {name: index for index, name in enumerate(names)}
        crops = np.stack([read_photo(_file(photos, name)) for name in names])
        return Validation(
            crops,
            _indices(pairs.left, number),
            _indices(pairs.right, number),
            pairs.same,
        )

    def scores(
        self, net: XCosNet, device: torch.device, correlation: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Scores of the list's pairs: learned (both orders), uniform, fc where there is a head.

        correlation: P (7, 7), whose scores are then there too
        """
        training = net.training
        net.eval()
        grids, embeddings = [], []
        with torch.inference_mode():
            for start in range(0, len(self.crops), BATCH):
                u8 = torch.from_numpy(self.crops[start : start + BATCH]).to(device)
                x_BCHW = (u8.permute(0, 3, 1, 2).float() - 127.5) / 128
                grid, embedding = net(x_BCHW.contiguous(memory_format=torch.channels_last))
                grids.append(grid)
                if embedding is not None:
                    embeddings.append(embedding)
            grid_BCHW = torch.cat(grids)
            left, right = grid_BCHW[self.left], grid_BCHW[self.right]
            cosine = cosine_map(left, right)
            both = (net.attention(left, right) + net.attention(right, left)) / 2
            found = {"learned": xcos(cosine, both), "uniform": cosine.mean(dim=(1, 2))}
            if correlation is not None:
                weights = torch.from_numpy(correlation).to(cosine)
                found["correlation"] = xcos(cosine, weights[None])
            if embeddings:
                embedding_BD = torch.cat(embeddings)
                found["fc"] = torch.cosine_similarity(
                    embedding_BD[self.left], embedding_BD[self.right]
                )
        net.train(training)
        return {kind: scores.cpu().numpy() for kind, scores in found.items()}

    def first_genuine(
        self, net: XCosNet, device: torch.device
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Crops (2, 112, 112, 3), S and W (7, 7) of the list's first genuine pair."""
        pair = int(np.flatnonzero(self.same)[0])
        crops = self.crops[[int(self.left[pair]), int(self.right[pair])]]
        training = net.training
        net.eval()
        with torch.inference_mode():
            x_BCHW = torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float()
            grid, _ = net((x_BCHW - 127.5) / 128)
            found = net.pairs(grid[:1], grid[1:])
            turned = net.attention(grid[1:], grid[:1])
        net.train(training)
        attention = (found.attention + turned) / 2
        return crops, found.cosine[0].cpu().numpy(), attention[0].cpu().numpy()

    def accuracies(self, net: XCosNet, device: torch.device) -> dict[str, float]:
        """Accuracy at the best single threshold, a fraction, of each kind of score."""
        return {k: best_threshold(s, self.same)[1] for k, s in self.scores(net, device).items()}


def _indices(names: tuple[str, ...], number: dict[str, int]) -> torch.Tensor:
    return torch.tensor([number[name] for name in names])


def _file(photos: Path, name: str) -> Path:
    for suffix in sorted(PHOTO_SUFFIXES):
        if (photos / f"{name}{suffix}").is_file():
            return photos / f"{name}{suffix}"
    raise XCosError(f"The validation photo {name} is not in {photos}; set data.validation_photos.")
