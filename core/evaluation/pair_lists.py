"""Lists of pairs in CSV and in YouTube Faces' splits.txt."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path, PurePosixPath

import numpy as np

from core.csv_files import (
    Row,
    below_comments,
    line_error,
    named_columns,
    read_lines,
    read_rows,
    refuse_repeated,
    whole_number,
    without_outer,
)
from core.errors import XCosError, quoted
from core.evaluation.verification import ProtocolPairs
from core.faces.photo import PHOTO_SUFFIXES
from core.gallery.pair_columns import COLUMNS, SIDES, SORTS, TRUTH, truth

FOLDS = 10


@dataclass(frozen=True)
class PairRows:
    """A list's pairs, a row each.

    head:    the row that names the columns, or None
    columns: places of left, right and of same or different, whichever says what a pair is
    """

    path: Path
    head: Row | None
    rows: Sequence[Row]
    columns: dict[str, int]

    @property
    def labelled(self) -> bool:
        return not TRUTH.keys().isdisjoint(self.columns)

    def genuine(self, row: Row) -> bool | None:
        """What a row says of its pair; None where that is no label."""
        if "same" in self.columns:
            return truth(row.cell(self.columns["same"]))
        cell = row.cell(self.columns.get("different"))
        said = truth(cell)
        return said if said is None or cell.casefold() in SORTS else not said


def read_labelled_csv(path: Path) -> ProtocolPairs:
    """A CSV of left, right, same, with ten seeded folds. Raises XCosError naming the line."""
    return labelled_pairs(path, read_rows(path))


def labelled_pairs(path: Path, rows: list[Row]) -> ProtocolPairs:
    """The same of its rows."""
    listed = _listed(path, rows)
    if not listed.labelled:
        head = listed.head or Row(1, ())
        names = ", ".join(quoted(cell) for cell in head.cells if cell)
        raise XCosError(
            f"{path}, line {head.line}: there is no column same among {names}, and none of that "
            "meaning; add it, 1 or 0 for each pair."
        )
    same = []
    for row in listed.rows:
        genuine = listed.genuine(row)
        if genuine is None or not _has_both(row, listed):
            raise line_error(path, row, _wanted(listed))
        same.append(genuine)
    known = np.array(same, bool)
    if not listed.rows:
        raise XCosError(f"{path} has no pairs; name another list.")
    if known.any() and not known.all() and len(known) < 2 * FOLDS:
        raise XCosError(
            f"{path} has {len(known)} pairs; ten folds need {2 * FOLDS}: list more of them."
        )
    return _pairs(listed, known, seeded_folds(known))


def read_unlabelled_csv(path: Path) -> ProtocolPairs:
    """A CSV of left and right, of any length; `same` is False for all where no column says it.

    Raises XCosError naming the line, also of a label that is none among others.
    """
    return unlabelled_pairs(path, read_rows(path))


def unlabelled_pairs(path: Path, rows: list[Row]) -> ProtocolPairs:
    """The same of its rows."""
    listed = _listed(path, rows)
    for row in listed.rows:
        if not _has_both(row, listed):
            raise line_error(path, row, "left,right, the two photos of a pair")
    if not listed.rows:
        raise XCosError(f"{path} has no pairs; name another list.")
    same = [listed.genuine(row) for row in listed.rows] if listed.labelled else []
    place = listed.columns.get("same", listed.columns.get("different"))
    # A third column without a head, or one without a cell, need not be of labels.
    meant = (
        any(row.cell(place) for row in listed.rows)
        if listed.head
        else any(one is not None for one in same)
    )
    if meant and None in same:
        raise line_error(
            path, listed.rows[same.index(None)], f"{_wanted(listed)}, or leave that column out"
        )
    known = np.array(same if meant else [False] * len(listed.rows), bool)
    return _pairs(listed, known, None)


def rows_of_photos(path: Path) -> list[Row] | None:
    """Rows of a text with a pair of photos a line, parted by blanks or as in a CSV; None for another.

    Raises XCosError naming a line with more or fewer parts than the first.
    """
    lines = [(n, without_outer(line)) for n, line in enumerate(read_lines(path), start=1)]
    lines = [(n, line) for n, line in lines if line and not line.startswith("#")]
    if not lines or all(whole_number(part) is not None for part in lines[0][1].split()):
        return None
    rows = [Row(number, tuple(line.split())) for number, line in lines]
    if not _begins_pairs(rows[0]):
        rows = below_comments(read_rows(path), COLUMNS, _has_places)
        return rows if rows and _begins_pairs(rows[0]) else None
    for row in rows:
        if len(row.cells) != len(rows[0].cells):
            raise line_error(path, row, "left right same, or a CSV where names have blanks")
    return rows


def _begins_pairs(row: Row) -> bool:
    named = SIDES.keys() <= named_columns(row, SIDES).keys()
    return named or (len(row.cells) in (2, 3) and all(map(_has_place, row.cells[:2])))


def _has_places(row: Row) -> bool:
    return any(map(_has_place, row.cells))


def _has_both(row: Row, listed: PairRows) -> bool:
    return bool(row.cell(listed.columns["left"]) and row.cell(listed.columns["right"]))


def _wanted(listed: PairRows) -> str:
    if "different" in listed.columns:
        return "left,right,different with different 1 or 0"
    return "left,right,same with same 1 or 0"


def read_splits(path: Path) -> ProtocolPairs:
    """YouTube Faces' `splits.txt`: split, first video, second video, ..., same. Raises XCosError."""
    left, right, same, folds, lines = [], [], [], [], []
    said = PairRows(path, None, (), {})  # where the head says what a pair is; else it stands last
    for place, row in enumerate(read_rows(path)):
        last = [cell for cell in row.cells if cell][-1]
        fold = whole_number(row.cells[0])
        genuine = said.genuine(row) if said.labelled else truth(last)
        if place == 0 and row.cells[0][:1].isalpha() and not last[-1:].isdigit():
            said = PairRows(path, row, (), _named(row))
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


def seeded_folds(same: np.ndarray) -> np.ndarray:
    """Ten folds with like shares of genuine and impostor pairs: (n,) int64."""
    folds = np.empty(len(same), np.int64)
    rng = np.random.default_rng(0)
    for sort in (True, False):
        members = rng.permutation(np.flatnonzero(same == sort))
        folds[members] = np.arange(len(members)) % FOLDS
    return folds


def _listed(path: Path, rows: list[Row]) -> PairRows:
    """Rows below the head, and where they say what."""
    rows = below_comments(rows, COLUMNS, _has_places)
    columns = _named(rows[0] if rows else None)
    both = SIDES.keys() <= columns.keys()
    above = takewhile(lambda row: not _has_places(row), rows)
    if not both and any(SIDES.keys() <= _named(row).keys() for row in above):
        raise line_error(path, rows[0], "the head, left,right,same, first, or a # before a comment")
    for name in TRUTH.keys() & columns.keys():  # a target may be a photo
        if any(_has_place(row.cell(columns[name])) for row in rows[1:]):
            del columns[name]
    headed = bool(rows) and not any(map(_names_photo, rows[0].cells))
    told = not TRUTH.keys().isdisjoint(columns)
    if not both and (not headed or (not told and truth(rows[0].cell(2)) is not None)):
        return PairRows(path, None, rows, {"left": 0, "right": 1, "same": 2})
    head, *below = rows
    # A head in other words: its photos stand where no column says what a pair is.
    others = (place for place in count() if place not in columns.values())
    columns |= {side: next(others) for side in SIDES if side not in columns}
    if not told and (sorts := _sorts_place(below, columns)) is not None:
        columns["same"] = sorts
    refuse_repeated(path, head, below, columns.values())
    return PairRows(path, head, below, columns)


def _named(row: Row | None) -> dict[str, int]:
    """The columns that a head names, of same and different the first alone."""
    columns = named_columns(row, COLUMNS)
    if "same" in columns:
        columns.pop("different", None)
    return columns


def _sorts_place(rows: Sequence[Row], columns: dict[str, int]) -> int | None:
    """A column whose cells all call a pair genuine or impostor, whatever its head; None without one."""
    width = max((len(row.cells) for row in rows), default=0)
    places = (place for place in range(width) if place not in columns.values())
    return next((at for at in places if all(r.cell(at).casefold() in SORTS for r in rows)), None)


def _names_photo(cell: str) -> bool:
    return _has_place(cell) or cell[-1:].isdigit()


def _has_place(cell: str) -> bool:
    path = PurePosixPath(cell.replace("\\", "/"))
    return len(path.parts) > 1 or path.suffix.lower() in PHOTO_SUFFIXES


def _pairs(listed: PairRows, same: np.ndarray, folds: np.ndarray | None) -> ProtocolPairs:
    left, right = (
        tuple(row.cell(listed.columns[side]) for row in listed.rows) for side in ("left", "right")
    )
    lines = tuple(row.line for row in listed.rows)
    return ProtocolPairs(left, right, same, folds, source=listed.path, lines=lines)
