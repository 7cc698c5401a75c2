"""What an evaluation says: of both sorts of pairs, and of genuine or impostor pairs alone."""

from pathlib import Path

import numpy as np
import pytest

from core.evaluation.metrics import measure
from core.evaluation.plots import det_figure, histogram_figure, roc_figure
from core.evaluation.results import (
    Evaluation,
    Measured,
    evaluate,
    intervals,
    lacking,
    table,
    to_markdown,
)
from core.evaluation.verification import ProtocolPairs
from core.model.card import read_card

GENUINE = np.array([0.2, 0.55, 0.6, 0.7, 0.9])
IMPOSTOR = np.array([-0.1, 0.0, 0.1, 0.3, 0.35, 0.5, 0.58])


def evaluated(scores: np.ndarray, same: np.ndarray, weights: Path) -> Evaluation:
    count = len(same)
    names = tuple(str(k) for k in range(count))
    pairs = ProtocolPairs(names, names, same, None)
    by_kind = {"learned": scores, "uniform": scores / 2, "fc": None}
    return evaluate("list.csv", read_card(weights), "both", by_kind, pairs, 0)


@pytest.mark.parametrize("genuine", [True, False])
def test_of_one_sort_of_pairs_the_share_that_is_accepted_is_told(
    genuine: bool, tiny_weights: Path
) -> None:
    scores = GENUINE if genuine else IMPOSTOR
    found = evaluated(scores, np.full(len(scores), genuine), tiny_weights)
    head, learned, uniform = table(found)
    assert head == ["scores", "mean", "5 % to 95 %", "threshold", "TAR %" if genuine else "FAR %"]
    own = {"learned": 0.46, "uniform": 0.44}  # of the tiny weights
    for row, name, values in ((learned, "learned", scores), (uniform, "uniform", scores / 2)):
        low, high = np.percentile(values, [5, 95])
        share = 100 * np.mean(values > own[name])
        assert row == [
            f"xCos, {name} attention",
            f"{values.mean():.4f}",
            f"{low:.4f} to {high:.4f}",
            f"{own[name]:.4f}",
            f"{share:.2f}",
        ]
    there, missing = ("genuine", "impostor") if genuine else ("impostor", "genuine")
    said = lacking(found)
    assert said is not None and said.startswith(f"list.csv has {there} pairs only")
    assert said.endswith(f"Add {missing} pairs to measure accuracy.")
    measured = found.kinds["learned"]
    assert measured is not None and measured.intervals == {}
    result = found.as_json()["results"]["learned"]
    assert result["accuracy"] is None and result["mean_score"] == pytest.approx(scores.mean())
    assert result["accepted"] == pytest.approx(np.mean(scores > 0.46))
    assert found.as_json()["results"]["fc"] is None


def both() -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([GENUINE, IMPOSTOR]), np.arange(12) < 5


def test_a_table_has_a_row_a_kind_and_a_head_with_the_fars_that_can_be_told(
    tiny_weights: Path,
) -> None:
    scores, same = both()
    found = evaluated(scores, same, tiny_weights)
    assert lacking(found) is None
    head, *rows = table(found)
    assert head == ["scores", "accuracy %", "± %", "95 % interval", "threshold", "AUC", "EER %"]
    wins = (GENUINE[:, None] > IMPOSTOR).mean()
    measured = found.kinds["learned"]
    assert measured is not None
    low, high = measured.intervals["accuracy"]
    best = max(((scores > t) == same).mean() for t in scores)
    threshold = measured.metrics.threshold
    assert threshold is not None and ((scores > threshold) == same).mean() == best
    assert rows[0][:4] == [
        "xCos, learned attention",
        f"{100 * best:.2f}",
        "0.00",
        f"{100 * low:.2f} to {100 * high:.2f}",
    ]
    assert rows[0][4:6] == [f"{threshold:.4f}", f"{wins:.4f}"] and len(rows) == 2
    text = to_markdown(found).splitlines()
    assert text[0] == "list.csv: 12 pairs, tiny, order both" and text[1] == ""
    assert (
        text[2] == "| " + " | ".join(head) + " |"
        and text[3] == "| " + " | ".join(["---"] * 7) + " |"
    )
    assert len(text) == 6 and text[4].startswith("| xCos, learned attention | ")


def test_intervals_are_of_pairs_drawn_anew_within_their_sort() -> None:
    scores, same = both()
    found = intervals(scores, same, None)
    rng = np.random.default_rng(0)
    genuine, impostor = np.flatnonzero(same), np.flatnonzero(~same)
    threshold = measure(scores, same, None).threshold
    right = (scores > threshold) == same
    accuracies, aucs = [], []
    for _ in range(500):
        g, i = rng.choice(genuine, 5), rng.choice(impostor, 7)
        accuracies.append((right[g].sum() + right[i].sum()) / 12)
        above = scores[g][:, None] > scores[i]
        aucs.append((above + (scores[g][:, None] == scores[i]) / 2).mean())
    for name, values in (("accuracy", accuracies), ("auc", aucs)):
        assert found[name] == pytest.approx(np.percentile(values, [2.5, 97.5]), abs=1e-9)
    assert found["eer"][0] <= found["eer"][1]
    assert intervals(scores[:5], same[:5], None) == {}


def test_curves_and_bars_stand_where_they_should() -> None:
    scores, same = both()
    kinds: dict[str, Measured | None] = {
        "learned": Measured(scores, measure(scores, same, None), {}),
        "correlation": None,
        "fc": Measured(scores[::-1].copy(), measure(scores[::-1], same, None), {}),
    }
    found = Evaluation("list.csv", "tiny", "both", same, 0, kinds)
    (axes,) = roc_figure(found).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "False accept rate (FAR)",
        "True accept rate (TAR)",
    )
    assert axes.get_xscale() == "log" and axes.get_xlim() == pytest.approx((1 / 7, 1))
    names = ["xCos, learned attention", "cosine of the FC head"]
    assert [line.get_label() for line in axes.lines] == names
    reached = {(round(float(x), 6), round(float(y), 6)) for x, y in axes.lines[0].get_xydata()}
    wanted = {
        (round(float(np.mean(t < IMPOSTOR)), 6), round(float(np.mean(t < GENUINE)), 6))
        for t in scores
    }
    assert len(reached) > 3 and reached - {(0.0, 0.0), (1.0, 1.0)} <= wanted
    (axes,) = det_figure(found).axes
    assert axes.get_ylabel() == "False reject rate (FRR)"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        "0.1 %", "0.5 %", "1 %", "2 %", "5 %", "10 %", "20 %", "40 %",
    ]  # fmt: skip
    points = np.asarray(axes.lines[0].get_xydata())
    assert len(points) and np.isfinite(points).all()
    assert axes.get_xlim() == axes.get_ylim() == pytest.approx((-3.0902, -0.2533), abs=1e-3)
    figure = histogram_figure(found)
    first, last = figure.axes
    assert figure.get_size_inches().tolist() == pytest.approx([6, 4.4])
    assert [axes.get_title() for axes in (first, last)] == names
    assert first.get_ylabel() == "pairs" and last.get_xlabel() == "Score"
    assert [sum(bar.get_height() for bar in bars) for bars in first.containers] == [5, 7]
    assert len(first.containers[0]) == 60
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["genuine", "impostor"]
    threshold = measure(scores, same, None).threshold
    assert first.lines[0].get_xdata() == pytest.approx([threshold, threshold])
