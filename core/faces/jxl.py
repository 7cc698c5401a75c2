"""What a JPEG XL file says its size is: its decoder tells only when all is decoded."""

SHAPES = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
SIZE_BITS = (9, 13, 18, 30)
START = b"\xff\x0a"
LONGEST = 10  # bytes of a size


def jxl_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels (ISO/IEC 18181-1, SizeHeader); None where they are not found."""
    code = _codestream(data)
    if not code.startswith(START):
        return None
    bits = int.from_bytes(code[2 : 2 + LONGEST], "little")

    def read(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    def side(small: int) -> int:
        return 8 * (read(5) + 1) if small else read(SIZE_BITS[read(2)]) + 1

    small = read(1)
    height = side(small)
    shape = read(3)
    if not shape:
        return side(small), height
    across, down = SHAPES[shape]
    return height * across // down, height


def _codestream(data: bytes) -> bytes:
    """The beginning of the picture itself, which may lie in a box among others."""
    if data.startswith(START):
        return data[: 2 + LONGEST]
    place = 0
    while place + 8 <= len(data):
        length, name, start = (
            int.from_bytes(data[place : place + 4], "big"),
            data[place + 4 : place + 8],
            8,
        )
        if length == 1:
            length, start = int.from_bytes(data[place + 8 : place + 16], "big"), 16
        if name in (b"jxlc", b"jxlp"):
            start += 4 * (name == b"jxlp")  # the part's number
            return data[place + start : place + start + 2 + LONGEST]
        if length < start:
            break
        place += length
    return b""
