"""Where a score changes when a part of a face is hidden: there, elsewhere, or by attention.

    python -m benchmarks.locality PAIRS --photos ALIGNED [--model NAME|FILE] [--json]

Pairs and grey patches are those of benchmarks.faithfulness. With S', W' after a patch, the change of the
score is, exactly, the sum of three parts: W (S' - S) over the cells that the patch touches, the same over
the cells that it does not touch (the leak), and (W' - W) S' (attention). Given are the mean sizes of the
change and of each part, the leak's share of the change, and how much of its weight attention leaves on
cells that are wholly hidden, as a share of what lay there before.
"""

import argparse
from typing import Any

import numpy as np

from benchmarks.faithfulness import Trial, add_options, draw
from benchmarks.pairs import versions
from core.explain.crop_scorer import CropScorer
from core.json_text import json_text
from core.model.card import find_weights
from core.workarounds import keep_memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_options(parser)
    options = parser.parse_args()
    keep_memory()
    scorer = CropScorer(find_weights(options.model), device=options.device)
    trials = draw(options.pairs, options.photos, options.count, options.seed)
    said = measure(scorer, trials) | {"model": scorer.card.name, "versions": versions()}
    print(json_text(said) if options.json else to_markdown(said))


def measure(scorer: CropScorer, trials: list[Trial]) -> dict[str, Any]:
    """The parts of the change over all pairs, genuine ones and impostors."""
    from tqdm import tqdm

    parts = [parts_of(scorer, trial) for trial in tqdm(trials, disable=None)]
    same = np.array([trial.same for trial in trials])
    rows = {}
    for name, which in (("all", same | True), ("genuine", same), ("impostor", ~same)):
        chosen = [part for part, wanted in zip(parts, which, strict=True) if wanted]
        if chosen:
            rows[name] = summary(chosen)
    return {"pairs": len(trials), "rows": rows}


def parts_of(scorer: CropScorer, trial: Trial) -> dict[str, np.ndarray]:
    """Of each patch (16,): the change and its three parts; W on hidden cells, before and after."""
    hidden, other = trial.crops[trial.side], trial.crops[1 - trial.side]
    grids = scorer.grids(np.concatenate([hidden[None], trial.grey, other[None]]))
    some, one = scorer.engine.prepare(grids[:-1]), scorer.engine.prepare(grids[-1:])
    maps = [
        scorer.engine.maps(some, k, one, 0, scorer.kind, scorer.order)
        for k in range(len(trial.grey) + 1)
    ]
    cosine, attention = (
        np.stack([np.asarray(pair[m], np.float64) for pair in maps]) for m in (0, 1)
    )
    touched, whole = trial.covered > 0, trial.covered == 1
    moved = attention[0] * (cosine[1:] - cosine[0])
    scores = (attention * cosine).sum(axis=(1, 2))
    return {
        "change": scores[1:] - scores[0],
        "touched": (moved * touched).sum(axis=(1, 2)),
        "leak": (moved * ~touched).sum(axis=(1, 2)),
        "attention": ((attention[1:] - attention[0]) * cosine[1:]).sum(axis=(1, 2)),
        "weight before": (attention[0] * whole).sum(axis=(1, 2)),
        "weight after": (attention[1:] * whole).sum(axis=(1, 2)),
    }


def summary(parts: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """Mean sizes, the leak's share, and what attention leaves on hidden cells."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    sizes = {
        name: float(np.abs(joined[name]).mean())
        for name in ("change", "touched", "leak", "attention")
    }
    before = float(joined["weight before"].sum())
    return sizes | {
        "leak_share": sizes["leak"] / sizes["change"] if sizes["change"] else float("nan"),
        "attention_left": float(joined["weight after"].sum()) / before if before else float("nan"),
    }


def to_markdown(said: dict[str, Any]) -> str:
    """The table, a row for all pairs, genuine and impostor ones."""
    names = ("change", "touched", "leak", "attention", "leak_share", "attention_left")
    lines = [
        f"{said['pairs']} pairs, {said['model']}",
        "",
        "| pairs | change | in touched cells | leak | by attention | leak's share | attention left |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for title, row in said["rows"].items():
        lines.append("| " + " | ".join([title, *(f"{row[name]:.3f}" for name in names)]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
