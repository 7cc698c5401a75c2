"""The training window over time: weights that load, weights of several runs, files that are gone."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from core.digests import file_digest
from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.features import FaceFeatures
from core.training.config import read_config
from core.training.verdict import read_verdict
from tests.gui.resting import settled
from tests.gui.tools.test_training_verdict import dialog_of, no_estimate_by_itself, run  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.training.changed_pairs import PairRequest, _face_of
from xcos_gui.tools.training.launch import Measured


def test_weights_judge_once_they_are_loaded(
    window: MainWindow, run: Path, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    dialog, weights = dialog_of(window, run), run / "adapted.safetensors"
    file_digest(weights)  # so that loading begins at once
    dialog.use(weights)
    assert dialog.note.text() == f"{weights.name} is being loaded for the open gallery."
    settled(window, qtbot)
    assert dialog.note.text() == f"{weights.name} judges the open gallery now."


def test_weights_that_are_gone_do_not_judge(
    window: MainWindow, run: Path, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    dialog, weights = dialog_of(window, run), run / "adapted.safetensors"
    shutil.rmtree(run)
    dialog.use(weights)
    settled(window, qtbot)
    assert "judges" not in dialog.note.text() and str(weights) in dialog.note.text()


def test_each_run_leads_back_to_the_weights_before_its_own(
    window: MainWindow, run: Path, qtbot: QtBot, tiny_weights: Path  # noqa: F811
) -> None:  # fmt: skip
    other = Path(shutil.copytree(run, run.parent / "adapted-2")) / "adapted.safetensors"
    dialog, weights = dialog_of(window, run), run / "adapted.safetensors"
    session = window.session
    for path in (weights, other):
        dialog.use(path)
        settled(window, qtbot)
    dialog.show_result(other.parent)
    dialog.keep_old()
    settled(window, qtbot)
    assert session.card is not None and session.card.path == weights
    dialog.show_result(run)
    assert dialog.verdict_page.keep.text() == "Go back to the old weights"
    dialog.keep_old()
    settled(window, qtbot)
    assert session.card.path == tiny_weights


def test_a_time_that_is_known_is_told_again(window: MainWindow, run: Path) -> None:  # noqa: F811
    page = dialog_of(window, run).new
    page._compute = lambda what, work, then: then(Measured(300.0, "five minutes"))
    page.form.input("optimisation.steps").show(200)
    page.estimate()
    told = page.time.text()
    assert told == "Takes about 5 min here, as measured."
    page.form.input("optimisation.steps").show(400)
    assert page.time.text() != told
    page.form.input("optimisation.steps").show(200)
    assert page.time.text() == told


def test_settings_of_the_gallery_that_change_are_followed(
    window: MainWindow, run: Path, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    dialog = dialog_of(window, run)
    dialog.tabs.setCurrentWidget(dialog.new)
    assert dialog.new.config().data.faces == "central"
    window.session.set_gallery_settings(GallerySettings("all", aligned=True))
    settled(window, qtbot)
    assert dialog.new.config().data.faces == "all"


def test_a_name_that_no_file_can_have_is_told(window: MainWindow, run: Path) -> None:  # noqa: F811
    page = dialog_of(window, run).new
    for name in ("mine/new", "", "..", "/tmp/x"):
        page.form.input("name").show(name)
        assert not page.start.isEnabled() and "name" in page.problem.text()


def test_saved_settings_name_the_same_files_from_elsewhere(
    window: MainWindow, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    page, saved = dialog_of(window, run).new, tmp_path / "elsewhere" / "run.toml"
    saved.parent.mkdir()
    page.form.input("data.exclude").show("left-out.txt")
    monkeypatch.setattr(
        "xcos_gui.tools.training.new_run.QFileDialog.getSaveFileName", lambda *_: (str(saved), "")
    )
    page._ask_save()
    assert read_config(saved).data.exclude == page.config().data.exclude


def test_weights_before_that_are_gone_are_told(
    window: MainWindow, run: Path, qtbot: QtBot, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    verdict = read_verdict(run)
    assert verdict is not None
    gone = tmp_path / "gone.safetensors"
    replace(verdict, start=gone).write(run)
    view = dialog_of(window, run).verdict_page.pairs
    qtbot.waitUntil(lambda: view._grid.isVisible(), timeout=60_000)
    assert str(gone) in view.scores[0].text()
    assert "without maps" not in view.scores[0].text()


def test_a_run_whose_folder_was_renamed_shows_the_maps_of_its_weights(
    window: MainWindow, run: Path, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    moved = run.rename(run.parent / "the best one")
    view = dialog_of(window, moved).verdict_page.pairs
    qtbot.waitUntil(lambda: view._grid.isVisible(), timeout=60_000)
    assert view.words.text() == ""


@pytest.mark.parametrize(
    ("name", "key", "number"),
    [
        ("1.jpg", "a/1.jpg", 1),
        ("1.jpg", "a/1.jpg#2", 2),
        ("1.jpg", "", 1),
        ("1.jpg#2", "a/1.jpg#2", 1),
        ("1.jpg#2", "a/1.jpg#2#3", 3),
    ],
)
def test_of_a_photo_with_several_faces_the_one_that_was_judged_is_shown(
    name: str, key: str, number: int
) -> None:
    photo = Path("/a") / name
    faces = tuple(Face(name, place, None, None, f"{place}") for place in (1, 2, 3))
    loaded = LoadedGallery(Gallery(photo, Path("/a"), faces), FaceFeatures(np.ones((3, 32, 7, 7))))
    found = _face_of(loaded, photo, key)
    assert [face.number for face in found.gallery.faces] == [number]
    with pytest.raises(XCosError, match="does not show that face"):
        _face_of(loaded, photo, f"a/{name}#7")


def test_an_error_that_nobody_foresaw_is_told_in_a_sentence(
    window: MainWindow, run: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(PairRequest, "explain", lambda *_: {}["lost"])
    view = dialog_of(window, run).verdict_page.pairs
    qtbot.waitUntil(lambda: "please report it" in view.words.text(), timeout=60_000)
