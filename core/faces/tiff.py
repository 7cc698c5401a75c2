"""What a TIFF's tags say of its levels, beyond what Pillow makes of them."""

from dataclasses import dataclass

from PIL import Image, ImagePalette

from core.faces.photo_kinds import NotRead

DNG_VERSION, SUBFILE_TYPE, SUB_IFDS = 50706, 254, 330  # tags
PACKING = 259
NOT_UNPACKED = {
    9: "JBIG", 10: "JBIG", 22610: "JPEG XR", 33003: "JPEG 2000", 33005: "JPEG 2000",
    34661: "JBIG", 34712: "JPEG 2000", 34887: "LERC", 34892: "JPEG of a digital negative",
    34933: "PNG", 34934: "JPEG XR", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
UNPACKED, YCBCR = 1, 6
SMALL_COPY, MASK = 1, 4  # bits of the type
WIDTH, HEIGHT, COLOUR_MAP = 256, 257, 320
BITS, PHOTOMETRIC, PLANES, SAMPLES = 258, 262, 284, 339
WHITE_IS_ZERO, SEPARATE, UNSIGNED, SIGNED, FLOATS = 0, 2, 1, 2, 3
BELOW_ZERO = "is a TIFF with levels below zero, which are not read; save it as PNG."


@dataclass(frozen=True)
class Levels:
    """What a picture's levels mean.

    bits:          of a level; 0 where nothing is said
    signed:        whether they may be below zero
    white_is_zero: whether the lowest one is white
    floats:        whether they are no whole numbers
    """

    bits: int = 0
    signed: bool = True
    white_is_zero: bool = False
    floats: bool = False

    @property
    def full(self) -> int | None:
        """The highest level that the bits can tell; None for floats, and where nothing is said."""
        return None if self.floats or not self.bits else (1 << (self.bits - self.signed)) - 1

    @property
    def top(self) -> int | None:
        """The highest level where the bits tell it."""
        return self.full if 8 < self.bits <= 16 else None


def levels_of(image: Image.Image) -> Levels:
    """What the levels of a picture mean that Pillow opened and nothing has turned yet."""
    if image.format == "PPM" and image.mode == "I":  # Pillow brings all above 8 bits to 16
        return Levels(16, signed=False)
    tags = getattr(image, "tag_v2", None)
    if image.format != "TIFF" or not tags:
        return Levels()
    sort = tags.get(SAMPLES, (UNSIGNED,))[0]
    # Pillow minds it where there are up to 8 bits.
    white_is_zero = tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
    return Levels(tags.get(BITS, (1,))[0], sort != UNSIGNED, white_is_zero, sort == FLOATS)


def prepare_tiff(image: Image.Image) -> None:
    """Go to the picture in an opened TIFF. Raises NotRead where Pillow would read it wrongly."""
    tags = getattr(image, "tag_v2", {})
    # A digital negative, or a thumbnail alone where the picture should be.
    if DNG_VERSION in tags or (SUB_IFDS in tags and tags.get(SUBFILE_TYPE) == SMALL_COPY):
        raise NotRead("is a camera's RAW file, which is not read; export it as JPEG.")
    _seek_whole_picture(image)
    refuse_packing(tags.get(PACKING, 0))
    if tags.get(PHOTOMETRIC) == YCBCR and tags.get(PACKING, UNPACKED) == UNPACKED:
        raise NotRead("is a TIFF in YCbCr that is not packed, which is not read; save it as PNG.")
    _refuse_levels(image)
    palette = tags.get(COLOUR_MAP)
    if image.mode == "P" and palette and max(palette) < 256:  # as some write it, for 16 bits
        image.palette = ImagePalette.raw("RGB;L", bytes(palette))


def refuse_packing(packing: int) -> None:
    """Raise NotRead for a way of packing that Pillow's libtiff does not know, or tells nothing of."""
    if packing in NOT_UNPACKED:
        raise NotRead(
            f"is a TIFF packed as {NOT_UNPACKED[packing]}, which is not read; save it anew as PNG."
        )


def _seek_whole_picture(image: Image.Image) -> None:
    """Go to the first page that is no small copy and no mask of another one, if there is one."""
    while _is_of_another(image):
        try:
            image.seek(image.tell() + 1)
        except EOFError:
            image.seek(0)
            return


def _is_of_another(image: Image.Image) -> bool:
    sort = getattr(image, "tag_v2", {}).get(SUBFILE_TYPE, 0)
    return isinstance(sort, int) and bool(sort & (SMALL_COPY | MASK))


def forget_exif(image: Image.Image) -> None:
    """Keep Pillow from turning an opened TIFF itself, and from stopping at a malformed tag."""
    exif = image.getexif()
    for tag in list(exif):
        del exif[tag]


def stored_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of an opened picture as it is stored; Pillow tells a TIFF's turned."""
    tags = getattr(image, "tag_v2", None)
    if image.format != "TIFF" or not tags:
        return image.size
    return tags[WIDTH], tags[HEIGHT]


def _refuse_levels(image: Image.Image) -> None:
    tags = getattr(image, "tag_v2", {})
    bits = levels_of(image).bits
    if tags.get(PLANES) == SEPARATE and bits > 8 and len(tags.get(BITS, ())) > 1:
        raise NotRead(f"is a TIFF with planes of {bits} bits, which are not read; save it as PNG.")
    if bits == 8 and tags.get(SAMPLES, (UNSIGNED,))[0] == SIGNED:
        raise NotRead(BELOW_ZERO)
