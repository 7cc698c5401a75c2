"""Opening: what a source's settings are, what a failure leaves, and when the window is idle."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import io
import os
import pickle
import shutil
from pathlib import Path
from threading import Event

from PIL import Image
from pytestqt.qtbot import QtBot

from core.digests import digest_is_known, file_digest
from core.faces.choose import GallerySettings
from core.project.edits import face_subject
from core.project.project import Project
from tests.gui.resting import settled
from xcos_gui.shell.window import MainWindow

SCORED = 60_000
CROPS = GallerySettings(aligned=True)


def opens(qtbot: QtBot, window: MainWindow, source: Path) -> None:
    qtbot.waitUntil(
        lambda: window.session.source == source and not window.session.busy, timeout=SCORED
    )


@pytest.fixture
def photos(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """A window whose galleries are of photos, unless they are known to be crops."""
    monkeypatch.setattr("xcos_gui.state.opening.FIRST_SETTINGS", GallerySettings())
    return window


def test_aligned_and_faces_belong_to_their_source(
    photos: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    session, menus = photos.session, photos._menus
    shutil.copytree(crops, tmp_path / "other")
    session.open_gallery(crops, CROPS)
    opens(qtbot, photos, crops)
    assert menus._aligned.isChecked() and len(session.loaded or ()) == 6
    session.open_gallery(tmp_path / "other")
    opens(qtbot, photos, tmp_path / "other")
    assert session.gallery_settings == GallerySettings() and not menus._aligned.isChecked()
    menus._policies.actions()[2].trigger()
    qtbot.waitUntil(lambda: not session.busy, timeout=SCORED)
    assert session.gallery_settings == GallerySettings("all")
    session.open_gallery(crops)  # both are as they were left
    opens(qtbot, photos, crops)
    assert session.gallery_settings == CROPS and menus._policies.actions()[0].isChecked()
    assert len(session.loaded or ()) == 6
    session.open_gallery(tmp_path / "other")
    opens(qtbot, photos, tmp_path / "other")
    assert session.gallery_settings == GallerySettings("all")
    assert menus._policies.actions()[2].isChecked()


def test_a_bin_opened_from_the_evaluation_leaves_the_next_gallery_alone(
    photos: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    coded = []
    for path in sorted(crops.rglob("*.png"))[:4] * 10:
        out = io.BytesIO()
        Image.open(path).save(out, "PNG")
        coded.append(out.getvalue())
    (tmp_path / "p.bin").write_bytes(pickle.dumps((coded, [n % 2 == 0 for n in range(20)])))
    shutil.copytree(crops, tmp_path / "next")
    photos.show_evaluation()
    dialog = photos.evaluation
    assert dialog is not None and not dialog.aligned.isChecked()
    dialog.protocol.setText(str(tmp_path / "p.bin"))
    dialog.start.click()
    qtbot.waitUntil(lambda: not dialog.job.running, timeout=SCORED)
    assert dialog.found is not None, dialog.note.text()
    before = photos.session.source
    dialog.open_listed()
    qtbot.waitUntil(lambda: photos.session.source != before, timeout=SCORED)
    settled(photos, qtbot)
    assert photos.session.gallery_settings.aligned and photos.session.loaded is not None
    assert not photos.session.loaded.gallery.problems
    photos.session.open_gallery(tmp_path / "next")
    opens(qtbot, photos, tmp_path / "next")
    assert not photos.session.gallery_settings.aligned


@pytest.mark.parametrize("how", ("gallery", "probes", "project", "stopped"))
def test_a_failed_open_changes_nothing(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, how: str
) -> None:
    session, told = window.session, list[str]()
    session.select_pair(1, 4)
    session.set_threshold(0.4)
    before = (session.source, session.project, session.gallery_settings, session.threshold)
    shown = (window.windowTitle(), session.loaded, session.matrix, session.pair)
    session.message.connect(told.append)
    if how == "project":
        bad = tmp_path / "bad.csv"
        bad.write_text("neither,nor\n1,2\n")
        window.projects.save_as(tmp_path / "good.xcos")
        project = Project.read(tmp_path / "good.xcos")
        state = project.state | {"gallery": str(bad), "thresholds": {"learned": -0.5}, "photos": {}}
        session.use_project(before[1])  # type: ignore[arg-type]
        told.clear()
        broken = project.saved_as(tmp_path / "broken.xcos", state)
        assert window.projects.open(broken.path)
    elif how == "probes":
        session.open_probes(tmp_path / "nowhere")
    elif how == "gallery":
        session.open_gallery(tmp_path / "nowhere", GallerySettings("all"))
    else:
        shutil.copytree(crops, tmp_path / "more")
        session.open_gallery(tmp_path / "more")
        window.commands.cancel()
    # While it is tried, edits go to what is shown.
    session.edit(lambda project: project.tag(face_subject("ann/1.png"), "mine"))
    qtbot.waitUntil(lambda: not session.busy, timeout=SCORED)
    after = (session.source, session.project, session.gallery_settings, session.threshold)
    assert after == before and session.probe_source is None
    if how != "stopped":
        assert len(told) == 1 and ("nowhere" in told[0] or "bad.csv" in told[0])
    assert (window.windowTitle(), session.loaded, session.matrix, session.pair) == shown
    assert session.project is not None
    assert session.project.edits.faces_tagged("mine") == {"ann/1.png"}
    session.edit(lambda project: project.set_aside(["cem/1.png"]))
    qtbot.waitUntil(lambda: len(session.loaded or ()) == 5 and not session.busy, timeout=SCORED)
    assert session.source == crops


def test_a_change_made_while_an_open_fails_is_still_loaded(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.session.open_gallery(tmp_path / "nowhere")
    window.session.edit(lambda project: project.set_aside(["cem/1.png"]))
    qtbot.waitUntil(lambda: len(window.session.loaded or ()) == 5, timeout=SCORED)


def test_idle_is_said_only_when_nothing_runs(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, crops: Path
) -> None:
    session, said = window.session, list[bool]()
    session.idle.connect(lambda: said.append(session.busy))
    going, begun = Event(), Event()

    def work(_: object) -> object:
        begun.set()
        going.wait(60)
        return lambda: None

    window.commands._exporting.start(work)
    qtbot.waitUntil(begun.is_set)
    shutil.copytree(crops, tmp_path / "more")
    session.open_gallery(tmp_path / "more")  # ends, and is scored, while the export runs
    session.set_filter("score > 0")
    qtbot.waitUntil(lambda: session.source == tmp_path / "more", timeout=SCORED)
    qtbot.waitUntil(lambda: session.filter.mask is not None, timeout=SCORED)
    assert session.busy and not said
    going.set()
    qtbot.waitUntil(lambda: bool(said), timeout=SCORED)
    assert said == [False] and window._progress.isHidden()


def test_dropped_work_ends_too(window: MainWindow, qtbot: QtBot) -> None:
    said: list[bool] = []
    window.session.idle.connect(lambda: said.append(True))
    job = window.session.activity.job(window)
    job.start(lambda running: None)
    assert window.session.busy
    job.drop()
    assert not window.session.busy
    qtbot.waitUntil(lambda: said == [True])
    job.close()


def test_weights_are_hashed_off_the_windows_thread_and_once(
    window: MainWindow, qtbot: QtBot, tiny_weights: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(tiny_weights.read_bytes())
    assert not digest_is_known(copy)
    window.session.set_model(copy)
    assert window.session.card is not None and window.session.card.path == tiny_weights
    qtbot.waitUntil(lambda: not window.session.busy, timeout=SCORED)
    assert window.session.card.path == copy and digest_is_known(copy)
    assert file_digest(copy) == file_digest(tiny_weights)
    os.truncate(copy, 100)  # another size: another file
    assert not digest_is_known(copy) and file_digest(copy) != file_digest(tiny_weights)


def test_choices_of_weights_keep_their_order(
    window: MainWindow, qtbot: QtBot, tiny_weights: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(tiny_weights.read_bytes())
    window.session.set_model(copy)
    window.session.set_model(tiny_weights)  # known already, but chosen later
    window.session.after_weights(lambda: window.session.set_threshold(0.25))
    qtbot.waitUntil(lambda: not window.session.busy, timeout=SCORED)
    assert window.session.card is not None and window.session.card.path == tiny_weights
    assert window.session.threshold == 0.25


def test_faces_of_a_photo_are_chosen_for_what_is_being_opened(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    session, menus = window.session, window._menus
    session.open_gallery(probes, GallerySettings("all"))
    menus._show_face_choice()
    assert not menus._aligned.isChecked() and menus._policies.checkedAction().text() == "All faces"
    menus._policies.actions()[1].trigger()
    opens(qtbot, window, probes)
    assert session.gallery_settings == GallerySettings("largest")  # not crops, as the one before
    assert not menus._aligned.isChecked()


def test_without_a_gallery_there_are_no_faces_of_a_photo_to_choose(empty: MainWindow) -> None:
    menus = empty._menus
    assert not any(action.isEnabled() for action in menus._policies.actions())
    menus._aligned.trigger()
    assert not menus._aligned.isEnabled() and not menus._aligned.isChecked()
