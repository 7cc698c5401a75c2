"""What a command writes never takes the place of what it is made from."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import XCosError
from core.files import refuse_form, refuse_overwriting
from core.gallery.gallery import Gallery

WRITTEN = ("output", "export", "copy_to", "as_gallery")  # options that name what is written


def outputs_of(options: argparse.Namespace) -> list[Path]:
    """What the options name to be written."""
    return [path for name, path in _paths(options) if name in WRITTEN]


def inputs_of(options: argparse.Namespace) -> list[Path]:
    """What else they name: galleries, probes, lists, a cache."""
    return [path for name, path in _paths(options) if name not in WRITTEN]


def _paths(options: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    for name, value in vars(options).items():
        for path in value if isinstance(value, list) else [value]:
            if isinstance(path, Path):
                yield name, path


def spare(outputs: Sequence[Path], sources: Sequence[Path | None]) -> None:
    """Raise XCosError when a result would replace one of the files that it is made from."""
    for path in outputs:
        refuse_overwriting(path, *sources)


def spare_gallery(outputs: Sequence[Path], gallery: Gallery) -> None:
    """The same of a gallery's own file and of its photos, which it names only once it is open."""
    for path in outputs:
        if path.is_file():
            names = {f.photo for f in (*gallery.faces, *gallery.aside)}
            names |= {problem.file for problem in gallery.problems}
            photos = (gallery.root / name for name in sorted(names))
            refuse_overwriting(path, gallery.source, *photos)


def spare_photos(output: Path, photos: Path, what: str, below: bool = True) -> None:
    """Raise XCosError for a folder of pictures that would lie among photos, and be taken for some.

    what: the pictures; below: whether the photos' folder is read with its sub-folders
    """
    into, root = output.resolve(), photos.resolve()
    if into == root or (below and root in into.parents):
        raise XCosError(
            f"The {what} must not go into {output}, among the photos of {photos}; choose another "
            "folder."
        )


def check_output(output: Path | None, forms: Sequence[str], *sources: Path | None) -> None:
    """Raise XCosError for a file of another form, or that would replace one of the sources.

    What the options name as paths `Setup` spares; sources: what they name otherwise.
    """
    if output is not None:
        refuse_form(output, forms)
        refuse_overwriting(output, *sources)


def check_table(output: Path | None) -> None:
    """Raise XCosError for a table that is neither .csv nor .json."""
    check_output(output, (".csv", ".json"))
