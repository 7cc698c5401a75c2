"""Putting pixels back in a map's order, against what is known of it."""

import numpy as np

from benchmarks.patch_lfw import PATCH, PATCHES, Tampered, patched, put_back, smooth


def trial(same: bool) -> Tampered:
    rng = np.random.default_rng(0)
    own = rng.integers(0, 100, (112, 112, 3), dtype=np.uint8)
    other = rng.integers(150, 255, (112, 112, 3), dtype=np.uint8)
    return Tampered((other, own), 1, patched(own, other, rng), same)


def test_patches_are_the_donors_places() -> None:
    one = trial(True)
    other, own = one.crops
    changed = (one.patched != own).any(axis=2)
    assert np.array_equal(one.patched[changed], other[changed])
    assert PATCH**2 <= changed.sum() <= PATCHES * PATCH**2 and changed.mean() > 0.2


def test_a_map_that_knows_the_patches_puts_them_back_first() -> None:
    for same in (True, False):
        one = trial(same)
        changed = (one.patched != one.crops[1]).any(axis=2)
        # What was pasted speaks against "same" in a genuine pair, and for it in an impostor pair.
        knows = np.where(changed, -1.0, 1.0) * (1 if same else -1)
        faces = put_back(one, knows)
        left = [(face != one.crops[1]).any(axis=2).sum() for face in faces]
        assert left[0] == changed.sum() and left[-1] == 0
        share = changed.mean()
        for step, count in enumerate(left):
            assert count == max(0, round(share * 112**2) - round(step * 112**2 / 20))
        against = put_back(one, -knows)
        assert (against[10] != one.crops[1]).any(axis=2).sum() > left[10]


def test_smooth_is_linear_between_the_cells_middles() -> None:
    rows, columns = np.mgrid[:7, :7].astype(float)
    pixels = smooth(2 * rows - 3 * columns)
    y, x = ((np.mgrid[:112, :112] + 0.5) / 16 - 0.5).clip(0, 6)
    np.testing.assert_allclose(pixels, 2 * y - 3 * x, atol=1e-12)
    peak = np.zeros((7, 7))
    peak[2, 4] = 1
    assert np.unravel_index(smooth(peak).argmax(), (112, 112)) in [
        (39, 71),
        (40, 72),
        (39, 72),
        (40, 71),
    ]
