"""How readers agree, how right they are, and what they add to the score."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.errors import XCosError, counted
from core.project.readings import RATINGS, Reading
from core.project.sides import cells_of_pair
from core.scoring.scored import ScoredGallery

FOLDS = 5
FEWEST = 20  # pairs of known truth for a fusion


@dataclass(frozen=True)
class ReaderFigures:
    """One reader.

    read:      pairs rated; decided: those not rated 0 whose truth is known
    accuracy:  of the decided ones, in [0, 1]
    auc:       of the ratings over all pairs of known truth; None without both sorts
    confusion: (2, 7) counts of ratings from -3 to 3: of pairs of two people, and of one
    """

    name: str
    read: int
    decided: int
    accuracy: float | None
    auc: float | None
    confusion: np.ndarray

    @property
    def calibration(self) -> tuple[float | None, ...]:
        """For each rating, the share of its pairs that show one person; None where it has none."""
        total = self.confusion.sum(axis=0)
        return tuple(
            float(one / all_) if all_ else None
            for one, all_ in zip(self.confusion[1], total, strict=True)
        )


@dataclass(frozen=True)
class Fusion:
    """AUC of the score, of the mean rating, and of both by logistic regression, people held out."""

    pairs: int
    score: float
    ratings: float
    fused: float

    @property
    def gain(self) -> float:
        """What the readers add to the score."""
        return self.fused - self.score


@dataclass(frozen=True)
class Readers:
    """All readers of a gallery.

    kappa:  quadratically weighted, of each two readers, with the pairs that both rated
    alpha:  Krippendorff's, of all of them with interval distances; None where no pair was rated
            twice or all ratings are equal
    fusion: None with fewer than 20 rated pairs of known truth, or of one sort only
    elsewhere: readings of faces that this gallery lacks
    """

    readers: tuple[ReaderFigures, ...]
    kappa: tuple[tuple[str, str, float | None, int], ...]
    alpha: float | None
    fusion: Fusion | None
    elsewhere: int


def readers_of(scored: ScoredGallery, readings: Sequence[Reading]) -> Readers:
    """Figures of all readers of a gallery's pairs. Raises XCosError where there is no reading."""
    if not readings:
        raise XCosError(
            f"Nobody has read a pair of {scored.columns.gallery.source} yet; rate some under "
            "Analyse, Second reader, or bring ratings in from a CSV."
        )
    rows, columns = scored.rows.gallery.index(), scored.columns.gallery.index()
    names = sorted({one.reader for one in readings})
    pairs: dict[tuple[str, str], tuple[int, int]] = {}
    for one in readings:
        cells = cells_of_pair((one.left, one.right), rows, columns, scored.square)
        if cells:  # of one gallery both: the upper one is the pair's
            pairs[one.left, one.right] = min(cells)
    here = [one for one in readings if (one.left, one.right) in pairs]
    if not here:
        raise XCosError("No reading is of a pair of this gallery; open the gallery that was read.")
    places = {pair: place for place, pair in enumerate(pairs)}
    table = np.full((len(names), len(pairs)), np.nan)
    for one in here:
        table[names.index(one.reader), places[one.left, one.right]] = one.rating
    row, column = np.array([*pairs.values()]).T
    own, other = scored.matrix.rows[row], scored.matrix.columns[column]
    truth = np.where((own < 0) | (other < 0), np.nan, own == other)
    scores = scored.matrix.scores[row, column].astype(np.float64)
    return Readers(
        tuple(_reader(name, line, truth) for name, line in zip(names, table, strict=True)),
        tuple(_kappa(names, table, a, b) for a, b in combinations(range(len(names)), 2)),
        krippendorff_alpha(table),
        _fusion(table, truth, scores, (own, other)),
        len(readings) - len(here),
    )


def krippendorff_alpha(table: np.ndarray) -> float | None:
    """Alpha of readers by pairs (R, K), NaN where one did not rate, with interval distances.

    1 is agreement, 0 is chance (Krippendorff, 2011). None without two ratings of one pair, or where
    all ratings are equal.
    """
    rated = (~np.isnan(table)).sum(axis=0)
    values = table[:, rated > 1]
    counts = rated[rated > 1]
    if not len(counts):
        return None
    every = values[~np.isnan(values)]
    # The squares of all differences, without a table of them.
    squares = len(every) * (every**2).sum() - every.sum() ** 2
    expected = 2 * squares / (len(every) - 1)
    if expected == 0:
        return None
    # Within a pair, all ordered pairs of its ratings: 2 n times their sum of squares about the mean.
    spread = np.nanvar(values, axis=0) * counts * 2 * counts
    return float(1 - (spread / (counts - 1)).sum() / expected)


def _reader(name: str, line: np.ndarray, truth: np.ndarray) -> ReaderFigures:
    known = ~np.isnan(line) & ~np.isnan(truth)
    ratings, same = line[known], truth[known] == 1
    confusion = np.stack(
        [[int((ratings[same == sort] == r).sum()) for r in RATINGS] for sort in (False, True)]
    )
    decided = ratings != 0
    right = (ratings > 0) == same
    return ReaderFigures(
        name,
        int((~np.isnan(line)).sum()),
        int(decided.sum()),
        float(right[decided].mean()) if decided.any() else None,
        _auc(same, ratings),
        confusion,
    )


def _kappa(
    names: list[str], table: np.ndarray, a: int, b: int
) -> tuple[str, str, float | None, int]:
    from sklearn.metrics import cohen_kappa_score

    both = ~np.isnan(table[a]) & ~np.isnan(table[b])
    one, other = (table[k][both].astype(int) for k in (a, b))
    if not both.any() or len(np.union1d(one, other)) < 2:
        return names[a], names[b], None, int(both.sum())
    value = cohen_kappa_score(one, other, labels=list(RATINGS), weights="quadratic")
    return names[a], names[b], float(value), int(both.sum())


def _fusion(
    table: np.ndarray, truth: np.ndarray, scores: np.ndarray, people: tuple[np.ndarray, np.ndarray]
) -> Fusion | None:
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(truth) & ~np.isnan(table).all(axis=0)
    same = truth[known] == 1
    if known.sum() < FEWEST or same.all() or not same.any():
        return None
    rating = np.nanmean(table[:, known], axis=0)
    features = np.stack([scores[known], rating], axis=1)
    features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-12)
    own, other = people[0][known], people[1][known]
    codes = np.union1d(own, other)
    fold = np.random.default_rng(0).permutation(len(codes)) % FOLDS
    left, right = fold[np.searchsorted(codes, own)], fold[np.searchsorted(codes, other)]
    fused = np.full(len(same), np.nan)
    for pair in {*zip(left.tolist(), right.tolist(), strict=True)}:
        mine = (left == pair[0]) & (right == pair[1])
        seen = ~(np.isin(left, pair) | np.isin(right, pair))
        if same[seen].any() and not same[seen].all():
            model = LogisticRegression().fit(features[seen], same[seen])
            fused[mine] = model.decision_function(features[mine])
    judged = ~np.isnan(fused)
    figures = [_auc(same[judged], values[judged]) for values in (scores[known], rating, fused)]
    score, ratings, both = figures
    if score is None or ratings is None or both is None:
        return None
    return Fusion(int(judged.sum()), score, ratings, both)


def _auc(same: np.ndarray, values: np.ndarray) -> float | None:
    from sklearn.metrics import roc_auc_score

    if not same.any() or same.all():
        return None
    return float(roc_auc_score(same, values))


def readers_words(agreement: Readers) -> list[str]:
    """The figures in sentences."""
    sentences = []
    for one in agreement.readers:
        right = (
            "" if one.accuracy is None else f", {100 * one.accuracy:.1f} % of {one.decided} right"
        )
        auc = "" if one.auc is None else f", AUC {one.auc:.3f}"
        read = counted(one.read, "pair")
        sentences.append(f"{one.name}: {read}{right}{auc}.")
    for a, b, kappa, pairs in agreement.kappa:
        figure = "not known" if kappa is None else f"{kappa:z.3f}"
        sentences.append(f"{a} and {b}: weighted kappa {figure} over {counted(pairs, 'pair')}.")
    if agreement.alpha is not None:
        sentences.append(f"Krippendorff's alpha of all readers: {agreement.alpha:z.3f}.")
    if agreement.fusion is not None:
        fused = agreement.fusion
        sentences.append(
            f"AUC of the score {fused.score:.3f}, of the readers {fused.ratings:.3f}, of both "
            f"{fused.fused:.3f} ({fused.pairs} pairs, people held out): the readers add "
            f"{fused.gain:+z.3f}."
        )
    return sentences
