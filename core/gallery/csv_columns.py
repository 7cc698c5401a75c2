"""Which columns of a gallery's CSV name the photos, and who they show."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path, PurePosixPath

from core.csv_files import Row, below_comments, named_columns, refuse_repeated
from core.errors import XCosError, counted, quoted, shown
from core.faces.photo import PHOTO_SUFFIXES
from core.faces.photo_files import readable
from core.gallery.name_parts import may_be_part, name_parts
from core.gallery.pair_columns import SIDES, truth

PHOTO = {
    "path": ("path", "photo", "file", "filename", "file_name", "filepath", "file_path",
             "photo_path", "image_path", "image", "img", "picture"),
}  # fmt: skip
PHOTO_WORDS = {word for called in PHOTO["path"] for word in called.split("_")} - {"name"}
PERSON = ("identity", "person", "name", "subject", "label", "class", "who", "id")  # likeliest first
BESIDE_PERSON = {"full", "of", "the"}
# Of heads that say something else of a photo, so that no column of theirs is taken for the person.
NO_PERSON = {
    "age", "ages", "angle", "area", "attribute", "bbox", "beard", "birth", "birthday", "blur",
    "born", "bottom", "box", "camera", "caption", "city", "color", "colour", "comment", "comments",
    "condition", "confidence", "copyright", "count", "country", "crop", "dataset", "date", "day",
    "description", "device", "digest", "distance", "emotion", "ethnicity", "expression", "filename",
    "fold", "format", "frame", "gender", "glasses", "group", "hair", "hash", "height",
    "illumination", "index", "kind", "left", "lens", "licence", "license", "light", "lighting",
    "line", "link", "location", "mask", "md5", "month", "nationality", "no", "note", "notes", "nr",
    "number", "occlusion", "origin", "page", "part", "pitch", "place", "pose", "probability",
    "quality", "race", "remark", "remarks", "resolution", "right", "roll", "row", "score",
    "session", "set", "sex", "sha1", "sha256", "sharpness", "similarity", "size", "smile", "source",
    "split", "subset", "tag", "tags", "taken", "test", "text", "thumbnail", "time", "timestamp",
    "title", "top", "train", "type", "unnamed", "url", "valid", "weight", "width", "yaw", "year"
} | PHOTO_WORDS  # fmt: skip
JOINTS = str.maketrans("", "", " _-")  # of the words in a head, whatever its language


@dataclass(frozen=True)
class Columns:
    """Where a list says what.

    rows:     below its head
    photo:    place of the photos
    identity: places of who they show, several for the parts of a name, none where no column says it
    further:  heads of the other columns, by their place
    doubts:   sentences on columns of which the heads leave doubt: line and sentence
    """

    rows: list[Row]
    photo: int
    identity: tuple[int, ...]
    further: dict[int, str] = field(default_factory=dict)
    doubts: tuple[tuple[int, str], ...] = ()


def columns_of(path: Path, rows: list[Row]) -> Columns:
    """The columns by their heads, else by where the photos are.

    Raises XCosError for a list of pairs, and for two columns of one head that say different things.
    """
    rows, doubts = _from_head(path, below_comments(rows, PHOTO, _has_photo))
    head = rows[0] if rows else None
    _refuse_pairs(path, head)
    if head is None or not _is_head(head):
        photo = _photo_place(rows, {})
        width = max((len(row.cells) for row in rows), default=1)
        beside = photo + 1 if photo + 1 < width else photo - 1
        if beside in _of_photos(rows):
            raise XCosError(f"{path} lists pairs, not photos; choose a gallery.")
        return Columns(rows, photo, (beside,) if beside >= 0 else ())
    rows = rows[1:]
    photo = _photo_place(rows, named_columns(head, PHOTO))
    others = _of_photos(rows) - {photo}
    identity, guessed = _identity_places(head, rows, (photo, *others))
    if _are_pairs(head, rows, others, identity):
        raise XCosError(f"{path} lists pairs, not photos; choose a gallery.")
    used = [photo, *identity]
    if guessed:
        doubts.append((head.line, _guessed(path, head, identity[0])))
    refuse_repeated(path, head, rows, used)
    further, twice = _further(path, head, rows, used)
    return Columns(
        rows, photo, identity, further, (*doubts, *twice, *_beyond(path, head, rows, used))
    )


def _refuse_pairs(path: Path, head: Row | None) -> None:
    """Raise XCosError where a head names the two sides of pairs, and no photo beside them."""
    sides = named_columns(head, SIDES)
    if head is not None and len(sides) == 2 and not named_columns(head, PHOTO):
        left, right = (shown(head.cell(place)) for place in sides.values())
        raise XCosError(f"{path} lists pairs, {left} and {right}, not photos; choose a gallery.")


def _of_photos(rows: Sequence[Row]) -> set[int]:
    """The columns of which most cells name photos."""
    width = max((len(row.cells) for row in rows), default=0)
    cells = {place: [c for row in rows if (c := row.cell(place))] for place in range(width)}
    return {place for place, named in cells.items() if 2 * sum(map(is_photo, named)) > len(named)}


def _are_pairs(
    head: Row, rows: Sequence[Row], others: Collection[int], identity: tuple[int, ...]
) -> bool:
    """Whether columns of other photos beside the photos are no crops or copies of them."""
    named = bool(named_columns(head, PHOTO))
    if not others or (named and not identity):
        return False
    copies = all({*_words(head.cell(at))} & NO_PERSON for at in others)
    labels = all(truth(row.cell(at)) is not None for row in rows for at in identity)
    return labels and not (named and copies)


def _further(
    path: Path, head: Row, rows: Sequence[Row], used: Sequence[int]
) -> tuple[dict[int, str], list[tuple[int, str]]]:
    """Heads of the columns that are not used, each name once, and sentences on names that stand twice."""
    heads = {
        at: name
        for at, cell in enumerate(head.cells)
        if at not in used and (name := readable(cell))
    }
    first = {name: at for at, name in reversed(heads.items())}
    twice = [
        f"columns {first[name] + 1} and {at + 1} are both called {quoted(name)}, of which the first"
        for at, name in heads.items()
        if any(row.cell(at) != row.cell(first[name]) for row in rows)
    ]
    where = f"{path}, line {head.line}: "
    sentences = [(head.line, f"{where}{what} is taken; rename the other.") for what in twice]
    return {at: heads[at] for at in sorted(first.values())}, sentences


def _beyond(
    path: Path, head: Row, rows: Sequence[Row], used: Sequence[int]
) -> Iterator[tuple[int, str]]:
    """A sentence where rows go on behind the head, as they do where a comma within a cell parts it."""
    first = max(len(head.cells), *(place + 1 for place in used))
    wider = [row for row in rows if any(row.cells[first:])]
    if wider:
        row, *others = wider
        lines = f"line {row.line}" + (f" and {counted(len(others), 'other')}" if others else "")
        cell = quoted(next(cell for cell in row.cells[first:] if cell))
        yield (
            row.line,
            f"{path}, {lines}: {cell} stands under no head and is left out; put cells with a comma "
            "within into quotation marks, or write a head above it.",
        )


def is_photo(cell: str) -> bool:
    """Whether a cell names a photo by its usual ending."""
    return PurePosixPath(cell).suffix.lower() in PHOTO_SUFFIXES


def _from_head(path: Path, rows: list[Row]) -> tuple[list[Row], list[tuple[int, str]]]:
    """A list without what stands above a head that names the photos, and sentences on that."""
    above = list(takewhile(lambda row: not (_has_photo(row) or named_columns(row, PHOTO)), rows))
    if len(above) == len(rows) or _has_photo(rows[len(above)]):
        return rows, []
    told = ((row.line, quoted(next(cell for cell in row.cells if cell))) for row in above)
    sentences = [(n, f"{path}, line {n}: {what} is no photo; mend that line.") for n, what in told]
    return rows[len(above) :], sentences


def _has_photo(row: Row) -> bool:
    return any(map(is_photo, row.cells))


def _is_head(row: Row) -> bool:
    said = any(_names_photos(cell) or _person_rank(cell) for cell in row.cells)
    words = all(cell.translate(JOINTS).isalpha() for cell in row.cells if cell)
    return not _has_photo(row) and (said or words)


def _names_photos(cell: str) -> bool:
    words = {*_words(cell)}
    return bool(words & PHOTO_WORDS) and words <= PHOTO_WORDS | {"id", "name"}


def _photo_place(rows: Sequence[Row], named: dict[str, int]) -> int:
    """Where the photos are: in the column that is called so, else in that with most of them."""
    width = max((len(row.cells) for row in rows), default=1)
    photos = [sum(is_photo(row.cell(place)) for row in rows) for place in range(width)]
    return named.get("path", photos.index(max(photos)))


def _identity_places(
    head: Row, rows: Sequence[Row], photos: tuple[int, ...]
) -> tuple[tuple[int, ...], bool]:
    """The columns of who the photos show, and whether it is one whose head does not say so surely.

    photos: the columns of photos, that of the gallery first
    """
    ranks = {at: rank for at, cell in enumerate(head.cells) if (rank := _person_rank(cell))}
    named = min((at for at in ranks if at not in photos), key=lambda at: ranks[at], default=None)
    parts = name_parts(head, photos)
    if parts and (named is None or not _is_whole(head.cell(named))):
        return parts, False
    if named is None or (_words(head.cell(named)) == ["id"] and not _repeats(rows, named)):
        guess = _beside(head, rows, photos)
        if guess is not None:
            return (guess,), True
        return (() if named is None else (named,)), False
    return (named,), may_be_part(head, rows, named, (*photos, named))


def _is_whole(head: str) -> bool:
    """Whether a head names the person more clearly than the parts of a name together."""
    return bool({*_words(head)} & {"identity", "person", "full"})


def _person_rank(cell: str) -> tuple[int, int] | None:
    """How clearly a head names the person, the least most clearly; None where it does not."""
    words = _words(cell)
    known = [PERSON.index(word) for word in words if word in PERSON]
    if not known or not {*words} <= {*PERSON} | BESIDE_PERSON:
        return None
    return min(known), len(words)


def _repeats(rows: Sequence[Row], place: int) -> bool:
    """Whether a column has a value twice, as numbers of rows do not."""
    values = [row.cell(place) for row in rows]
    return len({*values}) < len(values)


def _beside(head: Row, rows: Sequence[Row], photos: tuple[int, ...]) -> int | None:
    """The column behind the photos, else before them, that may name the person for all its head says."""
    photo = photos[0]
    for place in (photo + 1, photo - 1):
        words = _words(head.cell(place)) if place >= 0 else ["row"]
        # Tables have their rows' numbers in a first column without a head.
        unnamed_before = not words and place < photo
        may_be = place not in photos and not unnamed_before and not {*words} & {*NO_PERSON, "id"}
        if may_be and any(row.cell(place) for row in rows):
            return place
    return None


def _guessed(path: Path, head: Row, place: int) -> str:
    name = readable(head.cell(place))
    column = f"column {quoted(name)}" if name else f"column {place + 1}, which has no head,"
    return (
        f"{path}, line {head.line}: {column} is taken for the identity, as no column is called so; "
        "call it identity, or add one that is if it says something else."
    )


def _words(head: str) -> list[str]:
    """The words of a head, in lower case."""
    return re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", head).casefold())
