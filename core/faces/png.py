"""A PNG's pixels, colours and orientation alone, so that nothing else in it can spoil them."""

import struct
import zlib
from collections.abc import Iterator

START = 8  # bytes before the first chunk
PICTURE = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
SAID = (b"tRNS", b"iCCP", b"eXIf")
RAW_EXIF = (b"Raw profile type exif\0", b"Raw profile type APP1\0")  # ImageMagick's ways
UNPACKED = 1 << 24  # bytes that a colour profile or an orientation may have


def png_versions(data: bytes) -> Iterator[bytes]:
    """A PNG to be tried in turn: with all that is sound of what is said of its pixels, and bare."""
    head, pixels, said, text = [data[:START]], list[bytes](), dict[bytes, bytes](), b""
    for name, chunk in _chunks(data):
        if name in PICTURE:
            (pixels if pixels or name == b"IDAT" else head).append(chunk)
        elif name in SAID or chunk[8:].startswith(RAW_EXIF):
            content = chunk[8:-4]
            if _chunk(name, content) != chunk:
                continue  # damaged; the format wants such a chunk passed over
            if name in SAID:
                said.setdefault(name, content)
            else:
                text = text or _exif_of_text(name, content)
    if text:
        said.setdefault(b"eXIf", text)
    if not _unpacked(said.get(b"iCCP", b"").partition(b"\0")[2]):
        said.pop(b"iCCP", None)
    # The orientation may stand behind the pixels; before them it is told without decoding.
    yield b"".join([*head, *(_chunk(name, said[name]) for name in SAID if name in said), *pixels])
    yield b"".join(head + pixels)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's name, and all of it."""
    place = START
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        yield name, data[place : place + 12 + length]
        place += 12 + length


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def _exif_of_text(name: bytes, content: bytes) -> bytes:
    """What a text says in hexadecimal digits, behind a line with its name and one with its length."""
    text = content.partition(b"\0")[2]
    if name == b"zTXt":
        text = _unpacked(text)
    try:
        exif = bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""
    return exif.removeprefix(b"Exif\0\0")


def _unpacked(content: bytes) -> bytes:
    """What follows a method of packing; nothing where it is not packed by the only one there is."""
    if not content.startswith(b"\0"):
        return b""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(content[1:], UNPACKED)
    except zlib.error:
        return b""
    return b"" if unpacking.unconsumed_tail else unpacked
