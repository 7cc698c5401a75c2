"""From a picture that Pillow opened to upright RGB: orientation, colour profile, clear parts."""

import io
from functools import lru_cache, partial

import numpy as np
from PIL import ExifTags, Image, ImageChops, ImageCms
from PIL.GifImagePlugin import GifImageFile

from core.faces.deep_colours import deep_colours
from core.faces.deep_levels import grey_levels, is_deep
from core.faces.tiff import Levels, forget_exif, levels_of, stored_size

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)
PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # by the profile's colour space
UNSEEN = 2  # levels of 255 that a profile may differ from sRGB and be taken for it


def upright_rgb(image: Image.Image, lower: Image.Image | None = None) -> np.ndarray:
    """The picture's pixels: (H, W, 3) uint8 sRGB, turned by its EXIF orientation, on white.

    lower: the lower bytes of its levels, where they are not in it and matter
    Raises what the decoder raises.
    """
    if image.format == "TIFF":
        orientation = _orientation(image)
        forget_exif(image)
        image.load()
    else:
        image = _loaded(image)
        orientation = _orientation(image)
    levels, turn = levels_of(image), TURNS.get(orientation)
    if turn is not None:
        image, lower = image.transpose(turn), lower and lower.transpose(turn)
    if lower is not None:
        profile = bytes(image.info.get("icc_profile") or b"")
        if lower.mode == "LA":
            return _of_deep_clear_grey(image, lower, profile)
        return deep_colours(image, lower, partial(_colours_in_srgb, profile=profile))
    return _rgb(image, levels)


def _loaded(image: Image.Image) -> Image.Image:
    """The picture with its pixels; what a GIF's first frame does not reach is clear."""
    reached = None
    if isinstance(image, GifImageFile) and image.tile:
        reached = image.tile[0].extents
    image.load()
    # Without Adobe's marker a JPEG's inks stand as they are; Pillow takes all for inverted ones.
    if image.format in ("JPEG", "MPO") and image.mode == "CMYK" and "adobe" not in image.info:
        return ImageChops.invert(image)
    if image.format == "PSD" and image.mode == "1":
        return ImageChops.invert(image)  # of Photoshop's two levels the higher one is black
    if reached in (None, (0, 0, *image.size)) or "transparency" in image.info:
        return image
    opaque = Image.new("L", image.size)
    opaque.paste(255, reached)
    part = image.convert("RGB")
    part.putalpha(opaque)
    return part


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of what `upright_rgb` gives, without decoding it."""
    width, height = stored_size(image)
    return (height, width) if _orientation(image) in SIDEWAYS else (width, height)


def minds_lower_bytes(image: Image.Image) -> bool:
    """Whether 16-bit colours that are cut to 8 bits would look otherwise than they are.

    A profile may spread the darkest of them over many, and one that is clear may be next to another.
    """
    profile = bytes(image.info.get("icc_profile") or b"")
    return "transparency" in image.info or (bool(profile) and _to_srgb(profile) is not None)


def _orientation(image: Image.Image) -> int:
    # JPEG XL turns by its codestream, unless a JPEG file is carried in it.
    if image.format == "JXL" and not getattr(image, "jpeg", False):
        return 1
    try:
        # A PNG's own would decode all of it for what `versions` has put before its pixels.
        turn = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
        if isinstance(turn, bytes) and turn[0] <= max(TURNS):
            return turn[0]
        return int(turn[0] if isinstance(turn, tuple) else turn)
    except Exception:  # whatever is wrong with the metadata, the picture may be sound
        return 1


def _rgb(image: Image.Image, levels: Levels) -> np.ndarray:
    profile = bytes(image.info.get("icc_profile") or b"")
    if is_deep(image):
        return _of_deep_grey(image, levels, profile)
    clear = None
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        bitmap = image.format == "BMP"
        image, clear = _parted(image)
        if bitmap and clear.getextrema() == (0, 0):
            clear = None  # Windows leaves the fourth byte of its bitmaps empty
    elif image.mode == "LAB":
        image = ImageCms.applyTransform(image, _from_lab()) or image
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "CMYK"):
        image = _as_rgb(image)
    if profile:
        image = _in_srgb(image, profile)
    image = _as_rgb(image)
    if clear is not None:
        image.putalpha(clear)
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return np.array(image)


def _as_rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it


def _of_deep_grey(image: Image.Image, levels: Levels, profile: bytes) -> np.ndarray:
    """Rounded to 8 bits at last: a profile may spread the darkest few of these over many."""
    grey, clear = grey_levels(image, levels)
    grey[clear] = 255
    if not profile:
        return np.array(Image.fromarray(grey.round().astype(np.uint8)).convert("RGB"))
    pixels = _deep_greys_in_srgb(profile)[(grey * 257).round().astype(np.uint16)]
    pixels[clear] = 255
    return pixels


def _of_deep_clear_grey(image: Image.Image, lower: Image.Image, profile: bytes) -> np.ndarray:
    """The same of greys of 16 bits, RGBA, that are clear in parts; lower: their lower bytes, LA."""
    high, low = np.asarray(image)[..., [0, 3]].astype(np.uint16), np.asarray(lower)
    grey, opaque = np.moveaxis(high << 8 | low, -1, 0)
    pixels = _deep_greys_in_srgb(profile)[grey].astype(np.float32)
    on_white = 255 - (255 - pixels) * (opaque / np.float32(65535))[..., None]
    return np.asarray(on_white.round().astype(np.uint8))


def _deep_greys_in_srgb(profile: bytes) -> np.ndarray:
    """What greys of 16 bits under a profile are in sRGB, (65536, 3) uint8."""
    steps = np.arange(1 << 16) / 257
    shown = [np.interp(steps, np.arange(256), channel) for channel in _greys_in_srgb(profile).T]
    return np.stack(shown, -1).round().astype(np.uint8)


@lru_cache(maxsize=16)
def _greys_in_srgb(profile: bytes) -> np.ndarray:
    """What the greys 0 to 255 under a profile are in sRGB, (256, 3) uint8."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    known = _to_srgb(profile)
    if known is not None and known[0] in ("L", "RGB"):
        ramp = ImageCms.applyTransform(ramp.convert(known[0]), known[1]) or ramp
    return np.array(ramp.convert("RGB"))[0]


def _parted(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """The colours or the greys of a picture that is clear in parts, and how opaque it is."""
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode == "1":
        image = image.convert("L")
    image = image.convert({"La": "LA", "RGBa": "RGBA"}.get(image.mode, image.mode)).convert("RGBA")
    return image.getchannel("R") if grey else image.convert("RGB"), image.getchannel("A")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    if image.mode == "L":
        return Image.fromarray(_greys_in_srgb(profile)[np.asarray(image)])
    known = _to_srgb(profile)
    if known is not None and known[0] == "L" and image.mode == "RGB":
        red, green, blue = image.split()  # greys of 16 bits that are clear in parts are read as RGB
        return _in_srgb(red, profile) if red == green == blue else image
    if known is None or known[0] != image.mode:
        return image
    return ImageCms.applyTransform(image, known[1]) or image


def _colours_in_srgb(colours: np.ndarray, profile: bytes) -> np.ndarray:
    return np.asarray(_in_srgb(Image.fromarray(colours), profile))


@lru_cache(maxsize=16)
def _to_srgb(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform] | None:
    """The mode that an ICC profile speaks of, and what leads to sRGB.

    None for a profile that cannot be used, or that is sRGB as far as can be seen.
    """
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = PROFILE_MODES[given.profile.xcolor_space.strip()]
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        if mode == "L":  # the quick way is ten levels off where a linear grey is dark
            flags |= ImageCms.Flags.NOOPTIMIZE
        transform = ImageCms.buildTransform(
            given,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags,
        )
    except (ImageCms.PyCMSError, OSError, KeyError, TypeError, ValueError):
        return None
    if mode == "RGB":
        steps = np.mgrid[0:256:17, 0:256:17, 0:256:17].reshape(3, 64, 64).transpose(1, 2, 0)
        colours = np.ascontiguousarray(steps, np.uint8)
        seen = np.asarray(ImageCms.applyTransform(Image.fromarray(colours), transform), np.int16)
        if np.abs(seen - colours).max() <= UNSEEN:
            return None
    return mode, transform


@lru_cache(maxsize=1)
def _from_lab() -> ImageCms.ImageCmsTransform:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
