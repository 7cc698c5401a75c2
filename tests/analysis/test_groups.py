"""Rates by group against counting pair by pair, the published differentials, and the command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.grouping import group_by
from core.analysis.groups import fairness_discrepancy, garbe, gini
from core.analysis.rates import PairKinds, count_errors
from core.cli import main
from core.errors import XCosError
from core.faces.face import Face
from core.gallery.gallery import Gallery
from core.project.edits import Edits, face_subject, identity_subject
from core.project.project import Project
from core.project.sides import edits_of_sides
from core.scoring.matrix import ScoreMatrix
from tests.living import make_crops

T = 0.1


def made(seed: int, square: bool) -> tuple[ScoreMatrix, PairKinds]:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, 5, 14).astype(np.int32)
    columns = rows if square else rng.integers(-1, 5, 11).astype(np.int32)
    scores = (rng.integers(-8, 9, (len(rows), len(columns))) / 8).astype(np.float32)
    matrix = ScoreMatrix(scores, square, rows, columns, "uniform", "both")
    left = rng.integers(-1, 3, len(rows))
    right = left if square else rng.integers(-1, 3, len(columns))
    table = np.array([[0, 3, 4], [3, 1, -1], [4, -1, 2]])
    return matrix, PairKinds(left, right, table)


def plainly(matrix: ScoreMatrix, kinds: PairKinds, weights: np.ndarray) -> np.ndarray:
    """(4, G): weighted false matches, impostor pairs, false non-matches, genuine pairs."""
    found = np.zeros((4, kinds.count))
    n, m = matrix.scores.shape
    for i in range(n):
        for j in range(i + 1 if matrix.square else 0, m):
            p, q = matrix.rows[i], matrix.columns[j]
            a, b = kinds.rows[i], kinds.columns[j]
            if min(p, q, a, b) < 0 or kinds.table[a, b] < 0:
                continue
            same = matrix.scores[i, j] > T
            times = weights[p] if p == q else weights[p] * weights[q]
            line = 2 if p == q else 0
            found[line + 1, kinds.table[a, b]] += times
            found[line, kinds.table[a, b]] += times * (same != (p == q))
    return found


@given(st.integers(0, 10**6), st.booleans())
def test_rates_against_counting_pair_by_pair(seed: int, square: bool) -> None:
    matrix, kinds = made(seed, square)
    counts = count_errors(matrix, T, kinds)
    drawn = np.random.default_rng(seed).integers(0, 4, len(counts.faces[0])).astype(float)
    for weights in (np.ones_like(drawn), drawn):
        found = counts.weighted(weights[None])
        false, impostor, missed, genuine = plainly(matrix, kinds, weights)
        assert found.impostor[0] == pytest.approx(impostor)
        assert found.genuine[0] == pytest.approx(genuine)
        some = impostor > 0
        assert found.fmr[0][some] == pytest.approx(false[some] / impostor[some])
        some = genuine > 0
        assert found.fnmr[0][some] == pytest.approx(missed[some] / genuine[some])


def test_differentials_by_their_published_formulas() -> None:
    # Worked by hand. FMR 1, 2 and 6 in a thousand, FNMR 2, 2 and 5 in a hundred.
    fmr, fnmr = np.array([0.001, 0.002, 0.006]), np.array([0.02, 0.02, 0.05])
    # FDR: the largest differences are 0.005 and 0.03; 1 - (0.0025 + 0.015).
    assert fairness_discrepancy(fmr, fnmr) == pytest.approx(0.9825)
    # Gini: sum |x_i - x_j| over ordered pairs 2*(1+5+4) = 20 thousandths; 2 n^2 mean = 18*3 = 54.
    assert gini(fmr) == pytest.approx(3 / 2 * 20 / 54)
    # 2*(0+3+3) = 12 hundredths; 18 * 3 = 54.
    assert gini(fnmr) == pytest.approx(3 / 2 * 12 / 54)
    assert garbe(fmr, fnmr) == pytest.approx((20 + 12) * 3 / 2 / 54 / 2)
    assert garbe(fmr, fnmr, 1.0) == pytest.approx(gini(fmr))
    # All errors in one group of n: as unequal as can be; none anywhere: equal.
    assert gini(np.array([0, 0, 0, 0.3])) == pytest.approx(1)
    assert gini(np.zeros(3)) == 0 and garbe(np.full(3, 0.2), np.full(3, 0.1)) == 0
    assert fairness_discrepancy(np.full(3, 0.2), np.full(3, 0.1)) == 1


def test_an_interval_covers_what_the_people_were_drawn_from() -> None:
    truth, covered, rng = 0.2, 0, np.random.default_rng(1)
    for _ in range(40):
        # Each of 60 people has a false non-match rate of its own; 0.2 in the mean.
        own = rng.beta(2, 8, 60)
        codes = np.repeat(np.arange(60), 4).astype(np.int32)
        scores = np.where(rng.random((240, 240)) < own[codes][:, None], -1, 1).astype(np.float32)
        matrix = ScoreMatrix(scores, True, codes, codes, "uniform", "both")
        kinds = PairKinds(np.zeros(240, int), np.zeros(240, int), np.zeros((1, 1), int))
        counts = count_errors(matrix, T, kinds)
        low, high = counts.drawn(lambda rates: rates.fnmr, draws=200)
        covered += low[0] <= truth <= high[0]
    assert covered >= 34  # 95 % of 40 is 38


@pytest.fixture
def groups(tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    people = make_crops(tmp_path / "g", {"ann": 3, "bob": 3, "cem": 2, "dan": 2})

    def run(*more: str, source: Path = people) -> tuple[int, str, str]:
        cache = str(tmp_path / "cache" / "cache.sqlite")
        common = ["--aligned", "--model", str(tiny_weights), "--device", "cpu", "--cache", cache]
        code = main(["groups", str(source), *common, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    run.people = people
    return run


def listed(folder: Path, values: dict[str, str], name: str = "list.csv") -> Path:
    lines = ["path,identity,sex"]
    for photo in sorted(folder.glob("*/*.png")):
        who = photo.parent.name
        lines.append(f"{who}/{photo.name},{who},{values.get(who, '')}")
    path = folder / name
    path.write_text("\n".join(lines))
    return path


def test_command_by_a_column(groups, tmp_path: Path) -> None:
    (groups.people / "ann" / "9.png").write_bytes(b"no picture")
    source = listed(groups.people, {"ann": "f", "bob": "m", "cem": "m", "dan": "f"})
    table = tmp_path / "groups.csv"
    code, out, err = groups("--by", "sex", "--json", "-o", str(table), source=source)
    said = json.loads(out)
    assert code == 0 and "problem: " in err and "9.png" in err  # the photo left out is named
    f, m = said["groups"]
    assert (f["name"], f["people"], f["faces"], m["faces"]) == ("f", 2, 5, 5)
    assert (f["fmr_pairs"], f["fnmr_pairs"]) == (6, 4)
    assert (f["photos"], f["failures_to_acquire"], m["failures_to_acquire"]) == (6, 1, 0)
    assert said["cross_group"]["fmr_pairs"] == 25
    assert said["cross_groups"][0]["groups"] == ["f", "m"]
    mean = (f["fmr"] + m["fmr"]) / 2
    cross = said["cross_group"]
    wanted = pytest.approx(cross["fmr"] / mean) if mean else None
    assert cross["fmr_ratio_to_mean"] == wanted
    for group in said["groups"]:
        low, high = group["fnmr_interval"] or (0, 1)
        assert low <= group["fnmr"] <= high
    # Pairs of two people are all of the same two, so drawing them anew tells nothing.
    assert f["fmr_interval"] is None and m["fmr_interval"] is None
    ratios = [group["fmr_ratio_to_mean"] for group in said["groups"]]
    assert ratios == [None, None] or sum(ratios) == pytest.approx(2)
    assert "Too few people" in said["words"][0] and "Too few people" in err
    assert table.read_text().splitlines()[0].startswith("group,faces,people,fmr,fmr_low")
    assert set(f["regions"]) >= {"nose", "mouth"}
    # Regions sum to the difference of the mean scores, so those of all groups sum to nothing.
    assert sum(sum(g["regions"].values()) for g in said["groups"]) == pytest.approx(0, abs=1e-9)


def test_a_number_that_is_missing_is_null_in_a_file_as_in_print(groups, tmp_path: Path) -> None:
    source = listed(groups.people, {"ann": "f", "bob": "m", "cem": "m", "dan": "m"})
    table = tmp_path / "groups.json"
    said = json.loads(groups("--by", "sex", "--json", "-o", str(table), source=source)[1])
    rows = json.loads(table.read_text())
    assert len(rows) == 2 and rows[0]["fmr"] is None  # of one person there is no impostor pair
    for row, group in zip(rows, said["groups"], strict=True):
        for rate in ("fmr", "fnmr"):
            ends = (row[f"{rate}_low"], row[f"{rate}_high"])
            assert (
                row[rate] == group[rate] and row[f"{rate}_ratio"] == group[f"{rate}_ratio_to_mean"]
            )
            assert list(ends) == (group[f"{rate}_interval"] or [None, None])


def test_command_by_tags(groups, tmp_path: Path) -> None:
    project = Project.open(groups.people, tmp_path / "cache")
    project.tag(identity_subject("ann"), "glasses")
    project.tag(face_subject("bob/2.png"), "glasses")
    said = json.loads(groups("--by", "glasses", "--json")[1])
    assert [(g["name"], g["faces"]) for g in said["groups"]] == [("glasses", 4), ("not glasses", 6)]
    project.tag(identity_subject("ann"), "age:young")
    project.tag(identity_subject("bob"), "age:old")
    said = json.loads(groups("--by", "age", "--json")[1])
    assert [(g["name"], g["faces"]) for g in said["groups"]] == [("old", 3), ("young", 3)]
    assert said["ungrouped_faces"] == 4 and "4 faces have no value of age" in said["words"][-1]
    assert said["groups"][0]["fmr"] is None and "No pair of two people" in said["words"][1]


def test_photos_without_a_face_are_counted_by_the_mended_names(groups, tmp_path: Path) -> None:
    (groups.people / "dan" / "9.png").write_bytes(b"no picture")
    project = Project.open(groups.people, tmp_path / "cache")
    renamed = {"cem/1.png": "eve", "cem/2.png": "eve", "dan/9.png": "eve"}
    project.change(lambda edits: replace(edits, identities=dict(renamed)))
    project.tag(identity_subject("eve"), "glasses")
    said = json.loads(groups("--by", "glasses", "--json")[1])["groups"]
    photos = [p.relative_to(groups.people).as_posix() for p in groups.people.glob("*/*.png")]
    for group, wearing in zip(said, (True, False), strict=True):
        mine = [photo for photo in photos if (photo in renamed) == wearing]
        assert (group["name"] == "glasses") == wearing and group["photos"] == len(mine)
        assert group["failures_to_acquire"] == ("dan/9.png" in mine)
        assert group["faces"] == len(mine) - ("dan/9.png" in mine)
    project.set_aside(["ann/1.png"])
    again = json.loads(groups("--by", "glasses", "--json")[1])["groups"]
    assert [g["photos"] - h["photos"] for g, h in zip(said, again, strict=True)] == [0, 1]
    assert [g["faces"] - h["faces"] for g, h in zip(said, again, strict=True)] == [0, 1]


def test_sentences_name_the_first_of_many_groups(groups) -> None:
    photos = sorted(groups.people.glob("*/*.png"))
    lines = [f"{p.parent.name}/{p.name},{p.parent.name},{i}" for i, p in enumerate(photos[1:])]
    source = groups.people / "many.csv"
    first = f"{photos[0].parent.name}/{photos[0].name},{photos[0].parent.name},"
    source.write_text("\n".join(["path,identity,number", first, *lines]))
    code, out, err = groups("--by", "number", source=source)
    assert code == 0 and "and 1 more" in err and "1 face has no value of number and is not" in err
    assert len(lines) == 9, out


def test_bad_groups_are_told_in_a_sentence(groups) -> None:
    everyone = dict.fromkeys(("ann", "bob", "cem", "dan"), "f")
    source = listed(groups.people, everyone)
    for by, values, said in (
        ("sex", everyone, "All faces are in one group of 'sex', 'f'"),
        ("sex", {}, "has no tags and no column 'sex'"),
        ("height", everyone, "There is no column or tag 'height'; choose one of sex."),
    ):
        source = listed(groups.people, values)
        code, _, err = groups("--by", by, source=source)
        assert code == 1 and said in err and "Traceback" not in err
    many = groups.people / "many.csv"
    photos = sorted(groups.people.glob("*/*.png"))
    many.write_text(
        "path,identity,number\n"
        + "\n".join(f"{photos[k % len(photos)].parent.name}/{k}.png,x{k},{k}" for k in range(60))
    )
    for k in range(60):  # a value a photo
        target = photos[k % len(photos)].parent / f"{k}.png"
        if not target.exists():
            target.write_bytes(photos[k % len(photos)].read_bytes())
    code, _, err = groups("--by", "number", source=many)
    assert code == 1 and "has 60 values, and groups can be at most 50" in err
    code, _, err = groups("--by", "sex")
    assert code == 1 and "has no tags and no column 'sex'" in err


def test_a_column_of_thousands_of_values_is_refused_before_anything_is_read() -> None:
    faces = tuple(
        Face(f"{k}.png", 1, "ann", None, str(k), columns={"serial": f"s{k}"}) for k in range(5000)
    )
    with pytest.raises(XCosError, match="'serial' has 5,000 values, and groups can be at most 50"):
        group_by(
            "serial", [Gallery(Path("nowhere"), Path("nowhere"), faces)], edits_of_sides(Edits())
        )
    empty = [Gallery(Path("nowhere"), Path("nowhere"), faces[:0])]
    with pytest.raises(XCosError, match="has no tags and no column 'serial'"):
        group_by("serial", empty, edits_of_sides(Edits()))


def test_groups_are_numbered_by_name_and_who_has_none_is_minus_one(crops: Path) -> None:
    sexes = ("m", "f", None, "", "m")
    faces = tuple(
        Face(f"{k}.png", 1, "ann", None, str(k), columns={} if sex is None else {"sex": sex})
        for k, sex in enumerate(sexes)
    )
    found = group_by("sex", [Gallery(crops, crops, faces)], edits_of_sides(Edits()))
    assert found.names[-2:] == ("f", "m")
    names = [None if place < 0 else found.names[place] for place in found.rows.tolist()]
    assert names == ["m", "f", None, "", "m"]
    assert found.rows[2] == -1 and found.columns.tolist() == found.rows.tolist()


def test_many_groups_of_two_people_have_no_interval_of_their_differences(
    groups, tmp_path: Path
) -> None:
    """No draw of people leaves each of many small groups a pair of two people and of one."""
    people = make_crops(tmp_path / "many", {f"{a}{b}": 2 for a in "abcdefgh" for b in "uv"})
    table = listed(people, {f"{a}{b}": a for a in "abcdefgh" for b in "uv"})
    code, out, _ = groups("--by", "sex", source=table)
    assert code == 0 and "nan" not in out
    assert [line.split()[0] for line in out.splitlines()[-2:]] == ["FDR", "GARBE"]
    assert not any("(" in line for line in out.splitlines()[-2:])
    code, out, _ = groups("--by", "sex", "--json", source=table)
    assert json.loads(out)["fdr"]["interval"] is None and json.loads(out)["fdr"]["value"] <= 1


def test_a_gallery_of_nobody_known_has_no_rates_by_group(groups, tmp_path: Path) -> None:
    people = make_crops(tmp_path / "people")
    lines = [f"{p.relative_to(tmp_path).as_posix()},,{k % 2}" for k, p in enumerate(sorted(people.rglob("*.png")))]  # fmt: skip
    table = tmp_path / "nobody.csv"
    table.write_text("\n".join(["path,identity,side", *lines, ""]))
    code, _, err = groups("--by", "side", source=table)
    assert code == 1 and "No face has an identity" in err
