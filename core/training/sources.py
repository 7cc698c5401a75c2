"""Where training faces come from: folders of photos and InsightFace's RecordIO."""

from pathlib import Path
from typing import Protocol

import numpy as np

from core.errors import XCosError
from core.faces.photo import PHOTO_SUFFIXES, read_photo
from core.training.recordio import RecordSource


class FaceSource(Protocol):
    """n faces, numbered from 0.

    identities: (n,) names, "" unknown
    stamp:      changes when the source does
    """

    identities: np.ndarray
    stamp: str

    def name(self, number: int) -> str:
        """What to call a face in a message: its file, or its place in one."""

    def read(self, number: int) -> np.ndarray:
        """Its pixels (H, W, 3) uint8. Raises XCosError for a damaged one."""


class FolderSource:
    """Photos of a folder and its sub-folders; the first sub-folder names the identity."""

    def __init__(self, root: Path, labelled: bool) -> None:
        if not root.is_dir():
            raise XCosError(f"The training folder {root} does not exist; mend data in the config.")
        self._files = sorted(p for p in root.rglob("*") if p.suffix.lower() in PHOTO_SUFFIXES)
        if not self._files:
            raise XCosError(f"The training folder {root} has no photos; take it out of the config.")
        names = [p.relative_to(root).parts[0] if labelled else "" for p in self._files]
        self.identities = np.array(names)
        states = ((file, file.stat()) for file in self._files)
        self.stamp = "".join(f"{f}\0{s.st_size}\0{s.st_mtime_ns}\n" for f, s in states)

    def name(self, number: int) -> str:
        return str(self._files[number])

    def read(self, number: int) -> np.ndarray:
        return read_photo(self._files[number])


def open_source(root: Path, labelled: bool) -> FaceSource:
    """The faces of a folder: InsightFace's RecordIO where it holds train.rec, else its photos.

    Raises XCosError.
    """
    if (root / "train.rec").is_file():
        return RecordSource(root)
    return FolderSource(root, labelled)
