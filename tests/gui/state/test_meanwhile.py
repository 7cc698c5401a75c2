"""What the window says and does of faces, scores and names while more of them come, or others."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import csv
import shutil
from itertools import product
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from core.analysis.conditions.measured import Measurer
from core.errors import Stopped, XCosError
from core.explain.difference_image import DifferenceImage
from core.project.edits import face_subject, identity_subject
from core.scoring.lists import PairList
from tests.gui.panels.test_matrix_follows import refining  # noqa: F401
from tests.gui.panels.test_matrix_orders import choose
from tests.gui.resting import score_probes, settled
from tests.gui.state.test_session_told import told  # noqa: F401
from xcos_gui.panels.gallery.model import PAIR_ROLE
from xcos_gui.shell.window import MainWindow
from xcos_gui.state import session as session_module
from xcos_gui.state.jobs import LatestJob
from xcos_gui.state.scoring import Scored
from xcos_gui.widgets.elided import short_file
from xcos_gui.widgets.progress import ProgressRow
from xcos_gui.widgets.tags import ask_tags_of_pairs

# ruff: noqa: F811


def test_a_face_of_another_gallery_has_no_condition_of_its_namesake(
    window: MainWindow,
    qtbot: QtBot,
    told: list[str],
    crops: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise XCosError("The faces cannot be measured.")

    session, other = window.session, tmp_path / "other"
    session.conditions.ask()
    settled(window, qtbot)
    assert session.loaded is not None
    assert session.conditions.value(session.loaded.gallery.faces[0], "exposure") is not None
    shutil.copytree(crops, other)
    shutil.copy(crops / "cem" / "1.png", other / "ann" / "1.png")
    monkeypatch.setattr(Measurer, "table", broken)
    session.open_gallery(other)
    qtbot.waitUntil(lambda: session.source == other, timeout=60_000)
    settled(window, qtbot)
    face = session.loaded.gallery.faces[0]
    assert face.key == "ann/1.png" and session.conditions.value(face, "exposure") is None
    assert told == ["The faces cannot be measured."]


def test_counts_of_a_growing_gallery_are_of_the_faces_scored_and_a_stop_scores_the_rest(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    whole = session.loaded
    assert whole is not None
    session._show(whole.part(np.arange(4)))
    settled(window, qtbot)
    assert session.matrix is not None and session.matrix.scores.shape == (4, 4)
    with monkeypatch.context() as patch:
        patch.setattr("xcos_gui.state.session.GROWN_TO", 2)
        patch.setattr(session._loading, "_running", True)
        session._show(whole)
        session.set_threshold(0.3)
        assert window.curves.summary.text().startswith("Of 4 faces so far: ")
        assert "(6 faces so far)" in window.windowTitle()
    session._loading.failed.emit(Stopped("Loading"))
    settled(window, qtbot)
    assert session.matrix.scores.shape == (6, 6)
    assert "so far" not in window.curves.summary.text()


def test_a_gallery_whose_loading_ended_early_says_so_until_it_is_loaded_whole(
    window: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    session = window.session
    whole, told = session.loaded, list[str]()
    assert whole is not None and session.project is not None and not session.cut_short
    session.message.connect(told.append)
    session._on_some(whole.part(np.arange(4)))
    session._loading.failed.emit(Stopped("Loading"))
    settled(window, qtbot)
    sentence = (
        f"Loading ended early, so 4 faces of {crops} can be seen; open it again to load the rest."
    )
    assert told == [sentence] and session.cut_short
    assert "4 faces, loading ended early" in window.windowTitle()
    assert window.curves.summary.text().startswith("Of the first 4 faces: ")
    # Who of the other photos is called ann is not known, so nothing of ann's goes to another name.
    session.edit(lambda project: project.tag(identity_subject("ann"), "tall"))
    session.rename(whole.gallery.faces[:3], "zoe")  # which loads the rest
    assert session.project.edits.tags == {identity_subject("ann"): ("tall",)}
    settled(window, qtbot)
    qtbot.waitUntil(lambda: not session.cut_short)
    assert session.loaded is not None and len(session.loaded) == 6
    assert "early" not in window.windowTitle() + window.curves.summary.text()


def test_what_is_open_is_whole_while_another_gallery_is_read(
    window: MainWindow, qtbot: QtBot, probes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()

    def slow(*_: object, **__: object) -> None:
        go_on.wait(30)
        raise Stopped("Loading")

    monkeypatch.setattr("xcos_gui.state.loading.open_gallery", slow)
    window.session.open_gallery(probes)
    window.session.set_threshold(0.3)
    shown = window.windowTitle() + window.curves.summary.text()
    go_on.set()
    settled(window, qtbot)
    assert "so far" not in shown


def test_while_faces_come_nobody_is_renamed_by_half(
    window: MainWindow, qtbot: QtBot, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, panel = window.session, window.gallery
    ann = identity_subject("ann")
    session.edit(lambda project: project.tag(ann, "odd"))
    assert session.loaded is not None and session.project is not None
    panel.view.setCurrentIndex(panel.grouped.place_of(0))
    told.clear()
    with monkeypatch.context() as patch:
        patch.setattr(session._loading, "_running", True)
        panel.rename()
        assert told == [
            "Photos are still being read; rename once all faces are there, or name only the selected ones (Shift+F2)."
        ]
        patch.setattr(session, "reload", lambda: None)
        session.rename(session.loaded.gallery.faces[:3], "zoe")
    assert session.project.edits.tags == {ann: ("odd",)}
    session.undo()
    settled(window, qtbot)
    session.rename(session.loaded.gallery.faces[:3], "zoe")
    assert session.project.edits.tags == {identity_subject("zoe"): ("odd",)}
    settled(window, qtbot)


def test_exported_scores_are_never_estimates(
    window: MainWindow, qtbot: QtBot, told: list[str], refining: tuple[Event, np.ndarray],
    tmp_path: Path,
) -> None:  # fmt: skip
    go_on, wanted = refining
    path = tmp_path / "scores.csv"
    window.commands.export(path)
    qtbot.waitUntil(lambda: f"All scores were written to {path}." in told, timeout=60_000)
    assert window.session.estimated and window.session.columns is not None
    place = window.session.columns.gallery.index()
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 15
    for row in rows:
        score = wanted[place[row["left"]], place[row["right"]]]
        assert float(row["score"]) == pytest.approx(score, abs=1e-5)
    go_on.set()
    settled(window, qtbot)


def test_an_export_of_scores_that_are_gone_is_told(
    empty: MainWindow, told: list[str], tmp_path: Path
) -> None:
    empty.commands.export(tmp_path / "scores.csv")
    assert told == ["There are no scores to export any more; open a gallery with two faces."]
    assert not (tmp_path / "scores.csv").exists()


def test_a_threshold_that_is_told_again_is_not_the_one_before(window: MainWindow) -> None:
    session, before = window.session, window.curves.before
    first = session.threshold
    session.set_threshold(0.31)
    before._rested.stop()  # as after a second
    assert before.value == first
    session.set_order("left-right")
    assert before.value == first


def test_a_probe_that_is_called_as_a_face_marks_no_face_of_the_gallery(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    session, model = window.session, window.gallery.model
    session.select_pair(3, 0)
    marked = [model.data(model.index(row), PAIR_ROLE) for row in range(6)]
    assert marked == [True, False, False, True, False, False]
    shutil.copytree(crops, tmp_path / "probes")
    score_probes(window, qtbot, tmp_path / "probes", 6)
    session.select_pair(3, 0)
    marked = [model.data(model.index(row), PAIR_ROLE) for row in range(6)]
    assert marked == [True, False, False, False, False, False]


@pytest.mark.parametrize(
    ("key", "name"),
    [("ann/1.jpg", "1"), ("ann/1.jpg#2", "1#2"), ("a#b.c.png#12", "a#b.c#12"), ("no ending", "no ending")],
)  # fmt: skip
def test_short_names_tell_the_faces_of_a_photo_apart(key: str, name: str) -> None:
    assert short_file(key) == name


def test_pairs_of_overlapping_tags_that_changed_are_counted_once(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, panel = window.session, window.matrix
    groups = {"x": (0, 1, 2, 3), "y": (1, 2, 3, 5)}
    assert session.loaded is not None
    for tag, places in groups.items():
        subjects = [face_subject(session.loaded.gallery.faces[k].key) for k in places]
        session.edit(lambda project, s=subjects, t=tag: project.retag(s, [t]))  # type: ignore[misc]
    choose(window, qtbot, panel.bar.against, "attention:uniform")
    choose(window, qtbot, panel.bar.level, "tags")
    several = set[int]()
    for threshold in (0.15, 0.25, 0.35, 0.45):
        session.set_threshold(threshold)
        settled(window, qtbot)
        image = panel.item.image
        assert isinstance(image, DifferenceImage)
        for row, column in ((0, 1), (0, 0)):
            both = product(groups["x"], groups["xy"[column]])
            pairs = {frozenset(pair) for pair in both if pair[0] != pair[1]}
            changed = sum(bool(image.found.changed[tuple(sorted(pair))]) for pair in pairs)
            several.add(changed)
            panel._on_mouse(panel._view.mapViewToScene(QPointF(column + 0.5, row + 0.5)))
            told = f"{changed} of {len(pairs)} pairs changed side"
            assert told in panel.readout.text(), (threshold, column)
    assert len(several) > 2


def test_probes_that_give_no_face_are_told_and_what_is_open_stays(
    window: MainWindow, qtbot: QtBot, told: list[str], tmp_path: Path
) -> None:
    session, folder = window.session, tmp_path / "none"
    folder.mkdir()
    photo = folder / "a.png"
    photo.write_bytes(b"no photo")
    session.open_probes(folder)
    qtbot.waitUntil(lambda: session.opening is None, timeout=60_000)
    settled(window, qtbot)
    assert told == [
        f"The probes {folder} gave no face; {photo} is not an image that can be read; replace it or take it out."
    ]
    assert session.probes is session.probe_source is None
    assert session.matrix is not None and session.matrix.square


def test_until_another_gallery_is_scored_nothing_is_written_of_the_pair_before(
    window: MainWindow, qtbot: QtBot, told: list[str], crops: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Both have photos of the same names, of which the pair that is shown is the first gallery's."""
    go_on, scoring = Event(), session_module.score

    def held(*given: Any) -> Scored:
        assert go_on.wait(60)
        return scoring(*given)

    session, other, section = window.session, tmp_path / "other", window.notes.sections[0]
    session.select_pair(0, 3)
    window.show_notes()
    before = session.project
    qtbot.keyClicks(section.note, "typed")
    shutil.copytree(crops, other)
    monkeypatch.setattr(session_module, "score", held)
    session.open_gallery(other)
    qtbot.waitUntil(lambda: session.source == other, timeout=60_000)
    assert before is not None and list(before.edits.notes.values()) == ["typed"]
    assert section.isHidden() and window.inspector.judging.isHidden()
    assert session.subjects_of((0, 3)) == session.tags_of((0, 3)) == []
    told.clear()
    ask_tags_of_pairs(window, session, [(0, 3)], "this pair")
    window.gallery.view.selectAll()
    window.gallery.view.setCurrentIndex(window.gallery.grouped.place_of(4))
    faces = window.gallery.view.selectionModel()
    for place in (3, 4):
        index = window.gallery.grouped.place_of(place)
        faces.select(
            index, faces.SelectionFlag.ClearAndSelect if place == 3 else faces.SelectionFlag.Select
        )
    window.gallery.compare()
    window.gallery._on_activated(window.gallery.grouped.place_of(4))
    assert told == [
        "The gallery that was opened is not scored yet; tag pairs once it is.",
        "The gallery that was opened is not scored yet; compare its faces once it is.",
    ]
    assert session.pair == (0, 3)
    go_on.set()
    settled(window, qtbot)
    window.gallery.compare()
    assert session.pair == (3, 4) and not section.isHidden()
    assert section.note.toPlainText() == "" and session.project is not before


def test_progress_of_more_pairs_than_qt_counts_is_shown_as_a_share(qtbot: QtBot) -> None:
    job, row, shown = LatestJob(), ProgressRow(), list[float]()
    qtbot.addWidget(row)
    job.progress.connect(row.show_progress)
    job.progress.connect(lambda _, done, total: shown.append(done / total))
    job.start(lambda running: running.report("Scoring pairs", 2_000_000_000, 2_500_000_000))
    qtbot.waitUntil(lambda: not job.running)
    job.close()
    assert shown == pytest.approx([0.8])
    assert row.bar.value() / row.bar.maximum() == pytest.approx(0.8)


def test_faces_that_are_chosen_stay_so_when_somebody_is_renamed(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    session, panel = window.session, window.gallery
    chosen, grouped = panel.view.selectionModel(), panel.grouped
    chosen.setCurrentIndex(grouped.place_of(4), chosen.SelectionFlag.ClearAndSelect)
    chosen.select(grouped.place_of(1), chosen.SelectionFlag.Select)
    faces = panel.selected()
    assert {face.key for face in faces} == {"ann/2.png", "bob/2.png"}
    session.rename(faces, "zoe")
    qtbot.waitUntil(lambda: session.faces_so_far is None)
    settled(window, qtbot)
    now = panel.selected()
    assert [(f.key, f.identity) for f in now] == [("ann/2.png", "zoe"), ("bob/2.png", "zoe")]
    assert panel.view.currentIndex() == grouped.place_of(panel.model.row_of("bob/2.png") or 0)
    shutil.copytree(crops, tmp_path / "other")
    session.open_gallery(tmp_path / "other")
    qtbot.waitUntil(lambda: session.source == tmp_path / "other", timeout=60_000)
    assert panel.selected() == []  # its faces are others
    settled(window, qtbot)


def test_forgetting_a_gallery_leaves_another_that_is_being_opened(
    window: MainWindow, qtbot: QtBot, probes: Path
) -> None:
    session = window.session
    session.open_gallery(probes)
    session.forget_gallery()
    assert session.opening == probes and session.matrix is None
    qtbot.waitUntil(lambda: session.source == probes, timeout=60_000)
    settled(window, qtbot)
    assert session.matrix is not None and session.matrix.scores.shape == (4, 4)


def test_a_gallery_opened_while_a_project_s_weights_are_hashed_is_the_one_that_opens(
    window: MainWindow, qtbot: QtBot, probes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, go_on, asked = window.session, Event(), list[None]()
    window.projects.save_as(tmp_path / "kept.xcos")
    settled(window, qtbot)
    session._choosing.do(lambda: go_on.wait(60), asked.append, session.tell)
    assert window.projects.open(tmp_path / "kept.xcos")
    session.open_gallery(probes)
    go_on.set()
    qtbot.waitUntil(lambda: bool(asked) and not session._choosing.running)
    qtbot.waitUntil(lambda: session.source == probes, timeout=60_000)
    settled(window, qtbot)
    assert session.source == probes and session.project_file is None


def test_from_a_pair_that_was_swapped_the_list_goes_on(window: MainWindow) -> None:
    session = window.session
    pairs = [(0, 3), (1, 4), (0, 5)]
    rows, columns = np.array(pairs).T
    session.list_pairs("Mine", PairList(rows, columns, np.array([0.3, 0.2, 0.1])))
    session.select_pair(1, 4)
    for step, pair in ((1, (0, 5)), (-1, (0, 3))):
        session.select_pair(1, 4)
        session.swap_pair()
        assert session.pair == (4, 1)
        window.step_listed(step)
        assert session.pair == pair
