"""Which files of a folder are photos, and what they are called."""

import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from core.faces.photo_kinds import HEAD, PHOTO_SUFFIXES, SURE_START, kind_of, why_not_read

# What systems and NAS devices put among a user's files; names that begin with a dot beside them.
SYSTEM_NAMES = {
    "@eadir", "@__thumb", "@recycle", "@tmp", "#recycle", "#snapshot", "$recycle.bin",
    "__macosx", "lost+found", "thumbs.db", "ehthumbs.db", "desktop.ini", "system volume information"
}  # fmt: skip
# They lie beside photos in great number, and are photos where they begin as such.
NO_PHOTOS = {
    ".aae", ".avi", ".bin", ".csv", ".db", ".doc", ".docx", ".gz", ".html", ".idx", ".ini",
    ".json", ".log", ".lst", ".m4v", ".mat", ".md", ".mkv", ".mov", ".mp4", ".npy", ".npz",
    ".pdf", ".pts", ".py", ".rec", ".tar", ".tsv", ".txt", ".webm", ".xcos", ".xml", ".xmp",
    ".yaml", ".yml", ".zip"
}  # fmt: skip

# Marks that show nothing: the soft hyphen, zero-width blanks, and directions of writing.
UNSEEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")

# Opening a pipe would wait for who writes to it.
READ_NOW = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


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
    head = _head(path)
    if suffix in NO_PHOTOS:
        return None if SURE_START.match(head) else ""
    reason = why_not_read(suffix, head)
    if reason is not None:
        return f"{path} {reason}"
    return "" if kind_of(head) is None else None


def _head(path: Path) -> bytes:
    """The first bytes of a file; none of what is no file or cannot be read."""
    try:
        file = os.open(path, READ_NOW)
    except OSError:
        return b""
    try:
        return os.read(file, HEAD) if stat.S_ISREG(os.fstat(file).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(file)


def readable(name: str) -> str:
    """A name as people read it: accents in one spelling, and bytes that are no UTF-8 as Latin-1."""
    if name.isascii():
        return name
    return unicodedata.normalize("NFC", re.sub("[\ud800-\udfff]", _as_latin, name))


def person_name(name: str) -> str:
    """A name by which a person is known: readable, with single blanks and no unseen marks.

    Empty where nothing is left. What joins letters and emoji, U+200C and U+200D, stays.
    """
    return " ".join(UNSEEN.sub("", readable(name)).split())


def _as_latin(match: re.Match[str]) -> str:
    byte = ord(match[0]) - 0xDC00  # as Python escapes what a name has beside UTF-8
    return bytes([byte]).decode("cp1252", "replace") if 0x80 <= byte <= 0xFF else "\ufffd"
