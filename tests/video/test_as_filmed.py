"""Videos as phones and editors write them: turned, without pictures, of odd sizes, very long."""

import struct
from fractions import Fraction
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


def disc(aspect: float) -> np.ndarray:
    """A white disc of 60 pixels' radius in the middle, as it is stored in pixels of an aspect."""
    y, x = np.mgrid[:HIGH, :WIDE] + 0.5
    wide, high = max(aspect, 1), max(1 / aspect, 1)
    inside = ((x - WIDE / 2) * wide) ** 2 + ((y - HIGH / 2) * high) ** 2 < 60**2
    return np.repeat(inside[..., None], 3, axis=2).astype(np.uint8) * 255


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(
    ("aspect", "shape"), [(Fraction(4, 3), (240, 427)), (Fraction(8, 9), (270, 320))]
)
def test_what_was_round_is_round_whatever_the_pixels(
    tmp_path: Path, suffix: str, aspect: Fraction, shape: tuple[int, int]
) -> None:
    stored = disc(float(aspect))
    video = write_video(tmp_path / f"clip{suffix}", [stored] * 3, aspect)
    frames = Frames(video, every=1)
    pixels = next(iter(frames)).pixels
    frames.close()
    assert pixels.shape == (*shape, 3) and not frames.problems
    white = pixels.mean(axis=2) > 128
    assert white.any(axis=0).sum() == pytest.approx(120, abs=2)
    assert white.any(axis=1).sum() == pytest.approx(120, abs=2)


def test_pixels_that_are_stretched_and_turned(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", [disc(4 / 3)] * 3, Fraction(4, 3))
    frames = Frames(turned(video, (0, 1, -1, 0)), every=1)
    assert next(iter(frames)).pixels.shape == (427, 240, 3)
    frames.close()


def test_pixels_that_cannot_be_are_told(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mkv", [disc(1)] * 3, Fraction(50, 1))
    frames = Frames(video, every=1)
    assert next(iter(frames)).pixels.shape == (HIGH, WIDE, 3)
    frames.close()
    (problem,) = frames.problems
    assert "clip.mkv says that its pixels are 50 times as wide as high" in problem.reason


@pytest.mark.parametrize("curve", [16, 18])  # PQ, HLG
def test_a_high_dynamic_range_is_refused(tmp_path: Path, curve: int) -> None:
    path = write_video(tmp_path / "clip.mkv", [marked()] * 3, curve=curve)
    with pytest.raises(XCosError, match=r"clip\.mkv has a high dynamic range \(PQ or HLG\)"):
        Frames(path)


def test_a_codec_that_is_not_known_is_told(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", [marked()] * 3)
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"zzzz"))
    with pytest.raises(XCosError, match=r"clip\.avi "):
        list(Frames(path))
