"""The colours of a photo that has no ICC profile but says them otherwise, as a profile."""

from PIL import ExifTags, Image

from core.faces.boxes import colours_of_avif
from core.faces.matrix_profile import ADOBE_GAMMA, ADOBE_RGB, coded_profile, matrix_profile

INTEROPERABILITY, OF_ADOBE = 1, "R03"  # tag, and its value for Adobe RGB (DCF)
IS_SRGB = 1  # of the tag ColorSpace


def said_profile(image: Image.Image, data: bytes) -> bytes | None:
    """The profile of an opened photo without one, from its whole file; None for sRGB.

    Raises NotRead for a high dynamic range.
    """
    told = None
    if image.format == "AVIF":
        told = colours_of_avif(data)
    elif image.format == "HEIF" and "nclx_profile" in image.info:
        codes = image.info["nclx_profile"]
        told = codes["color_primaries"], codes["transfer_characteristics"]
    elif image.format in ("JPEG", "MPO") and _is_adobe_rgb(image):
        return matrix_profile(ADOBE_RGB, ADOBE_GAMMA)
    return None if told is None else coded_profile(*told)


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
