"""The window on videos: tracks, scores over time, a face beside the photo, the tracks as a gallery."""

import csv
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.gui.tools.test_answers_of import held
from tests.videos import noisy_frames, write_video
from tests.weights import other_weights
from xcos_gui.shell.tool_menu import VIDEO
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.video.inputs import LEFT, PHOTO, RIGHT
from xcos_gui.tools.video.window import VideoWindow

LONG = 60_000


def opened(window: MainWindow) -> VideoWindow:
    shown = window.show_tool(VIDEO)
    assert isinstance(shown, VideoWindow)
    shown.inputs.aligned.setChecked(True)
    return shown


@pytest.fixture
def video(window: MainWindow, qtbot: QtBot, crops: Path) -> VideoWindow:
    """The tracks of ann's three crops as frames, scored against the left face looked at."""
    shown = opened(window)
    shown.inputs.source.setText(str(crops / "ann"))
    qtbot.mouseClick(shown.inputs.find_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(shown.scores), timeout=LONG)
    return shown


def test_tracks_and_their_scores_are_shown(
    video: VideoWindow, window: MainWindow, qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(video.tracks)
    assert sum(int(video.tracks.index(r, 2).data()) for r in range(video.tracks.rowCount())) == 3
    for row, found in enumerate(video.scores):
        assert video.tracks.index(row, 5).data() == f"{found.score:.4f}"
        same = found.score > window.session.threshold
        assert video.tracks.index(row, 6).data() == ("same" if same else "different")
    # A frame of ann against ann's own photo scores as the matrix says.
    session = window.session
    assert session.pair is not None and session.matrix is not None
    left = session.faces_of(session.pair)[0].key
    assert left in video.inputs.choice.currentText() and left.startswith("ann/")
    frames = [(found, k) for found in video.scores for k in range(len(found.scores))]
    by_frame = {found.track.faces[k].frame: found.scores[k] for found, k in frames}
    expected = session.matrix.scores[:3, session.pair[0]]
    assert np.allclose([by_frame[k] for k in range(3)], expected, atol=1e-4)


def test_tracks_sort_and_a_row_shows_its_own_track(video: VideoWindow, qtbot: QtBot) -> None:
    tracks, header = video.tracks, video.table.horizontalHeader()
    count = tracks.rowCount()
    for column, falling in ((5, True), (1, False), (3, True)):
        orders = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        header.setSortIndicator(column, orders[falling])
        shown = [tracks.index(row, 1).data() for row in range(count)]
        assert sorted(tracks.track(row) for row in range(count)) == [*range(count)]
        for row in range(count):
            video.table.selectRow(row)
            video.show_face(tracks.track(row), 0)
            assert video.where.text().startswith(f"{shown[row]}:")
            assert video.table.currentIndex().row() == row
    scores = [found.score for found in video.scores]
    header.setSortIndicator(5, Qt.SortOrder.DescendingOrder)
    assert [scores[tracks.track(row)] for row in range(count)] == sorted(scores, reverse=True)
    qtbot.waitUntil(lambda: video.session.settings.store.contains("table/video"))


def test_two_people_are_two_tracks_and_each_row_shows_its_own(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    matrix = window.session.matrix
    assert matrix is not None
    unlike = np.unravel_index(matrix.scores.argmin(), matrix.scores.shape)
    for number, face in enumerate(window.session.faces_of((int(unlike[0]), int(unlike[1])))):
        for again in range(2):
            shutil.copy(crops / face.key, frames / f"{2 * number + again}.png")
    shown = opened(window)
    shown.inputs.source.setText(str(frames))
    qtbot.mouseClick(shown.inputs.find_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(shown.scores), timeout=LONG)
    count = shown.tracks.rowCount()
    assert count > 1
    for row in (*range(count), *reversed(range(count))):
        shown.table.selectRow(row)
        assert shown.where.text().startswith(f"{shown.tracks.index(row, 1).data()}:")
        face = shown.scores[shown.tracks.track(row)].track.faces[0]
        assert f"frame {face.frame}," in shown.where.text()


def test_before_a_video_nothing_empty_is_shown(window: MainWindow) -> None:
    shown = opened(window)
    assert not shown.shown.filled and not shown.plot.isVisible() and not shown.table.isVisible()
    assert [button.text() for button in shown.shown.empty.buttons] == [
        "Video file…",
        "Folder of frames…",
    ]


def test_a_click_on_a_point_shows_its_face(video: VideoWindow) -> None:
    found = video.scores[0]
    last = len(found.track) - 1
    point = QPointF(found.track.times[last], found.scores[last])
    video.plot.choose_at(video.plot.plotItem.vb.mapViewToScene(point))
    assert f"face {last + 1} of {len(found.track)}" in video.where.text()
    assert video.slider.value() == last
    assert f"{found.scores[last]:.3f}" in video.view.words.text()
    video.slider.setValue(0)
    assert "face 1 of" in video.where.text()


def test_the_threshold_and_the_face_scored_against_are_followed(
    video: VideoWindow, window: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    window.session.set_threshold(-1.0)
    assert video.plot.line.value() == -1.0 and video.tracks.index(0, 6).data() == "same"
    before = video.scores
    window.session.select_pair(0, 4)
    video.inputs.choose(RIGHT)
    qtbot.waitUntil(lambda: video.scores is not before, timeout=LONG)
    assert video.against is not None and video.against.key == "bob/2.png"
    before = video.scores
    video.inputs.choose(PHOTO, crops / "cem" / "1.png")
    qtbot.waitUntil(lambda: video.scores is not before, timeout=LONG)
    assert video.against.key == "1.png" and "1.png" in video.inputs.choice.currentText()
    before = video.scores
    video.inputs.choose(LEFT)
    window.session.set_kind("uniform")
    qtbot.waitUntil(lambda: video.scores is not before, timeout=LONG)
    assert "uniform attention" in video.view.words.text()


def test_scores_are_saved_and_tracks_open_as_a_gallery(
    video: VideoWindow, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    video.save(tmp_path / "scores.csv")
    rows = list(csv.DictReader((tmp_path / "scores.csv").open()))
    assert len(rows) == 3 and "written to" in video.note.text()
    video.save(tmp_path / "scores.txt")
    assert "must end in one of" in video.note.text()
    video.open_button.click()
    session = window.session
    assert video.found is not None
    key = f"{video.found.source.resolve()} {video.found.every} {video.found.frames}"
    # Short, since some systems refuse long paths.
    folder = f"{video.found.source.stem}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    qtbot.waitUntil(
        lambda: (
            session.source is not None
            and session.source.parent.name == "videos"
            and session.loaded is not None
            and len(session.loaded) == 3
            and not session.busy
        ),
        timeout=LONG,
    )
    assert session.loaded is not None and session.source is not None
    assert session.source.name == folder
    names = {face.identity for face in session.loaded.gallery.faces}
    assert names == {found.name for found in video.found.tracks}  # type: ignore[union-attr]
    assert "aligned crops" in video.note.text()


def test_what_cannot_be_read_is_one_sentence(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = opened(window)
    assert not shown.inputs.find_button.isEnabled() and not shown.open_button.isEnabled()
    shown.open_video(tmp_path / "none.mp4")
    qtbot.waitUntil(lambda: "none.mp4 does not exist" in shown.note.text(), timeout=LONG)


def test_a_cut_video_dropped_on_the_window_is_told(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_video(tmp_path / "clip.mkv", noisy_frames(20))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    window.show_video(path)
    shown = window.tools[VIDEO]
    assert isinstance(shown, VideoWindow)
    said = shown.shown.empty
    qtbot.waitUntil(lambda: "clip.mkv is cut off" in said.advice.text(), timeout=LONG)
    assert said.title.text() == "No face was found"


def test_other_weights_ask_for_new_tracks(
    video: VideoWindow, window: MainWindow, qtbot: QtBot
) -> None:
    window.session.set_model(None)
    qtbot.waitUntil(lambda: video.tracks.rowCount() == 0, timeout=60_000)  # they are in use by now
    assert not video.shown.filled
    assert video.shown.empty.advice.text() == "Find the tracks again."


def test_tracks_found_with_former_weights_are_not_scored_against_new_ones(
    window: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, shown = window.session, opened(window)
    may = held(shown, monkeypatch)
    shown.open_video(crops / "ann")
    former = session.card
    session.set_model(other_weights(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: session.card is not former)
    assert shown.shown.empty.advice.text() == "Find the tracks again."
    shown.find_tracks()
    may.set()
    qtbot.waitUntil(lambda: bool(shown.scores) and not session.busy, timeout=LONG)
    assert session.pair is not None and session.matrix is not None
    by_frame = {
        face.frame: score
        for found in shown.scores
        for face, score in zip(found.track.faces, found.scores.tolist(), strict=True)
    }
    expected = session.matrix.scores[:3, session.pair[0]].tolist()
    assert [by_frame[k] for k in range(3)] == pytest.approx(expected, abs=1e-4)


def test_without_a_face_to_score_against_no_scores_stand(
    video: VideoWindow, window: MainWindow
) -> None:
    window.session.forget_gallery()
    assert "none yet" in video.inputs.choice.currentText()
    assert {video.tracks.index(row, 5).data() for row in range(video.tracks.rowCount())} == {""}
    assert not video.plot._scores and not video.save_button.isEnabled()
    assert "no face to score" in video.view.shown.empty.title.text()
    video.tracks.sort(5)
    video.show_face(0, 0)
    assert not video.view.shown.filled
