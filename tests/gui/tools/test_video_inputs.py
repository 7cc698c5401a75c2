"""What a video is scored against and found with: choices, dialogs closed without one, what may be pressed."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui.resting import score_probes
from tests.gui.tools.test_video import LONG, opened, video  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.video.inputs import LEFT, PHOTO, RIGHT
from xcos_gui.tools.video.window import EMPTY, VideoWindow


def test_the_two_faces_and_a_photo_are_offered_by_name(
    window: MainWindow, qtbot: QtBot, probes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    score_probes(window, qtbot, probes)
    session.select_pair(2, 5)
    inputs = opened(window).inputs
    left, right = session.faces_of((2, 5))
    assert [inputs.choice.itemText(k) for k in range(3)] == [
        f"Left face looked at: {left.key}", f"Right face looked at: {right.key}", "A photo…",
    ]  # fmt: skip
    asked: list[None] = []
    inputs.against_changed.connect(lambda: asked.append(None))
    for choice, face in ((LEFT, left), (RIGHT, right)):
        inputs.choose(choice)
        against = inputs.against()
        assert against is not None
        found = against(None)  # type: ignore[arg-type]
        assert found.key == face.key
        assert found.loaded is (session.rows if choice == LEFT else session.columns)
    assert len(asked) == 2
    session.select_pair(1, 4)  # followed while a face is scored against
    assert len(asked) == 3 and session.faces_of((1, 4))[1].key in inputs.choice.itemText(RIGHT)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    inputs.choice.setCurrentIndex(PHOTO)
    inputs.choice.activated.emit(PHOTO)  # closed without one: not against nothing
    assert inputs.choice.currentIndex() == LEFT and inputs.photo is None
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(probes / "some.png"), ""))
    inputs.choice.activated.emit(PHOTO)
    assert (
        inputs.choice.currentIndex() == PHOTO
        and inputs.choice.itemText(PHOTO) == "A photo: some.png"
    )
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    inputs.choice.activated.emit(PHOTO)  # the one before stays
    assert inputs.photo == probes / "some.png" and inputs.choice.currentIndex() == PHOTO
    count = len(asked)
    session.select_pair(0, 3)  # a photo does not follow the pair
    assert len(asked) == count


def test_a_video_is_looked_for_where_one_is_named(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = opened(window)
    inputs = tool.inputs
    assert (inputs.every.minimum(), inputs.every.maximum(), inputs.every.text()) == (
        0,
        10_000,
        "automatic",
    )
    inputs.every.setValue(3)
    assert inputs.every.text() == "every 3"
    tool.find_tracks()
    assert tool.note.text() == EMPTY and not tool.job.running
    for text, enabled in (("  ", False), ("x.mp4", True), ("", False)):
        inputs.source.setText(text)
        assert inputs.find_button.isEnabled() == enabled
    asked: list[str] = []
    inputs.find_asked.disconnect()
    inputs.find_asked.connect(lambda: asked.append(inputs.source.text()))
    for name, ask in (
        ("getOpenFileName", inputs.ask_file),
        ("getExistingDirectory", inputs.ask_folder),
    ):
        for path in ("", "/a/b"):
            answer = (path, "") if name == "getOpenFileName" else path
            monkeypatch.setattr(QFileDialog, name, lambda *_, a=answer: a)
            inputs.source.clear()
            ask()
            assert inputs.source.text() == path
    assert asked == ["/a/b"] * 2


def test_the_slider_steps_and_only_what_can_be_done_is_enabled(
    video: VideoWindow, window: MainWindow, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    assert (
        video.open_button.isEnabled() and video.save_button.isEnabled() and video.slider.isEnabled()
    )
    assert video.found is not None
    longest = int(np.argmax([len(track) for track in video.found.tracks]))
    track = video.found.tracks[longest]
    for place in (*range(len(track)), 99):
        video.show_face(longest, place)
        at = min(place, len(track) - 1)
        assert (video.slider.minimum(), video.slider.maximum(), video.slider.value()) == (
            0,
            len(track) - 1,
            at,
        )
        assert video.where.text().endswith(
            f"frame {track.faces[at].frame}, face {at + 1} of {len(track)}"
        )
        ring = [part.tolist() for part in video.plot._ring.getData()]
        assert ring[0] == [track.times[at]]
        report = video.view._report
        assert report is not None
        np.testing.assert_array_equal(report.left_crop, track.faces[at].crop)
        assert report.explanation.score == pytest.approx(video.scores[longest].scores[at], abs=1e-4)
    before = video.where.text()
    video.show_face(len(video.found.tracks), 0)  # no such track
    assert video.where.text() == before
    count = len(video.found.tracks)
    noun = "track" if count == 1 else "tracks"
    assert video.note.text().startswith(f"{count} {noun} in 3 frames looked at.")
    window.session.set_model(None)
    qtbot.waitUntil(lambda: video.found is None)
    assert not (
        video.open_button.isEnabled() or video.save_button.isEnabled() or video.slider.isEnabled()
    )
    assert video.where.text() == "" and not video.plot.plotItem.listDataItems()
