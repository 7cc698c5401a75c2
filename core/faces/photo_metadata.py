"""A photo's bytes without metadata, so that nothing beside the picture can spoil it."""

import re
import struct
from collections.abc import Iterator

from core.faces.photoshop import picture_alone
from core.faces.png import png_versions
from core.faces.tiff import PACKING, refuse_packing

SHORT = 3  # the type of a number of 16 bits
# Size, coding, colours, places of the pixels, orientation.
TIFF_PICTURE = frozenset(
    (*range(254, 260), 262, 266, *range(273, 280), 284, 292, 293, 317, *range(320, 326), 338, 339)
) | {347, *range(512, 522), *range(529, 533), 34675}
EXIF_WANTED = frozenset({274, 34665})  # orientation, and the directory that tells the colours
JPEG_ADOBE = 0xEE  # says how the colours are coded
JPEG_SCAN = 0xDA
JPEG_ALONE = {0, 1, *range(0xD0, 0xDA)}  # these have no length
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the others are tables
JPEG_OF_WAVES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # these code blocks of 8x8 pixels by their waves


def versions(data: bytes, kind: str) -> Iterator[bytes]:
    """A photo of a kind to be tried in turn: all that matters first, then the bare picture."""
    if kind == "PNG":
        yield from png_versions(data)
        return
    yield picture_alone(data) if kind == "Photoshop file" else data
    if kind == "JPEG":
        yield _jpeg(data, _of_colours_and_turn(data))
        yield _jpeg(data, [])
    elif kind == "TIFF":
        refuse_packing(_tiff_packing(data))  # of one that it does not know Pillow tells nothing
        yield _tiff(data, TIFF_PICTURE)
    elif kind in ("AVIF", "HEIC"):
        # An item of another type is not looked into; how it is turned stands elsewhere, too.
        yield re.sub(rb"(infe.{8})(Exif|mime)", rb"\1none", data, flags=re.DOTALL)


def can_be_reduced(data: bytes) -> bool:
    """Whether a decoder can give a JPEG file smaller than it is.

    Of one without loss libjpeg-turbo writes the whole picture, however small the place for it is.
    """
    frames = (marker for marker, _, _ in _segments(data) if marker in JPEG_FRAMES)
    return next(frames, None) in JPEG_OF_WAVES


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of what stands before a JPEG file's picture."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != JPEG_SCAN:
        if data[place + 1] == 0xFF:  # a marker may be preceded by any number of these
            place += 1
            continue
        if data[place + 1] in JPEG_ALONE:
            return  # what follows is passed over up to another marker
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        yield data[place + 1], place, end
        place = end


def _of_colours_and_turn(data: bytes) -> list[bytes]:
    """The EXIF of a JPEG file, of its tags those alone that matter, and its profile, if it is whole."""
    exif, profile = list[bytes](), dict[int, bytes]()
    for marker, start, end in _segments(data):
        segment = data[start:end]
        if marker == 0xE1 and segment[4:].startswith(b"Exif\0\0") and not exif:
            exif.append(segment[:10] + _tiff(segment[10:], EXIF_WANTED))
        elif marker == 0xE2 and segment[4:].startswith(b"ICC_PROFILE\0") and len(segment) > 18:
            profile[segment[16]] = segment
    parts = sorted(profile)
    whole = bool(parts) and parts == [*range(1, profile[parts[0]][17] + 1)]
    return exif + [profile[part] for part in parts if whole]


def _jpeg(data: bytes, wanted: list[bytes]) -> bytes:
    """A JPEG file with these segments alone beside its picture."""
    kept, place = [data[:2], *wanted], 2
    for marker, start, end in _segments(data):
        # Shorter ones of these two are none, and a decoder passes them over.
        short = end - start < {0xE0: 16, JPEG_ADOBE: 14}.get(marker, 0)
        comment = marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != JPEG_ADOBE)
        if not comment and not short:
            kept.append(data[start:end])
        place = end
    return b"".join([*kept, data[place:]])


def _tiff(data: bytes, wanted: frozenset[int]) -> bytes:
    """A TIFF, of the tags of its first directory these alone."""
    order, start, tags = _tiff_tags(data)
    if not tags:
        return data
    kept = [entry for entry in tags if struct.unpack_from(f"{order}H", entry)[0] in wanted]
    end = start + 2 + 12 * len(tags)
    # Where the next page is stays: the first may be a small copy of it.
    directory = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + data[end : end + 4]
    return data[:start] + directory + data[start + len(directory) :]


def _tiff_packing(data: bytes) -> int:
    order, _, tags = _tiff_tags(data)
    for tag, sort, content in (struct.unpack(f"{order}HH4x4s", entry) for entry in tags):
        if tag == PACKING:
            number = content[:2] if sort == SHORT else content
            return int.from_bytes(number, "little" if order == "<" else "big")
    return 0


def _tiff_tags(data: bytes) -> tuple[str, int, list[bytes]]:
    """A TIFF's byte order, the place of its first directory and what stands there, 12 bytes a tag."""
    order = "<" if data.startswith(b"II") else ">"
    try:
        version, start = struct.unpack_from(f"{order}HI", data, 2)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        entries = [struct.unpack_from("12s", data, start + 2 + 12 * n)[0] for n in range(count)]
    except struct.error:
        return order, 0, []
    return order, start, entries if version == 42 else []  # large ones have another directory
