"""Validation accuracy of a network while it trains, on a list of pairs it never learns from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.errors import XCosError, quoted
from core.evaluation.verification import ProtocolPairs, balanced_threshold, read_lfw_pairs
from core.gallery.finder import PhotoFinder
from core.model.xcos import XCosNet, cosine_map, xcos
from core.training.config import TrainConfig
from core.training.encoding import encode, normalised
from core.training.held_out import HeldOutFaces
from core.training.sources import FaceReader

PAIRS = 1024  # that are scored at a time: of 512 grid channels they take 0.2 GB


@dataclass(eq=False)
class Validation:
    """Faces that are not trained on, and their pairs.

    held_out: the people of a list, or those that were kept out of the training faces
    maps:     (n, C, 7, 7) float32 of a frozen backbone, which is then not run again
    normalise: what is done to pixels where it is run
    """

    held_out: HeldOutFaces
    maps: np.ndarray | None = None
    normalise: Callable[[torch.Tensor], torch.Tensor] = normalised

    def __post_init__(self) -> None:
        self.crops, self.same = self.held_out.crops, self.held_out.same
        self.left = torch.from_numpy(self.held_out.left)
        self.right = torch.from_numpy(self.held_out.right)

    @staticmethod
    def of(config: TrainConfig, held_out: HeldOutFaces | None = None) -> "Validation | None":
        """Of the config's list, else of the people held out; None where there are neither.

        Raises XCosError.
        """
        if config.data.validation is not None:
            return Validation(listed_faces(config))
        return None if held_out is None or held_out.one_sort else Validation(held_out)

    def scores(
        self, net: nn.Module, device: torch.device, correlation: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Scores of the list's pairs: learned (both orders), uniform, fc where there is a head.

        A baseline has fc alone. correlation: P (7, 7), whose scores are then there too
        """
        training = net.training
        net.eval()
        by_kind = {}
        grid_BCHW, embedding_BD = encode(net, device, self.crops, self.maps, self.normalise)
        with torch.inference_mode():
            if grid_BCHW is not None and isinstance(net, XCosNet):
                parts = [
                    _scores(net, grid_BCHW[left], grid_BCHW[right], correlation)
                    for left, right in zip(
                        torch.split(self.left, PAIRS), torch.split(self.right, PAIRS), strict=True
                    )
                ]
                by_kind = {kind: torch.cat([part[kind] for part in parts]) for kind in parts[0]}
            if embedding_BD is not None:
                by_kind["fc"] = torch.cosine_similarity(
                    embedding_BD[self.left], embedding_BD[self.right]
                )
        net.train(training)
        return {kind: scores.cpu().numpy() for kind, scores in by_kind.items()}

    def first_genuine(
        self, net: nn.Module, device: torch.device
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Crops (2, 112, 112, 3), S and W (7, 7) of the first genuine pair; None of a baseline."""
        if not isinstance(net, XCosNet):
            return None
        pair = int(np.flatnonzero(self.same)[0])
        faces = [int(self.left[pair]), int(self.right[pair])]
        kept = None if self.maps is None else self.maps[faces]
        grid, _ = encode(net, device, self.crops[faces], kept, self.normalise)
        assert grid is not None
        training = net.training
        net.eval()
        with torch.inference_mode():
            maps = net.pairs(grid[:1], grid[1:])
            turned = net.attention(grid[1:], grid[:1])
        net.train(training)
        attention = (maps.attention + turned) / 2
        return self.crops[faces], maps.cosine[0].cpu().numpy(), attention[0].cpu().numpy()


def _scores(
    net: XCosNet, left_BCHW: torch.Tensor, right_BCHW: torch.Tensor, correlation: np.ndarray | None
) -> dict[str, torch.Tensor]:
    """Scores (B,) of pairs by their grid features, by kind; order both."""
    cosine = cosine_map(left_BCHW, right_BCHW)
    attention = net.attention(left_BCHW, right_BCHW) + net.attention(right_BCHW, left_BCHW)
    scores = {"learned": xcos(cosine, attention / 2), "uniform": cosine.mean(dim=(1, 2))}
    if correlation is not None:
        weights = torch.from_numpy(correlation).to(cosine)
        scores["correlation"] = xcos(cosine, weights[None])
    return scores


def accuracies(scores: dict[str, np.ndarray], same: np.ndarray) -> dict[str, float]:
    """Accuracy at the best single threshold, a fraction, of each kind of score.

    Genuine and impostor pairs count alike, however many there are.
    """
    return {kind: balanced_threshold(values, same)[1] for kind, values in scores.items()}


def separation(scores: np.ndarray, same: np.ndarray) -> float:
    """How far apart genuine and impostor scores (p,) lie, in spreads (d').

    Smooth, so that it tells weights apart that judge all pairs alike.
    """
    genuine, impostor = scores[same], scores[~same]
    spread = float(np.sqrt((genuine.var() + impostor.var()) / 2))
    return float(genuine.mean() - impostor.mean()) / max(spread, 1e-9)


def listed_faces(config: TrainConfig) -> HeldOutFaces:
    """The faces and pairs of the config's validation list. Raises XCosError."""
    assert config.data.validation is not None
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
    files = [_file(finder, photos, pairs, name) for name in names]
    people = np.unique([name.rpartition("/")[0] for name in names], return_inverse=True)[1]
    return HeldOutFaces(
        np.stack([reader.read(file) for file in files]),
        people.astype(np.int64),
        tuple(files),
        ("",) * len(files),
        np.array([number[name] for name in pairs.left]),
        np.array([number[name] for name in pairs.right]),
        pairs.same,
    )


def listed_photos(config: TrainConfig) -> int:
    """How many photos the config's validation list names. Raises XCosError."""
    if config.data.validation is None:
        return 0
    pairs = read_lfw_pairs(config.data.validation)
    return len({*pairs.left, *pairs.right})


def _file(finder: PhotoFinder, photos: Path, pairs: ProtocolPairs, name: str) -> Path:
    path = finder.photo(name)
    if path is None:
        raise XCosError(
            f"{pairs.place(name)}The validation photo {quoted(name)} is not in {photos}; set "
            "data.validation_photos."
        )
    return path
