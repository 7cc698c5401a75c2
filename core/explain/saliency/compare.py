"""Saliency methods on one pair side by side: maps, curves, controls, and where they disagree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import Stopped
from core.explain.crop_scorer import CropScorer
from core.explain.explanation import PairExplanation
from core.explain.saliency.curves import Curves, curves_of, mean_curves
from core.explain.saliency.methods import (
    TITLES,
    SaliencyMap,
    Subject,
    methods_for,
    on_one_scale,
    saliency,
)
from core.explain.words import article
from core.model.features import CELLS
from core.progress import QUIET, Task

RANDOM_ORDERS = 3  # whose mean is the random control
APART = 0.1  # a region's share of attention and of occlusion that far apart: they disagree
SHUFFLED = "shuffled-"


@dataclass(frozen=True, eq=False)
class Compared:
    """One method's map and its curves."""

    map: SaliencyMap
    curves: Curves

    def as_json(self) -> dict[str, Any]:
        """The keys that scripts rely on."""
        return {
            "map": self.map.map.tolist(),
            "left": self.map.left.tolist(),
            "right": self.map.right.tolist(),
            "seconds": self.map.seconds,
            "faces": self.map.faces,
            "deletion": self.curves.deletion.as_json(),
            "insertion": self.curves.insertion.as_json(),
        }


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several methods on one pair.

    methods:  by name, in the order of TITLES
    controls: "random", the mean of random orders, and "shuffled-NAME", a method's map from a model
              with shuffled weights, its curves from the real model; empty without controls
    words:    where attention and occlusion disagree; None without occlusion
    """

    explanation: PairExplanation
    threshold: float | None
    methods: Mapping[str, Compared]
    controls: Mapping[str, Compared]
    words: str | None

    @property
    def ranks(self) -> np.ndarray:
        """Spearman's rank correlation of the methods' maps, (k, k) in [-1, 1]; NaN for even maps."""
        return rank_correlations([method.map.map for method in self.methods.values()])

    def as_json(self) -> dict[str, Any]:
        """The keys that scripts rely on."""
        names = list(self.methods)
        ranks = self.ranks.tolist()
        return {
            "score": self.explanation.score,
            "threshold": self.threshold,
            "model": self.explanation.model,
            "attention": self.explanation.kind,
            "order": self.explanation.order,
            "attention_map": self.explanation.attention.tolist(),
            "methods": {name: method.as_json() for name, method in self.methods.items()},
            "controls": {name: method.as_json() for name, method in self.controls.items()},
            "rank_correlation": {
                name: {
                    other: None if np.isnan(value) else value
                    for other, value in zip(names, row, strict=True)
                }
                for name, row in zip(names, ranks, strict=True)
            },
            "words": self.words,
        }


Announce = Callable[[str, Compared], None]


def compare(
    subject: Subject,
    regions: np.ndarray,
    names: tuple[str, ...] | None = None,
    shuffled: CropScorer | None = None,
    seed: int = 0,
    task: Task = QUIET,
    announce: Announce = lambda name, compared: None,
) -> Comparison:
    """All methods, or some, on a pair; announce is told of each as soon as it is ready.

    regions: (7, 7) names; shuffled: the model with shuffled weights, or None for no controls
    seed: of the random orders. Raises Stopped, XCosError.
    """
    chosen = names or methods_for(subject.scorer)
    explanation = subject.scorer.explained(subject.left, subject.right)
    total = len(chosen) * (1 if shuffled is None else 2) + (shuffled is not None)
    done = 0

    def ready(name: str, maps: list[SaliencyMap]) -> Compared:
        nonlocal done
        compared = Compared(maps[0], mean_curves(curves_of(subject, maps, task.quiet())))
        done += 1
        announce(name, compared)
        return compared

    def step(what: str) -> None:
        if task.stopped():
            raise Stopped("The comparison")
        task.report(what, done, total)

    methods, controls = {}, {}
    for name in chosen:
        step(TITLES[name])
        methods[name] = ready(name, [saliency(name, subject, task.quiet())])
    if shuffled is not None:
        step(TITLES["random"])
        controls["random"] = ready("random", random_maps(seed))
        untaught = Subject(subject.left, subject.right, shuffled)
        for name in chosen:
            step(f"{TITLES[name]}, shuffled weights")
            key = SHUFFLED + name
            controls[key] = ready(key, [saliency(name, untaught, task.quiet())])
    task.report("Comparing", total, total)
    words = None
    if "occlusion" in methods:
        words = disagreement(explanation.attention, methods["occlusion"].map.map, regions)
    return Comparison(explanation, subject.scorer.threshold, methods, controls, words)


def title(name: str) -> str:
    """A method's or control's name for people."""
    if name.startswith(SHUFFLED):
        return f"{TITLES[name.removeprefix(SHUFFLED)]}, shuffled weights"
    return TITLES[name]


def random_maps(seed: int) -> list[SaliencyMap]:
    """Maps that know nothing, each face's its own."""
    rng = np.random.default_rng(seed)
    ranks = rng.permutation(CELLS * CELLS)
    maps = []
    for _ in range(RANDOM_ORDERS):
        left, right = (
            on_one_scale(rng.permutation(ranks).reshape(CELLS, CELLS).astype(np.float64))
            for _ in range(2)
        )
        maps.append(SaliencyMap("random", left, right, 0.0, 0))
    return maps


def rank_correlations(maps: list[np.ndarray]) -> np.ndarray:
    """Spearman's rank correlation of k maps over their cells, (k, k); NaN where a map is even."""
    from scipy.stats import rankdata

    ranks = np.array([rankdata(values.ravel()) for values in maps])
    from_mean = ranks - ranks.mean(axis=1, keepdims=True)
    size = np.sqrt((from_mean**2).sum(axis=1))
    with np.errstate(invalid="ignore"):
        correlation: np.ndarray = (from_mean @ from_mean.T) / np.outer(size, size)
    return correlation.clip(-1, 1)


def disagreement(attention: np.ndarray, occlusion: np.ndarray, regions: np.ndarray) -> str:
    """Where attention looks and where hiding changes the score, in one or two sentences.

    Each region's share of attention is set against its share of the change that hiding its cells,
    one at a time, makes to the score, up or down. attention, occlusion, regions: (7, 7).
    """
    looked, changed = (np.abs(m) / max(np.abs(m).sum(), 1e-12) for m in (attention, occlusion))
    shares = [
        (float(looked[where].sum()), float(changed[where].sum()), name)
        for name in np.unique(regions).tolist()
        if (where := regions == name).any()
    ]
    apart = sorted((s for s in shares if abs(s[0] - s[1]) >= APART), key=lambda s: s[1] - s[0])
    if not apart:
        return (
            "Attention and occlusion agree: no region's share of attention is "
            f"{100 * APART:.0f} points or more from its share of what hiding cells changes."
        )
    clauses = [
        f"{article(name)} has {100 * a:.0f} % of the attention, but hiding it makes "
        f"{100 * o:.0f} % of the change"
        for a, o, name in (apart if len(apart) < 3 else [apart[0], apart[-1]])
    ]
    return f"Attention and occlusion disagree: {'; '.join(clauses)}."
