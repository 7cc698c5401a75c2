"""Git LFS pointers: small texts that stand where a large file was not fetched."""

from pathlib import Path

from core.errors import XCosError

BEGINNING = b"version https://git-lfs.github.com/spec/"


def refuse_pointer(path: Path) -> None:
    """Raise XCosError for a Git LFS pointer, and OSError for a file that cannot be read."""
    with open(path, "rb") as file:
        if file.read(len(BEGINNING)) == BEGINNING:
            raise XCosError(
                f"{path} is a Git LFS pointer, not the file itself; "
                "fetch the file with git lfs pull, or download it again."
            )
