"""Kinds of photos, told by what a file holds; its ending only says where to look."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from core.errors import XCosError
from core.lfs import BEGINNING
from core.workarounds import quiet_libtiff

HEAD = 512  # bytes of a file that tell its kind


class NotRead(Exception):
    """Why a photo is refused, to follow its name."""


@dataclass(frozen=True)
class PhotoKind:
    """A kind of photo that is read.

    name:     what a user calls it
    formats:  Pillow's names of what decodes it
    start:    how such a file begins
    suffixes: its usual endings
    plugin:   module, its function that makes Pillow read the kind, package and extra that hold it
    """

    name: str
    formats: tuple[str, ...]
    start: re.Pattern[bytes]
    suffixes: tuple[str, ...]
    plugin: tuple[str, str, str, str] | None = None


def _kind(
    name: str,
    formats: str,
    start: bytes,
    suffixes: str,
    plugin: tuple[str, str, str, str] | None = None,
) -> PhotoKind:
    pattern = re.compile(start, re.DOTALL)
    return PhotoKind(name, tuple(formats.split()), pattern, tuple(suffixes.split()), plugin)


HEIF_PLUGIN = ("pillow_heif", "register_heif_opener", "pillow-heif", "heic")
JXL_PLUGIN = ("pillow_jxl", "", "pillow-jxl-plugin", "jxl")  # it registers itself
KINDS = (
    _kind("JPEG", "JPEG", rb"\xff\xd8\xff(?!\xf7)", ".jpg .jpeg .jpe .jfif .mpo"),
    _kind("PNG", "PNG", rb"\x89PNG\r\n\x1a\n", ".png .apng"),
    _kind("WebP", "WEBP", rb"RIFF....WEBP", ".webp"),
    _kind("GIF", "GIF", rb"GIF8[79]a", ".gif"),
    _kind("TIFF", "TIFF", rb"II[*+]\0|MM\0[*+]", ".tif .tiff"),
    _kind("BMP", "BMP DIB", rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", ".bmp .dib"),
    _kind("AVIF", "AVIF", rb"....ftyp(avif|avis|(mif1|msf1|miaf).{4}(.{4})*?avi[fs])", ".avif"),
    _kind(
        "HEIC",
        "HEIF",
        rb"....ftyp(hei[cxmsf]|hev[cxms]|mif1|msf1|miaf)",
        ".heic .heif .hif",
        HEIF_PLUGIN,
    ),
    _kind(
        "JPEG 2000",
        "JPEG2000",
        rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n",
        ".jp2 .j2k .jpx .jpf .j2c .jpc",
    ),
    _kind("JPEG XL", "JXL", rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", ".jxl", JXL_PLUGIN),
    _kind("PNM", "PPM", rb"P[1-6fF](\s+[#\d]|#)", ".ppm .pgm .pbm .pnm .pfm"),
    _kind("Photoshop file", "PSD", rb"8BPS\0\x01", ".psd"),
    _kind("PCX", "PCX", rb"\x0a[\0\x02\x03\x05]\x01[\x01\x02\x04\x08]", ".pcx"),
    _kind("SGI image", "SGI", rb"\x01\xda[\0\x01][\x01\x02]", ".sgi"),
    _kind("Sun raster", "SUN", rb"\x59\xa6\x6a\x95", ".ras"),
    _kind("QOI", "QOI", rb"qoif", ".qoi"),
)
PHOTO_SUFFIXES = frozenset(suffix for kind in KINDS for suffix in kind.suffixes)
# A PNM begins with two letters and a number, which a text may well do.
SURE_START = re.compile(
    b"|".join(kind.start.pattern for kind in KINDS if kind.name != "PNM"), re.DOTALL
)
RAW_SUFFIXES = {
    ".3fr", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dcs", ".dng", ".dxo", ".eip",
    ".erf", ".fff", ".gpr", ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw",
    ".orf", ".pef", ".ptx", ".raf", ".raw", ".rw2", ".rwl", ".rwz", ".sr2", ".srf", ".srw",
    ".x3f"
}  # fmt: skip
OTHER_SUFFIXES = {
    ".ai", ".avci", ".avcs", ".avifs", ".bpg", ".cdr", ".cin", ".cpt", ".cur", ".dcm", ".djv",
    ".djvu", ".dds", ".dpx", ".emf", ".eps", ".exr", ".fits", ".flif", ".fts", ".hdp", ".hdr",
    ".heics", ".icb", ".icns", ".ico", ".iff", ".jbig2", ".jng", ".jls", ".jph", ".jxr", ".jxs",
    ".kra", ".lbm", ".mng", ".ora", ".pam", ".pct", ".pdn", ".pgx", ".pic", ".pict", ".psb", ".psp",
    ".pspimage", ".rgbe", ".svg", ".svgz", ".tga", ".vda", ".wbmp", ".wdp", ".wmf", ".xbm", ".xcf",
    ".xpm", ".xwd"
}  # fmt: skip
SUN_OF_32_BITS = b"\0\0\0\x20"  # Pillow shifts their colours
OTHER_STARTS = {
    name: re.compile(start, re.DOTALL)
    for name, start in {
        "JPEG-LS": rb"\xff\xd8\xff\xf7",
        "JPEG XR": rb"II\xbc[\0\x01]",
        "JPEG XS": rb"\xff\x10\xff\x50",
        "MNG": rb"\x8aMNG\r\n\x1a\n",
        "JNG": rb"\x8bJNG\r\n\x1a\n",
        "PAM": rb"P7(\n| 332)",
        "icon": rb"\0\0[\x01\x02]\0[\x01-\x40]\0...\0|icns\0",
        "FITS": rb"SIMPLE  =",
        "DICOM": rb".{128}DICM",
        "DPX": rb"SDPX\0|XPDS|\x80\x2a\x5f\xd7",
        "OpenEXR": rb"\x76\x2f\x31\x01",
        "Radiance": rb"#\?(RADIANCE|RGBE)\s",
        "DDS": rb"DDS \x7c\0\0\0",
        "GIMP": rb"gimp xcf ",
        "large Photoshop file": rb"8BPS\0\x02",
        "BPG": rb"BPG\xfb",
        "FLIF": rb"FLIF[1-T]",
        "DjVu": rb"AT&TFORM",
        "ILBM": rb"FORM....(ILBM|PBM )",
        "XPM": rb"/\* XPM \*/",
    }.items()
}
RAW_START = re.compile(
    rb"II\*\0....CR|....ftypcrx|II\x1a\0\0\0HEAPCCDR|FUJIFILMCCD-RAW|II(RO|RS|U\0)|MMOR|FOVb|\0MRM",
    re.DOTALL,
)


def kind_of(head: bytes) -> PhotoKind | None:
    """The kind of photo that begins with these bytes (HEAD of them); None for no photo or RAW."""
    if RAW_START.match(head):
        return None
    return next((kind for kind in KINDS if kind.start.match(head)), None)


def why_not_read(suffix: str, head: bytes) -> str | None:
    """Why a picture of a kind that is not read is refused, to follow its name; None for others.

    suffix: the file's ending in lower case, head: its first HEAD bytes
    """
    if head.startswith(BEGINNING):
        return "is a Git LFS pointer, not the photo itself; fetch the photos with git lfs pull."
    kind = kind_of(head)
    # Most cameras' RAW files are TIFFs whose first picture is but a thumbnail.
    if RAW_START.match(head) or (suffix in RAW_SUFFIXES and (kind is None or kind.name == "TIFF")):
        return "is a camera's RAW file, which is not read; export it as JPEG."
    if kind is not None and kind.name == "Sun raster" and head[12:16] == SUN_OF_32_BITS:
        return "is a Sun raster of 32 bits, which is not read; save it as PNG."
    if kind is not None:
        return None
    usual = suffix[1:] if suffix in OTHER_SUFFIXES else None
    other = next((name for name, start in OTHER_STARTS.items() if start.match(head)), usual)
    if other is None:
        return None
    return f"is a picture of a kind that is not read ({other}); save it as JPEG or PNG."


def make_readable(kind: PhotoKind, name: str) -> None:
    """Make Pillow read a kind. Raises XCosError where the package for it is missing."""
    if kind.name == "TIFF":
        quiet_libtiff()
    if kind.plugin is not None and not _plugin_loaded(kind.plugin[0], kind.plugin[1]):
        _, _, package, extra = kind.plugin
        raise XCosError(
            f"{name} is a {kind.name} and needs the package {package}; install xcos-studio[{extra}]."
        )


@cache
def _plugin_loaded(module: str, function: str) -> bool:
    try:
        plugin = import_module(module)
    except ImportError:
        return False
    if function:
        getattr(plugin, function)()
    return True
