"""Scores in plain NumPy: what the kernel is tested against, and what runs while it compiles."""

import numpy as np

from core.model.attention_weights import HeadWeights
from core.model.features import CELLS
from core.scoring.kernels.prepared import HALF, PLACES, PreparedFaces, convolve, prelu


def attention_maps(head: HeadWeights, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Learned attention of m pairs from their halves, each (m, 16, 49): (m, 49), sums to 1."""
    mixed = prelu(left + right, head.mix_slope).reshape(-1, HALF, CELLS, CELLS)
    logits = prelu(convolve(mixed, head.last_weight, head.last_bias), head.last_slope)
    logits = logits.reshape(-1, PLACES)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    normalised: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return normalised


def learned_scores(
    head: HeadWeights,
    rows: PreparedFaces,
    columns: PreparedFaces,
    forward: bool,
    backward: bool,
) -> np.ndarray:
    """Scores (n, m) with learned attention.

    forward: the row's face is left; backward: it is right; both: the mean of the two.
    """
    assert rows.left is not None and rows.right is not None
    assert columns.left is not None and columns.right is not None
    scores = np.empty((len(rows), len(columns)), np.float32)
    for i in range(len(rows)):
        cosine = np.einsum("kc,mkc->mk", rows.cells[i], columns.cells)
        total = np.zeros(len(columns), np.float32)
        if forward:
            total += (attention_maps(head, rows.left[i], columns.right) * cosine).sum(axis=1)
        if backward:
            total += (attention_maps(head, columns.left, rows.right[i]) * cosine).sum(axis=1)
        scores[i] = total / (forward + backward)
    return scores
