"""Which pairs of a score matrix pass a filter: cheap fields by tiles, regions where still needed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.errors import Stopped
from core.explain.maps import maps_of_pairs
from core.faces.conditions import BY_NAME
from core.faces.regions import REGIONS, region_places
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import landmarks_in_crop
from core.progress import QUIET, Task
from core.project.edits import Edits, subject_parts
from core.project.sides import cells_of_pair
from core.query.given import FilterInput, KnownConditions, check
from core.query.language import (
    OF_CONDITIONS,
    Both,
    ColumnValue,
    Compared,
    Either,
    Expression,
    Flag,
    Negated,
    RegionShare,
    fields_of,
    number_in,
)
from core.query.texts import compare_text
from core.scoring.kernels.prepared import PreparedFaces, PreparedPairs
from core.scoring.matrix import OUTCOMES, outcome_codes

PAIRS_AT_ONCE = 16_384  # of those whose regions are asked for: their maps take 13 MB
TILE = 256  # rows


def passing(
    expression: Expression,
    given: FilterInput,
    task: Task = QUIET,
) -> np.ndarray:
    """Which pairs pass: (n, m) bool; in a square matrix both cells of a pair, never the diagonal.

    Raises XCosError for a field that is not known here, and Stopped.
    """
    check(expression, given)
    measured = None
    if given.conditions is not None and fields_of(expression) & {*OF_CONDITIONS}:
        measured = given.conditions(task)
    looker = _Looker(given, measured)
    n, m = given.scored.matrix.scores.shape
    mask = np.zeros((n, m), bool)
    open_rows: list[np.ndarray] = [np.empty(0, np.int64)]
    open_columns: list[np.ndarray] = [np.empty(0, np.int64)]
    for start in range(0, n, TILE):
        if task.stopped():
            raise Stopped("Filtering")
        task.report("Filtering pairs", start, n)
        first = start if given.scored.matrix.square else 0
        block = _Block(np.arange(start, min(start + TILE, n))[:, None], np.arange(first, m)[None])
        counted = block.rows < block.columns if given.scored.matrix.square else np.bool_(True)
        surely, perhaps = looker.decide(expression, block)
        mask[start : start + TILE, first:] = surely & counted
        row, column = np.nonzero(np.broadcast_to(perhaps & ~surely & counted, block.shape))
        open_rows.append(row + start)
        open_columns.append(column + first)
    _decide_regions(
        expression,
        looker,
        (np.concatenate(open_rows), np.concatenate(open_columns)),
        mask,
        task,
    )
    if given.scored.matrix.square:
        for start in range(0, n, TILE):  # in place: no second mask of all pairs
            mask[start:, start : start + TILE] |= mask[start : start + TILE, start:].T
    return mask


def region_percent(
    contribution: np.ndarray, landmarks: np.ndarray, regions: Iterable[str] = REGIONS
) -> dict[str, np.ndarray]:
    """Each region's share of k scores, in percent: 100 x the sum of W*S over its cells / score.

    contribution: (k, 7, 7) W*S; landmarks: (k, 5, 2) of the pair in the crop, the mean of both
    faces'. NaN for a score of 0. Answers (k,) by region.
    """
    places = region_places(landmarks)
    score = contribution.sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            name: np.where(
                score == 0,
                np.nan,
                100 * (contribution * (places == REGIONS.index(name))).sum(axis=(1, 2)) / score,
            )
            for name in regions
        }


def _decide_regions(
    expression: Expression,
    looker: "_Looker",
    pairs: tuple[np.ndarray, np.ndarray],
    mask: np.ndarray,
    task: Task,
) -> None:
    """Look at the maps of the pairs that all else leaves open."""
    rows, columns = pairs
    for start in range(0, len(rows), PAIRS_AT_ONCE):
        if task.stopped():
            raise Stopped("Filtering")
        task.report("Filtering by regions", start, len(rows))
        block = _Block(rows[start : start + PAIRS_AT_ONCE], columns[start : start + PAIRS_AT_ONCE])
        looker.look_at_maps(block, task)
        mask[block.rows, block.columns] = looker.decide(expression, block)[0]


@dataclass(frozen=True, eq=False)
class _Block:
    """Places of pairs: (r, 1) rows and (1, c) columns of a tile, or (k,) of both."""

    rows: np.ndarray
    columns: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(self.rows.shape, self.columns.shape)


Decided = tuple[np.ndarray, np.ndarray]  # whether pairs surely pass, and whether they still may


class _Looker:
    """Answers a filter's conditions for blocks of pairs; what it needs of faces is kept."""

    def __init__(self, given: FilterInput, measured: KnownConditions | None) -> None:
        self.given, self._measured = given, measured
        self._faces: dict[Compared | ColumnValue, tuple[np.ndarray, np.ndarray]] = {}
        self._pairs: dict[Compared, np.ndarray] = {}
        self._shares: tuple[_Block, dict[str, np.ndarray]] | None = None

    def decide(self, expression: Expression, block: _Block) -> Decided:
        if isinstance(expression, Negated):
            surely, perhaps = self.decide(expression.part, block)
            return ~perhaps, ~surely
        if isinstance(expression, Both | Either):
            join = np.logical_and if isinstance(expression, Both) else np.logical_or
            surely, perhaps = self.decide(expression.parts[0], block)
            for part in expression.parts[1:]:
                if isinstance(expression, Both) and not perhaps.any():
                    break
                one, other = self.decide(part, block)
                surely, perhaps = join(surely, one), join(perhaps, other)
            return surely, perhaps
        if isinstance(expression, RegionShare):
            return self._by_region(expression, block)
        values = self._flag(expression, block) if isinstance(expression, Flag) else None
        if values is None:
            assert isinstance(expression, Compared | ColumnValue)
            values = self._compared(expression, block)
        return values, values

    # Conditions.

    def _flag(self, flag: Flag, block: _Block) -> np.ndarray:
        if flag.name == "fragile":
            assert self.given.fragile is not None
            return self.given.fragile.fragile[block.rows, block.columns]
        if flag.name == "doubtful":
            rows, columns = self._doubtful
            return rows[block.rows] | columns[block.columns]
        return self._kinds(block) == ("genuine", "impostor").index(flag.name)

    def _kinds(self, block: _Block) -> np.ndarray:
        """0 for genuine pairs, 1 for impostor pairs, 2 for those of unknown identities."""
        left, right = (
            self.given.scored.matrix.rows[block.rows],
            self.given.scored.matrix.columns[block.columns],
        )
        known = (left >= 0) & (right >= 0)
        kinds: np.ndarray = np.where(known, np.where(left == right, 0, 1), 2)
        return kinds

    def _compared(self, asked: Compared | ColumnValue, block: _Block) -> np.ndarray:
        if isinstance(asked, ColumnValue):
            left, right = self._of_faces(asked)
            meets: np.ndarray = left[block.rows] | right[block.columns]
        elif isinstance(asked.value, float):
            return _ordered(asked.operator, self._number(asked.field, block), asked.value)
        elif asked.field == "kind":
            meets = _meeting(asked, ("genuine", "impostor", "unknown"))[self._kinds(block)]
        elif asked.field == "outcome":
            meets = _meeting(asked, OUTCOMES)[self._outcomes(block)]
        else:
            meets = self._text(asked, block)
        return ~meets if asked.operator == "!=" else meets

    def _outcomes(self, block: _Block) -> np.ndarray:
        assert self.given.threshold is not None
        kinds = self._kinds(block)
        scores = self.given.scored.matrix.scores[block.rows, block.columns]
        return outcome_codes(scores, kinds == 0, kinds < 2, self.given.threshold)

    def _number(self, name: str, block: _Block) -> np.ndarray:
        if name in ("score", "margin"):
            scores = self.given.scored.matrix.scores[block.rows, block.columns].astype(np.float64)
            return scores if name == "score" else scores - (self.given.threshold or 0.0)
        if name in OF_CONDITIONS:
            assert self._measured is not None
            left, right = self._measured.of(name)
            return BY_NAME[name].worse_of(left[block.rows], right[block.columns])
        left, right = self._embeddings(name)
        if block.rows.ndim == 2:
            return (left[block.rows[:, 0]] @ right[block.columns[0]].T).clip(-1, 1)
        return np.einsum("pd,pd->p", left[block.rows], right[block.columns]).clip(-1, 1)

    def _embeddings(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        return self._target if name == "target" else self._embedding

    @cached_property
    def _doubtful(self) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = (
            np.array([face.doubt is not None for face in loaded.gallery.faces], bool)
            for loaded in (self.given.scored.rows, self.given.scored.columns)
        )
        return rows, columns

    @cached_property
    def _target(self) -> tuple[np.ndarray, np.ndarray]:
        return self._doubles(lambda loaded: loaded.features.target)

    @cached_property
    def _embedding(self) -> tuple[np.ndarray, np.ndarray]:
        return self._doubles(lambda loaded: loaded.features.embedding)

    def _doubles(self, of: Callable[[LoadedGallery], Any]) -> tuple[np.ndarray, np.ndarray]:
        left = np.asarray(of(self.given.scored.rows), np.float64)
        same = self.given.scored.rows is self.given.scored.columns
        return left, left if same else np.asarray(of(self.given.scored.columns), np.float64)

    def _text(self, asked: Compared, block: _Block) -> np.ndarray:
        left, right = self._of_faces(asked)
        name = asked.field
        one, other = left[block.rows], right[block.columns]
        if name.startswith("left"):
            return one | np.zeros(block.shape, bool)
        if name.startswith("right"):
            return other | np.zeros(block.shape, bool)
        meets: np.ndarray = one | other
        codes = self._of_pairs(asked)
        if len(codes):
            places = block.rows.astype(np.int64) * len(self.given.scored.columns) + block.columns
            meets |= np.isin(places, codes)
        return meets

    def _of_faces(self, asked: Compared | ColumnValue) -> tuple[np.ndarray, np.ndarray]:
        """Whether the faces of rows and of columns meet a condition: (n,) and (m,) bool."""
        if asked not in self._faces:
            scored, (of_rows, of_columns) = self.given.scored, self.given.edits
            left = _faces_meet(asked, scored.rows, of_rows)
            same = scored.rows is scored.columns
            right = left if same else _faces_meet(asked, scored.columns, of_columns)
            self._faces[asked] = left, right
        return self._faces[asked]

    def _of_pairs(self, asked: Compared) -> np.ndarray:
        """Places of the pairs that meet a condition by their own tags and the like, row * m + column."""
        if asked not in self._pairs:
            scored, codes = self.given.scored, []
            rows, columns = scored.rows.gallery.index(), scored.columns.gallery.index()
            for subject in _subjects_meeting(asked, self.given.edits[1]):
                kind, names = subject_parts(subject)
                if kind == "pair":
                    cells = cells_of_pair((names[0], names[1]), rows, columns, scored.square)
                    codes += [row * len(scored.columns) + column for row, column in cells]
            self._pairs[asked] = np.array(codes, np.int64)
        return self._pairs[asked]

    # Regions.

    def look_at_maps(self, block: _Block, task: Task) -> None:
        """Compute the regions' shares of a block's pairs; the conditions on them use these."""
        rows, columns = self._prepared
        scored = self.given.scored
        pairs = PreparedPairs(rows, block.rows, columns, block.columns)
        maps = maps_of_pairs(scored.engine, pairs, scored.kind, scored.order, task)
        left, right = self._landmarks
        marks = (left[block.rows] + right[block.columns]) / 2
        self._shares = block, region_percent(maps.contribution, marks)

    def _by_region(self, asked: RegionShare, block: _Block) -> Decided:
        if self._shares is None or self._shares[0] is not block:
            none = np.zeros(block.shape, bool)
            return none, ~none
        meets = _ordered(asked.operator, self._shares[1][asked.region], asked.percent)
        return meets, meets

    @cached_property
    def _prepared(self) -> tuple[PreparedFaces, PreparedFaces]:
        given = self.given
        rows = given.scored.engine.prepare(given.scored.rows.features.grid)
        same = given.scored.rows is given.scored.columns
        return rows, rows if same else given.scored.engine.prepare(
            given.scored.columns.features.grid
        )

    @cached_property
    def _landmarks(self) -> tuple[np.ndarray, np.ndarray]:
        return _landmarks(self.given.scored.rows), _landmarks(self.given.scored.columns)


def _ordered(operator: str, values: np.ndarray, limit: float) -> np.ndarray:
    compare = {
        "=": np.equal,
        "!=": np.not_equal,
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
    }[operator]
    meets: np.ndarray = compare(values, limit) & ~np.isnan(values)
    return meets


def _meeting(asked: Compared, names: Iterable[str]) -> np.ndarray:
    meets = compare_text(asked.operator, str(asked.value))
    return np.array([meets(name) for name in names])


def _faces_meet(asked: Compared | ColumnValue, loaded: LoadedGallery, edits: Edits) -> np.ndarray:
    faces = loaded.gallery.faces
    if isinstance(asked, ColumnValue):
        values = [face.columns.get(asked.column) for face in faces]
        meeting = {value: _value_meets(asked, value) for value in {*values}}
        return np.array([meeting[value] for value in values], bool)
    meets = compare_text(asked.operator, str(asked.value))
    if "identity" in asked.field:
        names = [face.identity or "" for face in faces]
        meeting = {name: meets(name) for name in {*names}}
        return np.array([meeting[name] for name in names], bool)
    if asked.field in ("photo", "left", "right"):
        return np.array([meets(face.key) for face in faces], bool)
    subjects = {subject_parts(subject) for subject in _subjects_meeting(asked, edits)}
    return np.array(
        [
            ("face", (face.key,)) in subjects
            or (face.identity is not None and ("identity", (face.identity,)) in subjects)
            for face in faces
        ],
        bool,
    )


def _value_meets(asked: ColumnValue, value: str | None) -> bool:
    """Whether a column's cell meets a condition; "!=" is answered as "=", which the caller negates."""
    if value is None:
        return False
    own, wanted = number_in(value), number_in(asked.value)
    if asked.operator in ("<", "<=", ">", ">="):
        if own is None or wanted is None:
            return False
        return bool(_ordered(asked.operator, np.array(own), wanted))
    equal = asked.operator in ("=", "!=") and own is not None and own == wanted
    return equal or compare_text(asked.operator, asked.value)(value)


def _subjects_meeting(asked: Compared, edits: Edits) -> list[str]:
    meets = compare_text(asked.operator, str(asked.value))
    if asked.field == "tag":
        return [s for s, tags in edits.tags.items() if any(meets(tag) for tag in tags)]
    if asked.field == "note":
        return [subject for subject, text in edits.notes.items() if meets(text)]
    return [subject for subject, decision in edits.decisions.items() if meets(decision)]


def _landmarks(loaded: LoadedGallery) -> np.ndarray:
    marks = [landmarks_in_crop(face) for face in loaded.gallery.faces]
    return np.stack(marks) if marks else np.empty((0, 5, 2), np.float32)
