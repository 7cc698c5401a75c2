"""The image of a difference: which size is drawn in full colour, and in which."""

import numpy as np
import pytest

from core.explain.difference_image import DifferenceImage
from core.scoring.difference import Difference
from core.scoring.matrix import ScoreMatrix
from core.scoring.sides import Arrangement


def image_of(values: np.ndarray, changed: np.ndarray) -> DifferenceImage:
    n, m = values.shape
    codes = np.arange(n, dtype=np.int32), np.arange(m, dtype=np.int32)
    matrix = ScoreMatrix(np.zeros((n, m), np.float32), False, *codes, "uniform", "both")
    found = Difference("other", matrix.scores, values.astype(np.float32), changed, (0.1, 0.2))
    return DifferenceImage(matrix, found, Arrangement.plain(n, m))


def test_colours_run_from_purple_through_white_to_green() -> None:
    colours = image_of(np.zeros((2, 3)), np.zeros((2, 3), bool)).score_colours(0.3)
    assert colours.shape == (256, 3)
    assert colours[0].tolist() == [118, 42, 131] and colours[-1].tolist() == [27, 120, 55]
    assert colours[127].min() >= 253 and colours[128].min() >= 253
    np.testing.assert_allclose(colours[64], (255 + np.array([118, 42, 131])) / 2, atol=1)


def test_full_colour_is_for_what_all_but_a_few_changed_pairs_reach() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.3, (20, 30))
    changed = rng.random((20, 30)) < 0.3
    for which in (changed, np.zeros((20, 30), bool)):
        sizes = np.sort(np.abs(values[which] if which.any() else values).ravel())
        place = 0.995 * (len(sizes) - 1)  # a percentile lies between two of them
        low = int(place)
        limit = sizes[low] + (place - low) * (sizes[low + 1] - sizes[low])
        assert image_of(values, which).scale(0.5) == pytest.approx((-limit, limit), rel=1e-5)
    assert image_of(values / 100, changed).scale(0.5) == (-0.05, 0.05)
