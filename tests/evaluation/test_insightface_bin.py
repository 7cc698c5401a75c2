"""InsightFace's .bin: what is in it is told by size and number, and nothing asks for memory."""

import io
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.errors import XCosError
from core.evaluation.insightface_bin import read_bin, unpack_bin
from core.evaluation.protocol import read_protocol


def picture(value: int, side: int = 112) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(value).integers(0, 256, (side, side, 3)).astype(np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()


def write(path: Path, images: object, same: object, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps((images, same), protocol))
    return path


@pytest.mark.parametrize("protocol", range(6))
def test_bytearrays_are_read(tmp_path: Path, protocol: int) -> None:
    images = [bytearray(picture(1)), bytearray(picture(2))]
    found, same = read_bin(write(tmp_path / "a.bin", images, [True], protocol))
    assert found == [picture(1), picture(2)] and same.tolist() == [True]


@pytest.mark.parametrize(
    "flags", [[1, 0], [1.0, 0.0], np.array([True, False]), np.array([[1], [0]])]
)
def test_truths_of_any_numeric_type(tmp_path: Path, flags: object) -> None:
    assert read_bin(write(tmp_path / "a.bin", [b"x"] * 4, flags))[1].tolist() == [True, False]


@pytest.mark.parametrize("flags", [[True, float("nan")], [True, None], ["False"] * 2, [True, 7]])
def test_truths_that_are_none_are_told_by_number(tmp_path: Path, flags: list[object]) -> None:
    number = 1 if flags[0] == "False" else 2
    with pytest.raises(XCosError, match=rf"a\.bin.*the truth of pair {number} is neither"):
        read_bin(write(tmp_path / "a.bin", [b"x"] * 4, flags))


@pytest.mark.parametrize(
    "array",
    [np.zeros((112, 112, 3), np.float32), np.zeros((3, 112, 112), np.uint8), np.zeros((0, 0, 3), np.uint8)],
)  # fmt: skip
def test_arrays_that_are_no_pictures_are_told_by_number(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(XCosError, match=r"a\.bin.*picture 2 is an array of"):
        read_bin(write(tmp_path / "a.bin", [picture(1), array], [True]))


@pytest.mark.parametrize("as_arrays", [True, False])
def test_another_size_is_told(tmp_path: Path, as_arrays: bool) -> None:
    array = np.zeros((128, 160, 3), np.uint8)
    images: list[object] = [array] * 2 if as_arrays else [picture(n, 160) for n in range(2)]
    size = "160x128" if as_arrays else "160x160"
    with pytest.raises(XCosError, match=rf"a\.bin has pictures of {size}, not .* 112x112"):
        unpack_bin(write(tmp_path / "a.bin", images, [True]), tmp_path)


def test_no_readable_picture_is_told(tmp_path: Path) -> None:
    with pytest.raises(XCosError, match=r"None of the 2 pictures of .*a\.bin can be read"):
        read_protocol(write(tmp_path / "a.bin", [b"abc", b""], [True]), tmp_path)


def test_single_bad_pictures_are_problems_by_number(
    tmp_path: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [picture(n) for n in range(8)]
    images[2], images[5] = images[2][:300], picture(5, 160)
    path = write(tmp_path / "a.bin", images, [True, True, False, False])
    options = ["--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    assert main(["evaluate", str(path), *options]) == 0
    out, err = capsys.readouterr()
    assert "a.bin, picture 3 (left of pair 2) is damaged or cut off" in err
    assert "a.bin, picture 6 (right of pair 3) is 160x160" in err
    assert "2 pairs" in out and "00000" not in err


def test_a_bin_of_damaged_pairs_tells_why(
    tmp_path: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.bin", [picture(1), picture(2)[:400]], [True])
    options = ["--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    assert main(["evaluate", str(path), *options]) == 1
    assert "a.bin, picture 2 (right of pair 1)" in capsys.readouterr().err


HOSTILE = {
    "type of another state": (
        b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85R(K\x03X\x01\x00\x00\x00|NJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\x00tb."
    ),
    "memo of 26 GB": b"(lr\x10*c].",
    "bytearray8 of 16 GB": b"\x80\x05\x96\x00\x00\x00\x00\x04\x00\x00\x00abc.",
    "ndarray of 16 GB": b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7fK\x08\x86\x85R.",
    "bytearray of 16 GB": b"\x80\x04cbuiltins\nbytearray\n(\x8a\x05\x00\x00\x00\x00\x04tR.",
    "array of objects": b"\x80\x02cnumpy\ndtype\nX\x01\x00\x00\x00O\x85R.",
    "scalar of an object": (
        b"\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(X\x01\x00\x00\x00OK\x00K\x01tR"
        b"C\x04abcd\x86R."
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_ask_for_no_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(HOSTILE[name])
    tracemalloc.start()
    try:
        with pytest.raises(XCosError, match=r"a\.bin is not InsightFace's list"):
            read_bin(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_folder_named_bin_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.bin").mkdir()
    with pytest.raises(XCosError, match="is no file"):
        read_bin(tmp_path / "a.bin")
