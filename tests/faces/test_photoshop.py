"""Photoshop files by their channels, made as the format's specification says."""

import struct

import numpy as np
import pytest

from core.faces.photo import decode_photo

COLOURS = np.random.default_rng(9).integers(0, 256, (8, 12, 3)).astype(np.uint8)
OPAQUE = np.linspace(0, 255, 96).round().astype(np.uint8).reshape(8, 12)
GREY, RGB, CMYK = 1, 3, 4


def layer_section(count: int) -> bytes:
    """A section of empty layers: a negative count says that a channel tells what is clear."""
    names = struct.pack(">hihihi", 0, 2, 1, 2, 2, 2)  # red, green, blue of two bytes each
    layer = bytes(16) + struct.pack(">H", 3) + names + b"8BIMnorm\xff\0\0\0"
    layer += struct.pack(">I", 12) + bytes(8) + b"\1A\0\0"
    content = struct.pack(">h", count) + (layer + bytes(6)) * abs(count)
    content += bytes(len(content) % 2)
    return struct.pack(">I", len(content)) + content + bytes(4)


def photoshop(
    planes: list[np.ndarray],
    sort: int,
    bits: int = 8,
    packed: bool = False,
    layers: int | None = None,
) -> bytes:
    """A file of channels (H, W), packed by runs or not."""
    height, width = 8, 12
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", len(planes), height, width, bits, sort)
    section = b"" if layers is None else layer_section(layers)
    head += bytes(8) + struct.pack(">I", len(section)) + section
    if not packed:
        return head + b"\0\0" + b"".join(plane.tobytes() for plane in planes)
    rows = [bytes([width - 1]) + row.tobytes() for plane in planes for row in plane]
    lengths = b"".join(struct.pack(">H", len(row)) for row in rows)
    return head + b"\0\1" + lengths + b"".join(rows)


def three() -> list[np.ndarray]:
    return [np.ascontiguousarray(COLOURS[..., channel]) for channel in range(3)]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("selections", [0, 1, 2])
@pytest.mark.parametrize("layers", [None, 0, 1])
def test_a_saved_selection_is_not_what_is_clear(
    packed: bool, selections: int, layers: int | None
) -> None:
    data = photoshop(three() + [OPAQUE] * selections, RGB, packed=packed, layers=layers)
    np.testing.assert_array_equal(decode_photo(data, "a.psd"), COLOURS)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("selections", [0, 1])
def test_the_fourth_channel_is_what_is_clear_where_the_layers_say_so(
    packed: bool, selections: int
) -> None:
    planes = three() + [OPAQUE] + [255 - OPAQUE] * selections
    found = decode_photo(photoshop(planes, RGB, packed=packed, layers=-1), "a.psd")
    share = OPAQUE[..., None] / 255
    assert np.abs(found - (COLOURS * share + 255 * (1 - share))).max() < 1.1


@pytest.mark.parametrize("packed", [True, False])
def test_greys_and_inks_may_have_a_selection_too(packed: bool) -> None:
    grey = decode_photo(photoshop([three()[0], OPAQUE], GREY, packed=packed), "a.psd")
    np.testing.assert_array_equal(grey, COLOURS[..., :1].repeat(3, 2))
    inks = [*three(), np.full_like(OPAQUE, 255)]  # stored as the light that they leave
    found = decode_photo(photoshop([*inks, OPAQUE], CMYK, packed=packed), "a.psd")
    np.testing.assert_array_equal(found, COLOURS)


def test_of_two_levels_the_higher_one_is_black() -> None:
    black = OPAQUE < 90
    bits = np.packbits(black, axis=1)
    found = decode_photo(photoshop([bits], 0, bits=1), "a.psd")
    np.testing.assert_array_equal(found, np.where(black, 0, 255)[..., None].repeat(3, 2))
