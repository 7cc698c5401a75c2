"""People held out: whole, seeded, enough of them, and what is said where they are too few."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.training.data import identities_of
from core.training.held_out import (
    MOST_PHOTOS,
    _tried,
    chosen_people,
    lacking,
    pairs_of,
    split,
)
from core.training.sources import open_source
from tests.living import make_crops

COUNTS = st.lists(st.integers(1, 9), min_size=0, max_size=30)


def names_of(counts: list[int]) -> np.ndarray:
    return np.repeat([f"p{k}" for k in range(len(counts))], counts).astype(np.str_)


@given(COUNTS, st.floats(0.01, 0.99), st.integers(0, 5))
def test_at_most_half_of_the_people_with_two_photos_are_held_out(
    counts: list[int], share: float, seed: int
) -> None:
    names = names_of(counts)
    people = chosen_people(names, share, seed)
    several = [k for k, count in enumerate(counts) if count > 1]
    assert people == chosen_people(names, share, seed)
    assert {*people} <= {f"p{k}" for k in several}
    if len(several) < 4:
        assert people == []
    else:
        assert 2 <= len(people) <= len(several) // 2


@given(st.lists(st.integers(2, 6), min_size=8, max_size=30))
def test_more_people_are_taken_until_their_pairs_are_enough(counts: list[int]) -> None:
    people = chosen_people(names_of(counts), 0.01, 0)
    chosen = [counts[int(name[1:])] for name in people]
    genuine = sum(k * (k - 1) // 2 for k in chosen)
    impostor = sum(a * b for a, b in combinations(chosen, 2))
    enough = len(people) >= 5 and genuine >= 40 and impostor >= 200
    assert enough or len(people) == len(counts) // 2


def test_a_number_of_people() -> None:
    names = names_of([12] * 10)
    assert len(chosen_people(names, 7, 0)) == 7
    assert len(chosen_people(names, 50, 0)) == 8  # two are left to learn from
    assert chosen_people(names, 0, 0) == []


def test_nobody_is_on_both_sides(tmp_path: Path) -> None:
    crops = make_crops(tmp_path / "crops", {f"p{k}": 3 for k in range(12)})
    (source,) = (open_source(crops, True),)
    names = identities_of([source])
    rest, held_out = split([source], names, chosen_people(names, 0.5, 0), 0)
    assert held_out is not None
    seen = {photo.parent.name for photo in held_out.photos}
    left = {*identities_of(rest).tolist()}
    assert len(seen) == 6 and len(left) == 6 and seen.isdisjoint(left)
    assert held_out.counts == (6, 6 * 3, 15 * 9)
    same = [
        held_out.photos[i].parent == held_out.photos[j].parent
        for i, j in zip(held_out.left, held_out.right, strict=True)
    ]
    assert held_out.same.tolist() == same


def test_pairs_are_all_pairs_or_a_seeded_part() -> None:
    left, right, same = pairs_of(np.repeat([0, 1, 2], 4), 0)
    assert len(left) == 12 * 11 // 2 and int(same.sum()) == 3 * 6
    left, right, same = pairs_of(np.repeat(np.arange(100), 3), 0)
    assert int(same.sum()) == 300 and len(same) == 12_300
    again = pairs_of(np.repeat(np.arange(100), 3), 0)
    assert all(np.array_equal(a, b) for a, b in zip((left, right, same), again, strict=True))


def test_of_a_person_of_many_photos_some_are_tried_and_none_twice() -> None:
    names = names_of([30, 3, 25, 2])
    out = np.isin(names, ["p0", "p1"])
    tried = _tried(names, out, 0)
    counts = Counter(names[tried].tolist())
    assert counts == {"p0": MOST_PHOTOS, "p1": 3} and len({*tried.tolist()}) == len(tried)
    assert (np.diff(tried) > 0).all() and not np.array_equal(tried, _tried(names, out, 1))
    assert np.array_equal(tried, _tried(names, out, 0))


def test_what_is_missing_is_said() -> None:
    assert lacking(5, 40, 200) == ""
    assert lacking(2, 50, 300).endswith("it takes 5 people at least")
    assert "40 genuine pairs and 200 impostor pairs" in lacking(6, 39, 199)
    assert "nobody could be held out" in lacking(0, 0, 0)
