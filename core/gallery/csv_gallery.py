"""A gallery listed in a CSV of photos and identities."""

from dataclasses import dataclass, field
from pathlib import Path

from core.csv_files import read_rows
from core.errors import quoted, shown
from core.faces.photo_files import readable
from core.gallery.csv_columns import columns_of, is_photo
from core.gallery.finder import PhotoFinder


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
    columns = columns_of(path, read_rows(path))
    finder = PhotoFinder(root)
    photos: dict[str, CsvPhoto] = {}  # by the file
    wrong = [(f"{path.name}, line {line}", doubt) for line, doubt in columns.doubts]
    for row in columns.rows:
        listed = row.cell(columns.photo)
        identity = readable(row.cell(columns.identity)) or None
        place = f"{path.name}, line {row.line}"
        if not is_photo(listed):
            what = f"{quoted(listed)} is no photo" if listed else "no photo is named"
            file = shown(listed) or place
            wrong.append((file, f"{path}, line {row.line}: {what}; mend that line."))
            continue
        photo = finder.file(listed) or Path(listed.replace("\\", "/")).as_posix()
        file = finder.place(photo)
        known = photos.setdefault(file, CsvPhoto(Path(photo).as_posix(), identity, row.line))
        if known.identity is None:
            known.identity, known.line = identity, row.line
        cells = {name: readable(row.cell(at)) for at, name in columns.further.items()}
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
    return list(photos.values()), wrong
