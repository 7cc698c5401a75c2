"""What the window is given on the command line, and opens with."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.shared import add_target_input_options, finite, target_of
from core.faces.choose import GallerySettings
from core.model.kinds import ATTENTION_KINDS
from core.project.project import Project
from core.project.state import SUFFIX, state_of
from core.resources import resource_path
from xcos_gui.shell.last_view import restore_view

if TYPE_CHECKING:
    from xcos_gui.shell.window import MainWindow


def add_window_options(parser: argparse.ArgumentParser) -> None:
    """GALLERY and the options that the window shares with the commands."""
    parser.add_argument(
        "gallery",
        nargs="?",
        type=Path,
        metavar="GALLERY",
        help="folder, CSV, photo or project (.xcos) (default: the last one, or the sample)",
    )
    parser.add_argument("--model", type=Path, metavar="NAME|FILE", help="weights")
    parser.add_argument("--target", type=Path, metavar="FILE", help="target model")
    add_target_input_options(parser)
    parser.add_argument("--attention", choices=ATTENTION_KINDS, help="attention kind")
    parser.add_argument("--threshold", type=finite, metavar="T", help="threshold")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    parser.add_argument("--cache", type=Path, metavar="FILE", help="file that keeps features")
    parser.add_argument(
        "--aligned", action="store_true", help="the photos are aligned 112x112 crops"
    )


def check_project(path: Path | None) -> None:
    """Raise XCosError for a project file that cannot be opened, so that the terminal tells it."""
    if path is not None and path.suffix.lower() == SUFFIX:
        state_of(Project.read(path))


def start(window: "MainWindow", options: argparse.Namespace) -> None:
    """Load the weights and the gallery that were asked for."""
    session = window.session
    wanted = options.gallery or next((p for p in session.settings.recents if p.exists()), None)
    project = wanted if wanted is not None and wanted.suffix.lower() == SUFFIX else None
    if project and window.projects.open(project, options.attention, options.threshold):
        return
    if options.attention:
        session.kind = options.attention
    session.set_model(options.model or session.settings.model)
    target = target_of(options, session.settings.target)
    if target is not None:
        session.set_target(target)
    if options.threshold is not None:
        session.after_weights(lambda: session.set_threshold(options.threshold))
    if wanted is None or project:  # a project that told why it did not open
        wanted = resource_path("sample")
    session.open_gallery(wanted, GallerySettings("central", True) if options.aligned else None)
    restore_view(window, wanted)
