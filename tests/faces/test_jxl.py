"""The size of a JPEG XL file is known before it is decoded."""

import io

import pytest
from PIL import Image

from core.errors import XCosError
from core.faces.jxl import jxl_size
from core.faces.photo import decode_photo

SIZES = [(8, 8), (256, 256), (40, 60), (60, 40), (1, 1), (1, 700), (513, 511), (9000, 3), (3, 9000),
         (120, 100), (160, 120), (480, 320), (160, 90), (125, 100), (64, 32), (1920, 1080)]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("boxed", [False, True])
def test_the_size_is_what_was_written(size: tuple[int, int], boxed: bool) -> None:
    pytest.importorskip("pillow_jxl", reason="pillow-jxl-plugin is not installed")
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "in a box"
    how = {"exif": exif.tobytes()} if boxed else {}
    Image.new("RGB", size).save(content, "JXL", effort=1, **how)
    assert content.getvalue().startswith(b"\xff\x0a") != boxed
    assert jxl_size(content.getvalue()) == size


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    pytest.importorskip("pillow_jxl", reason="pillow-jxl-plugin is not installed")
    side = 3 << 1 | (30_000 - 1) << 3  # not small, 30 bits of height
    bomb = b"\xff\x0a" + (side | 1 << 33).to_bytes(10, "little") + bytes(50)  # and as wide
    assert jxl_size(bomb) == (30_000, 30_000)
    with pytest.raises(XCosError, match="30000x30000 pixels; scale it down"):
        decode_photo(bomb, "bomb.jxl")


@pytest.mark.parametrize("data", [b"", b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n", bytes(40)])
def test_a_file_without_a_size_is_no_fault(data: bytes) -> None:
    assert jxl_size(data) in (None, (1, 1))
