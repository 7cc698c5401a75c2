"""Projects in the window: saved, opened where they were left, after a crash, by two windows."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from core.model.target_choice import TargetChoice
from core.project.edits import face_subject, pair_subject
from core.project.project import Project
from core.project.state import state_of
from tests.living import living_weights, make_crops
from xcos_gui.shell.build import make_application, make_window
from xcos_gui.shell.window import MainWindow

SCORED = 60_000


def ready(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(
        lambda: window.session.matrix is not None and not window.session.busy, timeout=SCORED
    )


def another(tmp_path: Path, name: str) -> MainWindow:
    """A window of another user: settings of its own, the same cache."""
    store = QSettings(str(tmp_path / f"{name}.ini"), QSettings.Format.IniFormat)
    store.setValue("runs", str(tmp_path / "runs"))
    window = make_window(make_application(), store, tmp_path / "cache" / "cache.sqlite", "cpu")
    window.resize(1400, 900)
    window.show()
    return window


@pytest.fixture
def file(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> Path:
    """A project file that the window has just saved."""
    path = tmp_path / "Odd name, (1).xcos"
    window.projects.save_as(path)
    qtbot.waitUntil(lambda: len(state_of(Project.read(path)).photos) == 6)
    return path


def test_everything_is_there_after_a_crash(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path, tiny_weights: Path
) -> None:
    session = window.session
    session.set_kind("uniform")
    ready(qtbot, window)
    session.set_threshold(0.77)
    session.set_filter("identity = ann")
    session.edit(lambda project: project.tag(face_subject("ann/1.png"), "odd"))
    session.edit(lambda project: project.set_aside(["cem/1.png"]))
    ready(qtbot, window)
    session.select_pair(1, 4)
    window.matrix.colouring.setCurrentIndex(1)
    window.matrix._view.setRange(xRange=(1, 3), yRange=(1, 3), padding=0)
    seen = window.matrix._view.viewRange()
    window.pairs.choice.setCurrentIndex(3)
    window.docks["curves"].hide()
    qtbot.waitUntil(lambda: not window.projects._timer.isActive())
    # The window is not closed: what the file says now is all that a crash leaves.
    copy = tmp_path / file.name.replace("Odd", "Left")
    copy.write_bytes(file.read_bytes())
    other = another(tmp_path, "later")
    try:
        assert other.projects.open(copy)
        ready(qtbot, other)
        found = other.session
        assert found.card is not None and found.card.path == tiny_weights
        assert (found.kind, found.threshold) == ("uniform", 0.77)
        assert found.loaded is not None and len(found.loaded) == 5
        assert found.gallery_settings.aligned
        qtbot.waitUntil(lambda: found.filter.mask is not None)
        assert found.filter.text == "identity = ann"
        assert other.pairs.filter.edit.text() == "identity = ann"
        assert found.pair == (1, 4)
        assert other.matrix.colouring.currentIndex() == 1
        assert other.matrix._view.viewRange()[0] == pytest.approx(seen[0], abs=0.2)
        assert other.pairs.choice.currentIndex() == 3
        assert other.docks["curves"].isHidden() and not other.docks["pairs"].isHidden()
        assert "Left name" in other.windowTitle()
        assert found.settings.recents[0] == copy
        found.edit(Project.undo)
        ready(qtbot, other)
        assert len(found.loaded) == 6
    finally:
        other.close()


def test_two_windows_see_and_keep_each_others_changes(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    other = another(tmp_path, "second")
    try:
        assert other.projects.open(file)
        ready(qtbot, other)
        subject = pair_subject("ann/1.png", "bob/1.png")
        window.session.edit(lambda project: project.tag(subject, "first"))
        other.session.edit(lambda project: project.tag(subject, "second"))
        other.session.edit(lambda project: project.set_aside(["cem/1.png"]))
        assert Project.read(file).edits.tags[subject] == ("first", "second")
        qtbot.waitUntil(lambda: len(window.session.loaded or ()) == 5, timeout=SCORED)
        assert window.session.project is not None
        assert window.session.project.edits.tags[subject] == ("first", "second")
        assert "Another window" in window._note.toolTip()
        window.session.set_threshold(0.5)
        other.session.select_pair(2, 3)
        for each in (window, other):
            each.projects.keep()
        state = state_of(Project.read(file))
        assert state.thresholds == {"learned": 0.5} and state.pair == ("ann/3.png", "bob/1.png")
    finally:
        other.close()


def test_moved_photos_are_found_again_by_content(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path, crops: Path
) -> None:
    window.session.edit(lambda project: project.tag(face_subject("ann/2.png"), "odd"))
    window.session.select_pair(1, 3)
    window.projects.keep()
    heap = tmp_path / "moved"
    heap.mkdir()
    for number, path in enumerate(sorted(crops.rglob("*.png"))):
        shutil.move(path, heap / f"{number}.png")
    other = another(tmp_path, "later")
    told: list[str] = []
    other.session.message.connect(told.append)
    try:
        assert not other.projects.open(file)
        assert str(crops) in told[0] and "Find moved photos" in told[0]
        empty = tmp_path / "empty"
        empty.mkdir()
        other.projects.find_in(empty)
        qtbot.waitUntil(lambda: "None of the 6 photos" in told[-1])
        other.projects.find_in(heap)
        ready(qtbot, other)
        session = other.session
        assert "6 of 6 photos were found." in told
        assert session.loaded is not None and session.project is not None
        assert [f.identity for f in session.loaded.gallery.faces] == ["ann"] * 3 + ["bob"] * 2 + [
            "cem"
        ]
        assert session.project.edits.faces_tagged("odd") == {(heap / "1.png").as_posix()}
        assert session.pair == (1, 3)
        assert not list(heap.glob("*.csv"))  # the user's photos' folder is not written
    finally:
        other.close()


def test_project_that_cannot_be_opened_leaves_the_window_and_the_file(
    window: MainWindow, tmp_path: Path
) -> None:
    told: list[str] = []
    window.session.message.connect(told.append)
    before = window.session.source
    for said in ('{"version": 99}', '{"version": 2, "ed', "{}"):
        path = tmp_path / "bad.xcos"
        path.write_text(said)
        window.commands.open_paths([path])
        assert str(path) in told[-1] and path.read_text() == said
    assert len(told) == 3 and window.session.source == before


def test_lost_weights_are_told_and_not_forgotten(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path, tiny_weights: Path
) -> None:
    gone = tmp_path / "gone.safetensors"
    project = Project.read(file)
    project.remember({"model": str(gone)})
    project.save()
    told: list[str] = []
    window.session.message.connect(told.append)
    assert window.projects.open(file)
    ready(qtbot, window)
    assert str(gone) in told[0] and window.session.card is not None
    window.session.set_threshold(0.1)
    window.projects.keep()
    assert state_of(Project.read(file)).model == gone


def test_a_lost_target_is_told_and_not_forgotten(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path, crops: Path
) -> None:
    session = window.session
    target = living_weights(tmp_path / "target.safetensors", "former", seed=9)
    session.set_target(TargetChoice(target))
    qtbot.waitUntil(lambda: session.target is not None, timeout=SCORED)
    ready(qtbot, window)
    window.projects.keep()
    gone = target.rename(tmp_path / "moved.safetensors")
    other = living_weights(tmp_path / "other.safetensors", "other", seed=11)
    session.open_gallery(crops / "ann")
    session.set_target(TargetChoice(other))
    qtbot.waitUntil(lambda: len(session.loaded or ()) == 3, timeout=SCORED)
    ready(qtbot, window)
    assert session.target is not None
    told: list[str] = []
    session.message.connect(told.append)
    assert window.projects.open(file)
    qtbot.waitUntil(lambda: len(session.loaded or ()) == 6, timeout=SCORED)
    ready(qtbot, window)
    # Neither the gallery's before it nor nothing: what the project names stays named.
    assert session.target is None and any(str(target) in text for text in told), told
    session.set_threshold(0.1)
    window.projects.keep()
    choice = state_of(Project.read(file)).target
    assert choice is not None and choice.path == target
    session.set_target(TargetChoice(gone))
    qtbot.waitUntil(lambda: session.target is not None, timeout=SCORED)
    window.projects.keep()
    choice = state_of(Project.read(file)).target
    assert choice is not None and choice.path == gone
    session.set_target(None)
    qtbot.waitUntil(lambda: session.target is None, timeout=SCORED)
    window.projects.keep()
    assert state_of(Project.read(file)).target is None


def test_weights_that_cannot_be_read_are_not_forgotten(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no weights")
    project = Project.read(file)
    project.remember({"model": str(damaged)})
    project.save()
    told: list[str] = []
    window.session.message.connect(told.append)
    assert window.projects.open(file)
    ready(qtbot, window)
    assert any(str(damaged) in text for text in told), told
    window.session.set_threshold(0.1)
    window.projects.keep()
    assert state_of(Project.read(file)).model == damaged


def test_a_filter_that_is_not_understood_replaces_the_former_one(
    window: MainWindow, file: Path, qtbot: QtBot, crops: Path
) -> None:
    session, line = window.session, window.pairs.filter
    session.open_gallery(crops / "ann")
    qtbot.waitUntil(lambda: len(session.loaded or ()) == 3, timeout=SCORED)
    session.set_filter("identity = ann")
    ready(qtbot, window)
    project = Project.read(file)
    project.remember({"filter": "score about 3"})
    project.save()
    assert window.projects.open(file)
    ready(qtbot, window)
    qtbot.waitUntil(lambda: session.filter.text == "")
    assert session.filter.mask is None
    assert line.edit.text() == "score about 3" and "about" in line.error.text()
    window.projects.keep()
    assert state_of(Project.read(file)).filter == "score about 3"  # until there is another
    line.edit.setText("identity = bob")
    line.apply()
    assert session.filter.text == "identity = bob" and not line.error.text()
    ready(qtbot, window)
    session.set_filter("")
    window.projects.keep()
    assert state_of(Project.read(file)).filter == ""


def test_what_stands_in_for_lost_weights_leaves_their_threshold_alone(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    lost = living_weights(tmp_path / "lost.safetensors", "lost", seed=9)
    session.set_model(lost)
    qtbot.waitUntil(lambda: session.scored is not None and session.scored.card.name == "lost")
    ready(qtbot, window)
    session.set_threshold(0.81)
    window.projects.keep()
    before = state_of(Project.read(file))
    away = lost.rename(tmp_path / "away.safetensors")
    session.open_gallery(make_crops(tmp_path / "second", {"dan": 2, "eve": 2}))
    session.set_model(living_weights(tmp_path / "other.safetensors", "other", seed=11))
    qtbot.waitUntil(lambda: session.scored is not None and session.scored.card.name == "other")
    ready(qtbot, window)
    session.set_threshold(0.44)
    assert window.projects.open(file)
    qtbot.waitUntil(lambda: session.project_file == file)
    ready(qtbot, window)
    assert session.card is not None and session.card.name == "other"
    assert session.threshold == session.card.threshold("learned")  # 0.44 was for the second gallery
    session.set_threshold(0.3)
    window.projects.keep()
    kept = state_of(Project.read(file))
    assert kept.model == lost and kept.fingerprint == before.fingerprint
    assert kept.thresholds == {"learned": 0.81}
    away.rename(lost)
    session.open_gallery(tmp_path / "second")
    ready(qtbot, window)
    assert window.projects.open(file)
    qtbot.waitUntil(lambda: session.scored is not None and session.scored.card.name == "lost")
    ready(qtbot, window)
    assert session.threshold == 0.81


def test_a_target_chosen_while_a_project_without_its_own_opens_is_the_project_s(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    one, two = (
        living_weights(tmp_path / f"{name}.safetensors", name, seed=seed)
        for name, seed in (("one", 9), ("two", 10))
    )
    session.set_target(TargetChoice(one))
    qtbot.waitUntil(lambda: session.target is not None)
    ready(qtbot, window)
    window.projects.keep()
    session.open_gallery(make_crops(tmp_path / "second", {"dan": 2, "eve": 2}))
    session.set_target(TargetChoice(two))
    qtbot.waitUntil(lambda: session.target is not None and session.target.choice.path == two)
    ready(qtbot, window)
    one.unlink()
    assert window.projects.open(file)
    qtbot.waitUntil(lambda: session.project_file == file)
    ready(qtbot, window)
    assert session.target is None and session.settings.target == TargetChoice(two)  # of others
    session.open_gallery(tmp_path / "second")
    ready(qtbot, window)
    assert window.projects.open(file)
    qtbot.waitUntil(lambda: session.opening is not None or session.project_file == file)
    session.set_target(TargetChoice(two))
    qtbot.waitUntil(lambda: session.project_file == file and session.target is not None)
    ready(qtbot, window)
    session.set_target(None)
    qtbot.waitUntil(lambda: session.target is None)
    ready(qtbot, window)
    window.projects.keep()
    assert state_of(Project.read(file)).target is None


def test_another_gallery_leaves_the_project_as_it_was(
    window: MainWindow, file: Path, qtbot: QtBot, tmp_path: Path, crops: Path
) -> None:
    second = tmp_path / "second"
    shutil.copytree(crops / "ann", second / "ann")
    window.projects.keep()
    before = file.read_bytes()
    window.session.open_gallery(second)
    qtbot.waitUntil(lambda: len(window.session.loaded or ()) == 3, timeout=SCORED)
    ready(qtbot, window)
    window.session.edit(lambda project: project.set_aside(["ann/1.png"]))
    ready(qtbot, window)
    window.projects.keep()
    assert file.read_bytes() == before and "second" in window.windowTitle()
