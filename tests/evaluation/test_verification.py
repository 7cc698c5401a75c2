"""Balanced thresholds and LFW's lists of pairs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import XCosError
from core.evaluation.verification import best_threshold, read_lfw_pairs


@given(st.integers(0, 10**6), st.integers(1, 40))
def test_best_threshold_is_best(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(-3, 4, count) / 3
    same = rng.random(count) < 0.5
    threshold, accuracy = best_threshold(scores, same)
    assert ((scores > threshold) == same).mean() == pytest.approx(accuracy)
    for candidate in [-2, *np.unique(scores)]:
        assert ((scores > candidate) == same).mean() <= accuracy + 1e-12


def test_lfw_lists(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("2\t1\nA_B\t1\t4\nA_B\t1\tC\t2\nD\t3\t4\nD\t1\tE\t11\n")
    pairs = read_lfw_pairs(path)
    assert pairs.left[:2] == ("A_B/A_B_0001", "A_B/A_B_0001")
    assert pairs.right == ("A_B/A_B_0004", "C/C_0002", "D/D_0004", "E/E_0011")
    assert pairs.same.tolist() == [True, False, True, False] and pairs.folds is not None
    assert pairs.folds.tolist() == [0, 0, 1, 1]
    path.write_text("2\t1\nA\t1\t4\n")
    with pytest.raises(XCosError, match="1 pair, but its first line says 4"):
        read_lfw_pairs(path)
