"""What lists write where nobody knows who a photo shows, or what a cell is."""

import re
from collections.abc import Iterator
from pathlib import Path

from core.csv_files import Row
from core.errors import counted, quoted, some_of
from core.faces.photo_files import person_name, readable
from core.gallery.csv_columns import Columns

# As R, Python, SQL and spreadsheets spell a missing value: Na, Nan and Null are people's names.
MISSING = {
    "#N/A N/A", "#NA", "#NV", "-NaN", "-nan", "<NA>", "N/A", "NA", "NULL", "NaN", "NaT", "None",
    "n/a", "nan", "null"
}  # fmt: skip
SPREADSHEET_ERROR = re.compile(r"#N/[A-Z]+|#¡?[^\W\d_]+(/0)?[!?]")
# Of people alone: of glasses or a sex they may be a value.
UNKNOWN = {
    "anonymous", "desconhecido", "desconocido", "inconnu", "nobody", "okänd", "onbekend", "sconosciuto",
    "tuntematon", "ukendt", "ukjent", "unbekannt", "unidentified", "unknown", "неизвестно",
    "неизвестный", "nieznany", "不明", "未知"
}  # fmt: skip
SIGNS = re.compile(r"[?\-–—]+")
NOISE = re.compile(r"-1(\.0+)?")  # what a clustering calls no cluster
CLUSTER = re.compile(r"\d+(\.0+)?")


class NobodyWords:
    """Reads a list's identities and values, and tells which words it took for none."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self._path, self._columns = path, columns
        names = (row.cell(place) for row in columns.rows for place in columns.identity)
        numbers = {name for name in names if name and not _is_nobody(name)}
        clusters = {name for name in numbers if not NOISE.fullmatch(name)}
        self._noise = clusters < numbers and all(map(CLUSTER.fullmatch, clusters))
        self._people: dict[str, list[int]] = {}  # lines by the word
        self._cells: dict[str, list[int]] = {}

    def identity(self, row: Row) -> str | None:
        """Who a row says that its photo shows, None for nobody known."""
        parts = [self._part(row, place) for place in self._columns.identity]
        return person_name(" ".join(parts)) or None

    def _part(self, row: Row, place: int) -> str:
        cell = row.cell(place)
        if _is_nobody(cell) or (self._noise and NOISE.fullmatch(cell)):
            self._people.setdefault(cell, []).append(row.line)
            return ""
        return cell

    def value(self, row: Row, place: int) -> str:
        """What a row has in a further column, empty for nothing."""
        cell = row.cell(place)
        if _is_missing(cell):
            self._cells.setdefault(cell, []).append(row.line)
            return ""
        return readable(cell)

    def problems(self) -> Iterator[tuple[str, str]]:
        """One sentence on identities and one on further columns, with its place."""
        for words, what in (
            (
                self._people,
                "taken for nobody's name; put the photos of somebody who is called so into a folder "
                "of that name, or write the whole name.",
            ),
            (self._cells, "taken for an empty cell; write it otherwise if it is a value."),
        ):
            if words:
                first, *others = sorted({line for lines in words.values() for line in lines})
                where = f"line {first}" + (
                    f" and {counted(len(others), 'other')}" if others else ""
                )
                said = some_of([quoted(word) for word in words])
                verb = "is" if len(words) == 1 else "are"
                place = f"{self._path.name}, line {first}"
                yield place, f"{self._path}, {where}: {said} {verb} {what}"


def _is_missing(cell: str) -> bool:
    return cell in MISSING or SPREADSHEET_ERROR.fullmatch(cell) is not None


def _is_nobody(cell: str) -> bool:
    return _is_missing(cell) or cell.casefold() in UNKNOWN or SIGNS.fullmatch(cell) is not None
