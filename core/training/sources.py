"""Where training faces come from: folders of photos and InsightFace's RecordIO."""

import threading
from pathlib import Path
from typing import Protocol

import numpy as np

from core.csv_files import read_lines
from core.errors import XCosError
from core.faces.choose import choose
from core.faces.detect import Detector
from core.faces.face import SIDE
from core.faces.photo import photo_bytes, read_photo
from core.faces.photo_files import find_photos, is_system, person_name, readable
from core.faces.searched import photo_file, search
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


class FaceReader:
    """Aligned faces of photo files; with aligned off, the central face is found and aligned."""

    def __init__(self, aligned: bool) -> None:
        self._detector = None if aligned else Detector()
        self._lock = threading.Lock()  # one search at a time: it uses all cores by itself

    def read(self, path: Path) -> np.ndarray:
        """A face (112, 112, 3) uint8. Raises XCosError for a damaged photo, or one without."""
        if self._detector is None:
            photo = read_photo(path)
            if photo.shape != (SIDE, SIDE, 3):
                raise XCosError(
                    f"{path} is {photo.shape[1]}x{photo.shape[0]}, not an aligned {SIDE}x{SIDE} "
                    "face; set data.aligned to false."
                )
            return photo
        file = photo_file(photo_bytes(path), str(path))
        with self._lock:
            faces = search([file], self._detector)[0]
        chosen = choose(faces, file.seen.size, "central")
        if not chosen:
            raise XCosError(f"No face was found in {path}.")
        return file.crop(faces[chosen[0]].landmarks)


class FolderSource:
    """Photos of a folder and its sub-folders; the first sub-folder names the identity.

    Photos beside the sub-folders are of unknown identity.
    """

    def __init__(self, root: Path, labelled: bool, aligned: bool = True) -> None:
        if not root.is_dir():
            raise XCosError(f"The training folder {root} does not exist; mend data in the config.")
        self._files = _files(root)
        parts = [p.relative_to(root).parts if labelled else () for p in self._files]
        self.identities = np.array(
            [person_name(part[0]) if len(part) > 1 else "" for part in parts]
        )
        self._reader = FaceReader(aligned)
        self.stamp = ("" if aligned else "raw\n") + "".join(
            f"{readable(str(file))}\0{_state(file)}\n" for file in self._files
        )

    def name(self, number: int) -> str:
        return readable(str(self._files[number]))

    def read(self, number: int) -> np.ndarray:
        return self._reader.read(self._files[number])


def _files(root: Path) -> list[Path]:
    """The photos of a training folder; those of a kind that is not read say so when they are."""
    try:
        photos = find_photos(root)
    except OSError as error:
        raise XCosError(
            f"The training folder {root} cannot be read: {error.strerror or error}."
        ) from error
    for path, reason in photos.skipped:
        if path.is_dir():
            raise XCosError(reason)
    if not photos.files:
        raise XCosError(f"The training folder {root} has no photos; take it out of the config.")
    return sorted([*photos.files, *(path for path, _ in photos.skipped)])


def _state(file: Path) -> str:
    try:
        state = file.stat()
    except OSError:
        return "gone"
    return f"{state.st_size}\0{state.st_mtime_ns}"


def open_source(root: Path, labelled: bool, aligned: bool = True) -> FaceSource:
    """The faces of a folder: InsightFace's RecordIO where it holds train.rec, else its photos.

    aligned: whether photos of a folder are 112x112 faces; those of a RecordIO always are
    Raises XCosError.
    """
    if (root / "train.rec").is_file():
        return RecordSource(root, labelled)
    return FolderSource(root, labelled, aligned)


class SomeFaces:
    """Some faces of a source, by their numbers in it.

    whole: the source that all of them are of
    """

    def __init__(self, source: FaceSource, numbers: np.ndarray) -> None:
        self.whole: FaceSource = source.whole if isinstance(source, SomeFaces) else source
        self._source, self._numbers = source, numbers
        self.identities = source.identities[numbers]
        self.stamp = source.stamp + " ".join(map(str, numbers))

    def name(self, number: int) -> str:
        return self._source.name(int(self._numbers[number]))

    def read(self, number: int) -> np.ndarray:
        return self._source.read(int(self._numbers[number]))


def read_excluded(path: Path) -> set[str]:
    """The faces that a list leaves out: what stands before the first tab of each line.

    Raises XCosError for a list that cannot be read.
    """
    try:
        lines = read_lines(path)
    except XCosError as error:
        raise XCosError(f"data.exclude: {error}") from error
    names = (line.split("\t")[0].strip().replace("\\", "/") for line in lines)
    return {readable(name) for name in names} - {""}


def without(source: FaceSource, excluded: set[str]) -> FaceSource:
    """The faces of a source that a list does not name by the end of their path."""
    if not excluded:
        return source
    kept = [
        number
        for number in range(len(source.identities))
        if excluded.isdisjoint(_ends(source.name(number)))
    ]
    return source if len(kept) == len(source.identities) else SomeFaces(source, np.array(kept, int))


def _ends(name: str) -> list[str]:
    parts = Path(name).parts
    return ["/".join(parts[start:]) for start in range(len(parts))]


def empty_folders(root: Path, source: FaceSource) -> list[str]:
    """Sub-folders of a labelled folder that give no photo."""
    if not isinstance(source, FolderSource):
        return []
    known = {*source.identities.tolist()}
    names = {person_name(p.name) for p in root.iterdir() if p.is_dir() and not is_system(p.name)}
    return sorted(names - known)
