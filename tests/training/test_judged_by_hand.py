"""Figures of drawn people against drawing them by hand, and what is said of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import XCosError
from core.training.drawn_people import NAMES, differences, measured
from core.training.held_out import HeldOutFaces, chosen_people, pairs_of, split
from core.training.judging import _changed, _conclusion, _sentence
from core.training.verdict import ChangedPair, Difference, Figure, Figures, HeldOut, Verdict


def faces_of(photos: list[int]) -> HeldOutFaces:
    codes = np.repeat(np.arange(len(photos)), photos)
    names = tuple(Path(f"p{code}/{k}.png") for k, code in enumerate(codes))
    keys = tuple(f"key {k}" for k in range(len(codes)))
    nothing = np.zeros((len(codes), 1, 1, 3), np.uint8)
    return HeldOutFaces(nothing, codes, names, keys, *pairs_of(codes, 0))


def by_hand(
    faces: HeldOutFaces, scores: np.ndarray, drawn: np.ndarray, threshold: float
) -> list[float]:
    """Accuracy, AUC and the TARs of people who are there as often as they were drawn."""
    genuine: list[float] = []
    impostor: list[float] = []
    for score, left, right in zip(scores, faces.left, faces.right, strict=True):
        one, other = faces.people[left], faces.people[right]
        if one == other:
            genuine += [score] * int((drawn == one).sum())
        else:
            impostor += [score] * int((drawn == one).sum() * (drawn == other).sum())
    if not genuine or not impostor:
        return [np.nan] * 4
    g, i = np.array(genuine), np.array(impostor)
    accuracy = ((g > threshold).mean() + (i <= threshold).mean()) / 2
    auc = (g[:, None] > i).mean() + (g[:, None] == i).mean() / 2
    figures = [accuracy, auc]
    for far in (0.01, 0.001):
        least = min(t for t in np.unique(i) if (i > t).mean() <= far + 1e-12)
        figures.append((g > least).mean())
    return figures


def test_each_draw_counts_people_as_often_as_they_were_drawn() -> None:
    faces = faces_of([3, 5, 4, 2, 6, 3])
    rng = np.random.default_rng(3)
    scores = np.round(rng.normal(size=len(faces.same)) + 1.2 * faces.same, 1)  # with ties
    figures, tables = measured(faces, {"learned": scores, "fc": scores[::-1]}, draws=60)
    threshold = figures["learned"].threshold
    assert threshold is not None
    table, draw = tables["learned"], np.random.default_rng(0)
    assert table.shape == (61, 4) and NAMES == (
        "accuracy",
        "auc",
        "TAR at FAR 0.01",
        "TAR at FAR 0.001",
    )
    np.testing.assert_allclose(table[0], by_hand(faces, scores, np.arange(6), threshold))
    for row in table[1:]:
        drawn = draw.integers(0, 6, 6)
        np.testing.assert_allclose(row, by_hand(faces, scores, drawn, threshold))
    for place, figure in enumerate((figures["learned"].accuracy, figures["learned"].auc)):
        low, high = np.percentile(table[1:, place], [2.5, 97.5])
        assert (figure.value, figure.low, figure.high) == pytest.approx(
            (table[0, place], low, high)
        )
    change = differences(tables["fc"], tables["learned"], 10_000)
    assert list(change) == [*NAMES]
    for place, name in enumerate(NAMES):
        gain = table[:, place] - tables["fc"][:, place]
        low, high = np.percentile(gain[1:], [2.5, 97.5])
        found = change[name]
        assert (found.value, found.low, found.high) == pytest.approx((gain[0], low, high)), name
    # A TAR needs three impostor pairs for each that may pass.
    assert [*differences(tables["fc"], tables["learned"], 300)] == [*NAMES[:3]]
    assert [*differences(tables["fc"], tables["learned"], 299)] == [*NAMES[:2]]


def test_a_tar_is_told_from_three_hundred_impostor_pairs_on() -> None:
    for photos, impostor, told in (([4, 5, 10, 10], 300, True), ([4, 5, 9, 11], 299, False)):
        faces = faces_of(photos)
        scores = np.random.default_rng(0).random(len(faces.same)) + faces.same
        assert faces.counts[2] == impostor
        found = measured(faces, {"a": scores}, draws=5)[0]["a"].tar_at_far
        assert (found["0.01"].value is not None) == told and found["0.001"].value is None


def figures(value: float, auc: float, low: float | None = 0.85) -> Figures:
    return Figures(Figure(value, low, 0.956), Figure(auc, 0.9, 0.99), {}, 0.4)


def test_changed_pairs_are_those_on_the_other_side_the_furthest_moved_first() -> None:
    faces = faces_of([3] * 5)
    rng = np.random.default_rng(1)
    before, after = rng.normal(0.4, 0.3, (2, len(faces.same)))
    after[0], before[0] = 0.6, 3.0  # on the threshold itself a pair does not pass
    old, new = figures(0.9, 0.9), replace(figures(0.9, 0.9), threshold=0.6)
    found = _changed(faces, {"before": before, "learned": after, "fc": before}, old, new)
    crossed = [k for k in range(len(before)) if (before[k] > 0.4) != (after[k] > 0.6)]
    far = {k: abs((after[k] - 0.6) - (before[k] - 0.4)) for k in crossed}
    wanted = sorted(crossed, key=lambda k: -far[k])[:8]
    assert len(crossed) > 12 and len(found) == 8
    for pair, k in zip(found, wanted, strict=True):
        left, right = faces.left[k], faces.right[k]
        assert (pair.left, pair.right) == (faces.photos[left], faces.photos[right])
        assert (pair.left_key, pair.right_key) == (faces.keys[left], faces.keys[right])
        assert (pair.before, pair.after) == (before[k], after[k])
        assert pair.same == faces.same[k] and pair.mended == ((after[k] > 0.6) == faces.same[k])


@pytest.mark.parametrize(
    ("same", "mended", "outcomes"),
    [
        (True, True, ("FN", "TP")),
        (True, False, ("TP", "FN")),
        (False, True, ("FP", "TN")),
        (False, False, ("TN", "FP")),
    ],
)
def test_outcomes_before_and_after(same: bool, mended: bool, outcomes: tuple[str, str]) -> None:
    pair = ChangedPair(Path("a"), Path("b"), "", "", same, 0.1, 0.9, mended)
    assert pair.outcomes == outcomes


UP, DOWN = Difference(0.0312, 0.0104, 0.052), Difference(-0.0312, -0.052, -0.0104)
CHANCE, NONE = Difference(0.0061, -0.02, 0.03), Difference(0.0, None, None)
PEOPLE = HeldOut(12, 72, 1056)


@pytest.mark.parametrize(
    ("plugged_in", "accuracy", "auc", "sentence"),
    [
        (
            False,
            UP,
            CHANCE,
            "Better on people it has not seen: accuracy 93.1 % where it was 90.0 "
            "(+3.1 points, 95 % interval +1.0 to +5.2), 12 people.",
        ),
        (
            False,
            CHANCE,
            DOWN,
            "Worse: it learned the photos; on 12 people it has not seen AUC 97.5 % where it was "
            "95.0 (−3.1 points, 95 % interval −5.2 to −1.0).",
        ),
        (
            False,
            CHANCE,
            NONE,
            "No difference that these 12 people could show: accuracy 93.1 % where it was 90.0 "
            "(+0.6 points, 95 % interval −2.0 to +3.0).",
        ),
        (
            True,
            UP,
            UP,
            "Better than the model alone on people it has not seen: accuracy 93.1 % where the "
            "model alone has 90.0 (+3.1 points, 95 % interval +1.0 to +5.2).",
        ),
        (
            True,
            DOWN,
            NONE,
            "The explanation costs something on people it has not seen: accuracy 93.1 % where the "
            "model alone has 90.0 (−3.1 points, 95 % interval −5.2 to −1.0).",
        ),
        (
            True,
            NONE,
            CHANCE,
            "The explanation costs nothing that these 12 people could show: accuracy 93.1 % where "
            "the model alone has 90.0 (+0.0 points, too few people for an interval).",
        ),
    ],
)
def test_the_verdict_in_words(
    plugged_in: bool, accuracy: Difference, auc: Difference, sentence: str
) -> None:
    changes = {"accuracy": accuracy, "auc": auc}
    both = figures(0.9, 0.95), figures(0.931, 0.975)
    conclusion = _conclusion(PEOPLE, changes)
    assert _sentence(conclusion, PEOPLE, changes, both, plugged_in) == sentence


def test_without_anything_before_the_accuracy_is_told_with_its_interval() -> None:
    assert _conclusion(PEOPLE, {}) == "alone"
    sentence = _sentence("alone", PEOPLE, {}, (None, figures(0.9, 0.95)), False)
    assert sentence == (
        "Accuracy 90.0 % on 12 people it has not seen (95 % interval 85.0 to 95.6)."
    )
    alone = _sentence("alone", PEOPLE, {}, (None, figures(0.9, 0.95, None)), False)
    assert alone.endswith("has not seen (too few people for an interval).")


def test_a_verdict_without_a_conclusion_that_is_known_is_damaged() -> None:
    stored = Verdict("alone", "Alone.", PEOPLE, None, figures(0.9, 0.95)).as_json()
    again = Verdict.from_json(stored)
    assert again.start is None and again.before is None and again.after == figures(0.9, 0.95)
    with pytest.raises(ValueError, match="no conclusion"):
        Verdict.from_json(stored | {"conclusion": "perfect"})


class Photos:
    """A source of faces: one is damaged, and one of another size."""

    stamp = ""

    def __init__(self, names: list[str], first: int) -> None:
        self.identities, self._first = np.array(names), first

    def name(self, number: int) -> str:
        return f"{self.identities[number]}/{self._first + number}.png"

    def read(self, number: int) -> np.ndarray:
        place = self._first + number
        if place == 2:
            raise XCosError("It is damaged.")
        return np.full((112, 111 if place == 5 else 112, 3), place, np.uint8)


def test_held_out_faces_come_of_every_source_and_damaged_ones_are_left_out() -> None:
    one = Photos(["a", "a", "a", "b", "b"], 0)
    two = Photos(["c", "c", "d", "d", "e", "b"], 5)
    three = Photos(["c", "c"], 11)
    names = np.concatenate([one.identities, two.identities, three.identities])
    people = {*chosen_people(names, 3, 5)}
    rest, found = split([one, two, three], names, sorted(people), 5)
    assert found is not None
    assert len(people) == 2  # at most half of the four who have two photos
    wanted = [k for k, name in enumerate(names) if name in people and k not in (2, 5)]
    assert [int(c[0, 0, 0]) for c in found.crops] == wanted
    assert [p.as_posix() for p in found.photos] == [f"{names[k]}/{k}.png" for k in wanted]
    assert found.keys == ("",) * len(wanted)
    assert [sorted(people)[code] for code in found.people] == [names[k] for k in wanted]
    left = [source.name(k) for source in rest for k in range(len(source.identities))]
    assert left == [f"{name}/{k}.png" for k, name in enumerate(names) if name not in people]
    assert split([one], np.array(["a", "a", "a", "b", "b"]), [], 0) == ((one,), None)


def test_who_is_held_out_by_a_share_or_a_number() -> None:
    names = np.repeat([f"p{k:02}" for k in range(20)], 12)
    assert len(chosen_people(names, 0.99, 0)) == 10  # never more than half by a share
    assert len(chosen_people(names, 0.4, 0)) == 8
    assert len(chosen_people(names, 1.0, 0)) == 5  # one alone says nothing; five are enough
    assert len(chosen_people(names, 6.6, 0)) == 7
    assert len(chosen_people(names[: 4 * 12], 0.5, 0)) == 2
    assert chosen_people(names[: 3 * 12], 0.5, 0) == []
    assert chosen_people(names, -1, 0) == []
    assert chosen_people(names, 5, 0) != chosen_people(names, 5, 1)
    singles = np.concatenate([names[: 4 * 12], [f"single {k}" for k in range(30)]])
    assert {*chosen_people(singles, 0.5, 3)} <= {"p00", "p01", "p02", "p03"}


def test_of_many_pairs_some_of_each_kind_are_drawn_in_their_order() -> None:
    left, right, same = pairs_of(np.zeros(100, int), 0)
    assert len(left) == 4000 and same.all()
    left, right, same = pairs_of(np.arange(160), 4)
    assert len(left) == 12_000 and not same.any() and (left < right).all()
    place = left * 160 + right
    assert (np.diff(place) > 0).all()
    assert not np.array_equal(place, pairs_of(np.arange(160), 5)[0] * 160)


def test_draws_that_differ_by_rounding_alone_give_no_interval() -> None:
    """A gain of a hundredth in each draw, summed in another order, is told without one, and is no proof."""
    rng = np.random.default_rng(0)
    before = np.full((1001, 4), 0.9)
    after = before + 0.01 + rng.normal(0, 1e-16, before.shape)
    assert np.ptp((after - before)[1:], axis=0).min() > 0
    for change in differences(before, after, 10_000).values():
        assert (change.low, change.high) == (None, None) and not change.beyond_chance
        assert change.value == pytest.approx(0.01)
