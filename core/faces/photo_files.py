"""Which files of a folder are photos, and what they are called."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath

from core.faces.photo_kinds import HEAD, PHOTO_SUFFIXES, kind_of, why_not_read

# What systems and NAS devices put among a user's files; names that begin with a dot beside them.
SYSTEM_NAMES = {
    "@eadir", "@__thumb", "@recycle", "@tmp", "#recycle", "#snapshot", "$recycle.bin",
    "__macosx", "lost+found", "thumbs.db", "ehthumbs.db", "desktop.ini", "system volume information"
}  # fmt: skip
# Not looked into: they lie beside photos in great number.
NO_PHOTOS = {
    ".aae", ".avi", ".bin", ".csv", ".db", ".doc", ".docx", ".gz", ".html", ".idx", ".ini",
    ".json", ".log", ".lst", ".m4v", ".mat", ".md", ".mkv", ".mov", ".mp4", ".npy", ".npz",
    ".pdf", ".pts", ".py", ".rec", ".tar", ".tsv", ".txt", ".webm", ".xcos", ".xml", ".xmp",
    ".yaml", ".yml", ".zip"
}  # fmt: skip


@dataclass(frozen=True)
class FoundPhotos:
    """What a folder has.

    files:   photos, as paths that open them, by name
    skipped: pictures that are not read and folders that may not be, and why: a sentence
    """

    files: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...]


def find_photos(root: Path, below: bool = True) -> FoundPhotos:
    """The photos of a folder, and of its sub-folders where below is set.

    Hidden and the system's own files and folders are passed over, links are followed.
    Raises OSError where the folder itself cannot be read.
    """
    os.scandir(root).close()
    files: list[Path] = []
    skipped: list[tuple[Path, str]] = []
    seen: set[tuple[int, int]] = set()

    def refused(error: OSError) -> None:
        name = Path(error.filename or root)
        skipped.append((name, f"{name} may not be read; give yourself permission to read it."))

    for folder, folders, names in os.walk(root, followlinks=True, onerror=refused):
        state = os.stat(folder)
        # A link back to a folder above would be walked for ever; inode 0 means none is known.
        if state.st_ino and (state.st_dev, state.st_ino) in seen:
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(name for name in folders if not is_system(name)) if below else []
        for path in (Path(folder, name) for name in sorted(names) if not is_system(name)):
            reason = why_no_photo(path)
            if reason is None:
                files.append(path)
            elif reason:
                skipped.append((path, reason))
    return FoundPhotos(tuple(files), tuple(skipped))


def is_system(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or the system's own."""
    return name.startswith(".") or name.casefold() in SYSTEM_NAMES


def why_no_photo(path: Path) -> str | None:
    """Why a file is not taken for a photo, or None for one; a photo's usual ending is believed.

    A sentence for a picture of a kind that is not read, an empty text for what is no picture.
    """
    suffix = path.suffix.lower()
    if suffix in PHOTO_SUFFIXES:
        return None
    if suffix in NO_PHOTOS:
        return ""
    head = _head(path)
    reason = why_not_read(suffix, head)
    if reason is not None:
        return f"{path} {reason}"
    return "" if kind_of(head) is None else None


def _head(path: Path) -> bytes:
    """The first bytes of a file; none of what is no file or cannot be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with open(path, "rb", buffering=0) as file:
            return file.read(HEAD)
    except OSError:
        return b""


def readable(name: str) -> str:
    """A name as people read it: accents in one spelling, and bytes that are no UTF-8 as Latin-1."""
    return unicodedata.normalize("NFC", re.sub("[\ud800-\udfff]", _as_latin, name))


def _as_latin(match: re.Match[str]) -> str:
    byte = ord(match[0]) - 0xDC00  # as Python escapes what a name has beside UTF-8
    return bytes([byte]).decode("cp1252", "replace") if 0x80 <= byte <= 0xFF else "\ufffd"


def photo_names(files: Sequence[PurePath]) -> list[str]:
    """What files, given by their paths below a folder, are called: each by a name of its own.

    Where several differ in their spelling only, those that are not composed text keep their own
    spelling, with escapes for what is no text.
    """
    spelled = [file.as_posix() for file in files]
    taken = {name for name in spelled if readable(name) == name}
    names = []
    for own in spelled:
        name = readable(own)
        if name != own:
            name = _escaped(own) if name in taken else name
            taken.add(name)
        names.append(name)
    return names


def _escaped(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def photo_file(root: Path, name: str) -> Path:
    """The file that a name below a folder means, whatever its spelling there.

    root / name where there is none.
    """
    path = root / name
    if os.path.lexists(path):
        return path
    top = Path(path.anchor) if Path(name).is_absolute() else root
    parts = Path(name).parts[1:] if Path(name).is_absolute() else Path(name).parts
    return next(_meant(top, parts), path)


def photo_called(folder: Path, name: str) -> Path | None:
    """The photo of a name that may lack its ending, whatever its spelling; None without one."""
    endings = ("", *sorted(PHOTO_SUFFIXES))
    for ending in endings:
        path = folder / f"{name}{ending}"
        if path.is_file() and why_no_photo(path) is None:
            return path
    parent, last = photo_file(folder, os.path.dirname(name)), os.path.basename(name)
    if parent.is_dir():
        for ending in endings:
            path = photo_file(parent, f"{last}{ending}")
            if path.is_file() and why_no_photo(path) is None:
                return path
    return None


def listed_name(root: Path, name: str) -> str:
    """What a photo that a list names is called: as `photo_names` calls it."""
    plain = readable(name)
    if plain == name:
        return name
    try:
        same = os.path.samefile(photo_file(root, name), photo_file(root, plain))
    except OSError:
        same = True
    return plain if same else _escaped(name)


def _meant(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    if not parts:
        yield folder
        return
    name, *rest = parts
    same = [name] if os.path.lexists(folder / name) else []
    with suppress(OSError):
        known = _spellings(str(folder), os.stat(folder).st_mtime_ns)
        same += [entry for key in (name, readable(name)) for entry in known.get(key, ())]
    for entry in dict.fromkeys(same):
        yield from _meant(folder / entry, tuple(rest))


@lru_cache(maxsize=64)
def _spellings(folder: str, changed: int) -> dict[str, list[str]]:
    """A folder's entries by how else they may be written; changed: the folder's time."""
    entries: dict[str, list[str]] = {}
    for name in sorted(os.listdir(folder)):
        for key in {readable(name), _escaped(name)}:
            entries.setdefault(key, []).append(name)
    return entries
