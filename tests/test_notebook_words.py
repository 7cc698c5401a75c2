"""What a notebook's objects say of themselves, and what they refuse."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.card import ModelCard
from core.model.weights import save_weights
from core.notebook.objects import Gallery, Matrix, explain_pair, load_model, open_gallery
from tests.living import living_weights

NO_THRESHOLD = "These weights have no threshold; give one to matrix()."


@pytest.fixture
def gallery(crops: Path, tiny_weights: Path, tmp_path: Path) -> Gallery:
    model = load_model(tiny_weights, device="cpu")
    return open_gallery(crops, model, aligned=True, cache=tmp_path / "kept" / "c.sqlite")


@pytest.fixture
def matrix(gallery: Gallery) -> Matrix:
    return gallery.matrix()


@pytest.fixture
def bare(crops: Path, tmp_path: Path) -> Matrix:
    """The same of weights without thresholds."""
    weights = living_weights(tmp_path / "bare.safetensors", "bare", thresholds={})
    model = load_model(weights, device="cpu")
    return open_gallery(crops, model, aligned=True, cache=tmp_path / "c.sqlite").matrix()


def test_a_model_tells_its_thresholds(gallery: Gallery, bare: Matrix) -> None:
    assert repr(gallery.model) == (
        "Model('tiny', thresholds: learned 0.4600, uniform 0.4400, correlation 0.4200, fc 0.3000)"
    )
    assert repr(bare.gallery.model) == "Model('bare', thresholds: none)"


def test_a_pair_tells_its_faces_and_score(gallery: Gallery) -> None:
    pair = gallery.explain("ann/1.png", "bob/2.png")
    assert repr(pair) == (
        f"Pair('ann/1.png', 'bob/2.png': score {pair.score:.3f}, threshold 0.460, "
        "learned attention, order both, tiny)"
    )


def test_a_target_is_no_model_to_load(tmp_path: Path) -> None:
    path, net = tmp_path / "face.safetensors", build_backbone("mobilefacenet-foamliu")
    save_weights(path, net, ModelCard("face", path, "", "target", "mobilefacenet-foamliu"))
    with pytest.raises(XCosError) as raised:
        load_model(path, device="cpu")
    assert str(raised.value) == (
        f"{path} is a target model without grid features; give it as target."
    )


@pytest.mark.parametrize("bad_side", [0, 1])
def test_a_photo_without_a_face_is_told_whichever_side(
    gallery: Gallery, crops: Path, tmp_path: Path, bad_side: int
) -> None:
    bad, good = tmp_path / "bad.png", crops / "ann" / "1.png"
    bad.write_bytes(b"no picture")
    left, right = (bad, good) if bad_side == 0 else (good, bad)
    with pytest.raises(XCosError) as raised:
        explain_pair(left, right, gallery.model, aligned=True, cache=tmp_path / "c.sqlite")
    assert str(raised.value) == (
        f"{tmp_path}/bad.png is not an image that can be read; replace it or take it out."
    )


def test_what_needs_a_threshold_asks_for_one(bare: Matrix) -> None:
    asked: tuple[Callable[[], object], ...] = (
        lambda: bare.counts,
        bare.arranged,
        bare.slices,
        bare.threshold_fit,
        lambda: bare.by_condition("sharpness"),
    )
    for ask in asked:
        with pytest.raises(XCosError) as raised:
            ask()
        assert str(raised.value) == NO_THRESHOLD
    assert "no threshold" in bare._repr_html_()


def test_people_by_people_are_summed_up(matrix: Matrix) -> None:
    pytest.importorskip("pandas", reason="the package pandas is not installed")
    frame = matrix.arranged("people").frame()
    people = np.array(["ann"] * 3 + ["bob"] * 2 + ["cem"])
    assert len(frame) == 8  # cem has one photo: no pair with himself
    for cell in frame.itertuples():
        rows, columns = np.flatnonzero(people == cell.row), np.flatnonzero(people == cell.column)
        values = [float(matrix.scores[i, j]) for i in rows for j in columns if i != j]
        same = cell.row == cell.column
        assert cell.pairs == len(values) // (2 if same else 1)
        assert cell.mean == pytest.approx(np.mean(values), abs=1e-5)
        assert cell.worst == pytest.approx(min(values) if same else max(values), abs=1e-6)
        wrong = sum((value > 0.46) != same for value in values) // (2 if same else 1)
        assert cell.errors == wrong
    with pytest.raises(XCosError, match=r"^Cells are pairs here; Matrix\.frame\(\) has a row for"):
        matrix.arranged().frame()


def shown(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


def test_an_arranged_matrix_is_drawn_in_its_order(matrix: Matrix) -> None:
    plain, turned = matrix.arranged(), matrix.arranged(sort="similarity")
    places = turned.image.shown.rows.places
    assert sorted(places) == list(range(6)) and list(places) != list(range(6))
    one, other = (shown(each._repr_png_()) for each in (plain, turned))
    assert one.shape == other.shape == (420, 420, 3)
    middles = np.arange(35, 420, 70)
    cells = one[np.ix_(middles, middles)]
    np.testing.assert_array_equal(cells[np.ix_(places, places)], other[np.ix_(middles, middles)])
    # Blue above the threshold, red below; the nearest ones are almost white.
    bluer, margin = cells[..., 2] - cells[..., 0], matrix.scores - 0.46
    far = (np.abs(margin) > 0.02) & ~np.eye(6, dtype=bool)
    assert ((bluer > 0) == (margin > 0))[far].all() and {*(margin > 0)[far]} == {True, False}


def test_a_cell_of_people_shows_their_mean_or_their_worst(matrix: Matrix) -> None:
    pictures = {far: shown(matrix.arranged("people", far=far)._repr_png_()) for far in ("mean", "worst", "errors")}  # fmt: skip
    assert not np.array_equal(pictures["mean"], pictures["worst"])
    assert not np.array_equal(pictures["errors"], pictures["worst"])
    less = matrix.arranged(against="attention:uniform")
    assert not np.array_equal(shown(less._repr_png_()), shown(matrix.arranged()._repr_png_()))


def test_without_pandas_a_frame_says_what_to_install(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(XCosError) as raised:
        matrix.frame()
    assert str(raised.value) == "Frames need pandas; install xcos-studio[notebook]."


def test_a_difference_has_no_rows_and_faces_without_any_no_matrix(
    matrix: Matrix, tmp_path: Path
) -> None:
    less = matrix.arranged("people", "similarity", against="attention:uniform")
    assert less._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(XCosError, match="A difference has no rows"):
        less.frame()
    (tmp_path / "none").mkdir()
    Image.new("RGB", (50, 50)).save(tmp_path / "none" / "1.png")
    model = matrix.gallery.model
    empty = open_gallery(tmp_path / "none", model, aligned=True, cache=tmp_path / "c.sqlite")
    with pytest.raises(XCosError, match=r"1\.png"):
        empty.matrix()


def test_an_order_by_a_condition_is_that_of_the_command(matrix: Matrix) -> None:
    values = matrix.conditions()["sharpness"]
    places = matrix.arranged("faces", "condition:sharpness").image.shown.rows.places
    assert places.tolist() == np.argsort(values, kind="stable").tolist()
