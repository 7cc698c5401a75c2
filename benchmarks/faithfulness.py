"""How well a map predicts what hiding a part of a face does to the score: xCos against its rivals.

    python -m benchmarks.faithfulness PAIRS --photos ALIGNED [--target FILE] [--json]

Of LFW's pairsDevTest.txt, 100 genuine and 100 impostor pairs are drawn by a seed. On one face of each,
drawn too, a square patch is hidden in 16 places, one at a time: grey, and, measured apart, blurred. Its
side, 16 to 48 pixels, is one for a pair, so that within a pair only the place can tell changes apart. Measured
apart as well, a circle of 40 pixels, off the grid, that shows the same place of a third person. The
real change is that of the score; the predicted one is minus the sum of the map over the cells, each times
the share of it that the patch covers (core/explain/editing/edits.py: predicted_change). xCos with learned attention
predicts by the law that the weights' card names (core/explain/explanation.py: without).

What predicts: xCos, the contributions W*S; Grad-CAM of the xCos score on the backbone and of the target's
cosine on the target; occlusion, the score's fall with one of the 49 cells grey, which costs 49 passes;
CorrRISE, by --masks masks of the hidden face, each scored with the other face under 8 masks. All maps are
those of the hidden face. Controls: a random map, the patch's area alone, and each method on shuffled
weights, for which every fifth pair is taken.

Pearson's correlation of predicted and real change: the mean over pairs of each pair's own 16 patches, and
over all patches pooled; 95 % intervals by 2,000 bootstrap resamples of pairs. A map that says the same of
all patches counts as 0. Interrupted, it tells of the pairs that are done.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs import versions
from core.evaluation.protocol import read_protocol
from core.evaluation.verification import ProtocolPairs
from core.explain.crop_scorer import CropScorer
from core.explain.editing.edits import Edit, apply_edits, predicted_change
from core.explain.saliency.methods import cells_as_pixels, hide, mean_of_cells, rise_masks, rise_of
from core.faces.face import SIDE
from core.json_text import json_text
from core.model.card import find_weights
from core.model.features import CELLS
from core.model.kinds import AttentionKind
from core.model.target_choice import TargetChoice
from core.scoring.kernels.prepared import PreparedPairs
from core.workarounds import keep_memory

PATCHES = 16
LEAST, MOST = 16, 48  # pixels a side
CONTEXT = 8  # masks of the other face for CorrRISE
CONTROLLED = 5  # every so many pairs, shuffled weights are asked too
BLUR = 12.0
CIRCLE = 40  # pixels across
RESAMPLES = 2000
KINDS: tuple[AttentionKind, ...] = ("learned", "uniform", "correlation")
TARGET = "target cosine"
CIRCLES = " of circles"  # ends the name of what a map predicts for circles

TITLES = {
    "xcos learned": "xCos L, W·S",
    "xcos uniform": "xCos U, W·S",
    "xcos correlation": "xCos P, W·S",
    "xcos evidence": "xCos L, evidence",
    "attention": "attention W alone",
    "grad-cam": "Grad-CAM, backbone",
    "grad-cam-target": "Grad-CAM, target",
    "occlusion": "occlusion",
    "rise": "CorrRISE",
    "random": "random map",
    "area": "area alone",
}


@dataclass(frozen=True, eq=False)
class Trial:
    """One pair: crops, which face is hidden (0 left, 1 right), and its patches.

    covered: (16, 7, 7); grey, blurred: (16, 112, 112, 3) uint8 of the hidden face
    circled: (16, 7, 7), and circles: (16, 112, 112, 3) uint8 with another person's circles
    """

    crops: tuple[np.ndarray, np.ndarray]
    side: int
    same: bool
    covered: np.ndarray
    grey: np.ndarray
    blurred: np.ndarray
    circled: np.ndarray
    circles: np.ndarray


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--target", type=Path, metavar="FILE")
    parser.add_argument("--masks", type=int, default=96, help="CorrRISE's (default: 96)")
    options = parser.parse_args()
    keep_memory()
    start = time.perf_counter()
    weights = find_weights(options.model)
    scorer = CropScorer(
        weights, target=options.target and TargetChoice(options.target), device=options.device
    )
    trials = draw(options.pairs, options.photos, options.count, options.seed)
    said = measure(scorer, trials, options.masks, options.seed)
    said |= {"model": scorer.card.name, "seconds": round(time.perf_counter() - start, 1)}
    said |= {"versions": versions()}
    print(json_text(said) if options.json else to_markdown(said))


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every measurement on a list's pairs."""
    parser.add_argument("pairs", type=Path, metavar="PAIRS")
    parser.add_argument("--photos", type=Path, required=True, metavar="ALIGNED")
    parser.add_argument("--model", metavar="NAME|FILE")
    parser.add_argument("--count", type=int, default=200, help="pairs (default: 200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")


def draw(source: Path, photos: Path, count: int, seed: int) -> list[Trial]:
    """As many genuine as impostor pairs of a list, each with its patches."""
    from PIL import Image

    pairs = read_protocol(source, Path())
    rng = np.random.default_rng(seed)
    chosen = np.concatenate(
        [
            np.sort(rng.choice(np.flatnonzero(pairs.same == same), count // 2, replace=False))
            for same in (True, False)
        ]
    )
    trials = []
    # Draws of their own, so that patches are those of earlier versions.
    circle_rng = np.random.default_rng([seed, 2])
    for place in rng.permutation(chosen):
        files = [photos / f"{names[place]}.webp" for names in (pairs.left, pairs.right)]
        left, right = (np.array(Image.open(file).convert("RGB")) for file in files)
        side = int(rng.integers(2))
        crop = (left, right)[side]
        size = int(rng.integers(LEAST, MOST + 1))
        corners = rng.integers(0, SIDE - size + 1, (PATCHES, 2)).tolist()
        boxes = [(float(x), float(y), float(size), float(size)) for x, y in corners]
        grey = [apply_edits(crop, [Edit("patch", *box)]) for box in boxes]
        blurred = [apply_edits(crop, [Edit("blur", *box, strength=BLUR)]).crop for box in boxes]
        name = stranger(pairs, place, circle_rng)
        third = np.array(Image.open(photos / f"{name}.webp").convert("RGB"))
        circles, circled = _circles(crop, third, circle_rng)
        trials.append(
            Trial(
                (left, right),
                side,
                bool(pairs.same[place]),
                np.stack([made.covered for made in grey]),
                np.stack([made.crop for made in grey]),
                np.stack(blurred),
                circled,
                circles,
            )
        )
    return trials


def stranger(pairs: ProtocolPairs, place: int, rng: np.random.Generator) -> str:
    """A photo of a person who is not in a pair."""
    there = {Path(names[place]).parent for names in (pairs.left, pairs.right)}
    while True:
        name = pairs.left[int(rng.integers(len(pairs.left)))]
        if Path(name).parent not in there:
            return name


def _circles(
    crop: np.ndarray, third: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """16 copies of a crop with a circle of another, and the share of each cell that it covers."""
    y, x = np.mgrid[:SIDE, :SIDE]
    made, covered = [], []
    for middle in rng.uniform(CIRCLE / 2, SIDE - CIRCLE / 2, (PATCHES, 2)):
        inside = (x + 0.5 - middle[0]) ** 2 + (y + 0.5 - middle[1]) ** 2 < (CIRCLE / 2) ** 2
        made.append(np.where(inside[:, :, None], third, crop))
        cell = SIDE // CELLS
        covered.append(inside.reshape(CELLS, cell, CELLS, cell).mean(axis=(1, 3)))
    return np.stack(made), np.stack(covered)


def measure(scorer: CropScorer, trials: list[Trial], count: int, seed: int) -> dict[str, Any]:
    """Every method's and control's correlations with the real changes."""
    from tqdm import tqdm

    rng = np.random.default_rng([seed, 1])
    masks = rise_masks(count + CONTEXT, rng)
    shuffled = scorer.shuffled(seed)
    real: dict[str, list[np.ndarray]] = {}
    predicted: dict[str, dict[int, np.ndarray]] = {}  # by map, then by pair
    seconds: dict[str, float] = {}
    done = 0
    # The first use of Grad-CAM loads its package, which is not what it takes.
    maps_of(scorer, trials[0], masks, {})
    try:
        for number, trial in enumerate(tqdm(trials, disable=None)):
            found = changes(scorer, trial)
            maps = maps_of(scorer, trial, masks, seconds)
            explained = scorer.explained(*trial.crops)
            maps |= {"random": rng.normal(size=(CELLS, CELLS)), "area": np.ones((CELLS, CELLS))}
            if number % CONTROLLED == 0:
                untaught = maps_of(shuffled, trial, masks, {})
                maps |= {f"shuffled {name}": values for name, values in untaught.items()}
            for name, values in found.items():
                real.setdefault(name, []).append(values)
            for name, values in maps.items():
                told = explained if name == "xcos learned" else None
                for kind, covers in (("", trial.covered), (CIRCLES, trial.circled)):
                    made = [
                        predicted_change(values, covered)
                        if told is None
                        else told.predicted_change(covered)
                        for covered in covers
                    ]
                    predicted.setdefault(name + kind, {})[number] = np.array(made)
            done += 1
    except KeyboardInterrupt:
        print(f"interrupted after {done} pairs", file=sys.stderr)
    same = np.array([trial.same for trial in trials])
    rows = []
    for title, by_pair in predicted.items():
        name, of_circles = title.removesuffix(CIRCLES), title.endswith(CIRCLES)
        places = [place for place in by_pair if place < done]
        made = np.stack([by_pair[place] for place in places])
        truths = ["learned, circle"] if of_circles else _truths(name, list(real))
        for truth in truths:
            changed = np.stack([real[truth][place] for place in places])
            found_row = agreement(made, changed, same[places], seed)
            rows.append({"map": name, "of": truth, "pairs": len(places)} | found_row)
    return {
        "pairs": done,
        "patches": PATCHES,
        "rise_masks": [count, CONTEXT],
        "seed": seed,
        "rows": rows,
        "seconds_a_pair": {name: value / max(1, done) for name, value in seconds.items()},
    }


def _truths(name: str, there: list[str]) -> list[str]:
    """Which changes a map is held against: the learned score's, grey and blurred, and its own."""
    own = {"xcos uniform": "uniform, grey", "xcos correlation": "correlation, grey"}
    own["grad-cam-target"] = f"{TARGET}, grey"
    truths = ["learned, grey", "learned, blurred", own.get(name.removeprefix("shuffled "), "")]
    return [truth for truth in truths if truth in there]


def changes(scorer: CropScorer, trial: Trial) -> dict[str, np.ndarray]:
    """The real changes (16,) of the scores and of the target's cosine, by kind and filling."""
    hidden, other = trial.crops[trial.side], trial.crops[1 - trial.side]
    found = {}
    variants = np.concatenate([hidden[None], trial.grey, trial.blurred, trial.circles])
    grids = scorer.grids(np.concatenate([variants, other[None]]))
    some, one = scorer.engine.prepare(grids[:-1]), scorer.engine.prepare(grids[-1:])
    i, j = np.arange(len(variants)), np.zeros(len(variants), int)
    for kind in KINDS if scorer.card.correlation is not None else KINDS[:2]:
        # Order both is the same whichever face is called left.
        scores = scorer.engine.scores_of(PreparedPairs(some, i, one, j), kind)
        found[f"{kind}, grey"] = scores[1 : PATCHES + 1] - scores[0]
        found[f"{kind}, blurred"] = scores[PATCHES + 1 : 2 * PATCHES + 1] - scores[0]
        found[f"{kind}, circle"] = scores[2 * PATCHES + 1 :] - scores[0]
    if scorer.has_target_map:
        cosines = scorer.target_cosines(variants[: PATCHES + 1], other)
        found[f"{TARGET}, grey"] = cosines[1:] - cosines[0]
    return found


def maps_of(
    scorer: CropScorer, trial: Trial, masks: np.ndarray, seconds: dict[str, float]
) -> dict[str, np.ndarray]:
    """Each method's map (7, 7) of the hidden face; adds to the seconds that each took."""
    left, right = trial.crops
    hidden, other = trial.crops[trial.side], trial.crops[1 - trial.side]
    found = {}

    def took(name: str, start: float) -> None:
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start

    start = time.perf_counter()
    explained = scorer.explained(left, right)
    found["xcos learned"] = explained.contribution
    took("xcos", start)
    if scorer.threshold is not None:
        found["xcos evidence"] = explained.evidence(scorer.threshold)
    found["attention"] = explained.attention
    for kind in KINDS[1:] if scorer.card.correlation is not None else KINDS[1:2]:
        weights = scorer.engine.weights(kind)
        assert weights is not None
        found[f"xcos {kind}"] = weights * explained.cosine
    for name in ("grad-cam", "grad-cam-target")[: 1 + scorer.has_target_map]:
        start = time.perf_counter()
        cams = scorer.grad_cam(left[None], right[None], name != "grad-cam")
        found[name] = cams[0, trial.side]
        took(name, start)
    start = time.perf_counter()
    each = cells_as_pixels(np.eye(CELLS * CELLS).reshape(-1, CELLS, CELLS))
    variants = np.concatenate([hidden[None], hide(hidden, each)])
    scores = scorer.scores(variants, other[None])[:, 0]
    found["occlusion"] = (scores[0] - scores[1:]).reshape(CELLS, CELLS)
    took("occlusion", start)
    start = time.perf_counter()
    own, others = masks[:-CONTEXT], masks[-CONTEXT:]
    scores = scorer.scores(hide(hidden, 1 - own), hide(other, 1 - others))
    found["rise"] = mean_of_cells(rise_of(scores, own, others))[0]
    took("rise", start)
    return found


def agreement(
    predicted: np.ndarray, real: np.ndarray, same: np.ndarray, seed: int
) -> dict[str, Any]:
    """Correlations of (n, 16) predicted and real changes, with bootstrap intervals over pairs."""
    each = pearson_rows(predicted, real)
    even = int(np.isnan(each).sum())
    each = np.nan_to_num(each)
    drawn = np.random.default_rng(seed).integers(0, len(each), (RESAMPLES, len(each)))
    sums = np.stack(
        [
            np.full(len(each), float(predicted.shape[1])),
            predicted.sum(axis=1),
            real.sum(axis=1),
            (predicted**2).sum(axis=1),
            (real**2).sum(axis=1),
            (predicted * real).sum(axis=1),
        ]
    )
    return {
        "per_pair": float(each.mean()),
        "per_pair_interval": _ends(each[drawn].mean(axis=1)),
        "genuine": float(each[same].mean()) if same.any() else None,
        "impostor": float(each[~same].mean()) if not same.all() else None,
        "pooled": float(_pooled(sums.sum(axis=1))),
        "pooled_interval": _ends(_pooled(sums[:, drawn].sum(axis=2))),
        "even_predictions": even,
    }


def pearson_rows(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each row of (n, k) with the other's: (n,); NaN for an even row."""
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (one, other))
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.where(size > 1e-15, (a * b).sum(axis=1) / np.where(size > 1e-15, size, 1), np.nan)


def _pooled(sums: np.ndarray) -> np.ndarray:
    n, x, y, xx, yy, xy = sums
    size = np.sqrt(np.maximum(n * xx - x * x, 0) * np.maximum(n * yy - y * y, 0))
    return np.where(size > 0, (n * xy - x * y) / np.where(size > 0, size, 1), 0.0)


def _ends(values: np.ndarray) -> list[float]:
    return [float(v) for v in np.percentile(values, (2.5, 97.5))]


def to_markdown(said: dict[str, Any]) -> str:
    """The table, a row a map and the change that it is held against."""
    lines = [
        f"{said['pairs']} pairs, {said['patches']} patches each, {said['model']}, CorrRISE by "
        f"{said['rise_masks'][0]} masks; {said['seconds']:.0f} s",
        "",
        "| map | pairs | change of | r within a pair (95 %) | r pooled (95 %) | genuine | impostor |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in said["rows"]:
        shuffled = row["map"].startswith("shuffled ")
        name = TITLES[row["map"].removeprefix("shuffled ")]
        cells = [
            f"{name}, shuffled weights" if shuffled else name,
            str(row["pairs"]),
            row["of"],
            _with_ends(row["per_pair"], row["per_pair_interval"]),
            _with_ends(row["pooled"], row["pooled_interval"]),
            *("" if row[k] is None else f"{row[k]:.2f}" for k in ("genuine", "impostor")),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    times = ", ".join(f"{name} {value:.2f}" for name, value in said["seconds_a_pair"].items())
    return "\n".join([*lines, "", f"Seconds a pair: {times}."])


def _with_ends(value: float, ends: list[float]) -> str:
    return f"{value:.2f} ({ends[0]:.2f} to {ends[1]:.2f})"


if __name__ == "__main__":
    main()
