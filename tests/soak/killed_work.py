"""What the processes do that `tests.soak.kills` kills; imported once, before they are forked."""

import sys
from multiprocessing.connection import Connection
from pathlib import Path

import core.evaluation.run
import core.explain.explain
import core.gallery.opening
import core.model.backbones
import core.model.weights
import core.reports.report
import core.training.run
import core.training.training  # noqa: F401 - all are here to be loaded
from core.cli import build_parser, main
from core.project.edits import face_subject
from core.project.project import Project

build_parser()  # which imports the commands


def command(arguments: list[str], told: Path) -> None:
    """A command of the program; what it says goes to a file."""
    with told.open("w", encoding="utf-8") as file:
        sys.stdout = sys.stderr = file
        code = main(arguments)
    sys.exit(code)


def edit(path: Path, first: int, said: Connection) -> None:
    """Tag face after face of a project until the end, and say the number of each."""
    project = Project.read(path) if path.exists() else Project(path)
    number = first
    while True:
        project.tag(face_subject(f"{number}.jpg"), "t" * 50)
        said.send(number)
        number += 1
