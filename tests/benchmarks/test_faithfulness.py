"""The benchmark's correlations against SciPy's, on numbers made up here."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from benchmarks.faithfulness import agreement, pearson_rows


def test_correlations_are_pearsons() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(60, 16))
    predicted = real + rng.normal(size=(60, 16)) + rng.normal(size=(60, 1))
    same = np.arange(60) < 30
    each = [pearsonr(a, b).statistic for a, b in zip(predicted, real, strict=True)]
    np.testing.assert_allclose(pearson_rows(predicted, real), each, atol=1e-12)
    found = agreement(predicted, real, same, 0)
    assert found["per_pair"] == pytest.approx(np.mean(each))
    assert found["genuine"] == pytest.approx(np.mean(each[:30]))
    assert found["pooled"] == pytest.approx(pearsonr(predicted.ravel(), real.ravel()).statistic)
    low, high = found["per_pair_interval"]
    # Twice the standard error on each side.
    assert high - low == pytest.approx(2 * 1.96 * np.std(each) / np.sqrt(60), rel=0.1)
    assert found["pooled_interval"][0] < found["pooled"] < found["pooled_interval"][1]


def test_a_map_that_says_the_same_of_all_patches_counts_as_nothing() -> None:
    real = np.random.default_rng(0).normal(size=(4, 16))
    found = agreement(np.full((4, 16), -0.3), real, np.array([True, True, False, False]), 0)
    assert found["per_pair"] == 0 and found["even_predictions"] == 4
