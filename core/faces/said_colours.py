"""The colours of a photo that has no ICC profile but says them otherwise, as a profile."""

import struct

from PIL import ExifTags, Image

from core.faces.boxes import colours_of_avif, colours_of_jp2
from core.faces.matrix_profile import ADOBE_GAMMA, ADOBE_RGB, coded_profile, matrix_profile
from core.faces.photo_kinds import NotRead

INTEROPERABILITY, OF_ADOBE = 1, "R03"  # tag, and its value for Adobe RGB (DCF)
BMP_5, BMP_EMBEDDED = b"\x7c\0\0\0", b"DEBM"  # the longest head, and that a profile is behind it
JP2_READ = {0, 12, 15, 16, 17, 18}  # code points: two levels, CMYK, sRGB, grey, YCC of sRGB
IS_SRGB = 1  # of the tag ColorSpace


def said_profile(image: Image.Image, data: bytes) -> bytes | None:
    """The profile of an opened photo without one, from its whole file; None for sRGB.

    Raises NotRead for a high dynamic range, and for colours of a sort that is not read.
    """
    told = None
    if image.format == "JPEG2000":
        return _of_jp2(data)
    if image.format == "BMP" and data[14:18] == BMP_5 and data[70:74] == BMP_EMBEDDED:
        start, length = struct.unpack_from("<II", data, 126)
        return data[14 + start : 14 + start + length]
    if image.format == "AVIF":
        told = colours_of_avif(data)
    elif image.format == "HEIF" and (codes := image.info.get("nclx_profile")):
        told = codes["color_primaries"], codes["transfer_characteristics"]
    elif image.format in ("JPEG", "MPO") and _is_adobe_rgb(image):
        return matrix_profile(ADOBE_RGB, ADOBE_GAMMA)
    return None if told is None else coded_profile(*told)


def _of_jp2(data: bytes) -> bytes | None:
    codes, profile = colours_of_jp2(data)
    if profile is None and codes and not codes & JP2_READ:
        raise NotRead("is a JPEG 2000 file of colours that are not read; save it anew as PNG.")
    return profile


def _is_adobe_rgb(image: Image.Image) -> bool:
    """Whether a camera says in EXIF that the colours are Adobe RGB's."""
    if OF_ADOBE.encode() not in image.info.get("exif", b""):
        return False  # told in no time
    try:
        exif = image.getexif()
        index = exif.get_ifd(ExifTags.IFD.Interop).get(INTEROPERABILITY)
        space = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
    except Exception:  # whatever is wrong with the metadata, the picture may be sound
        return False
    return index == OF_ADOBE and space != IS_SRGB
