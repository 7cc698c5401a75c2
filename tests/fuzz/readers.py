"""Every reader of files that come from outside or may be damaged."""

from importlib import import_module
from pathlib import Path

from tests.fuzz.harness import Reader

# By name, where it is; imported when it is asked for.
READERS = {
    "photos": "photos.Photos",
    "galleries": "photos.Galleries",
    "frames": "photos.FrameFolders",
    "videos": "photos.Videos",
    "tables": "lists.Tables",
    "bins": "lists.Bins",
    "recordio": "lists.RecordIO",
    "weights": "models.Weights",
    "checkpoints": "models.Checkpoints",
    "projects": "kept.Projects",
    "own-projects": "kept.OwnProjects",
    "caches": "kept.Caches",
    "toml": "settings.Toml",
    "filters": "settings.Filters",
    "runs": "settings.Runs",
}


def reader(name: str, folder: Path) -> Reader:
    """A reader that works in a folder."""
    module, kind = READERS[name].split(".")
    made: Reader = getattr(import_module(f"tests.fuzz.{module}"), kind)(folder)
    return made
