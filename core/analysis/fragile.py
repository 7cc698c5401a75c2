"""Pairs whose verdict hangs on how the crop happened to fall: a bad crop, not a bad model."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import Stopped
from core.explain.editing.editable import editable_face
from core.explain.editing.edits import Edit
from core.faces.face import Face
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.pipeline import Features
from core.progress import QUIET, Task
from core.project.project import gallery_id
from core.scoring.kernels.prepared import PreparedFaces
from core.scoring.lists import PairList
from core.scoring.matrix import CODE, OUTCOMES, Outcome, ScoreMatrix, at_most
from core.scoring.scored import ScoredGallery

SHIFT, TURN = 2.0, 2.0  # pixels, degrees
VARIANTS: tuple[tuple[str, Edit], ...] = (
    ("2 px left", Edit("shift", -SHIFT, 0)),
    ("2 px right", Edit("shift", SHIFT, 0)),
    ("2 px up", Edit("shift", 0, -SHIFT)),
    ("2 px down", Edit("shift", 0, SHIFT)),
    ("2\N{DEGREE SIGN} anticlockwise", Edit("turn", strength=-TURN)),
    ("2\N{DEGREE SIGN} clockwise", Edit("turn", strength=TURN)),
)
FACES_AT_ONCE = 8  # whose variants are computed together
PAIRS_A_TILE = 8_000_000  # scores held at once, 32 MB


@dataclass(frozen=True, eq=False)
class FragilePairs:
    """Which pairs of a matrix flip their verdict when one face is shifted by 2 pixels or turned by 2 degrees.

    fragile:   (n, m) bool, in the matrix's rows and columns; False where a face meets itself
    threshold: the one that the verdicts are of
    flips:     (n, m) uint8, bit b: VARIANTS[b] of either face flips the verdict; or None
    rows, columns: (n,), (m,) int64: how many pairs flip when this face is moved; or None
    """

    fragile: np.ndarray
    threshold: float
    flips: np.ndarray | None = None
    rows: np.ndarray | None = None
    columns: np.ndarray | None = None

    def causes(self, row: int, column: int) -> list[str]:
        """What flips a pair's verdict, in words."""
        bits = 0 if self.flips is None else int(self.flips[row, column])
        return [name for bit, (name, _) in enumerate(VARIANTS) if bits >> bit & 1]


def find_fragile(
    verifier: Features,
    cache: Cache,
    scored: ScoredGallery,
    threshold: float,
    task: Task = QUIET,
) -> FragilePairs:
    """Move each face six ways and score it with all others as they are.

    In one gallery each face's move counts for all its pairs. The moved faces' features are kept in
    the cache. Scores of few rows are held at a time.
    Raises XCosError when a face has neither photo nor crop, and Stopped.
    """
    rows, columns, square = scored.rows, scored.columns, scored.square
    engine = scored.engine
    shape = (len(rows), len(columns))
    flips = np.zeros(shape, np.uint8)
    by_row, by_column = np.zeros(shape[0], np.int64), np.zeros(shape[1], np.int64)
    scan = _Scan(verifier, cache, scored, threshold, task)
    faces = len(rows) if square else len(rows) + len(columns)
    done = 0
    still = engine.prepare(columns.features.grid)
    for part, grids in scan.variants(rows, len(columns), done, faces):
        flipped = scan.flips(rows.features.grid[part], grids, still, rows_moved=True)
        if square:
            _without_self(flipped, part)
        by_row[part] = (flipped > 0).sum(axis=1)
        flips[part] |= flipped
        done = part.stop
        if square:
            # Which face is left and which is right matters to one-sided orders.
            turned = flipped
            if scored.order != "both":
                turned = scan.flips(rows.features.grid[part], grids, still, rows_moved=False)
                _without_self(turned, part)
            flips[:, part] |= turned.T
            later = np.arange(part.start, part.stop)[:, None] < np.arange(len(columns))
            # A face is left in its pairs with later ones, and right in those with earlier ones.
            by_row[part] = by_column[part] = (np.where(later, flipped, turned) > 0).sum(axis=1)
    if not square:
        still = engine.prepare(rows.features.grid)
        for part, grids in scan.variants(columns, len(rows), done, faces):
            flipped = scan.flips(columns.features.grid[part], grids, still, rows_moved=False)
            by_column[part] = (flipped > 0).sum(axis=1)
            flips[:, part] |= flipped.T
    task.report("Moving faces", faces, faces)
    return FragilePairs(flips > 0, threshold, flips, by_row, by_column)


def fragile_list(
    pairs: FragilePairs,
    matrix: ScoreMatrix,
    outcome: Outcome | None = None,
    face: tuple[int, int] | None = None,
    move: int | None = None,
    limit: int = 10_000,
) -> PairList:
    """The fragile pairs of a matrix, nearest to the threshold first; None: of every outcome.

    face: the row and the column of one face, -1 where it has none; None: of every face
    move: which of VARIANTS flips them; None: any. What each flips must be known then.
    """
    places: list[np.ndarray] = []
    n, m = matrix.scores.shape
    every = slice(0, m)
    for rows in matrix.tiles():
        wanted = pairs.fragile[rows] & matrix.counted(rows, every)
        if face is not None:
            wanted &= (np.arange(n)[rows, None] == face[0]) | (np.arange(m) == face[1])
        if move is not None:
            assert pairs.flips is not None
            wanted &= (pairs.flips[rows] >> move & 1).astype(bool)
        if outcome is not None:
            wanted &= matrix.outcomes(rows, every, pairs.threshold) == CODE[outcome]
        places.append(np.argwhere(wanted) + [rows.start, 0])
    i, j = np.concatenate(places).T if places else np.empty((2, 0), np.int64)
    scores = matrix.scores[i, j]
    nearest = np.argsort(np.abs(scores.astype(np.float64) - pairs.threshold), kind="stable")
    chosen = nearest[:limit]
    return PairList(i[chosen], j[chosen], scores[chosen])


def fragile_counts(pairs: FragilePairs, matrix: ScoreMatrix) -> dict[Outcome, tuple[int, int]]:
    """Of each outcome, how many pairs are fragile and how many there are."""
    fragile, total = np.zeros(len(OUTCOMES), np.int64), np.zeros(len(OUTCOMES), np.int64)
    every = slice(0, matrix.scores.shape[1])
    for rows in matrix.tiles():
        counted = matrix.counted(rows, every)
        codes = matrix.outcomes(rows, every, pairs.threshold)
        total += np.bincount(codes[counted], minlength=len(OUTCOMES))
        fragile += np.bincount(codes[counted & pairs.fragile[rows]], minlength=len(OUTCOMES))
    return {name: (int(fragile[code]), int(total[code])) for name, code in CODE.items()}


@dataclass(frozen=True, eq=False)
class _Scan:
    """What a scan needs all along."""

    verifier: Features
    cache: Cache
    scored: ScoredGallery
    threshold: float
    task: Task

    def variants(
        self, gallery: LoadedGallery, others: int, done: int, total: int
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Grid features (6, k, 32, 7, 7) of the moved faces, k faces at a time."""
        faces = gallery.gallery.faces
        tile = max(1, min(256, PAIRS_A_TILE // max(1, others)))
        # So that forgetting the gallery forgets these too.
        names = [variant_digest(face, edit) for face in faces for _, edit in VARIANTS]
        self.cache.put_members(gallery_id(gallery.gallery.source), names)
        for start in range(0, len(faces), tile):
            part = slice(start, min(start + tile, len(faces)))
            grids = [
                self._moved(gallery, slice(at, min(at + FACES_AT_ONCE, part.stop)), done, total)
                for at in range(start, part.stop, FACES_AT_ONCE)
            ]
            yield part, np.concatenate(grids, axis=1)

    def _moved(self, gallery: LoadedGallery, part: slice, done: int, total: int) -> np.ndarray:
        if self.task.stopped():
            raise Stopped("The search for fragile pairs")
        self.task.report("Moving faces", done + part.start, total)
        faces = gallery.gallery.faces[part]
        names = [[variant_digest(face, edit) for _, edit in VARIANTS] for face in faces]
        known = self.cache.features(self.verifier.fingerprint, [n for row in names for n in row])
        missing: list[tuple[str, np.ndarray]] = []
        for face, row in zip(faces, names, strict=True):
            if all(name in known for name in row):
                continue
            editable = editable_face(face, gallery.gallery.root, self.cache)
            missing += [
                (name, editable.edited([edit]).crop)
                for name, (_, edit) in zip(row, VARIANTS, strict=True)
            ]
        grids = {name: grid for name, (grid, _) in known.items()}
        if missing:
            features = self.verifier.features(np.stack([crop for _, crop in missing]))
            fresh = [(name, features.grid[place], None) for place, (name, _) in enumerate(missing)]
            self.cache.put_features(self.verifier.fingerprint, fresh)
            grids |= {name: grid for name, grid, _ in fresh}
        return np.stack([[grids[row[v]] for row in names] for v in range(len(VARIANTS))])

    def flips(
        self, grid: np.ndarray, moved: np.ndarray, others: PreparedFaces, rows_moved: bool
    ) -> np.ndarray:
        """Which pairs of k faces with the others flip as the faces move, (k, others) uint8 bits.

        grid: (k, 32, 7, 7) of the faces as they are; moved: (6, k, 32, 7, 7)
        """
        limit = at_most(self.threshold)
        still = self._scores(grid, others, rows_moved) > limit
        bits = np.zeros(still.shape, np.uint8)
        for bit, variant in enumerate(moved):
            now = self._scores(variant, others, rows_moved) > limit
            bits |= (now != still).astype(np.uint8) << bit
        return bits

    def _scores(self, grid: np.ndarray, others: PreparedFaces, rows_moved: bool) -> np.ndarray:
        engine, kind, order = self.scored.engine, self.scored.kind, self.scored.order
        part = engine.prepare(grid)
        if rows_moved:
            return engine.scores(part, others, kind, order, task=self.task.quiet())
        return engine.scores(others, part, kind, order, task=self.task.quiet()).T


def variant_digest(face: Face, edit: Edit) -> str:
    """The name under which a moved face's features are cached."""
    return f"{face.digest} {edit.text}"


def _without_self(flips: np.ndarray, part: slice) -> None:
    """No face is a pair with itself."""
    places = np.arange(part.start, part.stop)
    flips[places - part.start, places] = 0
