"""Little videos for tests, made of photos of the sample gallery or of plain colours."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.resources import resource_path

RATE = 10
WIDE, HIGH = 320, 240


def write_video(
    path: Path, frames: Iterable[np.ndarray], aspect: Fraction = Fraction(1), curve: int = 2
) -> Path:
    """Encode (H, W, 3) uint8 frames, ten a second; skips where av is not installed.

    aspect: how much wider than high a pixel is; curve: the transfer's code point in H.273
    """
    av = pytest.importorskip("av", reason="av is not installed")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        stream.bit_rate = 4_000_000
        stream.codec_context.sample_aspect_ratio = aspect
        stream.codec_context.color_trc = curve
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def noisy_frames(count: int) -> list[np.ndarray]:
    """Frames of noise, so that the file is large and can be cut anywhere."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (HIGH, WIDE, 3), np.uint8) for _ in range(count)]


def story() -> list[np.ndarray]:
    """Three shots of six frames: Obama, then Obama elsewhere beside Biden, then Obama again."""
    obama = [_sample("Barack Obama", f"obama_{n}.jpg") for n in (1, 2, 3)]
    biden = _sample("Joe Biden", "biden_1.jpg")
    frames = []
    for number in range(18):
        shot, step = divmod(number, 6)
        picture = Image.new("RGB", (WIDE, HIGH), (60, 80, 100))
        picture.paste(obama[shot], (170, 30) if shot == 1 else (5 + 4 * step, 40))
        if shot == 1:
            picture.paste(biden, (5, 40 + step))
        frames.append(np.asarray(picture))
    return frames


def _sample(person: str, name: str) -> Image.Image:
    with Image.open(resource_path("sample", person, name)) as image:
        small = image.convert("RGB")
    small.thumbnail((140, 170))
    return small
