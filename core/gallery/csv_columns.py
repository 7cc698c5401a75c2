"""What the further columns of a gallery's CSV say of its photos."""

from pathlib import Path

from core.csv_files import named_columns, read_rows
from core.faces.photo_files import readable
from core.gallery.csv_gallery import COLUMNS
from core.gallery.finder import PhotoFinder


def column_names(source: Path) -> tuple[str, ...]:
    """The columns beside photo and identity; none for what is no CSV with a head. Raises XCosError."""
    if source.suffix.lower() != ".csv":
        return ()
    rows = read_rows(source)
    named = named_columns(rows[0] if rows else None, COLUMNS)
    if "path" not in named:
        return ()
    heads = map(readable, rows[0].cells)
    return tuple(
        dict.fromkeys(head for at, head in enumerate(heads) if head and at not in named.values())
    )


def column_values(source: Path, root: Path, name: str) -> dict[str, str]:
    """Photo to what a column says of it, where it says anything; the first of several lines holds.

    name: one of `column_names`. Raises XCosError.
    """
    head, *rows = read_rows(source)
    photo = named_columns(head, COLUMNS)["path"]
    column = [readable(cell) for cell in head.cells].index(name)
    finder = PhotoFinder(root)
    found: dict[str, str] = {}
    for row in rows:
        listed, value = row.cell(photo), readable(row.cell(column))
        if listed and value:
            file = finder.file(listed) or Path(listed.replace("\\", "/")).as_posix()
            found.setdefault(Path(file).as_posix(), value)
    return found
