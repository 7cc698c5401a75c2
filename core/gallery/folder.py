"""Which photos a folder, a CSV or a single file names, and who they show."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import XCosError
from core.faces.photo_files import find_photos, person_name, why_no_photo
from core.gallery.csv_gallery import read_csv_gallery

NUMBERED = re.compile(r"(.+)_\d{4}")  # LFW's NAME_0001
FURTHER_FACE = re.compile(r"(.+)#([2-9]|[1-9]\d+)", re.DOTALL)  # a face's key, and what it is of
CAMERA_WORDS = {
    "afbeelding", "aligned", "at", "bild", "burst", "cam", "camera", "camscanner", "capture",
    "cimg", "copy", "crop", "cropped", "dcim", "dji", "download", "dsc", "dscf", "dscn", "face",
    "facebook", "file", "foto", "fotografia", "frame", "gopr", "gopro", "hpim", "imag", "image",
    "imagem", "imagen", "images", "img", "imgp", "immagine", "instagram", "kopie", "kuva",
    "messenger", "mg", "mmexport", "mvi", "mvimg", "obraz", "pano", "panorama", "photo", "photos",
    "pic", "pict", "picture", "portrait", "pxl", "received", "resim", "sample", "scan", "scanned",
    "screen", "screenshot", "selfie", "shot", "signal", "snap", "snapchat", "snapshot", "still",
    "telegram", "test", "thumb", "unbenannt", "unnamed", "untitled", "vid", "video", "vlcsnap",
    "webcam", "whatsapp", "zdjęcie", "изображение", "фото", "صورة", "写真", "图片", "照片", "사진"
}  # fmt: skip
MONTHS = {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"
}  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A photo of a gallery: path relative to its root with forward slashes, and its identity.

    columns: heads and cells of the further columns of its CSV
    """

    photo: str
    identity: str | None
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Listing:
    """What a source names: the root that paths are relative to, photos, and what was skipped."""

    root: Path
    photos: tuple[Listed, ...]
    skipped: tuple[tuple[str, str], ...]


def scan(source: Path, photos: Path | None = None) -> Listing:
    """List the photos of a folder, a CSV of path and identity, or one photo.

    In a folder the first sub-folder is the identity; photos beside each other that are named
    as in LFW (NAME_0001.jpg) tell it by their name, cameras' names (IMG_0001.jpg) do not. Hidden
    and the system's own files are left out.
    photos: what the paths of a CSV are relative to; None: its own folder
    Raises XCosError when the source is not there, may not be read, or names no photo.
    """
    source = Path(source)
    try:
        if source.is_dir():
            listing = _scan_folder(source)
        elif source.suffix.lower() == ".csv":
            listing = _scan_csv(source, photos or source.parent)
        elif source.is_file() and (reason := why_no_photo(source)) != "":
            if reason is not None:
                raise XCosError(reason)
            photo = Listed(source.name, identity_by_name(source.name))
            listing = Listing(source.parent, (photo,), ())
        elif source.exists():
            raise XCosError(f"{source} is no folder, photo or CSV; choose another one.")
        else:
            raise XCosError(f"{source} does not exist; choose another folder, photo or CSV.")
    except OSError as error:
        raise XCosError(
            f"{source} cannot be read: {error.strerror or error}; choose another folder, photo or CSV."
        ) from error
    if not listing.photos:
        hint = f" ({listing.skipped[0][1]})" if listing.skipped else ""
        raise XCosError(f"{source} has no photos{hint}; choose another folder, photo or CSV.")
    return listing


def scan_with_photos(source: Path, photos: Path | None) -> Listing:
    """The same where a user may have named photos. Raises XCosError for those of what is no CSV."""
    listing = scan(source, photos)
    if photos is not None and (source.is_dir() or source.suffix.lower() != ".csv"):
        raise XCosError(
            f"{source} is no CSV whose paths could be relative to {photos}; leave that out.",
            "photos",
        )
    return listing


def cached_path(root: Path, photo: str) -> str:
    """What the cache calls a photo's file: its path, with escapes for what is no text."""
    return str((root / photo).absolute()).encode("utf-8", "backslashreplace").decode()


def _scan_folder(root: Path) -> Listing:
    if not os.access(root, os.R_OK):
        raise XCosError(f"{root} may not be read; give yourself permission to read it.")
    files = find_photos(root)
    photos = [path.relative_to(root).as_posix() for path in files.files]
    skipped = [(path.relative_to(root).as_posix(), reason) for path, reason in files.skipped]
    return _apart(root, [Listed(photo, identity_in_folder(photo)) for photo in photos], skipped)


def _scan_csv(path: Path, root: Path) -> Listing:
    listed, wrong = read_csv_gallery(path, root)
    photos = [Listed(one.photo, one.identity, tuple(one.columns.items())) for one in listed]
    return _apart(root, photos, wrong)


def _apart(root: Path, photos: list[Listed], skipped: list[tuple[str, str]]) -> Listing:
    """A listing without the photos that are called as a further face of another one is."""
    kept = {listed.photo: listed for listed in photos}
    told = []
    for photo in sorted(kept):
        of_face = FURTHER_FACE.fullmatch(photo)
        if of_face and of_face[1] in kept:
            del kept[photo]
            called = f"is called as face {of_face[2]} of {of_face[1]} is; rename it"
            told.append((photo, f"{root / photo} {called}, so that both can be told apart."))
    return Listing(root, tuple(kept.values()), (*skipped, *told))


def identity_in_folder(photo: str) -> str | None:
    """Who a photo of a folder shows: its first sub-folder, or what its name says."""
    first, *rest = photo.split("/")
    return person_name(first) or None if rest else identity_by_name(first)


def identity_by_name(name: str) -> str | None:
    """Who a photo shows by its name alone, as LFW's NAME_0001.jpg; None for a camera's name."""
    match = NUMBERED.fullmatch(Path(name).stem)
    return person_name(match.group(1)) or None if match and not _by_camera(match.group(1)) else None


def _by_camera(stem: str) -> bool:
    """Whether a file's name before its number is a camera's, a phone's or a program's: no person."""
    words = re.findall(r"[^\W\d_]+", stem)
    dated = any(sign.isdigit() for sign in stem)
    return all(
        word.casefold() in CAMERA_WORDS
        or (len(word) <= 3 and word.isascii() and word.isupper())  # cameras choose three letters
        or (dated and word.casefold()[:3] in MONTHS)
        for word in words
    )
