"""What is said of edited faces, deciding cells and decisions, word for word."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.explain.editing.flip import DecidingCells, EditKind, HidingLaw, cells_words, sized
from core.explain.editing.what_if import Faithfulness, Question
from core.explain.editing.what_if_output import change_words, faithfulness_words
from core.explain.explanation import PairDecision
from core.explain.words import decision_words

MINUS = "\N{MINUS SIGN}"
REGIONS = np.full((7, 7), "nose", dtype="<U8")
REGIONS[:2] = "forehead"
REGIONS[5:] = "mouth"


@pytest.mark.parametrize(
    ("kind", "size", "said"),
    [
        ("patch", 24.0, "24\N{MULTIPLICATION SIGN}24 pixels"),
        ("blur", 2.5, "sigma 2.5 pixels"),
        ("turn", 2.5, "2.5 degrees"),
        ("shift", 1.333333, "1.33 pixels"),
        ("scale", 0.07, "7 %"),
        ("dark", 0.625, "62 %"),
    ],
)
def test_sizes_come_with_their_units(kind: EditKind, size: float, said: str) -> None:
    assert sized(kind, size) == said


@pytest.mark.parametrize(
    ("same", "without", "enough", "law", "said"),
    [
        (
            True, ((0, 1),), ((6, 0), (0, 1), (5, 2)), "additive",
            "The evidence of 3 cells of 49 (mouth 2, forehead 1) outweighs all that speaks against same "
            "person. If 1 cell (forehead 1) gave nothing, the verdict would be different people.",
        ),
        (
            False, ((3, 3), (3, 4)), ((3, 3),), "robust",
            "The evidence of 1 cell of 49 (nose 1) outweighs all that speaks against different people. "
            "If 2 cells (nose 2) were hidden, the verdict would be same person.",
        ),
        (
            False, ((3, 3),), (), "robust",
            "Nothing has to speak for different people, since nothing speaks against it. If 1 cell "
            "(nose 1) was hidden, the verdict would be same person.",
        ),
        (
            True, (), (), "additive",
            "Nothing has to speak for same person, since nothing speaks against it. No set of cells, "
            "giving nothing, would turn it to different people.",
        ),
        (
            True, (), (), "robust",
            "Nothing has to speak for same person, since nothing speaks against it. No set of cells, "
            "hidden, would turn it to different people.",
        ),
    ],
)  # fmt: skip
def test_deciding_cells_are_told_by_their_regions(
    same: bool, without: tuple, enough: tuple, law: HidingLaw, said: str
) -> None:
    assert cells_words(DecidingCells(same, without, enough, law), REGIONS) == said


def test_faithfulness_is_told_with_how_much_of_it_was_measured() -> None:
    real = np.array([0.1, 0.3, -0.2, 0.0, 0.5, -0.4, 0.2, 0.1])
    assert faithfulness_words(Faithfulness(real[:1], real[:1], 72)) == (
        "Faithfulness: not measured yet."
    )
    all_of_them = Faithfulness(real, -2 * real, 8)
    assert faithfulness_words(all_of_them) == (
        f"Faithfulness of this pair: {MINUS}1.00 (correlation over 8 patches)."
    )
    some = Faithfulness(real, real + np.array([0, 0, 0, 0, 0, 0, 0.3, 0]), 72)
    r = np.corrcoef(some.real, some.predicted)[0, 1]
    assert faithfulness_words(some) == (
        f"Faithfulness of this pair: {r:.2f} (correlation over 8 of 72 patches)."
    )


def answer(threshold: float | None, then: str, now: str, **more: object) -> SimpleNamespace:
    scores = SimpleNamespace(score=0.5), SimpleNamespace(score=0.3125)
    told: dict[str, object] = {"predicted_change": -0.25, "agreement": 0.857} | more
    return SimpleNamespace(
        before=scores[0], after=scores[1], real_change=-0.1875, question=Question(swapped=True),
        threshold=threshold, outcome_before=then, outcome_after=now, **told,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("threshold", "then", "now", "said"),
    [
        (None, "unknown", "unknown", ""),
        (0.4, "TP", "FN", ": now different people, TP to FN"),
        (0.4, "unknown", "unknown", ": now different people"),
        (0.2, "TP", "TP", ": still same person, TP"),
        (0.6, "TN", "TN", ": still different people, TN"),
        (0.3125, "FP", "TN", ": now different people, FP to TN"),  # at the threshold is not above
    ],
)
def test_a_change_is_told_with_what_it_makes_of_the_verdict(
    threshold: float | None, then: str, now: str, said: str
) -> None:
    told = change_words(answer(threshold, then, now))  # type: ignore[arg-type]
    assert told == (
        f"The score goes from 0.500 to 0.312 ({MINUS}0.188){said}. The explanation predicted "
        f"{MINUS}0.250; agreement 0.86."
    )
    alone = change_words(answer(threshold, then, now, agreement=None))  # type: ignore[arg-type]
    assert alone == f"The score goes from 0.500 to 0.312 ({MINUS}0.188){said}."


def test_what_rounds_to_nothing_has_no_minus_sign() -> None:
    told = change_words(answer(None, "TP", "TP", predicted_change=-0.0004))  # type: ignore[arg-type]
    assert told.endswith("The explanation predicted +0.000; agreement 0.86.")


@pytest.mark.parametrize(
    ("score", "threshold", "said"),
    [
        (-0.1234, None, f"score {MINUS}0.123, no threshold"),
        (0.5, 0.25, "score 0.500, threshold 0.250: same"),
        (-0.5, -0.25, f"score {MINUS}0.500, threshold {MINUS}0.250: different"),
        (0.25004, 0.25, "score 0.25004, threshold 0.25000: same"),
        (0.25, 0.25, "score 0.250, threshold 0.250: different"),
    ],
)
def test_a_decision_is_told_in_a_line(score: float, threshold: float | None, said: str) -> None:
    explanation = SimpleNamespace(score=score)
    assert decision_words(PairDecision(explanation, threshold)) == said  # type: ignore[arg-type]
