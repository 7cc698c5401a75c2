"""Lists of pairs in CSV and in YouTube Faces' splits.txt."""

from collections.abc import Sequence
from itertools import count, takewhile
from pathlib import Path, PurePosixPath

import numpy as np

from core.csv_files import (
    Row,
    below_comments,
    line_error,
    named_columns,
    read_rows,
    refuse_repeated,
    whole_number,
)
from core.errors import XCosError
from core.evaluation.verification import ProtocolPairs
from core.faces.photo import PHOTO_SUFFIXES

FOLDS = 10
COLUMNS = {
    side: (side, *(what + end for what in ("photo", "image", "img", "path", "file", "face")
                   for end in (number, "_" + number, "_" + side)))
    for side, number in (("left", "1"), ("right", "2"))
} | {"same": ("same", "is_same", "issame", "same_person", "genuine", "match", "label", "truth")}  # fmt: skip
TRUE = {"true", "t", "yes", "y", "same", "genuine", "match"}
FALSE = {"false", "f", "no", "n", "different", "impostor", "mismatch"}


def read_labelled_csv(path: Path) -> ProtocolPairs:
    """A CSV of left, right, same, with ten seeded folds. Raises XCosError naming the line."""
    rows, columns = _listed(path)
    if "same" not in columns:
        raise XCosError(f"{path}, line 1: there is no column same; add it, 1 or 0 for each pair.")
    same = []
    for row in rows:
        genuine = truth(row.cell(columns["same"]))
        if genuine is None or not row.cell(columns["left"]) or not row.cell(columns["right"]):
            raise line_error(path, row, "left,right,same with same 1 or 0")
        same.append(genuine)
    known = np.array(same, bool)
    if not rows:
        raise XCosError(f"{path} has no pairs; name another list.")
    if known.any() and not known.all() and len(known) < 2 * FOLDS:
        raise XCosError(
            f"{path} has {len(known)} pairs; ten folds need {2 * FOLDS}: list more of them."
        )
    return _pairs(path, rows, columns, known, seeded_folds(known))


def read_unlabelled_csv(path: Path) -> ProtocolPairs:
    """A CSV of left and right, of any length; `same` is False for all where there is no such column.

    Raises XCosError naming the line.
    """
    rows, columns = _listed(path)
    for row in rows:
        if not row.cell(columns["left"]) or not row.cell(columns["right"]):
            raise line_error(path, row, "left,right, the two photos of a pair")
    if not rows:
        raise XCosError(f"{path} has no pairs; name another list.")
    same = [truth(row.cell(columns.get("same"))) is True for row in rows]
    return _pairs(path, rows, columns, np.array(same, bool), None)


def read_splits(path: Path) -> ProtocolPairs:
    """YouTube Faces' `splits.txt`: split, first video, second video, ..., same. Raises XCosError."""
    left, right, same, folds, lines = [], [], [], [], []
    said: int | None = None  # where the head says that a pair is genuine; else it stands last
    for place, row in enumerate(read_rows(path)):
        last = [cell for cell in row.cells if cell][-1]
        fold, genuine = whole_number(row.cells[0]), truth(last if said is None else row.cell(said))
        if place == 0 and row.cells[0][:1].isalpha() and not last[-1:].isdigit():
            said = named_columns(row, COLUMNS).get("same")
            continue
        if len(row.cells) < 4 or fold is None or genuine is None or not all(row.cells[1:3]):
            raise line_error(path, row, "split, video, video, ..., same (1 or 0)")
        left.append(row.cells[1])
        right.append(row.cells[2])
        same.append(genuine)
        folds.append(fold)
        lines.append(row.line)
    if not same:
        raise XCosError(f"{path} has no pairs; name another list.")
    sides = tuple(left), tuple(right)
    return ProtocolPairs(*sides, np.array(same), np.array(folds), True, path, tuple(lines))


def truth(cell: str) -> bool | None:
    """Whether a label says that a pair is genuine: 1 or 0 (-1), also as 1.0 or 1,0; yes or no."""
    word = cell.casefold()
    if word in TRUE or word in FALSE:
        return word in TRUE
    try:
        return {1.0: True, 0.0: False, -1.0: False}.get(float(word.replace(",", ".")))
    except ValueError:
        return None


def seeded_folds(same: np.ndarray) -> np.ndarray:
    """Ten folds with like shares of genuine and impostor pairs: (n,) int64."""
    folds = np.empty(len(same), np.int64)
    rng = np.random.default_rng(0)
    for sort in (True, False):
        members = rng.permutation(np.flatnonzero(same == sort))
        folds[members] = np.arange(len(members)) % FOLDS
    return folds


def _listed(path: Path) -> tuple[Sequence[Row], dict[str, int]]:
    """Rows below the head, and the places of left, right and same."""
    rows = below_comments(read_rows(path), COLUMNS, lambda row: any(map(_has_place, row.cells)))
    columns = named_columns(rows[0] if rows else None, COLUMNS)
    if {"left", "right"} <= columns.keys():
        refuse_repeated(path, rows[0], rows[1:], columns.values())
        return rows[1:], columns
    above = takewhile(lambda row: not any(map(_has_place, row.cells)), rows)
    if any({"left", "right"} <= named_columns(row, COLUMNS).keys() for row in above):
        raise line_error(path, rows[0], "the head, left,right,same, first, or a # before a comment")
    headed = bool(rows) and not any(map(_names_photo, rows[0].cells))
    if not headed or ("same" not in columns and truth(rows[0].cell(2)) is not None):
        return rows, {"left": 0, "right": 1, "same": 2}
    # A head in other words, as it calls no pair genuine or impostor: what it names stays there.
    others = (place for place in count() if place not in columns.values())
    places = {name: columns[name] if name in columns else next(others) for name in COLUMNS}
    refuse_repeated(path, rows[0], rows[1:], places.values())
    return rows[1:], places


def _names_photo(cell: str) -> bool:
    return _has_place(cell) or cell[-1:].isdigit()


def _has_place(cell: str) -> bool:
    path = PurePosixPath(cell.replace("\\", "/"))
    return len(path.parts) > 1 or path.suffix.lower() in PHOTO_SUFFIXES


def _pairs(
    path: Path,
    rows: Sequence[Row],
    columns: dict[str, int],
    same: np.ndarray,
    folds: np.ndarray | None,
) -> ProtocolPairs:
    left, right = (tuple(row.cell(columns[side]) for row in rows) for side in ("left", "right"))
    lines = tuple(row.line for row in rows)
    return ProtocolPairs(left, right, same, folds, source=path, lines=lines)
