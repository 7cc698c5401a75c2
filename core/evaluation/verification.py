"""Accuracy of verification scores on labelled pairs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import XCosError


@dataclass(frozen=True, eq=False)
class PairList:
    """Pairs of a protocol, by file.

    left, right: n paths each, as the list names them, with or without ending
    same:        (n,) bool
    folds:       (n,) int64 fold of each pair, or None for a list without folds
    frames:      the paths are folders, videos whose frames' features are averaged
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    same: np.ndarray
    folds: np.ndarray | None
    frames: bool = False


def read_lfw_pairs(path: Path) -> PairList:
    """LFW's `pairs.txt` (first line: folds, pairs a half fold) or `pairsDevTest.txt` (one number).

    Raises XCosError naming the line that does not fit.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise XCosError(f"{path} cannot be read as a list of pairs: {error}.") from error
    head = lines[0].split() if lines else []
    if len(head) not in (1, 2) or not all(part.isdigit() for part in head):
        raise XCosError(f"{path} is not LFW's list of pairs: line 1 must be one or two numbers.")
    folds, half = (int(head[0]), int(head[1])) if len(head) == 2 else (1, int(head[0]))
    left, right, same = [], [], []
    for number, line in enumerate(lines[1:], start=2):
        parts = line.split("\t") if "\t" in line else line.split()
        if not parts:
            continue
        if len(parts) not in (3, 4) or not all(p.isdigit() for p in (parts[1], parts[-1])):
            raise XCosError(f"{path}, line {number}: {line!r} is not NAME I J or NAME I NAME J.")
        other = parts[0] if len(parts) == 3 else parts[2]
        left.append(f"{parts[0]}/{parts[0]}_{int(parts[1]):04d}")
        right.append(f"{other}/{other}_{int(parts[-1]):04d}")
        same.append(len(parts) == 3)
    if len(same) != 2 * folds * half:
        raise XCosError(
            f"{path} has {len(same)} pairs, but its first line says {2 * folds * half}."
        )
    fold = np.arange(len(same)) // (2 * half) if len(head) == 2 else None
    return PairList(tuple(left), tuple(right), np.array(same, bool), fold)


def best_threshold(scores: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """The threshold with the highest accuracy of (score > threshold), and that accuracy.

    scores: (n,) float; same: (n,) bool. Of equally good thresholds the middle one's place is
    taken, halfway between two scores, so that it does not lean on a single pair.
    """
    order = np.argsort(scores, kind="stable")
    values, truth = scores[order].astype(np.float64), same[order]
    # Cut k calls the k lowest scores different.
    right = np.concatenate([[truth.sum()], truth.sum() - np.cumsum(truth) + np.cumsum(~truth)])
    distinct = np.concatenate([[True], values[1:] != values[:-1], [True]])
    right = np.where(distinct, right, -1)
    best = np.flatnonzero(right == right.max())
    cut = int(best[len(best) // 2])
    if cut == 0:
        threshold = float(values[0]) - 1e-6
    elif cut == len(values):
        threshold = float(values[-1])
    else:
        threshold = float(values[cut - 1] + values[cut]) / 2
    return threshold, float(right.max() / len(scores))
