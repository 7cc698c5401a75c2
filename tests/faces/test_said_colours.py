"""Colours that are told without an ICC profile are brought to sRGB as those with one are."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.errors import XCosError
from core.faces.matrix_profile import PRIMARIES, matrix_profile
from core.faces.photo import decode_photo
from tests.faces.icc import ADOBE_RGB, DISPLAY_P3, SRGB, in_srgb, rgb_profile
from tests.faces.pngs import chunk, png

COLOURS = np.random.default_rng(7).integers(70, 220, (8, 12, 3)).astype(np.uint8)
LARGE = COLOURS.repeat(16, 0).repeat(16, 1)  # each in a square, so that coding does not matter


def coded(primaries: int, curve: int, full: int = 1) -> bytes:
    return chunk(b"cICP", bytes([primaries, curve, 0, full]))


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def places(*x_y: int) -> bytes:
    """White, red, green and blue."""
    return chunk(b"cHRM", struct.pack(">8I", *x_y))


IN_SRGB = places(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
IN_P3 = places(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
OWN = chunk(b"iCCP", b"a name\0\0" + zlib.compress(rgb_profile(ADOBE_RGB, 2.2)))
SAID = {
    "coded Display P3": ([coded(12, 13)], DISPLAY_P3, None),
    "coded gamma": ([coded(1, 5)], SRGB, 2.8),
    "coded, linear": ([coded(1, 8)], SRGB, 1.0),
    "linear": ([gamma(100_000)], SRGB, 1.0),
    "linear, and where the colours lie": ([IN_SRGB, gamma(100_000)], SRGB, 1.0),
    "gamma 1.8": ([gamma(55_556)], SRGB, 1.8),
    "places of Display P3": ([gamma(45_455), IN_P3], DISPLAY_P3, None),
    "places alone": ([IN_P3], DISPLAY_P3, None),
    "a profile beside a gamma": ([gamma(100_000), OWN], ADOBE_RGB, 2.2),
    "codes beside a profile": ([OWN, coded(12, 13)], DISPLAY_P3, None),
    "codes of nothing beside a profile": ([OWN, coded(2, 2)], ADOBE_RGB, 2.2),
    "high range beside a profile": ([OWN, coded(9, 16)], ADOBE_RGB, 2.2),
}


@pytest.mark.parametrize("case", SAID)
def test_a_png_s_chunks_tell_its_colours(case: str) -> None:
    chunks, primaries, curve = SAID[case]
    wanted = in_srgb(COLOURS, primaries, curve)
    assert np.abs(wanted - COLOURS).max() > 2  # else nothing is shown
    found = decode_photo(png(COLOURS, 8, 2, *chunks), "a.png")
    assert np.abs(found - wanted).max() < 2.5


@pytest.mark.parametrize(
    "chunks",
    [
        [gamma(45_455)],
        [gamma(45_000), IN_SRGB],
        [gamma(100_000), chunk(b"sRGB", b"\0"), IN_P3],
        [OWN, coded(1, 13)],
        [gamma(0)],
        [gamma(1)],
        [chunk(b"gAMA", b"\0")],
        [chunk(b"cHRM", bytes(32))],
        [chunk(b"cHRM", bytes(5))],
        [places(*[30000] * 8)],
        [places(80000, 10000, 64000, 33000, 30000, 60000, 15000, 6000)],
        [coded(2, 2)],
        [chunk(b"gAMA", struct.pack(">I", 100_000), check=5)],
    ],
)
def test_srgb_and_what_tells_no_colours_change_nothing(chunks: list[bytes]) -> None:
    np.testing.assert_array_equal(decode_photo(png(COLOURS, 8, 2, *chunks), "a.png"), COLOURS)


def test_a_grey_png_follows_its_gamma() -> None:
    levels = np.arange(30, 226, 5, dtype=np.uint8).reshape(4, 10)
    wanted = in_srgb(levels[..., None].repeat(3, 2), SRGB, 1.0)
    found = decode_photo(png(levels, 8, 0, gamma(100_000)), "a.png")
    assert np.abs(found - wanted).max() < 2.5
    deep = decode_photo(png(levels.astype(int) * 257, 16, 0, gamma(100_000)), "a.png")
    assert np.abs(deep - wanted).max() < 2.5


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (coded(9, 16), "has a high dynamic range (PQ or HLG), which is not read; save it anew as an"
        " ordinary photo."),
        (coded(9, 18), "has a high dynamic range (PQ or HLG), which is not read; save it anew as an"
        " ordinary photo."),
        (coded(1, 13, full=0), "has levels as a video has them, which are not read; save it anew."),
    ],
)  # fmt: skip
def test_a_png_of_another_range_is_refused(said: bytes, why: str) -> None:
    with pytest.raises(XCosError) as told:
        decode_photo(png(COLOURS, 8, 2, said), "a.png")
    assert str(told.value) == f"a.png {why}"


def told_by_code(kind: str, primaries: int, curve: int) -> bytes:
    """A photo whose main picture is told to have other colours than its encoder thought."""
    content = io.BytesIO()
    how = {"quality": 100, "subsampling": "4:4:4"} if kind == "AVIF" else {"quality": -1}
    Image.fromarray(LARGE).save(content, kind, **how)
    data = content.getvalue()
    sort = data.index(b"colrnclx") + 8
    return data[:sort] + struct.pack(">HH", primaries, curve) + data[sort + 4 :]


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_code_points_tell_the_colours_of_avif_and_heic(kind: str) -> None:
    if kind == "HEIF":
        module = pytest.importorskip("pillow_heif", reason="pillow_heif is not installed")
        module.register_heif_opener()
    plain = decode_photo(told_by_code(kind, 1, 13), "a photo")[8::16, 8::16]
    assert np.abs(plain.astype(int) - COLOURS).max() < 4
    found = decode_photo(told_by_code(kind, 12, 13), "a photo")[8::16, 8::16]
    wanted = in_srgb(plain, DISPLAY_P3, None)
    assert np.abs(wanted - plain).max() > 25
    assert np.abs(found - wanted).max() < 2.5
    for curve in (16, 18):
        with pytest.raises(XCosError, match=r"^a photo has a high dynamic range .*\.$"):
            decode_photo(told_by_code(kind, 9, curve), "a photo")


def test_the_main_picture_s_own_code_points_count() -> None:
    """Here the other picture, of what is clear, has some too."""
    content = io.BytesIO()
    clear = np.full((*LARGE.shape[:2], 1), 255, np.uint8)
    clear[:, :3] = 254
    Image.fromarray(np.dstack([LARGE, clear])).save(
        content, "AVIF", quality=100, subsampling="4:4:4"
    )
    data = content.getvalue()
    assert np.abs(decode_photo(data, "a.avif")[8::16, 8::16].astype(int) - COLOURS).max() < 4
    turned = told_by_code("AVIF", 12, 13)
    cut = turned.index(b"ipma")
    for end in range(cut - 60, cut + 40):  # cut off in the midst of what is told
        with pytest.raises(XCosError, match=r"^a\.avif is damaged or cut off"):
            decode_photo(turned[:end], "a.avif")


def camera_jpeg(space: int, index: bytes) -> bytes:
    """A JPEG file with no profile and with EXIF of DCF: a colour space, and the rules it is made by."""
    exif = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
    exif += struct.pack("<HHHIHHHHIII", 2, 0xA001, 3, 1, space, 0, 0xA005, 4, 1, 56, 0)
    exif += struct.pack("<HHHI4sHHI4sI", 2, 1, 2, 4, index, 2, 7, 4, b"0100", 0)
    content = io.BytesIO()
    Image.fromarray(LARGE).save(
        content, "JPEG", quality=100, subsampling=0, exif=b"Exif\0\0" + exif
    )
    return content.getvalue()


def test_a_camera_s_adobe_rgb_is_told_by_exif() -> None:
    wanted = in_srgb(COLOURS, ADOBE_RGB, 563 / 256)
    assert np.abs(wanted - COLOURS).mean() > 6
    found = decode_photo(camera_jpeg(65535, b"R03\0"), "_DSC0001.jpg")[8::16, 8::16]
    assert np.abs(found - wanted).mean() < 0.6
    for space, index in ((1, b"R98\0"), (1, b"R03\0"), (65535, b"R98\0")):
        plain = decode_photo(camera_jpeg(space, index), "DSC0001.jpg")[8::16, 8::16]
        assert np.abs(plain.astype(int) - COLOURS).max() < 4


def test_a_camera_s_own_profile_is_better_than_its_exif() -> None:
    data = camera_jpeg(65535, b"R03\0")
    profile = b"ICC_PROFILE\0\1\1" + rgb_profile(DISPLAY_P3, 2.2)
    own = b"\xff\xe2" + struct.pack(">H", len(profile) + 2) + profile
    found = decode_photo(data[:2] + own + data[2:], "_DSC0001.jpg")[8::16, 8::16]
    assert np.abs(found - in_srgb(COLOURS, DISPLAY_P3, 2.2)).mean() < 0.6


@pytest.mark.parametrize("code", PRIMARIES)
def test_white_stays_white_under_every_primaries(code: int) -> None:
    profile = matrix_profile(PRIMARIES[code], 2.2)
    assert profile is not None
    given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    colorants = [getattr(given.profile, f"{name}_colorant")[0] for name in ("red", "green", "blue")]
    np.testing.assert_allclose(np.sum(colorants, axis=0), (0.9642, 1, 0.8249), atol=1e-3)
    white = np.full((2, 2, 3), 255, np.uint8)
    found = decode_photo(png(white, 8, 2, coded(code, 4)), "a.png")
    assert found.min() >= 254


def jp2(*said: bytes) -> bytes:
    """A JPEG 2000 file with these boxes for its own one that tells the colours."""
    content = io.BytesIO()
    Image.fromarray(COLOURS).save(content, "JPEG2000")
    data = content.getvalue()
    head, place = data.index(b"jp2h") - 4, data.index(b"colr") - 4
    length = struct.unpack_from(">I", data, place)[0]
    boxes = b"".join(struct.pack(">I", 8 + len(box)) + b"colr" + box for box in said)
    size = struct.unpack_from(">I", data, head)[0] - length + len(boxes)
    start = data[:head] + struct.pack(">I", size) + data[head + 4 : place]
    return start + boxes + data[place + length :]


IN_CODE = {name: b"\1\0\0" + struct.pack(">I", code) for name, code in
           {"sRGB": 16, "CIELab": 14, "ROMM RGB": 21}.items()}  # fmt: skip


@pytest.mark.parametrize("method", [2, 3])
def test_a_jpeg_2000_file_s_profile_is_followed(method: int) -> None:
    profile = bytes([method, 0, 0]) + rgb_profile(ADOBE_RGB, 2.2)
    found = decode_photo(jp2(IN_CODE["CIELab"], profile), "a.jp2")
    assert np.abs(found - in_srgb(COLOURS, ADOBE_RGB, 2.2)).max() < 2.5


def test_a_jpeg_2000_file_of_srgb_or_of_none_said_is_as_it_is() -> None:
    for said in ([IN_CODE["sRGB"]], []):
        np.testing.assert_array_equal(decode_photo(jp2(*said), "a.jp2"), COLOURS)


@pytest.mark.parametrize("sort", ["CIELab", "ROMM RGB"])
def test_a_jpeg_2000_file_of_other_colours_is_refused(sort: str) -> None:
    with pytest.raises(XCosError) as told:
        decode_photo(jp2(IN_CODE[sort]), "a.jp2")
    assert str(told.value) == (
        "a.jp2 is a JPEG 2000 file of colours that are not read; save it anew as PNG."
    )


@pytest.mark.parametrize("sort", [b"DEBM", b"BGRs"])
def test_a_bmp_s_embedded_profile_is_followed(sort: bytes) -> None:
    profile = rgb_profile(ADOBE_RGB, 2.2)
    body = COLOURS[::-1, :, ::-1].tobytes()  # from below, blue first; rows of 36 bytes
    head = struct.pack("<IiiHHIIiiII16x4s48xIIII", 124, 12, 8, 1, 24, 0, len(body), 0, 0, 0, 0,
                       sort, 4, 124 + len(body), len(profile), 0)  # fmt: skip
    data = b"BM" + struct.pack("<IHHI", 138 + len(body), 0, 0, 138) + head + body + profile
    wanted = in_srgb(COLOURS, ADOBE_RGB, 2.2) if sort == b"DEBM" else COLOURS
    assert np.abs(decode_photo(data, "a.bmp") - wanted.astype(float)).max() < 2.5
