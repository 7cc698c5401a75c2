"""The two photos that a command on one pair is given."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from core.commands.shared import Setup, named
from core.commands.spared import check_output
from core.errors import XCosError, counted
from core.explain.editing.what_if_output import edited_faces
from core.explain.output import PAIR_SUFFIXES
from core.faces.choose import GallerySettings
from core.gallery.gallery import LoadedGallery
from core.progress import Task
from core.scoring.scored import ScoredGallery, one_pair

NUMBERED = re.compile(r"(.+)#(\d+)")
Place = tuple[LoadedGallery, int]


def add_pair_arguments(parser: argparse.ArgumentParser) -> None:
    """LEFT, RIGHT and --photos."""
    parser.add_argument(
        "left",
        type=named,
        metavar="LEFT",
        help="photo of the left face; PHOTO#2 takes its second face",
    )
    parser.add_argument("right", type=named, metavar="RIGHT", help="photo of the right face")
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="folder that LEFT and RIGHT are relative to",
    )


def check_outputs(
    options: argparse.Namespace, outputs: Sequence[Path], suffixes: Sequence[str]
) -> None:
    """Raise XCosError for a file of another form, or one that would replace a photo of the pair."""
    photos = [_photo(name, options.photos)[0] for name in (options.left, options.right)]
    for path in outputs:
        check_output(path, suffixes, *photos)


def check_edited(options: argparse.Namespace, outputs: Sequence[Path]) -> None:
    """The same of results that edited faces are written beside."""
    check_outputs(options, outputs, PAIR_SUFFIXES)
    faces = [face for path in outputs for face in edited_faces(path).values()]
    check_outputs(options, faces, (".png",))


def open_pair(setup: Setup, options: argparse.Namespace, task: Task) -> ScoredGallery:
    """Both faces as a gallery of one pair. Raises XCosError."""
    left, right = (
        open_face(setup, name, options.photos, task) for name in (options.left, options.right)
    )
    return one_pair(setup.model, left, right, setup.kind, options.order)


def open_face(setup: Setup, name: str, photos: Path | None, task: Task) -> Place:
    """One photo's face, PHOTO#2 its second: the gallery that it is in, and its place. Raises XCosError."""
    path, number = _photo(name, photos)
    if not path.exists():
        raise XCosError(f"The photo {path} does not exist; look at its spelling and folder.")
    if path.is_dir() or path.suffix.lower() == ".csv":
        raise XCosError(f"{path} is not a photo; name one photo, or open it with score.")
    settings = GallerySettings("all", setup.settings.aligned) if number > 1 else None
    loaded = setup.open(path, task, settings=settings)
    if loaded.gallery.problems:
        raise XCosError(loaded.gallery.problems[0].reason)
    if not 1 <= number <= len(loaded):
        raise XCosError(
            f"{path} has {counted(len(loaded), 'face')}, not {number}; choose another number."
        )
    place = next(k for k, face in enumerate(loaded.gallery.faces) if face.number == number)
    return loaded, place


def _photo(name: str, photos: Path | None) -> tuple[Path, int]:
    """The photo that a name means, and which of its faces."""
    path = (photos or Path()) / name
    match = NUMBERED.fullmatch(name)
    if match and not path.exists():
        return (photos or Path()) / match.group(1), int(match.group(2))
    return path, 1
