"""Likelihood ratios: those of lir, bounded, in words, with whole people held out."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("lir", reason="the extra evidence is not installed")

from core.analysis.evidence.curves import evidence_curves
from core.analysis.evidence.decision import _crossing, bayes_decision
from core.analysis.evidence.ratios import METHODS, Method, Strength, fit, hold_out
from core.analysis.evidence.reference import Reference, reference_of
from core.analysis.evidence.shipped import ratios_from, summary
from core.analysis.evidence.words import interval_words, shipped_words, strength_words, times
from core.cli import main
from core.errors import Stopped, XCosError
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.card import find_weights, read_card
from core.model.features import FaceFeatures
from core.progress import Task
from core.scoring.matrix import ScoreMatrix
from tests.living import make_crops
from tests.weights import scored


def reference(seed: int = 0, people: int = 12, apart: float = 0.4) -> Reference:
    """Two photos of each person would give these: one genuine pair each, impostors of all pairs."""
    rng = np.random.default_rng(seed)
    left, right = np.triu_indices(people, 1)
    own = np.arange(people)
    same = np.r_[np.ones(people * 3, bool), np.zeros(len(left), bool)]
    scores = rng.normal(np.where(same, 0.1 + apart, 0.1), 0.12).clip(-1, 1)
    return Reference(
        "people",
        scores,
        same,
        np.r_[np.tile(own, 3), left],
        np.r_[np.tile(own, 3), right],
    )


def directly(found: Reference, method: str, score: float) -> tuple[float, float, float]:
    """LR, floor and ceiling by lir alone."""
    from lir.algorithms.bayeserror import ELUBBounder
    from lir.algorithms.isotonic_regression import IsotonicCalibrator
    from lir.algorithms.kde import KDECalibrator
    from lir.algorithms.logistic_regression import LogitCalibrator
    from lir.data.models import LLRData

    made = {
        "logistic": LogitCalibrator(),
        "kde": KDECalibrator("silverman"),
        "isotonic": IsotonicCalibrator(),
    }[method]
    labels = found.same.astype(int)
    made.fit(found.scores, labels)
    bounder = ELUBBounder().fit(LLRData(features=made.transform(found.scores), labels=labels))
    value = bounder.transform(LLRData(features=made.transform(np.array([score])))).llrs[0]
    return float(value), float(bounder.lower_llr_bound), float(bounder.upper_llr_bound)


@pytest.mark.parametrize("method", METHODS)
def test_ratios_and_bounds_are_those_of_lir(method) -> None:
    found = reference()
    ratios = fit(found, method)
    for score in (-0.4, 0.1, 0.27, 0.3, 0.45, 0.9):
        value, floor, ceiling = directly(found, method, score)
        assert ratios.log10(np.array([score]))[0] == pytest.approx(value, abs=1e-9)
        assert (ratios.floor, ratios.ceiling) == pytest.approx((floor, ceiling), abs=1e-9)
        strength = ratios.strength(score)
        assert floor <= strength.interval[0] <= value <= strength.interval[1] <= ceiling
    assert (ratios.people, ratios.genuine, ratios.impostor) == (12, 36, 66)


def test_a_small_reference_never_claims_more_than_its_pairs_support() -> None:
    few, many = (fit(reference(people=n, apart=0.8)).strength(0.9) for n in (6, 60))
    assert few.log10_lr <= few.ceiling <= np.log10(16)  # 15 impostor pairs and one more
    assert many.ceiling > few.ceiling


def test_costs_are_of_people_that_the_fit_did_not_see() -> None:
    # Each person's genuine score is a constant of its own, so a fit that saw it would know it.
    found = reference(people=30)
    unseen = hold_out(found, "isotonic")
    assert unseen is not None
    # Five folds: every genuine pair once; of the impostor pairs those within a fold.
    assert unseen.same.sum() == found.genuine
    assert (~unseen.same).sum() == 5 * 6 * 5 / 2
    ratios = fit(found, "isotonic")
    assert ratios.cllr is not None and ratios.cllr_min is not None
    assert 0 < ratios.cllr_min <= ratios.cllr
    assert fit(reference(people=3)).cllr is None


@given(st.floats(-0.2, 0.8), st.floats(-0.2, 0.8))
def test_a_higher_score_is_never_weaker_evidence(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for ratios in RATIOS:
        assert ratios.log10(np.array([low]))[0] <= ratios.log10(np.array([high]))[0]


RATIOS = [fit(reference(people=60), method) for method in ("logistic", "isotonic")]


def test_bayes_threshold_is_where_the_expected_costs_meet() -> None:
    ratios = RATIOS[0]
    for prior, cost in ((0.5, 1), (0.3, 2), (0.6, 0.5)):
        threshold = bayes_decision(ratios, prior, cost).threshold
        assert threshold is not None
        lr = 10 ** ratios.log10(np.array([threshold]))[0]
        posterior = prior * lr / (prior * lr + 1 - prior)
        assert posterior == pytest.approx(cost * (1 - posterior), rel=1e-6)
    never, always = bayes_decision(ratios, 1e-6, 100), bayes_decision(ratios, 1 - 1e-6)
    assert never.threshold is None and "call no pair the same" in never.words
    assert always.threshold is None and "call every pair the same" in always.words
    for needed, ends in ((never.log10_needed, 1.0), (always.log10_needed, -1.0)):
        assert _crossing(ratios, needed) == ends
    with pytest.raises(XCosError, match="between 0 and 1"):
        bayes_decision(ratios, 1.0)
    with pytest.raises(XCosError, match="above 0"):
        bayes_decision(ratios, 0.5, 0)


def test_words_carry_the_number_and_the_ceiling() -> None:
    def said(value: float) -> str:
        return strength_words(Strength(0.4, value, (value, value), -2.0, 2.4771))

    assert said(1.602) == (
        "40 times likelier if same person; this reference can support at most 300."
    )
    assert said(-1.3979) == (
        "25 times likelier if different people; this reference can support at most 100."
    )
    nothing = "This reference supports no evidence for {}: its scores tell it too little."
    for bounds in ((0.0, 2.0), (-2.0, 0.0), (0.3, -0.3)):
        low, high = (strength_words(Strength(0.4, v, (v, v), *bounds)) for v in (-0.01, 0.01))
        assert (low == nothing.format("different people")) == (bounds[0] >= 0)
        assert (high == nothing.format("same person")) == (bounds[1] <= 0)
    assert [times(v) for v in (0.0, 0.114, 1, 3.4, -0.002, -0.02, -0.022, -0.114, -1.6021)] == [
        "1.0", "1.3", "10", "2,500", "1.0", "1.0", "1/1.1", "1/1.3", "1/40"
    ]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_many_scores_are_sorted_as_their_ratios_are(method: Method) -> None:
    ratios = fit(reference(), method)
    scores = np.random.default_rng(3).uniform(-1, 1, 300)
    keys, wanted = ratios.sort_keys(scores), ratios.log10(scores)
    near = 2.5e-3 if method == "kde" else 1e-12
    assert keys == pytest.approx(wanted, abs=near)
    apart = wanted[:, None] - wanted > 2 * near
    assert apart.sum() > 10_000 and (keys[:, None] > keys)[apart].all()
    assert len(ratios.log10(np.zeros(0))) == len(ratios.sort_keys(np.zeros(0))) == 0


def test_a_fit_is_stopped_within_its_slowest_part() -> None:
    """Kernel densities are asked for 50 scores at a time, and between those it can be stopped."""
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    found = reference(people=30)
    assert len(found.scores) > 150
    with pytest.raises(Stopped):
        fit(found, "kde", Task(stopped=stopped))
    assert asked == 3


def test_shipped_figures_give_the_same_ratios() -> None:
    ratios = fit(reference())
    again = ratios_from(json.loads(json.dumps(summary(ratios))))
    scores = np.linspace(-1, 1, 50)
    assert again.log10(scores) == pytest.approx(ratios.log10(scores), abs=1e-9)
    assert (again.cllr, again.people) == (ratios.cllr, ratios.people)
    for kept, fitted in ((again.low, ratios.low), (again.high, ratios.high)):
        assert np.abs(kept - fitted).max() <= 5e-5
        assert np.abs(fitted.round(3) - fitted).max() > 5e-5  # so that fewer digits would show
    assert not any(isinstance(v, list) and len(v) > 101 for v in summary(ratios).values())


def test_a_pair_is_told_what_it_is_worth_by_the_reference_that_ships() -> None:
    card = read_card(find_weights(None))
    said = shipped_words(card, "learned", "both", 0.5)
    if said is None:
        pytest.skip("no reference ships with the default weights")
    assert said.startswith("As evidence: ") and "times likelier if same person" in said
    assert "this reference can support at most" in said and said.endswith(".")
    assert shipped_words(card, "learned", "left-right", 0.5) is None
    assert shipped_words(replace(card, fingerprint="other"), "learned", "both", 0.5) is None


def test_curves_end_where_all_pairs_and_none_are() -> None:
    held_out = fit(reference(people=40)).held_out
    assert held_out is not None
    curves = evidence_curves(held_out)
    _, genuine, impostor = curves.tippett
    assert genuine[0] == impostor[0] == 1
    assert genuine[100] > impostor[100]
    middle = len(curves.ece[0]) // 2  # even odds: no evidence is one bit
    assert curves.ece[3][middle] == pytest.approx(1)
    assert curves.ece[2][middle] <= curves.ece[1][middle] < 1


def gallery(codes: list[int], score: float | None = None) -> object:
    rng = np.random.default_rng(0)
    scores = (
        rng.uniform(-1, 1, (len(codes),) * 2)
        if score is None
        else score * np.ones((len(codes),) * 2)
    )
    faces = tuple(Face(f"{k}.png", 1, f"p{c}", None, f"d{k}") for k, c in enumerate(codes))
    loaded = LoadedGallery(
        Gallery(Path("g"), Path("g"), faces),
        FaceFeatures(np.zeros((len(codes), 32, 7, 7), np.float32)),
    )
    own = np.array(codes, np.int32)
    return scored(ScoreMatrix(scores.astype(np.float32), True, own, own, "uniform", "both"), loaded)


def test_people_are_held_out_by_name_and_bad_references_are_told() -> None:
    found = reference_of(gallery([0, 0, 1, 1, 2, 2]), 100, {"p1", "stranger"})
    assert found.left_out == ("p1",) and set(found.left) | set(found.right) == {0, 2}
    assert (found.genuine, found.impostor) == (2, 4)
    assert found.words == "Held out of the reference g, since the pair may show them: p1."
    for codes, score, out, said in (
        ([0, 0, 0], None, (), "no pair of two people"),
        ([0, 1, 2], None, (), "no pair of one person"),
        ([0, 0, 1, 1], 0.5, (), "All scores of the reference g are equal"),
        ([0, 0, 1, 1], None, ("p0",), "too few people beside those of the pair"),
    ):
        with pytest.raises(XCosError, match=said):
            fit(reference_of(gallery(codes, score), 100, out))


@pytest.fixture
def lr(tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    people = make_crops(tmp_path / "people", {"ann": 3, "bob": 3, "cem": 3, "dan": 3, "eve": 3})

    def run(*more: str) -> tuple[int, str, str]:
        common = ["--aligned", "--model", str(tiny_weights), "--device", "cpu"]
        photos = [str(people / "ann" / "1.png"), str(people / "bob" / "1.png")]
        code = main(["lr", *photos, *common, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    run.people = people
    return run


def test_command_prints_the_pair_and_holds_its_people_out(lr, tmp_path: Path) -> None:
    picture = tmp_path / "curves.svg"
    known = ("--reference", str(lr.people))
    code, _, err = lr(*known, "-o", str(picture))
    assert code == 1 and "too few people to hold any out" in err  # three are left
    code, out, err = lr(*known, "--json", "--prior", "0.5")
    said = json.loads(out)
    assert code == 0 and said["left_out"] == ["ann", "bob"] and "ann, bob" in err
    assert said["reference"]["people"] == 3
    assert (said["reference"]["genuine"], said["reference"]["impostor"]) == (9, 27)
    assert said["floor"] <= said["interval"][0] <= said["log10_lr"] <= said["interval"][1]
    assert said["interval"][1] <= said["ceiling"] and said["method"] == "logistic"
    assert said["cllr"] is None and said["cllr_min"] is None
    assert said["decision"]["threshold"] is None or -1 <= said["decision"]["threshold"] <= 1
    make_crops(tmp_path / "others", {"fay": 3, "gil": 3, "hal": 3, "ida": 3, "jon": 3, "kim": 3})
    code, out, err = lr("--reference", str(tmp_path / "others"), "-o", str(picture))
    assert code == 0, err
    assert picture.read_bytes().startswith(b"<?xml") and "this reference can support" in out
    assert "Cllr" in out and "held out" not in err.lower()


def test_command_tells_what_is_wrong_in_a_sentence(lr, tmp_path: Path) -> None:
    make_crops(tmp_path / "two", {"fay": 1, "gil": 1})
    make_crops(tmp_path / "one", {"fay": 1})
    for more, said in (
        (("--reference", str(tmp_path / "two")), "has no pair of one person"),
        (("--reference", str(tmp_path / "one")), "gives no pair of faces"),
        (("--cost", "2"), "give --prior too"),
        (("--reference", str(lr.people), "--prior", "0.5", "--cost", "0"), "above 0, not 0"),
        (("--method", "kde"), "name a gallery with --reference"),
        (("-o", "a.png"), "without curves"),
        ((), "No reference ships with tiny"),
        (("--reference", str(lr.people / "nobody")), "does not exist"),
        (("--reference", str(lr.people / "cem")), "no pair of one person"),
    ):
        code, _, err = lr(*more)
        assert code == 1 and said in err and "Traceback" not in err


def test_a_photo_that_is_not_there_is_called_a_photo(
    tiny_weights: Path, tmp_path: Path, capsys
) -> None:
    for command in ("lr", "explain"):
        gone = tmp_path / "gone.png"
        assert (
            main([command, str(gone), "b.png", "--model", str(tiny_weights), "--device", "cpu"])
            == 1
        )
        err = capsys.readouterr().err
        assert f"The photo {gone} does not exist; look at its spelling and folder." in err


def test_a_score_at_the_bound_in_every_draw_is_not_laid_to_too_few_people() -> None:
    at_bound = Strength(0.99, 3.4, (3.4, 3.4), -2.5, 3.4)
    assert "bound is reached: 2,500" in interval_words(at_bound)
    few = Strength(0.3, 0.5, (0.5, 0.5), -1.0, 1.0)
    assert "too few people" in interval_words(few)
    assert interval_words(Strength(0.3, 1.0, (0.5, 1.5), -2.0, 2.0)).endswith(": 3.2 to 32")
