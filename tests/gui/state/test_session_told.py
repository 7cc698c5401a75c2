"""What the session does, and says in a sentence, where models, galleries, photos and edits fail it."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path
from threading import Event

import numpy as np
import torch
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from core.digests import file_digest
from core.errors import Stopped, XCosError
from core.faces.choose import GallerySettings
from core.gallery.pipeline import Pipeline
from core.model.backbones import build_backbone
from core.model.card import ModelCard
from core.model.target_choice import TargetChoice
from core.model.weights import save_weights
from core.model.xcos import XCosNet
from core.project.edits import face_subject
from core.project.kept_settings import settings_of
from core.project.project import Project, project_path
from tests.gui.resting import settled
from tests.living import OPTIONS
from tests.weights import other_weights
from xcos_gui.shell.build import make_application, make_window
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.settings import Settings


def target_weights(path: Path) -> Path:
    options = {"embedding_size": 16}
    network = build_backbone("mobilefacenet", **options)  # type: ignore[arg-type]
    save_weights(path, network, ModelCard("face", path, "", "target", "mobilefacenet", options))
    return path


def plain_weights(path: Path) -> Path:
    """Weights with neither thresholds nor a map of correlations."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        net = XCosNet(build_backbone("thin", **OPTIONS), 16)  # type: ignore[arg-type]
    save_weights(path, net, ModelCard("plain", path, "", "xcos", "thin", OPTIONS, embedding_size=16))  # fmt: skip
    return path


@pytest.fixture
def told(empty: MainWindow) -> list[str]:
    said: list[str] = []
    empty.session.message.connect(said.append)
    return said


def test_models_that_do_not_fit_are_told_and_the_others_stay(
    window: MainWindow, qtbot: QtBot, told: list[str], tmp_path: Path
) -> None:
    session, target = window.session, target_weights(tmp_path / "face.safetensors")
    gone = tmp_path / "gone.onnx"
    before = session.card
    session.set_model(target)
    session.set_target(TargetChoice(gone))
    settled(window, qtbot)
    assert told[0] == f"{target} is a target model; choose it under Model, Target model."
    assert len(told) == 2 and str(gone) in told[1]
    assert session.card is before and session.target is None and session.settings.target is None
    with pytest.raises(XCosError) as error:
        session.models.loader_with(target, session.gallery_settings)
    assert str(error.value) == f"{target} is a target model without grid features; choose others."


def test_weights_without_thresholds_or_correlations_take_nought_and_learned_attention(
    window: MainWindow, qtbot: QtBot, told: list[str], tmp_path: Path
) -> None:
    session = window.session
    session.set_kind("correlation")
    session.set_threshold(0.7)
    settled(window, qtbot)
    assert session.matrix is not None and session.matrix.kind == "correlation"
    session.set_model(other_weights(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: session.card is not None and session.card.name == "other")
    settled(window, qtbot)
    assert (session.kind, session.threshold, told) == ("correlation", 0.4, [])
    session.set_model(plain_weights(tmp_path / "plain.safetensors"))
    qtbot.waitUntil(lambda: session.card is not None and session.card.name == "plain")
    settled(window, qtbot)
    assert told == ["plain has no threshold of its own; set one, 0 is used."]
    assert (session.kind, session.threshold) == ("learned", 0.0)
    assert session.matrix.kind == "learned"


def test_a_first_start_with_weights_that_are_gone_takes_those_that_ship(
    qtbot: QtBot,
    tmp_path: Path,
    tiny_weights: Path,
    maker: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shipped: list[Path] = []
    monkeypatch.setattr("core.model.card.shipped_weights", lambda: shipped)
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    window = make_window(make_application(), store, tmp_path / "c" / "c.sqlite", "cpu", maker)
    qtbot.addWidget(window)
    session, told = window.session, list[str]()
    session.message.connect(told.append)
    with pytest.raises(XCosError) as error:
        session.loader()
    assert str(error.value) == "There are no weights yet; choose some in the Model menu."
    gone = tmp_path / "gone.safetensors"
    session.set_model(gone)
    qtbot.waitUntil(lambda: not session.busy)
    assert len(told) == 2 and str(gone) in told[0] and "No weights ship" in told[1]
    shipped.append(tiny_weights)
    session.set_model(gone)
    qtbot.waitUntil(lambda: session.card is not None)
    assert session.card is not None and session.card.path == tiny_weights
    assert session.settings.model is None and len(told) == 3


def test_what_is_chosen_while_a_gallery_opens_is_what_it_opens_with(
    window: MainWindow, qtbot: QtBot, told: list[str], crops: Path, tmp_path: Path
) -> None:
    session = window.session
    project = window.projects
    project.save_as(tmp_path / "kept.xcos")
    settled(window, qtbot)
    session.set_threshold(0.31)
    project.keep()
    shutil.copytree(crops, tmp_path / "copy")
    session.open_gallery(tmp_path / "copy")
    qtbot.waitUntil(lambda: session.source == tmp_path / "copy")
    settled(window, qtbot)
    assert session.project_file is None
    other = other_weights(tmp_path / "other.safetensors")
    assert project.open(tmp_path / "kept.xcos")
    qtbot.waitUntil(lambda: session.opening is not None)
    session.set_model(other)  # later than the project's own
    session.set_gallery_settings(GallerySettings("all", True))
    qtbot.waitUntil(lambda: session.project_file is not None, timeout=60_000)
    settled(window, qtbot)
    assert session.card is not None and session.card.name == "other"
    assert session.settings.model == other
    assert session.threshold == 0.4  # of the weights chosen: 0.31 was for the project's
    assert session.gallery_settings == GallerySettings("all", True)


def test_weights_are_used_once_the_open_gallery_is_loaded_by_them(
    window: MainWindow,
    qtbot: QtBot,
    told: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = window.session

    def told_of_the_pair(model: str) -> bool:
        assert session.matrix is not None and session.pair is not None
        score = float(session.matrix.scores[session.pair])
        near, below = window.inspector.numbers.text(), window.matrix.readout.text()
        return f"score {score:.4f}" in near and model in near and f", {model})" in below

    def slow(*_: object, **__: object) -> None:
        go_on.wait(20)
        raise Stopped("Loading")

    other, go_on = other_weights(tmp_path / "other.safetensors"), Event()
    file_digest(other)  # so that loading begins at once
    with monkeypatch.context() as patch:
        patch.setattr("xcos_gui.state.loading.open_gallery", slow)
        session.set_model(other)
        session.select_pair(0, 4)  # while it loads
        assert told_of_the_pair("tiny")
        session.cancel()
        go_on.set()
        qtbot.waitUntil(lambda: bool(told))
    settled(window, qtbot)
    assert told == ["Loading was stopped, so the models chosen before stay in use."]
    session.select_pair(0, 5)
    assert told_of_the_pair("tiny") and "tiny" in window._state.text()
    session.set_model(other)
    session.open_gallery(
        session.source or tmp_path
    )  # what is asked for since is loaded by them, too
    qtbot.waitUntil(lambda: session.card is not None and session.card.name == "other")
    settled(window, qtbot)
    assert told_of_the_pair("other") and session.settings.model == other


def test_faces_are_chosen_as_before_where_loading_is_stopped(
    window: MainWindow, qtbot: QtBot, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise Stopped("Loading")

    session = window.session
    assert session.project is not None
    with monkeypatch.context() as patch:
        patch.setattr("xcos_gui.state.loading.open_gallery", stopped)
        session.set_gallery_settings(GallerySettings("all", True))
        assert session.changing_settings == GallerySettings("all", True)
        qtbot.waitUntil(lambda: bool(told))
        settled(window, qtbot)
    assert told == ["Loading was stopped, so faces stay chosen as before."]
    assert session.gallery_settings == session.changing_settings == GallerySettings("central", True)
    assert settings_of(session.project) is None  # nothing was kept for the next time
    session.set_gallery_settings(GallerySettings("all", True))
    qtbot.waitUntil(lambda: session.opening is None)
    settled(window, qtbot)
    assert session.gallery_settings == settings_of(session.project) == GallerySettings("all", True)


def test_a_matrix_whose_scoring_is_stopped_keeps_its_attention_kind(
    window: MainWindow, qtbot: QtBot, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise Stopped("Scoring")

    monkeypatch.setattr("xcos_gui.state.session.score", stopped)
    window.session.set_kind("uniform")
    settled(window, qtbot)
    assert told == ["Scoring was stopped, so it stays learned attention, order both."]
    assert "learned attention" in window.matrix.readout.text()
    assert window.session.kind == window.session.settings.kind == "learned"
    assert window.inspector.kind.currentData() == "learned"
    assert "learned attention" in window._state.text()
    # And nothing is judged by another kind's threshold.
    session = window.session
    assert session.kind == session.settings.kind == "learned" and session.order == "both"
    assert session.threshold == session.card.thresholds["learned"]  # type: ignore[union-attr]
    assert session.explanation is not None and session.explanation.kind == "learned"
    session.set_order("left-right")
    settled(window, qtbot)
    assert session.order == session.settings.order == "both"


def test_a_project_saved_while_something_loads_stays_the_one_that_is_kept(
    window: MainWindow, qtbot: QtBot, probes: Path, tmp_path: Path
) -> None:
    session, saved = window.session, tmp_path / "saved.xcos"
    session.open_probes(probes)
    window.projects.save_as(saved)
    qtbot.waitUntil(lambda: session.probes is not None, timeout=60_000)
    settled(window, qtbot)
    assert session.project_file == saved and "saved.xcos" in window.windowTitle()


def test_a_project_whose_target_is_gone_opens_without_it(
    window: MainWindow, qtbot: QtBot, told: list[str], tmp_path: Path
) -> None:
    session, gone = window.session, tmp_path / "gone.onnx"
    window.projects.save_as(tmp_path / "kept.xcos")
    settled(window, qtbot)
    project = Project.read(tmp_path / "kept.xcos")
    project.remember({"target": str(gone)})
    project.save()
    told.clear()
    session.set_threshold(0.9)
    assert window.projects.open(tmp_path / "kept.xcos")
    qtbot.waitUntil(lambda: session.opening is None and not session.busy, timeout=60_000)
    settled(window, qtbot)
    assert len([text for text in told if str(gone) in text]) == 1
    assert session.target is None and session.matrix is not None


def test_a_damaged_project_of_a_gallery_is_told_as_it_opens(
    empty: MainWindow, qtbot: QtBot, told: list[str], crops: Path
) -> None:
    path = project_path(crops, empty.session.cache.folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"version": 2, "ed')
    empty.session.open_gallery(crops)
    settled(empty, qtbot)
    assert len(told) == 1 and told[0].startswith(f"The project file {path} could not be read (")
    assert told[0].endswith("and the gallery opens without earlier changes.")


def test_what_cannot_be_saved_or_deleted_is_told_and_stays_in_use(
    window: MainWindow, qtbot: QtBot, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    source = session.source

    def full(_: Path) -> None:
        raise OSError("The disk is full.")

    def locked(*_: object) -> None:
        raise OSError("The file is in use.")

    assert session.project is not None
    sentence = (
        f"The project file {session.project.path} could not be saved (The disk is full.); the "
        "change holds until the window closes, so save the project under another name before."
    )
    with monkeypatch.context() as patch:
        patch.setattr("core.project.project.written_whole", full)
        session.edit(lambda project: project.tag(face_subject("ann/1.png"), "odd"))
        assert told == [sentence]
        assert session.project.edits.faces_tagged("odd") == {"ann/1.png"}
        told.clear()
        session.set_gallery_settings(GallerySettings("all", True))
        settled(window, qtbot)
        assert told == [sentence] and session.gallery_settings.faces == "all"
        session.set_gallery_settings(GallerySettings("central", True))
        settled(window, qtbot)
        assert told == [sentence]  # once
    told.clear()
    monkeypatch.setattr("xcos_gui.state.session.forget_gallery", locked)
    session.forget_gallery()
    assert told == ["The file is in use."]
    assert session.source == source and session.matrix is not None
    assert session.settings.recents == [source]


def test_what_was_wrong_with_the_cache_is_told_once(
    empty: MainWindow, qtbot: QtBot, told: list[str], crops: Path, probes: Path
) -> None:
    empty.session.cache.warnings += ["The cache was odd.", "And slow."]
    for source in (crops, probes):
        empty.session.open_gallery(source)
        qtbot.waitUntil(lambda: empty.session.source == source)  # noqa: B023
        settled(empty, qtbot)
    assert told == ["The cache was odd.", "And slow."]


def test_a_photo_that_is_gone_is_a_grey_crop_and_told_once(
    window: MainWindow, told: list[str], crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    assert session.loaded is not None
    one, other, third = session.loaded.gallery.faces[:3]
    monkeypatch.setattr("xcos_gui.state.crops.KEPT", 2)
    session._crops.clear()
    opened: list[str] = []
    from core.gallery.opening import crop_of

    def noted(face, root, cache):  # type: ignore[no-untyped-def]
        opened.append(face.key)
        if face is third:
            raise XCosError(f"{face.key} is gone.")
        return crop_of(face, root, cache)

    monkeypatch.setattr("xcos_gui.state.crops.crop_of", noted)
    for _ in range(2):
        assert (session.crop(third) == 128).all() and session.crop(third).shape == (112, 112, 3)
    assert told == ["ann/3.png is gone."]
    opened.clear()
    last = session.loaded.gallery.faces[5]
    for face in (one, other, one, last, one, other):  # two are kept, those used last
        session.crop(face)
    assert opened == [one.key, other.key, last.key, other.key]


@pytest.mark.parametrize(
    ("error", "sentence", "shown"),
    [
        (Stopped("Filtering"), "Filtering was stopped, so all pairs are shown; Return starts anew.", True),
        (XCosError("There is no such column."), "There is no such column.", True),
        (RuntimeError("odd"), "Something went wrong that should not", False),
    ],
)  # fmt: skip
def test_a_filter_that_ends_early_shows_all_pairs_and_says_why(
    window: MainWindow, qtbot: QtBot, told: list[str], monkeypatch: pytest.MonkeyPatch,
    error: Exception, sentence: str, shown: bool,
) -> None:  # fmt: skip
    session = window.session
    session.set_filter("identity = bob")
    qtbot.waitUntil(lambda: session.filter.mask is not None)
    settled(window, qtbot)

    def broken(*_: object) -> np.ndarray:
        raise error

    monkeypatch.setattr("core.query.evaluate.passing", broken)
    session.set_filter("score > 0.1")
    settled(window, qtbot)
    assert session.filter.mask is None
    beneath = window.pairs.filter.error
    assert beneath.isHidden() != shown
    assert (beneath.text() if shown else told[0]).startswith(sentence)


def test_a_target_s_input_that_is_unreadable_is_as_the_file_says(tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    settings, path = Settings(store), tmp_path / "face.onnx"
    settings.target = TargetChoice(path, "BGR")
    assert Settings(store).target == TargetChoice(path, "BGR")
    store.setValue("target_channels", "grey")
    assert Settings(store).target == TargetChoice(path)
