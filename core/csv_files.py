"""Lists and tables as text: read in any form that spreadsheets write, written so that they run none."""

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.errors import XCosError, quoted
from core.lfs import refuse_pointer
from core.western import western

LARGEST = 2**30  # bytes of a list
DELIMITERS = "\t;,|"
SAMPLED = 200  # lines that the delimiter is told from
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a spreadsheet takes for a formula; an apostrophe before it makes it a text.
FORMULA = re.compile(r"['\s]*[=+\-@＝＋－＠]|'*[\t\r\n]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)")
MISREAD = {  # what Python's errors say, and what that means
    "end of data": "a quotation mark is not closed",
    "expected after": "a quotation mark stands within a cell, where it must be doubled",
    "field larger": f"a cell is longer than {csv.field_size_limit():,} characters",
    "": "it is no line of a CSV",
}
BEYOND_ASCII, BROKEN = re.compile("[^\x00-\x7f\udc80-\udcff]"), re.compile("[\udc80-\udcff]")
# Marks without width that copied texts carry; DOS ended files with the last one.
UNSEEN = "\ufeff\u200b\u200e\u200f\u2060\x1a"
OUTER = re.compile(rf"^[\s{UNSEEN}]+|[\s{UNSEEN}]+\Z")
LINE_END = re.compile(r"\r\n|\r|\n")
HIGH, HIGH_RUN = re.compile(rb"[\x80-\xff]"), re.compile(rb"[\x80-\xff]{2,}")
WORD = re.compile(rb"[A-Za-z\x80-\xff]+")


@dataclass(frozen=True)
class Row:
    """A row of a list: its line in the file, counted from 1, and its cells without outer blanks."""

    line: int
    cells: tuple[str, ...]

    def cell(self, place: int | None) -> str:
        """The cell at a place; empty where the row is shorter, or for None."""
        return "" if place is None or place >= len(self.cells) else self.cells[place]


def read_text(path: Path) -> str:
    """A text file's characters, whether it is in UTF-8, UTF-16, UTF-32 or Windows-1252.

    Names that are no UTF-8 among others that are stay as the file system gives them
    (surrogate escapes). Raises XCosError, also for a file that is no text, or whose letters would
    come out as others.
    """
    try:
        if path.exists() and not path.is_file():
            raise XCosError(f"{path} is no file; name a list.")
        if path.stat().st_size > LARGEST:
            raise XCosError(f"{path} is larger than a list can be; name another one.")
        refuse_pointer(path)
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise XCosError(
            f"{path} cannot be read: {error.strerror or error}; name another list."
        ) from error
    except UnicodeDecodeError as error:
        raise XCosError(
            f"{path} is damaged: its {error.encoding} ends or breaks at byte {error.start}; "
            "save it anew as UTF-8."
        ) from error
    if text is None:
        raise XCosError(
            f"{path} is neither in UTF-8 nor in a Western encoding (it may be in GBK, Windows-1250, "
            "Mac Roman or another one, which files do not tell); save it as UTF-8."
        )
    if "\0" in text:
        line = len(LINE_END.findall(text[: text.index("\0")])) + 1
        raise XCosError(f"{path}, line {line}: there is a NUL, so it is no list; save it as text.")
    return text


def _decoded(data: bytes) -> str | None:
    """A text's characters; None for letters that no form of Unicode and no Western encoding has."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    head = data[:4096]
    for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head[place::2].count(0) > len(head) / 4:  # Latin letters without a mark
            return data.decode(encoding)
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode("utf-8")
    escaped = data.decode("utf-8", "surrogateescape")
    sound, broken = len(BEYOND_ASCII.findall(escaped)), len(BROKEN.findall(escaped))
    if broken > sound and b"\0" not in data and _in_another_alphabet(data):
        return None
    if sound:  # UTF-8 but for some names
        return escaped
    return western(data)


def _in_another_alphabet(data: bytes) -> bool:
    """Whether the letters beyond ASCII stand together and fill their words, as no accented ones do."""
    beyond, together = (sum(map(len, kind.findall(data))) for kind in (HIGH, HIGH_RUN))
    words = sum(len(word) for word in WORD.findall(data) if not word.isascii())
    return 2 * together > beyond and 2 * beyond > words


def read_lines(path: Path) -> list[str]:
    """A text file's lines, without their ends. Raises XCosError."""
    return LINE_END.split(read_text(path))


def read_rows(path: Path) -> list[Row]:
    """The rows of a CSV in which anything stands.

    Its delimiter, of comma, semicolon, tab and bar, is the one that it has. A head without one for
    the rows' numbers before it, as R writes it, gets an empty one. Raises XCosError naming the line of a quotation mark that is not closed, or a cell too long.
    """
    text = read_text(path)
    skipped = 0
    directive = re.match(r'"?sep=(.)"?\s*?(?:\r\n|\r|\n)', text, re.IGNORECASE)
    if directive:  # a first line by which Excel is told the delimiter
        delimiter, text, skipped = directive.group(1), text[directive.end() :], 1
    else:
        delimiter = _delimiter(text)
    try:
        return _with_numbers_named(_parsed(text, delimiter, skipped))
    except _Misread as first:
        try:  # blanks between a closing quotation mark and the delimiter
            ended = rf'"[ ]+(?=[{re.escape(delimiter)}\r\n]|$)'
            return _with_numbers_named(_parsed(re.sub(ended, '"', text), delimiter, skipped))
        except _Misread:
            raise XCosError(f"{path}, line {first.line}: {first.why}; mend that line.") from first


def _with_numbers_named(rows: list[Row]) -> list[Row]:
    """Rows with an empty head above their numbers, where R's write.table left it out."""
    head, *others = rows or [Row(1, ())]
    numbers = {whole_number(row.cells[0]) for row in others}
    if (
        len(head.cells) < 2
        or not all(head.cells)
        or head.cells[0].startswith("#")
        or {len(row.cells) for row in others} != {len(head.cells) + 1}
        or None in numbers
        or len(numbers) < len(others)
    ):
        return rows
    return [Row(head.line, ("", *head.cells)), *others]


class _Misread(Exception):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


def _parsed(text: str, delimiter: str, skipped: int) -> list[Row]:
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    rows, line = [], skipped + 1
    try:
        for cells in reader:
            row = Row(line, tuple(map(_plain, cells)))
            line = skipped + reader.line_num + 1
            if any(row.cells):
                rows.append(row)
    except csv.Error as error:
        message = str(error)
        raise _Misread(
            line, next(why for part, why in MISREAD.items() if part in message)
        ) from error
    return rows


def _delimiter(text: str) -> str:
    """The delimiter that parts most rows, and of several such the one that parts them alike."""
    sample = [line for line in LINE_END.split(text[: 2000 * SAMPLED])[:SAMPLED] if line.strip()]

    def parted(delimiter: str) -> tuple[int, int]:
        try:
            rows = list(csv.reader(sample, delimiter=delimiter, skipinitialspace=True))
        except csv.Error:  # told, with its line, when the whole is read
            return 0, 0
        widths = [len(row) for row in rows]
        return sum(width > 1 for width in widths), -len({*widths})

    best = max(DELIMITERS, key=parted)
    return best if parted(best)[0] else ","


def named_columns(row: Row | None, names: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Places of the columns that a head names; empty where the row is no head.

    names: for each column what it may be called, the likeliest first
    """
    if row is None:
        return {}
    cells = [head_name(cell) for cell in row.cells]
    return {
        column: cells.index(next(known for known in called if known in cells))
        for column, called in names.items()
        if any(known in cells for known in called)
    }


def head_name(cell: str) -> str:
    """A head in the one spelling by which heads are compared."""
    return re.sub(r"[\s_-]+", "_", cell.casefold())


def refuse_repeated(path: Path, head: Row, rows: Sequence[Row], places: Iterable[int]) -> None:
    """Raise XCosError where another column has the head of one of these, and says something else."""
    names = [head_name(cell) for cell in head.cells]
    for place in places:
        name = head_name(head.cell(place))
        for other in (at for at, called in enumerate(names) if name and called == name):
            if any(row.cell(other) != row.cell(place) for row in rows):
                raise XCosError(
                    f"{path}, line {head.line}: columns {place + 1} and {other + 1} are both called "
                    f"{quoted(head.cell(place))}, and differ; rename the one that is not meant."
                )


def below_comments(
    rows: list[Row], names: Mapping[str, Sequence[str]], is_data: Callable[[Row], bool]
) -> list[Row]:
    """A list without the comments above it, rows that begin with #; `# left,right` may be its head.

    names: as for named_columns
    """
    start = 0
    while start < len(rows) and _is_comment(rows[start]) and not is_data(rows[start]):
        start += 1
    if start and not (start < len(rows) and named_columns(rows[start], names)):
        first, *others = rows[start - 1].cells
        head = Row(rows[start - 1].line, (first.lstrip("# "), *others))
        if named_columns(head, names):
            return [head, *rows[start:]]
    return rows[start:]


def _is_comment(row: Row) -> bool:
    first, *others = row.cells
    return first.startswith("#") and (first != "#" or not any(others))  # that heads row numbers


def whole_number(cell: str) -> int | None:
    """A count as lists write it, in the digits of any script; None for anything else."""
    return int(cell) if cell.isdecimal() and len(cell) <= 9 else None


def line_error(path: Path, row: Row, wanted: str) -> XCosError:
    """The sentence that a row is not what it must be: `wanted` says what to write there."""
    text = quoted(" ".join(",".join(row.cells).split()))
    return XCosError(f"{path}, line {row.line}: {text} does not fit; write {wanted}.")


def write_rows(file: IO[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as CSV, a line each; texts that a spreadsheet would run get an apostrophe."""
    lines = csv.writer(_Lines(file), lineterminator="\r\n")  # so that cells with either are quoted
    lines.writerows(
        [cell if not isinstance(cell, str) or cell[:1].isalnum() else _safe(cell) for cell in row]
        for row in rows
    )


class _Lines:
    """Ends the lines of a CSV writer with a line feed alone."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, line: str) -> None:
        self._file.write(line[:-2] + "\n")


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """The same as text."""
    text = io.StringIO()
    write_rows(text, rows)
    return text.getvalue()


def csv_bytes(rows: Iterable[Sequence[Any]]) -> bytes:
    """The same as a file's content, in UTF-8; bytes of names that are none stay as they are."""
    return csv_text(rows).encode("utf-8", "surrogateescape")


def _safe(cell: str) -> str:
    return cell if not FORMULA.match(cell) or NUMBER.fullmatch(cell) else f"'{cell}"


def without_outer(text: str) -> str:
    """A text without blanks and unseen marks at its ends."""
    return OUTER.sub("", text)


def _plain(cell: str) -> str:
    """A cell without outer blanks and unseen marks, as it was before it was written safely."""
    cell = cell.strip()
    if cell[:1].isalnum() and cell[-1] not in UNSEEN:
        return cell
    cell = without_outer(cell)
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell
