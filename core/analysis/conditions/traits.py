"""What is told of faces beside their conditions: tags, and columns of the gallery's CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.errors import some_of
from core.gallery.gallery import LoadedGallery
from core.project.sides import EditsOfSides, all_tags
from core.query.language import ColumnValue, Compared, number_in
from core.scoring.scored import ScoredGallery

MOST_VALUES = 50  # of a column of words
Sides = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Traits:
    """Properties of the faces of rows (n,) and of columns (m,), by name.

    marks:    bool, whether a face has a tag or a column's value; named as a filter asks for it
    numbers:  float64, a column of numbers, NaN where a face has none
    left_out: columns with too many values to be told apart
    """

    marks: Mapping[str, Sides] = field(default_factory=dict)
    numbers: Mapping[str, Sides] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def words(self) -> str | None:
        """Which columns are left out, in a sentence; None for none."""
        if not self.left_out:
            return None
        many = len(self.left_out) > 1
        return (
            f"Left out, with more than {MOST_VALUES} values that are no numbers: "
            f"{'columns' if many else 'column'} {some_of(self.left_out)}."
        )


def traits_of(scored: ScoredGallery, edits: EditsOfSides) -> Traits:
    """All tags and columns that tell some faces of a gallery from others."""
    sides = scored.rows, scored.columns
    tags = all_tags(edits)
    marks = {str(Compared("tag", "=", tag)): _tagged(sides, edits, tag) for tag in tags}
    numbers: dict[str, Sides] = {}
    left_out = []
    heads = dict.fromkeys(
        name for loaded in scored.galleries for f in loaded.gallery.faces for name in f.columns
    )
    for name in heads:
        entries = [[face.columns.get(name, "") for face in side.gallery.faces] for side in sides]
        values = {value for side in entries for value in side if value}
        if all(number_in(value) is not None for value in values):
            numbers[name] = _numbers(entries[0]), _numbers(entries[1])
        elif len(values) <= MOST_VALUES:
            for value in sorted(values):
                named = str(ColumnValue(name, "=", value))
                marks[named] = _equal(entries[0], value), _equal(entries[1], value)
        else:
            left_out.append(name)
    telling = {name: both for name, both in marks.items() if both[0].any() or both[1].any()}
    return Traits(telling, numbers, tuple(left_out))


def _tagged(sides: tuple[LoadedGallery, LoadedGallery], edits: EditsOfSides, tag: str) -> Sides:
    """Which faces have a tag, by their own or their identity's."""
    tagged = []
    for side, own in zip(sides, edits, strict=True):
        keys, names = own.faces_tagged(tag), own.identities_tagged(tag)
        faces = side.gallery.faces
        tagged.append(np.array([f.key in keys or f.identity in names for f in faces], bool))
    return tagged[0], tagged[1]


def _numbers(entries: Sequence[str]) -> np.ndarray:
    numbers = [number_in(value) for value in entries]
    return np.array([np.nan if number is None else number for number in numbers], np.float64)


def _equal(entries: Sequence[str], value: str) -> np.ndarray:
    return np.array([one == value for one in entries], bool)
