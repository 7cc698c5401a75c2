"""Photos that lists name, found on the disk however the list spells them."""

import os
import unicodedata
from functools import lru_cache
from pathlib import Path, PurePosixPath

from core.faces.photo import PHOTO_SUFFIXES


class PhotoFinder:
    """Finds what a list names below a folder, as it is in the file system.

    A name may have backslashes, other case, and composed or decomposed letters, where only one
    file fits; an exact name comes first. What a folder holds is read once.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names = lru_cache(maxsize=None)(self._read_names)
        self._real = lru_cache(maxsize=None)(os.path.realpath)

    def file(self, name: str) -> str | None:
        """The path below the folder of the file that a list calls `name`, or None."""
        for spelled in _spellings(name):
            if os.path.isfile(self._root / spelled):
                return spelled
        for spelled in _spellings(name):
            path = self._walked(spelled)
            if path is not None and os.path.isfile(self._root / path):
                return path
        return None

    def place(self, file: str) -> str:
        """Where a file below the folder lies, whatever way its path takes to its own folder."""
        folder, name = os.path.split(self._root / file)
        return os.path.join(self._real(folder), name)

    def folder(self, name: str) -> Path | None:
        """The folder that a list calls `name`, or None."""
        for spelled in _spellings(name):
            path = self._walked(spelled)
            if path is not None and os.path.isdir(self._root / path):
                return self._root / path
        return None

    def photo(self, name: str) -> Path | None:
        """The photo that a list names with or without its ending, or None.

        NAME_0001 may lie in the folder that the list says or beside it, and be called NAME_1 or,
        as alignment tools call a photo's first face, NAME_0001_0.
        """
        if PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES:
            exact = self.file(name)
            if exact is not None:
                return self._root / exact
        for spelled in _spellings(name):
            path = PurePosixPath(spelled)
            beside = path.parent.parent
            places = (path.parent, beside, beside / path.parent.name)
            for folder in dict.fromkeys(places):
                relative = self._with_any_ending(str(folder), path.name)
                if relative is not None:
                    return self._root / relative
        return None

    def _with_any_ending(self, folder: str, stem: str) -> str | None:
        place = self._walked(folder)
        if place is None:
            return None
        head, _, number = stem.rpartition("_")
        stems = [stem]
        if head and number.isdecimal():
            stems += [f"{head}_{number.lstrip('0') or '0'}", f"{stem}_0"]
        known = self._names(place)
        for one in stems:
            for suffix in sorted(PHOTO_SUFFIXES):
                there = known.get(_key(one + suffix), [])
                exact = [name for name in there if PurePosixPath(name).stem == one]
                for name in exact[:1] or (there if len(there) == 1 else []):
                    if os.path.isfile(self._root / place / name):
                        return os.path.join(place, name)
        return None

    def _walked(self, name: str) -> str | None:
        """The path that fits part by part."""
        path = PurePosixPath(name)
        place = path.anchor
        for part in path.relative_to(path.anchor).parts:
            if not os.path.lexists(self._root / place / part):
                there = self._names(place).get(_key(part), [])
                if len(there) != 1:
                    return None
                part = there[0]
            place = os.path.join(place, part)
        return place

    def _read_names(self, folder: str) -> dict[str, list[str]]:
        """What a folder holds, by the key of each name."""
        spellings: dict[str, list[str]] = {}
        try:
            names = os.listdir(self._root / folder)
        except (OSError, ValueError):
            return {}
        for name in sorted(names):
            # Bytes that are no UTF-8 are most likely of the time when Windows-1252 was usual.
            readable = os.fsencode(name).decode("cp1252", "replace") if _escaped(name) else name
            for key in {_key(name), _key(readable)}:
                spellings.setdefault(key, []).append(name)
        return spellings


def _spellings(name: str) -> list[str]:
    if "\0" in name:
        return []
    return list(dict.fromkeys([name, name.replace("\\", "/")]))


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _escaped(name: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in name)
