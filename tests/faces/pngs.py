"""PNGs made chunk by chunk, as the format's specification says."""

import struct
import zlib

import numpy as np

SORTS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # levels a pixel by the sort of colours


def chunk(name: bytes, content: bytes, check: int | None = None) -> bytes:
    """A chunk; check: what stands in place of its checksum."""
    check = zlib.crc32(name + content) if check is None else check
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def png(levels: np.ndarray, bits: int, sort: int, *said: bytes, behind: bytes = b"") -> bytes:
    """A PNG of levels (H, W) or (H, W, C) with chunks before and behind its pixels."""
    height, width = levels.shape[:2]
    flat = levels.reshape(height, width * SORTS[sort]).astype(np.uint16)
    digits = np.unpackbits(flat.astype(">u2").view(np.uint8).reshape(height, -1, 2), axis=2)
    rows = np.packbits(digits[..., 16 - bits :].reshape(height, -1), axis=1)
    packed = zlib.compress(np.insert(rows, 0, 0, axis=1).tobytes())
    head = struct.pack(">IIBBBBB", width, height, bits, sort, 0, 0, 0)
    whole = [chunk(b"IHDR", head), *said, chunk(b"IDAT", packed), behind, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(whole)
