"""The score and its parts, for one pair or for many: the equations of Lin et al. (2020).

S and W are (..., 7, 7) float64: cosines in [-1, 1], and attention weights.
"""

import numpy as np


def contribution(cosine: np.ndarray, attention: np.ndarray) -> np.ndarray:
    """(..., 7, 7): W*S, what each cell gives to the score."""
    product: np.ndarray = attention * cosine
    return product


def score(cosine: np.ndarray, attention: np.ndarray) -> np.ndarray:
    """(...): the xCos score, the sum of W*S over the cells (equation 2)."""
    total: np.ndarray = contribution(cosine, attention).sum(axis=(-2, -1))
    return total


def evidence(cosine: np.ndarray, attention: np.ndarray, threshold: float) -> np.ndarray:
    """(..., 7, 7): W*S - t*W/sum(W); positive speaks for "same"; sums to score - threshold."""
    whole = attention.sum(axis=(-2, -1), keepdims=True)
    return contribution(cosine, attention) - threshold * attention / whole
