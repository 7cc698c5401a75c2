"""The map of faces: its space is the uniform score's, and it is the same every time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.face_map import (
    Layout,
    face_map,
    hardest_partner,
    hardness,
    hues,
    uniform_space,
)
from core.errors import XCosError
from core.model.kinds import Order
from core.scoring.matrix import ScoreMatrix


def grids(count: int, seed: int = 0, people: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people, 32, 7, 7))
    noise = 0.3 * rng.normal(size=(count, 32, 7, 7))
    grid: np.ndarray = (centres[np.arange(count) % people] + noise).astype(np.float32)
    return grid


def test_products_in_the_space_are_uniform_scores() -> None:
    grid = grids(5)
    space = uniform_space(grid)
    assert space.shape == (5, 32 * 49)
    for i in range(5):
        for j in range(5):
            a, b = grid[i].astype(float), grid[j].astype(float)
            cosine = (a * b).sum(0) / np.linalg.norm(a, axis=0) / np.linalg.norm(b, axis=0)
            assert space[i] @ space[j] == pytest.approx(cosine.mean(), abs=1e-5)


@pytest.mark.parametrize("count", [2, 40, 100, 128])
@pytest.mark.parametrize("layout", ["pca", "neighbours"])
def test_copies_of_one_picture_lie_on_one_point(count: int, layout: Layout) -> None:
    """128 of them are exactly their mean, of which there is no decomposition."""
    found = face_map(np.repeat(grids(1), count, axis=0), layout)
    assert not found.places.any() and found.places.shape == (count, 2)
    assert found.share == 1.0 and found.layout == "pca"


@pytest.mark.parametrize("count", [2, 3, 40, 200])
def test_pca_is_the_two_widest_directions_and_the_same_every_time(count: int) -> None:
    grid = grids(count)
    found = face_map(grid)
    assert found.places.shape == (count, 2) and found.share is not None
    np.testing.assert_array_equal(found.places, face_map(grid).places)
    centred = uniform_space(grid).astype(float)
    centred -= centred.mean(0)
    size = np.linalg.svd(centred, compute_uv=False)
    assert found.share == pytest.approx((size[:2] ** 2).sum() / (size**2).sum(), rel=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found.places, axis=0), size[:2], rtol=1e-3, atol=1e-4)


def test_faces_of_one_person_lie_together() -> None:
    places = face_map(grids(80)).places
    who = np.arange(80) % 4
    within = max(np.linalg.norm(places[who == k].std(0)) for k in range(4))
    centres = np.array([places[who == k].mean(0) for k in range(4)])
    apart = [np.linalg.norm(a - b) for k, a in enumerate(centres) for b in centres[:k]]
    assert sorted(apart)[-1] > 5 * within


def test_neighbours_keep_people_apart_and_are_seeded() -> None:
    pytest.importorskip("openTSNE", reason="the extra map is not installed")
    grid = grids(40)
    found = face_map(grid, "neighbours")
    assert found.layout == "neighbours" and found.share is None
    np.testing.assert_allclose(found.places, face_map(grid, "neighbours").places)
    far = np.linalg.norm(found.places[:, None] - found.places[None], axis=2)
    np.fill_diagonal(far, np.inf)
    assert (far.argmin(1) % 4 == np.arange(40) % 4).all()


def test_one_face_has_no_map() -> None:
    with pytest.raises(XCosError, match="at least two faces"):
        face_map(grids(1))


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(-0.5, 0.5), st.sampled_from(["both", "left-right"]))
def test_hardness_is_the_worst_pair_s_distance_on_the_wrong_side(
    seed: int, threshold: float, order: Order
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    scores = rng.uniform(-1, 1, (n, n)).astype(np.float32)
    if order == "both":
        scores = (scores + scores.T) / 2
    codes = rng.integers(-1, 3, n).astype(np.int32)
    matrix = ScoreMatrix(scores, True, codes, codes, "learned", order)
    found = hardness(matrix, threshold)
    for face in range(n):
        margins = {
            other: (threshold - float(scores[min(other, face), max(other, face)]))
            * (1 if codes[other] == codes[face] else -1)
            for other in range(n)
            if other != face and codes[face] >= 0 and codes[other] >= 0
        }
        if not margins:
            assert np.isnan(found[face]) and hardest_partner(matrix, face, threshold) is None
        else:
            assert found[face] == pytest.approx(max(margins.values()))
            partner = hardest_partner(matrix, face, threshold)
            assert partner is not None and margins[partner] == pytest.approx(found[face])


def test_hues_are_the_same_every_time_and_far_apart() -> None:
    few = hues(["bob", "ann", "cem", "dan"])
    assert few == hues(["dan", "cem", "bob", "ann", "ann"])
    around = np.sort([*few.values()])
    assert np.diff([*around, around[0] + 1]).min() > 0.14
    many = np.sort([*hues(map(str, range(200))).values()])
    assert many[0] >= 0 and many[-1] < 1 and np.diff(many).max() < 0.02
