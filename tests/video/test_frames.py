"""Frames of videos and folders, whole, cut off and damaged."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.video.frames import Frames
from tests.videos import HIGH, RATE, WIDE, noisy_frames, write_video

COLOURS = [(230, 30, 30), (30, 230, 30), (30, 30, 230)]


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def test_every_third_frame_with_its_time(tmp_path: Path) -> None:
    plain = [np.full((HIGH, WIDE, 3), COLOURS[n % 3], np.uint8) for n in range(21)]
    frames = Frames(write_video(tmp_path / "clip.mp4", plain), every=3)
    seen = list(frames)
    assert [frame.number for frame in seen] == [0, 3, 6, 9, 12, 15, 18]
    assert [frame.seconds for frame in seen] == pytest.approx([n / RATE for n in range(0, 21, 3)])
    for frame in seen:  # red stays red: the channels are in order
        assert np.abs(frame.pixels.mean(axis=(0, 1)) - COLOURS[0]).max() < 12
    assert frames.total == 21 and not frames.problems
    assert Frames(tmp_path / "clip.mp4").every == RATE // 5


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_a_video_that_ends_mid_frame_gives_what_came_before(tmp_path: Path, suffix: str) -> None:
    whole = write_video(tmp_path / f"clip{suffix}", noisy_frames(30))
    frames = Frames(cut(whole, 0.5), every=1)
    count = len(list(frames))
    assert 10 <= count <= 20
    (problem,) = frames.problems
    assert f"clip{suffix} is cut off" in problem.reason and "of 3.0 seconds" in problem.reason
    assert problem.reason.count("\n") == 0


def test_an_end_half_a_second_early_is_told(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "clip.mkv", noisy_frames(30))
    for stated, told in ((3.4, False), (3.6, True)):
        frames = Frames(whole, every=1)
        frames._length = stated
        assert len(list(frames)) == 30
        assert bool(frames.problems) == told, stated
    assert "ends after 3.0 of 3.6 seconds" in frames.problems[0].reason


@pytest.mark.parametrize("suffix", [".avi", ".mpg"])
def test_a_video_that_lacks_a_part_of_its_last_frame_says_so(tmp_path: Path, suffix: str) -> None:
    whole = write_video(tmp_path / f"clip{suffix}", noisy_frames(20))
    frames = Frames(whole, every=1)
    count = len(list(frames))
    assert not frames.problems
    whole.write_bytes(whole.read_bytes()[:-6000])
    frames = Frames(whole, every=1)
    assert len(list(frames)) >= count - 2
    (problem,) = frames.problems
    assert "ends in the middle of a frame" in problem.reason and "clip" in problem.reason


def test_the_bare_start_of_a_stream_is_one_sentence(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.ts", noisy_frames(3))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(XCosError, match=r"clip.ts is not a video that can be read"):
        list(Frames(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [("cut.mp4", None), ("empty.mp4", b""), ("text.mkv", b"no video at all" * 50)],
)
def test_what_is_no_video_is_one_sentence(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is None:  # MP4's index lies at its end
        cut(write_video(path, noisy_frames(10)), 0.6)
    else:
        pytest.importorskip("av", reason="av is not installed")
        path.write_bytes(content)
    with pytest.raises(XCosError, match=f"{name} is not a video that can be read"):
        Frames(path)


def test_damage_in_the_middle_is_left_out_and_told(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", noisy_frames(30))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 30_000] = bytes(30_000)
    path.write_bytes(content)
    frames = Frames(path, every=1)
    seen = list(frames)
    assert seen[0].number == 0 and len(seen) >= 10
    assert len(seen) == 30 or frames.problems


def test_a_folder_goes_by_numbers_in_names(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / f"frame{number}.png")
    (tmp_path / "frame3.png").write_bytes(b"damaged")
    frames = Frames(tmp_path)
    seen = list(frames)
    assert [int(frame.pixels[0, 0, 0]) for frame in seen] == [1, 2, 10]
    assert [frame.number for frame in seen] == [0, 1, 3] and seen[0].seconds is None
    assert [problem.file for problem in frames.problems] == ["frame3.png"]


def test_missing_things_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(XCosError, match="does not exist"):
        Frames(tmp_path / "none.mp4")
    with pytest.raises(XCosError, match="has no frames"):
        Frames(tmp_path)
    (tmp_path / "clip.mp4").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(XCosError, match=r"needs the package av; install xcos-studio\[video\]"):
        Frames(tmp_path / "clip.mp4")


def test_frames_of_a_folder_are_its_photos_alone(tmp_path: Path) -> None:
    for name in ("10.png", "9.png", "._9.png", ".hidden.png", "@eaDir/9.png", "take 2/9.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), "red").save(path)
    (tmp_path / "11.nef").write_bytes(b"MM\0*" + bytes(50))
    (tmp_path / "8.png").write_bytes(b"no picture")
    frames = Frames(tmp_path, every=1)
    assert [frame.number for frame in frames] == [1, 2]  # 8 cannot be read
    assert sorted(problem.file for problem in frames.problems) == ["11.nef", "8.png"]
    assert any("RAW" in problem.reason for problem in frames.problems)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among files")
def test_a_pipe_is_no_video(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "clip.mp4")
    with pytest.raises(XCosError, match="pipe"):
        Frames(tmp_path / "clip.mp4")
