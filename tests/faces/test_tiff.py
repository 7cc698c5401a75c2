"""Levels that Pillow reads as others than they are: read right, or refused."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.faces.photo import decode_photo, read_photo
from core.workarounds import quiet_libtiff

GREY = np.add.outer(np.arange(0, 60, 2), np.arange(0, 200, 10)).astype(np.uint8)
GREY[-1, -1] = 255
COLOURS = np.dstack([GREY, GREY[::-1], np.full_like(GREY, 90)])
BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION, PLANES, SAMPLES = 258, 259, 262, 274, 284, 339


def tiff(levels: np.ndarray, bits: int, **tags: int) -> bytes:
    """An uncompressed TIFF of levels (H, W) or, with a plane each, (C, H, W)."""
    planes = levels[None] if levels.ndim == 2 else levels
    count, height, width = planes.shape
    entries = {
        256: [width], 257: [height], BITS: [bits] * count, COMPRESSION: [1],
        PHOTOMETRIC: [tags.get("photometric", 1)], 273: [0] * count,
        ORIENTATION: [tags.get("orientation", 1)], 277: [count], 278: [height],
        279: [levels.nbytes // count] * count, PLANES: [2 if count > 1 else 1],
        SAMPLES: [tags.get("samples", 1)] * count,
    }  # fmt: skip
    start = 8 + 2 + 12 * len(entries) + 4
    behind = sum(4 * len(values) for values in entries.values() if len(values) > 1)
    entries[273] = [start + behind + n * levels.nbytes // count for n in range(count)]
    directory, more = struct.pack("<H", len(entries)), b""
    for tag, values in entries.items():
        packed = struct.pack(f"<{len(values)}I", *values)
        place = struct.pack("<I", start + len(more))
        directory += struct.pack("<HHI", tag, 4, len(values))
        directory += packed if len(values) == 1 else place
        more += b"" if len(values) == 1 else packed
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + more + levels.tobytes()


def pages(*of_each: tuple[np.ndarray, int]) -> bytes:
    """A TIFF of several pages: colours, and what sort of page it is."""
    content = io.BytesIO()
    first, *others = (Image.fromarray(colours) for colours, _ in of_each)
    for image, (_, sort) in zip((first, *others), of_each, strict=True):
        image.encoderinfo = {"tiffinfo": {254: sort}}  # type: ignore[attr-defined]
    first.save(content, "TIFF", save_all=True, append_images=others, tiffinfo={254: of_each[0][1]})
    return content.getvalue()


def grey_of(data: bytes) -> np.ndarray:
    pixels = decode_photo(data, "photo.tif")
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


def test_white_may_be_the_lowest_of_16_bits() -> None:
    negative = (255 - GREY).astype("<u2") * 257
    np.testing.assert_array_equal(grey_of(tiff(negative, 16, photometric=0)), GREY)


def test_white_may_be_the_lowest_of_floats() -> None:
    negative = ((255 - GREY) / 255).astype("<f4")
    np.testing.assert_array_equal(grey_of(tiff(negative, 32, photometric=0, samples=3)), GREY)


def test_a_turned_photo_keeps_what_its_tags_say_of_its_levels() -> None:
    stored = np.ascontiguousarray(np.rot90((255 - GREY).astype("<u2") * 257))
    np.testing.assert_array_equal(grey_of(tiff(stored, 16, photometric=0, orientation=6)), GREY)


def test_32_bits_without_a_sign_are_no_negative_numbers() -> None:
    levels = GREY.astype("<u4") * 0x01010101
    assert levels.max() >= 1 << 31
    np.testing.assert_array_equal(grey_of(tiff(levels, 32)), GREY)


def test_12_bits_reach_white() -> None:
    levels = GREY.astype(int) * 16 + GREY // 16
    first, second = levels[:, ::2], levels[:, 1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], -1)
    data = tiff(packed.reshape(30, 30).astype(np.uint8), 12)
    width = struct.pack("<HHI", 256, 4, 1)
    data = data.replace(width + struct.pack("<I", 30), width + struct.pack("<I", 20))
    np.testing.assert_array_equal(grey_of(data), GREY)


def test_planes_of_8_bits_are_read() -> None:
    data = tiff(np.ascontiguousarray(COLOURS.transpose(2, 0, 1)), 8, photometric=2)
    np.testing.assert_array_equal(decode_photo(data, "photo.tif"), COLOURS)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            tiff(COLOURS.transpose(2, 0, 1).astype("<u2") * 257, 16, photometric=2),
            "planes of 16 bits",
        ),
        (tiff(GREY.view(np.int8), 8, samples=2), "levels below zero"),
        (tiff((GREY / 255).astype("<f2"), 16, samples=3), "sort of TIFF that is not read"),
        (tiff((GREY / 255).astype("<f8"), 64, samples=3), "sort of TIFF that is not read"),
    ],
    ids=["planes of 16 bits", "signed", "half floats", "double floats"],
)
def test_what_pillow_would_read_wrongly_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(XCosError, match=rf"^photo\.tif is .*{why}.*; save it (anew )?as .*PNG\.$"):
        decode_photo(data, "photo.tif")


def test_a_clear_level_of_16_bits_is_white() -> None:
    content = io.BytesIO()
    levels = GREY.astype(np.uint16) * 257
    levels[:, :5] = 513
    Image.fromarray(levels).save(content, "PNG", transparency=513)
    pixels = decode_photo(content.getvalue(), "photo.png")[..., 0]
    assert (pixels[:, :5] == 255).all()
    np.testing.assert_array_equal(pixels[:, 5:], GREY[:, 5:])


@pytest.mark.parametrize("top", [65535, 4095, 1023])
@pytest.mark.parametrize("plain", [True, False])
def test_a_dark_portable_greymap_stays_dark(top: int, plain: bool) -> None:
    """Its head says what white is, so nothing is guessed from the largest level."""
    levels = np.arange(200, dtype=">u2").reshape(10, 20)
    head = b"P%d 20 10 %d\n" % (2 if plain else 5, top)
    body = " ".join(map(str, levels.ravel())).encode() if plain else levels.tobytes()
    pixels = decode_photo(head + body, "photo.pgm")[..., 0]
    assert np.abs(pixels - levels * (255 / top)).max() <= 1


@pytest.mark.parametrize("sort", [1, 4, 5])
def test_a_small_copy_or_a_mask_before_the_picture_is_passed_over(sort: int) -> None:
    small = np.ascontiguousarray(COLOURS[::2, ::2])
    data = pages((small, sort), (small, sort), (COLOURS, 0))
    np.testing.assert_array_equal(decode_photo(data, "photo.tif"), COLOURS)


@pytest.mark.parametrize("sort", [0, 2])
def test_the_first_of_several_pages_is_the_picture(sort: int) -> None:
    data = pages((COLOURS, sort), (COLOURS[::-1].copy(), sort))
    np.testing.assert_array_equal(decode_photo(data, "photo.tif"), COLOURS)


def test_a_small_copy_of_a_picture_that_is_cut_off_is_not_the_picture() -> None:
    small = np.ascontiguousarray(COLOURS[::2, ::2])
    data = pages((small, 1), (COLOURS, 0))
    alone = len(pages((small, 1)))
    for end in range(alone + 8, len(data), 300):
        with pytest.raises(XCosError, match=r"^photo\.tif is damaged or cut off"):
            decode_photo(data[:end], "photo.tif")


def test_a_small_copy_alone_is_the_picture() -> None:
    data = pages((COLOURS, 1), (COLOURS[::-1].copy(), 1))
    np.testing.assert_array_equal(decode_photo(data, "photo.tif"), COLOURS)


@pytest.mark.parametrize("step", [1, 257])
def test_a_palette_may_have_8_bits_where_it_should_have_16(step: int) -> None:
    palette = np.random.default_rng(2).integers(0, 256, (256, 3))
    image, content = Image.fromarray(GREY), io.BytesIO()
    image.putpalette(bytes(256 * 3))
    image.save(content, "TIFF")
    data = content.getvalue()
    assert struct.pack("<HHI", 320, 3, 768) in data
    place = struct.unpack_from("<I", data, data.index(struct.pack("<HHI", 320, 3, 768)) + 8)[0]
    written = (palette.T * step).astype("<u2").tobytes()
    data = data[:place] + written + data[place + len(written) :]
    np.testing.assert_array_equal(decode_photo(data, "photo.tif"), palette[GREY])


@pytest.mark.parametrize(
    ("packing", "name"),
    [(50001, "WebP"), (34712, "JPEG 2000"), (50002, "JPEG XL"), (34887, "LERC")],
)
def test_a_packing_that_libtiff_does_not_know_is_named(
    packing: int, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """libtiff itself would write to the terminal, and the file be called damaged."""
    raw = tiff(GREY, 8)
    for sort in (3, 4):
        data = raw.replace(
            struct.pack("<HHII", COMPRESSION, 4, 1, 1),
            struct.pack("<HHII", COMPRESSION, sort, 1, packing),
        )
        with pytest.raises(XCosError) as told:
            decode_photo(data, "photo.tif")
        assert str(told.value) == (
            f"photo.tif is a TIFF packed as {name}, which is not read; save it anew as PNG."
        )
    assert capfd.readouterr() == ("", "")


def test_what_libtiff_says_of_damage_is_not_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if not quiet_libtiff():
        pytest.skip("this Pillow brings no libtiff of its own")
    data = io.BytesIO()
    Image.effect_noise((300, 300), 60).convert("RGB").save(data, "TIFF", compression="tiff_lzw")
    damaged = bytearray(data.getvalue())
    damaged[5000:5040] = b"\xff" * 40
    (tmp_path / "a.tif").write_bytes(damaged)
    with pytest.raises(XCosError, match=r"a\.tif is damaged"):
        read_photo(tmp_path / "a.tif")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("brightest", [255, 180])
@pytest.mark.parametrize(
    ("kind", "bits", "sort", "full"),
    [("<i2", 16, 2, 2**15 - 1), ("<u2", 16, 1, 2**16 - 1), ("<i4", 32, 2, 2**31 - 1), ("<u4", 32, 1, 2**32 - 1)],
)  # fmt: skip
def test_levels_are_held_against_what_their_bits_can_tell(
    kind: str, bits: int, sort: int, full: int, brightest: int
) -> None:
    grey = (GREY.astype(np.float64) * brightest / 255).round()
    data = tiff((grey / 255 * full).astype(kind), bits, samples=sort)
    np.testing.assert_allclose(grey_of(data).astype(int), grey, atol=1)


@pytest.mark.parametrize(("kind", "bits"), [("<i2", 16), ("<i4", 32)])
def test_levels_below_zero_are_refused(kind: str, bits: int) -> None:
    levels = (GREY.astype(np.int32) * 100 - 1).astype(kind)
    with pytest.raises(XCosError, match=r"levels below zero, which are not read; save it as PNG"):
        decode_photo(tiff(levels, bits, samples=2), "photo.tif")


def test_counts_of_32_bits_are_as_bright_as_the_brightest() -> None:
    counts = (GREY.astype(np.float64) * 1000).astype("<u4")  # far below what 32 bits can tell
    np.testing.assert_allclose(grey_of(tiff(counts, 32)).astype(int), GREY, atol=1)


def test_ycbcr_without_packing_is_no_damage() -> None:
    data = io.BytesIO()
    Image.fromarray(COLOURS).convert("YCbCr").save(data, "TIFF")
    with pytest.raises(XCosError) as told:
        decode_photo(data.getvalue(), "a.tif")
    assert str(told.value) == (
        "a.tif is a TIFF in YCbCr that is not packed, which is not read; save it as PNG."
    )
