"""Photos and landmarks at the edge of what is read: bits, odd turns, hidden heads, no place at all."""

import io
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.faces.align import TEMPLATE, align
from core.faces.conditions import measure_face
from core.faces.face import Detection
from core.faces.jxl import jxl_size
from core.faces.photo import decode_photo, photo_bytes, photo_size
from core.faces.photo_files import find_photos, why_no_photo
from core.faces.photo_metadata import versions
from core.faces.plausible import share_outside
from core.faces.pose import head_pose
from core.faces.searched import photo_file, search
from tests.living import crop, landmarks


def told(work: Callable[[], object]) -> str:
    with pytest.raises(XCosError) as error:
        work()
    return str(error.value)


def encoded(image: Image.Image, form: str, **how: object) -> bytes:
    content = io.BytesIO()
    image.save(content, form, **how)  # type: ignore[arg-type]
    return content.getvalue()


BITS = np.random.default_rng(0).random((40, 60)) < 0.4


@pytest.mark.parametrize("clear", [None, 0, 1])
def test_a_photo_of_bits_is_black_and_white_and_white_where_it_is_clear(clear: int | None) -> None:
    image = Image.fromarray(BITS)
    assert image.mode == "1"
    how = {} if clear is None else {"transparency": clear}
    found = decode_photo(encoded(image, "PNG", **how), "a.png")
    wanted = np.full(BITS.shape, 255) if clear == 0 else 255 * BITS
    np.testing.assert_array_equal(found, wanted[:, :, None].repeat(3, 2))


@pytest.mark.parametrize(("largest", "share"), [(255, 1), (65535, 257)])
def test_numbers_of_32_bits_hold_eight_or_sixteen(largest: int, share: int) -> None:
    values = np.linspace(0, largest, 60 * 40).round().astype(np.int32).reshape(40, 60)
    found = decode_photo(encoded(Image.fromarray(values), "TIFF"), "a.tiff")
    wanted = values[:, :, None].repeat(3, 2) / share
    assert np.abs(found - wanted).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("exif", [b"Exif\0\0none of it", b"Exif\0\0II*\0"])
def test_a_photo_with_damaged_metadata_stands_as_it_is(exif: bytes) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20] = 200
    found = decode_photo(encoded(Image.fromarray(pixels), "JPEG", exif=exif), "a.jpg")
    assert found.shape == (40, 60, 3)
    assert found[:16].mean() > 190 and found[24:].mean() < 10


@pytest.mark.parametrize("length", [1, 0])
def test_a_jpeg_xl_picture_lies_in_a_box_of_either_length(length: int) -> None:
    """Boxes with eight bytes of length after their name, as large ones have."""
    picture = b"\xff\x0a" + (14_999 << 3 | 3 << 1 | (29_999 << 3 | 3 << 1) << 32).to_bytes(9, "little")  # fmt: skip
    plain = jxl_size(picture)
    assert plain is not None
    before = b"\0\0\0\x0cJXL \r\n\x87\n"
    if length:
        before += b"\0\0\0\x01Exif" + (16 + 5).to_bytes(8, "big") + b"abcde"
        head = b"\0\0\0\x01jxlc" + (16 + len(picture)).to_bytes(8, "big")
    else:
        before += (8 + 5).to_bytes(4, "big") + b"Exifabcde"
        head = (8 + len(picture)).to_bytes(4, "big") + b"jxlc"
    assert jxl_size(before + head + picture) == plain


@pytest.mark.parametrize(
    "data",
    [
        b"II*\0\x08\0\0\0\x05\0" + bytes(30),  # five tags, and room for two
        b"II*\0\xff\0\0\0",
        b"II+\0\x08\0\0\0\0\0\0\0" + bytes(30),  # a large one
        b"MM\0+\0\0\0\x08\0\0\0\0" + bytes(30),
    ],
)
def test_a_directory_of_another_sort_is_left_as_it_is(data: bytes) -> None:
    assert {*versions(data, "TIFF")} == {data}


def test_landmarks_in_one_place_tell_no_pose_and_lie_outside() -> None:
    one = np.full((5, 2), 30.0)
    assert np.isnan(head_pose(one[None])).all() and head_pose(one[None]).shape == (1, 3)
    both = head_pose(np.stack([one, landmarks(3)]))
    np.testing.assert_array_equal(both[1], head_pose(landmarks(3)[None])[0])
    assert np.isnan(both[0]).all() and np.isfinite(both[1]).all()
    assert share_outside(one, (60, 60)) == 1.0
    assert share_outside(np.full((5, 2), np.nan), (60, 60)) == 1.0


@pytest.mark.parametrize("to", [(-9000, 0), (9000, 0), (0, -9000), (0, 9000)])
def test_a_crop_far_from_the_photo_is_black(to: tuple[int, int]) -> None:
    photo = np.full((300, 400, 3), 200, np.uint8)
    marks = (TEMPLATE * 5 + to).astype(np.float32)  # larger than the crop: it is reduced first
    found = align(photo, marks)
    assert found.shape == (112, 112, 3) and not found.any()
    near = align(photo, TEMPLATE.astype(np.float32) * 2)
    assert near[10:100, 10:100].min() == 200


def test_a_face_whose_photo_is_gone_has_the_measures_of_its_crop() -> None:
    seen = Detection(np.array([10, 20, 90, 120], np.float32), landmarks(5), 0.99)
    found, alone = (
        measure_face(crop("ann", 1), seen, None),
        measure_face(crop("ann", 1), None, None),
    )
    assert np.isnan(found["border"]) and np.isnan(found["face_share"])
    one, other = landmarks(5)[:2].astype(np.float64)
    assert found["inter_eye"] == pytest.approx(np.sqrt(((other - one) ** 2).sum()))
    pose = head_pose(landmarks(5)[None].astype(np.float64))[0]
    assert [found[name] for name in ("yaw", "pitch", "roll")] == pytest.approx(pose.tolist())
    of_crop = {k: v for k, v in alone.items() if np.isfinite(v)}
    assert len(of_crop) >= 3 and {k: found[k] for k in of_crop} == of_crop


class Second:
    """A detector that sees a face in large photos alone; sizes: of the photos that it was shown."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def detect(self, photos: Sequence[np.ndarray]) -> list[list[Detection]]:
        self.sizes += [photo.shape[:2] for photo in photos]
        face = Detection(np.array([10, 20, 40, 60], np.float32), landmarks(2), 0.9)
        return [[face] if max(photo.shape) > 1000 else [] for photo in photos]

    def closer(self, photo: np.ndarray, face: Detection) -> Detection:
        return face


@pytest.mark.parametrize(
    ("size", "reduced", "first", "again"),
    [
        ((1300, 700), 1, (350, 650), (700, 1300)),
        ((4000, 400), 2, (100, 1000), (200, 2000)),  # 1920 pixels are enough
    ],
)
def test_a_reduced_photo_without_a_face_is_searched_again_larger(
    size: tuple[int, int], reduced: int, first: tuple[int, int], again: tuple[int, int]
) -> None:
    """Its faces are told in the pixels of the whole photo."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    pixels = np.stack([x % 256, y % 256, (x + y) % 256], axis=2).astype(np.uint8)
    content = encoded(Image.fromarray(pixels), "JPEG", quality=95)
    finder = Second()
    small = photo_file(encoded(Image.fromarray(pixels[:80, :90]), "JPEG"), "b.jpg")
    (faces, none) = search([photo_file(content, "a.jpg"), small], finder)
    assert none == [] and finder.sizes == [first, (80, 90), again]
    (face,) = faces
    step = (reduced - 1) / 2  # pixel centres
    np.testing.assert_allclose(face.landmarks, landmarks(2) * reduced + step, atol=1e-3)
    np.testing.assert_allclose(face.box, np.array([10, 20, 40, 60]) * reduced, atol=1)


def test_a_small_face_is_cut_from_the_whole_photo() -> None:
    y, x = np.mgrid[0:700, 0:1300]
    pixels = np.stack([x % 256, y % 256, (x + y) % 256], axis=2).astype(np.uint8)
    content = encoded(Image.fromarray(pixels), "JPEG", quality=95)
    file = photo_file(content, "a.jpg")
    assert file.seen.reduction == 2
    marks = (TEMPLATE + (500, 200)).astype(np.float32)  # as large as the crop
    whole = align(decode_photo(content, "a.jpg"), marks)
    np.testing.assert_array_equal(file.crop(marks), whole)


def test_photos_that_cannot_be_read_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"none")
    below = tmp_path / "file" / "a.jpg"
    assert told(lambda: photo_bytes(below)) == (
        f"{below} cannot be read: Not a directory; look whether it is there."
    )
    assert told(lambda: photo_bytes(Path("a\0b"))) == (
        "a\0b cannot be read: embedded null byte; look whether it is there."
    )
    assert told(lambda: photo_size(tmp_path / "file")) == (
        f"{tmp_path / 'file'} is not an image that can be read; replace it or take it out."
    )
    whole = encoded(Image.new("RGB", (30, 20)), "PNG")
    (tmp_path / "a.png").write_bytes(whole)
    assert photo_size(tmp_path / "a.png") == (30, 20)
    (tmp_path / "a.png").write_bytes(whole[:20])
    assert told(lambda: photo_size(tmp_path / "a.png")) == (
        f"{tmp_path / 'a.png'} is damaged or cut off, or a sort of PNG that is not read; save it "
        "anew as JPEG or PNG."
    )

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("core.faces.photo._decoded", full)
    said = told(lambda: decode_photo(whole, "a.png"))
    assert said == "a.png does not fit in memory; scale it down first."
    monkeypatch.setattr("core.faces.photo._refuse_special", full)
    said = told(lambda: photo_bytes(tmp_path / "a.png"))
    assert said == f"{tmp_path / 'a.png'} does not fit in memory; scale it down first."


def bitmap(bits: int, packing: int, masks: bytes = b"", body: bytes = bytes(600)) -> bytes:
    """A BMP of 4x4 pixels."""
    head = struct.pack("<IiiHHIIiiII", 40, 4, 4, 1, bits, packing, len(body), 0, 0, 0, 0) + masks
    start = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + body


def pcx(bits: int, planes: int) -> bytes:
    head = struct.pack("<BBBBHHHHHH48xBBHH", 10, 5, 1, bits, 0, 0, 3, 3, 72, 72, 0, planes, 4, 1)
    return head.ljust(128, b"\0") + bytes(200)


SORTS = {
    "BMP of bits in another order": (bitmap(32, 3, struct.pack("<III", 255, 255 << 8, 255 << 16)), "BMP"),
    "BMP of 10 bits a colour": (bitmap(32, 3, struct.pack("<III", 1023 << 20, 1023 << 10, 1023)), "BMP"),
    "BMP of 4 bits a colour": (bitmap(16, 3, struct.pack("<III", 0xF00, 0xF0, 0xF)), "BMP"),
    "BMP of 2 bits": (bitmap(2, 0), "BMP"),
    "JPEG in a BMP": (bitmap(0, 4), "BMP"),
    "PCX of 4 bits": (pcx(4, 1), "PCX"),
    "PCX of four colours": (pcx(8, 4), "PCX"),
    "PNM with a remark at once": (b"P6#remark\n4 4 255\n" + bytes(48), "PNM"),
    "PFM of colours": (b"PF\n4 4\n-1.0\n" + bytes(192), "PNM"),
}  # fmt: skip


@pytest.mark.parametrize("case", SORTS)
def test_a_sound_photo_of_a_sort_that_is_not_read_is_not_called_damaged_alone(case: str) -> None:
    data, kind = SORTS[case]
    assert told(lambda: decode_photo(data, "a.photo")) == (
        f"a.photo is damaged or cut off, or a sort of {kind} that is not read; save it anew as JPEG "
        "or PNG."
    )


def test_pixels_that_are_cut_off_are_damaged_and_of_no_other_sort() -> None:
    whole = encoded(Image.fromarray(np.arange(9000).reshape(30, 100, 3).astype(np.uint8)), "BMP")
    assert told(lambda: decode_photo(whole[:-600], "a.bmp")) == (
        "a.bmp is damaged or cut off; replace it."
    )


@pytest.mark.parametrize("sort", [1, 3])
def test_a_sun_raster_of_32_bits_is_refused_and_one_of_24_read(sort: int) -> None:
    """Pillow takes the first byte of each pixel for a colour; it is none."""
    head = struct.pack(">IIIIIIII", 0x59A66A95, 4, 2, 32, 32, sort, 0, 0)
    assert told(lambda: decode_photo(head + bytes(32), "a.ras")) == (
        "a.ras is a Sun raster of 32 bits, which is not read; save it as PNG."
    )
    colours = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    head = struct.pack(">IIIIIIII", 0x59A66A95, 4, 2, 24, 24, sort, 0, 0)
    found = decode_photo(head + colours.tobytes(), "a.ras")
    np.testing.assert_array_equal(found, colours if sort == 3 else colours[..., ::-1])


def test_a_pam_picture_is_called_so(tmp_path: Path) -> None:
    data = b"P7\nWIDTH 4\nHEIGHT 4\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + bytes(48)
    assert told(lambda: decode_photo(data, "a.pam")) == (
        "a.pam is a picture of a kind that is not read (PAM); save it as JPEG or PNG."
    )
    (tmp_path / "a.pam").write_bytes(data)
    (found,) = find_photos(tmp_path).skipped
    assert found == (
        tmp_path / "a.pam",
        f"{tmp_path / 'a.pam'} is a picture of a kind that is not read (PAM); save it as JPEG or PNG.",
    )


def test_a_folder_that_may_not_be_listed_is_told_and_the_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ann", "bob", "cem"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(encoded(Image.new("RGB", (3, 3)), "PNG"))
    listed = os.scandir

    def refused(path: str | Path) -> object:
        if Path(path).name == "bob":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refused)
    found = find_photos(tmp_path)
    assert [path.parent.name for path in found.files] == ["ann", "cem"]
    bob = tmp_path / "bob"
    assert [*found.skipped] == [
        (bob, f"{bob} may not be read; give yourself permission to read it.")
    ]
    assert why_no_photo(tmp_path / "gone") == "" == why_no_photo(tmp_path / "ann")


@pytest.mark.parametrize(("opaque", "seen"), [(0, "colours"), (255, "colours"), (128, "paled")])
def test_a_windows_bitmap_with_an_empty_fourth_byte_is_not_clear(opaque: int, seen: str) -> None:
    colours = np.random.default_rng(3).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    pixels = np.dstack([colours[::-1, :, ::-1], np.full((4, 6), opaque, np.uint8)])  # BGRA, upwards
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 124, 6, 4, 1, 32, 3, pixels.nbytes, 0, 0, 0, 0) + masks
    head += b"BGRs" + bytes(124 - 60)  # of version 5
    start = 14 + len(head)
    data = (
        b"BM" + struct.pack("<IHHI", start + pixels.nbytes, 0, 0, start) + head + pixels.tobytes()
    )
    read = decode_photo(data, "a.bmp").astype(int)
    wanted = colours if seen == "colours" else 255 - (255 - colours.astype(int)) * 128 // 255
    np.testing.assert_allclose(read, wanted, atol=2)
