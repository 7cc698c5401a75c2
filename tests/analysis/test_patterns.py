"""Mean maps, groups and their sentences follow from the pairs' own maps."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.patterns.groups import MeanMaps, find_groups, group_sentence, region_shares
from core.analysis.patterns.report import (
    PatternReport,
    _upper,
    as_dict,
    look_for_patterns,
)
from core.cli import main
from core.errors import XCosError
from core.explain.maps import PairMaps
from core.faces.align import TEMPLATE
from core.faces.face import Face
from core.faces.regions import face_regions
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.features import FaceFeatures
from core.project.edits import Edits, face_subject, identity_subject, pair_subject
from core.query.selection import Selection, Whose, in_number, select
from core.scoring.lists import PairList, drawn, ranked
from core.scoring.matrix import ScoreMatrix
from tests.weights import scored

REGIONS = face_regions(TEMPLATE)


def matrix_of(n: int, people: int, seed: int = 0) -> ScoreMatrix:
    rng = np.random.default_rng(seed)
    scores = rng.uniform(-1, 1, (n, n)).astype(np.float32)
    codes = (np.arange(n) % people).astype(np.int32)
    return ScoreMatrix((scores + scores.T) / 2, True, codes, codes, "learned", "both")


THRESHOLD = 0.1


def carried_by(regions: list[str], seed: int = 0) -> PairMaps:
    """A pair a name: S is high in that region only, W uniform; the threshold is to be THRESHOLD."""
    rng = np.random.default_rng(seed)
    cosine = np.stack([np.where(name == REGIONS, 0.9, 0.08) for name in regions])
    cosine = cosine + rng.normal(0, 0.01, cosine.shape)
    return PairMaps(cosine, np.full(cosine.shape, 1 / 49))


def numbered(count: int, title: str = "false accepts") -> Selection:
    places = np.arange(count)
    return Selection(title, PairList(places, places + 1, np.zeros(count, np.float32)), count)


def test_a_selection_is_every_pair_of_its_sort() -> None:
    matrix = matrix_of(40, 4)
    whose = Whose("ann", matrix.rows == 1, matrix.columns == 1)
    for outcome in ("TP", "FP", "FN", "TN"):
        found = select(matrix, 0.1, outcome, [whose])  # type: ignore[arg-type]
        expected = {
            (i, j)
            for i in range(40)
            for j in range(i + 1, 40)
            if matrix.outcome(i, j, 0.1) == outcome and 1 in (matrix.rows[i], matrix.columns[j])
        }
        assert (
            set(zip(found.pairs.rows.tolist(), found.pairs.columns.tolist(), strict=True))
            == expected
        )
        assert found.total == len(expected) and found.title.endswith("of ann")


def test_a_large_selection_is_drawn_and_says_so() -> None:
    matrix = matrix_of(1100, 4)  # more than one tile
    found = select(matrix, 0.0, "TN", limit=50)
    again = select(matrix, 0.0, "TN", limit=50)
    assert len(found.pairs) == 50 < found.total
    assert found.counted == f"50 of {found.total:,} true rejects, drawn at random"
    np.testing.assert_array_equal(found.pairs.rows, again.pairs.rows)
    assert len({*zip(found.pairs.rows.tolist(), found.pairs.columns.tolist(), strict=True)}) == 50
    assert all(
        matrix.outcome(int(i), int(j), 0.0) == "TN" and i < j
        for i, j in zip(found.pairs.rows, found.pairs.columns, strict=True)
    )
    assert found.pairs.rows.min() < 300 and found.pairs.rows.max() > 512  # from all over


def test_drawn_and_ranked_are_what_sorting_gives() -> None:
    matrix = matrix_of(30, 3)
    every = slice(0, 30)
    pairs, total = drawn(matrix, lambda rows: matrix.genuine(rows, every), 10**6)
    assert total == len(pairs) == 3 * 10 * 9 // 2
    first = ranked(matrix, lambda rows: (matrix.genuine(rows, every), -matrix.scores[rows]), 7)
    np.testing.assert_array_equal(first.scores, np.sort(pairs.scores)[:7])


def test_means_and_differences_are_of_the_maps() -> None:
    rng = np.random.default_rng(1)
    maps = PairMaps(rng.uniform(-1, 1, (9, 7, 7)), rng.random((9, 7, 7)))
    whole, some = MeanMaps.of(maps, 0.3), MeanMaps.of(maps, 0.3, np.array([2, 5]))
    assert whole is not None and some is not None
    np.testing.assert_allclose(whole.evidence, maps.evidence(0.3).mean(0))
    np.testing.assert_allclose(some.cosine, (maps.cosine[2] + maps.cosine[5]) / 2)
    less = some.less(whole)
    np.testing.assert_allclose(less.attention, some.attention - whole.attention)
    assert less.score == pytest.approx(some.score - whole.score)
    assert MeanMaps.of(PairMaps(maps.cosine[:0], maps.attention[:0]), 0.3) is None


def test_groups_find_what_carries_pairs() -> None:
    names = ["mouth"] * 14 + ["left eye"] * 9 + ["chin"] * 5
    order = np.random.default_rng(3).permutation(len(names))
    mixed = [names[k] for k in order]
    maps = carried_by(mixed)
    found = find_groups(numbered(len(names)), maps, THRESHOLD)
    assert [len(group.pairs) for group in found.groups] == [14, 9, 5]
    assert found.silhouette is not None and found.silhouette > 0.8
    for group, name in zip(found.groups, ("mouth", "left eye", "chin"), strict=True):
        assert {mixed[k] for k in group.places} == {name}
        np.testing.assert_array_equal(group.pairs.rows, group.places)
        # The sentence's numbers, once more from the evidence itself.
        told = re.fullmatch(
            r"(\d+) of 28 false accepts are carried by the ([a-z ]+): it gives (\d+) % of their "
            r'evidence for "same" \((\d+) % in the others\), then the .+, \d+ %.*\.',
            group.sentence,
        )
        assert told is not None, group.sentence
        positive = np.maximum(maps.evidence(THRESHOLD), 0)
        inside = np.zeros(28, bool)
        inside[group.places] = True
        shares = [
            positive[mask][:, name == REGIONS].sum() / positive[mask].sum()
            for mask in (inside, ~inside)
        ]
        assert int(told[1]) == inside.sum() and told[2] == name
        assert [int(told[3]), int(told[4])] == [round(100 * share) for share in shares]
    assert "3 groups, clearly apart" in found.words


def test_a_sample_is_not_told_as_all_there_are() -> None:
    shapes = carried_by(["mouth"] * 9)
    drawn_ones = replace(numbered(9, "false accepts of Ann"), total=20)
    (group,) = find_groups(drawn_ones, shapes, THRESHOLD, count=1).groups
    assert group.sentence.startswith("All 9 drawn false accepts of Ann are carried by the mouth")
    parts = find_groups(drawn_ones, carried_by(["mouth"] * 6 + ["chin"] * 3), THRESHOLD).groups
    assert parts[0].sentence.startswith("6 of 9 drawn false accepts of Ann are carried by")
    one = find_groups(replace(numbered(1), total=2), carried_by(["mouth"]), THRESHOLD).groups[0]
    assert one.sentence.startswith("The drawn false accept is carried by the mouth")


def test_few_or_like_pairs_are_one_group() -> None:
    few = find_groups(numbered(5), carried_by(["mouth"] * 3 + ["chin"] * 2), THRESHOLD)
    assert len(few.groups) == 1 and few.silhouette is None
    assert few.groups[0].sentence.startswith("All 5 false accepts are carried by")
    like = find_groups(numbered(40), carried_by(["nose"] * 40), THRESHOLD)
    assert len(like.groups) == 1 and like.words.startswith("One group")
    asked = find_groups(numbered(5), carried_by(["mouth"] * 3 + ["chin"] * 2), THRESHOLD, count=2)
    assert [len(g.pairs) for g in asked.groups] == [3, 2]


def test_false_rejects_are_carried_by_evidence_against() -> None:
    maps = PairMaps(
        np.where(REGIONS == "nose", -0.8, 0.15)[None].repeat(3, 0), np.full((3, 7, 7), 1 / 49)
    )
    assert region_shares(maps.evidence(0.2), -1)["nose"] == pytest.approx(
        (REGIONS == "nose").sum()
        * 1.0
        / ((REGIONS == "nose").sum() * 1.0 + (REGIONS != "nose").sum() * 0.05)
    )
    sentence = find_groups(numbered(3, "false rejects"), maps, 0.2).groups[0].sentence
    assert "carried by the nose" in sentence and 'against "same"' in sentence


def test_one_pair_is_told_in_the_singular() -> None:
    shares = {"nose": 0.6, "chin": 0.4}
    assert group_sentence("false accepts", 1, 1, 1, shares, {}) == (
        'The false accept is carried by the nose: it gives 60 % of its evidence for "same", '
        "then the chin, 40 %."
    )
    assert in_number("true rejects of Ann", 1) == "true reject of Ann"
    assert _upper("3 true rejects of Ann") == "3 true rejects of Ann"
    assert _upper("the pairs of Ann") == "The pairs of Ann"


def test_an_empty_selection_is_one_sentence() -> None:
    grid = np.ones((2, 32, 7, 7), np.float32)
    faces = LoadedGallery(Gallery(Path("g"), Path("g"), ()), FaceFeatures(grid))
    made = scored(replace(matrix_of(2, 2), kind="uniform"), faces)
    with pytest.raises(XCosError, match="There are no false accepts of ann at the threshold"):
        look_for_patterns(made, 0.5, numbered(0, "false accepts of ann"))


def test_whose_takes_faces_by_identity() -> None:
    faces = [Face(f"{i}.png", 1, name, None, str(i)) for i, name in enumerate(("ann", "bob", None))]
    whose = Whose.identity("ann", faces, faces[1:])
    assert whose.rows.tolist() == [True, False, False] and not whose.columns.any()


def test_a_tag_is_of_faces_identities_and_pairs() -> None:
    faces = [
        Face(f"{i}.png", 1, name, None, str(i)) for i, name in enumerate(("a", "a", "b", "c", "d"))
    ]
    edits = Edits(
        tags={
            face_subject("2.png"): ("t",),
            identity_subject("d"): ("t", "u"),
            pair_subject("3.png", "0.png"): ("t",),
        }
    )
    whose = Whose.tag("t", (edits, edits), faces, faces)
    found = select(matrix_of(5, 5), 0.0, None, [whose])
    places = set(zip(found.pairs.rows.tolist(), found.pairs.columns.tolist(), strict=True))
    assert places == {(i, j) for i in range(5) for j in range(i + 1, 5) if {i, j} & {2, 4}} | {
        (0, 3)
    }
    assert found.title == "pairs of tag t" and Whose.tag("v", (edits, edits), faces, faces).empty
    mask = np.zeros((5, 5), bool)
    mask[0, 3] = mask[1, 2] = mask[0, 1] = True
    both = select(matrix_of(5, 5), 0.0, None, [whose], ("score > 0", mask))
    assert both.total == 2 and both.title == "pairs of tag t that pass 'score > 0'"


def test_the_command_agrees_with_explain(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    listed = tmp_path / "listed.csv"
    listed.write_text("left,right\nann/1.png,bob/1.png\nann/2.png,bob/2.png\n")
    table, picture = tmp_path / "maps.csv", tmp_path / "maps.png"
    code = main(
        ["patterns", str(crops), "--pairs", str(listed), "--minus", "identity=cem", "--groups",
         "--json", "-o", str(table), "-o", str(picture), *shared]
    )  # fmt: skip
    said = json.loads(capsys.readouterr().out)
    assert code == 0 and picture.stat().st_size > 10_000
    evidence = []
    for left, right in (("ann/1.png", "bob/1.png"), ("ann/2.png", "bob/2.png")):
        main(["explain", str(crops / left), str(crops / right), "--json", *shared])
        evidence.append(json.loads(capsys.readouterr().out)["evidence"])
    np.testing.assert_allclose(said["of"]["evidence"], np.mean(evidence, 0), atol=1e-6)
    assert (said["of"]["total"], said["less"]["total"]) == (2, 5)
    np.testing.assert_allclose(
        np.array(said["of"]["cosine"]) - said["less"]["cosine"], said["difference"]["cosine"]
    )
    members = said["groups"][0]["members"]
    assert {m["left"] for m in members} == {"ann/1.png", "ann/2.png"}
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert len(rows) == 49 and rows[24]["region"] == "nose"
    for name in ("cosine", "attention", "evidence"):
        for prefix, part in (("", "of"), ("less_", "less"), ("difference_", "difference")):
            of_cells = {
                (int(row["row"]), int(row["column"])): float(row[f"{prefix}{name}"]) for row in rows
            }
            for (row, column), value in of_cells.items():
                assert value == pytest.approx(said[part][name][row][column], abs=1e-5)
            assert len(of_cells) == 49


def test_the_command_names_what_it_does_not_know(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    for given, sentence in (
        (["--identity", "dan"], "no identity 'dan'"),
        (["--minus", "XP"], "--minus 'XP' is none of TP, FP"),
        (["--tag", "glasses"], "no tag 'glasses'; its tags are: none yet"),
        (["--filter", "score >"], "score >"),
        (["-o", "maps.txt"], "maps.txt must end in one of .png"),
        (["--outcome", "FN", "--threshold", "-1"], "There are no false rejects"),
    ):
        assert main(["patterns", str(crops), *given, *shared]) == 1
        assert sentence in capsys.readouterr().err


def test_members_of_a_group_are_a_row_s_and_a_column_s_face() -> None:
    maps = carried_by(["mouth"] * 3)
    rows, columns = (
        [Face(f"{side}{k}.png", 1, None, None, str(k)) for k in range(4)]
        for side in ("probe", "face")
    )
    mean = MeanMaps.of(maps, THRESHOLD)
    assert mean is not None
    of = numbered(3)
    groups = find_groups(of, maps, THRESHOLD, 1)
    report = PatternReport("tiny", "learned", "both", THRESHOLD, of, mean, groups=groups)
    (group,) = as_dict(report, rows, columns)["groups"]
    assert {(one["left"], one["right"]) for one in group["members"]} == {
        (f"probe{k}.png", f"face{k + 1}.png") for k in range(3)
    }


def test_one_pair_unlike_thousands_is_a_group() -> None:
    """A sample of them that missed it would be of one group, which no silhouette can be taken of."""
    found = find_groups(numbered(2500), carried_by(["chin"] + ["mouth"] * 2499), THRESHOLD, count=2)
    assert [len(group.pairs) for group in found.groups] == [2499, 1]
    assert found.silhouette is not None and found.silhouette > 0.5
