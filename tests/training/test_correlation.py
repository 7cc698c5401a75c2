"""P is what NumPy's corrcoef says, however the pairs arrive."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.training.correlation import CellCorrelation


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_streamed_correlation_is_the_one_of_all_pairs(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    total = sum(sizes) + 3
    target = rng.normal(0.3, 0.2, total)
    cosine = rng.normal(0.4, 0.3, (total, 7, 7)) + rng.normal(size=(7, 7)) * target[:, None, None]
    streamed = CellCorrelation()
    for part in np.split(np.arange(total), np.cumsum(sizes)):
        streamed.add(cosine[part], target[part])
    expected = [np.corrcoef(cosine[:, y, x], target)[0, 1] for y in range(7) for x in range(7)]
    np.testing.assert_allclose(streamed.raw().ravel(), expected, atol=1e-10)


def test_normalised_is_a_weighted_mean() -> None:
    rng = np.random.default_rng(0)
    target = rng.normal(size=500)
    cosine = rng.normal(size=(500, 7, 7))
    cosine[:, 3, 3] += target
    cosine[:, 0, 0] -= target
    streamed = CellCorrelation()
    streamed.add(cosine, target)
    weights = streamed.normalised()
    assert weights.min() == 0 and weights[0, 0] == 0
    assert abs(weights.sum() - 1) < 1e-12
    assert weights.argmax() == 3 * 7 + 3


def test_cells_that_never_vary_do_not_count() -> None:
    streamed = CellCorrelation()
    streamed.add(np.ones((5, 7, 7)), np.arange(5.0))
    assert not streamed.raw().any()
    np.testing.assert_allclose(streamed.normalised(), 1 / 49)
