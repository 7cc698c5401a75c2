"""Videos by hand: a click on the plot, seconds, saving, photos that show nothing, and tracks opened twice."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui.resting import tool_rests
from tests.gui.tools.test_told import track
from tests.gui.tools.test_video import LONG, opened, video  # noqa: F401
from tests.living import crop
from tests.videos import write_video
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.video.inputs import LEFT, PHOTO
from xcos_gui.tools.video.model import TracksModel
from xcos_gui.tools.video.plot import VideoPlot
from xcos_gui.tools.video.window import VideoWindow


def scored(score: float, number: int) -> SimpleNamespace:
    times = tuple(0.5 * k for k in range(4))
    scores = np.array([score, score + 0.2, score - 0.1, score + 0.1])
    return SimpleNamespace(
        track=track(number, times, (0, 5, 10, 15)), score=score, scores=scores, running=scores
    )


def test_the_left_button_chooses_the_point_under_it(qtbot: QtBot) -> None:
    plot = VideoPlot()
    qtbot.addWidget(plot)
    plot.resize(600, 400)
    plot.show()
    plot.show_scores([scored(0.2, 1), scored(-0.5, 2)], 0.1)  # type: ignore[list-item]
    plot.grab()
    chosen: list[tuple[int, int]] = []
    plot.chosen.connect(lambda *place: chosen.append(place))
    for x, y, wanted in ((1.0, -0.6, (1, 2)), (0.5, 0.4, (0, 1))):
        at = plot.mapFromScene(plot.plotItem.vb.mapViewToScene(QPointF(x, y)))
        before = len(chosen)
        QTest.mouseClick(plot.viewport(), Qt.MouseButton.RightButton, pos=at)
        assert len(chosen) == before
        QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
        assert chosen[-1] == wanted and len(chosen) == before + 1


@pytest.mark.parametrize("column", [5, 6])
def test_rows_sorted_by_score_follow_new_scores(qapp: object, column: int) -> None:
    model = TracksModel()
    scores = [scored(0.2, 1), scored(0.9, 2), scored(-0.4, 3)]
    model.show(tuple(one.track for one in scores))
    model.show_scores(scores, 0.1)  # type: ignore[arg-type]
    model.sort(column, Qt.SortOrder.DescendingOrder)
    assert [model.track(row) for row in range(3)] == [1, 0, 2]
    for one, score in zip(scores, (0.5, -0.2, 0.7), strict=True):
        one.score = score
    model.show_scores(scores, 0.1)  # type: ignore[arg-type]
    assert [model.track(row) for row in range(3)] == [2, 0, 1]
    assert [model.index(row, 5).data() for row in range(2)] == ["0.7000", "0.5000"]
    model.sort(column, Qt.SortOrder.AscendingOrder)
    model.show_scores(scores, 0.1)  # type: ignore[arg-type]
    assert [model.track(row) for row in range(3)] == [1, 0, 2]


def test_a_face_of_a_video_is_told_by_its_second(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ("WIDE", "HIGH"):
        monkeypatch.setattr(f"tests.videos.{side}", 112)
    clip = write_video(tmp_path / "clip.mp4", [crop("ann", 1)] * 4)
    shown = opened(empty)
    shown.inputs.every.setValue(1)
    shown.open_video(clip)
    qtbot.waitUntil(lambda: shown.found is not None and tool_rests(shown), timeout=LONG)
    assert shown.found is not None and len(shown.found.tracks) == 1
    name = shown.found.tracks[0].name
    for place in (0, 3, 2):
        shown.slider.setValue(place)
        # Ten frames a second.
        assert shown.where.text() == (
            f"{name}: {place / 10:.2f} s, frame {place}, face {place + 1} of 4"
        )
    # No gallery is open, so there is nothing to hold the faces against.
    empty_view = shown.view.shown.empty
    assert not shown.view.shown.filled and not shown.scores
    assert empty_view.title.text() == "There is no face to score the tracks against"
    photo = tmp_path / "ann.png"
    Image.fromarray(crop("ann", 1)).save(photo)
    shown.inputs.choose(PHOTO, photo)
    qtbot.waitUntil(lambda: bool(shown.scores), timeout=LONG)
    assert shown.scores[0].score > 0.8 and shown.view.shown.filled


def test_scores_are_saved_where_asked(
    video: VideoWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    asked: list[tuple[str, ...]] = []
    answers = ["", str(tmp_path / "over.csv")]

    def ask(parent: object, *words: str) -> tuple[str, str]:
        asked.append(words)
        return answers[len(asked) - 1], ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    video.tell("")
    video.save_button.click()  # closed without a name
    assert video.note.text() == "" and not list(tmp_path.glob("over*"))
    video.save_button.click()
    assert video.note.text() == f"The scores were written to {tmp_path / 'over.csv'}."
    assert len((tmp_path / "over.csv").read_text().splitlines()) == 4  # a head, and three frames
    assert asked[0][1] == "ann-scores.png"


def test_tracks_are_opened_as_a_gallery_again(
    video: VideoWindow, window: MainWindow, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    session = window.session
    for _ in range(2):
        video.open_button.click()
        qtbot.waitUntil(lambda: "are open in the main window" in video.note.text(), timeout=LONG)
        qtbot.waitUntil(lambda: session.loaded is not None and not session.busy, timeout=LONG)
        assert session.source is not None and session.source.parent.name == "videos"
        photos = [path for path in session.source.rglob("*") if path.suffix in (".png", ".jpg")]
        assert len(photos) == 3  # each of the three frames once
        left = session.source / "left behind.txt"
        assert not left.exists()
        left.write_text("of before")
        video.tell("")


def test_a_photo_that_shows_no_face_is_told(
    video: VideoWindow, window: MainWindow, qtbot: QtBot, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    told: list[str] = []
    window.session.message.connect(told.append)
    before = video.scores
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    video.inputs.choose(PHOTO, bad)
    qtbot.waitUntil(lambda: any("bad.png" in one for one in [*told, video.note.text()]), timeout=LONG)  # fmt: skip
    # Those of the former face would be taken for this photo's.
    assert video.scores == [] and not video.save_button.isEnabled()
    # The left face again, without asking for a photo.
    video.inputs.choice.setCurrentIndex(LEFT)
    video.inputs.choice.activated.emit(LEFT)
    qtbot.waitUntil(lambda: bool(video.scores), timeout=LONG)
    assert [one.score for one in video.scores] == [one.score for one in before]
    assert video.against is not None and video.against.key.startswith("ann/")


def test_a_photo_that_is_gone_meanwhile_is_told(
    video: VideoWindow, window: MainWindow, crops: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    assert video.found is not None and len(video.found.tracks[0]) > 1
    assert video.against is not None
    monkeypatch.setattr(type(window.session.cache), "crop", lambda *_: None)  # it was full
    shutil.rmtree(crops)
    video.slider.setValue(1)
    assert str(crops / video.against.key) in video.note.text()


def test_without_weights_neither_tracks_nor_pairs_are_looked_for(
    empty: MainWindow, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(empty.session.models, "verifier", None)  # as where none can be found
    shown = opened(empty)
    shown.open_video(crops / "ann")
    assert shown.note.text() == "There are no weights yet; choose some in the Model menu."
    empty.show_evaluation()
    dialog = empty.evaluation
    assert dialog is not None
    dialog.protocol.setText(str(crops))
    dialog.start.click()
    assert dialog.note.text() == "There are no weights to evaluate; choose some in the Model menu."
    assert not shown.job.running and not dialog.job.running
