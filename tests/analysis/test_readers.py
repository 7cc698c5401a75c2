"""Readers against known confusions and published agreement; what is kept and what is blind."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.readers.agreement import krippendorff_alpha, readers_of
from core.analysis.readers.sheet import blind_sheet
from core.analysis.readers.table import read_readings, readings_csv
from core.cli import main
from core.errors import XCosError
from core.faces.face import Face
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.features import FaceFeatures
from core.project.edits import Edits, edits_from, renamed
from core.project.project import Project
from core.project.readings import RATINGS, Reading, reading_key, readings_of
from core.scoring.matrix import ScoreMatrix
from tests.weights import scored

NOW = "2026-01-02T03:04:05+00:00"
NAN = np.nan


def test_alpha_is_that_of_krippendorff_s_example() -> None:
    # Krippendorff (2011), four observers and twelve units: alpha of interval data is 0.849.
    table = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
            [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
        ]
    )
    assert krippendorff_alpha(table) == pytest.approx(0.849, abs=5e-4)
    assert krippendorff_alpha(np.array([[1.0, 2, 3], [1, 2, 3]])) == pytest.approx(1)
    assert krippendorff_alpha(np.array([[1.0, NAN], [NAN, 2]])) is None
    assert krippendorff_alpha(np.ones((2, 5))) is None


def gallery(people: int = 40, photos: int = 4):
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(people), photos).astype(np.int32)
    same = codes[:, None] == codes[None]
    scores = np.where(same, 0.45, 0.1) + rng.normal(0, 0.2, same.shape)
    faces = tuple(Face(f"{k:03}.png", 1, f"p{c}", None, f"d{k}") for k, c in enumerate(codes))
    loaded = LoadedGallery(
        Gallery(Path("g"), Path("g"), faces),
        FaceFeatures(np.zeros((len(codes), 32, 7, 7), np.float32)),
    )
    return scored(
        ScoreMatrix(scores.astype(np.float32), True, codes, codes, "uniform", "both"), loaded
    )


def test_a_simulation_recovers_the_readers_confusions() -> None:
    world = gallery()
    rng = np.random.default_rng(0)
    known = {
        "careful": np.array([[0.4, 0.3, 0.15, 0.1, 0.03, 0.015, 0.005], [0.01, 0.02, 0.05, 0.12, 0.2, 0.3, 0.3]]),
        "rash": np.array([[0.5, 0.1, 0.05, 0.0, 0.05, 0.1, 0.2], [0.2, 0.1, 0.05, 0.0, 0.05, 0.1, 0.5]]),
    }  # fmt: skip
    i, j = np.triu_indices(len(world.matrix.rows), 1)
    same = world.matrix.rows[i] == world.matrix.rows[j]
    chosen = np.concatenate([np.flatnonzero(same), rng.choice(np.flatnonzero(~same), 1500, False)])
    readings = []
    for name, confusion in known.items():
        for place in chosen:
            rating = int(rng.choice(RATINGS, p=confusion[int(same[place])]))
            left, right = f"{i[place]:03}.png", f"{j[place]:03}.png"
            readings.append(Reading(name, left, right, rating, NOW))
    found = readers_of(world, readings)
    for one in found.readers:
        shares = one.confusion / one.confusion.sum(axis=1, keepdims=True)
        assert shares == pytest.approx(known[one.name], abs=0.07)
        assert one.read == len(chosen)
    careful, rash = found.readers
    assert careful.accuracy > rash.accuracy and careful.auc > rash.auc
    assert careful.calibration[0] < 0.1 < 0.7 < careful.calibration[6]
    # Given the truth the readers err independently, so what they share is the truth alone.
    assert (
        0 < found.alpha < 0.6 and 0 < found.kappa[0][2] < 0.6 and found.kappa[0][3] == len(chosen)
    )
    assert found.fusion is not None and found.fusion.gain > 0.02
    assert found.fusion.fused > found.fusion.ratings


def test_what_readers_said_of_other_faces_does_not_count() -> None:
    world = gallery(2, 2)
    reading = Reading("ann", "000.png", "001.png", 2, NOW)
    other = Reading("ann", "x.png", "y.png", 2, NOW)
    assert readers_of(world, [reading, other]).elsewhere == 1
    with pytest.raises(XCosError, match="No reading is of a pair of this gallery"):
        readers_of(world, [other])
    with pytest.raises(XCosError, match="Nobody has read a pair"):
        readers_of(world, [])


def test_a_reading_is_beside_the_score_that_its_pair_has_in_the_gallery_s_order() -> None:
    rng = np.random.default_rng(5)
    codes = (np.arange(12) % 4).astype(np.int32)
    faces = tuple(Face(f"{k}.png", 1, f"p{c}", None, f"d{k}") for k, c in enumerate(codes))
    loaded = LoadedGallery(
        Gallery(Path("g"), Path("g"), faces), FaceFeatures(np.zeros((12, 32, 7, 7), np.float32))
    )
    scores = rng.uniform(-1, 1, (12, 12)).astype(np.float32)
    world = scored(ScoreMatrix(scores, True, codes, codes, "learned", "left-right"), loaded)
    readings: list[Reading] = []
    sides: tuple[list[float], list[float]] = [], []
    for i in range(12):
        for j in range(i + 1, 12):  # "10.png" stands before "2.png" in a reading, after it here
            left, right = sorted((faces[i].key, faces[j].key))
            readings.append(Reading("eve", left, right, int(rng.integers(-3, 4)), NOW))
            sides[int(codes[i] == codes[j])].append(float(scores[i, j]))
    above = [float(b > a) + 0.5 * float(b == a) for a in sides[0] for b in sides[1]]
    fusion = readers_of(world, readings).fusion
    assert fusion is not None and fusion.pairs == 66
    assert fusion.score == pytest.approx(np.mean(above))


@given(st.integers(2, 40), st.integers(0, 9), st.sampled_from(["ann", "Jos\u00e9", "b"]))
def test_a_sheet_has_each_pair_once_in_an_order_of_its_own(
    count: int, seed: int, reader: str
) -> None:
    pairs = [(f"{k}a", f"{k}b") for k in range(count)]
    sheet = blind_sheet(pairs, reader, seed)
    assert sheet == blind_sheet(pairs, reader, seed)
    assert sorted(tuple(sorted((p.left, p.right))) for p in sheet) == sorted(pairs)
    done = [reading_key(reader, *pairs[0])]
    rest = blind_sheet(pairs, reader, seed, done)
    assert rest == [p for p in sheet if {p.left, p.right} != {*pairs[0]}]


def test_sides_are_swapped_about_half_the_time_and_otherwise_for_others() -> None:
    pairs = [(f"{k}a", f"{k}b") for k in range(400)]
    sheets = [
        blind_sheet(pairs, reader, seed) for reader, seed in (("ann", 0), ("bob", 0), ("ann", 1))
    ]
    for sheet in sheets:
        assert 150 < sum(p.left.endswith("b") for p in sheet) < 250
    assert sheets[0] != sheets[1] and sheets[0] != sheets[2]


def test_readings_outlive_the_window_and_can_be_taken_back(tmp_path: Path) -> None:
    project = Project.open(tmp_path / "g", tmp_path)
    first = Reading("ann", "a", "b", -2, NOW, {"nose": "unlike"})
    project.read_pair(first)
    project.read_pair(Reading("ann", "a", "b", 1, NOW))
    project.read_pair(Reading("bob", "a", "b", 3, NOW))
    again = Project.open(tmp_path / "g", tmp_path)
    assert {(r.reader, r.rating) for r in readings_of(again.edits.readings)} == {
        ("ann", 1),
        ("bob", 3),
    }
    again.undo()
    again.undo()
    assert readings_of(again.edits.readings) == (first,)
    moved = renamed(again.edits, {"a": "z/a"})
    assert [(r.left, r.right) for r in readings_of(moved.readings)] == [("b", "z/a")]


@pytest.mark.parametrize(
    "key, value",
    [
        ("x", {"rating": 1, "time": NOW, "form": {}}),
        ('["reading","ann","b","a"]', {"rating": 1, "time": NOW, "form": {}}),
        ('["reading","ann","a","b"]', {"rating": 4, "time": NOW, "form": {}}),
        ('["reading","ann","a","b"]', {"rating": True, "time": NOW, "form": {}}),
        ('["reading","ann","a","b"]', {"rating": 1, "time": "noon", "form": {}}),
        ('["reading","ann","a","b"]', {"rating": 1, "time": NOW, "form": {"nose": "big"}}),
        ('["reading","ann","a","b"]', 3),
        ('["reading","  ","a","b"]', {"rating": 1, "time": NOW, "form": {}}),
        ('["note","ann","a","b"]', {"rating": 1, "time": NOW, "form": {}}),
    ],
)
def test_damaged_readings_are_left_out_and_named(key: str, value: object) -> None:
    left_out: list[str] = []
    said = {"identities": {}, "aside": [], "picked": {}, "landmarks": {}, "readings": {key: value}}
    assert edits_from(said, left_out) == Edits() and left_out[0].startswith("the reading of")


def test_lists_of_readings_are_read_as_they_were_written(tmp_path: Path) -> None:
    readings = [
        Reading("ann", "a.png", "b.png", -2, NOW, {"nose": "unlike", "left eye": "not comparable"}),
        Reading("=bob", "a.png", "c.png", 3, NOW),
    ]
    path = tmp_path / "readings.csv"
    path.write_bytes(readings_csv(readings))
    assert read_readings(path) == readings
    for text, said in (
        ("reader,left,right\nann,a,b", "has no column rating"),
        ("reader,left,right,rating\nann,a,b,7", "line 2"),
        ("reader,left,right,rating\n,a,b,1", "line 2"),
        ("reader,left,right,rating,form\nann,a,b,1,nose: big", "line 2"),
        (
            "reader,left,right,rating,Rating\nann,a,b,1,2",
            "columns 4 and 5 are both called 'rating'",
        ),
    ):
        path.write_text(text)
        with pytest.raises(XCosError, match=said):
            read_readings(path)


@pytest.mark.parametrize("pair", ["a.png,b.png", "b.png,a.png"])
def test_a_reader_rates_a_pair_once_in_a_list(tmp_path: Path, pair: str) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(
        f"reader,left,right,rating\nBo,a.png,b.png,3\nCy,a.png,b.png,1\n\nBo,{pair},-3\n"
    )
    sentence = f"{path}, line 5: 'Bo' rated this pair in line 2 already; keep one of the two lines."
    with pytest.raises(XCosError) as told:
        read_readings(path)
    assert str(told.value) == sentence


def test_ratings_that_an_import_replaces_are_told_and_come_back(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, cache = tmp_path / "in.csv", ["--cache", str(tmp_path / "cache" / "cache.sqlite")]
    common = ["readers", str(crops), "--aligned", "--model", str(tiny_weights), "--device", "cpu"]

    def brought_in(*ratings: int) -> list[str]:
        rows = zip(("ann/2.png", "ann/3.png", "bob/1.png"), ratings, strict=False)
        lines = [f"eve,ann/1.png,{right},{rating},{NOW}" for right, rating in rows]
        table.write_text("\n".join(["reader,left,right,rating,time", *lines]))
        assert main([*common, *cache, "--import", str(table)]) == 0
        return [line for line in capsys.readouterr().err.splitlines() if "replaced" in line]

    undone = f"replaced by {table}; xcos tag GALLERY --undo takes the import back."
    assert brought_in(3, 2) == [] == brought_in(3, 2)
    one = f"xcos: 1 earlier rating of the same reader and pair was {undone}"
    assert brought_in(3, -2, -1) == [one]
    two = f"xcos: 2 earlier ratings of the same reader and pair were {undone}"
    assert brought_in(1, 2) == [two]
    assert main(["tag", str(crops), "--undo", *cache]) == 0
    project = Project.open(crops, tmp_path / "cache")
    assert [one.rating for one in readings_of(project.edits.readings)] == [3, -2, -1]


def test_command_keeps_what_is_brought_in(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys
) -> None:
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    lines = ["reader,left,right,rating", "eve,ann/1.png,ann/2.png,3", "eve,ann/1.png,bob/1.png,-1"]
    lines += ["gil,ann/2.png,ann/1.png,2", "gil,nobody.png,bob/1.png,1"]
    table.write_text("\n".join(lines))
    common = ["readers", str(crops), "--aligned", "--model", str(tiny_weights), "--device", "cpu"]
    common += ["--cache", str(tmp_path / "cache" / "cache.sqlite")]
    assert main(common) == 1
    assert "Nobody has read a pair" in capsys.readouterr().err
    foreign = tmp_path / "foreign.csv"
    for row, sentence in (
        ("", "lists no rating"),
        ("gil,x.png,y.png,1\n", "No reading is of a pair"),
    ):
        foreign.write_text(f"{lines[0]}\n{row}")
        assert main([*common, "--import", str(foreign)]) == 1
        assert sentence in capsys.readouterr().err
        assert main(common) == 1  # nothing was kept
        assert "Nobody has read a pair" in capsys.readouterr().err
    assert main([*common, "-o", str(tmp_path / "out.xlsx")]) == 1
    assert "must end in .csv" in capsys.readouterr().err
    assert main([*common, "--import", str(table), "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [(r["name"], r["read"], r["accuracy"]) for r in found["readers"]] == [
        ("eve", 2, 1.0),
        ("gil", 1, 1.0),
    ]
    assert found["weighted_kappa"][0]["pairs"] == 1 and "1 rating is of faces" in said.err
    assert "lacks and does not count" in said.err
    assert found["fusion"] is None
    assert main([*common, "-o", str(out)]) == 0
    assert "eve and gil: weighted kappa" in capsys.readouterr().out
    assert len(out.read_text().splitlines()) == 5
