"""A photo's bytes without metadata, so that nothing beside the picture can spoil it."""

import re
import struct
from collections.abc import Iterator

PNG_START = 8  # bytes before the first chunk
PNG_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
# Colours and orientation; texts may unpack to any size.
PNG_WANTED = PNG_PICTURE | {b"iCCP", b"eXIf"}
JPEG_ADOBE = 0xEE  # says how the colours are coded
JPEG_SCAN = 0xDA


def versions(data: bytes, kind: str) -> Iterator[bytes]:
    """A photo of a kind to be tried in turn: all that matters first, then the bare picture."""
    if kind == "PNG":
        yield _png(data, PNG_WANTED)
        yield _png(data, PNG_PICTURE)
        return
    yield data
    if kind == "JPEG":
        yield _jpeg(data)
    elif kind in ("AVIF", "HEIC"):
        # An item of another type is not looked into; how it is turned stands elsewhere, too.
        yield re.sub(rb"(infe.{8})(Exif|mime)", rb"\1none", data, flags=re.DOTALL)


def _png(data: bytes, wanted: frozenset[bytes]) -> bytes:
    kept, place = [data[:PNG_START]], PNG_START
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        # ImageMagick's way to keep the orientation.
        if name in wanted or (
            name == b"zTXt" and data[place + 8 :].startswith(b"Raw profile type exif")
        ):
            kept.append(data[place:end])
        place = end
    return b"".join(kept)


def _jpeg(data: bytes) -> bytes:
    kept, place = [data[:2]], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != JPEG_SCAN:
        marker = data[place + 1]
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        comment = marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != JPEG_ADOBE)
        if not comment:
            kept.append(data[place:end])
        place = end
    return b"".join([*kept, data[place:]])
