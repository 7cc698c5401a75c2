"""What AVIF and JPEG 2000 files say of their colours, in boxes of boxes (ISO/IEC 14496-12)."""

import struct
from collections.abc import Iterator

CODED, WITH_PROFILE = 1, (2, 3)  # methods to tell colours
WITH_FLAGS = 4  # bytes of a version and flags, before the content of some boxes


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the content of each box that lies here."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        length, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1 and start + 16 <= end:
            length, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        length = length or end - start
        if length < head:
            return
        yield name, start + head, min(start + length, end)
        start += length


def inside(data: bytes, *path: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The boxes in the first box of the last name, which lies in the first box of the one before."""
    start, end = 0, len(data)
    for name in path:
        found = next((box for box in boxes(data, start, end) if box[0] == name), None)
        if found is None:
            return
        _, start, end = found
        start += WITH_FLAGS * (name == b"meta")
    yield from boxes(data, start, end)


def colours_of_avif(data: bytes) -> tuple[int, int] | None:
    """H.273's code points for primaries and curve of the main picture; None where none are told."""
    try:
        shared = [*inside(data, b"meta", b"iprp", b"ipco")]
        for number in filter(None, _properties_of_main(data)):  # 0 is none
            name, start, _ = shared[number - 1]
            if name == b"colr" and data[start : start + 4] == b"nclx":
                primaries, curve = struct.unpack_from(">HH", data, start + 4)
                return primaries, curve
    except (struct.error, IndexError):
        pass  # damaged, and the decoder will tell
    return None


def colours_of_jp2(data: bytes) -> tuple[set[int], bytes | None]:
    """What a JPEG 2000 file says of its colours: code points of ISO/IEC 15444, and a profile."""
    codes, profile = set[int](), None
    for name, start, end in inside(data, b"jp2h"):
        if name == b"colr" and start < end:
            if data[start] == CODED:
                codes.add(int.from_bytes(data[start + 3 : start + 7], "big"))
            elif profile is None and data[start] in WITH_PROFILE:
                profile = data[start + 3 : end]
    return codes, profile


def _properties_of_main(data: bytes) -> list[int]:
    """Which of the shared properties the main picture has, counted from 1."""
    meta = {name: start for name, start, _ in inside(data, b"meta")}
    wide = data[meta[b"pitm"]] if b"pitm" in meta else 0
    form = ">I" if wide else ">H"
    (main,) = struct.unpack_from(form, data, meta.get(b"pitm", len(data)) + WITH_FLAGS)
    for name, place, _ in inside(data, b"meta", b"iprp"):
        if name != b"ipma":
            continue
        item_form, sort_form = (
            (">IB" if data[place] else ">HB"),
            (">H" if data[place + 3] & 1 else ">B"),
        )
        (count,) = struct.unpack_from(">I", data, place + WITH_FLAGS)
        place += WITH_FLAGS + 4
        for _ in range(count):
            item, many = struct.unpack_from(item_form, data, place)
            place += struct.calcsize(item_form)
            size = struct.calcsize(sort_form)
            if item == main:
                first_bit = 1 << (8 * size - 1)  # whether it must be understood
                told = [
                    struct.unpack_from(sort_form, data, place + size * k)[0] for k in range(many)
                ]
                return [number & (first_bit - 1) for number in told]
            place += size * many
    return []
