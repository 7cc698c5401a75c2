"""Pairs whose verdict hangs on how the crop happened to fall."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class FragilePairs:
    """Which pairs of a matrix flip their verdict when one face is shifted by 2 pixels or turned by 2 degrees.

    fragile:   (n, m) bool, in the matrix's rows and columns
    threshold: the one that the verdicts are of
    """

    fragile: np.ndarray
    threshold: float
