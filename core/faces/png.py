"""A PNG's pixels, colours and orientation alone, so that nothing else in it can spoil them."""

import re
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from core.faces.matrix_profile import (
    HIGH_RANGE,
    SRGB,
    Chromaticities,
    coded_profile,
    matrix_profile,
)
from core.faces.photo_kinds import NotRead

START = 8  # bytes before the first chunk
PICTURE = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
SAID = (b"tRNS", b"iCCP", b"eXIf", b"cICP", b"sRGB", b"gAMA", b"cHRM")
OF_GREYS, OF_COLOURS = 0, 2  # sorts of pixels
CLEAR = {OF_GREYS: 2, OF_COLOURS: 6}  # bytes that tell which level or colour is clear
KEPT = (b"tRNS", b"iCCP", b"eXIf")
UNSPECIFIED = b"\2\2"  # code points of primaries and a curve
XMP = b"XML:com.adobe.xmp\0"
TURN = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])")
RAW_EXIF = (b"Raw profile type exif\0", b"Raw profile type APP1\0")  # ImageMagick's ways
LEAST, MOST, NEAR = 0.2, 5, 0.02  # inverse gammas that are meant, and how near one is another
ORIENTATION = 274  # tag
UNPACKED = 1 << 24  # bytes that a colour profile or an orientation may have


def png_versions(data: bytes) -> Iterator[bytes]:
    """A PNG to be tried in turn: with all that is sound of what is said of its pixels, and bare."""
    head, pixels, said, text = [data[:START]], list[bytes](), dict[bytes, bytes](), b""
    turn = b""
    for name, chunk in _first_picture(data):
        if name in PICTURE:
            (pixels if pixels or name == b"IDAT" else head).append(chunk)
        elif name in SAID or chunk[8:].startswith((*RAW_EXIF, XMP)):
            content = chunk[8:-4]
            if _chunk(name, content) != chunk:
                continue  # damaged; the format wants such a chunk passed over
            if name in SAID:
                said.setdefault(name, content)
            elif content.startswith(XMP):
                turn = turn or _exif_of_xmp(content)
            else:
                text = text or _exif_of_text(name, content)
    for exif in filter(None, (text, turn)):
        said.setdefault(b"eXIf", exif)
    said[b"iCCP"] = _colours(said)
    said[b"tRNS"] = _clear(said.get(b"tRNS", b""), *data[24:26].ljust(2, b"\0"))
    # The orientation may stand behind the pixels; before them it is told without decoding.
    yield b"".join([*head, *(_chunk(name, said[name]) for name in KEPT if said.get(name)), *pixels])
    yield b"".join(head + pixels)


def _first_picture(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks; a moving picture's first frame stands in place of one that is no frame of it.

    Raises NotRead where that frame is not as large as the picture.
    """
    moves, frames, hidden = False, 0, False
    for name, chunk in _chunks(data):
        moves |= name == b"acTL" and chunk[8:12] != bytes(4)
        frames += name == b"fcTL"
        hidden |= name == b"IDAT" and moves and not frames
        # Its size and its place:
        is_part = name == b"fcTL" and chunk[12:28] != data[16:24] + bytes(8)
        if hidden and frames == 1 and is_part:
            raise NotRead("begins with a part of a moving picture; save it anew as a still one.")
        if hidden and name == b"fdAT" and frames == 1:
            yield b"IDAT", _chunk(b"IDAT", chunk[12:-4])  # without its number
        elif not (hidden and name == b"IDAT"):
            yield name, chunk


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


def _exif_of_xmp(content: bytes) -> bytes:
    """EXIF with the orientation that a text in XML says; empty where it says none."""
    packed, method, rest = (
        content[len(XMP) : len(XMP) + 1],
        content[len(XMP) + 1 :][:1],
        content[len(XMP) + 2 :],
    )
    text = rest.split(b"\0", 2)[-1]  # behind a language and a translated name
    found = TURN.search(_unpacked(method + text) if packed == b"\1" else text)
    if found is None:
        return b""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, ORIENTATION, 3, 1, int(found[1]), 0, 0)


def _clear(content: bytes, bits: int, sort: int) -> bytes:
    """The chunk that tells what is clear, for the 8 bits that greys of fewer are read as."""
    if sort == OF_GREYS and bits in (2, 4) and len(content) == 2:
        top = (1 << bits) - 1
        content = struct.pack(">H", (content[1] & top) * 255 // top)
    return content if len(content) == CLEAR.get(sort, len(content)) else b""


def _colours(said: dict[bytes, bytes]) -> bytes:
    """The colour profile's chunk for what is said of colours, by rank; empty for sRGB.

    Raises NotRead for a high dynamic range, and for levels as a video has them.
    """
    own, coded = said.get(b"iCCP", b""), said.get(b"cICP", b"")
    if not _unpacked(own.partition(b"\0")[2]):
        own = b""
    told = len(coded) == 4 and coded[:2] != UNSPECIFIED
    if told and not (own and coded[1] in HIGH_RANGE):
        if not coded[3]:
            raise NotRead("has levels as a video has them, which are not read; save it anew.")
        profile = coded_profile(coded[0], coded[1])
    elif own or b"sRGB" in said:
        return own
    else:
        profile = _by_gamma(said.get(b"gAMA", b""), said.get(b"cHRM", b""))
    return b"told otherwise\0\0" + zlib.compress(profile) if profile else b""


def _by_gamma(gamma: bytes, colours: bytes) -> bytes | None:
    """The profile of a gamma and of the places of white, red, green and blue, in 100,000ths."""
    inverse = int.from_bytes(gamma, "big") / 100_000 if len(gamma) == 4 else 0
    # Others are no gammas at all, and the usual one stands for sRGB's curve.
    meant = LEAST <= inverse <= MOST and abs(inverse * 2.2 - 1) > NEAR
    primaries: Chromaticities = SRGB
    if len(colours) == 32:
        x_y = np.frombuffer(colours, ">u4").reshape(4, 2) / 100_000
        primaries = tuple((x, y) for x, y in np.roll(x_y, -1, axis=0).tolist())
    return matrix_profile(primaries, 1 / inverse if meant else None)


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
