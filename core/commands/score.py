"""xcos score: all pairs of a gallery as a table."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    refuse_overwriting,
)
from core.errors import Stopped, XCosError
from core.faces.face import Problem
from core.files import written_whole
from core.gallery.gallery import LoadedGallery
from core.progress import StopAsked, never
from core.scoring.lists import hardest
from core.scoring.matrix import OUTCOMES, ScoreMatrix, score_matrix
from core.scoring.statistics import PairStatistics

COLUMNS = ("left", "right", "left_identity", "right_identity", "score", "outcome")
SUFFIXES = (".csv", ".parquet", ".jsonl", ".json")
EXAMPLES = """examples:
  xcos score photos -o scores.csv                 every pair of a folder
  xcos score photos --hardest 100                 the hundred pairs most likely to go wrong
  xcos score photos --probes cctv -o out.parquet  every probe with every gallery face
  xcos score photos --json --attention uniform    only the summary, as JSON

In GALLERY each sub-folder is an identity; LFW's NAME_0001.jpg tells it too, and so does a CSV of
path,identity."""


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "score",
        help="score all pairs of a gallery",
        description="Score all pairs of a gallery; one row an unordered pair of faces.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "gallery",
        type=Path,
        metavar="GALLERY",
        help="folder, CSV (path,identity) or photo",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="table to write: .csv, .parquet, .jsonl (default: CSV to stdout)",
    )
    parser.add_argument(
        "--hardest",
        type=_count,
        metavar="N",
        help="only the N hardest pairs: closest impostors, farthest genuine ones",
    )
    parser.add_argument(
        "--probes",
        type=Path,
        metavar="DIR",
        help="score every face of DIR with every gallery face instead",
    )
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="folder that the paths of a CSV gallery are relative to (default: the CSV's own)",
    )
    add_face_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it; exit code 0, or XCosError."""
    if options.output is not None and options.output.suffix.lower() not in SUFFIXES:
        raise XCosError(
            f"{options.output} must end in one of {', '.join(SUFFIXES)}; choose another name."
        )
    if options.output is not None:
        sources = [source for source in (options.gallery, options.probes) if source is not None]
        refuse_overwriting(options.output, *sources)
    setup, progress = Setup(options), ProgressBar()
    gallery = setup.open(options.gallery, progress, True, options.photos)
    probes = (
        None if options.probes is None else setup.open(options.probes, progress, with_project=True)
    )
    faces = len(gallery) + (len(probes) if probes is not None else 0)
    if len(gallery) == 0 or faces < 2 or (probes is not None and len(probes) == 0):
        progress.close()
        problems = [
            *gallery.gallery.problems,
            *(probes.gallery.problems if probes else ()),
        ]
        if options.json:
            print(json.dumps(_no_pairs(faces, problems, setup, options), ensure_ascii=False))
        first = f" ({problems[0].reason})" if problems else ""
        raise XCosError(
            f"{options.gallery} gives {faces} face(s), so there is no pair to score{first}"
        )
    matrix = score_matrix(setup.engine, gallery, probes, setup.kind, options.order, progress)
    progress.close()
    rows = table_rows(matrix, gallery, probes, setup.threshold, options.hardest)
    if options.output is not None:
        write_table(options.output, rows)
    elif not options.json:
        _write_csv(sys.stdout, rows)
    summary = _summary(matrix, gallery, probes, setup)
    if options.json:
        print(json.dumps(summary, indent=1, ensure_ascii=False))
    else:
        _tell(summary)
    return 0


def table_rows(
    matrix: ScoreMatrix,
    gallery: LoadedGallery,
    probes: LoadedGallery | None,
    threshold: float | None,
    hardest_count: int | None,
    stopped: StopAsked = never,
) -> Iterator[tuple[Any, ...]]:
    """Rows of the table, in the order of COLUMNS; all pairs, or the hardest ones. Raises Stopped."""
    left = (probes or gallery).gallery.faces
    right = gallery.gallery.faces
    limit = float("nan") if threshold is None else threshold

    def row(i: int, j: int, score: float, outcome: str) -> tuple[Any, ...]:
        a, b = left[i], right[j]
        return (
            a.key,
            b.key,
            a.identity,
            b.identity,
            score,
            outcome if threshold is not None else None,
        )

    if hardest_count is not None:
        found = hardest(matrix, hardest_count)
        for i, j, score in zip(
            found.rows.tolist(),
            found.columns.tolist(),
            found.scores.tolist(),
            strict=True,
        ):
            yield row(i, j, score, matrix.outcome(i, j, limit))
        return
    every = slice(0, matrix.scores.shape[1])
    for i in range(len(left)):
        if stopped():
            raise Stopped("The export")
        line = slice(i, i + 1)
        codes = matrix.outcomes(line, every, limit)[0].tolist()
        scores = matrix.scores[i].tolist()
        for j in range(i + 1 if matrix.square else 0, len(right)):
            yield row(i, j, scores[j], OUTCOMES[codes[j]])


def write_table(path: Path, rows: Iterator[tuple[Any, ...]]) -> None:
    """Write the table whole or not at all, by the name's ending. Raises XCosError."""
    suffix = path.suffix.lower()
    try:
        with written_whole(path) as part:
            if suffix == ".parquet":
                _write_parquet(part, rows, path)
                return
            with part.open("w", newline="", encoding="utf-8") as file:
                (_write_csv if suffix == ".csv" else _write_json_lines)(file, rows)
    except OSError as error:
        raise XCosError(
            f"{path} cannot be written: {error.strerror or error}; choose another place."
        ) from error


def _write_csv(file: IO[str], rows: Iterator[tuple[Any, ...]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for left, right, left_identity, right_identity, score, outcome in rows:
        writer.writerow((left, right, left_identity, right_identity, f"{score:.8g}", outcome))


def _write_json_lines(file: IO[str], rows: Iterator[tuple[Any, ...]]) -> None:
    for row in rows:
        file.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n")


def _write_parquet(part: Path, rows: Iterator[tuple[Any, ...]], path: Path) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise XCosError(
            f"{path} needs the package pyarrow; install xcos-studio[parquet]."
        ) from error
    text = pa.string()
    kinds = [text, text, text, text, pa.float32(), text]
    schema = pa.schema(list(zip(COLUMNS, kinds, strict=True)))
    with pq.ParquetWriter(part, schema) as writer:
        batch: list[tuple[Any, ...]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == 100_000:
                writer.write_table(_arrow(pa, batch, schema))
                batch = []
        if batch:
            writer.write_table(_arrow(pa, batch, schema))


def _arrow(pa: Any, batch: list[tuple[Any, ...]], schema: Any) -> Any:
    return pa.Table.from_arrays(
        [
            pa.array(column, kind.type)
            for column, kind in zip(zip(*batch, strict=True), schema, strict=True)
        ],
        schema=schema,
    )


def _summary(
    matrix: ScoreMatrix,
    gallery: LoadedGallery,
    probes: LoadedGallery | None,
    setup: Setup,
) -> dict[str, Any]:
    galleries = [gallery] if probes is None else [gallery, probes]
    counts = None
    if setup.threshold is not None:
        found = asdict(PairStatistics.of(matrix).counts(setup.threshold))
        counts = {
            name if name == "unknown" else name.upper(): number for name, number in found.items()
        }
    return {
        "faces": sum(len(g) for g in galleries),
        "pairs": matrix.pairs,
        "model": setup.card.name,
        "attention": matrix.kind,
        "order": matrix.order,
        "threshold": setup.threshold,
        "counts": counts,
        "problems": [asdict(p) for g in galleries for p in g.gallery.problems],
    }


def _no_pairs(
    faces: int, problems: list[Problem], setup: Setup, options: argparse.Namespace
) -> dict[str, Any]:
    """The summary of a gallery without pairs."""
    none = dict.fromkeys(OUTCOMES, 0)
    return {
        "faces": faces,
        "pairs": 0,
        "model": setup.card.name,
        "attention": setup.kind,
        "order": options.order,
        "threshold": setup.threshold,
        "counts": None if setup.threshold is None else none,
        "problems": [asdict(problem) for problem in problems],
    }


def _tell(summary: dict[str, Any]) -> None:
    counts = summary["counts"]
    told = "" if counts is None else "; " + ", ".join(f"{k} {v}" for k, v in counts.items())
    print(
        f"xcos: {summary['faces']} faces, {summary['pairs']} pairs{told}",
        file=sys.stderr,
    )
    for problem in summary["problems"]:
        print(f"xcos: problem: {problem['reason']}", file=sys.stderr)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)
