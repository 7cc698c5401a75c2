"""A gallery listed in a CSV of photos and identities."""

import contextlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.csv_files import read_rows
from core.errors import quoted, shown
from core.faces.photo_files import why_no_photo
from core.gallery.csv_columns import columns_of, is_photo
from core.gallery.finder import PhotoFinder
from core.gallery.nobody import NobodyWords

# What no path of this machine is, and why, to follow its name; the last holds beside Windows alone.
ELSEWHERE = [
    (re.compile(start, re.IGNORECASE), why)
    for start, why in (
        (r"file:", "names no photo of this machine; write the photo's path."),
        (
            r"[a-z][a-z0-9+.-]+://",
            "is an address, which is not followed; download the photo and write its path.",
        ),
        (r"~[^/\\]*[/\\]", "begins with ~, which is not followed; write the whole path."),
        (
            r"[a-z]:[/\\]|\\\\",
            "is a path of Windows; write the path that the photo has on this machine.",
        ),
    )
][: 3 if os.name == "nt" else 4]


@dataclass(eq=False)
class CsvPhoto:
    """A photo of a list.

    line:    of the list, where its identity stands
    columns: what the further columns say of it, by their heads; empty cells are left out
    """

    photo: str
    identity: str | None
    line: int
    columns: dict[str, str] = field(default_factory=dict)


def read_csv_gallery(path: Path, root: Path) -> tuple[list[CsvPhoto], list[tuple[str, str]]]:
    """Photos with their identities, each photo once, and what is wrong: place and sentence.

    Photos are as they are called below root where they are found there, else as listed.
    Columns are told by their heads (path, identity and the like), else by where the photos are.
    A photo with two identities, or two values of a column, keeps the first one. Words such as NA
    are no identity and no value. Raises XCosError.
    """
    columns = columns_of(path, read_rows(path))
    finder = PhotoFinder(root)
    photos: dict[str, CsvPhoto] = {}  # by the file
    wrong = [(f"{path.name}, line {line}", doubt) for line, doubt in columns.doubts]
    nobody = NobodyWords(path, columns)
    for row in columns.rows:
        listed = row.cell(columns.photo)
        identity = nobody.identity(row)
        place = f"{path.name}, line {row.line}"
        found = _found(listed, finder) if listed else None
        if why := _why_no_photo(listed, None if found is None else root / found):
            wrong.append((shown(listed) or place, f"{path}, line {row.line}: {why}"))
            continue
        photo = found or Path(listed.replace("\\", "/")).as_posix()
        file = finder.place(photo)
        known = photos.setdefault(file, CsvPhoto(Path(photo).as_posix(), identity, row.line))
        if known.identity is None:
            known.identity, known.line = identity, row.line
        cells = {name: nobody.value(row, at) for at, name in columns.further.items()}
        values = {name: value for name, value in cells.items() if value}
        differing = [
            (f"{quoted(value)} in column {quoted(name)} here and {quoted(known.columns[name])}")
            for name, value in values.items()
            if known.columns.get(name, value) != value
        ]
        if identity not in (None, known.identity):
            names = f"{quoted(identity or '')} here and as {quoted(known.identity or '')}"
            differing.insert(0, f"{names} in line {known.line}")
        for what in differing:
            reason = (
                f"{quoted(known.photo)} is listed as {what}, which it stays; take one line out."
            )
            wrong.append((place, f"{path}, line {row.line}: {reason}"))
        known.columns = values | known.columns
    return list(photos.values()), [*wrong, *nobody.problems()]


def _found(listed: str, finder: PhotoFinder) -> str | None:
    """A listed photo as the finder calls it, also by its address as a file of this machine."""
    found = finder.file(listed)
    if found is None and listed[:5].lower() == "file:":
        with contextlib.suppress(ValueError):
            address = urlsplit(listed)
            if address.netloc in ("", "localhost"):
                path = unquote(address.path, errors="surrogateescape")
                found = finder.file(path.lstrip("/") if os.name == "nt" else path)
    return found


def _why_no_photo(listed: str, file: Path | None) -> str:
    """What is wrong with a cell that names no photo; empty for one, though it may be missing.

    file: where what it names was found
    """
    if not listed:
        return "no photo is named; mend that line."
    no_photo = f"{quoted(listed)} is no photo; mend that line."
    if file is not None:
        why = why_no_photo(file)
        return no_photo if why == "" else why or ""
    elsewhere = next((why for start, why in ELSEWHERE if start.match(listed)), None)
    if elsewhere is not None:
        return f"{quoted(listed)} {elsewhere}"
    return "" if is_photo(listed) else no_photo
