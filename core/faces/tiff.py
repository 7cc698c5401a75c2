"""What a TIFF's tags say of its levels, beyond what Pillow makes of them."""

from PIL import Image

DNG_VERSION, SUBFILE_TYPE, SUB_IFDS = 50706, 254, 330  # tags
BITS, PHOTOMETRIC, PLANES, SAMPLES = 258, 262, 284, 339
WHITE_IS_ZERO, SEPARATE, UNSIGNED, SIGNED = 0, 2, 1, 2


def why_tiff_is_not_read(image: Image.Image) -> str | None:
    """Why an opened TIFF is refused, to follow its name, where Pillow would read it wrongly."""
    tags = getattr(image, "tag_v2", {})
    # A digital negative, or a thumbnail alone where the picture should be.
    if DNG_VERSION in tags or (SUB_IFDS in tags and tags.get(SUBFILE_TYPE) == 1):
        return "is a camera's RAW file, which is not read; export it as JPEG."
    bits, samples = _levels(image)
    if tags.get(PLANES) == SEPARATE and bits > 8 and len(tags.get(BITS, ())) > 1:
        return f"is a TIFF with planes of {bits} bits, which are not read; save it as PNG."
    if bits == 8 and samples == SIGNED:
        return "is a TIFF with levels below zero, which are not read; save it as PNG."
    return None


def is_white_zero(image: Image.Image) -> bool:
    """Whether a picture's lowest level is white, which Pillow minds with up to 8 bits alone."""
    return bool(getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO)


def are_unsigned_32(image: Image.Image) -> bool:
    """Whether levels have 32 bits and no sign, which Pillow takes for signed ones."""
    return image.format == "TIFF" and _levels(image) == (32, UNSIGNED)


def top_level(image: Image.Image) -> int | None:
    """The highest level of pictures with fewer than the 16 bits that they are read as."""
    bits, _ = _levels(image)
    return (1 << bits) - 1 if 8 < bits < 16 else None


def _levels(image: Image.Image) -> tuple[int, int]:
    """Bits of a level, 0 for what is no TIFF, and what they mean."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(BITS, (0,))[0], tags.get(SAMPLES, (UNSIGNED,))[0]
