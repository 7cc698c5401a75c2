"""Which photos a folder, a CSV or a single file names, and who they show."""

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from core.errors import XCosError
from core.faces.photo import PHOTO_SUFFIXES
from core.gallery.csv_gallery import read_csv_gallery

NUMBERED = re.compile(r"(.+)_\d{4}")  # LFW's NAME_0001


@dataclass(frozen=True)
class Listed:
    """A photo of a gallery: path relative to its root with forward slashes, and its identity."""

    photo: str
    identity: str | None


@dataclass(frozen=True)
class Listing:
    """What a source names: the root that paths are relative to, photos, and what was skipped."""

    root: Path
    photos: tuple[Listed, ...]
    skipped: tuple[tuple[str, str], ...]


def scan(source: Path, photos: Path | None = None) -> Listing:
    """List the photos of a folder, a CSV of path and identity, or one photo.

    In a folder the first sub-folder is the identity; photos beside each other that are named
    as in LFW (NAME_0001.jpg) tell it by their name. Hidden files are left out.
    photos: what the paths of a CSV are relative to; None: its own folder
    Raises XCosError when the source is not there, may not be read, or names no photo.
    """
    source = Path(source)
    try:
        if source.is_dir():
            listing = _scan_folder(source)
        elif source.suffix.lower() == ".csv":
            listing = _scan_csv(source, photos or source.parent)
        elif source.suffix.lower() in PHOTO_SUFFIXES and source.is_file():
            listing = Listing(source.parent, (Listed(source.name, _by_name(source.name)),), ())
        elif source.exists():
            raise XCosError(f"{source} is no folder, photo or CSV; choose another gallery.")
        else:
            raise XCosError(f"The gallery {source} does not exist; choose another one.")
    except OSError as error:
        raise XCosError(
            f"The gallery {source} cannot be read: {error.strerror or error}."
        ) from error
    if not listing.photos:
        hint = f" ({listing.skipped[0][1]})" if listing.skipped else ""
        raise XCosError(f"The gallery {source} has no photos{hint}; choose another one.")
    return listing


def _scan_folder(root: Path) -> Listing:
    photos: list[Listed] = []
    skipped: list[tuple[str, str]] = []
    seen: set[tuple[int, int]] = set()

    def refused(error: OSError) -> None:
        name = str(error.filename or root)
        skipped.append((name, f"{name} may not be read; give yourself permission to read it."))

    for folder, below, names in os.walk(root, followlinks=True, onerror=refused):
        state = os.stat(folder)
        # A link back to a folder above would be walked for ever; inode 0 means none is known.
        if state.st_ino and (state.st_dev, state.st_ino) in seen:
            below.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or Path(name).suffix.lower() not in PHOTO_SUFFIXES:
                continue
            relative = Path(folder, name).relative_to(root)
            parts = relative.parts
            identity = parts[0] if len(parts) > 1 else _by_name(name)
            photos.append(Listed(relative.as_posix(), _normal(identity)))
    if not os.access(root, os.R_OK):
        raise XCosError(f"The gallery {root} may not be read; give yourself permission to read it.")
    return Listing(root, tuple(photos), tuple(skipped))


def _scan_csv(path: Path, root: Path) -> Listing:
    found, wrong = read_csv_gallery(path, root)
    return Listing(root, tuple(Listed(photo, identity) for photo, identity in found), tuple(wrong))


def _by_name(name: str) -> str | None:
    match = NUMBERED.fullmatch(Path(name).stem)
    return _normal(match.group(1)) if match else None


def _normal(identity: str | None) -> str | None:
    # One name in two Unicode spellings (macOS decomposes) is one identity.
    return None if identity is None else unicodedata.normalize("NFC", identity)
