"""Validation accuracy of a network while it trains, on a list of pairs it never learns from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.errors import XCosError, quoted
from core.evaluation.verification import ProtocolPairs, best_threshold, read_lfw_pairs
from core.gallery.finder import PhotoFinder
from core.model.xcos import XCosNet, cosine_map, xcos
from core.training.config import TrainConfig
from core.training.encoding import encode
from core.training.sources import FaceReader


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
        if pairs.same.all() or not pairs.same.any():
            raise XCosError(
                f"{config.data.validation} has not both genuine and impostor pairs; name another "
                "list under data.validation."
            )
        photos = config.data.validation_photos or config.data.validation.parent
        names = sorted({*pairs.left, *pairs.right})
        number = {name: index for index, name in enumerate(names)}
        reader = FaceReader(config.data.aligned)
        finder = PhotoFinder(photos)
        crops = np.stack([reader.read(_file(finder, photos, pairs, name)) for name in names])
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
        grid_BCHW, embedding_BD = encode(net, device, self.crops, self.maps)
        with torch.inference_mode():
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

    def first_genuine(
        self, net: nn.Module, device: torch.device
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Crops (2, 112, 112, 3), S and W (7, 7) of the first genuine pair; None of a baseline."""
        if not isinstance(net, XCosNet):
            return None
        pair = int(np.flatnonzero(self.same)[0])
        faces = [int(self.left[pair]), int(self.right[pair])]
        kept = None if self.maps is None else self.maps[faces]
        grid, _ = encode(net, device, self.crops[faces], kept)
        assert grid is not None
        training = net.training
        net.eval()
        with torch.inference_mode():
            found = net.pairs(grid[:1], grid[1:])
            turned = net.attention(grid[1:], grid[:1])
        net.train(training)
        attention = (found.attention + turned) / 2
        return self.crops[faces], found.cosine[0].cpu().numpy(), attention[0].cpu().numpy()

    def accuracies(
        self, net: nn.Module, device: torch.device, correlation: np.ndarray | None = None
    ) -> dict[str, float]:
        """Accuracy at the best single threshold, a fraction, of each kind of score."""
        scores = self.scores(net, device, correlation)
        return {kind: best_threshold(found, self.same)[1] for kind, found in scores.items()}


def listed_photos(config: TrainConfig) -> int:
    """How many photos the config's validation list names. Raises XCosError."""
    if config.data.validation is None:
        return 0
    pairs = read_lfw_pairs(config.data.validation)
    return len({*pairs.left, *pairs.right})


def _indices(names: tuple[str, ...], number: dict[str, int]) -> torch.Tensor:
    return torch.tensor([number[name] for name in names])


def _file(finder: PhotoFinder, photos: Path, pairs: ProtocolPairs, name: str) -> Path:
    found = finder.photo(name)
    if found is None:
        raise XCosError(
            f"{pairs.place(name)}The validation photo {quoted(name)} is not in {photos}; set "
            "data.validation_photos."
        )
    return found
