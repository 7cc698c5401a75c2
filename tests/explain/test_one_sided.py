"""Where left and right, rows and columns matter: one-sided orders, edits of one face, probes."""

from pathlib import Path

import numpy as np
import pytest

from core.analysis.fragile import VARIANTS, find_fragile, fragile_list
from core.analysis.patterns.groups import find_groups
from core.explain.editing.edits import Edit, apply_edits
from core.explain.editing.flip import smallest_flip, steps
from core.explain.editing.what_if import PairEditor, Question, faithfulness
from core.explain.maps import PairMaps, maps_of_pairs
from core.faces.choose import GallerySettings
from core.faces.regions import REGIONS, face_regions, region_places
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import landmarks_in_crop, open_gallery
from core.model.kinds import Order
from core.progress import Task
from core.project.edits import Edits
from core.project.sides import edits_of_sides
from core.query.evaluate import passing, region_percent
from core.query.given import FilterInput
from core.query.language import parse
from core.query.selection import Selection
from core.scoring.kernels.prepared import PreparedPairs
from core.scoring.lists import PairList
from core.scoring.scored import score_gallery
from tests.explain.test_what_if import World
from tests.living import Known, crop, make_photos

ORDERS: tuple[Order, ...] = ("left-right", "right-left", "both")
PATCH, TURN = Edit("patch", 12, 40, 48, 32), Edit("turn", strength=7)


@pytest.fixture
def world(tiny_weights: Path, crops: Path, tmp_path: Path) -> World:
    return World(tiny_weights, crops, tmp_path)


@pytest.fixture
def others(world: World, probes: Path, tmp_path: Path) -> LoadedGallery:
    return open_gallery(
        probes, verifier=world.verifier, cache=world.cache, settings=GallerySettings(aligned=True)
    )


def score(world: World, left: np.ndarray, right: np.ndarray, order: Order) -> float:
    """By the long way: both crops through the network, both maps, their sum."""
    made = world.engine.prepare(world.verifier.features(np.stack([left, right])).grid)
    s, w = world.engine.maps(made, 0, made, 1, "learned", order)
    return float((s * w).sum())


def editor(world: World, order: Order) -> PairEditor:
    return world.editor(0, 4, order)


@pytest.mark.parametrize("order", ORDERS)
def test_an_edit_of_the_right_face_alone(world: World, order: Order) -> None:
    asked = editor(world, order)
    answer = asked.ask(Question(right=(PATCH, TURN)))
    edited = apply_edits(world.crop(4), [PATCH, TURN])
    wanted = score(world, world.crop(0), edited.crop, order)
    assert answer.after.score == pytest.approx(wanted, abs=1e-5)
    turned = score(world, edited.crop, world.crop(0), order)
    assert order == "both" or abs(wanted - turned) > 0.02
    assert np.array_equal(answer.covered, edited.covered)
    assert not answer.left.covered.any() and np.array_equal(answer.left.crop, world.crop(0))
    assert np.array_equal(answer.right.crop, edited.crop)
    before = score(world, world.crop(0), world.crop(4), order)
    assert answer.real_change == pytest.approx(wanted - before, abs=1e-5)
    assert abs(answer.real_change) > 0.01
    lost = (answer.before.contribution * edited.covered).sum()
    assert answer.predicted_change == pytest.approx(-lost, abs=1e-9) and abs(lost) > 0.002


def test_what_either_face_covers_is_covered_once(world: World) -> None:
    beside = Edit("patch", 36, 40, 48, 32)
    answer = editor(world, "both").ask(Question((PATCH,), (beside,)))
    one, other = (apply_edits(world.crop(0), [edit]).covered for edit in (PATCH, beside))
    assert np.array_equal(answer.covered, np.maximum(one, other))
    assert (one * other).any() and answer.covered.max() == 1
    swapped = editor(world, "left-right").ask(Question((PATCH,), swapped=True)).after
    left = apply_edits(world.crop(0), [PATCH]).crop
    assert swapped.score == pytest.approx(score(world, left, world.crop(4), "right-left"), abs=1e-5)


@pytest.mark.parametrize("order", ORDERS)
def test_scores_of_many_crops_of_one_face(world: World, order: Order) -> None:
    asked = editor(world, order)
    made = [apply_edits(world.crop(k), [PATCH]).crop for k in (0, 1, 5)]
    left, right = (asked.scores(side, np.stack(made)) for side in ("left", "right"))  # type: ignore[arg-type]
    for k, face in enumerate(made):
        assert left[k] == pytest.approx(score(world, face, world.crop(4), order), abs=1e-5)
        assert right[k] == pytest.approx(score(world, world.crop(0), face, order), abs=1e-5)
    assert np.abs(left - right).min() > 0.01


def test_faithfulness_under_a_one_sided_order(world: World) -> None:
    asked = editor(world, "left-right")
    found = faithfulness(asked, task=Task(stopped=lambda: world.calls >= 12))
    every = [
        (side, Edit("patch", float(x), float(y), 32.0, 32.0))
        for y in range(0, 96, 16) for x in range(0, 96, 16) for side in ("left", "right")
    ]  # fmt: skip
    places = np.random.default_rng(0).permutation(72)[:12]
    told = []
    for start in range(0, 12, 4):  # by fours, a four's left ones first
        told += sorted((every[k] for k in places[start : start + 4]), key=lambda e: e[0] != "left")
    assert len(found.real) == 12 and found.total == 72
    for real, predicted, (side, patch) in zip(found.real, found.predicted, told, strict=True):
        edited = apply_edits(world.crop(0 if side == "left" else 4), [patch])
        pair = (edited.crop, world.crop(4)) if side == "left" else (world.crop(0), edited.crop)
        assert real == pytest.approx(
            score(world, *pair, "left-right") - asked.before.score, abs=1e-5
        )
        assert predicted == pytest.approx(-(asked.before.contribution * edited.covered).sum())
    assert found.real.std() > 0.005


def test_the_smallest_turn_of_the_right_face(world: World) -> None:
    ladder = list(steps("turn"))[:12]
    reached = [
        score(world, world.crop(0), apply_edits(world.crop(4), [edit]).crop, "right-left")
        for _, edit in ladder
    ]
    start = editor(world, "right-left").before.score
    threshold = float(start + 0.6 * (min(reached) - start))
    found = smallest_flip(editor(world, "right-left"), threshold, "turn", ("right",)).found
    assert found is not None and found.side == "right"
    first = next(k for k, value in enumerate(reached) if value <= threshold)
    same_size = [k for k, (size, _) in enumerate(ladder) if size == ladder[first][0]]
    best = min(same_size, key=lambda k: reached[k])
    assert found.edit == ladder[best][1] and found.score == pytest.approx(reached[best], abs=1e-4)
    assert start - threshold > 0.002


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("square", [True, False])
def test_fragile_pairs_against_a_slow_double_loop(
    world: World, others: LoadedGallery, order: Order, square: bool
) -> None:
    columns = world.loaded
    rows = columns if square else others
    scored = score_gallery(world.model, columns, None if square else rows, "learned", order)
    matrix = scored.matrix
    values = np.sort(matrix.scores[matrix.counted(slice(0, 6), slice(0, 6))].astype(np.float64))
    threshold = float(values[len(values) // 2 : len(values) // 2 + 2].mean())
    found = find_fragile(world.verifier, world.cache, scored, threshold)
    moves = [[], *([edit] for _, edit in VARIANTS)]

    def grids(names: list[tuple[str, int]]) -> list:
        return [
            world.engine.prepare(world.verifier.features(
                np.stack([apply_edits(crop(*name), edits).crop for edits in moves])
            ).grid)
            for name in names
        ]  # fmt: skip

    def named(loaded: LoadedGallery) -> list[tuple[str, int]]:
        parts = (face.photo.removesuffix(".png").split("/") for face in loaded.gallery.faces)
        return [(name, int(number)) for name, number in parts]

    down, across = grids(named(rows)), grids(named(columns))

    def same(i: int, move_i: int, j: int, move_j: int) -> bool:
        s, w = world.engine.maps(down[i], move_i, across[j], move_j, "learned", order)
        return float((s * w).sum()) > threshold

    wanted = np.zeros(matrix.scores.shape, int)
    by_row, by_column = (np.zeros(n, int) for n in matrix.scores.shape)
    for i in range(len(rows)):
        for j in range(len(columns)):
            if square and i == j:
                continue
            still = same(i, 0, j, 0)
            left = sum((same(i, b + 1, j, 0) != still) << b for b in range(6))
            right = sum((same(i, 0, j, b + 1) != still) << b for b in range(6))
            wanted[i, j] = left | right
            if i < j or not square:  # a pair is a cell above the diagonal
                by_row[i] += left > 0
                by_column[j] += right > 0
    if square:
        by_row = by_column = by_row + by_column
    assert np.array_equal(found.flips, wanted) and (wanted > 0).any() and (wanted == 0).any()
    assert np.array_equal(found.rows, by_row) and np.array_equal(found.columns, by_column)
    assert np.array_equal(found.fragile, wanted > 0)
    listed = fragile_list(found, matrix)
    counted = (wanted > 0) & (np.triu(np.ones_like(wanted), 1) > 0 if square else True)
    assert len(listed) == counted.sum()
    assert all(counted[i, j] for i, j in zip(listed.rows, listed.columns, strict=True))
    assert (np.diff(np.abs(listed.scores.astype(float) - threshold)) >= 0).all()
    # Of one face all pairs are listed, also where those of the whole gallery would be too many.
    n, m = counted.shape
    faces = [(k, k) for k in range(n)] if square else [(k, -1) for k in range(n)]
    for row, column in faces + ([] if square else [(-1, k) for k in range(m)]):
        of_face = fragile_list(found, matrix, face=(row, column), limit=counted.size)
        places = {*zip(of_face.rows.tolist(), of_face.columns.tolist(), strict=True)}
        its = {(i, j) for i, j in np.argwhere(counted).tolist() if i == row or j == column}
        assert places == its
        assert len(fragile_list(found, matrix, face=(row, column), limit=1)) == min(1, len(its))
    for move in range(6):
        of_move = fragile_list(found, matrix, move=move)
        places = {*zip(of_move.rows.tolist(), of_move.columns.tolist(), strict=True)}
        assert places == {*map(tuple, np.argwhere(counted & (wanted >> move & 1 > 0)).tolist())}


def test_maps_of_pairs_are_each_pair_s_own(world: World, others: LoadedGallery) -> None:
    rows = world.engine.prepare(others.features.grid)
    columns = world.engine.prepare(world.loaded.features.grid)
    i, j = np.array([0, 3, 2, 1]), np.array([5, 0, 4, 1])
    for order in ORDERS:
        found = maps_of_pairs(world.engine, PreparedPairs(rows, i, columns, j), "learned", order)
        assert len(found) == 4
        for k in range(4):
            s, w = world.engine.maps(rows, int(i[k]), columns, int(j[k]), "learned", order)
            np.testing.assert_allclose(found.cosine[k], s, atol=1e-6)
            np.testing.assert_allclose(found.attention[k], w, atol=1e-6)
            assert found.scores[k] == pytest.approx((s * w).sum(), abs=1e-6)
            evidence = found.evidence(0.3)[k]
            assert evidence.sum() == pytest.approx((s * w).sum() - 0.3, abs=1e-6)
            np.testing.assert_allclose(evidence, s * w - 0.3 * w / w.sum(), atol=1e-6)


def test_a_region_filter_takes_the_mean_of_two_different_faces(
    world: World, tmp_path: Path
) -> None:
    found = make_photos(tmp_path / "photos")
    loaded = open_gallery(
        tmp_path / "photos",
        verifier=world.verifier,
        cache=Cache(tmp_path / "photos.sqlite"),
        detector=Known(tmp_path / "photos", found),
    )
    rows = LoadedGallery(loaded.gallery, loaded.features)  # another object: every cell is a pair
    scored = score_gallery(world.model, loaded, rows, "learned", "left-right")
    given = FilterInput(scored, 0.3, edits_of_sides(Edits()))
    faces = loaded.gallery.faces
    marks = [landmarks_in_crop(face) for face in faces]
    prepared = world.engine.prepare(loaded.features.grid)
    differing = 0
    for region in ("nose", "mouth", "left eye", "right cheek"):
        shares, alone = np.zeros((2, 6, 6))
        for i in range(6):
            for j in range(6):
                s, w = world.engine.maps(prepared, i, prepared, j, "learned", "left-right")
                cells = face_regions((marks[i] + marks[j]) / 2) == region
                shares[i, j] = 100 * (s * w)[cells].sum() / (s * w).sum()
                alone[i, j] = 100 * (s * w)[face_regions(marks[i]) == region].sum() / (s * w).sum()
        limit = float(np.round(np.median(shares), 2)) + 0.005
        mask = passing(parse(f"region({region}) > {limit} %"), given)
        assert np.array_equal(mask, shares > limit) and mask.any() and not mask.all()
        assert not np.array_equal(mask, mask.T) or region == "nose"
        differing += int(((shares > limit) != (alone > limit)).sum())
    assert differing > 0  # one face's landmarks alone would have told otherwise


def test_a_region_s_share_is_of_its_own_pair() -> None:
    rng = np.random.default_rng(3)
    contribution = rng.normal(0.02, 0.01, (5, 7, 7))
    contribution[4] = 0
    marks = np.stack([np.full((5, 2), 0.0)] * 5)
    from core.faces.align import TEMPLATE

    marks[:] = TEMPLATE + rng.normal(0, 6, (5, 5, 2))
    found = region_percent(contribution, marks, ("mouth", "left eye"))
    assert set(found) == {"mouth", "left eye"}
    for k in range(4):
        for name, shares in found.items():
            cells = face_regions(marks[k]) == name
            wanted = 100 * contribution[k][cells].sum() / contribution[k].sum()
            assert shares[k] == pytest.approx(wanted)
    assert np.isnan(found["mouth"][4])
    places = region_places(marks)
    assert len({places[k].tobytes() for k in range(5)}) > 1
    assert places.max() < len(REGIONS)


def test_one_group_asked_for_is_all_pairs() -> None:
    rng = np.random.default_rng(0)
    maps = PairMaps(rng.uniform(-1, 1, (12, 7, 7)), np.full((12, 7, 7), 1 / 49))
    places = np.arange(12)
    chosen = Selection("pairs", PairList(places, places + 1, maps.scores.astype(np.float32)), 12)
    found = find_groups(chosen, maps, 0.0, 1)
    (group,) = found.groups
    assert found.silhouette is None and len(group.pairs) == 12
    assert {*group.places.tolist()} == {*range(12)} and group.others == {}
    assert group.sentence.startswith("All 12 pairs are carried by")
    two = find_groups(chosen, maps, 0.0, 2)
    assert len(two.groups) == 2 and sum(len(g.pairs) for g in two.groups) == 12
    assert len(two.groups[0].pairs) >= len(two.groups[1].pairs)
