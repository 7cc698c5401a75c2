"""Errors spread over people and evidence: nobody fills the list, no kind of evidence is left out."""

from contextlib import closing
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.diverse import _in_turn, diverse_pairs
from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.gallery.opening import open_gallery
from core.model.attention_weights import read_head
from core.model.card import read_card
from core.model.verifier import Verifier
from core.scoring.engine import PairEngine
from core.scoring.lists import pairs_of
from core.scoring.scored import ScoringModel, score_gallery


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 60), st.integers(0, 1000))
def test_groups_take_turns_and_nobody_is_listed_twice_before_the_others(
    size: int, groups: int, count: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    people = rng.integers(-1, 8, (size, 2))
    labels = rng.integers(0, groups, size)
    parts = [np.flatnonzero(labels == k) for k in range(groups)]
    chosen = _in_turn(parts, people, count)
    assert len(set(chosen.tolist())) == len(chosen) == min(count, size)
    taken = [int((labels[chosen] == k).sum()) for k in range(groups)]
    for k, part in enumerate(parts):  # a group that has pairs left is at most one behind any other
        if taken[k] < len(part):
            assert max(taken) - taken[k] <= 1


def test_of_two_people_the_worst_pair_alone(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    with closing(Cache(tmp_path / "cache.sqlite")) as cache:
        verifier, card = Verifier(tiny_weights, "cpu"), read_card(tiny_weights)
        loaded = open_gallery(
            crops, verifier=verifier, cache=cache, settings=GallerySettings(aligned=True)
        )
        engine = PairEngine(read_head(tiny_weights), card.correlation)
        scored = score_gallery(ScoringModel(card, engine), loaded)
    threshold = float(np.median(scored.matrix.scores))
    every = pairs_of(scored.matrix, "FP", threshold)
    found = diverse_pairs(scored, "FP", threshold)
    codes = scored.matrix.rows
    worst: dict[tuple[int, int], tuple[int, int]] = {}
    for i, j in zip(every.rows.tolist(), every.columns.tolist(), strict=True):
        key = (int(min(codes[i], codes[j])), int(max(codes[i], codes[j])))
        worst.setdefault(key, (i, j))
    assert set(zip(found.rows.tolist(), found.columns.tolist(), strict=True)) == set(worst.values())
    assert len(found) == len(worst) > 0
