"""Numbers at the edges of their ranges, and texts that hang on them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.fragile import VARIANTS, FragilePairs, fragile_counts
from core.analysis.patterns.groups import Groups, region_shares
from core.explain.colours import ColourLimits
from core.explain.editing.what_if import Faithfulness
from core.explain.explain import colour_limits, pair_cosines
from core.explain.explanation import PairDecision, PairExplanation, law_of
from core.explain.saliency.compare import disagreement, random_maps
from core.faces.align import TEMPLATE
from core.faces.face import Face
from core.faces.regions import face_regions
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.card import LAW_WORDS, ModelCard
from core.model.features import FaceFeatures
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import prepare
from core.scoring.matrix import ScoreMatrix
from tests.weights import scored

REGIONS_OF_TEMPLATE = face_regions(TEMPLATE)


def test_no_correlation_where_nothing_changes_or_little_was_tried() -> None:
    varied, even = np.array([0.1, -0.2, 0.3]), np.zeros(3)
    assert Faithfulness(varied, even, 72).correlation is None
    assert Faithfulness(even, varied, 72).correlation is None
    assert Faithfulness(varied[:2], varied[:2], 72).correlation is None
    rounded = 1e-7 * np.array([1.0, -1.0, 2.0])  # how far scores of single precision are off
    for pair in ((varied, rounded), (rounded, varied), (rounded, rounded)):
        assert Faithfulness(*pair, 72).correlation is None
    assert Faithfulness(varied, 1e-4 * varied, 72).correlation == pytest.approx(1)
    assert Faithfulness(varied, -2 * varied, 72).correlation == pytest.approx(-1)
    assert Faithfulness(varied, varied, 3).correlation == pytest.approx(1)


def test_a_score_at_the_threshold_is_different() -> None:
    attention, cosine = np.full((7, 7), 1 / 49), np.full((7, 7), 0.5)
    pair = PairExplanation("a", "b", "m", "uniform", "both", cosine, attention)
    assert PairDecision(pair, 0.25).same is True
    assert PairDecision(pair, pair.score).same is False
    without = PairDecision(pair, None)
    assert without.same is None and without.evidence is None and without.map_of("evidence") is None
    assert without.map_of("cosine") is cosine


def test_only_learned_attention_can_leave_a_hidden_cell(tmp_path) -> None:
    for law in LAW_WORDS:
        card = ModelCard("m", tmp_path / "m", "", "xcos", "thin", law=law)
        assert [law_of(card, kind) for kind in ("learned", "uniform", "correlation")] == [
            law, "additive", "additive"
        ]  # fmt: skip


def test_what_flips_a_pair_is_named_bit_by_bit() -> None:
    flips = np.array([[0, 0b100101], [0b000010, 0]], np.uint8)
    found = FragilePairs(flips > 0, 0.3, flips)
    names = [name for name, _ in VARIANTS]
    assert found.causes(0, 1) == [names[0], names[2], names[5]]
    assert found.causes(1, 0) == [names[1]] and found.causes(0, 0) == []
    assert FragilePairs(flips > 0, 0.3).causes(0, 1) == []
    moves = {name: (edit.kind, edit.x, edit.y) for name, edit in VARIANTS if edit.kind == "shift"}
    assert moves["2 px left"] == ("shift", -2, 0) and moves["2 px down"] == ("shift", 0, 2)
    turns = {name: edit.strength for name, edit in VARIANTS if edit.kind == "turn"}
    assert turns == {"2\N{DEGREE SIGN} anticlockwise": -2, "2\N{DEGREE SIGN} clockwise": 2}


def test_fragile_pairs_are_counted_by_outcome_once() -> None:
    codes = np.array([0, 0, 1, -1], np.int32)
    scores = np.array(
        [[9, 0.6, 0.4, 0.1], [0.6, 9, 0.2, 0.1], [0.4, 0.2, 9, 0.1], [0.1, 0.1, 0.1, 9]], np.float32
    )
    matrix = ScoreMatrix(scores, True, codes, codes, "uniform", "both")
    fragile = np.zeros((4, 4), bool)
    fragile[0, 2] = fragile[2, 0] = fragile[0, 3] = fragile[3, 0] = True
    found = fragile_counts(FragilePairs(fragile, 0.3), matrix)
    assert found == {"TP": (0, 1), "FP": (1, 1), "FN": (0, 0), "TN": (0, 1), "unknown": (1, 3)}


def test_cosines_of_pairs_are_of_their_own_rows() -> None:
    rng = np.random.default_rng(0)
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in rng.normal(size=(4, 5, 6))]
    grid = np.zeros((5, 32, 7, 7), np.float32)
    left = FaceFeatures(grid, unit[0].astype(np.float32), unit[1].astype(np.float32))
    right = FaceFeatures(grid, unit[2].astype(np.float32), unit[3].astype(np.float32))
    i, j = np.array([0, 4, 2]), np.array([3, 3, 1])
    target, fc = pair_cosines(left, i, right, j)
    assert target == pytest.approx(
        [unit[1][a] @ unit[3][b] for a, b in zip(i, j, strict=True)], abs=1e-6
    )
    assert fc == pytest.approx(
        [unit[0][a] @ unit[2][b] for a, b in zip(i, j, strict=True)], abs=1e-6
    )
    assert pair_cosines(left, i, replace(right, target=None), j)[0] is None


def test_colours_reach_as_far_as_the_pairs_do() -> None:
    rng = np.random.default_rng(1)
    p = rng.random((7, 7)) / 20
    grids = [rng.normal(size=(n, 32, 7, 7)).astype(np.float32) for n in (3, 5)]
    rows, columns = (prepare(grid, None) for grid in grids)
    codes = np.arange(3, dtype=np.int32), np.arange(5, dtype=np.int32)
    matrix = ScoreMatrix(np.zeros((3, 5), np.float32), False, *codes, "correlation", "both")
    sides = (
        LoadedGallery(
            Gallery(Path("g"), Path("g"), (Face("a", 1, None, None, ""),) * len(grid)),
            FaceFeatures(grid),
        )
        for grid in grids
    )
    found = colour_limits(scored(matrix, *sides, PairEngine(None, p)))
    cosine = np.einsum("akc,bkc->abk", rows.cells, columns.cells).reshape(-1, 7, 7)
    assert found.attention == pytest.approx(p.max())
    assert found.contribution == pytest.approx(np.percentile(np.abs(p * cosine), 99.8))


def test_colours_of_many_pairs_are_of_some_of_them_and_of_no_pair_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    p = rng.random((7, 7)) / 20

    def limits(rows: int, columns: int) -> ColourLimits:
        codes = np.arange(rows, dtype=np.int32), np.arange(columns, dtype=np.int32)
        scores = np.zeros((rows, columns), np.float32)
        matrix = ScoreMatrix(scores, False, *codes, "correlation", "both")
        draw = np.random.default_rng(9)
        sides = (
            LoadedGallery(
                Gallery(Path("g"), Path("g"), (Face("a", 1, None, None, ""),) * count),
                FaceFeatures(draw.normal(size=(count, 32, 7, 7)).astype(np.float32)),
            )
            for count in (rows, columns)
        )
        return colour_limits(scored(matrix, *sides, PairEngine(None, p)))

    every = limits(30, 40)
    monkeypatch.setattr("core.explain.explain.SAMPLED_PAIRS", 1199)
    most = limits(30, 40)
    assert most == limits(30, 40) and most != every  # seeded, and a sample
    assert most.contribution == pytest.approx(every.contribution, rel=0.02)
    assert limits(0, 40) == limits(30, 0) == ColourLimits(1.0, 1.0)


def test_shares_of_regions_are_of_one_side_and_sum_to_1() -> None:
    rng = np.random.default_rng(2)
    evidence = rng.uniform(-1, 1, (6, 7, 7))[[1, 4]]
    for side in (1, -1):
        found = region_shares(evidence, side)
        cells = np.maximum(side * evidence, 0).sum(axis=0)
        assert sum(found.values()) == pytest.approx(1)
        for name, share in found.items():
            assert share == pytest.approx(cells[name == REGIONS_OF_TEMPLATE].sum() / cells.sum())


@pytest.mark.parametrize(
    ("silhouette", "said"),
    [(0.6, "clearly"), (0.25, "clearly"), (0.249, "moderately"), (0.15, "moderately"), (0.149, "weakly")],
)  # fmt: skip
def test_how_far_apart_groups_are_in_words(silhouette: float, said: str) -> None:
    assert f"0 groups, {said} apart" in Groups((), silhouette).words
    assert Groups((), None).words.startswith("One group")


def test_random_orders_are_each_face_s_own_and_seeded() -> None:
    maps = random_maps(3)
    assert len({m.left.tobytes() for m in maps} | {m.right.tobytes() for m in maps}) == 2 * len(
        maps
    )
    for one, again in zip(maps, random_maps(3), strict=True):
        assert np.array_equal(one.left, again.left) and np.array_equal(one.right, again.right)
        assert sorted((48 * one.left).round().ravel()) == [*range(49)]
    assert not np.array_equal(maps[0].left, random_maps(4)[0].left)


def test_a_disagreement_names_the_two_extremes() -> None:
    where = {name: name == REGIONS_OF_TEMPLATE for name in np.unique(REGIONS_OF_TEMPLATE)}
    looked = 0.6 * where["mouth"] / where["mouth"].sum() + 0.4 * where["chin"] / where["chin"].sum()
    changed = -0.7 * where["nose"] / where["nose"].sum() + 0.3 * where["chin"] / where["chin"].sum()
    told = disagreement(looked, changed, REGIONS_OF_TEMPLATE)
    assert told == (
        "Attention and occlusion disagree: the mouth has 60 % of the attention, but hiding it makes "
        "0 % of the change; the nose has 0 % of the attention, but hiding it makes 70 % of the change."
    )


def test_regions_of_a_narrow_face_and_of_a_turned_one() -> None:
    narrow = np.array([[46, 40], [66, 40], [56, 62], [48, 80], [64, 80]], np.float32)
    found = face_regions(narrow)
    column = [str(name) for name in found[:, 3]]
    assert column == ["forehead", "forehead", "nose", "nose", "mouth", "mouth", "chin"]
    for marks in (narrow, TEMPLATE):
        turned = np.stack([112 - marks[:, 1], marks[:, 0]], axis=1)  # clockwise by a quarter
        assert np.array_equal(face_regions(turned), np.rot90(face_regions(marks), -1))
        assert not np.array_equal(face_regions(turned), face_regions(marks))
