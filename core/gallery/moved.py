"""Photos that are not where they were: found again by their content."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from core.csv_files import csv_bytes, head_name
from core.errors import Stopped, XCosError
from core.faces.photo import PHOTO_SUFFIXES, photo_bytes
from core.faces.photo_files import find_photos
from core.files import written_whole
from core.gallery.cache import Cache
from core.gallery.face_selection import content_digest
from core.gallery.folder import cached_path, scan
from core.progress import QUIET, Task
from core.project.photo_print import PhotoPrint


@dataclass(frozen=True)
class FoundAgain:
    """Where a gallery's photos are now.

    source:  what to open as the gallery instead
    renamed: photos whose path in the gallery is another one now, old to new
    missing: photos that were not found
    """

    source: Path
    renamed: dict[str, str]
    missing: tuple[str, ...]

    def key(self, key: str) -> str:
        """A face's key now, by what it was."""
        photo, mark, number = key.rpartition("#")
        if key in self.renamed or photo not in self.renamed:
            return self.renamed.get(key, key)
        return f"{self.renamed[photo]}{mark}{number}"


def photo_prints(source: Path, cache: Cache) -> dict[str, PhotoPrint]:
    """The prints of a gallery's photos that were loaded before, by their path in it.

    Raises XCosError as scan does.
    """
    listing = scan(source)
    paths = {cached_path(listing.root, photo.photo): photo.photo for photo in listing.photos}
    identities = {photo.photo: photo.identity for photo in listing.photos}
    return {
        paths[path]: PhotoPrint(size, digest, identities[paths[path]])
        for path, (size, _, digest) in cache.files(list(paths)).items()
    }


def missing_photos(source: Path, prints: dict[str, PhotoPrint]) -> list[str]:
    """Photos of a gallery that are not where they were."""
    root = _root(source)
    return [photo for photo in prints if not (root / photo).is_file()]


def find_again(
    source: Path,
    prints: dict[str, PhotoPrint],
    folder: Path,
    csv_file: Path,
    task: Task = QUIET,
) -> FoundAgain:
    """Look for a gallery's missing photos under a folder, by size and then by content.

    A folder that holds all under their old paths becomes the gallery, and so does the photo of
    one. Photos that moved within the old folder keep it. Otherwise csv_file is written, which
    names where each one is now. Raises XCosError when none is found, and Stopped.
    """
    root = _root(source)
    places = _places(prints, root, folder, task)
    known = {photo: places[photo] for photo in _one_each(places)}
    missing = tuple(photo for photo in prints if photo not in known)
    if not known:
        raise XCosError(
            f"None of the {len(prints)} photos of {source} lies under {folder}; "
            "choose another folder."
        )
    if source.suffix.lower() != ".csv":
        if root != source.absolute():
            (old, (path, *_)), *_ = known.items()
            return FoundAgain(path, {} if path.name == old else {old: path.name}, missing)
        one = _common_root(known)
        if one is not None:
            return FoundAgain(one, {}, missing)
        within = {k: [p for p in v if p.is_relative_to(root)] for k, v in known.items()}
        new = {k: p.relative_to(root).as_posix() for k, p in _one_each(within).items()}
        if root.is_dir() and len(new) == len(known):
            return FoundAgain(source, {k: v for k, v in new.items() if k != v}, missing)
    now = {photo: path.as_posix() for photo, path in _one_each(known).items()}
    columns = _columns(source) if source.suffix.lower() == ".csv" else {}
    rows = [(now[photo], prints[photo].identity, columns.get(photo, {})) for photo in now]
    _write_csv(csv_file, rows)
    return FoundAgain(csv_file, {k: v for k, v in now.items() if k != v}, missing)


def _one_each(places: dict[str, list[Path]]) -> dict[str, Path]:
    """One file for each photo; copies of one content are shared out while there are any.

    Two photos that became one would leave the edits of one of them.
    """
    used: set[Path] = set()
    chosen: dict[str, Path] = {}
    for photo, paths in places.items():
        path = next((path for path in paths if path not in used), None)
        if path is not None:
            chosen[photo] = path
            used.add(path)
    return chosen


def _places(
    prints: dict[str, PhotoPrint], root: Path, folder: Path, task: Task
) -> dict[str, list[Path]]:
    """For each photo the files with its content, the one at its old path first."""
    places: dict[str, list[Path]] = {}
    wanted: dict[tuple[int, str], list[str]] = defaultdict(list)
    for photo, known in prints.items():
        path = (root / photo).absolute()
        if path.is_file():
            places[photo] = [path]
        else:
            wanted[known.size, known.digest].append(photo)
    sizes = {size for size, _ in wanted}
    try:
        files = [path.absolute() for path in find_photos(folder).files]
    except OSError as error:
        raise XCosError(f"{folder} cannot be read: {error.strerror or error}.") from error
    for done, path in enumerate(files):
        if task.stopped():
            raise Stopped("The search for photos")
        task.report("Looking for photos", done, len(files))
        try:
            size = path.stat().st_size
            digest = content_digest(photo_bytes(path)) if size in sizes else ""
        except (OSError, XCosError):
            continue
        for photo in wanted.get((size, digest), ()):
            places.setdefault(photo, []).append(path)
    return places


def _common_root(places: dict[str, list[Path]]) -> Path | None:
    """The folder below which every photo has its old path, or None."""
    first, *_ = places
    for path in places[first]:
        parts = Path(first).parts
        if path.parts[-len(parts) :] == parts:
            root = Path(*path.parts[: -len(parts)])
            if all((root / photo) in paths for photo, paths in places.items()):
                return root
    return None


def _root(source: Path) -> Path:
    gone = not source.exists() and source.suffix.lower() in (".csv", *PHOTO_SUFFIXES)
    one_file = source.is_file() or gone
    return (source.parent if one_file else source).absolute()


def _columns(source: Path) -> dict[str, dict[str, str]]:
    """What the further columns of a gallery's list say of each photo; nothing where it is gone."""
    try:
        return {listed.photo: dict(listed.columns) for listed in scan(source).photos}
    except XCosError:
        return {}


def _write_csv(path: Path, rows: list[tuple[str, str | None, dict[str, str]]]) -> None:
    names = dict.fromkeys(name for *_, columns in rows for name in columns)
    further = [name for name in names if head_name(name) not in ("path", "identity")]
    table: list[tuple[str, ...]] = [("path", "identity", *further)]
    for photo, identity, columns in rows:
        table.append((photo, identity or "", *(columns.get(name, "") for name in further)))
    try:
        with written_whole(path) as part:
            part.write_bytes(csv_bytes(table))
    except OSError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror or error}; move the project to another folder."
        ) from error
