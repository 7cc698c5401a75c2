"""Parts of a scored gallery are of the same pairs, and square only where both sides are one."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.features import FaceFeatures
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoredGallery
from tests import weights

NAMES = ("ann", "ann", "bob", "cem", None)
PLACES = st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True)


def gallery(prefix: str = "") -> LoadedGallery:
    faces = tuple(Face(f"{prefix}{k}.png", 1, n, None, str(k)) for k, n in enumerate(NAMES))
    grid = np.arange(5, dtype=np.float32)[:, None, None, None] + np.zeros((5, 32, 7, 7), np.float32)
    return LoadedGallery(Gallery(Path("g"), Path("g"), faces), FaceFeatures(grid))


def scored_gallery(square: bool) -> ScoredGallery:
    scores = np.random.default_rng(0).uniform(-1, 1, (5, 5)).astype(np.float32)
    codes = np.array([0, 0, 1, 2, -1], np.int32)
    rows = gallery("" if square else "probe")
    matrix = ScoreMatrix((scores + scores.T) / 2, square, codes, codes, "uniform", "both")
    return weights.scored(matrix, rows, None if square else gallery())


@given(PLACES, PLACES | st.none(), st.booleans())
def test_a_part_is_of_the_same_pairs(
    rows: list[int], others: list[int] | None, square: bool
) -> None:
    whole = scored_gallery(square)
    columns = rows if others is None else others
    part = whole.part(np.array(rows), np.array(columns))
    assert part.square == (square and rows == columns)
    assert (part.probes is None) == part.square
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            assert part.matrix.scores[i, j] == whole.matrix.scores[row, column]
            assert part.faces(i, j) == whole.faces(row, column)
            one, other = whole.matrix.rows[row], whole.matrix.columns[column]
            assert (part.matrix.rows[i], part.matrix.columns[j]) == (one, other)
    assert part.rows.features.grid[:, 0, 0, 0].tolist() == rows
    assert part.columns.features.grid[:, 0, 0, 0].tolist() == columns
    # Each pair is counted once where both sides are one, else each cell is a pair.
    known = [(i, j) for i in rows for j in columns if 4 not in (i, j)]
    pairs = {frozenset(cell) for cell in known if len({*cell}) == 2} if part.square else known
    assert len(part.statistics.genuine) + len(part.statistics.impostor) == len(pairs)
