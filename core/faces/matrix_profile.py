"""Colours that are told by primaries and a curve, as the ICC profile that says the same."""

import struct

import numpy as np

from core.faces.photo_kinds import NotRead

Chromaticities = tuple[tuple[float, float], ...]  # x and y of red, green, blue and white
D65, ILLUMINANT_C = (0.3127, 0.3290), (0.310, 0.316)
SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65)
ADOBE_RGB = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060), D65)
ADOBE_GAMMA = 563 / 256
OF_FILM = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65)
# By the code points of ITU-T H.273 for primaries and for curves; others are taken for sRGB's.
PRIMARIES: dict[int, Chromaticities] = {
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), ILLUMINANT_C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
    6: OF_FILM,
    7: OF_FILM,
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), ILLUMINANT_C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
}
GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
HIGH_RANGE = (16, 18)  # PQ and HLG
NEAR = 0.002  # that chromaticities may differ and be taken for the same
# What ICC adapts white to, and the cones' answers by which it does (Bradford's).
WHITE = np.array([0.9642, 1.0, 0.8249])
CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def coded_profile(primaries: int, curve: int) -> bytes | None:
    """The profile of colours that are told by H.273's code points; None for sRGB's.

    Raises NotRead for a high dynamic range.
    """
    if curve in HIGH_RANGE:
        raise NotRead(
            "has a high dynamic range (PQ or HLG), which is not read; save it anew as an ordinary "
            "photo."
        )
    return matrix_profile(PRIMARIES.get(primaries, SRGB), GAMMAS.get(curve))


def matrix_profile(colours: Chromaticities, gamma: float | None = None) -> bytes | None:
    """The profile of these primaries; without a gamma the curve is sRGB's.

    None for sRGB, and for primaries that cannot be.
    """
    if gamma is None and np.abs(np.subtract(colours, SRGB)).max() <= NEAR:
        return None
    try:
        adapted = _in_connection_space(np.array(colours))
    except np.linalg.LinAlgError:
        return None
    tags = {b"wtpt": _xyz(WHITE)}
    for name, column in zip((b"r", b"g", b"b"), adapted.T, strict=True):
        tags |= {name + b"XYZ": _xyz(column), name + b"TRC": _curve(gamma)}
    return _profile(tags)


def _in_connection_space(colours: np.ndarray) -> np.ndarray:
    """XYZ of red, green and blue, (3, 3) by column, as ICC wants them: under its own white.

    Raises LinAlgError where white does not lie among them.
    """
    x, y = colours.T
    if (y <= 0).any():
        raise np.linalg.LinAlgError
    whole = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    shares = np.linalg.solve(whole[:, :3], whole[:, 3])
    if (shares <= 0).any():
        raise np.linalg.LinAlgError
    scaled = whole[:, :3] * shares
    seen = CONES @ np.column_stack([whole[:, 3], WHITE])
    return np.asarray(np.linalg.solve(CONES, (CONES @ scaled) * (seen[:, 1] / seen[:, 0])[:, None]))


def _fixed(values: np.ndarray) -> bytes:
    return np.round(values * 65536).clip(-(2**31), 2**31 - 1).astype(">i4").tobytes()


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _curve(gamma: float | None) -> bytes:
    if gamma is None:
        sort, numbers = 3, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
    else:
        sort, numbers = 0, [gamma]
    return struct.pack(">4sIHH", b"para", 0, sort, 0) + _fixed(np.array(numbers))


def _profile(tags: dict[bytes, bytes]) -> bytes:
    """A display's profile: a head of 128 bytes, a table of the tags, and the tags."""
    head = struct.pack(">4xI4s4s4s", 0x04200000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _fixed(WHITE)
    table, place = b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, place, len(content))
        place += len(content)
    whole = head.ljust(124, b"\0") + struct.pack(">I", len(tags)) + table + b"".join(tags.values())
    return struct.pack(">I", len(whole) + 4) + whole
