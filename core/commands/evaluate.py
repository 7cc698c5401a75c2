"""xcos evaluate: accuracy on a protocol's pairs."""

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    tell_problems,
    warn,
)
from core.commands.spared import spare_photos
from core.errors import XCosError, counted
from core.evaluation.insightface_bin import refuse_photos_of_bin
from core.evaluation.occlusion_curve import OcclusionCurve
from core.evaluation.protocol import OpenedPairs
from core.evaluation.published import AR_PARTS
from core.evaluation.results import NAMES, Evaluation, lacking, table, to_csv, to_markdown
from core.evaluation.run import evaluate_protocol, occlusion_of
from core.files import write_whole
from core.gallery.opening import crop_of
from core.json_text import json_text
from core.model.kinds import Order

EXAMPLES = """examples:
  xcos evaluate lfw/pairs.txt --photos lfw/aligned --aligned
  xcos evaluate lfw/pairsDevTest.txt --photos lfw/photos --json
  xcos evaluate my_pairs.csv --target target.safetensors
  xcos evaluate agedb_30.bin -o report          table and plots in the folder report
  xcos evaluate people/ --occlusion              accuracy as faces are masked
  xcos evaluate CFP/Protocol/Split/FP            frontal faces with profiles, a fold a split
  xcos evaluate AR --part sunglasses             faces with sunglasses against plain ones

pairs.txt has ten folds: each is judged by the threshold that is best on the other nine. A CSV of
left,right,same (1 or 0) gets ten seeded folds. pairsDevTest.txt has none: the best single threshold.
A .bin has ten consecutive tenths, and aligned faces. Of a folder, up to 6,000 genuine and as many
impostor pairs are drawn by a fixed seed. A video of splits.txt is a folder of frames, whose
features are averaged."""


TABLES = ("results.json", "table.md", "table.csv")
FIGURES = ("histograms.png", "roc.png", "det.png", "occlusion.png")


def report_files(folder: Path | None) -> list[Path]:
    """What may be written into a report's folder."""
    return [] if folder is None else [folder / name for name in (*TABLES, *FIGURES)]


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "evaluate",
        help="measure accuracy on a list of pairs",
        description="Measure accuracy, AUC, EER and TAR at FAR of each attention kind, the FC head and the target.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "protocol",
        type=Path,
        metavar="PROTOCOL",
        help="LFW's pairs.txt or pairsDevTest.txt, InsightFace's .bin, YouTube Faces' splits.txt, "
        "a CSV of left,right,same, CFP's Protocol/Split/FF or FP, or a folder with a sub-folder an "
        "identity",
    )
    parser.add_argument(
        "--part",
        choices=AR_PARTS,
        help="of a folder of AR's photos (NNN_MM.jpg): plain pairs, or photos with sunglasses, a "
        "scarf or either (occluded) against plain ones",
    )
    parser.add_argument(
        "--photos", type=Path, metavar="DIR", help="folder of the photos (default: the list's own)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="folder for the report: table as Markdown and CSV, results as JSON, plots as PNG",
    )
    parser.add_argument(
        "--occlusion",
        action="store_true",
        help="measure again with 10 to 60 %% of every face masked; takes seven times as long",
    )
    add_face_options(parser)
    add_model_options(parser, target=True, refused=("--attention", "--threshold"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    if options.threshold is not None:
        raise XCosError(
            "Each kind of score is judged at a threshold that the pairs or the weights give; leave "
            "--threshold out."
        )
    if options.attention is not None:
        raise XCosError("Each kind of attention is measured; leave --attention out.")
    refuse_photos_of_bin(options.protocol, options.photos)
    folder: Path | None = options.output
    if folder is not None and folder.exists() and not folder.is_dir():
        raise XCosError(f"{folder} is a file; -o needs a folder for the report.")
    for photos in (options.protocol, options.photos):
        if folder is not None and photos is not None and photos.is_dir():
            spare_photos(folder, photos, "report's pictures")
    with tempfile.TemporaryDirectory() as unpacked:
        _evaluate(options, Path(unpacked))
    return 0


def _evaluate(options: argparse.Namespace, unpacked: Path) -> None:
    # Known before the models load, so that Setup's gallery settings hold for the whole run.
    options.aligned = options.aligned or options.protocol.suffix.lower() == ".bin"
    setup, progress = Setup(options, report_files(options.output), decides=False), ProgressBar()
    opened, evaluation = evaluate_protocol(
        options.protocol,
        options.photos,
        unpacked,
        lambda source, _: setup.open(source, progress),
        setup.model,
        options.order,
        progress,
        options.part,
    )
    gallery = opened.gallery
    tell_problems(gallery.problems, command="evaluate")
    one_sort = lacking(evaluation)
    if one_sort is not None:
        warn(one_sort)
    masked = options.occlusion and one_sort is None
    curve = _occlusion(opened, setup, options.order, progress) if masked else None
    progress.close()
    results = evaluation.as_json()
    results["problems"] = [asdict(problem) for problem in gallery.problems]
    results["warnings"] = [asdict(warning) for warning in gallery.warnings]
    if curve is not None:
        results["occlusion"] = curve.as_json()
    if options.output is not None:
        _write(options.output, evaluation, curve, results)
    print(json_text(results) if options.json else _text(evaluation, curve))


def _occlusion(
    opened: OpenedPairs, setup: Setup, order: Order, progress: ProgressBar
) -> OcclusionCurve:
    gallery = opened.gallery
    crops = np.stack([crop_of(face, gallery.root, setup.cache) for face in gallery.faces])
    verifier, target, engine = setup.verifier, setup.target, setup.engine
    return occlusion_of(opened, crops, verifier, engine, target, order, progress)


def _write(
    folder: Path, evaluation: Evaluation, curve: OcclusionCurve | None, results: dict[str, Any]
) -> None:
    from core.evaluation import plots
    from core.explain.drawing import figure_bytes

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise XCosError(f"{folder} cannot be made: {error.strerror}; name another.") from error
    texts = json_text(results) + "\n", to_markdown(evaluation), to_csv(evaluation)
    for name, text in zip(TABLES, texts, strict=True):
        write_whole(folder / name, text.encode())
    both_sorts = lacking(evaluation) is None
    figures = (
        plots.histogram_figure(evaluation),
        plots.roc_figure(evaluation) if both_sorts else None,
        plots.det_figure(evaluation) if both_sorts else None,
        None if curve is None else plots.occlusion_figure(curve),
    )
    for name, figure in zip(FIGURES, figures, strict=True):
        if figure is not None:
            write_whole(folder / name, figure_bytes(figure, "png"))


def _text(evaluation: Evaluation, curve: OcclusionCurve | None) -> str:
    pairs = counted(len(evaluation.same), "pair")
    left_out = f", {evaluation.left_out:,} left out" if evaluation.left_out else ""
    head = f"{evaluation.protocol}: {pairs}{left_out}, {evaluation.model}, order {evaluation.order}"
    rows = table(evaluation)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        row[0].ljust(widths[0])
        + "".join(cell.rjust(width + 2) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    if curve is not None:
        masked = " ".join(f"{100 * share:6.0f}" for share in curve.shares)
        lines += ["", f"{'accuracy % by masked %':<28}{masked}"]
        for kind, accuracies in curve.accuracies.items():
            numbers = " ".join(f"{100 * value:6.1f}" for value in accuracies)
            lines.append(f"{NAMES[kind]:<28}{numbers}")
    return "\n".join([head, *lines])
