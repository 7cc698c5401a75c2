"""Where the files that come with the program lie, in a clone and in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_path(*parts: str) -> Path:
    """A file or folder of `resources`."""
    return _root("resources").joinpath(*parts)


def weights_dir() -> Path:
    """The folder of the weights that ship."""
    return _root("weights")


def _root(name: str) -> Path:
    packaged = _PACKAGE / f"_{name}"
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
