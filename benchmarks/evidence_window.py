"""How long analyses of 10,000 faces take in the background, and how long the event loop stands.

A block is the clock's time between two ticks, or this process's own time where that is less: then
other programs had the processor. Own time alone would count all threads that compute meanwhile.

python -m benchmarks.evidence_window [ANALYSIS ...]     JSON; faces and scores are made up
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QCoreApplication, QTimer

from core.analysis.conditions.by_condition import by_condition
from core.analysis.conditions.measured import ConditionTable, unlike_cells
from core.analysis.conditions.slices import worst_slices
from core.analysis.conditions.traits import traits_of
from core.analysis.evidence.ratios import fit
from core.analysis.evidence.reference import reference_of
from core.analysis.grouping import Grouping
from core.analysis.groups import group_rates
from core.analysis.persons import identify
from core.analysis.readers.agreement import readers_of
from core.analysis.threshold_fit import threshold_fit
from core.faces.conditions import CONDITIONS
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.card import ModelCard
from core.model.features import FaceFeatures
from core.progress import Task
from core.project.edits import Edits
from core.project.readings import Reading
from core.project.sides import edits_of_sides
from core.scoring.engine import PairEngine
from core.scoring.matrix import ScoreMatrix
from core.scoring.orders import Asked, arrange
from core.scoring.scored import ScoredGallery, ScoringModel
from xcos_gui.shell.build import make_application
from xcos_gui.state.jobs import LatestJob, Running

FACES, PHOTOS = 10_000, 5
THRESHOLD = 0.3
TICK = 5  # milliseconds


def made() -> ScoredGallery:
    """2,000 people of five photos; genuine pairs score 0.5 more than others."""
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(FACES // PHOTOS), PHOTOS).astype(np.int32)
    scores = rng.standard_normal((FACES, FACES), np.float32)
    scores *= 0.1
    scores += 0.05
    for start in range(0, FACES, PHOTOS):
        scores[start : start + PHOTOS, start : start + PHOTOS] += 0.5
    faces = tuple(
        Face(f"{k}.png", 1, f"p{c}", None, f"d{k}", columns={"age": str(k % 70), "hat": str(k % 2)})
        for k, c in enumerate(codes.tolist())
    )
    grid = rng.standard_normal((FACES, 32, 7, 7), np.float32)
    gallery = Gallery(Path("g"), Path("g"), faces)
    matrix = ScoreMatrix(scores, True, codes, codes, "uniform", "both")
    loaded = LoadedGallery(gallery, FaceFeatures(grid))
    card = ModelCard("made", Path("made"), "", "xcos", "thin")
    return ScoredGallery(ScoringModel(card, PairEngine(None, None)), loaded, loaded, matrix)


def analyses(scored: ScoredGallery) -> dict[str, Callable[[Task], object]]:
    """Each of the tabs' and windows' analyses, by name."""
    rng = np.random.default_rng(1)
    values = {c.name: rng.uniform(0, 100, FACES) for c in CONDITIONS}
    table = ConditionTable(values, values)
    groups = rng.integers(0, 5, FACES // PHOTOS)[scored.matrix.rows]
    grouping = Grouping("x", tuple("abcde"), groups, groups, {}, {})
    pairs = rng.integers(0, FACES, (500, 2))
    keys = [face.key for face in scored.rows.gallery.faces]
    readings = [
        Reading(reader, *sorted((keys[i], keys[j])), int(rng.integers(-3, 4)), "", {})
        for reader in ("Ann", "Bob")
        for i, j in pairs
        if i != j
    ]
    return {
        # Once in a session, with scikit-learn and pandas, which it needs.
        "loading lir": lambda task: fit(reference_of(scored, 100), "logistic", task),
        "ratios, logistic": lambda task: fit(reference_of(scored, 10_000), "logistic", task),
        "ratios, isotonic": lambda task: fit(reference_of(scored, 10_000), "isotonic", task),
        "ratios, kde": lambda task: fit(reference_of(scored, 4_000), "kde", task),
        "unlike": lambda task: unlike_cells(scored, THRESHOLD),
        "by condition": lambda task: by_condition(scored, THRESHOLD, table, "yaw", (), task),
        "slices": lambda task: worst_slices(
            scored, THRESHOLD, table, traits_of(scored, edits_of_sides(Edits())), task
        ),
        "groups": lambda task: group_rates(scored, THRESHOLD, grouping, task),
        "threshold": lambda task: threshold_fit(scored, THRESHOLD, table, task),
        "identify, best": lambda task: identify(scored, "best", task),
        "identify, mean": lambda task: identify(scored, "mean", task),
        "identify, features": lambda task: identify(scored, "features", task),
        "readers": lambda task: readers_of(scored, readings),
        "order by yaw": lambda task: arrange(
            scored, Asked(rows="condition:yaw"), THRESHOLD, edits_of_sides(Edits()), task, table.of
        ),
    }


def measured(work: Callable[[Task], object]) -> dict[str, float]:
    """Seconds that the work takes in a background job, and between two ticks of the event loop."""
    job, ended = LatestJob(), []

    def now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    ticks = [now()]
    timer = QTimer(interval=TICK)
    timer.timeout.connect(lambda: ticks.append(now()))
    timer.start()

    def run(running: Running) -> object:
        return work(running)

    for signal in (job.finished, job.failed):
        signal.connect(lambda answer: ended.append(answer))
        signal.connect(QCoreApplication.quit)
    job.start(run)
    QCoreApplication.exec()
    job.close()
    ticks.append(now())
    if isinstance(ended[0], BaseException):
        raise ended[0]
    clock, own = np.diff(ticks, axis=0).T
    gaps = np.minimum(clock, own)
    return {
        "seconds": round(float(clock.sum()), 2),
        "own_seconds": round(float(own.sum()), 2),
        "longest_block": round(float(gaps.max()), 3),
        "blocks_over_0.1": int((gaps > 0.1).sum()),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="ANALYSIS", help="none: all")
    names = parser.parse_args().names
    _application = make_application()  # which switches threads as the window does
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        every = analyses(made())
        if unknown := {*names} - {*every}:
            parser.error(f"there is no {', '.join(sorted(unknown))}; choose of {', '.join(every)}")
        for name in names or every:
            print(json.dumps({"analysis": name} | measured(every[name])), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
