"""Accuracy of verification scores on labelled pairs."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.csv_files import read_lines, whole_number, without_outer
from core.errors import XCosError, counted, quoted
from core.faces.face import Problem


@dataclass(frozen=True, eq=False)
class ProtocolPairs:
    """Pairs of a protocol, by file.

    left, right: n paths each, as the list names them, with or without ending
    same:        (n,) bool
    folds:       (n,) int64 fold of each pair, or None for a list without folds
    frames:      the paths are folders, videos whose frames' features are averaged
    source:      the list's file, or None
    lines:       line of each pair in it, counted from 1; empty where it has none
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    same: np.ndarray
    folds: np.ndarray | None
    frames: bool = False
    source: Path | None = None
    lines: tuple[int, ...] = ()

    def place(self, name: str) -> str:
        """Where the list first names a photo, as a message begins: file, line and a colon."""
        if self.source is None or not self.lines:
            return ""
        pairs = zip(self.left, self.right, self.lines, strict=True)
        line = next(line for left, right, line in pairs if name in (left, right))
        return f"{self.source}, line {line}: "

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Lines of the list that cannot be right: a photo with itself, a pair of both sorts."""
        if self.source is None:
            return ()
        found, seen = [], dict[tuple[str, ...], dict[bool, int]]()
        rows = zip(self.left, self.right, self.same.tolist(), self.lines, strict=False)
        for left, right, same, line in rows:
            why = None
            if left == right:
                why = f"{quoted(left)} is paired with itself; take that line out."
            sorts = seen.setdefault(tuple(sorted((left, right))), {})
            other = sorts.get(not same)
            if why is None and other is not None and same not in sorts:
                here, there = ("genuine", "impostor") if same else ("impostor", "genuine")
                why = (
                    f"{quoted(left)} and {quoted(right)} are a pair that is {here} here and {there} "
                    f"in line {other}, and count as both; take one line out."
                )
            sorts.setdefault(same, line)
            if why is not None:
                place = f"line {line}"
                found.append(
                    Problem(f"{self.source.name}, {place}", f"{self.source}, {place}: {why}")
                )
        return tuple(found)


def read_lfw_pairs(path: Path) -> ProtocolPairs:
    """LFW's `pairs.txt` (first line: folds, pairs a half fold) or `pairsDevTest.txt` (one number).

    Raises XCosError naming the line that does not fit.
    """
    lines = [(number, without_outer(line)) for number, line in enumerate(read_lines(path), start=1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not lines:
        raise XCosError(f"{path} has no pairs; name another list.")
    (first, begin), *rest = lines
    counts = [whole_number(part) for part in begin.split()]
    if len(counts) not in (1, 2) or None in counts:
        raise XCosError(
            f"{path}, line {first}: {quoted(begin)} is not how LFW's lists begin; write the number "
            "of folds and of pairs of a kind in each, or that number alone."
        )
    folds, half = (1, *counts)[-2:]
    assert folds is not None and half is not None
    left, right, same = [], [], []
    for number, line in rest:
        pair = _lfw_pair(line)
        if pair is None:
            raise XCosError(
                f"{path}, line {number}: {quoted(line)} is no pair; write NAME I J or NAME I NAME J."
            )
        left.append(pair[0])
        right.append(pair[1])
        same.append(pair[2])
    if not same and not folds * half:
        raise XCosError(f"{path} has no pairs; name another list.")
    if len(same) != 2 * folds * half:
        raise XCosError(
            f"{path} has {counted(len(same), 'pair')}, but its first line says {2 * folds * half}; mend that "
            "line or get the list anew."
        )
    fold = np.arange(len(same)) // (2 * half) if len(counts) == 2 else None
    lines_of = tuple(number for number, _ in rest)
    return ProtocolPairs(
        tuple(left), tuple(right), np.array(same, bool), fold, False, path, lines_of
    )


def _lfw_pair(line: str) -> tuple[str, str, bool] | None:
    cells = [without_outer(cell) for cell in (line.split("\t") if "\t" in line else line.split())]
    parts = [cell for cell in cells if cell]
    if len(parts) not in (3, 4):
        return None
    one, other = whole_number(parts[1]), whole_number(parts[-1])
    if one is None or other is None:
        return None
    name, second = parts[0], parts[0] if len(parts) == 3 else parts[2]
    return f"{name}/{name}_{one:04d}", f"{second}/{second}_{other:04d}", len(parts) == 3


def best_threshold(scores: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """The threshold with the highest accuracy of (score > threshold), and that accuracy.

    scores: (n,) float; same: (n,) bool. Of equally good thresholds the middle one's place is
    taken, halfway between two scores, so that it does not lean on a single pair.
    """
    return _best_threshold(scores, same, (1, 1))


def balanced_threshold(scores: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """The same where all genuine pairs together count as much as all impostor ones.

    The accuracy is the mean of the shares of genuine and of impostor pairs that are judged rightly.
    """
    genuine = int(same.sum())
    return _best_threshold(scores, same, (len(same) - genuine, genuine))


def _best_threshold(
    scores: np.ndarray, same: np.ndarray, counts: tuple[int, int]
) -> tuple[float, float]:
    """counts: how much a genuine and an impostor pair count, whole numbers."""
    order = np.argsort(scores, kind="stable")
    values, truth = scores[order].astype(np.float64), same[order]
    genuine, impostor = truth * counts[0], ~truth * counts[1]
    # Cut k calls the k lowest scores different.
    right = np.concatenate(
        [[genuine.sum()], genuine.sum() - np.cumsum(genuine) + np.cumsum(impostor)]
    )
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
    return threshold, float(right.max() / (genuine.sum() + impostor.sum()))
