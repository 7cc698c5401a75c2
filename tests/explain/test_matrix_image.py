"""Colours of the matrix from afar."""

import numpy as np
import pytest

from core.explain import matrix_image
from core.explain.colours import outcome_colours
from core.explain.matrix_image import Far, Look, MatrixImage, error_colours
from core.scoring import blocks
from core.scoring.matrix import ScoreMatrix

FROM_AFAR = Look(0.4, True, "errors")


def matrix(n: int = 40, seed: int = 0) -> ScoreMatrix:
    """Two faces a person, whose order leaves no block without a pair of either sort."""
    rng = np.random.default_rng(seed)
    codes = (np.arange(n) * 7 % (n // 2)).astype(np.int32)
    scores = 0.5 * (codes[:, None] == codes) + rng.normal(0.1, 0.15, (n, n))
    scores = (np.triu(scores, 1) + np.triu(scores, 1).T).clip(-1, 1).astype(np.float32)
    return ScoreMatrix(scores, True, codes, codes, "uniform", "both")


def drawn(image: MatrixImage, look: Look = FROM_AFAR, largest: int = 10) -> np.ndarray:
    n = len(image.matrix.scores)
    return image.draw(slice(0, n), slice(0, n), look, largest)[0]


@pytest.mark.parametrize("dark", [False, True])
def test_any_share_of_errors_stands_out_from_none(dark: bool) -> None:
    colours = error_colours(dark).astype(int)
    right, wrong = (np.array(outcome_colours(dark)[name]) for name in ("TN", "FP"))
    assert colours[0] == pytest.approx(right, abs=1) and colours[-1] == pytest.approx(wrong, abs=1)
    apart = np.abs(colours - colours[0]).sum(axis=1)
    assert apart[1] > 0.25 * apart[-1]  # one error of a whole block is seen
    assert (np.diff(apart) >= 0).all()


def test_errors_that_are_counted_elsewhere_are_painted_as_if_counted_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, elsewhere = MatrixImage(matrix()), MatrixImage(matrix())
    asked: list[tuple[matrix_image.Part, float]] = []
    elsewhere.on_uncounted = lambda part, threshold: asked.append((part, threshold))
    wanted = drawn(here)
    assert np.array_equal(drawn(elsewhere), wanted) and not asked  # so few are counted at once
    elsewhere = MatrixImage(matrix())
    elsewhere.on_uncounted = lambda part, threshold: asked.append((part, threshold))
    monkeypatch.setattr(matrix_image, "COUNTED_AT_ONCE", 0)
    first = drawn(elsewhere)
    assert asked == [((slice(0, 10), slice(0, 10), 4), 0.4)]
    none = here.count(*asked[0]) == 0
    assert 0 < none.sum() < 100
    # Where there is no error is known at once, where there are how many is not.
    assert np.array_equal(first[none], wanted[none]) and (first != wanted)[~none].any()
    elsewhere.take_count(*asked[0], here.count(*asked[0]))
    assert np.array_equal(drawn(elsewhere), wanted) and len(asked) == 1
    # A count is of one threshold.
    other = Look(0.2, True, "errors")
    assert not np.array_equal(drawn(elsewhere, other), wanted) and asked[1][1] == 0.2


def test_errors_of_a_block_by_counting_its_pairs() -> None:
    made = matrix()
    found = MatrixImage(made).count((slice(0, 10), slice(0, 10), 4), 0.4)
    wrong = (made.scores > np.float32(0.4)) != (made.rows[:, None] == made.columns)
    np.fill_diagonal(wrong, False)
    assert np.array_equal(found, wrong.reshape(10, 4, 10, 4).sum(axis=(1, 3)))


@pytest.mark.parametrize("far", ["errors", "worst"])
def test_refined_scores_are_painted_under_a_filter_too(far: Far) -> None:
    made = matrix()
    mask = np.random.default_rng(2).random(made.scores.shape) < 0.05
    mask |= mask.T
    image, look = MatrixImage(made), Look(0.4, True, far)
    image.set_passing(mask, (255, 255, 255))
    before = drawn(image, look)
    made.scores[8:16, 20:36] = 0.9
    made.scores[20:36, 8:16] = 0.9
    assert np.array_equal(drawn(image, look), before)
    image.refresh(slice(8, 16), slice(20, 36))
    image.refresh(slice(20, 36), slice(8, 16))
    fresh = MatrixImage(made)
    fresh.limits = image.limits
    fresh.set_passing(mask, (255, 255, 255))
    assert np.array_equal(drawn(image, look), drawn(fresh, look))
    assert not np.array_equal(drawn(image, look), before)


def test_of_very_many_cells_no_blocks_are_made_while_painting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "KEPT_CELLS", 8)
    image, every = MatrixImage(matrix(64)), (slice(0, 64), slice(0, 64))
    kept = image.draw(*every, FROM_AFAR, 16)[3]
    assert kept == 4  # as asked for: 16 blocks of 4
    monkeypatch.setattr(matrix_image, "MADE_AT_ONCE", 64 * 64 - 1)
    coarse = image.draw(*every, FROM_AFAR, 16)
    assert coarse[3] > 4 and coarse[0].shape == (64 // coarse[3],) * 2
    assert np.array_equal(coarse[0], image.draw(*every, FROM_AFAR, 64 // coarse[3])[0])
    few = slice(0, 32), slice(0, 32)
    assert image.draw(*few, FROM_AFAR, 16)[3] == 2
