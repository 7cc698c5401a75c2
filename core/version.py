"""Which version of the program this is."""

from importlib import metadata


def version() -> str:
    """The installed version, or that it runs from a clone."""
    try:
        return metadata.version("xcos-studio")
    except metadata.PackageNotFoundError:
        return "(clone, not installed)"
