"""Photos decoded at a smaller scale show the same, and give the same crops."""

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.faces.align import TEMPLATE, align
from core.faces.face import Detection
from core.faces.photo import decode_photo, decode_scaled
from core.faces.scaled import crop_reduction, search_reduction


def drawn(width: int, height: int) -> np.ndarray:
    """A smooth picture, so that its scale does not matter."""
    x, y = np.arange(width)[None], np.arange(height)[:, None]
    waves = [np.sin(x / 90 + y / 300), np.cos(y / 110), np.sin((x + y) / 170)]
    return np.stack([127 + 100 * (wave + 0 * x + 0 * y) for wave in waves], -1).astype(np.uint8)


def encoded(photo: np.ndarray, kind: str = "JPEG", orientation: int = 1) -> bytes:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[274] = orientation
    Image.fromarray(photo).save(buffer, kind, quality=98, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("size", "reduction"),
    [((250, 250), 1), ((1279, 900), 1), ((900, 1280), 2), ((4000, 3000), 4), ((8000, 6000), 8)],
)
def test_the_search_keeps_640_pixels(size: tuple[int, int], reduction: int) -> None:
    assert search_reduction(size) == reduction


def test_a_crop_keeps_two_pixels_for_one() -> None:
    assert [crop_reduction(TEMPLATE * s) for s in (0.5, 3.9, 4.1, 9, 17, 100)] == [1, 1, 2, 4, 8, 8]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_reduced_jpeg_has_its_whole_size_and_place(orientation: int) -> None:
    data = encoded(drawn(2601, 1500), orientation=orientation)
    whole, seen = decode_photo(data, "a.jpg"), decode_scaled(data, "a.jpg")
    assert seen.reduction == 4 and seen.size == (whole.shape[1], whole.shape[0])
    small = np.array([[100, 50], [160, 50], [130, 80], [105, 110], [155, 110]], np.float32)
    found = seen.in_whole(Detection(np.array([90, 40, 170, 120], np.float32), small, 1.0))
    x, y = found.landmarks[2].round().astype(int)
    assert (x, y) == (522, 322)
    np.testing.assert_allclose(seen.pixels[80, 130], whole[y, x], atol=6)


@pytest.mark.parametrize("eyes", [60, 150, 400, 700])
def test_a_crop_is_the_same_at_every_scale(eyes: float) -> None:
    data = encoded(drawn(3000, 2600))
    marks = ((TEMPLATE - 56) * eyes / 35 + [1490, 1300]).astype(np.float32)
    reduced = decode_scaled(data, "a.jpg", crop_reduction(marks))
    assert reduced.reduction == {60: 1, 150: 2, 400: 4, 700: 4}[eyes]
    crop = align(decode_photo(data, "a.jpg"), marks)
    np.testing.assert_allclose(reduced.crop(marks).astype(int), crop.astype(int), atol=4)


def test_other_kinds_are_decoded_whole() -> None:
    data = encoded(drawn(1500, 1400), "PNG")
    seen = decode_scaled(data, "a.png")
    assert seen.reduction == 1 and seen.pixels.shape == (1400, 1500, 3)


def test_a_kept_crop_and_one_made_anew_are_equal(tmp_path: Path) -> None:
    from core.gallery.cache import Cache
    from core.gallery.opening import crop_of, open_gallery
    from tests.gallery.test_opening import CountingVerifier

    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(encoded(drawn(3000, 2600)))
    marks = (TEMPLATE * 3 + 100).astype(np.float32)  # in the reduced photo

    class Found:
        def detect(self, photos: list[np.ndarray]) -> list[list[Detection]]:
            assert [photo.shape for photo in photos] == [(650, 750, 3)]
            return [[Detection(np.array([100, 100, 400, 400], np.float32), marks, 1.0)]]

    caches = Cache(tmp_path / "one.sqlite"), Cache(tmp_path / "two.sqlite")
    loaded = open_gallery(
        tmp_path / "photos", verifier=CountingVerifier(), cache=caches[0], detector=Found()
    )
    (face,) = loaded.gallery.faces
    assert face.detection is not None
    np.testing.assert_allclose(face.detection.landmarks, marks * 4 + 1.5)
    crops = [crop_of(face, tmp_path / "photos", cache) for cache in caches]
    np.testing.assert_array_equal(*crops)


def lossless(side: int, parts: int) -> bytes:
    """A JPEG file without loss (SOF3), of one level: every difference is 0, in a bit."""

    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    frame = struct.pack(">BHHB", 8, side, side, parts)
    frame += b"".join(bytes([part, 0x11, 0]) for part in range(parts))
    scan = bytes([parts]) + b"".join(bytes([part, 0]) for part in range(parts)) + b"\1\0\0"
    head = segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") + segment(0xC3, frame)
    head += segment(0xC4, b"\0" + bytes([1] + [0] * 15) + b"\0") + segment(0xDA, scan)
    return b"\xff\xd8" + head + bytes((side * side * parts + 7) // 8) + b"\xff\xd9"


def hidden(data: bytes) -> bytes:
    """The same for a decoder; who takes a restart marker for a segment sees another frame."""
    frame_end = data.index(b"\xff\xc4")
    behind = b"\xff\xc0\0\x08" + bytes(6)
    whole = data[2:frame_end] + b"\xff\xe9" + struct.pack(">H", 2 + len(behind))
    return (
        data[:2]
        + b"\xff\xd0"
        + struct.pack(">H", 2 + len(whole))
        + whole
        + behind
        + data[frame_end:]
    )


PLAIN = {parts: lossless(1300, parts) for parts in (1, 3)}


@pytest.mark.parametrize(
    "content",
    [
        PLAIN[1],
        PLAIN[3],
        PLAIN[3][:2] + b"\xff\xff" + PLAIN[3][2:],
        hidden(PLAIN[3]),
    ],
    ids=["grey", "colours", "filled up", "hidden"],
)
def test_a_jpeg_without_loss_is_never_reduced(content: bytes) -> None:
    """libjpeg-turbo would write the whole of it into the smaller picture, and end the program."""
    code = (
        "import sys; from core.faces.photo import decode_scaled as read;"
        "photo = read(sys.stdin.buffer.read(), 'a.jpg');"
        "print(photo.pixels.shape, photo.reduction, photo.pixels.min(), photo.pixels.max())"
    )
    told = subprocess.run([sys.executable, "-c", code], input=content, capture_output=True)
    assert told.stdout.split() == b"(1300, 1300, 3) 1 128 128".split()
