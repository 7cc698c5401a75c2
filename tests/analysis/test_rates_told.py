"""Rates whose intervals would read as certainty have none."""

import numpy as np

from core.analysis.rates import PairKinds, RateSums, count_errors, rate_intervals
from core.scoring.matrix import ScoreMatrix


def test_a_rate_that_no_drawing_of_people_changes_has_no_interval() -> None:
    """Four people of two photos each; all genuine pairs are accepted, one of two people's too."""
    codes = np.repeat(np.arange(4, dtype=np.int32), 2)
    scores = np.where(codes[:, None] == codes, 0.9, 0.1).astype(np.float32)
    scores[0, 2] = scores[2, 0] = 0.8
    matrix = ScoreMatrix(scores, True, codes, codes, "learned", "both")
    none, one = np.zeros(8, np.int64), np.zeros((1, 1), np.int64)
    row, column = np.triu_indices(8, 1)
    sums = RateSums(4)
    sums.add(codes[row], codes[column], scores[row, column] > 0.5)
    for tar, far in (
        count_errors(matrix, 0.5, PairKinds(none, none, one)).with_intervals(),
        rate_intervals(sums),
    ):
        assert tar is not None and (tar.rate, tar.low, tar.high) == (1, None, None)
        assert far is not None and far.low is not None and far.high is not None
        assert far.rate == 1 / 24 and far.low < far.rate < far.high
