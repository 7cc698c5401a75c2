"""Trying weights on people that were held out: what was there before, and what a run made."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import Stopped
from core.explain.editing.what_if import PairEditor, faithfulness
from core.explain.explain import pair_cosines
from core.faces.face import Face
from core.gallery.cache import Cache, packed_crop
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.attention_weights import read_head
from core.model.kinds import AttentionKind
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.progress import QUIET, Task
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedPairs
from core.scoring.scored import ScoringModel, one_pair, score_gallery
from core.training.config import TrainConfig
from core.training.drawn_people import differences, measured
from core.training.held_out import HeldOutFaces, lacking
from core.training.named_files import frozen_choice
from core.training.verdict import (
    NO_INTERVAL,
    ChangedPair,
    Conclusion,
    Difference,
    Figures,
    HeldOut,
    Verdict,
)

SHOWN = 8  # pairs that are judged differently
TRIED = 12  # genuine pairs whose faithfulness is measured
PATCHES = 36  # that each of them is covered by, of 72
DENSE = 20  # times as many pairs as are wanted, up to which all are scored
BEFORE = "before"


@dataclass(frozen=True)
class Judged:
    """What a run's weights are compared with.

    start: the weights that it started from, or None
    model: the model that it explains, with its input, whose own cosine is compared; or None
    """

    start: Path | None = None
    model: TargetChoice | None = None


def compared_of(config: TrainConfig) -> Judged:
    """What a run's weights are compared with, by its config."""
    if config.model.frozen is not None:
        return Judged(model=frozen_choice(config.model))
    return Judged(config.model.start)


def judge(
    faces: HeldOutFaces | None,
    compared: Judged,
    weights: Path,
    device: str = "auto",
    task: Task = QUIET,
) -> Verdict:
    """Try a run's weights and what was there before on people held out. Raises XCosError, Stopped.

    faces: None where nobody could be held out
    """
    start = compared.start if compared.model is None else compared.model.path
    if faces is None or faces.one_sort:
        counts = (0, 0, 0) if faces is None else faces.counts
        lacks = lacking(*counts)
        sentence = f"Nothing can be told from so few: {lacks}."
        return Verdict(
            "too few", sentence, HeldOut(*counts, lacks), None, None, start=start, weights=weights
        )
    held_out = HeldOut(*faces.counts, faces.lacking)
    scored = _Scored.of(faces, Verifier(weights, device), task)
    scores = scored.kinds(task)
    older = None
    if compared.start is not None:
        older = _Scored.of(faces, Verifier(compared.start, device), task)
        scores[BEFORE] = older.scores("learned", task)
    elif compared.model is not None:
        embeddings = Target(compared.model, device).embeddings(faces.crops, task)
        scores[BEFORE] = (embeddings[faces.left] * embeddings[faces.right]).sum(axis=1)
    kinds, tables = measured(faces, scores, task=task)
    before, after = kinds.pop(BEFORE, None), kinds["learned"]
    after = kinds["learned"] = replace(after, faithfulness=scored.faithfulness(task))
    changes: dict[str, Difference] = {}
    pairs: tuple[ChangedPair, ...] = ()
    if before is not None:
        if older is None:
            kinds["own"] = before
        else:
            before = replace(before, faithfulness=older.faithfulness(task))
        changes = differences(tables[BEFORE], tables["learned"], held_out.impostor)
        pairs = _changed(faces, scores, before, after)
    conclusion = _conclusion(held_out, changes)
    sentence = _sentence(conclusion, held_out, changes, (before, after), older is None)
    return Verdict(
        conclusion, sentence, held_out, before, after, kinds, changes, pairs, start, weights
    )


@dataclass(frozen=True, eq=False)
class _Scored:
    """One model's features of the held-out faces."""

    faces: HeldOutFaces
    verifier: Verifier
    model: ScoringModel
    loaded: LoadedGallery

    @staticmethod
    def of(faces: HeldOutFaces, verifier: Verifier, task: Task) -> "_Scored":
        features = verifier.features(faces.crops, task)
        shown = tuple(
            Face(str(place), 1, str(person), None, _digest(place))
            for place, person in enumerate(faces.people)
        )
        card = verifier.card
        engine = PairEngine(read_head(card.path), card.correlation, verifier.device)
        loaded = LoadedGallery(Gallery(Path(), Path(), shown), features)
        return _Scored(faces, verifier, ScoringModel(card, engine), loaded)

    def kinds(self, task: Task) -> dict[str, np.ndarray]:
        """Scores of the pairs by every kind that the weights have, and fc; (p,) each."""
        scores = {str(kind): self.scores(kind, task) for kind in self.model.card.kinds}
        features = self.loaded.features
        fc = pair_cosines(features, self.faces.left, features, self.faces.right)[1]
        if fc is not None:
            scores["fc"] = fc
        return scores

    def scores(self, kind: AttentionKind, task: Task) -> np.ndarray:
        """Of the pairs, (p,), order both."""
        left, right = self.faces.left, self.faces.right
        if len(self.loaded) ** 2 <= DENSE * len(left):  # of all pairs at once each costs far less
            every = score_gallery(self.model, self.loaded, kind=kind, task=task).matrix.scores
            return every[left, right]
        prepared = self.model.engine.prepare(self.loaded.features.grid)
        pairs = PreparedPairs(prepared, left, prepared, right)
        return self.model.engine.scores_of(pairs, kind, "both", task)

    def faithfulness(self, task: Task) -> float | None:
        """The median over some genuine pairs of different people; None where none has one."""
        faces = self.faces
        draw = np.random.default_rng(0)
        # Any of a person's pairs: the first ones in a folder are often nearly the same photo.
        places = draw.permutation(np.flatnonzero(faces.same))
        _, first = np.unique(faces.people[faces.left[places]], return_index=True)
        correlations = []
        with _kept(faces) as cache:
            for place in draw.permutation(places[first])[:TRIED]:
                one, other = int(faces.left[place]), int(faces.right[place])
                pair = one_pair(self.model, (self.loaded, one), (self.loaded, other))
                r = faithfulness(
                    PairEditor(self.verifier, pair, cache), task=task, most=PATCHES
                ).correlation
                if task.stopped():
                    raise Stopped("Judging")
                if r is not None:
                    correlations.append(r)
        return float(np.median(correlations)) if correlations else None


@contextmanager
def _kept(faces: HeldOutFaces) -> Iterator[Cache]:
    """The crops where explanations look for them, for a while."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        cache = Cache(Path(folder) / "cache.sqlite")
        cache.put_crops(
            {_digest(place): packed_crop(crop) for place, crop in enumerate(faces.crops)}
        )
        try:
            yield cache
        finally:
            cache.close()


def _digest(place: int) -> str:
    return f"held-out-{place}"


def _changed(
    faces: HeldOutFaces, scores: dict[str, np.ndarray], before: Figures, after: Figures
) -> tuple[ChangedPair, ...]:
    """Pairs that are judged differently, those whose distance to the threshold changed most first."""
    assert before.threshold is not None and after.threshold is not None
    old, new = scores[BEFORE] - before.threshold, scores["learned"] - after.threshold
    places = np.flatnonzero((old > 0) != (new > 0))
    places = places[np.argsort(-np.abs(new - old)[places], kind="stable")][:SHOWN]
    pairs = []
    for place in places:
        left, right, same = int(faces.left[place]), int(faces.right[place]), faces.same[place]
        pairs.append(
            ChangedPair(
                faces.photos[left],
                faces.photos[right],
                faces.keys[left],
                faces.keys[right],
                bool(same),
                float(scores[BEFORE][place]),
                float(scores["learned"][place]),
                bool((new[place] > 0) == same),
            )
        )
    return tuple(pairs)


def _conclusion(held_out: HeldOut, changes: dict[str, Difference]) -> Conclusion:
    """By accuracy and AUC: one is beyond chance, and the other does not say the opposite."""
    if held_out.lacking:
        return "too few"
    if not changes:
        return "alone"
    beyond = [changes[name] for name in ("accuracy", "auc") if changes[name].beyond_chance]
    if beyond and all(change.is_up for change in beyond):
        return "better"
    if beyond and all(change.is_down for change in beyond):
        return "worse"
    return "no difference"


def _sentence(
    conclusion: Conclusion,
    held_out: HeldOut,
    changes: dict[str, Difference],
    figures: tuple[Figures | None, Figures],
    plugged_in: bool,
) -> str:
    """The verdict in words."""
    if conclusion == "too few":
        return f"Nothing can be told from so few: {held_out.lacking}."
    people = f"{held_out.people} people"
    after = figures[1].accuracy
    if conclusion == "alone":
        assert after.value is not None
        span = NO_INTERVAL
        if after.low is not None and after.high is not None:
            span = f"95 % interval {100 * after.low:.1f} to {100 * after.high:.1f}"
        return f"Accuracy {100 * after.value:.1f} % on {people} it has not seen ({span})."
    name = "accuracy"
    if not changes[name].beyond_chance and changes["auc"].beyond_chance:
        name = "auc"
    old, new = (getattr(one, name).value for one in figures)
    change = changes[name]
    shown = name if name == "accuracy" else "AUC"
    was = "the model alone has" if plugged_in else "it was"
    change_text = (
        f"{shown} {100 * new:.1f} % where {was} {100 * old:.1f} ({_points(change.value)} points, "
        f"{_span(change)})"
    )
    if plugged_in:
        return {
            "better": f"Better than the model alone on people it has not seen: {change_text}.",
            "no difference": f"The explanation costs nothing that these {people} could show: {change_text}.",
            "worse": f"The explanation costs something on people it has not seen: {change_text}.",
        }[conclusion]
    return {
        "better": f"Better on people it has not seen: {change_text}, {people}.",
        "no difference": f"No difference that these {people} could show: {change_text}.",
        "worse": f"Worse: it learned the photos; on {people} it has not seen {change_text}.",
    }[conclusion]


def _span(change: Difference) -> str:
    if change.low is None or change.high is None:
        return NO_INTERVAL
    return f"95 % interval {_points(change.low)} to {_points(change.high)}"


def _points(share: float) -> str:
    return f"{100 * share:+z.1f}".replace("-", "\N{MINUS SIGN}")
