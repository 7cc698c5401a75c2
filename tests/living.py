"""Weights, crops and photos on which every number differs from its neighbours.

A random network whose batch norms never saw a face gives all pairs one score, and no test can tell
a right number from a wrong one. Here the statistics were taken on varied patterns and attention's
scales are enlarged, so that a swapped side, a dropped factor or a turned sign moves a score by tenths.
"""

import io
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from core.faces.align import TEMPLATE, apply, invert, similarity
from core.faces.face import SIDE, Detection

COUNTS = {"ann": 3, "bob": 2, "cem": 1}  # photos of each identity
PROBES = {"ann": 1, "bob": 1, "dan": 2}  # numbered from 4 on
THRESHOLDS = {"learned": 0.46, "uniform": 0.44, "correlation": 0.42, "fc": 0.3}
OPTIONS = {"stem": 8, "widths": [8, 12, 16], "depths": [1, 1, 1]}


def pattern(name: str) -> np.ndarray:
    """What an identity looks like: (112, 112, 3) float64, unlike its transpose and its mirror."""
    if name == "cem":  # whom one threshold takes for ann
        return 0.45 * own_pattern("ann") + 0.55 * own_pattern(name)
    return own_pattern(name)


@cache
def own_pattern(name: str) -> np.ndarray:
    """The same of a name that is like no other."""
    rng = np.random.default_rng(sum(256**k * ord(c) for k, c in enumerate(name[:3])))
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    blocks = rng.integers(0, 256, (7, 7, 3)).repeat(16, 0).repeat(16, 1)
    waves = [np.sin(a * x + b * y + c) for a, b, c in rng.uniform(-25, 25, (3, 3))]
    return 0.75 * blocks + 0.25 * (127 + 120 * np.stack(waves, axis=2))


def crop(name: str, number: int) -> np.ndarray:
    """One crop of an identity: (112, 112, 3) uint8. The higher its number, the more it differs."""
    rng = np.random.default_rng([number, len(name), ord(name[0])])
    moved = np.roll(pattern(name), rng.integers(-3, 4, 2), (0, 1))
    row, column = rng.integers(0, 5, 2)
    moved[16 * row : 16 * row + 32, 16 * column : 16 * column + 16 * number] = rng.integers(
        0, 256, 3
    )
    light = rng.uniform(0.7, 1.1) + rng.uniform(-0.2, 0.2) * np.linspace(-1, 1, SIDE)[None, :, None]
    noisy = moved * light + rng.normal(0, 12, moved.shape)
    return noisy.clip(0, 255).astype(np.uint8)


@cache
def _png(name: str, number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(crop(name, number)).save(file, "PNG")
    return file.getvalue()


def make_crops(folder: Path, counts: dict[str, int] = COUNTS, first: int = 1) -> Path:
    """A folder of aligned crops, a folder an identity: NAME/1.png, NAME/2.png, ..."""
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            (folder / name / f"{number}.png").write_bytes(_png(name, number))
    return folder


def list_with_stranger(crops: Path) -> Path:
    """A list of ann twice, bob, and a face that nobody knows, of the photos of `make_crops`."""
    shutil.copy(crops / "cem" / "1.png", crops / "stranger.png")
    lines = ["ann/1.png,ann", "ann/2.png,ann", "bob/1.png,bob", "stranger.png,"]
    table = crops / "some.csv"
    table.write_text("\n".join(["path,identity", *lines, ""]))
    return table


def landmarks(seed: int) -> np.ndarray:
    """Five landmarks of a face in a photo, (5, 2) float32: turned, scaled, and each of its own shape."""
    rng = np.random.default_rng(seed)
    shape = TEMPLATE - 56 + rng.normal(0, 4, (5, 2))
    angle, scale = rng.uniform(-0.5, 0.5), rng.uniform(0.6, 2.2)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (shape @ turn.T + rng.uniform((150, 140), (330, 180))).astype(np.float32)


def photo(face: np.ndarray, marks: np.ndarray, size: tuple[int, int] = (480, 320)) -> np.ndarray:
    """A photo (320, 480, 3) uint8 that shows a crop (112, 112, 3) where the landmarks are."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    ground = np.stack([x % 251, y % 241, (x + 2 * y) % 239], axis=2).astype(np.uint8)
    at = similarity(marks).astype(np.float64)
    at[:, 2] += 0.5 - at[:, :2].sum(axis=1) * 0.5  # PIL's pixel centres
    made = (
        Image.fromarray(face)
        .convert("RGBA")
        .transform(size, Image.Transform.AFFINE, at.ravel().tolist(), Image.Resampling.BILINEAR)
    )
    seen = Image.fromarray(ground)
    seen.paste(made, mask=made.getchannel("A"))
    return np.asarray(seen)


def make_photos(folder: Path, counts: dict[str, int] = COUNTS) -> dict[str, Detection]:
    """Photos of faces turned and scaled, with their detections by path: NAME/1.png."""
    found: dict[str, Detection] = {}
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(1, count + 1):
            marks = landmarks(100 * len(found) + number)
            Image.fromarray(photo(crop(name, number), marks)).save(folder / name / f"{number}.png")
            corners = np.array([[20, 10], [92, 10], [20, 108], [92, 108]], np.float64)
            box = apply(invert(similarity(marks)), corners)
            box = np.concatenate([box.min(axis=0), box.max(axis=0)]).astype(np.float32)
            found[f"{name}/{number}.png"] = Detection(box, marks, 0.99)
    return found


def living_weights(
    path: Path, name: str = "tiny", seed: int = 7, thresholds: dict[str, float] = THRESHOLDS
) -> Path:
    """A weights file of a small random network with thresholds, P and a head."""
    import torch

    from core.model.backbones import build_backbone
    from core.model.card import ModelCard
    from core.model.weights import save_weights
    from core.model.xcos import XCosNet

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = XCosNet(build_backbone("thin", **OPTIONS), 16)
        norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = None  # the statistics of all that it saw
            norm.weight.data.uniform_(0.8, 1.6)
            norm.bias.data.normal_(0, 0.2)
        for last, scale in (
            (net.attention.reduce, 1.3),
            (net.attention.mix, 1.3),
            (net.attention.last, 1.3),
        ):
            last[1].weight.data.mul_(scale)
        names = [a + b for a in "klmnopqr" for b in "xyz"]
        seen = np.stack([crop(n, k) for n in names for k in (1, 2)]).astype(np.float32)
        x_BCHW = torch.from_numpy((seen - 127.5) / 128).permute(0, 3, 1, 2)
        with torch.no_grad():
            net.train()
            grid_BCHW, _ = net(x_BCHW)
            net.attention(grid_BCHW, grid_BCHW.roll(3, 0))
            net.eval()
    for norm in norms:
        norm.momentum = 0.1
    rng = np.random.default_rng(seed)
    correlation = rng.uniform(0.2, 3, (7, 7)) * np.linspace(0.3, 2, 7)[:, None]
    card = ModelCard(
        name, path, "", "xcos", "thin", OPTIONS, thresholds=thresholds,
        correlation=correlation / correlation.sum(), embedding_size=16,
    )  # fmt: skip
    save_weights(path, net, card)
    return path


class Known:
    """A detector that knows where the faces of some photos are, by their pixels."""

    def __init__(self, folder: Path, detections: dict[str, Detection]) -> None:
        self._found = {
            np.asarray(Image.open(folder / name)).tobytes(): detection
            for name, detection in detections.items()
        }

    def detect(self, photos: Sequence[np.ndarray]) -> list[list[Detection]]:
        """The one face of each photo."""
        return [[self._found[pixels.tobytes()]] for pixels in photos]
