"""Which version of the program this is."""


def version() -> str:
    """The installed version, or that it runs from a clone."""
    from importlib import metadata  # not at the window's start

    try:
        return metadata.version("xcos-studio")
    except metadata.PackageNotFoundError:
        return "(clone, not installed)"
