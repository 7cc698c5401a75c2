"""Does a map find what was tampered with? Patches pasted into faces, and put back in the map's order.

    python -m benchmarks.patch_lfw PAIRS --photos ALIGNED [--count 200] [--model NAME|FILE] [--json]

Patch-LFW as xSSAB publishes it (Huber et al., 2024): into one face of each pair, 27 patches of 16x16
pixels are pasted at seeded places, from the same places of a stranger's face where the pair is genuine,
so that its score falls, and of the other face where it is an impostor pair, so that it rises. Each method
then explains the tampered pair, and the face's own pixels are put back in the order of its map, those
that speak most against "same" first for genuine pairs, most for it first for impostors, in steps of 5 %
of the face. A map that finds the patches brings the errors at the weights' threshold down early: the
table gives FNMR and FMR after each fifth of the face, and their mean over all steps (the area under the
curve; lower is better), for pairs drawn by a seed, half of them genuine.

Maps: xCos (what a hidden cell takes from the score by the weights' law: W*S by the additive one,
W*(S - score)/(1 - W) by the robust one), occlusion (the score's fall with one of the 49 cells grey), CorrRISE by --masks masks,
Grad-CAM of the score on the backbone, and a random map. 7x7 maps are made pixels bilinearly.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faithfulness import CONTEXT, add_options, stranger
from benchmarks.pairs import versions
from core.errors import XCosError
from core.evaluation.protocol import read_protocol
from core.explain.crop_scorer import CropScorer
from core.explain.saliency.methods import cells_as_pixels, hide, mean_of_cells, rise_masks, rise_of
from core.faces.face import SIDE
from core.model.card import find_weights
from core.model.features import CELLS
from core.workarounds import keep_memory

PATCHES, PATCH = 27, 16
STEPS = 20  # of 5 % of the face
METHODS = ("xcos", "occlusion", "rise", "grad-cam", "random")


@dataclass(frozen=True, eq=False)
class Tampered:
    """A pair of which one face was tampered with.

    crops: (112, 112, 3) uint8 of both, before; side: which one was (0 left, 1 right)
    patched: that face after; same: whether the pair is genuine
    """

    crops: tuple[np.ndarray, np.ndarray]
    side: int
    patched: np.ndarray
    same: bool

    @property
    def pair(self) -> tuple[np.ndarray, np.ndarray]:
        """Both crops as they are explained."""
        other = self.crops[1 - self.side]
        return (self.patched, other) if self.side == 0 else (other, self.patched)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--masks", type=int, default=96, help="CorrRISE's (default: 96)")
    options = parser.parse_args()
    keep_memory()
    scorer = CropScorer(find_weights(options.model), device=options.device)
    if scorer.threshold is None:
        raise SystemExit(str(XCosError(f"{scorer.card.name} has no threshold; choose others.")))
    trials = draw(options.pairs, options.photos, options.count, options.seed)
    said = measure(scorer, trials, options.masks, options.seed)
    said |= {"model": scorer.card.name, "threshold": scorer.threshold, "versions": versions()}
    print(json.dumps(said, indent=1) if options.json else to_markdown(said))


def draw(source: Path, photos: Path, count: int, seed: int) -> list[Tampered]:
    """As many genuine as impostor pairs of a list, each tampered with."""
    from PIL import Image

    def crop(name: str) -> np.ndarray:
        return np.array(Image.open(photos / f"{name}.webp").convert("RGB"))

    pairs = read_protocol(source, Path())
    rng = np.random.default_rng([seed, 3])
    trials = []
    for same in (True, False):
        for place in rng.choice(np.flatnonzero(pairs.same == same), count // 2, replace=False):
            crops = crop(pairs.left[place]), crop(pairs.right[place])
            side = int(rng.integers(2))
            donor = crop(stranger(pairs, place, rng)) if same else crops[1 - side]
            trials.append(Tampered(crops, side, patched(crops[side], donor, rng), same))
    return trials


def patched(crop: np.ndarray, donor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A crop with 27 patches of another in its places."""
    made = crop.copy()
    for x, y in rng.integers(0, SIDE - PATCH + 1, (PATCHES, 2)):
        made[y : y + PATCH, x : x + PATCH] = donor[y : y + PATCH, x : x + PATCH]
    return made


def measure(scorer: CropScorer, trials: list[Tampered], count: int, seed: int) -> dict[str, Any]:
    """Error rates of each method at each step: (21,) from nothing put back to all of the face."""
    from tqdm import tqdm

    assert scorer.threshold is not None
    rng = np.random.default_rng([seed, 4])
    masks = rise_masks(count + CONTEXT, rng)
    wrong: dict[str, list[np.ndarray]] = {method: [] for method in METHODS}
    for trial in tqdm(trials, disable=None):
        maps = maps_of(scorer, trial, masks, rng)
        other = trial.crops[1 - trial.side]
        for method, values in maps.items():
            faces = put_back(trial, values)
            scores = scorer.scores(faces, other[None])[:, 0]
            wrong[method].append((scores > scorer.threshold) != trial.same)
    same = np.array([trial.same for trial in trials])
    rows = {
        method: {
            "fnmr": np.mean([w for w, s in zip(found, same, strict=True) if s], axis=0).tolist(),
            "fmr": np.mean([w for w, s in zip(found, same, strict=True) if not s], axis=0).tolist(),
        }
        for method, found in wrong.items()
    }
    return {"pairs": len(trials), "patches": [PATCHES, PATCH], "rows": rows}


def put_back(trial: Tampered, values: np.ndarray) -> np.ndarray:
    """(21, 112, 112, 3): the tampered face with 0 %, 5 %, ... of its own pixels back."""
    own = trial.crops[trial.side]
    order = np.argsort((values if trial.same else -values).ravel(), kind="stable")
    made = []
    for step in range(STEPS + 1):
        face = trial.patched.copy().reshape(-1, 3)
        back = order[: round(step * order.size / STEPS)]
        face[back] = own.reshape(-1, 3)[back]
        made.append(face.reshape(own.shape))
    return np.stack(made)


def maps_of(
    scorer: CropScorer, trial: Tampered, masks: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Each method's map of the tampered face, (112, 112), high where it speaks for "same"."""
    left, right = trial.pair
    other = trial.crops[1 - trial.side]
    cells = np.eye(CELLS * CELLS).reshape(-1, CELLS, CELLS)
    each = cells_as_pixels(cells)
    variants = np.concatenate([trial.patched[None], hide(trial.patched, each)])
    scores = scorer.scores(variants, other[None])[:, 0]
    own, others = masks[:-CONTEXT], masks[-CONTEXT:]
    hidden = scorer.scores(hide(trial.patched, 1 - own), hide(other, 1 - others))
    explained = scorer.explained(left, right)
    told = np.array([-explained.predicted_change(cell) for cell in cells])
    found = {
        "xcos": told.reshape(CELLS, CELLS),
        "occlusion": (scores[0] - scores[1:]).reshape(CELLS, CELLS),
        "rise": mean_of_cells(rise_of(hidden, own, others))[0],
        "grad-cam": scorer.grad_cam(left[None], right[None], False)[0, trial.side],
        "random": rng.normal(size=(CELLS, CELLS)),
    }
    return {name: smooth(values) for name, values in found.items()}


def smooth(values: np.ndarray) -> np.ndarray:
    """(7, 7) to (112, 112), bilinear between the cells' middles."""
    middles = (np.arange(SIDE) + 0.5) * CELLS / SIDE - 0.5
    low = np.clip(np.floor(middles).astype(int), 0, CELLS - 2)
    share = np.clip(middles - low, 0, 1)
    weights = np.zeros((SIDE, CELLS))
    weights[np.arange(SIDE), low] = 1 - share
    weights[np.arange(SIDE), low + 1] = share
    return weights @ values @ weights.T


def to_markdown(said: dict[str, Any]) -> str:
    """The table, a row a method."""
    fifths = range(0, STEPS + 1, STEPS // 5)
    heads = [f"{100 * step // STEPS} %" for step in fifths]
    lines = [
        f"{said['pairs']} pairs, {said['model']}, threshold {said['threshold']:.3f}",
        "",
        f"| map | FNMR mean | FMR mean | FNMR at {', '.join(heads)} | FMR at the same |",
        "| --- | --- | --- | --- | --- |",
    ]
    for method, row in said["rows"].items():
        cells = [method, *(f"{100 * np.mean(row[k]):.1f} %" for k in ("fnmr", "fmr"))]
        cells += [", ".join(f"{100 * row[k][s]:.0f}" for s in fifths) for k in ("fnmr", "fmr")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
