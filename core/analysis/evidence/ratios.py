"""Scores as likelihood ratios: fitted by lir, bounded by ELUB, with intervals over people."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from core.analysis.bootstrap import interval_of, people_drawn
from core.analysis.evidence.reference import Reference
from core.errors import Stopped, XCosError
from core.progress import QUIET, Task

Method = Literal["logistic", "kde", "isotonic"]
METHODS: tuple[Method, ...] = get_args(Method)
# Pairs of each sort that are fitted: the time of kernel densities grows with their square.
MOST: dict[Method, int] = {"logistic": 10_000, "kde": 4_000, "isotonic": 10_000}
DRAWS = 100
GRID = np.linspace(-1, 1, 101)  # scores at which intervals are kept
FINE = np.linspace(-1, 1, 2001)  # scores at which ratios are tabulated
FOLDS = 5
# Scores between two looks at the stop: kernel densities hold the interpreter for 9 ms per 50.
AT_ONCE: dict[Method, int] = {"logistic": 100_000, "kde": 50, "isotonic": 100_000}
FEWEST_PEOPLE = 4  # to hold out: two for a pair of two people, on either side


@dataclass(frozen=True)
class Strength:
    """What one score is worth. All but the score are log10 of likelihood ratios.

    interval: 95 %, by a bootstrap over the reference's people
    floor, ceiling: the least and the most that the reference supports (ELUB)
    """

    score: float
    log10_lr: float
    interval: tuple[float, float]
    floor: float
    ceiling: float


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Log10 LRs (k,) of pairs whose two people the fit did not see, and whether they are of one.

    places: (k,) of the pairs in their reference
    """

    log10_lr: np.ndarray
    same: np.ndarray
    places: np.ndarray

    def at(self, chosen: np.ndarray) -> "HeldOut":
        """Some of the pairs."""
        return HeldOut(self.log10_lr[chosen], self.same[chosen], self.places[chosen])


@dataclass(frozen=True, eq=False)
class LikelihoodRatios:
    """A score's likelihood ratio: how much likelier it is if the pair shows one person.

    reference:  what it was fitted on, by name; people, genuine, impostor: of how many
    floor, ceiling: log10, the bounds by ELUB (Vergeer et al., 2016)
    low, high:  (101,) log10 at the scores of GRID, the 95 % interval over people
    cllr, cllr_min: of pairs whose people were held out; None with too few people
    held_out:   these pairs; None with too few people, or where only summary figures are kept
    unbounded:  scores (k,) to log10 LRs (k,) before the bounds
    """

    method: Method
    reference: str
    people: int
    genuine: int
    impostor: int
    floor: float
    ceiling: float
    low: np.ndarray
    high: np.ndarray
    cllr: float | None
    cllr_min: float | None
    held_out: HeldOut | None
    unbounded: Callable[[np.ndarray], np.ndarray]

    def log10(self, scores: np.ndarray) -> np.ndarray:
        """Log10 LRs (k,) of scores (k,), within floor and ceiling."""
        log10_lr = self.unbounded(np.asarray(scores, np.float64))
        return np.clip(log10_lr, self.floor, self.ceiling)

    def sort_keys(self, scores: np.ndarray) -> np.ndarray:
        """Numbers (k,) that sort scores (k,) by their LRs; of kernel densities from a table, at once."""
        if self.method != "kde":
            return self.log10(scores)
        return np.interp(scores, FINE, self.table)

    @cached_property
    def table(self) -> np.ndarray:
        """Log10 LRs (2001,) of the scores of FINE."""
        return self.log10(FINE)

    def strength(self, score: float) -> Strength:
        """What one score is worth."""
        value = float(self.log10(np.array([score]))[0])
        # Interpolated between scores of the grid, the ends may miss the value by a little.
        low = min(value, float(np.interp(score, GRID, self.low)))
        high = max(value, float(np.interp(score, GRID, self.high)))
        return Strength(score, value, (low, high), self.floor, self.ceiling)


def fit(
    reference: Reference,
    method: Method = "logistic",
    task: Task = QUIET,
    folds: np.ndarray | None = None,
) -> LikelihoodRatios:
    """Likelihood ratios from a reference. Raises XCosError, also without lir, and Stopped.

    folds: of each person's number, for holding people out; None: drawn at random (seeded)
    """
    reference.check()
    floor, ceiling, calibrator = _bounded(reference, method, task)
    held_out = hold_out(reference, method, task, folds)
    low, high = _intervals(reference, method, (floor, ceiling), task)
    cllr, cllr_min = (None, None) if held_out is None else costs(held_out)
    ratios = LikelihoodRatios(
        method,
        reference.name,
        reference.people,
        reference.genuine,
        reference.impostor,
        floor,
        ceiling,
        low,
        high,
        cllr,
        cllr_min,
        held_out,
        calibrator.log10_lrs,
    )
    if method == "kde":
        _ = ratios.table  # here and not where a window sorts
    return ratios


def hold_out(
    reference: Reference, method: Method, task: Task = QUIET, folds: np.ndarray | None = None
) -> HeldOut | None:
    """LRs of pairs by fits that saw neither of their people: whole people in five folds.

    folds: of each person's number; None: drawn at random (seeded)
    None where the people are too few. Raises Stopped.
    """
    if folds is None:
        folds = drawn_folds(reference)
    if folds is None:
        return None
    left, right = folds[reference.left], folds[reference.right]
    log10_lr, same, places = [], [], []
    for fold in range(FOLDS):
        if task.stopped():
            raise Stopped("Holding out people")
        task.report("Holding out people", fold, FOLDS)
        seen = reference.at((left != fold) & (right != fold))
        chosen = np.flatnonzero((left == fold) & (right == fold))
        if not seen.tells or not len(chosen):
            continue
        floor, ceiling, calibrator = _bounded(seen, method, task)
        unseen = reference.at(chosen)
        log10_lr.append(np.clip(calibrator.log10_lrs(unseen.scores, task), floor, ceiling))
        same.append(unseen.same)
        places.append(chosen)
    if not log10_lr:
        return None
    answer = HeldOut(np.concatenate(log10_lr), np.concatenate(same), np.concatenate(places))
    return answer if answer.same.any() and not answer.same.all() else None


def drawn_folds(reference: Reference) -> np.ndarray | None:
    """A fold for each person's number, at random (seeded); None with fewer than four people."""
    people = np.union1d(reference.left, reference.right)
    if len(people) < FEWEST_PEOPLE:
        return None
    folds = np.zeros(int(people.max()) + 1, np.int64)
    order = np.random.default_rng(0).permutation(len(people))
    folds[people] = order % min(FOLDS, len(people) // 2)
    return folds


def costs(held_out: HeldOut) -> tuple[float, float]:
    """Cllr, and its least value by the best monotone calibration: discrimination alone."""
    _refuse_without_lir()
    from lir.data.models import LLRData
    from lir.metrics import cllr, cllr_min

    labels = held_out.same.astype(np.int64)
    data = LLRData(features=held_out.log10_lr.copy(), labels=labels)
    return float(cllr(data)), float(cllr_min(data))


class _Calibrator:
    """lir's fitted calibrator, asked for so many scores at a time that no window stands still."""

    def __init__(self, fitted: Any, at_once: int) -> None:
        self._fitted, self._at_once = fitted, at_once

    def log10_lrs(self, scores: np.ndarray, task: Task = QUIET) -> np.ndarray:
        """Scores (k,) to log10 LRs (k,). Raises Stopped."""
        parts = []
        for at in range(0, len(scores), self._at_once):
            if task.stopped():
                raise Stopped("Fitting")
            parts.append(self._fitted.transform(scores[at : at + self._at_once]))
        return np.concatenate(parts) if parts else np.zeros(0)


def _bounded(reference: Reference, method: Method, task: Task) -> tuple[float, float, _Calibrator]:
    """Floor and ceiling (log10), and lir's fitted calibrator. Raises Stopped."""
    _refuse_without_lir()
    from lir.algorithms.bayeserror import elub

    calibrator = _fitted(reference, method)
    labels = reference.same.astype(np.int64)
    floor, ceiling = elub(calibrator.log10_lrs(reference.scores, task), labels)
    return float(floor), float(ceiling), calibrator


def _fitted(reference: Reference, method: Method, quickly: bool = False) -> _Calibrator:
    """lir's calibrator of a method; quickly: the same optimum by another solver."""
    from lir.algorithms.isotonic_regression import IsotonicCalibrator
    from lir.algorithms.kde import KDECalibrator
    from lir.algorithms.logistic_regression import LogitCalibrator

    calibrator: Any
    if method == "kde":
        calibrator = KDECalibrator("silverman")
    elif method == "isotonic":
        calibrator = IsotonicCalibrator()
    else:
        calibrator = LogitCalibrator(**({"solver": "newton-cholesky"} if quickly else {}))
    fitted = calibrator.fit(reference.scores, reference.same.astype(np.int64))
    return _Calibrator(fitted, AT_ONCE[method])


def _intervals(
    reference: Reference, method: Method, bounds: tuple[float, float], task: Task
) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % percentile interval at the scores of GRID, by drawing people with replacement.

    A pair of p and q counts as often as p was drawn times as often as q was, a genuine pair as
    often as its person was.
    """
    people = np.union1d(reference.left, reference.right)
    left, right = (np.searchsorted(people, side) for side in (reference.left, reference.right))
    curves = []
    for (weights,) in people_drawn(len(people), DRAWS, 1, task):
        times = np.where(reference.same, weights[left], weights[left] * weights[right])
        sample = reference.at(np.repeat(np.arange(len(times)), times.astype(np.int64)))
        if not sample.tells:
            continue
        curves.append(np.clip(_fitted(sample, method, quickly=True).log10_lrs(GRID, task), *bounds))
    if not curves:
        return np.full(len(GRID), bounds[0]), np.full(len(GRID), bounds[1])
    low, high = interval_of(np.array(curves))
    return low, high


def lir_missing() -> str | None:
    """Why there are no likelihood ratios, in a sentence; None where lir is installed."""
    installed = importlib.util.find_spec("lir") is not None
    return None if installed else "Likelihood ratios need lir; install xcos-studio[evidence]."


def _refuse_without_lir() -> None:
    if (sentence := lir_missing()) is not None:
        raise XCosError(sentence)
