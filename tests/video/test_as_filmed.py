"""Videos as phones and editors write them: turned, without pictures, of odd sizes, very long."""

import struct
from pathlib import Path

import numpy as np
import pytest

from core.errors import XCosError
from core.model.verifier import Verifier
from core.video.frames import MOST, Frames
from core.video.tracks import follow
from tests.videos import HIGH, RATE, WIDE, write_video

RED, GREEN, BLACK = (230, 30, 30), (30, 230, 30), (0, 0, 0)
MATRIX = 4 + 4 + 5 * 4 + 2 * 8  # bytes from the word tkhd to its matrix (ISO 14496-12, version 0)


def marked() -> np.ndarray:
    """Red above, below it green on the left and black on the right."""
    pixels = np.zeros((HIGH, WIDE, 3), np.uint8)
    pixels[: HIGH // 2] = RED
    pixels[HIGH // 2 :, : WIDE // 2] = GREEN
    return pixels


def turned(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Give an MP4's only track the matrix (a, b, c, d) by which a phone says how it was held."""
    content = bytearray(path.read_bytes())
    place = content.find(b"tkhd") + MATRIX
    a, b, c, d = (value << 16 for value in matrix)
    struct.pack_into(">9i", content, place, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("matrix", "corners"),
    [
        # A quarter clockwise brings the left edge to the top, read from its lower end.
        ((0, 1, -1, 0), (GREEN, RED, BLACK, RED)),
        ((0, -1, 1, 0), (RED, BLACK, RED, GREEN)),
        ((-1, 0, 0, -1), (BLACK, GREEN, RED, RED)),
        ((1, 0, 0, 1), (RED, RED, GREEN, BLACK)),
    ],
)
def test_a_video_is_seen_as_it_was_held(
    tmp_path: Path,
    matrix: tuple[int, int, int, int],
    corners: tuple[tuple[int, int, int], ...],
) -> None:
    frames = Frames(turned(write_video(tmp_path / "clip.mp4", [marked()] * 3), matrix), every=1)
    pixels = next(iter(frames)).pixels
    frames.close()
    assert pixels.shape == ((WIDE, HIGH, 3) if matrix[0] == 0 else (HIGH, WIDE, 3))
    for place, colour in zip(((4, 4), (4, -5), (-5, 4), (-5, -5)), corners, strict=True):
        assert np.abs(pixels[place].astype(int) - colour).max() < 20, place


def test_sound_without_pictures_is_refused(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="av is not installed")
    path = tmp_path / "speech.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
    with pytest.raises(XCosError, match=r"speech\.mkv has no pictures, only sound; choose another"):
        Frames(path)


def test_of_a_long_video_at_most_a_thousand_frames_are_looked_at(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [marked()] * 5)
    frames = Frames(path)
    assert frames.every == RATE // 5
    frames.close()
    for number in range(2 * MOST + 1):
        (tmp_path / f"{number}.png").touch()
    path.unlink()
    assert Frames(tmp_path).every == 3  # two would be 1,001
    (tmp_path / "0.png").unlink()
    assert Frames(tmp_path).every == 2


def test_frames_that_are_said_to_be_crops_must_be(tmp_path: Path, tiny_weights: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", [marked()] * 3)
    with pytest.raises(XCosError, match="Frame 0 is 320x240, not an aligned 112x112 crop") as told:
        follow(video, Verifier(tiny_weights, "cpu"), aligned=True)
    assert told.value.option == "aligned"
