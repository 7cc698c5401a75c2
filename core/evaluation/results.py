"""A protocol's results: every kind of score measured, with intervals, as tables and files."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.csv_files import csv_text
from core.evaluation.metrics import Metrics, judged, measure, one_sort
from core.evaluation.verification import ProtocolPairs
from core.json_text import json_text
from core.model.card import ModelCard
from core.scoring.statistics import PairStatistics

RESAMPLES = 500
LEVEL = 95  # per cent
NAMES = {
    "learned": "xCos, learned attention",
    "uniform": "xCos, uniform attention",
    "correlation": "xCos, correlation attention",
    "fc": "cosine of the FC head",
    "target": "cosine of the target",
}


@dataclass(frozen=True, eq=False)
class Measured:
    """One kind of score on a protocol.

    scores:    (n,) of the pairs
    metrics:   figures over the folds
    intervals: 95 % bootstrap intervals over pairs, of accuracy, auc, eer
    """

    scores: np.ndarray
    metrics: Metrics
    intervals: dict[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an evaluation found; kinds without scores are None."""

    protocol: str
    model: str
    order: str
    same: np.ndarray
    left_out: int
    kinds: dict[str, Measured | None]

    def as_json(self) -> dict[str, Any]:
        """The result under the command line's keys."""
        results = {
            kind: None
            if scored is None
            else asdict(scored.metrics) | {"intervals": scored.intervals}
            for kind, scored in self.kinds.items()
        }
        return {
            "protocol": self.protocol,
            "pairs": len(self.same),
            "left_out": self.left_out,
            "model": self.model,
            "order": self.order,
            "results": results,
        }


def evaluate(
    protocol: str,
    card: ModelCard,
    order: str,
    scores: dict[str, np.ndarray | None],
    pairs: ProtocolPairs,
    left_out: int,
) -> Evaluation:
    """Measure each kind's scores (n,) of a list's pairs.

    Genuine or impostor pairs alone are judged by the thresholds of the weights' card.
    """
    same, folds = pairs.same, pairs.folds
    kinds: dict[str, Measured | None] = {}
    for kind, values in scores.items():
        if values is None:
            kinds[kind] = None
            continue
        metrics = measure(values, same, folds, card.thresholds.get(kind))
        kinds[kind] = Measured(values, metrics, intervals(values, same, folds))
    return Evaluation(protocol, card.name, order, same, left_out, kinds)


def intervals(
    scores: np.ndarray, same: np.ndarray, folds: np.ndarray | None, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % percentile bootstrap over genuine and over impostor pairs (Efron, 1979).

    The folds' thresholds stay. Empty where one sort of pair lacks.
    """
    if one_sort(same):
        return {}
    genuine, impostor = np.flatnonzero(same), np.flatnonzero(~same)
    hits, _ = judged(scores, same, folds)
    rng = np.random.default_rng(seed)
    draws: dict[str, list[float]] = {"accuracy": [], "auc": [], "eer": []}
    for _ in range(RESAMPLES):
        g, i = rng.choice(genuine, len(genuine)), rng.choice(impostor, len(impostor))
        statistics = PairStatistics(np.sort(scores[g]), np.sort(scores[i]), 0)
        auc, eer = statistics.auc(), statistics.eer()
        assert auc is not None and eer is not None
        right = (hits[g].sum() + hits[i].sum()) / len(scores)
        for name, value in zip(draws, (right, auc, eer[0]), strict=True):
            draws[name].append(float(value))
    ends = ((100 - LEVEL) / 2, (100 + LEVEL) / 2)
    low_high = {name: np.percentile(values, ends) for name, values in draws.items()}
    return {name: (float(low), float(high)) for name, (low, high) in low_high.items()}


HEAD = ("scores", "accuracy %", "± %", "95 % interval", "threshold", "AUC", "EER %")


def table(evaluation: Evaluation) -> list[list[str]]:
    """The paper's Table 2 for this protocol: a head, and a row for each kind there is.

    Of genuine or impostor pairs alone: their scores, and how many the weights accept.
    """
    if one_sort(evaluation.same):
        return _one_sorted(evaluation)
    present = [scored for scored in evaluation.kinds.values() if scored is not None]
    fars = [
        far
        for far in (present[0].metrics.tar_at_far if present else {})
        if any(scored.metrics.tar_at_far[far] is not None for scored in present)
    ]
    rows = [[*HEAD, *(f"TAR % at FAR {100 * float(far):g} %" for far in fars)]]
    for kind, scored in evaluation.kinds.items():
        if scored is None:
            continue
        m = scored.metrics
        low, high = scored.intervals["accuracy"]
        rows.append(
            [
                NAMES[kind],
                _number(m.accuracy, 100, 2),
                _number(m.std, 100, 2),
                f"{100 * low:.2f} to {100 * high:.2f}",
                _number(m.threshold, 1, 4),
                _number(m.auc, 1, 4),
                _number(m.eer, 100, 2),
                *(_number(m.tar_at_far[far], 100, 2) for far in fars),
            ]
        )
    return rows


def _one_sorted(evaluation: Evaluation) -> list[list[str]]:
    rate = "TAR %" if evaluation.same.all() else "FAR %"
    rows = [["scores", "mean", "5 % to 95 %", "threshold", rate]]
    for kind, scored in evaluation.kinds.items():
        if scored is not None:
            m, (low, high) = scored.metrics, np.percentile(scored.scores, (5, 95))
            numbers = [_number(m.threshold, 1, 4), _number(m.accepted, 100, 2)]
            spread = f"{low:z.4f} to {high:z.4f}"
            rows.append([NAMES[kind], _number(m.mean_score, 1, 4), spread, *numbers])
    return rows


def lacking(evaluation: Evaluation) -> str | None:
    """The sentence that genuine or impostor pairs alone give no accuracy; None where there are both."""
    if not one_sort(evaluation.same):
        return None
    there, missing = ("genuine", "impostor") if evaluation.same.all() else ("impostor", "genuine")
    return (
        f"{evaluation.protocol} has {there} pairs only, so there is no accuracy, AUC or EER; the "
        f"weights' own thresholds judge them. Add {missing} pairs to measure accuracy."
    )


def error_curves(evaluation: Evaluation) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Kind, FAR and FRR (k,) at every threshold, of each kind with both sorts of pairs."""
    curves = []
    for kind, measured in evaluation.kinds.items():
        if measured is None:
            continue
        scores, same = measured.scores, evaluation.same
        curve = PairStatistics(np.sort(scores[same]), np.sort(scores[~same]), 0).curve()
        if curve is not None:
            curves.append((kind, curve.far, curve.frr))
    return curves


def to_markdown(evaluation: Evaluation) -> str:
    """The table with what it was measured on above it."""
    head, *rows = table(evaluation)
    lines = [head, ["---"] * len(head), *rows]
    summary = (
        f"{evaluation.protocol}: {len(evaluation.same)} pairs, {evaluation.model}, "
        f"order {evaluation.order}"
    )
    return summary + "\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def to_csv(evaluation: Evaluation) -> str:
    """The table as CSV."""
    return csv_text(table(evaluation))


def to_json(evaluation: Evaluation) -> str:
    """The result as JSON."""
    return json_text(evaluation.as_json()) + "\n"


def _number(value: float | None, scale: float, digits: int) -> str:
    return "" if value is None else f"{scale * value:z.{digits}f}"
