"""A gallery with all its pairs scored, for commands that look at many of them."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    tell_problems,
)
from core.errors import XCosError
from core.faces.face import Problem
from core.gallery.gallery import LoadedGallery
from core.json_text import json_text
from core.project.sides import EditsOfSides, edits_of_sides
from core.scoring.pair_tables import write_pair_table
from core.scoring.scored import ScoredGallery


def add_gallery_options(
    parser: argparse.ArgumentParser, probes: bool = True, target: bool = False
) -> None:
    """GALLERY, --probes, --photos, and the options of faces and models."""
    parser.add_argument(
        "gallery",
        type=Path,
        metavar="GALLERY",
        help="folder, CSV (path,identity), photo or project (.xcos)",
    )
    if probes:
        parser.add_argument(
            "--probes",
            type=Path,
            metavar="DIR",
            help="pairs of every face of DIR with every gallery face instead",
        )
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="folder that the paths of a CSV gallery are relative to (default: the CSV's own)",
    )
    add_face_options(parser)
    add_model_options(parser, target)


def open_both(
    setup: Setup, options: Any, progress: ProgressBar, least: int = 2
) -> tuple[LoadedGallery, LoadedGallery | None]:
    """The gallery and its probes, if any; photos that gave no face are named on stderr.

    least: faces of a gallery without probes. Raises XCosError where there are fewer, or no pair.
    """
    gallery, probes = with_probes(setup, options, progress)
    enough = len(gallery) >= least if probes is None else len(gallery) and len(probes)
    problems = [*gallery.gallery.problems, *(probes.gallery.problems if probes else ())]
    if not enough:
        raise no_pair(options.gallery, problems)
    tell_problems(problems)
    return gallery, probes


def with_probes(
    setup: Setup, options: Any, progress: ProgressBar
) -> tuple[LoadedGallery, LoadedGallery | None]:
    """The gallery and its probes, if any, each with what was decided about it."""
    gallery = setup.open(options.gallery, progress, True, options.photos)
    probes = getattr(options, "probes", None)  # some commands take none
    if probes is None:
        return gallery, None
    return gallery, setup.open(probes, progress, with_project=True)


def no_pair(gallery: Path, problems: Sequence[Problem]) -> XCosError:
    """That a gallery gives no pair, with its first problem and the way out."""
    first = f" ({problems[0].reason})" if problems else ""
    return XCosError(f"{gallery} gives no pair of faces; it takes two photos with a face{first}.")


def scored_gallery(
    setup: Setup, options: Any, progress: ProgressBar, least: int = 2
) -> ScoredGallery:
    """Load the gallery and score all its pairs. Raises XCosError as `open_both` does."""
    gallery, probes = open_both(setup, options, progress, least)
    return setup.score(gallery, probes, progress)


def edits_of(setup: Setup, scored: ScoredGallery) -> EditsOfSides:
    """Edits of the rows' faces and of the columns', from the projects of the gallery and its probes."""
    gallery = setup.project_of(scored.columns.gallery.source).edits
    probes = scored.probes
    return edits_of_sides(
        gallery, None if probes is None else setup.project_of(probes.gallery.source).edits
    )


def scored_at_threshold(
    options: argparse.Namespace,
) -> tuple[Setup, ProgressBar, float, ScoredGallery]:
    """All pairs of the gallery scored, for what a threshold is needed for. Raises XCosError."""
    setup, progress = Setup(options), ProgressBar()
    threshold = needed_threshold(setup)
    return setup, progress, threshold, scored_gallery(setup, options, progress)


def give_table(
    options: argparse.Namespace,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    figures: dict[str, Any],
    tell: Callable[[], None],
) -> None:
    """Write rows to -o, and print the figures with --json, else tell what no file was asked for."""
    if options.output is not None:
        write_pair_table(options.output, columns, rows)
    if options.json:
        print(json_text(figures))
    elif options.output is None:
        tell()


def needed_threshold(setup: Setup) -> float:
    """The threshold, or XCosError for weights without one."""
    if setup.threshold is None:
        raise XCosError(f"{setup.card.name} has no threshold; give one with --threshold.")
    return setup.threshold
