"""Which pairs are taken together, how they are called, and why a filter lets none through."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import XCosError
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery, identity_codes
from core.model.features import FaceFeatures
from core.project.edits import Edits, face_subject, identity_subject, pair_subject
from core.project.sides import edits_of_sides
from core.query.given import FilterInput, check
from core.query.language import parse
from core.query.selection import Whose, select, select_listed
from core.query.why import why_none
from core.scoring.lists import PairList
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoredGallery

ROWS, COLUMNS = ["ann", "ann", "bob", None], ["ann", "bob", "bob", None, "cem"]
T = 0.5


def faces_of(names: list[str | None], letter: str) -> tuple[Face, ...]:
    return tuple(
        Face(f"{letter}{k}.png", 1, name, None, f"{letter}{k}") for k, name in enumerate(names)
    )


def matrix_of(square: bool) -> ScoreMatrix:
    galleries = [Gallery(Path(), Path(), faces_of(ROWS, "r"))]
    if not square:
        galleries.append(Gallery(Path(), Path(), faces_of(COLUMNS, "c")))
    codes = identity_codes(*galleries)
    scores = np.random.default_rng(1).uniform(0, 1, (4, 4 if square else 5)).astype(np.float32)
    if square:
        scores = np.maximum(scores, scores.T)
    return ScoreMatrix(scores, square, codes[0], codes[-1], "uniform", "both")


def cells(matrix: ScoreMatrix) -> list[tuple[int, int]]:
    n, m = matrix.scores.shape
    return [(i, j) for i in range(n) for j in range(i + 1 if matrix.square else 0, m)]


def places(pairs: PairList) -> list[tuple[int, int]]:
    return list(zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True))


@pytest.mark.parametrize("square", [True, False])
def test_a_selection_is_what_all_of_its_conditions_leave(square: bool) -> None:
    matrix = matrix_of(square)
    every, n, m = cells(matrix), *matrix.scores.shape
    assert places(select(matrix, T).pairs) == every
    one = Whose("ann", np.arange(n) < 2, np.arange(m) == 0, np.array([[3, 2]]))
    two = Whose("tag odd", np.arange(n) == 9, np.arange(m) >= 2)
    mask = matrix.scores > 0.3
    found = select(matrix, T, None, [one, two], ("score > 0.3", mask))
    wanted = [
        (i, j)
        for i, j in every
        if (i < 2 or j == 0 or (i, j) == (3, 2)) and j >= 2 and matrix.scores[i, j] > 0.3
    ]
    assert places(found.pairs) == wanted and found.total == len(wanted) > 1
    assert found.title == "pairs of ann and tag odd that pass 'score > 0.3'"
    names = ROWS, ROWS if square else COLUMNS
    for outcome in ("TP", "FP", "FN", "TN", "unknown"):
        wanted = []
        for i, j in every:
            left, right, same = names[0][i], names[1][j], matrix.scores[i, j] > T
            told = "unknown"
            if left and right:
                told = ("TP" if same else "FN") if left == right else ("FP" if same else "TN")
            wanted += [(i, j)] if told == outcome else []
        assert places(select(matrix, T, outcome).pairs) == wanted  # type: ignore[arg-type]


def test_whose_are_the_pairs_of_an_identity_or_a_tag() -> None:
    rows, columns = faces_of(ROWS, "r"), faces_of(COLUMNS, "c")
    edits = Edits(
        tags={
            face_subject("r3.png"): ("odd",),
            identity_subject("cem"): ("odd",),
            pair_subject("c1.png", "r0.png"): ("odd",),
            pair_subject("r1.png", "gone.png"): ("odd",),
            face_subject("c0.png"): ("other",),
        }
    )
    tagged = Whose.tag("odd", (edits, edits), rows, columns)
    assert tagged.name == "tag odd" and not tagged.empty
    assert tagged.rows.tolist() == [False, False, False, True]
    assert tagged.columns.tolist() == [False, False, False, False, True]
    assert tagged.pairs.tolist() == [[0, 1]]
    whole = tagged.cells(slice(0, 4))
    assert whole.sum() == 5 + 3 + 1 and whole[0, 1] and whole[3].all() and whole[:, 4].all()
    assert tagged.cells(slice(1, 3)).tolist() == whole[1:3].tolist()
    assert tagged.cells(slice(0, 1)).tolist() == whole[:1].tolist()
    beyond = Whose("x", np.zeros(4, bool), np.zeros(5, bool), np.array([[2, 1]]))
    assert not beyond.cells(slice(0, 2)).any() and not beyond.empty
    assert beyond.cells(slice(2, 4)).tolist() == [[False, True, False, False, False], [False] * 5]
    assert Whose.tag("none", (edits, edits), rows, columns).empty
    bob = Whose.identity("bob", rows, columns)
    assert bob.rows.tolist() == [False, False, True, False]
    assert bob.columns.tolist() == [False, True, True, False, False]


def test_of_a_long_list_a_seeded_part_is_looked_at_in_its_order() -> None:
    pairs = PairList(np.arange(30), np.arange(30) + 1, np.arange(30) / 30)
    assert select_listed("pairs", pairs, 30).pairs is pairs
    found = select_listed("false rejects", pairs, 29, seed=3)
    rows = found.pairs.rows
    assert len(rows) == 29 and found.total == 30 and (np.diff(rows) > 0).all()
    assert found.counted == "29 of 30 false rejects, drawn at random"
    again, other = (select_listed("x", pairs, 12, seed=seed).pairs.rows for seed in (3, 4))
    assert np.array_equal(again, select_listed("x", pairs, 12, seed=3).pairs.rows)
    assert not np.array_equal(again, other)
    assert select_listed("pairs of pairs", pairs.head(1)).counted == "1 pair of pairs"
    assert select_listed("pairs", pairs.head(0)).counted == "0 pairs"


def given_of(square: bool, threshold: float | None = T) -> FilterInput:
    matrix = matrix_of(square)
    sides = [
        LoadedGallery(
            Gallery(Path(), Path(), faces), FaceFeatures(np.zeros((len(faces), 32, 7, 7)), None)
        )
        for faces in (faces_of(ROWS, "r"), faces_of(ROWS if square else COLUMNS, "c"))
    ]
    scored = object.__new__(ScoredGallery)
    for name, value in (
        ("matrix", matrix),
        ("rows", sides[0]),
        ("columns", sides[0] if square else sides[1]),
    ):
        object.__setattr__(scored, name, value)
    return FilterInput(scored, threshold, edits_of_sides(Edits()))


@pytest.mark.parametrize("square", [True, False])
def test_how_far_a_filter_gets_is_told_in_pairs(square: bool) -> None:
    given = given_of(square)
    matrix = given.scored.matrix
    names = ROWS, ROWS if square else COLUMNS
    same = [(i, j) for i, j in cells(matrix) if names[0][i] and names[0][i] == names[1][j]]
    high = [cell for cell in same if matrix.scores[cell] > 0.2]
    assert len(same) == (1 if square else 4)
    told = why_none(parse("genuine and score > 0.2 and score > 5"), given)
    first = "1 pair passes" if len(high) == 1 else f"{len(high)} pairs pass"
    assert told == f"{first} genuine and score > 0.2, of which none passes score > 5"
    assert why_none(parse("score > 5 and genuine"), given) == "no pair passes score > 5"
    assert why_none(parse("score > 5"), given) == "no pair passes score > 5"


class Fragile:
    fragile, threshold = np.zeros((4, 5), bool), 0.4


@pytest.mark.parametrize(
    ("text", "threshold", "told"),
    [
        ("outcome = FP", None, "need a threshold"),
        ("margin > 0.1", None, "need a threshold"),
        ("score > 0.1", None, ""),
        ("target > 0.1", T, "asks for target, which these faces do not have; choose a target"),
        ("fc > 0.1", T, "asks for fc, which these faces do not have; choose weights"),
        ("sharpness > 1", T, "conditions of faces, which are not measured here"),
        ("column(age) > 1", T, r"asks for column\(age\), which the gallery lacks; it has none"),
        ("fragile", T, "looked for at the threshold 0.4000; do so again"),
        ("fragile", 0.4, ""),
    ],
)
def test_what_a_filter_may_not_ask(text: str, threshold: float | None, told: str) -> None:
    given = given_of(False, threshold)
    given = FilterInput(given.scored, threshold, edits_of_sides(Edits()), Fragile())
    if told:
        with pytest.raises(XCosError, match=told):
            check(parse(text), given)
    else:
        check(parse(text), given)
