"""xcos score: all pairs of a gallery as a table."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from core.commands.filtering import add_filter_option, pairs_passing, read_filter
from core.commands.scored import add_gallery_options, with_probes
from core.commands.shared import ProgressBar, Setup, add_output_option, positive, warn
from core.commands.spared import check_output
from core.errors import XCosError, counted
from core.faces.face import Problem
from core.gallery.gallery import LoadedGallery, identity_codes
from core.json_text import json_text
from core.processes import ProcessGroup, process_group
from core.progress import QUIET
from core.query.language import Expression
from core.scoring.candidates import candidates
from core.scoring.kernels.prepared import PreparedPairs
from core.scoring.lists import HardestPairs, PairList, hardest_pairs
from core.scoring.matrix import CODE, OUTCOMES, outcome_codes
from core.scoring.scored import ScoredGallery
from core.scoring.stream import StreamedScores, stream_scores
from core.scoring.tables import SUFFIXES, listed_rows, table_rows, write_csv, write_table

LISTS = ("hardest", "errors", "impostors", "genuine")
EXAMPLES = """examples:
  xcos score photos -o scores.csv                 every pair of a folder
  xcos score photos --hardest 100                 the hundred pairs most likely to go wrong
  xcos score photos --hardest 100 --which errors  the hundred worst errors at the threshold
  torchrun --nproc-per-node 4 main.py score photos --hardest 100000 -o worst.parquet
                                                  the tiles shared by four processes
  xcos score photos --probes cctv -o out.parquet  every probe with every gallery face
  xcos score photos --filter 'outcome = FP and region(nose) > 30 %'
                                                  false accepts that the mouth decided
  xcos score photos --json --attention uniform    only the summary, as JSON

In GALLERY each sub-folder is an identity; LFW's NAME_0001.jpg tells it too, and so does a CSV of
path,identity."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "score",
        help="score all pairs of a gallery",
        description="Score all pairs of a gallery; one row an unordered pair of faces.",
        epilog=EXAMPLES,
    )
    add_output_option(parser, "table to write: .csv, .parquet, .jsonl (default: CSV to stdout)")
    parser.add_argument(
        "--hardest",
        type=positive,
        metavar="N",
        help="only the N hardest pairs, streamed: no matrix of all pairs is held",
    )
    parser.add_argument(
        "--which",
        choices=LISTS,
        default="hardest",
        help="with --hardest: both sorts mixed, the worst errors at the threshold, the closest "
        "impostors or the farthest genuine pairs (default: %(default)s)",
    )
    parser.add_argument(
        "--candidates",
        type=positive,
        metavar="K",
        help="score each face with its K nearest by the uniform score only; needs faiss",
    )
    add_filter_option(parser)
    add_gallery_options(parser, target=True)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    check_output(options.output, SUFFIXES)
    if options.which != "hardest" and options.hardest is None:
        raise XCosError(f"--which {options.which} needs --hardest with a number of pairs.")
    if options.filter is not None and options.candidates is not None:
        raise XCosError("--filter looks at all pairs and --candidates at few; give one of them.")
    wanted = read_filter(options)
    with process_group() as group:
        return _score(options, group, wanted)


def _score(options: argparse.Namespace, group: ProcessGroup, wanted: Expression | None) -> int:
    if group.size > 1 and wanted is not None:
        raise XCosError("--filter is for one process; leave it out, or start one process.")
    if group.size > 1 and (options.hardest is None or options.candidates is not None):
        raise XCosError("Several processes share a table of --hardest N only; add it, or use one.")
    setup, progress = Setup(options), ProgressBar()
    if not group.first:
        group.wait()  # until the first has filled the cache
    gallery, probes = with_probes(setup, options, progress)
    faces = len(gallery) + (len(probes) if probes is not None else 0)
    if len(gallery) == 0 or faces < 2 or (probes is not None and len(probes) == 0):
        progress.close()
        problems = [
            *gallery.gallery.problems,
            *(probes.gallery.problems if probes else ()),
        ]
        if options.json:
            print(json_text(_no_pairs(faces, problems, setup, options), None))
        first = f" ({problems[0].reason})" if problems else ""
        raise XCosError(
            f"{options.gallery} gives {counted(faces, 'face')}, so there is no pair to score; it takes two "
            f"photos with a face{first}."
        )
    if group.first:
        group.wait()
    if options.which == "errors" and setup.threshold is None:
        raise XCosError(f"{setup.card.name} has no threshold; give one with --threshold.")
    if options.candidates is not None:
        rows, summary = _among_candidates(setup, gallery, probes, progress)
    elif wanted is not None:
        rows, summary = _filtered(setup, gallery, probes, wanted, progress)
    elif options.hardest is not None:
        rows, summary = _streamed(setup, gallery, probes, group, progress)
    else:
        scored = setup.score(gallery, probes, progress)
        rows = table_rows(scored, setup.threshold)
        summary = _summary(setup, gallery, probes, scored.matrix.pairs, _counts(setup, scored))
    progress.close()
    if not group.first:
        return 0
    if options.output is not None:
        write_table(options.output, rows)
    elif not options.json:
        write_csv(sys.stdout, rows)
    if options.json:
        print(json_text(summary))
    else:
        _tell(summary)
    return 0


def _codes(gallery: LoadedGallery, probes: LoadedGallery | None) -> tuple[np.ndarray, np.ndarray]:
    galleries = [gallery.gallery] if probes is None else [probes.gallery, gallery.gallery]
    codes = identity_codes(*galleries)
    return codes[0], codes[-1]


def _filtered(
    setup: Setup,
    gallery: LoadedGallery,
    probes: LoadedGallery | None,
    wanted: Expression,
    progress: ProgressBar,
) -> tuple[Iterator[tuple[Any, ...]], dict[str, Any]]:
    options = setup.options
    scored = setup.score(gallery, probes, progress)
    matrix = scored.matrix
    mask = pairs_passing(wanted, setup, scored, progress)
    every = slice(0, matrix.scores.shape[1])
    tally, pairs = np.zeros(len(CODE), np.int64), 0
    for rows in matrix.tiles():
        counted = mask[rows] & matrix.counted(rows, every)
        pairs += int(counted.sum())
        if setup.threshold is not None:
            codes = matrix.outcomes(rows, every, setup.threshold)[counted]
            tally += np.bincount(codes, minlength=len(CODE))
    counts = {str(name): int(tally[code]) for name, code in CODE.items()}
    summary = _summary(
        setup, gallery, probes, pairs, None if setup.threshold is None else counts
    ) | {"filter": options.filter}
    if options.hardest is None:
        return table_rows(scored, setup.threshold, mask), summary
    listed = _listed(hardest_pairs(matrix, options.hardest, mask), options.which, setup.threshold)
    return listed_rows(listed, (probes or gallery, gallery), setup.threshold), summary


def _streamed(
    setup: Setup,
    gallery: LoadedGallery,
    probes: LoadedGallery | None,
    group: ProcessGroup,
    progress: ProgressBar,
) -> tuple[Iterator[tuple[Any, ...]], dict[str, Any]]:
    options = setup.options
    columns = setup.engine.prepare(gallery.features.grid)
    rows = columns if probes is None else setup.engine.prepare(probes.features.grid)
    mine = stream_scores(
        setup.engine,
        rows,
        columns,
        _codes(gallery, probes),
        setup.kind,
        options.order,
        setup.threshold,
        options.hardest,
        (group.rank, group.size),
        progress if group.first else QUIET,
    )
    parts: list[StreamedScores] = group.gather(mine)
    if not parts:
        return iter(()), {}
    stream = parts[0]
    for part in parts[1:]:
        stream.merge(part)
    listed = _listed(stream.hardest, options.which, setup.threshold)
    counts = None
    if setup.threshold is not None:
        counts = {str(name): int(stream.outcomes[code]) for name, code in CODE.items()}
    summary = _summary(setup, gallery, probes, stream.pairs, counts)
    rows_ = listed_rows(listed, (probes or gallery, gallery), setup.threshold)
    return rows_, summary | stream.histograms.figures()


def _listed(hardest: HardestPairs, which: str, threshold: float | None) -> PairList:
    if which == "errors":
        assert threshold is not None
        return hardest.errors(threshold)
    if which == "hardest":
        return hardest.listed()
    return hardest.of_one_sort(which == "genuine")


def _among_candidates(
    setup: Setup, gallery: LoadedGallery, probes: LoadedGallery | None, progress: ProgressBar
) -> tuple[Iterator[tuple[Any, ...]], dict[str, Any]]:
    options = setup.options
    columns = setup.engine.prepare(gallery.features.grid)
    rows = columns if probes is None else setup.engine.prepare(probes.features.grid)
    i, j = candidates(rows, columns, options.candidates, progress)
    scores = setup.engine.scores_of(
        PreparedPairs(rows, i, columns, j), setup.kind, options.order
    ).astype(np.float32)
    own, other = _codes(gallery, probes)
    known = (own[i] >= 0) & (other[j] >= 0)
    genuine = (own[i] == other[j]) & known
    pairs = PairList(i, j, scores)
    if options.hardest is not None:
        best = HardestPairs(options.hardest)
        for same in (True, False):
            best.add_listed(pairs.at(np.flatnonzero(known & (genuine == same))), same)
        pairs = _listed(best, options.which, setup.threshold)
    counts = None
    if setup.threshold is not None:
        codes = outcome_codes(scores, genuine, known, setup.threshold)
        tally = np.bincount(codes, minlength=len(CODE))
        counts = {str(name): int(tally[code]) for name, code in CODE.items()}
    summary = _summary(setup, gallery, probes, len(i), counts)
    return listed_rows(pairs, (probes or gallery, gallery), setup.threshold), summary | {
        "candidates": options.candidates
    }


def _counts(setup: Setup, scored: ScoredGallery) -> dict[str, int] | None:
    if setup.threshold is None:
        return None
    return scored.statistics.counts(setup.threshold).by_outcome()


def _summary(
    setup: Setup,
    gallery: LoadedGallery,
    probes: LoadedGallery | None,
    pairs: int,
    counts: dict[str, int] | None,
) -> dict[str, Any]:
    galleries = [gallery] if probes is None else [gallery, probes]
    return {
        "faces": sum(len(g) for g in galleries),
        "pairs": pairs,
        "model": setup.card.name,
        "attention": setup.kind,
        "order": setup.options.order,
        "threshold": setup.threshold,
        "counts": counts,
        "problems": [asdict(p) for g in galleries for p in g.gallery.problems],
        "warnings": [asdict(w) for g in galleries for w in g.gallery.warnings],
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
    outcomes = "" if counts is None else "; " + ", ".join(f"{k} {v}" for k, v in counts.items())
    warn(f"{counted(summary['faces'], 'face')}, {counted(summary['pairs'], 'pair')}{outcomes}")
    for problem in summary["problems"]:
        warn(f"problem: {problem['reason']}")
