"""Chosen pairs: counted each once, and rates with intervals, against counting them one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.rates import RateSums, rate_intervals
from core.analysis.selection import look_at_chosen
from core.scoring.scored import ScoredGallery
from core.scoring.selected import ChosenPairs
from tests.scoring.test_orders import NAMES, scored_of, symmetric


@given(
    st.booleans(),
    st.lists(
        st.tuples(
            st.sets(st.integers(0, 6), min_size=1),
            st.sets(st.integers(0, 6), min_size=1),
            st.booleans(),
        ),
        max_size=4,
    ),
    st.integers(0, 50),
)
def test_chosen_pairs_are_counted_once(
    square: bool, drags: list[tuple[set[int], set[int], bool]], seed: int
) -> None:
    scored = scored_of(symmetric(seed), None if square else NAMES)
    chosen, wanted = ChosenPairs(square), set[tuple[int, int]]()
    for rows, columns, adds in drags:
        chosen = chosen.with_rectangle((7, 7), np.array([*rows]), np.array([*columns]), adds)
        cells = {(i, j) for i in rows for j in columns}
        if square:
            cells = {(min(c), max(c)) for c in cells if c[0] != c[1]}
        wanted = wanted | cells if adds else wanted - cells
    found = look_at_chosen(scored, chosen, 0.3)
    outcomes = [scored.matrix.outcome(i, j, 0.3) for i, j in wanted]
    assert found.total == len(wanted)
    for name in ("TP", "FP", "FN", "TN", "unknown"):
        assert getattr(found.counts, name.lower()) == outcomes.count(name)
    listed = list(zip(found.pairs.rows.tolist(), found.pairs.columns.tolist(), strict=True))
    assert set(listed) == wanted and len(listed) == len(wanted)
    known = [pair for pair in listed if scored.matrix.outcome(*pair, 0.3) != "unknown"]
    assert listed[: len(known)] == known
    badness = [
        (1 if scored.matrix.outcome(*p, 0.3) in ("FP", "TN") else -1)
        * (float(scored.matrix.scores[p]) - 0.3)
        for p in known
    ]
    assert badness == sorted(badness, reverse=True)
    if found.far is not None:
        assert found.far.rate == found.counts.far
        people = {n for pair in listed for n in names_of(scored, pair) if n is not None}
        if found.far.low is not None and found.far.high is not None:
            assert 0 <= found.far.low <= found.far.high <= 1
        else:  # of the same two people alone nothing can be drawn anew
            assert len(people) < 4
    if found.tar is not None:
        assert found.tar.rate == found.counts.tar


def test_an_interval_is_that_of_drawing_identities_one_by_one() -> None:
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(12), 3)
    scores = rng.normal(0.1, 0.2, (36, 36))
    scores[people[:, None] == people] += 0.4
    sums = RateSums(12)
    i, j = np.triu_indices(36, 1)
    sums.add(people[i], people[j], scores[i, j] > 0.3)
    tar, far = rate_intervals(sums)
    assert tar is not None and far is not None and far.identities == tar.identities == 12
    rates = []
    for _ in range(
        1500
    ):  # by hand: copies of a person's pairs, a pair of copies is no impostor pair
        drawn = np.bincount(rng.integers(0, 12, 12), minlength=12)
        own = people[i] == people[j]
        w = np.where(own, drawn[people[i]], drawn[people[i]] * drawn[people[j]])
        same = scores[i, j] > 0.3
        rates.append(
            (np.average(same[own], weights=w[own]), np.average(same[~own], weights=w[~own]))
        )
    for k, found in enumerate((tar, far)):
        low, high = np.percentile([r[k] for r in rates], [2.5, 97.5])
        assert found.low == pytest.approx(low, abs=0.03) and found.high == pytest.approx(
            high, abs=0.03
        )


def names_of(scored: ScoredGallery, pair: tuple[int, int]) -> tuple[str | None, ...]:
    return tuple(face.identity for face in scored.faces(*pair))


def test_pairs_of_the_same_two_people_have_no_interval() -> None:
    scored = scored_of(symmetric(0))
    chosen = ChosenPairs(True).with_rectangle((7, 7), np.arange(4), np.arange(4), True)
    found = look_at_chosen(scored, chosen, 0.3)  # ann and bob
    assert found.far is not None and (found.far.low, found.far.identities) == (None, 2)
    assert found.tar is not None and found.tar.identities == 2
    assert found.tar.rate == 1 and found.tar.low is None  # whoever is drawn, all pass


def test_nothing_chosen_has_no_rates() -> None:
    scored = scored_of(symmetric(0))
    found = look_at_chosen(scored, ChosenPairs(True), 0.3)
    assert found.total == 0 and found.tar is None and found.far is None and not len(found.pairs)


def test_many_pairs_of_identities_give_the_same_interval_dense_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = np.random.default_rng(3).random((40, 40))
    answers = []
    for dense in (30, 0):
        monkeypatch.setattr("core.analysis.bootstrap.DENSE", dense)
        sums = RateSums(40)
        i, j = np.nonzero(np.ones((40, 40), bool))
        sums.add(i, j, scores[i, j] > 0.5)
        answers.append(rate_intervals(sums))
    assert answers[0] == answers[1]
