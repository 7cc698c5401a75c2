"""Small ICC profiles, made from what the format's specification says."""

import struct

import numpy as np

# Linear primaries in the connection space (D50), columns red, green, blue.
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
DISPLAY_P3 = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])  # fmt: skip
ADOBE_RGB = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])
WHITE = (0.9642, 1.0, 0.8249)


def in_srgb(colours: np.ndarray, primaries: np.ndarray, gamma: float | None) -> np.ndarray:
    """What sRGB bytes look the same, by the definitions alone; without a gamma the curve is sRGB's."""
    unit = colours / 255
    if gamma is None:
        linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    else:
        linear = unit**gamma
    linear = (linear @ (np.linalg.inv(SRGB) @ primaries).T).clip(0, 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(curve * 255)


def rgb_profile(primaries: np.ndarray, gamma: float) -> bytes:
    """A display's profile of a gamma curve and primaries (3, 3)."""
    tags = {b"wtpt": _xyz(WHITE)}
    for name, column in zip((b"r", b"g", b"b"), primaries.T, strict=True):
        tags |= {name + b"XYZ": _xyz(column), name + b"TRC": _curve(gamma)}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    """A grey display's profile."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(WHITE), b"kTRC": _curve(gamma)})


def cmyk_profile(cyan: tuple[int, int, int]) -> bytes:
    """A printer whose cyan ink has Lab bytes `cyan`, whose other inks and mixtures are black."""
    table = np.zeros((2, 2, 2, 2, 3), np.uint8)
    table[..., 1:] = 128  # no colour
    table[0, 0, 0, 0] = (255, 128, 128)
    table[1, 0, 0, 0] = cyan
    straight = np.arange(256, dtype=np.uint8)
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0])
    lut += np.array(np.eye(3) * 65536, ">i4").tobytes()
    lut += np.tile(straight, 4).tobytes() + table.tobytes() + np.tile(straight, 3).tobytes()
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(WHITE), b"A2B0": lut})


def _xyz(values: object) -> bytes:
    return b"XYZ \0\0\0\0" + np.round(np.array(values) * 65536).astype(">i4").tobytes()


def _curve(gamma: float) -> bytes:
    return b"para" + bytes(8) + struct.pack(">i", round(gamma * 65536))


def _profile(sort: bytes, colours: bytes, space: bytes, tags: dict[bytes, bytes]) -> bytes:
    head = struct.pack(">4s4sI4s4s4s", b"", b"", 0x02400000, sort, colours, space)
    head += (
        bytes(12) + b"acsp" + bytes(28) + np.round(np.array(WHITE) * 65536).astype(">i4").tobytes()
    )
    head = head.ljust(128, b"\0")
    directory, body, place = b"", b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        directory += struct.pack(">4sII", name, place, len(content))
        body, place = body + content, place + len(content)
    whole = head + struct.pack(">I", len(tags)) + directory + body
    return struct.pack(">I", len(whole)) + whole[4:]
