"""Two models' agreement, lists and bootstrap, counted again pair by pair."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from core.analysis import bootstrap
from core.analysis.bootstrap import Differences, intervals
from core.analysis.two_models import JudgedGallery, TwoModels, compare_models
from core.errors import XCosError
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery, identity_codes
from core.model.card import ModelCard
from core.model.features import FaceFeatures
from core.scoring.matrix import ScoreMatrix
from tests.weights import scored as scored_gallery

PEOPLE = ("ann", "bob", "cem", "dan")


def gallery_of(n: int, root: str = "g") -> LoadedGallery:
    faces = tuple(
        Face(f"{i}.png", 1, PEOPLE[i % 4] if i % 7 else None, None, str(i)) for i in range(n)
    )
    grid = np.random.default_rng(n).normal(size=(n, 32, 7, 7)).astype(np.float32)
    return LoadedGallery(Gallery(Path(root), Path(root), faces), FaceFeatures(grid))


def scored(
    loaded: LoadedGallery, seed: int, own: float | None, probes: LoadedGallery | None = None
) -> JudgedGallery:
    """A model of random scores, higher for genuine pairs."""
    rows = probes or loaded
    codes = identity_codes(rows.gallery, loaded.gallery)
    genuine = (codes[0][:, None] == codes[1]) & (codes[0] >= 0)[:, None]
    rng = np.random.default_rng(seed)
    scores = (0.5 * genuine + rng.normal(0, 0.4, genuine.shape)).astype(np.float32)
    if probes is None:
        scores = np.triu(scores) + np.triu(scores, 1).T
    matrix = ScoreMatrix(scores, probes is None, *codes, "uniform", "both")
    card = ModelCard(f"m{seed}", Path("m"), "", "xcos", "thin")
    return JudgedGallery(scored_gallery(matrix, rows, loaded, card=card), own)


@pytest.fixture
def both() -> TwoModels:
    loaded = gallery_of(30)
    return compare_models(scored(loaded, 1, 0.3), scored(loaded, 2, 0.2))


def pairs_by_hand(found: TwoModels, a: float, b: float) -> dict[tuple[bool, bool, bool], set]:
    """Places by genuine, right by a, right by b."""
    sorts: dict[tuple[bool, bool, bool], set] = {
        key: set() for key in product((False, True), repeat=3)
    }
    faces = found.a.scored.rows.gallery.faces
    for i, j in product(range(len(faces)), repeat=2):
        one, other = faces[i].identity, faces[j].identity
        if i < j and one is not None and other is not None:
            same = one == other
            right = (float(found.a.scored.matrix.scores[i, j]) > a) == same
            other_right = (float(found.b.scored.matrix.scores[i, j]) > b) == same
            sorts[same, right, other_right].add((i, j))
    return sorts


def test_counts_and_lists_are_of_the_pairs(both: TwoModels) -> None:
    found = both.at("own")
    by_hand = pairs_by_hand(both, 0.3, 0.2)
    for (same, a, b), places in by_hand.items():
        assert found.count(a, b, same) == len(places)
        pairs = found.pairs(a, b, same)
        assert set(zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True)) == places
    listed = found.pairs(True, False)
    margin = np.abs(listed.scores - 0.3) + np.abs(
        both.b.scored.matrix.scores[listed.rows, listed.columns] - 0.2
    )
    assert (np.diff(margin) <= 1e-6).all() and len(found.pairs(True, False, limit=3)) == 3
    accuracy = [counts.accuracy for counts in found.outcomes()]
    total = sum(map(len, by_hand.values()))
    assert accuracy[0] == pytest.approx(
        sum(len(p) for (_, a, _), p in by_hand.items() if a) / total
    )
    assert found.first == (0.3, "its own")
    assert f"{found.count(True, False):,} pairs only A gets right" in found.words


def test_operating_points(both: TwoModels) -> None:
    at = both.at(0.1)
    first, second = at.outcomes()
    assert first.far == pytest.approx(0.1, abs=0.02) and second.far == pytest.approx(0.1, abs=0.02)
    assert at.second[1] == "FAR 0.1 of this gallery"
    moved = both.with_threshold(0.45)
    assert moved.at("own").first == (0.3, "its own") and moved.at("set").first == (0.45, "as set")
    assert (
        "A (m1) at threshold 0.4500 (as set), B (m2) at 0.2000 (its own)" in moved.at("set").words
    )
    assert both.at("set").first == both.with_threshold(0.3).at("set").first == (0.3, "its own")
    without = replace(both, a=replace(both.a, own=None)).at("own")
    assert without.first == (both.a.scored.statistics.eer()[1], "equal error rate of this gallery")  # type: ignore[index]
    with pytest.raises(XCosError, match="too few impostor pairs for a FAR of 0"):
        both.at(0.0001)


def test_a_model_with_itself_never_differs() -> None:
    model = scored(gallery_of(20), 3, 0.2)
    found = compare_models(model, model).at("own")
    assert found.count(True, False) == found.count(False, True) == 0
    assert all((i.difference, i.low, i.high) == (0, 0, 0) for i in found.intervals)
    assert not any(i.beyond_chance for i in found.intervals)


def test_faces_only_one_model_has_are_told() -> None:
    whole = gallery_of(12)
    kept = [0, 1, 2, 4, 5, 6, 8, 9, 10, 11]
    faces = tuple(whole.gallery.faces[k] for k in kept[::-1])  # in another order too
    some = LoadedGallery(
        replace(whole.gallery, faces=faces), FaceFeatures(whole.features.grid[kept[::-1]])
    )
    a, b = scored(whole, 1, 0.3), scored(some, 2, 0.3)
    found = compare_models(a, b)
    assert found.only_a == ("3.png", "7.png") and found.only_b == ()
    assert found.place_of(3, 0) is None and found.place_of(4, 11) == (3, 9)
    assert found.a.scored.matrix.scores[3, 9] == a.scored.matrix.scores[4, 11]
    assert (
        found.b.scored.matrix.scores[3, 9]
        == b.scored.matrix.scores[kept[::-1].index(4), kept[::-1].index(11)]
    )
    listed = found.at("own").pairs(False, True)
    np.testing.assert_array_equal(
        listed.scores, a.scored.matrix.scores[listed.rows, listed.columns]
    )
    assert not {3, 7} & {*listed.rows.tolist(), *listed.columns.tolist()}
    nobody = LoadedGallery(replace(whole.gallery, faces=()), FaceFeatures(whole.features.grid[:0]))
    with pytest.raises(XCosError, match="no face in common"):
        compare_models(a, scored(nobody, 2, 0.3))


def test_who_the_faces_show_is_what_the_first_model_was_given() -> None:
    """Where names were corrected between the two openings, pairs are still judged by one truth."""
    loaded = gallery_of(12)
    renamed = tuple(
        replace(face, identity=f"{k % 2}") for k, face in enumerate(loaded.gallery.faces)
    )
    other = LoadedGallery(replace(loaded.gallery, faces=renamed), loaded.features)
    a, b = scored(loaded, 1, 0.3), scored(other, 2, 0.2)
    assert not np.array_equal(a.scored.matrix.rows, b.scored.matrix.rows)
    found = compare_models(a, b)
    for model in (found.a, found.b):
        np.testing.assert_array_equal(model.scored.matrix.rows, a.scored.matrix.rows)
        np.testing.assert_array_equal(model.scored.matrix.columns, a.scored.matrix.columns)
    np.testing.assert_array_equal(found.b.scored.matrix.scores, b.scored.matrix.scores)


def test_without_names_no_decision_is_right_and_nothing_is_drawn(both: TwoModels) -> None:
    known = both.at("own")
    assert "No identities" not in known.words and len(known.interval_words) == 1 + len(
        known.intervals
    )
    for side in (both.a, both.b):
        side.scored.matrix.rows[:] = side.scored.matrix.columns[:] = -1
    found = both.at("own")
    assert found.counts.sum() == 0 and found.intervals == ()
    assert found.words.startswith("0 pairs, uniform attention, order both: A (m1) at threshold 0.3")
    assert found.words.endswith(
        "0 pairs only A gets right, 0 only B. No identities are known, so no decision is right or wrong."
    )
    assert found.interval_words == ["An interval needs pairs of at least two identities."]


def test_the_scatter_holds_every_pair_or_says_how_many(both: TwoModels) -> None:
    every = both.scatter()
    assert every.words == "All 435 pairs are drawn."
    np.testing.assert_array_equal(
        every.other, both.b.scored.matrix.scores[every.pairs.rows, every.pairs.columns]
    )
    genuine = (
        both.a.scored.matrix.rows[every.pairs.rows]
        == both.a.scored.matrix.columns[every.pairs.columns]
    )
    known = both.a.scored.matrix.rows[every.pairs.rows] >= 0
    np.testing.assert_array_equal(every.genuine, genuine & known)
    some = both.scatter(limit=100)
    assert len(some.pairs) == 100 and int(some.genuine.sum()) == 50
    assert some.words.startswith(f"Drawn are 50 of {every.of_genuine:,} genuine pairs and 50 of")


@pytest.mark.parametrize("dense", [0, 10**6])
@pytest.mark.parametrize("square", [True, False])
def test_the_bootstrap_weighs_identities(
    square: bool, dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against drawing whole identities, each copy an identity of its own, pair by pair."""
    monkeypatch.setattr(bootstrap, "DENSE", dense)
    rng = np.random.default_rng(5)
    rows = np.array([0, 0, 0, 1, 1, 2, 2, 3, -1], np.int32)
    columns = rows if square else np.array([0, 1, 1, 2, 3, 3, -1], np.int32)
    difference = rng.integers(-1, 2, (len(rows), len(columns)))
    counted = (rows[:, None] >= 0) & (columns[None] >= 0)
    if square:
        counted &= np.arange(len(rows))[:, None] < np.arange(len(columns))
    found = Differences(rows, columns, square)
    found.add(slice(0, 4), difference[:4], counted[:4])
    found.add(slice(4, 9), difference[4:], counted[4:])
    answer = {i.figure: i for i in intervals(found, draws=400)}
    expected = []
    again = np.random.default_rng(0)
    for weights in again.multinomial(4, [0.25] * 4, 400):
        weight = weights[rows][:, None] * weights[columns].astype(float)
        same = rows[:, None] == columns
        weight[same] = np.broadcast_to(weights[rows][:, None], same.shape)[
            same
        ]  # no cross-copy pairs
        weight = weight * counted
        with np.errstate(invalid="ignore", divide="ignore"):
            expected.append(
                (
                    (weight * difference).sum() / weight.sum(),
                    (weight * difference)[same].sum() / weight[same].sum(),
                    -(weight * difference)[~same].sum() / weight[~same].sum(),
                )
            )
    for name, values in zip(("accuracy", "TAR", "FAR"), np.transpose(expected), strict=True):
        low, high = np.nanpercentile(values, [2.5, 97.5])
        assert (answer[name].low, answer[name].high) == pytest.approx((low, high))  # type: ignore[index]
    mean = difference[counted].mean()
    assert answer["accuracy"].difference == pytest.approx(mean)
    assert answer["accuracy"].identities == 4


def test_intervals_cover_about_as_often_as_they_say() -> None:
    """Two equally good deciders whose errors hang on the person: 0 is inside nearly always."""
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = np.repeat(np.arange(30), 3).astype(np.int32)
        person = rng.normal(size=30)
        lean = person[rows][:, None] + person[rows][None]
        difference = np.sign(np.where(np.abs(lean) > 2, lean, 0)).astype(int)
        found = Differences(rows, rows, True)
        found.add(slice(0, 90), difference, np.triu(np.ones((90, 90), bool), 1))
        interval = intervals(found, draws=200)[0]
        inside += interval.low <= 0 <= interval.high
    assert inside >= 34


def test_one_identity_gives_no_interval() -> None:
    rows = np.zeros(3, np.int32)
    found = Differences(rows, rows, True)
    found.add(slice(0, 3), np.ones((3, 3), int), np.triu(np.ones((3, 3), bool), 1))
    assert intervals(found) == ()


def test_draws_that_are_all_alike_give_no_interval() -> None:
    """Genuine pairs of one identity, impostor pairs of two: drawing identities changes no rate."""
    rows = np.array([0, 0, 0, 1], np.int32)
    found = Differences(rows, rows, True)
    difference = np.zeros((4, 4), int)
    difference[0, 1], difference[0, 3] = 1, -1
    found.add(slice(0, 4), difference, np.triu(np.ones((4, 4), bool), 1))
    accuracy, tar, far = intervals(found)
    assert (accuracy.low, accuracy.high) != (None, None)
    for figure in (tar, far):
        assert (figure.low, figure.high) == (None, None) and not figure.beyond_chance
    assert tar.difference == pytest.approx(1 / 3) and far.difference == pytest.approx(1 / 3)
    assert tar.words == (
        "TAR, A less B: +33.33 points; such pairs are of too few identities for an interval."
    )


def test_a_probe_called_as_a_photo_of_the_gallery_is_told_where_one_model_lacks_it() -> None:
    gallery, probes = gallery_of(6), gallery_of(5, "p")
    fewer = probes.part(np.arange(1, 5))
    found = compare_models(scored(gallery, 0, 0.2, probes), scored(gallery, 1, 0.2, fewer))
    assert (found.only_a, found.only_b) == (("0.png",), ())
    assert found.a.scored.matrix.scores.shape == (4, 6)
