"""xcos labels: likely wrong labels, near-duplicate files, and people shared by two galleries."""

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.analysis.labels.export import copy_photos, write_labels
from core.analysis.labels.findings import FINDING_KINDS, Finding
from core.analysis.labels.review import LabelQuality
from core.analysis.labels.search import LabelFindings, bare_edits, find_in_labels
from core.commands.scored import add_gallery_options, needed_threshold
from core.commands.shared import ProgressBar, Setup, add_output_option, warn
from core.commands.spared import check_output, check_table
from core.csv_files import csv_text
from core.errors import XCosError, counted
from core.files import write_whole
from core.gallery.opening import crop_of, open_gallery
from core.json_text import json_text
from core.project.edits import DECISIONS, Edits
from core.project.project import Project

COLUMNS = ("kind", "left", "right", "names", "score", "limit", "evidence", "decision")
EXAMPLES = """examples:
  xcos labels photos                            what is likely wrong, the likeliest first
  xcos labels train --with test --json          people that two galleries share, too
  xcos labels photos -o findings.csv            as a table
  xcos labels photos --export corrected.csv     labels with what was accepted in the window
  xcos labels photos --copy-to mended           photos copied to a folder a person

Decisions are made in the window (Analyse, Labels and leaks) and kept in the project file."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "labels",
        help="likely wrong labels, near-duplicates, and people shared by two galleries",
        description="Find likely wrong identities, likely same persons under two names, near-duplicate files, and people shared by two galleries.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "--with",
        type=Path,
        dest="other",
        metavar="OTHER",
        help="another gallery, whose people are looked for in GALLERY",
    )
    add_output_option(parser)
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="CSV of corrected labels to write"
    )
    parser.add_argument(
        "--copy-to", type=Path, metavar="DIR", help="new folder to copy the photos to by identity"
    )
    add_gallery_options(parser, probes=False)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    output: Path | None = options.output
    check_table(output)
    folder: Path | None = options.copy_to
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise XCosError(f"{folder} is not empty; choose a new folder.")
    setup, progress = Setup(options), ProgressBar()
    threshold = needed_threshold(setup)
    gallery = setup.open(options.gallery, progress, True, options.photos)
    if not len(gallery):
        raise XCosError(f"{options.gallery} gives no face; choose another gallery.")
    check_output(options.export, (".csv",))  # what else is wrong with it was told before
    edits = setup.project_of(options.gallery).edits
    corrected, bare = gallery.gallery, bare_edits(edits, gallery)
    if bare != edits:
        gallery = open_gallery(
            options.gallery,
            verifier=setup.verifier,
            cache=setup.cache,
            settings=setup.settings,
            project=Project.unsaved(bare),
            photos=options.photos,
            task=progress,
        )
    other = None
    if options.other is not None:
        other = setup.score(gallery, setup.open(options.other, progress, True), progress)
    scored = setup.score(gallery, None, progress)
    root = gallery.gallery.root
    findings = find_in_labels(
        scored,
        threshold,
        lambda face: crop_of(face, root, setup.cache),
        other,
        progress,
    )
    progress.close()
    if options.export is not None:
        count = write_labels(options.export, corrected)
        warn(f"{options.export} has the labels of {counted(count, 'photo')}")
    if options.copy_to is not None:
        count = copy_photos(options.copy_to, corrected, progress)
        progress.close()
        warn(f"{counted(count, 'photo')} copied to {options.copy_to}")
    summary = _summary(findings, edits, setup)
    if output is not None:
        text = _csv(findings, edits) if output.suffix.lower() == ".csv" else json_text(summary)
        write_whole(output, text.encode())
    if options.json:
        print(json_text(summary))
    else:
        _tell(findings, edits, summary, listed=output is None)
    return 0


def _summary(findings: LabelFindings, edits: Edits, setup: Setup) -> dict[str, Any]:
    counts: dict[str, dict[str, int]] = {}
    for kind in FINDING_KINDS:
        decisions = Counter(
            edits.decisions.get(f.key, "open") for f in findings.findings if f.kind == kind
        )
        counts[kind] = {name: decisions[name] for name in ("open", *DECISIONS)}
    problems = [
        asdict(problem)
        for loaded in (findings.gallery, findings.probes)
        if loaded is not None
        for problem in loaded.gallery.problems
    ]
    return {
        "gallery": str(setup.options.gallery),
        "with": None if setup.options.other is None else str(setup.options.other),
        "model": setup.card.name,
        "attention": setup.kind,
        "order": setup.options.order,
        "threshold": findings.threshold,
        "faces": len(findings.gallery),
        "faces_without_identity": sum(f.identity is None for f in findings.gallery.gallery.faces),
        "counts": counts,
        "before": _quality(findings.before()),
        "after": _quality(findings.after(edits)),
        "findings": [_row(finding, edits) for finding in findings.findings],
        "problems": problems,
    }


def _row(finding: Finding, edits: Edits) -> dict[str, Any]:
    row = asdict(finding)
    return row | {
        "names": list(finding.names),
        "key": finding.key,
        "decision": edits.decisions.get(finding.key),
    }


def _quality(quality: LabelQuality) -> dict[str, Any]:
    return {
        "errors": quality.errors,
        "accuracy": quality.counts.accuracy,
        "eer": quality.eer,
        "counts": quality.counts.by_outcome(),
    }


def _csv(findings: LabelFindings, edits: Edits) -> str:
    rows = [_row(f, edits) | {"names": " | ".join(f.names)} for f in findings.findings]
    shown = [
        [f"{row[c]:z.6f}" if isinstance(row[c], float) else row[c] for c in COLUMNS] for row in rows
    ]
    return csv_text([COLUMNS, *shown])


def _tell(findings: LabelFindings, edits: Edits, summary: dict[str, Any], listed: bool) -> None:
    if listed:
        for finding in findings.findings:
            decision = edits.decisions.get(finding.key, "")
            print(f"{finding.kind:<15} {finding.score:>z6.3f}  {decision:<7} {finding.sentence}")
    for kind, counts in summary["counts"].items():
        listing = ", ".join(f"{name} {number}" for name, number in counts.items() if number)
        warn(f"{kind}: {listing or 'none'}")
    before, after = summary["before"], summary["after"]
    warn(
        f"errors at {findings.threshold:.4f}: {before['errors']} before, "
        f"{after['errors']} with what was accepted"
    )
    if summary["faces_without_identity"] == summary["faces"]:
        warn(
            "no face has an identity, so only near-duplicates and shared people are looked for; "
            "put each person's photos in a folder of their own"
        )
    for problem in summary["problems"]:
        warn(f"problem: {problem['reason']}")
