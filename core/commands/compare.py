"""xcos compare: saliency methods side by side, on a pair or over a list of pairs."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.pair import check_outputs, open_pair
from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    add_output_option,
    named,
    warn,
)
from core.commands.spared import check_output
from core.errors import XCosError, counted
from core.evaluation.insightface_bin import refuse_photos_of_bin
from core.evaluation.protocol import open_pairs, read_any_pairs
from core.explain.crop_scorer import CropScorer
from core.explain.explain import pair_regions, regions_of
from core.explain.saliency.compare import Comparison, compare, title
from core.explain.saliency.compare_many import ComparisonTable, tabulate
from core.explain.saliency.methods import TITLES, Subject, methods_for
from core.files import write_whole
from core.gallery.opening import crop_of
from core.json_text import json_text
from core.progress import Task

EXAMPLES = """examples:
  xcos compare ann1.jpg ann2.jpg                     each method's time, areas and rank correlations
  xcos compare ann1.jpg bob.jpg --json               the maps and curves too
  xcos compare a.png b.png --aligned --target t.safetensors
  xcos compare pairs.csv --methods xcos occlusion    means over a list of left,right, as Markdown
  xcos compare pairs.csv --no-controls -o table.csv

The methods: xCos's evidence; Grad-CAM of the score on the backbone, and of the target's cosine on
the target (--target); occlusion, cell by cell; CorrRISE, by random masks. The controls: random
order, and each method's map from the same network with shuffled weights."""
PAIR_SUFFIXES = (".json", ".png", ".svg", ".pdf")
TABLE_SUFFIXES = (".md", ".csv", ".json")
LISTS = (".csv", ".txt", ".bin")


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "compare",
        help="compare saliency methods on a pair or a list of pairs",
        description="Hold xCos's evidence against Grad-CAM, occlusion and CorrRISE: maps, times, deletion and "
        "insertion curves with controls, rank correlations.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "left",
        type=named,
        metavar="LEFT",
        help="photo of the left face; PHOTO#2 takes its second face; alone: a list of pairs, a CSV of "
        "left,right or LFW's pairs.txt",
    )
    parser.add_argument(
        "right", type=named, metavar="RIGHT", nargs="?", help="photo of the right face"
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=[name for name in TITLES if name != "random"],
        metavar="METHOD",
        help="only these: xcos, grad-cam, grad-cam-target, occlusion, rise (default: all there are)",
    )
    parser.add_argument(
        "--no-controls",
        action="store_true",
        help="no random order, no shuffled weights; half the time",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of the random orders and shuffled weights (default: %(default)s)",
    )
    parser.add_argument(
        "--photos", type=Path, metavar="DIR", help="folder that the photos are relative to"
    )
    add_output_option(
        parser,
        "file to write: of a pair .json, .png, .svg or .pdf; of a list .md, .csv or .json",
        several=True,
    )
    add_face_options(parser)
    add_model_options(parser, target=True, refused=("--half",))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it; exit code 0, 130 for a list that was interrupted, or XCosError."""
    if options.half:
        raise XCosError("Maps are compared in single precision; leave --half out.")
    if options.right is None:
        return _compare_list(options)
    check_outputs(options, options.output, PAIR_SUFFIXES)
    setup, progress = Setup(options), ProgressBar()
    pair = open_pair(setup, options, progress)
    crops = [
        crop_of(loaded.gallery.faces[0], loaded.gallery.root, setup.cache)
        for loaded in (pair.rows, pair.columns)
    ]
    scorer = _scorer(setup, options)
    shuffled = None if options.no_controls else scorer.shuffled(options.seed)
    subject = Subject(crops[0], crops[1], scorer)
    comparison = compare(
        subject,
        pair_regions(pair, 0, 0),
        _methods(options, scorer),
        shuffled,
        options.seed,
        progress,
    )
    progress.close()
    summary = {"left": options.left, "right": options.right} | comparison.as_json()
    for path in options.output:
        if path.suffix.lower() == ".json":
            content = (json_text(summary) + "\n").encode()
        else:
            from core.explain.drawing import figure_bytes
            from core.explain.saliency.compare_figure import comparison_figure

            content = figure_bytes(comparison_figure(comparison, subject), path.suffix.lower()[1:])
        write_whole(path, content)
    print(json_text(summary) if options.json else _text(comparison))
    return 0


def _scorer(setup: Setup, options: argparse.Namespace) -> CropScorer:
    return CropScorer(
        setup.card.path,
        setup.kind,
        options.order,
        setup.threshold,
        setup.target_choice,
        options.device,
    )


def _methods(options: argparse.Namespace, scorer: CropScorer) -> tuple[str, ...]:
    there = methods_for(scorer)
    asked = tuple(dict.fromkeys(options.methods or there))
    if "grad-cam-target" in asked and "grad-cam-target" not in there:
        raise XCosError(
            "grad-cam-target needs a target with a 7x7 map; give one with --target "
            "(.safetensors or .pth)."
        )
    if scorer.target is not None and "grad-cam-target" not in there:
        warn(f"{scorer.target.path} has no 7x7 map to look at; Grad-CAM sees the backbone only.")
    return asked


def _compare_list(options: argparse.Namespace) -> int:
    source = Path(options.left)
    if source.suffix.lower() not in LISTS and not source.is_dir():
        raise XCosError(f"{source} is one photo; name a second one, or a CSV of pairs.")
    refuse_photos_of_bin(source, options.photos)
    for path in options.output:
        check_output(path, TABLE_SUFFIXES, source)
    options.aligned = options.aligned or source.suffix.lower() == ".bin"
    setup, progress = Setup(options), ProgressBar()
    compared: list[Comparison] = []
    interrupted = False
    try:
        _compare_each(options, source, setup, progress, compared)
    except KeyboardInterrupt:
        # What was measured until then is still worth telling.
        if not compared:
            raise
        interrupted = True
    progress.close()
    if interrupted:
        warn(f"stopped after {counted(len(compared), 'pair')}; the table is of these.")
    _tell_table(options, tabulate(compared))
    return 130 if interrupted else 0


def _compare_each(
    options: argparse.Namespace,
    source: Path,
    setup: Setup,
    task: Task,
    compared: list[Comparison],
) -> None:
    with tempfile.TemporaryDirectory() as unpacked:
        pairs = read_any_pairs(source, Path(unpacked))
        if pairs.frames:
            raise XCosError(f"{source} lists videos; name a list of photos.")
        photos = Path(unpacked) if source.suffix.lower() == ".bin" else options.photos
        opened = open_pairs(
            pairs,
            photos or (source if source.is_dir() else source.parent),
            lambda listed: setup.open(listed, task),
        )
        for problem in opened.gallery.problems:
            warn(f"problem: {problem.reason}")
        scorer = _scorer(setup, options)
        names = _methods(options, scorer)
        shuffled = None if options.no_controls else scorer.shuffled(options.seed)
        for number, (i, j) in enumerate(zip(opened.left, opened.right, strict=True)):
            task.report("Comparing pairs", number, len(opened.left))
            faces = [opened.gallery.faces[opened.groups[place][0]] for place in (i, j)]
            left, right = (crop_of(f, opened.gallery.root, setup.cache) for f in faces)
            subject = Subject(left, right, scorer)
            regions = regions_of(*faces)
            seed = options.seed + number
            compared.append(compare(subject, regions, names, shuffled, seed))


def _tell_table(options: argparse.Namespace, table: ComparisonTable) -> None:
    text = json_text(table.as_json())
    forms = {".md": table.to_markdown(), ".csv": table.to_csv(), ".json": text + "\n"}
    for path in options.output:
        write_whole(path, forms[path.suffix.lower()].encode())
    print(text if options.json else table.to_markdown(), end="\n" if options.json else "")


def _text(comparison: Comparison) -> str:
    e = comparison.explanation
    limit = (
        "no threshold" if comparison.threshold is None else f"threshold {comparison.threshold:.3f}"
    )
    lines = [
        f"Score {e.score:z.3f}, {limit}, {e.kind} attention, order {e.order}, {e.model}.",
        "",
        f"{'map':<38}{'seconds':>8}{'faces':>7}{'deletion':>10}{'insertion':>11}",
    ]
    for name, one in {**comparison.methods, **comparison.controls}.items():
        lines.append(
            f"{title(name):<38}{one.map.seconds:>8.2f}{one.map.faces:>7}"
            f"{one.curves.deletion.area:>z10.3f}{one.curves.insertion.area:>z11.3f}"
        )
    lines += ["Areas: deletion is good when low, insertion when high.", "", "Rank correlation"]
    names = list(comparison.methods)
    lines.append(" " * 20 + "".join(f"{name:>17}" for name in names))
    for name, row in zip(names, comparison.ranks, strict=True):
        cells = ("" if np.isnan(value) else f"{value:z.2f}" for value in row)
        lines.append(f"{TITLES[name]:<20}" + "".join(f"{cell:>17}" for cell in cells))
    return "\n".join([*lines, *(["", comparison.words] if comparison.words else [])])
