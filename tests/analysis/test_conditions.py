"""Conditions of a gallery's faces: the table, the command, the filter's words."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.analysis.conditions.by_condition import ByCondition, _threshold, by_condition
from core.analysis.conditions.measured import ConditionTable, Measurer, unlike_cells
from core.analysis.conditions.slices import _bounds, _Feature, _varied, worst_slices
from core.analysis.conditions.traits import Traits, traits_of
from core.analysis.evidence.reference import Reference
from core.cli import main
from core.errors import XCosError
from core.faces.conditions import BY_NAME, CONDITIONS
from core.faces.face import Face
from core.gallery.cache import Cache
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.attention_weights import read_head
from core.model.card import read_card
from core.model.features import FaceFeatures
from core.project.edits import Edits, identity_subject
from core.scoring.engine import PairEngine
from core.scoring.lists import PairList
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoredGallery, ScoringModel, score_gallery
from tests import weights
from tests.query.test_filters import made_gallery


@pytest.mark.parametrize("square", [True, False])
def test_unlike_cells_against_looking_at_each_photo(tiny_weights: Path, square: bool) -> None:
    card = read_card(tiny_weights)
    engine = PairEngine(read_head(tiny_weights), card.correlation)
    gallery = made_gallery(7, 1, card)
    probes = None if square else made_gallery(4, 2, card)
    scored = score_gallery(ScoringModel(card, engine), gallery, probes, "uniform", "both")
    cells = [engine.prepare(g.features.grid).cells for g in (scored.rows, scored.columns)]
    codes = scored.matrix.rows, scored.matrix.columns
    for side in (0, 1):
        found = unlike_cells(scored, 0.05)[side]
        for place, value in enumerate(found):
            others = [
                k
                for k in range(len(codes[1 - side]))
                if codes[1 - side][k] == codes[side][place] >= 0 and not (square and k == place)
            ]
            if not others:
                assert np.isnan(value)
                continue
            cosines = np.mean(
                [(cells[side][place] * cells[1 - side][k]).sum(axis=-1) for k in others], axis=0
            )
            assert value == pytest.approx(100 * (cosines <= 0.05).mean())
    assert np.isnan(unlike_cells(scored, None)[0]).all()


@pytest.fixture
def run(crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run_(command: str, *more: str) -> tuple[int, str, str]:
        common = ["--aligned", "--model", str(tiny_weights), "--device", "cpu"]
        code = main([command, str(crops), *common, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_


def test_command_writes_a_row_a_face(run, tmp_path: Path, crops: Path) -> None:
    table = tmp_path / "conditions.csv"
    assert run("conditions", "-o", str(table))[0] == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["path"] for row in rows][:2] == ["ann/1.png", "ann/2.png"] and len(rows) == 6
    assert list(rows[0]) == [
        "path", "identity", *(c.name for c in CONDITIONS), "yaw_low", "yaw_high",
    ]  # fmt: skip
    from PIL import Image

    luma = np.asarray(Image.open(crops / "ann" / "1.png"), float) @ [0.299, 0.587, 0.114]
    assert float(rows[0]["exposure"]) == pytest.approx(luma.mean(), rel=1e-4)
    assert rows[0]["yaw"] == "" and rows[-1]["unlike"] == ""  # a crop; a person of one photo
    said = json.loads(run("conditions", "--json")[1])
    assert said["faces"] == 6 and said["conditions"]["yaw"]["quarters"] is None
    assert said["conditions"]["exposure"]["known"] == 6
    assert {c["unit"] for c in said["conditions"].values()} == {c.unit for c in CONDITIONS}
    assert run("conditions", "-o", "a.txt")[0] == 1


def test_conditions_of_a_single_photo(crops: Path, tiny_weights: Path, capsys) -> None:
    photo = str(crops / "ann" / "1.png")
    common = ["--aligned", "--model", str(tiny_weights), "--device", "cpu"]
    assert main(["conditions", photo, *common]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert float(row["exposure"]) > 0 and row["unlike"] == ""
    assert main(["threshold", photo, *common]) == 1
    assert "it takes two photos with a face" in capsys.readouterr().err


def test_filter_words_take_the_worse_face(run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("conditions")[1])))
    sharpness = {row["path"]: float(row["sharpness"]) for row in rows}
    limit = sum(sorted(sharpness.values())[1:3]) / 2  # between two values: a table rounds them
    found = list(csv.DictReader(io.StringIO(run("score", "--filter", f"sharpness < {limit}")[1])))
    wanted = {
        (a, b) for a in sharpness for b in sharpness if min(sharpness[a], sharpness[b]) < limit
    }
    assert found and all((row["left"], row["right"]) in wanted for row in found)
    assert len(found) == 5 + 4
    assert run("score", "--filter", "yaw > 30", "--json")[0] == 0  # not known of crops: no pair


def test_what_is_measured_is_kept_and_a_photo_that_is_gone_is_no_error(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = read_card(tiny_weights)
    loaded = made_gallery(3, 1, card)  # faces whose photos are nowhere
    engine = PairEngine(read_head(tiny_weights), card.correlation)
    scored = score_gallery(ScoringModel(card, engine), loaded, None, "uniform", "both")
    table = Measurer(Cache(tmp_path / "cache.sqlite")).table(scored, 0.1)
    for name in BY_NAME:
        assert table.of(name)[0].shape == (3,)
        assert name == "unlike" or np.isnan(table.of(name)[0]).all()
    probes = made_gallery(5, 2, card)
    scored = score_gallery(ScoringModel(card, engine), loaded, probes, "uniform", "both")
    table = Measurer(Cache(tmp_path / "cache.sqlite")).table(scored, 0.1)
    assert {tuple(map(len, table.of(name))) for name in BY_NAME} == {(5, 3)}
    for found, wanted in zip(table.of("unlike"), unlike_cells(scored, 0.1), strict=True):
        np.testing.assert_array_equal(found, wanted)


def world(seed: int = 0, people: int = 40, photos: int = 6) -> tuple[ScoredGallery, ConditionTable]:
    """Scores that fall with the sharpness of the worse face, and faces of known sharpness and yaw."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(people), photos).astype(np.int32)
    n = len(codes)
    sharpness = rng.choice([5.0, 50, 400, 900], n)
    worse = np.minimum.outer(sharpness, sharpness)
    same = codes[:, None] == codes[None]
    scores = np.where(same, 0.6, 0.0) + rng.normal(0, 0.1, (n, n))
    scores -= np.where(same & (worse < 10), 0.45, 0)
    scores = np.triu(scores, 1) + np.triu(scores, 1).T
    faces = tuple(Face(f"{k}.png", 1, f"p{c}", None, f"d{k}") for k, c in enumerate(codes))
    loaded = LoadedGallery(
        Gallery(Path("g"), Path("g"), faces), FaceFeatures(np.zeros((n, 32, 7, 7), np.float32))
    )
    matrix = ScoreMatrix(scores.astype(np.float32), True, codes, codes, "uniform", "both")
    values = {c.name: np.full(n, np.nan) for c in CONDITIONS}
    values |= {"sharpness": sharpness, "yaw": rng.uniform(-40, 40, n)}
    return weights.scored(matrix, loaded), ConditionTable(values, values)


def test_ranges_against_counting_pair_by_pair() -> None:
    scored, table = world(people=20)
    table.rows["sharpness"][:3] = np.nan  # the pair then has the other face's value
    found = by_condition(scored, 0.3, table, "sharpness", (10, 100))
    best, middle, worst = found.ranges
    assert (best.high, worst.low) == (900, 5) and found.unknown == 3
    values = BY_NAME["sharpness"].worse_of(table.rows["sharpness"][:, None], table.rows["sharpness"][None])  # fmt: skip
    matrix = scored.matrix
    above = np.triu(np.ones(matrix.scores.shape, bool), 1)
    same = matrix.rows[:, None] == matrix.columns[None]
    for one, low, high in ((best, 100.1, 1e9), (middle, 10.1, 100), (worst, -1, 10)):
        here = above & (values > low) & (values <= high)
        assert one.genuine == (here & same).sum() and one.impostor == (here & ~same).sum()
        assert one.fnmr == pytest.approx((matrix.scores[here & same] <= 0.3).mean())
        assert one.fmr == pytest.approx((matrix.scores[here & ~same] > 0.3).mean())
        if one.fnmr_interval is None:  # nobody has an error
            assert one.fnmr == 0
        else:
            assert one.fnmr_interval[0] <= one.fnmr <= one.fnmr_interval[1]
    assert worst.fnmr > 0.8 > 0.1 > best.fnmr
    assert worst.threshold == pytest.approx(0.233, abs=0.03)  # 2.33 standard deviations
    assert len(found.pairs(scored, 2, False, 10**6)) == worst.genuine + worst.impostor
    wrong = found.pairs(scored, 2, True, 10**6)
    assert len(wrong) == round(worst.fnmr * worst.genuine + worst.fmr * worst.impostor)


@pytest.mark.parametrize(("count", "above"), [(300, 3), (399, 3), (400, 4), (1234, 12)])
def test_a_range_s_threshold_lets_one_in_a_hundred_through(count: int, above: int) -> None:
    scores = np.random.default_rng(count).permutation(np.linspace(0.9, -0.3, count))
    codes = np.arange(count)
    genuine = np.zeros(count, bool)
    found = _threshold(Reference("range", scores, genuine, codes, codes + 1))
    assert found is not None and (scores > found).sum() == above and found in scores
    few = slice(0, 299)
    short = Reference("range", scores[few], genuine[few], codes[few], codes[few] + 1)
    assert _threshold(short) is None


def test_ratios_by_range_are_worth_more_where_the_range_matters() -> None:
    scored, table = world()
    by = by_condition(scored, 0.3, table, "sharpness", (10,))
    assert by.cllr is not None and by.cllr < by.cllr_pooled
    assert by.words.endswith("by range are worth more.")
    by = by_condition(scored, 0.3, table, "yaw")
    assert len(by.ranges) == 4 and by.cllr == pytest.approx(by.cllr_pooled, abs=0.03)


def _by_people(scored: ScoredGallery, pairs: PairList) -> list[float]:
    """The 95 % limits of the share of genuine pairs that are rejected, people drawn again."""
    person = scored.matrix.rows[pairs.rows]
    wrong = np.bincount(person, pairs.scores <= 0.3)
    all_of = np.bincount(person)
    people = np.flatnonzero(all_of)
    rng = np.random.default_rng(1)
    drawn = people[rng.integers(0, len(people), (4000, len(people)))]
    return np.percentile(wrong[drawn].sum(1) / all_of[drawn].sum(1), (2.5, 97.5)).tolist()


def test_the_worst_slice_is_found_and_said() -> None:
    scored, table = world()
    first = worst_slices(scored, 0.3, table)[0]
    assert first.genuine and "sharpness up to" in first.words
    assert "false non-matches among" in first.words
    assert len(first.pairs) >= 30 and first.rate > 0.8
    sharp = np.minimum(
        *(table.rows["sharpness"][p] for p in (first.pairs.rows, first.pairs.columns))
    )
    assert sharp.max() < 50
    assert (first.pairs.scores[: first.errors] <= 0.3).all()
    assert (first.pairs.scores[first.errors :] > 0.3).all()
    for part in (slice(None, first.errors), slice(first.errors, None)):  # as in the matrix
        cells = np.stack([first.pairs.rows[part], first.pairs.columns[part]])
        assert (np.lexsort(cells[::-1]) == np.arange(cells.shape[1])).all()
    assert first.interval == pytest.approx(_by_people(scored, first.pairs), abs=0.02)
    assert "({:.1f} to {:.1f})".format(*(100 * end for end in first.interval)) in first.words
    marked = np.isin(scored.matrix.rows, (1, 2, 3))
    scores = scored.matrix.scores.copy()
    either = marked[:, None] | marked[None]
    scores[either & (scored.matrix.rows[:, None] != scored.matrix.rows[None])] += 0.5
    again = replace(scored, matrix=replace(scored.matrix, scores=scores))
    words = [
        one.words for one in worst_slices(again, 0.3, table, Traits({"twins": (marked, marked)}))
    ]
    assert any("impostor pairs with twins" in text for text in words), words


def test_slices_look_at_tags_and_columns_too() -> None:
    scored, table = world()
    codes = scored.matrix.rows

    def face(k: int, old: Face) -> Face:
        told = {"age": str(20 + codes[k]), "sex": "fm"[codes[k] % 2], "code": f"c{k % 60}"}
        return replace(old, columns=told if k else {})

    faces = tuple(face(k, old) for k, old in enumerate(scored.rows.gallery.faces))
    loaded = replace(scored.rows, gallery=replace(scored.rows.gallery, faces=faces))
    edits = Edits(tags={identity_subject("p3"): ("hat",), identity_subject("nobody"): ("none",)})
    scored = replace(scored, rows=loaded, columns=loaded)
    traits = traits_of(scored, (edits, edits))
    assert list(traits.numbers) == ["age"] and traits.left_out == ("code",)
    assert list(traits.marks) == ["tag = hat", "column(sex) = f", "column(sex) = m"]
    assert np.array_equal(traits.marks["tag = hat"][0], codes == 3)
    age = traits.numbers["age"][0]
    assert np.isnan(age[0]) and age[1:].tolist() == (20 + codes[1:]).tolist()
    assert traits.words == ("Left out, with more than 50 values that are no numbers: column code.")
    old = scored.matrix.scores.copy()
    older = np.fmax(age[:, None], age[None]) > 50
    old[older & (codes[:, None] == codes[None])] -= 0.5  # genuine pairs of people above 50 fail
    found = worst_slices(
        replace(scored, matrix=replace(scored.matrix, scores=old)), 0.3, table, traits
    )
    assert " age above 50" in found[0].where and found[0].genuine and found[0].rate > 0.9
    if found[0].interval is None:  # whoever is drawn, all fail
        assert found[0].rate == 1
    else:
        low, high = found[0].interval
        assert low <= found[0].rate <= high
        assert f"({100 * low:.1f} to {100 * high:.1f})" in found[0].words


def test_ranges_tell_thresholds_and_ratios_with_intervals() -> None:
    scored, table = world()
    best, worst = by_condition(scored, 0.3, table, "sharpness", (10,)).ranges
    for one in (best, worst):
        low, high = one.threshold_interval
        assert low <= one.threshold <= high and high - low < 0.1
        assert one.worth.score == 0.3
        assert one.worth.floor <= one.worth.log10_lr <= one.worth.ceiling
    # Where genuine pairs score as low as 0.15, a score of 0.3 is likelier of one person.
    assert worst.worth.log10_lr > best.worth.log10_lr


def test_rates_are_told_without_lir_and_why_there_are_no_ratios(monkeypatch) -> None:
    monkeypatch.setattr("core.analysis.conditions.by_condition.lir_missing", lambda: "No lir here.")
    scored, table = world()
    found = by_condition(scored, 0.3, table, "sharpness", (10,))
    assert found.words == "No lir here." and found.cllr is None
    assert all(one.worth is None and one.fmr is not None for one in found.ranges)


def test_commands_by_ranges_and_slices(run, tmp_path: Path) -> None:
    said = json.loads(run("conditions", "--by", "sharpness", "--json")[1])
    assert said["by"] == "sharpness" and len(said["ranges"]) > 1
    assert sum(one["genuine"] for one in said["ranges"]) == 4
    first = said["ranges"][0]
    assert first["threshold"] is None and 0 <= first["fmr"] <= 1
    assert first["fmr_low"] is None or first["fmr_low"] <= first["fmr"] <= first["fmr_high"]
    table = tmp_path / "by.csv"
    assert run("conditions", "--by", "exposure", "-o", str(table))[0] == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert list(rows[0])[:4] == ["low", "high", "impostor", "fmr"] and rows[0]["cllr"] == ""
    code, out, _ = run("conditions", "--by", "sharpness")
    assert code == 0 and "impostor" in out.splitlines()[0]
    code, out, _ = run("slices")
    assert code == 0 and "No slice has more errors" in out  # six photos are too few
    assert json.loads(run("slices", "--json")[1])["slices"] == []
    for more, wanted in (
        (("--ranges", "1"), "name it with --by"),
        (("--by", "yaw"), "Yaw is known of no face here"),
        (("--by", "sharpness", "--ranges", "a"), "write numbers such as 10,25"),
    ):
        code, _, err = run("conditions", *more)
        assert code == 1 and wanted in err


def test_conditions_that_tell_nothing_are_told() -> None:
    scored, table = world()
    nobody = np.full_like(scored.matrix.rows, -1)
    nameless = replace(scored, matrix=replace(scored.matrix, rows=nobody, columns=nobody))
    with pytest.raises(XCosError, match="No face has an identity, so no error is known"):
        by_condition(nameless, 0.3, table, "sharpness", (10,))
    for name, edges, said in (
        ("smile", (), "is no condition; choose one of yaw"),
        ("border", (), "Border is known of no face here"),
        ("yaw", (80,), "All faces lie in one range of yaw"),
    ):
        with pytest.raises(XCosError, match=said):
            by_condition(scored, 0.3, table, name, edges)


@pytest.mark.parametrize(
    ("low", "high", "told"), [(10, 25, "10 to 25"), (25.0, 25.33, "25 to 25.33")]
)
def test_a_range_s_ends_differ_in_words(low: float, high: float, told: str) -> None:
    only = (SimpleNamespace(low=low, high=high),)
    found = ByCondition(BY_NAME["yaw"], 0.3, only, None, 0, None, None)  # type: ignore[arg-type]
    assert found.title(0) == told


def test_ranges_of_exposure_are_told_as_distances_from_the_middle() -> None:
    only = (SimpleNamespace(low=3.77, high=27.5),)
    found = ByCondition(BY_NAME["exposure"], 0.3, only, None, 0, None, None)  # type: ignore[arg-type]
    assert found.title(0) == "3.77 to 27.5 from 127.5"
    assert found.unit == "mean luma, levels from 0 to 255, as the distance from 127.5"


@pytest.mark.parametrize(
    ("limit", "told"), [(2019.5, "year up to 2019.5"), (2024.5, "year up to 2024")]
)
def test_a_slice_s_limit_lies_between_the_values_that_it_parts(limit: float, told: str) -> None:
    years = np.arange(2000.0, 2030.0)
    assert _bounds(_Feature("year", years), [None, limit]) == told
    assert _bounds(_Feature("x", years / 7), [2019.51234 / 7, None]) == "x above 288.5"


def test_numbers_beyond_single_precision_are_told_apart_as_far_as_it_goes() -> None:
    huge = np.array([1e39, np.nan, 5.0, 2e40])
    (feature,) = _varied("serial", huge)
    assert np.isfinite(feature.values.astype(np.float32)).all()
    assert not [*_varied("serial", np.array([1e39, 2e39]))]
