"""What is said of a pair, from numbers chosen for their bounds."""

import numpy as np
import pytest

from core.explain.explanation import PairExplanation
from core.explain.words import distinct, judgement, region_evidence, verdict

NAMES = np.full((7, 7), "outside the face", dtype=object)
NAMES[0], NAMES[1], NAMES[2], NAMES[3] = "forehead", "nose", "mouth", "chin"


def pair_of(cells: dict[str, float], threshold: float) -> PairExplanation:
    """A pair whose regions give this evidence at the threshold: a cell of each tells."""
    attention = np.full((7, 7), 1 / 49)
    cosine = np.full((7, 7), threshold)
    for name, value in cells.items():
        row, column = np.argwhere(name == NAMES)[0]
        cosine[row, column] += 49 * value
    return PairExplanation("a", "b", "tiny", "uniform", "both", cosine, attention)


def test_two_regions_are_named_on_either_side_the_strongest_first() -> None:
    cells = {
        "forehead": 0.02,
        "nose": 0.05,
        "mouth": 0.03,
        "chin": -0.01,
        "outside the face": -0.04,
    }
    pair = pair_of(cells, 0.1)
    assert region_evidence(pair, 0.1, NAMES) == pytest.approx(cells)
    assert verdict(pair, 0.1, NAMES) == (
        "Same person: the score 0.150 is above the threshold 0.100 (uniform attention, tiny). Most "
        "towards same: the nose (+0.050) and the mouth (+0.030). Most towards different: the area "
        "outside the face (−0.040) and the chin (−0.010)."
    )
    assert verdict(pair, None, NAMES) is None


def test_evidence_that_rounds_to_nothing_is_not_named() -> None:
    pair = pair_of({"nose": 0.00049, "mouth": -0.00051}, 0.1)
    text = verdict(pair, 0.1, NAMES)
    assert text is not None
    assert text.startswith("Different people: the score 0.09998 is not above the threshold 0.10000")
    assert "No region speaks towards same. Most towards different: the mouth (−0.001)." in text
    other = verdict(pair_of({"nose": 0.00051, "mouth": -0.00049}, 0.1), 0.1, NAMES)
    assert other is not None and "Most towards same: the nose (+0.001)." in other
    assert other.endswith(" No region speaks towards different.")


def test_numbers_get_as_many_digits_as_tell_them_apart() -> None:
    assert distinct(0.25, 0.5) == ("0.250", "0.500")
    assert distinct(0.25, 0.2504) == ("0.2500", "0.2504")
    assert distinct(0.25, 0.250000004) == ("0.250000000", "0.250000004")
    assert distinct(0.25, 0.25) == ("0.250", "0.250")
    assert distinct(-0.0001, 0.25) == ("0.000", "0.250")  # no sign before nothing
    assert distinct(-0.0001, 0.0) == ("-0.0001", "0.0000")


@pytest.mark.parametrize(
    ("same", "left", "right", "said"),
    [
        (
            True,
            "Ann",
            "Ann",
            ("True accept", "Right: the model says same person; both faces are Ann."),
        ),
        (
            True,
            "Ann",
            "Bob",
            ("False accept", "Wrong: the model says same person; the faces are Ann and Bob."),
        ),
        (
            False,
            "Ann",
            "Ann",
            ("False reject", "Wrong: the model says different people; both faces are Ann."),
        ),
        (
            False,
            "Ann",
            "Bob",
            ("True reject", "Right: the model says different people; the faces are Ann and Bob."),
        ),
        (
            False,
            None,
            "Bob",
            ("Different people", "That is the model's word; who the faces show is not known."),
        ),
        (
            None,
            "Ann",
            "Ann",
            ("No decision", "These weights have no threshold; set one to get a decision."),
        ),
    ],
)
def test_whether_a_decision_is_right(
    same: bool | None, left: str | None, right: str | None, said: tuple[str, str]
) -> None:
    assert judgement(same, left, right) == said


def test_what_is_predicted_without_a_part_by_each_law() -> None:
    rng = np.random.default_rng(0)
    cosine, attention = rng.uniform(-1, 1, (7, 7)), rng.dirichlet(np.ones(49)).reshape(7, 7)
    covered = rng.uniform(0, 1, (7, 7)) * (rng.random((7, 7)) < 0.5)
    for law, power in (("additive", 0), ("robust", 1), ("strict", 3)):
        pair = PairExplanation("a", "b", "m", "learned", "both", cosine, attention, law=law)  # type: ignore[arg-type]
        if power == 0:
            wanted = (cosine * attention * (1 - covered)).sum()
        else:
            left = attention * (1 - covered) ** power
            wanted = (cosine * left).sum() / left.sum()
        assert pair.without(covered) == pytest.approx(wanted)
        assert pair.without(np.ones((7, 7))) == 0
        assert pair.without(np.zeros((7, 7))) == pytest.approx((cosine * attention).sum())
