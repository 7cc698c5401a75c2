"""What to show of a matrix and in which order: faces or groups of them, by name, likeness, errors.

A level says what an item is: "faces", "people", "tags", or "column:NAME", a column of the gallery's
CSV. An order is "name" (the gallery's own), "similarity", "hardness", "tags", "score" (with the
face looked at), "column:NAME", or "condition:NAME", the worst face first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.errors import Stopped, XCosError
from core.faces.conditions import BY_NAME
from core.faces.face import Face
from core.gallery.gallery import LoadedGallery, natural
from core.progress import QUIET, Task
from core.project.edits import Edits, face_subjects
from core.project.sides import EditsOfSides
from core.scoring.blocks import BlockPyramid
from core.scoring.hardness import Hardness, hardness
from core.scoring.scored import ScoredGallery
from core.scoring.seriation import alike_together
from core.scoring.sides import Arrangement, Side

MOST_ALIKE = 6000  # items that can be ordered by likeness at all: distances take 150 MB
UNKNOWN, UNTAGGED, EMPTY = "unknown", "untagged", "none"
COLUMN, CONDITION = "column:", "condition:"
LEVELS = {"faces": "Pairs", "people": "People", "tags": "Tags"}
ORDERS = {
    "name": "By name",
    "similarity": "By similarity",
    "hardness": "Hardest first",
    "tags": "By tag",
    "score": "By score with the face looked at",
}
# Values of a condition of the faces of rows (n,) and of columns (m,), by its name.
FaceValues = Callable[[str], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Asked:
    """What is to be shown, and in which orders.

    rows, columns: orders; within one gallery they are the same
    faces:         keys of the row and the column face looked at, for the order "score": rows are
                   by their score with the column face, columns with the row face, and within one
                   gallery both with the row face
    against:       what the scores are compared with: "attention:KIND", "order:ORDER" or "model",
                   another model; None: they are shown themselves
    """

    level: str = "faces"
    rows: str = "name"
    columns: str = "name"
    faces: tuple[str, str] | None = None
    against: str | None = None

    @property
    def plain(self) -> bool:
        """Whether it is the matrix as it is."""
        name = self.rows == self.columns == "name"
        return self.level == "faces" and name and self.against is None


def csv_columns(scored: ScoredGallery) -> list[str]:
    """Names of the further columns that the galleries' CSVs have, in their order."""
    return list(dict.fromkeys(c for one in scored.galleries for c in one.gallery.columns))


def arrange(
    scored: ScoredGallery,
    asked: Asked,
    threshold: float,
    edits: EditsOfSides,
    task: Task = QUIET,
    values: FaceValues | None = None,
) -> Arrangement:
    """Rows and columns as they were asked for. Raises XCosError, Stopped.

    threshold: which pairs are errors, for the order by hardness
    edits:     of the rows' faces and of the columns'
    values:    tells the conditions of faces, for the orders by them
    """
    _check(scored, asked)
    sides: list[Side] = []
    for k, order in enumerate((asked.rows, asked.columns)):
        if k == 1 and scored.square and asked.rows == asked.columns:
            sides.append(sides[0])
            continue
        task.report("Ordering the matrix", k, 2)
        ordering = _Ordering(scored, k, asked, threshold, edits[k], task)
        if order.startswith(CONDITION):
            if values is None:
                raise XCosError("The conditions of faces are not measured; choose another order.")
            name = order.removeprefix(CONDITION)
            if name not in BY_NAME:
                raise XCosError(f"{name!r} is no condition of faces; choose another order.")
            sides.append(ordering.by_condition(name, values(name)[k]))
        else:
            sides.append(ordering.ordered(order))
        if task.stopped():
            raise Stopped("Ordering the matrix")
    return Arrangement(*sides)


def _check(scored: ScoredGallery, asked: Asked) -> None:
    """Raise XCosError for a level or an order that is none."""
    columns = csv_columns(scored)
    for choice, known in ((asked.level, LEVELS), (asked.rows, ORDERS), (asked.columns, ORDERS)):
        name = choice.removeprefix(COLUMN)
        if choice.startswith(COLUMN) and name not in columns:
            has = f"it has {', '.join(columns)}" if columns else "it has none"
            raise XCosError(f"The gallery has no column {name!r}; {has}.")
        if choice.startswith(CONDITION) and known is ORDERS:
            continue
        if not choice.startswith(COLUMN) and choice not in known:
            raise XCosError(f"{choice!r} is not known; give {', '.join(known)} or {COLUMN}NAME.")


def side_at_level(loaded: LoadedGallery, level: str, edits: Edits) -> Side:
    """The items of one side in the gallery's order."""
    faces = loaded.gallery.faces
    if level == "faces":
        return Side.of_faces(np.arange(len(faces)))
    if level == "people":
        return Side.of_groups(_grouped([[f.identity or UNKNOWN] for f in faces]))
    if level == "tags":
        return Side.of_groups(_by_name([_tags(f, edits) or [UNTAGGED] for f in faces], UNTAGGED))
    return Side.of_groups(_by_name([[_value(f, level) or EMPTY] for f in faces], EMPTY))


def block_labels(side: Side, loaded: LoadedGallery) -> tuple[np.ndarray, list[str]]:
    """What items are called, and numbers that are the same where neighbours share their name."""
    if not side.single:
        return np.arange(len(side)), list(side.names)
    faces = loaded.gallery.faces
    names = [faces[place].identity or UNKNOWN for place in side.places]
    codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
    return np.array([codes[name] for name in names], np.int64), names


@dataclass(eq=False)
class _Ordering:
    """Puts one side of a matrix in order. which: 0 for rows, 1 for columns."""

    scored: ScoredGallery
    which: int
    asked: Asked
    threshold: float
    edits: Edits
    task: Task

    @cached_property
    def loaded(self) -> LoadedGallery:
        """The side's faces."""
        return (self.scored.rows, self.scored.columns)[self.which]

    @cached_property
    def side(self) -> Side:
        """Its items in the gallery's order."""
        return side_at_level(self.loaded, self.asked.level, self.edits)

    def ordered(self, order: str) -> Side:
        """The side in an order."""
        if order == "name":
            return self.side
        if order == "score":
            return self.side.in_order(np.argsort(-self._scores(self.side), kind="stable"))
        if order in ("similarity", "hardness"):
            return self._by_people(self._similar if order == "similarity" else self._hardest)
        faces = self.loaded.gallery.faces
        values = [self._first_value([faces[p] for p in self.side.faces(k)], order)
                  for k in range(len(self.side))]  # fmt: skip
        keys = [(value is None, natural(value or "")) for value in values]
        return self.side.in_order(np.array(sorted(range(len(keys)), key=keys.__getitem__), int))

    def by_condition(self, name: str, values: np.ndarray) -> Side:
        """The side with the worst items first, of groups by their faces' mean; unknown ones last.

        values: (n,) of the side's faces, NaN where not known
        """
        badness = BY_NAME[name].badness(values)[self.side.places]
        known = ~np.isnan(badness)
        starts = self.side.starts[:-1]
        count = np.add.reduceat(known.astype(np.float64), starts)
        total = np.add.reduceat(np.where(known, badness, 0.0), starts)
        mean = np.divide(total, count, out=np.full(len(count), -np.inf), where=count > 0)
        return self.side.in_order(np.argsort(-mean, kind="stable"))

    def _by_people(self, by: Callable[[Side], np.ndarray]) -> Side:
        """People in order with each one's faces together; groups are ordered themselves."""
        if not self.side.single:
            return self.side.in_order(by(self.side))
        faces = self.loaded.gallery.faces
        names = [face.identity or f"{UNKNOWN} {face.key}" for face in faces]
        people = Side.of_groups(_grouped([[name] for name in names]))
        ordered = people.in_order(by(people))
        if by == self._hardest:
            rank = np.empty(len(faces), int)
            rank[self._hardest(self.side)] = np.arange(len(faces))
            places = [sorted(ordered.faces(k), key=rank.__getitem__) for k in range(len(ordered))]
            return Side.of_faces(np.concatenate([np.empty(0, int), *places]))
        return Side.of_faces(ordered.places)

    def _against(self, side: Side, other: Side) -> BlockPyramid:
        both = Arrangement(side, other) if self.which == 0 else Arrangement(other, side)
        return BlockPyramid(self.scored.matrix, both)

    @cached_property
    def _hardness(self) -> Hardness:
        return hardness(self.scored.matrix, self.which, self.threshold)

    def _hardest(self, side: Side) -> np.ndarray:
        """Items by their share of errors, then by how far the worst pair is on the wrong side."""
        return self._hardness.of_items(side).hardest_first()

    def _similar(self, side: Side) -> np.ndarray:
        """Items so that look-alikes are neighbours: clustered by mean scores, leaves in optimal order."""
        if len(side) < 3:
            return np.arange(len(side))
        if len(side) > MOST_ALIKE:
            raise XCosError(
                f"The order by similarity takes at most {MOST_ALIKE:,} people, and here are "
                f"{len(side):,}; choose another order, or open fewer photos."
            )
        return alike_together(self._distances(side), self.task)

    def _distances(self, side: Side) -> np.ndarray:
        """Condensed distances of items: by their mean score, of probes by their mean scores with others."""
        from scipy.spatial.distance import pdist, squareform

        if not self.scored.square:
            other = (self.scored.columns, self.scored.rows)[self.which]
            pyramid = self._against(side, side_at_level(other, "people", self.edits))
            rows, columns = (slice(0, size) for size in pyramid.shown.shape)
            profile = pyramid.part(rows, columns, 1).mean
            return np.asarray(pdist(profile if self.which == 0 else profile.T))
        every = slice(0, len(side))
        mean = BlockPyramid(self.scored.matrix, Arrangement(side, side)).part(every, every, 1).mean
        mean = (mean + mean.T) / 2
        distances = mean.max() - mean
        np.fill_diagonal(distances, 0)
        return np.asarray(squareform(distances, checks=False))

    def _scores(self, side: Side) -> np.ndarray:
        """Each item's mean score with the face looked at."""
        matrix, chosen = self.scored.matrix, self.asked.faces
        other = (self.scored.columns, self.scored.rows)[self.which].gallery.index()
        with_rows = self.scored.square or self.which == 1
        place = None if chosen is None else other.get(chosen[0 if with_rows else 1])
        if place is None:
            raise XCosError("The order by score needs a face to score with; click a pair first.")
        line = matrix.scores[:, place] if self.which == 0 else matrix.scores[place]
        sums = np.add.reduceat(line[side.places].astype(np.float64), side.starts[:-1])
        return sums / np.diff(side.starts)

    def _first_value(self, faces: Sequence[Face], order: str) -> str | None:
        if order == "tags":
            values = [tag for face in faces for tag in _tags(face, self.edits)]
        else:
            values = [value for face in faces if (value := _value(face, order))]
        return min(values, key=natural, default=None)


def _value(face: Face, name: str) -> str:
    return face.columns.get(name.removeprefix(COLUMN), "")


def _tags(face: Face, edits: Edits) -> list[str]:
    return edits.tags_among(face_subjects(face))


def _grouped(names: Sequence[Sequence[str]]) -> list[tuple[str, np.ndarray]]:
    """Groups by name in the order of their first face, unknown ones last; a face may be in several."""
    groups: dict[str, list[int]] = {}
    for place, several in enumerate(names):
        for name in several:
            groups.setdefault(name, []).append(place)
    known = [(name, np.array(places)) for name, places in groups.items() if name != UNKNOWN]
    rest = [(name, np.array(places)) for name, places in groups.items() if name == UNKNOWN]
    return known + rest


def _by_name(names: Sequence[Sequence[str]], last: str) -> list[tuple[str, np.ndarray]]:
    return sorted(_grouped(names), key=lambda group: (group[0] == last, natural(group[0])))
