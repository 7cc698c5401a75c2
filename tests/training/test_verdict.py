"""The verdict on a run: its figures against slow ones, what it concludes, and how it is kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import XCosError
from core.model.verifier import Verifier
from core.training.drawn_people import differences, measured
from core.training.held_out import HeldOutFaces, pairs_of
from core.training.judging import Judged, _conclusion, _sentence, judge
from core.training.verdict import (
    ChangedPair,
    Difference,
    Figure,
    Figures,
    HeldOut,
    Verdict,
    read_verdict,
)


def faces_of(people: int, photos: int) -> HeldOutFaces:
    codes = np.repeat(np.arange(people), photos)
    count = len(codes)
    return HeldOutFaces(
        np.zeros((count, 112, 112, 3), np.uint8),
        codes,
        (Path("a.png"),) * count,
        ("",) * count,
        *pairs_of(codes, 0),
    )


def scores_of(faces: HeldOutFaces, apart: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=len(faces.same))
    return noise + apart * faces.same


def test_figures_against_counting_pair_by_pair() -> None:
    faces = faces_of(8, 4)
    scores = np.round(scores_of(faces, 1.5), 1)  # with ties
    figures, _ = measured(faces, {"learned": scores}, draws=20)
    found = figures["learned"]
    genuine, impostor = scores[faces.same], scores[~faces.same]
    wins = (genuine[:, None] > impostor).mean() + (genuine[:, None] == impostor).mean() / 2
    assert found.auc.value == pytest.approx(wins)
    best = max(
        ((genuine > t).mean() + (impostor <= t).mean()) / 2 for t in np.unique(scores) + 1e-6
    )
    assert found.accuracy.value == pytest.approx(best)
    wanted = max((genuine > t).mean() for t in np.unique(scores) if (impostor > t).mean() <= 0.01)
    assert found.tar_at_far["0.01"].value == pytest.approx(wanted)
    assert found.tar_at_far["0.001"].value is None  # of 448 impostor pairs none can be told
    assert found.auc.low is not None and found.auc.high is not None
    assert found.auc.low < wins < found.auc.high


def test_every_kind_is_judged_by_its_own_scores(tiny_weights: Path) -> None:
    rng = np.random.default_rng(0)
    looks = rng.integers(0, 256, (6, 1, 7, 7, 3)) + rng.normal(0, 100, (6, 3, 7, 7, 3))
    small = looks.reshape(18, 7, 7, 3).clip(0, 255).astype(np.uint8)
    faces = replace(faces_of(6, 3), crops=small.repeat(16, axis=1).repeat(16, axis=2))
    verdict = judge(faces, Judged(), tiny_weights, "cpu")
    features = Verifier(tiny_weights, "cpu").features(faces.crops)
    left, right = faces.left, faces.right
    cells = features.grid / np.linalg.norm(features.grid, axis=1, keepdims=True)
    of_kind = {
        "uniform": (cells[left] * cells[right]).sum(axis=1).mean(axis=(1, 2)),
        "fc": [
            features.embedding[i] @ features.embedding[j] for i, j in zip(left, right, strict=True)
        ],
    }
    found = []
    for kind, scores in of_kind.items():
        genuine, impostor = np.array(scores)[faces.same], np.array(scores)[~faces.same]
        auc = (genuine[:, None] > impostor).mean()
        assert verdict.kinds[kind].auc.value == pytest.approx(auc, abs=1e-9), kind
        found.append(auc)
    assert found[0] != found[1] and 0.3 < min(found) < max(found) < 1


def test_the_same_scores_differ_by_nothing_and_better_ones_by_something() -> None:
    faces = faces_of(12, 4)
    worse, better = scores_of(faces, 1.0), scores_of(faces, 2.5)
    _, tables = measured(faces, {"a": worse, "b": worse.copy(), "c": better}, draws=100)
    impostors = faces.counts[2]
    nothing = differences(tables["a"], tables["b"], impostors)
    assert all(change == Difference(0.0, None, None) for change in nothing.values())
    gain = differences(tables["a"], tables["c"], impostors)
    assert gain["auc"].is_up and gain["auc"].beyond_chance
    assert "TAR at FAR 0.001" not in gain and "TAR at FAR 0.01" in gain


FINE = HeldOut(12, 72, 1056)
FIGURES = Figures(Figure(0.9, 0.85, 0.95), Figure(0.95, 0.9, 0.99), {"0.01": Figure(0.5, 0.4, 0.6)})
UP, DOWN, ROUGHLY = (
    Difference(0.03, 0.01, 0.05),
    Difference(-0.03, -0.05, -0.01),
    Difference(0.01, -0.02, 0.03),
)


@pytest.mark.parametrize(
    ("accuracy", "auc", "conclusion", "said"),
    [
        (UP, ROUGHLY, "better", "Better on people it has not seen"),
        (ROUGHLY, UP, "better", "AUC"),
        (ROUGHLY, ROUGHLY, "no difference", "No difference that these 12 people could show"),
        (UP, DOWN, "no difference", "No difference"),
        (DOWN, ROUGHLY, "worse", "Worse: it learned the photos"),
    ],
)
def test_conclusions(accuracy: Difference, auc: Difference, conclusion: str, said: str) -> None:
    changes = {"accuracy": accuracy, "auc": auc}
    found = _conclusion(FINE, changes)
    assert found == conclusion
    assert said in _sentence(found, FINE, changes, (FIGURES, FIGURES), False)
    plugged_in = _sentence(found, FINE, changes, (FIGURES, FIGURES), True)
    assert "the model alone" in plugged_in


def test_pairs_that_all_draws_judge_alike_have_no_interval() -> None:
    faces = faces_of(6, 5)
    perfect = 2.0 * faces.same + np.random.default_rng(0).random(len(faces.same))
    figures, tables = measured(faces, {"a": perfect, "b": perfect - 1}, draws=50)
    assert figures["a"].accuracy == Figure(1.0, None, None)
    changes = differences(tables["a"], tables["b"], faces.counts[2])
    assert changes["accuracy"] == Difference(0.0, None, None)
    people = HeldOut(*faces.counts)
    assert _conclusion(people, changes) == "no difference"
    sentence = _sentence("no difference", people, changes, (figures["a"], figures["b"]), False)
    assert "(+0.0 points, too few people for an interval)" in sentence
    alone = _sentence("alone", people, {}, (None, figures["a"]), False)
    assert "Accuracy 100.0 %" in alone and "(too few people for an interval)" in alone


@pytest.mark.parametrize(
    ("low", "high", "beyond"),
    [
        (0.01, 0.2, True),
        (-0.2, -0.01, True),
        (-0.1, 0.1, False),
        (0.0, 0.1, False),
        (-0.1, 0.0, False),
    ],
)
def test_an_interval_that_touches_0_is_chance(low: float, high: float, beyond: bool) -> None:
    assert Difference((low + high) / 2, low, high).beyond_chance is beyond


def test_of_few_people_nothing_is_concluded() -> None:
    few = HeldOut(2, 60, 400, "2 people were held out")
    assert _conclusion(few, {"accuracy": UP, "auc": UP}) == "too few"
    sentence = _sentence("too few", few, {}, (None, FIGURES), False)
    assert sentence.startswith("Nothing can be told from so few")


def test_a_verdict_is_read_as_it_was_written(tmp_path: Path) -> None:
    pair = ChangedPair(Path("a/1.png"), Path("b/2.png"), "a/1.png", "", False, 0.5, 0.1, True)
    verdict = Verdict(
        "better",
        "Better.",
        FINE,
        FIGURES,
        FIGURES,
        {"learned": FIGURES},
        {"accuracy": UP},
        (pair,),
        tmp_path / "old.safetensors",
        tmp_path / "new.safetensors",
        12.5,
    )
    assert read_verdict(tmp_path) is None
    verdict.write(tmp_path)
    assert read_verdict(tmp_path) == verdict
    assert pair.outcomes == ("FP", "TN")
    (tmp_path / "verdict.json").write_text("{}")
    with pytest.raises(XCosError, match="cannot be read"):
        read_verdict(tmp_path)
