"""People's scores and classes against slow counting, and the command that prints them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.people import People, Person, classified, people, person_maps
from core.cli import main
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.features import FaceFeatures
from core.scoring.engine import PairEngine
from core.scoring.lists import pairs_with
from core.scoring.matrix import ScoreMatrix
from tests.weights import scored

T = 0.1
NAMES = ("ann", "bob", "cem", "dan")


def loaded(codes: np.ndarray, seed: int = 0) -> LoadedGallery:
    faces = tuple(
        Face(f"{k}.png", 1, None if code < 0 else NAMES[code], None, f"d{k}")
        for k, code in enumerate(codes)
    )
    grid = np.random.default_rng(seed).normal(size=(len(codes), 32, 7, 7)).astype(np.float32)
    return LoadedGallery(Gallery(Path("g"), Path("g"), faces), FaceFeatures(grid))


def random_matrix(seed: int, square: bool) -> ScoreMatrix:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, 4, 9).astype(np.int32)
    columns = rows if square else rng.integers(-1, 4, 11).astype(np.int32)
    scores = (rng.integers(-8, 9, (len(rows), len(columns))) / 8).astype(np.float32)
    return ScoreMatrix(scores, square, rows, columns, "uniform", "both")


def every_pair(matrix: ScoreMatrix) -> list[tuple[int, int, float]]:
    n, m = matrix.scores.shape
    return [
        (i, j, float(matrix.scores[i, j]))
        for i in range(n)
        for j in range(m)
        if (not matrix.square or i < j) and matrix.rows[i] >= 0 and matrix.columns[j] >= 0
    ]


@given(st.integers(0, 10**6), st.booleans())
def test_each_person_against_counting_pair_by_pair(seed: int, square: bool) -> None:
    matrix = random_matrix(seed, square)
    found = people(scored(matrix, loaded(matrix.rows), loaded(matrix.columns)), T)
    pairs = every_pair(matrix)
    present = {*matrix.rows.tolist(), *matrix.columns.tolist()} - {-1}
    assert [p.identity for p in found.persons] == [NAMES[code] for code in sorted(present)]
    for person in found.persons:
        code = NAMES.index(person.identity)
        own = [s for i, j, s in pairs if matrix.rows[i] == matrix.columns[j] == code]
        other = [
            (i, j, s)
            for i, j, s in pairs
            if (matrix.rows[i] == code) != (matrix.columns[j] == code)
        ]
        assert person.genuine_pairs == len(own) and person.impostor_pairs == len(other)
        assert person.false_rejects == sum(s <= T for s in own)
        assert person.false_accepts == sum(s > T for *_, s in other)
        assert person.genuine_worst == (min(own) if own else None)
        assert person.impostor_worst == (max(s for *_, s in other) if other else None)
        if own:
            assert person.genuine_mean == pytest.approx(np.mean(own))
        if other:
            assert person.impostor_mean == pytest.approx(np.mean([s for *_, s in other]))
            highest: dict[tuple[str, int], float] = {}
            for i, j, s in other:
                face = ("r", i) if matrix.rows[i] == code else ("r" if square else "c", j)
                highest[face] = max(s, highest.get(face, -9))
            assert person.impostor_highest == pytest.approx(np.mean([*highest.values()]))
        if square:
            assert person.as_gallery == person.as_probe


@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([None, True, False]))
def test_a_person_s_pairs_are_listed_once_worst_first(
    seed: int, square: bool, genuine: bool | None
) -> None:
    matrix = random_matrix(seed, square)
    listed = pairs_with(matrix, 1, T, 1000, genuine)
    expected = []
    for i, j, s in every_pair(matrix):
        same = matrix.rows[i] == matrix.columns[j]
        if 1 in (matrix.rows[i], matrix.columns[j]) and genuine in (None, same):
            expected.append((i, j, T - s if same else s - T))
    found = list(zip(listed.rows.tolist(), listed.columns.tolist(), strict=True))
    assert sorted(found) == sorted((i, j) for i, j, _ in expected)
    badness = {(i, j): bad for i, j, bad in expected}
    told = [badness[pair] for pair in found]
    assert told == sorted(told, reverse=True)
    short = pairs_with(matrix, 1, T, 3, genuine)
    assert len(short) == min(3, len(expected))


def person(name: str, genuine: float | None, impostor: float) -> Person:
    role = (impostor, impostor)
    return Person(name, 2, 1, genuine, genuine, 9, impostor, impostor, impostor, role, role, 0, 0)


@pytest.fixture
def small_quarters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes among four people already, so that they can be counted by hand."""
    monkeypatch.setattr("core.analysis.people.LEAST_PEOPLE", 4)


def test_a_handful_of_people_has_no_classes() -> None:
    crowd = tuple(person(f"p{k}", k / 20, (7 * k % 20) / 20) for k in range(20))
    told = {
        count: {
            p.animal
            for p in classified(People(crowd[:count], T, "mean", None, None, 0), "mean").persons
        }
        for count in (19, 20)
    }
    assert told[19] <= {"sheep", None} and {"goat", "lamb", "dove"} & told[20]


@pytest.mark.usefixtures("small_quarters")
def test_classes_are_the_corners_and_sides_of_the_quarters() -> None:
    persons = (
        person("worm", 0.1, 0.9),
        person("phantom", 0.1, 0.1),
        person("goat", 0.1, 0.5),
        person("sheep1", 0.5, 0.5),
        person("lamb", 0.5, 0.9),
        person("sheep2", 0.5, 0.1),
        person("chameleon", 0.9, 0.9),
        person("dove", 0.9, 0.1),
        person("sheep3", 0.9, 0.5),
        person("single", None, 0.5),
    )
    found = classified(People(persons, T, "mean", None, None, 0), "mean")
    told = {p.identity: p.animal for p in found.persons}
    assert told.pop("single") is None
    assert {name.rstrip("123"): animal for name, animal in told.items()} == {
        name: name for name in ("worm", "phantom", "goat", "sheep", "lamb", "chameleon", "dove")
    }
    few = classified(People(persons[:3], T, "mean", None, None, 0), "mean")
    assert few.genuine_quarters is None and all(p.animal != "goat" for p in few.persons)


@pytest.mark.usefixtures("small_quarters")
def test_a_probe_that_matches_strangers_is_a_wolf() -> None:
    persons = tuple(
        replace(
            person(name, g, 0.5),
            as_gallery=(0.5 + k / 100, 0.5),
            as_probe=(0.9 if name == "wolf" else 0.1 + k / 100, 0.5),
        )
        for k, (name, g) in enumerate(
            [("wolf", 0.55), ("b", 0.1), ("c", 0.6), ("d", 0.9), ("e", 0.5)]
        )
    )
    found = classified(People(persons, T, "mean", None, None, 0), "mean")
    assert found.persons[0].animal == "wolf"


def test_mean_maps_are_of_that_person_s_pairs() -> None:
    codes = np.array([0, 0, 0, 1, 1, -1], np.int32)
    gallery = loaded(codes)
    engine = PairEngine(None, None)
    prepared = engine.prepare(gallery.features.grid)
    scores = engine.scores(prepared, prepared, "uniform")
    made = scored(ScoreMatrix(scores, True, codes, codes, "uniform", "both"), gallery)
    found = person_maps(made, "ann", T)
    assert found.genuine is not None and found.impostor is not None
    np.testing.assert_allclose(
        sorted(found.genuine.scores), sorted(scores[[0, 0, 1], [1, 2, 2]]), atol=1e-6
    )
    np.testing.assert_allclose(
        sorted(found.impostor.scores), sorted(scores[:3, 3:5].ravel()), atol=1e-6
    )
    assert len(found.pairs) == 9
    bob = person_maps(made, "bob", T)
    assert bob.genuine is not None and len(bob.genuine) == 1


def test_of_many_genuine_pairs_a_mean_map_takes_some_from_first_to_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.analysis.people.MEAN_OF", 3)
    codes = np.array([0, 1, 0, 0, 0], np.int32)
    gallery, engine = loaded(codes), PairEngine(None, {})
    prepared = engine.prepare(gallery.features.grid)
    scores = engine.scores(prepared, prepared, "uniform")
    made = scored(ScoreMatrix(scores, True, codes, codes, "uniform", "both"), gallery)
    found = person_maps(made, "ann", T).genuine
    pairs = [(0, 2), (0, 3), (0, 4), (2, 3), (2, 4), (3, 4)]
    wanted = [float(scores[pairs[k]]) for k in (0, 2, 5)]  # 2.5 is rounded to the even place
    assert found is not None
    np.testing.assert_allclose(found.scores, wanted, atol=1e-6)


def test_the_command_writes_a_row_a_person(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    output = tmp_path / "people.csv"
    assert main(["people", str(crops), "-o", str(output), "--json", *common]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {p["identity"]: p["faces"] for p in said["people"]} == {"ann": 3, "bob": 2, "cem": 1}
    assert [p["genuine_pairs"] for p in said["people"]][-1] == 0  # cem has one photo
    head, *rows = output.read_text().splitlines()
    assert head.startswith("identity,class,faces") and len(rows) == 3
    assert main(["people", str(crops / "ann"), *common]) == 1
    assert "has an identity" in capsys.readouterr().err


@pytest.mark.usefixtures("small_quarters")
def test_classes_by_the_highest_scores_look_at_nothing_else() -> None:
    """By the means all are alike; by the highest scores there is a worm, a lamb and a wolf."""
    highest = {"worm": 0.9, "lamb": 0.8, "wolf": 0.3, "a": 0.5, "b": 0.4, "c": 0.45, "d": 0.35}
    genuine = {"worm": 0.1, "lamb": 0.55, "wolf": 0.6, "a": 0.3, "b": 0.65, "c": 0.8, "d": 0.9}
    persons = tuple(
        replace(
            person(name, genuine[name], 0.5),
            impostor_highest=high,
            as_gallery=(0.5, high if name != "wolf" else 0.1),
            as_probe=(0.5, 0.99 if name == "wolf" else 0.2 + high / 10),
        )
        for name, high in highest.items()
    )
    told = classified(People(persons, T, "highest", None, None, 0), "highest")
    animals = {p.identity: p.animal for p in told.persons}
    assert (animals["worm"], animals["lamb"], animals["wolf"]) == ("worm", "lamb", "wolf")
    low, high_end = np.quantile([*highest.values()], [0.25, 0.75])
    assert told.impostor_quarters == pytest.approx((low, high_end))
    plain = classified(told, "mean")
    assert plain.impostor_quarters is None
    assert not {"worm", "lamb", "wolf"} & {p.animal for p in plain.persons}
