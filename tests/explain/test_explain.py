"""An explanation's numbers add up, its words follow from them, and its files say the same."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import XCosError
from core.explain.colours import around, map_rgba, overlay_rgba, table
from core.explain.explanation import PairExplanation
from core.explain.figure import pair_figure
from core.explain.output import PAIR_SUFFIXES, write_pair
from core.explain.page import to_html
from core.explain.report import PairReport, as_dict, cell_rows, to_csv
from core.explain.words import region_evidence, verdict
from core.faces.align import TEMPLATE
from core.faces.regions import REGIONS, face_regions

KEYS = {
    "left", "right", "model", "attention", "order", "score", "threshold", "verdict", "target_cosine",
    "fc_cosine", "cosine", "attention_map", "contribution", "evidence", "words",
}  # fmt: skip


def random_pair(seed: int, raw: bool = False) -> PairExplanation:
    rng = np.random.default_rng(seed)
    attention = rng.random((7, 7)) - (0.2 if raw else 0)
    if not raw:
        attention /= attention.sum()
    kind = "correlation" if raw else "learned"
    cosine = rng.uniform(-1, 1, (7, 7))
    return PairExplanation("a.jpg", "b.jpg", "tiny", kind, "both", cosine, attention)  # type: ignore[arg-type]


def report_of(pair: PairExplanation, threshold: float | None = 0.2) -> PairReport:
    crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3)).astype(np.uint8)
    return PairReport(pair, threshold, crops[0], crops[1], face_regions(TEMPLATE))


@given(st.integers(0, 10**6), st.floats(-1, 1), st.booleans())
def test_cells_add_up(seed: int, threshold: float, raw: bool) -> None:
    pair = random_pair(seed, raw)
    report = report_of(pair, threshold)
    assert abs(pair.contribution.sum() - pair.score) < 1e-12
    assert report.evidence is not None
    assert abs(report.evidence.sum() - (pair.score - threshold)) < 1e-9
    assert report.same == (pair.score > threshold)
    sums = region_evidence(pair, threshold, face_regions(TEMPLATE))
    assert abs(sum(sums.values()) - (pair.score - threshold)) < 1e-9
    rows = cell_rows(report)
    assert len(rows) == 49
    assert abs(rows[-1]["running_sum"] - pair.score) < 1e-12


def test_regions_of_the_template() -> None:
    regions = face_regions(TEMPLATE)
    assert regions[3, 2] == "left eye" and regions[3, 4] == "right eye"
    assert regions[4, 3] == "nose" and regions[5, 3] == "mouth" and regions[6, 3] == "chin"
    assert regions[1, 3] == "forehead" and regions[4, 1] == "left cheek"
    assert regions[3, 0] == "outside the face" == regions[3, 6]
    assert set(np.unique(regions)) == set(REGIONS)


def test_words_name_what_decided() -> None:
    attention = np.full((7, 7), 1 / 49)
    cosine = np.zeros((7, 7))
    regions = face_regions(TEMPLATE)
    cosine[regions == "mouth"] = 1.0
    cosine[regions == "chin"] = -1.0
    pair = PairExplanation("a", "b", "tiny", "uniform", "both", cosine, attention)
    mouth, chin = (regions == "mouth").sum(), (regions == "chin").sum()
    score = (mouth - chin) / 49
    text = verdict(pair, -0.5, regions)
    assert text is not None
    assert text.startswith(f"Same person: the score {score:.3f} is above the threshold -0.500")
    assert "uniform attention, tiny" in text
    assert f"the chin (\N{MINUS SIGN}{0.5 * chin / 49:.3f})" in text
    assert "Most towards different: the chin" in text
    text = verdict(pair, 0.9, regions)
    assert text is not None and text.startswith("Different people") and "not above" in text
    assert f"the mouth (+{0.1 * mouth / 49:.3f})" in text
    text = verdict(pair, pair.score, regions)  # same means above the threshold
    assert text is not None and text.startswith("Different people") and "not above" in text


def test_no_threshold_no_verdict() -> None:
    said = as_dict(report_of(random_pair(0), None))
    assert set(said) >= KEYS
    assert [said[key] for key in ("threshold", "verdict", "evidence", "words")] == [None] * 4
    assert said["score"] == pytest.approx(random_pair(0).score)


def test_colours() -> None:
    diverging = table("diverging")
    white = map_rgba("cosine", np.full((7, 7), 0.3), threshold=0.3, limit=1)
    assert (white[..., :3] == 255).all() and (white[..., 3] == 255).all()
    alike = map_rgba("cosine", np.ones((7, 7)), threshold=0.3, limit=1)[0, 0]
    apart = map_rgba("cosine", -np.ones((7, 7)), threshold=0.3, limit=1)[0, 0]
    assert alike[2] > alike[0] and apart[0] > apart[2]  # blue similar, red dissimilar
    assert (alike[:3] == diverging[255]).all() and (apart[:3] == diverging[0]).all()
    assert (map_rgba("evidence", np.zeros((7, 7)), limit=0.1)[..., :3] == 255).all()
    clear = overlay_rgba(np.full((2, 2), np.nan), diverging, -1, 1)
    assert (clear[..., 3] == 0).all()
    low, high = overlay_rgba(np.array([[-5.0, 5.0]]), diverging, -1, 1, 0.5)[0]
    assert (low[:3] == diverging[0]).all() and (high[:3] == diverging[255]).all() and high[3] == 128


@given(st.floats(-0.9, 0.9), st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_around_keeps_order_and_sign(centre: float, values: list[float]) -> None:
    ordered = np.sort(np.array(values))
    mapped = around(ordered, centre)
    assert (np.diff(mapped) >= 0).all() and np.abs(mapped).max() <= 1
    assert (np.sign(mapped) == np.sign(ordered - centre)).all()


@pytest.mark.parametrize("suffix", PAIR_SUFFIXES)
def test_files(tmp_path: Path, suffix: str) -> None:
    report = report_of(random_pair(1))
    path = tmp_path / f"pair{suffix}"
    write_pair(path, report)
    content = path.read_bytes()
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".html": b"<!doctype html>"}
    assert content.startswith(starts.get(suffix, b""))
    if suffix == ".png":
        assert Image.open(path).width > 1000
    if suffix == ".html":
        page = content.decode()
        assert page.count("<svg") == 1 and "<?xml" not in page and "<!DOCTYPE" not in page
    if suffix == ".json":
        assert json.loads(content)["score"] == pytest.approx(report.explanation.score, abs=1e-12)
    if suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        assert float(rows[-1]["running_sum"]) == pytest.approx(report.explanation.score, abs=1e-12)
    assert not list(tmp_path.glob("*.part"))


def test_the_figure_has_faces_at_the_left_and_each_map_in_its_place() -> None:
    report = report_of(random_pair(1))
    figure = pair_figure(report)
    found, limit = report.explanation, 1.0
    evidence = report.evidence
    assert evidence is not None
    limit = max(float(np.abs(m).max()) for m in (found.contribution, evidence))
    wanted = [
        ("left: ", report.left_crop), ("cosine map S", map_rgba("cosine", found.cosine, threshold=report.threshold, limit=1)),
        ("contribution W·S", map_rgba("contribution", found.contribution, limit=limit)),
        ("right: ", report.right_crop), ("attention map W", map_rgba("attention", found.attention, limit=float(found.attention.max()))),
        ("evidence", map_rgba("evidence", evidence, limit=limit)),
    ]  # fmt: skip
    places = [axes for axes in figure.axes if axes.get_images()][:6]
    for axes, (title, picture) in zip(places, wanted, strict=True):
        assert axes.get_title().startswith(title)
        np.testing.assert_array_equal(axes.get_images()[0].get_array(), picture)
        assert len(axes.get_images()) == 1


def test_html_escapes_names() -> None:
    pair = random_pair(1)
    evil = PairExplanation("<b>.jpg", "&.jpg", "m", "learned", "both", pair.cosine, pair.attention)
    page = to_html(report_of(evil))
    assert "<b>.jpg" not in page and "&lt;b&gt;.jpg" in page
    assert to_csv(report_of(evil)).count("\n") == 50


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(XCosError, match="cannot be written"):
        write_pair(tmp_path / "gone" / "pair.json", report_of(random_pair(0)))
    with pytest.raises(XCosError, match="must end in"):
        write_pair(tmp_path / "pair.docx", report_of(random_pair(0)))


def test_judgement_says_whether_the_model_is_right() -> None:
    from core.explain.words import judgement

    assert judgement(True, "ann", "bob") == (
        "False accept",
        "Wrong: the model says same person; the faces are ann and bob.",
    )
    assert judgement(False, "ann", "ann")[0] == "False reject"
    assert judgement(True, "ann", "ann")[1].startswith("Right: ")
    assert judgement(False, "ann", "bob")[0] == "True reject"
    assert judgement(True, None, "bob")[0] == "Same person"
    assert judgement(None, "ann", "bob")[0] == "No decision"
