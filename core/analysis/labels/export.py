"""Corrected labels as files: a CSV of path and identity, or copies of the photos by identity."""

import re
import shutil
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from core.csv_files import csv_bytes
from core.errors import Stopped, XCosError
from core.files import written_whole
from core.gallery.folder import NUMBERED
from core.gallery.gallery import Gallery
from core.progress import QUIET, Task

COLUMNS = ("path", "identity")
NAMELESS = "unknown"  # folder of a name without any sign that a system takes


def write_labels(path: Path, gallery: Gallery) -> int:
    """Write path, identity and further columns of each photo, which opens as a gallery; how many.

    The photos' paths are absolute. Raises XCosError for a place among the photos, and where
    the disk refuses.
    """
    _refuse_inside(path, gallery)
    photos = [face for face in gallery.faces if face.number == 1]
    further = [name for name in gallery.columns if name.casefold() not in COLUMNS]
    rows = [
        (
            gallery.photo_path(f).absolute().as_posix(),
            f.identity or "",
            *(f.columns.get(name, "") for name in further),
        )
        for f in photos
    ]
    try:
        with written_whole(path) as part:
            part.write_bytes(csv_bytes([(*COLUMNS, *further), *rows]))
    except OSError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror or error}; choose another place."
        ) from error
    return len(photos)


def copy_photos(folder: Path, gallery: Gallery, task: Task = QUIET) -> int:
    """Copy each photo to FOLDER/IDENTITY/; how many. Nothing is overwritten.

    Photos of nobody known lie in FOLDER itself, where a gallery's photos have no identity.
    Raises XCosError for a folder that holds something already or lies among the photos, and
    where the disk refuses; Stopped.
    """
    _refuse_inside(folder, gallery)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise XCosError(f"{folder} is not empty; choose a new folder.")
        photos = [face for face in gallery.faces if face.number == 1]
        folders = _folder_names(face.identity for face in photos if face.identity is not None)
        for place, face in enumerate(photos):
            if task.stopped():
                raise Stopped("Copying photos")
            task.report("Copying photos", place, len(photos))
            source = gallery.photo_path(face)
            named = None if face.identity is None else folders[face.identity]
            target = _free(folder, source, named, {*folders.values()})
            target.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(target) as part:
                shutil.copyfile(source, part)
    except OSError as error:
        raise XCosError(
            f"The photos cannot be copied to {folder}: {error.strerror or error}; "
            "choose another place."
        ) from error
    task.report("Copying photos", len(photos), len(photos))
    return len(photos)


def _refuse_inside(path: Path, gallery: Gallery) -> None:
    root = gallery.root.resolve()
    if gallery.source.is_dir() and path.resolve().is_relative_to(root):
        raise XCosError(f"{path} lies in the gallery {root}; choose a place outside of it.")
    if path.exists() and gallery.source.exists() and path.samefile(gallery.source):
        raise XCosError(f"{path} is the gallery itself; choose another name.")


def _free(folder: Path, source: Path, named: str | None, folders: set[str]) -> Path:
    """Where a copy may lie; named: the folder of whom it shows, None for nobody known."""
    for number in count(1):
        name = source.name if number == 1 else f"{source.stem}_{number}{source.suffix}"
        target = folder / (named or "") / name
        # Beside the folders, a name and a number would tell who a photo shows.
        taken = named is None and (name in folders or NUMBERED.fullmatch(target.stem) is not None)
        if not taken and not target.exists():
            return target
    raise AssertionError("numbers do not end")


def _folder_names(identities: Iterable[str]) -> dict[str, str]:
    """A folder's name for each identity, of no two the same, also where upper case is as lower."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for identity in dict.fromkeys(identities):
        # What no system takes in a name.
        name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", identity).strip(" .") or NAMELESS
        choices = (name if number == 1 else f"{name}_{number}" for number in count(1))
        names[identity] = next(choice for choice in choices if choice.casefold() not in taken)
        taken.add(names[identity].casefold())
    return names
