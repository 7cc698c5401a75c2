"""A gallery listed in a CSV of photos and identities."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.csv_files import Row, named_columns, read_rows
from core.errors import quoted
from core.faces.photo import PHOTO_SUFFIXES
from core.faces.photo_files import readable
from core.gallery.finder import PhotoFinder

COLUMNS = {
    "path": ("path", "photo", "file", "filename", "file_name", "filepath", "file_path",
             "photo_path", "image_path", "image", "img", "picture"),
    "identity": ("identity", "person", "name", "subject", "label", "class", "who", "id"),
}  # fmt: skip
JOINTS = str.maketrans("", "", " _-")  # of the words in a head, whatever its language


def read_csv_gallery(
    path: Path, root: Path
) -> tuple[list[tuple[str, str | None]], list[tuple[str, str]]]:
    """Photos with their identities, each photo once, and what is wrong: place and sentence.

    Photos are as they are called below root where they are found there, else as listed.
    Columns are told by their heads (path, identity and the like), else by where the photos are.
    A photo with two identities keeps the first one. Raises XCosError.
    """
    rows, photo_column, identity_column = _columns(read_rows(path))
    finder = PhotoFinder(root)
    found: dict[str, tuple[str, str | None, int]] = {}  # by the file: photo, identity, line
    wrong: list[tuple[str, str]] = []
    for row in rows:
        listed = row.cell(photo_column)
        identity = readable(row.cell(identity_column)) or None
        place = f"{path.name}, line {row.line}"
        if PurePosixPath(listed).suffix.lower() not in PHOTO_SUFFIXES:
            what = f"{quoted(listed)} is no photo" if listed else "no photo is named"
            file = quoted(listed)[1:-1] or place
            wrong.append((file, f"{path}, line {row.line}: {what}; mend that line."))
            continue
        photo = finder.file(listed) or Path(listed.replace("\\", "/")).as_posix()
        file = str(root / photo)
        first, known, line = found.setdefault(file, (Path(photo).as_posix(), identity, row.line))
        if known is None:
            found[file] = (first, identity, line)
        elif identity not in (None, known):
            names = f"{quoted(identity or '')} here and as {quoted(known)} in line {line}"
            reason = f"{quoted(first)} is listed as {names}, which it stays; take one line out."
            wrong.append((place, f"{path}, line {row.line}: {reason}"))
    return [(photo, identity) for photo, identity, _ in found.values()], wrong


def _columns(rows: Sequence[Row]) -> tuple[Sequence[Row], int, int | None]:
    """The rows below the head, and the columns of photos and of identities."""
    head = rows[0] if rows else None
    named = named_columns(head, COLUMNS)
    if head is not None and not any(map(_is_photo, head.cells)):
        if named or all(cell.translate(JOINTS).isalpha() for cell in head.cells if cell):
            rows = rows[1:]
    else:
        named = {}
    width = max((len(row.cells) for row in rows), default=1)
    photos = [sum(_is_photo(row.cell(place)) for row in rows) for place in range(width)]
    photo = named.get("path", photos.index(max(photos)) if any(photos) else 0)
    identity = named.get("identity", photo + 1 if photo + 1 < width else photo - 1)
    return rows, photo, identity if identity >= 0 and identity != photo else None


def _is_photo(cell: str) -> bool:
    return PurePosixPath(cell).suffix.lower() in PHOTO_SUFFIXES
