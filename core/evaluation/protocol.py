"""Scores of a protocol's pairs: LFW's lists and CSVs of left,right,same."""

import csv
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import Stopped, XCosError
from core.evaluation.verification import PairList, read_lfw_pairs
from core.faces.photo import PHOTO_SUFFIXES
from core.gallery.gallery import LoadedGallery
from core.model.card import ModelCard
from core.model.kinds import AttentionKind, Order
from core.progress import Report, StopAsked
from core.scoring.engine import PairEngine
from core.scoring.prepared import PreparedFaces

FOLDS = 10
TRUE, FALSE = {"1", "true", "yes"}, {"0", "false", "no"}
Opener = Callable[[Path], LoadedGallery]
CHUNK = 256  # pairs whose maps are computed at once


def read_protocol(path: Path) -> PairList:
    """LFW's `pairs.txt` or `pairsDevTest.txt`, or a CSV of left, right, same. Raises XCosError."""
    return _read_csv(path) if path.suffix.lower() == ".csv" else read_lfw_pairs(path)


def open_pairs(pairs: PairList, photos: Path, opener: Opener) -> tuple[LoadedGallery, PairList]:
    """Load the faces that a list names; the list comes back without pairs whose photo is a problem.

    Raises XCosError for a photo that is not there, or when no pair is left.
    """
    names = sorted({*pairs.left, *pairs.right})
    files = {name: _file(photos, name) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "pairs.csv"
        with source.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                [["path", "identity"], *([str(p), ""] for p in files.values())]
            )
        loaded = opener(source)
    known = {face.photo for face in loaded.gallery.faces if face.number == 1}
    kept = np.array(
        [
            files[a].as_posix() in known and files[b].as_posix() in known
            for a, b in zip(pairs.left, pairs.right, strict=True)
        ]
    )
    if not kept.any():
        raise XCosError(f"None of the pairs' photos in {photos} gives a face; see the problems.")
    chosen = np.flatnonzero(kept)
    return loaded, replace(
        pairs,
        left=tuple(files[pairs.left[i]].as_posix() for i in chosen),
        right=tuple(files[pairs.right[i]].as_posix() for i in chosen),
        same=pairs.same[chosen],
        folds=None if pairs.folds is None else pairs.folds[chosen],
    )


def pair_scores(
    loaded: LoadedGallery,
    pairs: PairList,
    engine: PairEngine,
    card: ModelCard,
    order: Order,
    report: Report,
    stopped: StopAsked,
) -> dict[str, np.ndarray | None]:
    """Scores (n,) of a list's pairs by each attention kind, `fc` and `target`; None without one."""
    place = loaded.gallery.index()
    left = np.array([place[key] for key in pairs.left])
    right = np.array([place[key] for key in pairs.right])
    faces = engine.prepare(loaded.features.grid)
    found: dict[str, np.ndarray | None] = {"learned": None, "uniform": None, "correlation": None}
    cosine = np.einsum("pkc,pkc->pk", faces.cells[left], faces.cells[right]).astype(np.float64)
    for kind in card.kinds:
        found[kind] = _scores(engine, faces, (left, right), cosine, kind, order, report, stopped)
    found["fc"] = _cosines(loaded.features.embedding, left, right)
    found["target"] = _cosines(loaded.features.target, left, right)
    return found


def _scores(
    engine: PairEngine,
    faces: PreparedFaces,
    places: tuple[np.ndarray, np.ndarray],
    cosine: np.ndarray,
    kind: AttentionKind,
    order: Order,
    report: Report,
    stopped: StopAsked,
) -> np.ndarray:
    left, right = places
    shared = engine.weights(kind)
    if shared is not None:
        return cosine @ shared.ravel()
    scores = np.empty(len(left))
    for start in range(0, len(left), CHUNK):
        if stopped():
            raise Stopped("The evaluation")
        report("Scoring pairs", start, len(left))
        part = slice(start, start + CHUNK)
        maps = engine.attention(faces, left[part], faces, right[part], order)
        scores[part] = (maps.reshape(-1, cosine.shape[1]) * cosine[part]).sum(axis=1)
    return scores


def _cosines(rows: np.ndarray | None, left: np.ndarray, right: np.ndarray) -> np.ndarray | None:
    if rows is None:
        return None
    return np.einsum("pd,pd->p", rows[left].astype(np.float64), rows[right])


def _read_csv(path: Path) -> PairList:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise XCosError(f"{path} cannot be read as a CSV of pairs: {error}.") from error
    left, right, same = [], [], []
    for number, row in enumerate(rows, start=1):
        told = row[2].strip().casefold() if len(row) > 2 else ""
        if number == 1 and told not in TRUE | FALSE:
            continue  # a header
        if told not in TRUE | FALSE:
            raise XCosError(f"{path}, line {number}: write left,right,same with same 1 or 0.")
        left.append(row[0].strip())
        right.append(row[1].strip())
        same.append(told in TRUE)
    if len(same) < 2 * FOLDS:
        raise XCosError(f"{path} has {len(same)} pairs; ten folds need at least {2 * FOLDS}.")
    truth = np.array(same, bool)
    folds = np.empty(len(truth), np.int64)
    rng = np.random.default_rng(0)
    for sort in (True, False):
        members = rng.permutation(np.flatnonzero(truth == sort))
        folds[members] = np.arange(len(members)) % FOLDS
    return PairList(tuple(left), tuple(right), truth, folds)


def _file(photos: Path, name: str) -> Path:
    path = photos / name
    if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file():
        return path.absolute()
    for folder in (photos, photos / Path(name).parent.parent):
        for stem in (name, Path(name).name):
            for suffix in sorted(PHOTO_SUFFIXES):
                if (folder / f"{stem}{suffix}").is_file():
                    return (folder / f"{stem}{suffix}").absolute()
    raise XCosError(f"The photo {name} is not in {photos}; name its folder with --photos.")
