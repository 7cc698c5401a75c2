"""A gallery listed in a CSV of photos and identities."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.csv_files import Row, named_columns, read_rows
from core.errors import XCosError, quoted, shown
from core.faces.photo import PHOTO_SUFFIXES
from core.faces.photo_files import readable
from core.gallery.finder import PhotoFinder

COLUMNS = {
    "path": ("path", "photo", "file", "filename", "file_name", "filepath", "file_path",
             "photo_path", "image_path", "image", "img", "picture"),
    "identity": ("identity", "person", "name", "subject", "label", "class", "who", "id"),
}  # fmt: skip
PAIR = {"left": ("left",), "right": ("right",)}
JOINTS = str.maketrans("", "", " _-")  # of the words in a head, whatever its language


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
    A photo with two identities, or two values of a column, keeps the first one. Raises XCosError.
    """
    rows = read_rows(path)
    if len(named_columns(rows[0] if rows else None, PAIR)) == 2:
        raise XCosError(f"{path} lists pairs, left and right, not photos; choose a gallery.")
    rows, photo_column, identity_column, further = _columns(rows)
    finder = PhotoFinder(root)
    photos: dict[str, CsvPhoto] = {}  # by the file
    wrong: list[tuple[str, str]] = []
    for row in rows:
        listed = row.cell(photo_column)
        identity = readable(row.cell(identity_column)) or None
        place = f"{path.name}, line {row.line}"
        if PurePosixPath(listed).suffix.lower() not in PHOTO_SUFFIXES:
            what = f"{quoted(listed)} is no photo" if listed else "no photo is named"
            file = shown(listed) or place
            wrong.append((file, f"{path}, line {row.line}: {what}; mend that line."))
            continue
        photo = finder.file(listed) or Path(listed.replace("\\", "/")).as_posix()
        file = finder.place(photo)
        known = photos.setdefault(file, CsvPhoto(Path(photo).as_posix(), identity, row.line))
        if known.identity is None:
            known.identity, known.line = identity, row.line
        values = {name: value for at, name in further.items() if (value := readable(row.cell(at)))}
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
    return list(photos.values()), wrong


def _columns(rows: list[Row]) -> tuple[list[Row], int, int | None, dict[int, str]]:
    """The rows below the head, the columns of photos and of identities, and heads of the others."""
    head = rows[0] if rows else None
    named = named_columns(head, COLUMNS)
    heads: dict[int, str] = {}
    if head is not None and not any(map(_is_photo, head.cells)):
        if named or all(cell.translate(JOINTS).isalpha() for cell in head.cells if cell):
            rows = rows[1:]
            heads = dict(enumerate(map(readable, head.cells)))
    else:
        named = {}
    width = max((len(row.cells) for row in rows), default=1)
    photos = [sum(_is_photo(row.cell(place)) for row in rows) for place in range(width)]
    photo = named.get("path", photos.index(max(photos)) if any(photos) else 0)
    identity = named.get("identity", photo + 1 if photo + 1 < width else photo - 1)
    own = identity if identity >= 0 and identity != photo else None
    return rows, photo, own, _further(heads, (photo, own))


def _further(heads: dict[int, str], known: tuple[int | None, ...]) -> dict[int, str]:
    """Heads of the columns that are no photo and no identity, each name once."""
    first = {name: at for at, name in reversed(heads.items()) if name and at not in known}
    return {at: heads[at] for at in sorted(first.values())}


def _is_photo(cell: str) -> bool:
    return PurePosixPath(cell).suffix.lower() in PHOTO_SUFFIXES
