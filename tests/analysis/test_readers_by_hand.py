"""How readers agree and how right they are, by loops over their ratings."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from core.analysis.readers.agreement import (
    Fusion,
    ReaderFigures,
    Readers,
    _kappa,
    _reader,
    krippendorff_alpha,
    readers_words,
)


def ratings(seed: int, readers: int = 3, pairs: int = 12) -> np.ndarray:
    """Ratings around each pair's own, some of them missing."""
    rng = np.random.default_rng(seed)
    usual = rng.integers(-2, 3, pairs)
    table = (usual + rng.integers(-1, 2, (readers, pairs))).astype(float)
    table[rng.random(table.shape) < 0.25] = np.nan
    return table


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_one_less_observed_over_expected_disagreement(seed: int) -> None:
    table = ratings(seed)
    units = [[v for v in column if not np.isnan(v)] for column in table.T]
    units = [unit for unit in units if len(unit) > 1]
    every = [value for unit in units for value in unit]
    n = len(every)
    observed = sum(
        sum((a - b) ** 2 for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units
    )
    expected = sum((a - b) ** 2 for a, b in permutations(every, 2)) / (n - 1)
    assert krippendorff_alpha(table) == pytest.approx(1 - observed / expected)


def test_alpha_needs_two_ratings_of_a_pair_that_differ_somewhere() -> None:
    nothing = np.array([[1.0, np.nan], [np.nan, 2.0]])
    assert krippendorff_alpha(nothing) is None
    assert krippendorff_alpha(np.array([[2.0, 2.0, 1], [2.0, 2.0, np.nan]])) is None
    assert krippendorff_alpha(np.array([[2.0, 1.0], [2.0, 1.0]])) == 1


@pytest.mark.parametrize("seed", range(4))
def test_kappa_weighs_a_disagreement_by_its_square(seed: int) -> None:
    table = ratings(seed, pairs=15)
    both = [(a, b) for a, b in zip(table[0], table[2], strict=True) if not np.isnan(a + b)]
    seen = sum((a - b) ** 2 for a, b in both) / len(both)
    chance = sum((a - b) ** 2 for a, _ in both for _, b in both) / len(both) ** 2
    found = _kappa(["kim", "lou", "max"], table, 0, 2)
    assert found == ("kim", "max", pytest.approx(1 - seen / chance), len(both))


def test_kappa_of_equal_ratings_or_of_none_is_not_told() -> None:
    table = np.array([[1.0, 1, np.nan], [1, 1, 2], [np.nan, np.nan, 3]])
    assert _kappa(["a", "b", "c"], table, 0, 1) == ("a", "b", None, 2)
    assert _kappa(["a", "b", "c"], table, 0, 2) == ("a", "c", None, 0)


def test_a_reader_is_right_where_the_sign_of_a_rating_is() -> None:
    line = np.array([3, -1, 0, 2, np.nan, 1, -3, 0, -2])
    truth = np.array([1, 0, 1, 0, 1, np.nan, 1, 0, 0])
    found = _reader("kim", line, truth)
    assert (found.name, found.read, found.decided) == ("kim", 8, 5)
    assert found.accuracy == pytest.approx(3 / 5)
    # Genuine 3, 0, -3; impostor -1, 2, 0, -2.
    wins = [(g > i) + (g == i) / 2 for g in (3, 0, -3) for i in (-1, 2, 0, -2)]
    assert found.auc == pytest.approx(sum(wins) / 12)
    assert found.confusion.tolist() == [[0, 1, 1, 1, 0, 1, 0], [1, 0, 0, 1, 0, 0, 1]]
    assert found.calibration == (1.0, 0.0, 0.0, 0.5, None, 0.0, 1.0)
    nobody = _reader("lou", np.array([0.0, np.nan]), np.array([1.0, 0.0]))
    assert (nobody.read, nobody.decided, nobody.accuracy, nobody.auc) == (1, 0, None, None)


def test_figures_are_told_in_sentences_and_what_is_not_known_is_left_out() -> None:
    blank = np.zeros((2, 7), np.int64)
    ann = ReaderFigures("Ann", 30, 24, 0.875, 0.91249, blank)
    told = Readers(
        (ann, ReaderFigures("Bob", 1, 0, None, None, blank)),
        (("Ann", "Bob", 0.41251, 12), ("Ann", "Cem", None, 0)),
        0.3204,
        Fusion(24, 0.8, 0.75, 0.8431),
        0,
    )
    assert told.fusion is not None and told.fusion.gain == pytest.approx(0.0431)
    assert readers_words(told) == [
        "Ann: 30 pairs, 87.5 % of 24 right, AUC 0.912.",
        "Bob: 1 pair.",
        "Ann and Bob: weighted kappa 0.413 over 12 pairs.",
        "Ann and Cem: weighted kappa not known over 0 pairs.",
        "Krippendorff's alpha of all readers: 0.320.",
        "AUC of the score 0.800, of the readers 0.750, of both 0.843 (24 pairs, people held out): "
        "the readers add +0.043.",
    ]
    assert readers_words(replace(told, readers=(), kappa=(), alpha=None, fusion=None)) == []


def test_alpha_of_very_many_ratings_needs_no_table_of_their_pairs() -> None:
    """A table of all differences of 200,000 ratings would take 320 GB."""
    rng = np.random.default_rng(0)
    truth = rng.integers(-2, 3, 100_000)
    few, many = (
        krippendorff_alpha(np.stack([truth[:k], truth[:k] + rng.integers(-1, 2, k)]).astype(float))
        for k in (3000, 100_000)
    )
    assert few is not None and many == pytest.approx(few, abs=0.02)
