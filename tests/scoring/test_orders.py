"""Levels and orders of a matrix: each is a permutation, and what it promises."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import XCosError
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery, identity_codes
from core.model.features import FaceFeatures
from core.project.edits import Edits, face_subject, identity_subject
from core.project.sides import edits_of_sides
from core.scoring.matrix import ScoreMatrix
from core.scoring.orders import Asked, arrange, csv_columns
from core.scoring.scored import ScoredGallery
from core.scoring.sides import Arrangement, Side

AGES = ["30", "9", "", "41", "9", "100", ""]
NAMES = ["ann", "ann", "bob", "bob", "cem", None, None]


def gallery(names: list[str | None], prefix: str = "") -> LoadedGallery:
    faces = tuple(
        Face(f"{prefix}{k}.png", 1, name, None, str(k), columns={"age": age} if age else {})
        for k, (name, age) in enumerate(zip(names, AGES, strict=False))
    )
    grid = np.zeros((len(faces), 32, 7, 7), np.float16)
    return LoadedGallery(Gallery(Path("g"), Path("g"), faces), FaceFeatures(grid, None, None))


def scored_of(scores: np.ndarray, probes: list[str | None] | None = None) -> ScoredGallery:
    columns = gallery(NAMES[: scores.shape[1]])
    rows = columns if probes is None else gallery(probes, "probe")
    codes = identity_codes(
        *((columns.gallery,) if probes is None else (rows.gallery, columns.gallery))
    )
    matrix = ScoreMatrix(
        scores.astype(np.float32), probes is None, codes[0], codes[-1], "learned", "both"
    )
    return ScoredGallery(None, rows, columns, matrix)  # type: ignore[arg-type]


def symmetric(seed: int, size: int = 7) -> np.ndarray:
    scores = np.random.default_rng(seed).uniform(-0.2, 0.9, (size, size))
    scores = (scores + scores.T) / 2
    np.fill_diagonal(scores, 1)
    return scores


@given(
    st.sampled_from(["name", "similarity", "hardness", "tags", "score", "column:age"]),
    st.sampled_from(["name", "similarity", "hardness", "tags", "score", "column:age"]),
    st.sampled_from(["faces", "people", "tags", "column:age"]),
    st.booleans(),
    st.integers(0, 100),
)
def test_orders_keep_all_faces(
    rows: str, columns: str, level: str, square: bool, seed: int
) -> None:
    scored = scored_of(symmetric(seed), None if square else NAMES)
    edits = Edits(tags={face_subject("0.png"): ("x", "y"), identity_subject("bob"): ("x",)})
    faces = ("0.png" if square else "probe0.png", "3.png")
    shown = arrange(
        scored, Asked(level, rows, rows if square else columns, faces), 0.4, (edits, edits)
    )
    for side in (shown.rows, shown.columns):
        assert set(side.places.tolist()) == set(range(7))
        assert len(side.places) == 7 or level == "tags"  # who has two tags is in two groups
    assert shown.cells_are_pairs == (level == "faces")
    for cell in np.ndindex(shown.shape):
        pair = shown.pair_at(*cell)
        found = shown.cell_of(pair)
        assert found == cell if level == "faces" else found is not None


def test_a_cell_is_a_pair_where_both_sides_are_single_faces() -> None:
    single = Side.of_faces(np.arange(3))
    grouped = Side.of_groups([("ann", np.array([0, 1])), ("bob", np.array([2]))])
    named = Side.of_groups([("ann", np.array([0])), ("bob", np.array([2]))])
    for rows, columns in product((single, grouped, named), repeat=2):
        assert Arrangement(rows, columns).cells_are_pairs == (rows is columns is single)


def test_people_tags_and_columns_are_groups() -> None:
    scored = scored_of(symmetric(0))
    edits = Edits(tags={face_subject("0.png"): ("odd",), identity_subject("bob"): ("odd", "far")})

    def groups(level: str) -> dict[str, list[int]]:
        side = arrange(scored, Asked(level), 0.5, (edits, edits)).rows
        return {name: side.faces(k).tolist() for k, name in enumerate(side.names)}

    assert groups("people") == {"ann": [0, 1], "bob": [2, 3], "cem": [4], "unknown": [5, 6]}
    assert groups("tags") == {"far": [2, 3], "odd": [0, 2, 3], "untagged": [1, 4, 5, 6]}
    assert groups("column:age") == {"9": [1, 4], "30": [0], "41": [3], "100": [5], "none": [2, 6]}
    assert list(groups("column:age")) == ["9", "30", "41", "100", "none"]
    assert csv_columns(scored) == ["age"]


def test_look_alikes_become_neighbours_with_each_person_s_faces_together() -> None:
    """Two pairs of look-alikes whose names lie apart."""
    people = np.repeat(np.arange(4), 2)  # a, b, c, d; a is like c, and b like d
    scores = np.full((8, 8), 0.1)
    for one, other in ((0, 2), (1, 3)):
        for i, j in ((one, other), (other, one)):
            scores[np.ix_(people == i, people == j)] = 0.5
    scores[people[:, None] == people[None]] = 0.8
    names = [f"{'abcd'[k]}" for k in people]
    loaded = gallery(names[:7])
    faces = tuple(Face(f"{k}.png", 1, name, None, str(k)) for k, name in enumerate(names))
    loaded = LoadedGallery(
        Gallery(Path("g"), Path("g"), faces),
        FaceFeatures(np.zeros((8, 32, 7, 7), np.float16), None, None),
    )
    matrix = ScoreMatrix(
        scores.astype(np.float32),
        True,
        people.astype(np.int32),
        people.astype(np.int32),
        "learned",
        "both",
    )
    scored = ScoredGallery(None, loaded, loaded, matrix)  # type: ignore[arg-type]
    shown = arrange(
        scored, Asked("faces", "similarity", "similarity"), 0.4, edits_of_sides(Edits())
    )
    order = people[shown.rows.places].tolist()
    runs = [order[k] for k in range(0, 8, 2)]
    assert order == [p for p in runs for _ in (0, 1)]  # a person's two faces side by side
    place = {person: k for k, person in enumerate(runs)}
    assert abs(place[0] - place[2]) == 1 and abs(place[1] - place[3]) == 1


def test_hardest_first_is_by_share_of_errors_then_by_the_worst_margin() -> None:
    scores = np.full((5, 5), 0.1)
    np.fill_diagonal(scores, 1)
    scores[0, 1] = scores[1, 0] = 0.9  # ann is recognised
    scores[2, 3] = scores[3, 2] = 0.2  # bob is not: a false reject
    scores[4, 2] = scores[2, 4] = 0.6  # cem is taken for bob
    scored = scored_of(scores)
    people = arrange(
        scored, Asked("people", "hardness", "hardness"), 0.4, edits_of_sides(Edits())
    ).rows
    # errors of all ordered pairs: bob 3 of 8, cem 1 of 4, ann none of 8
    assert people.names == ("bob", "cem", "ann")
    faces = arrange(
        scored, Asked("faces", "hardness", "hardness"), 0.4, edits_of_sides(Edits())
    ).rows
    assert faces.places.tolist() == [2, 3, 4, 0, 1]


def test_hardest_probes_and_the_faces_they_are_hard_for() -> None:
    """Three probes down, five faces across: each side is ordered by its own pairs."""
    scores = np.array([[0.9, 0.8, 0.1, 0.2, 0.1], [0.1, 0.5, 0.7, 0.8, 0.3], [0.6, 0.7, 0.1, 0.2, 0.1]])  # fmt: skip
    scored = scored_of(scores, ["ann", "bob", "bob"])
    faces = arrange(scored, Asked("faces", "hardness", "hardness"), 0.4, edits_of_sides(Edits()))
    people = arrange(scored, Asked("people", "hardness", "hardness"), 0.4, edits_of_sides(Edits()))
    # Errors of the probes: 0, 1 and 4 of 5; of the columns: 1, 2, 1, 1 and 0 of 3.
    assert people.rows.names == ("bob", "ann") and faces.rows.places.tolist() == [2, 1, 0]
    assert people.columns.names == ("ann", "bob", "cem")
    assert faces.columns.places.tolist() == [1, 0, 2, 3, 4]  # 2 is farther below than 3


def test_by_a_condition_the_worst_face_comes_first_and_unknown_ones_last() -> None:
    yaw = np.array([5.0, -40, np.nan, 20, 0, 60, np.nan])
    scored = scored_of(symmetric(0))

    def values(name: str) -> tuple[np.ndarray, np.ndarray]:
        assert name == "yaw"
        return yaw, yaw

    asked = Asked(rows="condition:yaw", columns="condition:yaw")
    shown = arrange(scored, asked, 0.3, edits_of_sides(Edits()), values=values)
    assert shown.rows.places.tolist() == [5, 1, 3, 0, 4, 2, 6] and shown.columns is shown.rows
    people = arrange(
        scored, Asked("people", *["condition:yaw"] * 2), 0.3, edits_of_sides(Edits()), values=values
    )
    # Means of the sizes of the known ones: ann 22.5, bob 20, cem 0, unknown 60.
    assert people.rows.names == ("unknown", "ann", "bob", "cem")
    for order, known, said in (
        ("condition:yaw", None, "not measured"),
        ("condition:smile", values, "'smile' is no condition"),
    ):
        with pytest.raises(XCosError, match=said):
            arrange(
                scored, Asked(rows=order, columns=order), 0.3, edits_of_sides(Edits()), values=known
            )


def test_by_score_with_the_face_looked_at() -> None:
    scores = symmetric(3)
    scored = scored_of(scores)
    shown = arrange(
        scored, Asked("faces", "score", "score", ("2.png", "5.png")), 0.4, edits_of_sides(Edits())
    )
    assert (
        shown.rows.places.tolist()
        == np.argsort(-scores[2].astype(np.float32), kind="stable").tolist()
    )
    assert shown.columns.places.tolist() == shown.rows.places.tolist()
    # Probes and gallery are of unlike counts, and each side is ordered by the other's face.
    scores = np.random.default_rng(3).uniform(-0.2, 0.9, (4, 7))
    apart, nothing = scored_of(scores, NAMES[:4]), edits_of_sides(Edits())
    faces = "probe2.png", "5.png"
    shown = arrange(apart, Asked("faces", "score", "name", faces), 0.4, nothing)
    assert shown.rows.places.tolist() == np.argsort(-scores[:, 5]).tolist()
    assert shown.columns.places.tolist() == list(range(7))
    shown = arrange(apart, Asked("faces", "name", "score", faces), 0.4, nothing)
    assert shown.rows.places.tolist() == list(range(4))
    assert shown.columns.places.tolist() == np.argsort(-scores[2]).tolist()
    # People by their mean score with that face: of rows ann and bob, two each.
    shown = arrange(apart, Asked("people", "score", "score", faces), 0.4, nothing)
    means = scores[:, 5].reshape(2, 2).mean(axis=1)
    assert [shown.rows.names[k] for k in range(2)] == [
        ("ann", "bob")[k] for k in np.argsort(-means)
    ]
    with pytest.raises(XCosError, match="click a pair first"):
        arrange(scored, Asked("faces", "score", "score"), 0.4, edits_of_sides(Edits()))


@given(st.integers(0, 200))
def test_likeness_takes_both_orders_of_a_one_sided_score(seed: int) -> None:
    scores = np.random.default_rng(seed).uniform(-0.2, 0.9, (7, 7))
    asked = Asked("faces", "similarity", "similarity")
    found = [
        arrange(scored_of(m), asked, 0.4, edits_of_sides(Edits())).rows.places
        for m in (scores, scores.T)
    ]
    mean = arrange(
        scored_of((scores + scores.T) / 2), asked, 0.4, edits_of_sides(Edits())
    ).rows.places
    assert np.array_equal(found[0], mean) and np.array_equal(found[1], mean)
