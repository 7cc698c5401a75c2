"""From a picture that Pillow opened to upright RGB: orientation, colour profile, clear parts."""

import io
from functools import lru_cache

import numpy as np
from PIL import ExifTags, Image, ImageCms

from core.faces.deep_levels import eight_bits, is_deep
from core.faces.tiff import Levels, levels_of, stored_size

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


def upright_rgb(image: Image.Image) -> np.ndarray:
    """The picture's pixels: (H, W, 3) uint8 sRGB, turned by its EXIF orientation, on white.

    Raises what the decoder raises.
    """
    if image.format == "TIFF":
        orientation = _orientation(image)
        _forget_exif(image)  # Pillow would turn it itself, and stop at any malformed tag
        image.load()
    else:
        image.load()
        orientation = _orientation(image)
    levels, turn = levels_of(image), TURNS.get(orientation)
    return _rgb(image if turn is None else image.transpose(turn), levels)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of what `upright_rgb` gives, without decoding it."""
    width, height = stored_size(image)
    return (height, width) if _orientation(image) in SIDEWAYS else (width, height)


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


def _forget_exif(image: Image.Image) -> None:
    exif = image.getexif()
    for tag in list(exif):
        del exif[tag]


def _rgb(image: Image.Image, levels: Levels) -> np.ndarray:
    profile = image.info.get("icc_profile")
    if is_deep(image):
        image = Image.fromarray(eight_bits(image, levels))
    elif image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = _on_white(image)
    elif image.mode == "LAB":
        image = ImageCms.applyTransform(image, _from_lab()) or image
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        image = _in_srgb(image, bytes(profile))
    return np.array(image.convert("RGB"))


def _on_white(image: Image.Image) -> Image.Image:
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode == "1":
        image = image.convert("L")
    clear = image.convert({"La": "LA", "RGBa": "RGBA"}.get(image.mode, image.mode)).convert("RGBA")
    flat = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return flat.convert("L" if grey else "RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    known = _to_srgb(profile)
    if known is None:
        return image
    mode, transform = known
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    return (ImageCms.applyTransform(image, transform) or image) if image.mode == mode else image


@lru_cache(maxsize=16)
def _to_srgb(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform] | None:
    """The mode that an ICC profile speaks of, and what leads to sRGB.

    None for a profile that cannot be used, or that is sRGB as far as can be seen.
    """
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = PROFILE_MODES[given.profile.xcolor_space.strip()]
        transform = ImageCms.buildTransform(
            given,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
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
