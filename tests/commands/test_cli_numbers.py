"""Numbers in sentences: one is one, and what rounds to nothing has no sign."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.bootstrap import Interval
from core.analysis.covering import TreatedPairs, moved_words
from core.analysis.persons import WhyNotSecond
from core.analysis.readers.agreement import Fusion, Readers, readers_words
from core.analysis.threshold_fit import label_free
from core.analysis.two_models import Scatter
from core.errors import XCosError
from core.scoring.lists import PairList
from core.scoring.matrix import CODE, ScoreMatrix
from core.training.held_out import lacking
from tests.commands.conftest import Ask
from tests.living import make_crops

NOTHING = -1e-9
SIGNED = re.compile(r"[-\N{MINUS SIGN}]0\.0+(?!\d)")


def pairs(count: int) -> PairList:
    places = np.arange(count)
    return PairList(places, places + 1, np.full(count, 0.5, np.float32))


def test_where_nothing_differs_no_difference_has_a_sign() -> None:
    for figure in (-0.0, 0.0):
        interval = Interval("FAR", figure, -0.0, 0.0, 3)
        assert interval.words == (
            "FAR, A less B: +0.00 points, 95 % interval +0.00 to +0.00: may be chance, since 0 is "
            "inside."
        )
    some = Interval("FAR", -0.25, -0.5, NOTHING, 3)
    assert "\N{MINUS SIGN}25.00 points, 95 % interval \N{MINUS SIGN}50.00 to +0.00" in some.words


@pytest.mark.parametrize(
    ("changed", "of", "told"),
    [
        (0, 1, "0 of 1 pair changes side. The mean score changes by +0.000."),
        (1, 1, "1 of 1 pair changes side: 1 TN to FP. The mean score changes by +0.000."),
        (1, 2, "1 of 2 pairs change side: 1 TN to FP. The mean score changes by +0.000."),
    ],
)
def test_how_pairs_moved_is_told_of_one_and_of_several(changed: int, of: int, told: str) -> None:
    before = np.full(of, CODE["TN"])
    after = before.copy()
    after[:changed] = CODE["FP"]
    scores = pairs(of).scores.astype(np.float64) - 1e-6
    scores[:changed] += 2e-6  # from the threshold to above it
    assert moved_words(TreatedPairs(pairs(of), scores, before, after, 0.5)) == told


def test_how_many_pairs_are_drawn_is_told_of_one_and_of_several() -> None:
    drawn = Scatter(pairs(2), np.zeros(2), np.array([True, False]), 1, 3)
    assert drawn.words == "Drawn are 1 of 1 genuine pair and 1 of 3 others, taken at random."
    drawn = replace(drawn, of_genuine=1234, of_other=1)
    assert drawn.words == "Drawn are 1 of 1,234 genuine pairs and 1 of 1 other, taken at random."


def test_one_face_and_one_person_are_too_few() -> None:
    one = ScoreMatrix(
        np.ones((1, 1), np.float32), True, np.zeros(1), np.zeros(1), "uniform", "both"
    )
    with pytest.raises(XCosError, match=r"^1 face is too few to tell a rate without labels; open"):
        label_free(one, 0.3)
    assert lacking(1, 3, 0).startswith(
        "1 person was held out, with 3 genuine and 0 impostor pairs,"
    )
    assert lacking(2, 1, 1).startswith(
        "2 people were held out, with 1 genuine and 1 impostor pair,"
    )


def test_readers_who_add_nothing_take_nothing_away() -> None:
    fusion = Fusion(20, 0.9, 0.8, 0.9 + NOTHING)
    words = readers_words(Readers((), (("a", "b", NOTHING, 1),), NOTHING, fusion, 0))
    assert words[0] == "a and b: weighted kappa 0.000 over 1 pair."
    assert words[1].endswith(": 0.000.") and words[2].endswith("the readers add +0.000.")


def test_cells_that_round_to_nothing_have_no_sign(
    ask_for: Ask, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = WhyNotSecond("ann", "bob", np.full((7, 7), NOTHING), NOTHING)
    monkeypatch.setattr("core.commands.identify.why_not_second", lambda *_: why)
    said = ask_for("identify", crops, "--why", "ann/1.png")
    *_, head = said.out.splitlines()[:-7]
    assert head == "ann and not bob: +0.0000, by cells:"
    assert said.out.splitlines()[-7:] == [" ".join(["+0.0000"] * 7)] * 7
    row = {"row": 1, "column": 1, "region": "nose", "attention": 0.02}
    row |= dict.fromkeys(("cosine", "contribution", "running_sum"), NOTHING)
    monkeypatch.setattr("core.commands.explain.cell_rows", lambda _: [row])
    said = ask_for("explain", crops / "ann/1.png", crops / "bob/1.png")
    assert "nose" in said.out and not SIGNED.search(said.out.partition("running sum")[2])


@pytest.fixture
def bob(crops: Path) -> Path:
    """A gallery of two photos of one person."""
    for name in ("ann", "cem"):
        shutil.rmtree(crops / name)
    return crops


def test_a_fragile_pair_is_one(ask_for: Ask, bob: Path) -> None:
    """Its own score is about the threshold, which any move crosses."""
    score = float(ask_for("score", bob).out.splitlines()[1].split(",")[-2])
    for threshold, outcome in ((score - 1e-5, "TP"), (score + 1e-5, "FN")):
        said = ask_for("fragile", bob, f"--threshold={threshold}")
        assert said.warnings == [f"1 fragile pair: {outcome} 1 of 1"]


def test_a_report_counts_one_person_and_one_photo(ask_for: Ask, bob: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    assert ask_for("report", bob, "-o", page).code == 0
    assert "<p>2 faces of 1 known person. Shown are " in page.read_text()
    (bob / "broken.png").write_bytes(b"no picture")
    make_crops(bob, {"ann": 1})
    assert ask_for("report", bob, "-o", page).code == 0
    assert "<p>3 faces of 2 known people, 1 photo gave none. Shown are " in page.read_text()
