"""Colours of the matrix from afar."""

import numpy as np
import pytest

from core.explain.colours import outcome_colours
from core.explain.matrix_image import error_colours


@pytest.mark.parametrize("dark", [False, True])
def test_any_share_of_errors_stands_out_from_none(dark: bool) -> None:
    colours = error_colours(dark).astype(int)
    right, wrong = (np.array(outcome_colours(dark)[name]) for name in ("TN", "FP"))
    assert colours[0] == pytest.approx(right, abs=1) and colours[-1] == pytest.approx(wrong, abs=1)
    apart = np.abs(colours - colours[0]).sum(axis=1)
    assert apart[1] > 0.25 * apart[-1]  # one error of a whole block is seen
    assert (np.diff(apart) >= 0).all()
