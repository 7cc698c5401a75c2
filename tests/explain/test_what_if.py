"""What-if, flips and fragile pairs over made crops and a small random model."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.fragile import VARIANTS, find_fragile, fragile_counts, fragile_list
from core.errors import Stopped, XCosError
from core.explain.editing.edits import Edit, apply_edits
from core.explain.editing.flip import FLIP_KINDS, deciding_cells, smallest_flip, steps
from core.explain.editing.what_if import SIDES, PairEditor, Question, agreement, faithfulness
from core.explain.explanation import PairExplanation
from core.faces.choose import GallerySettings
from core.faces.regions import face_regions
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of, open_gallery
from core.model.attention_weights import read_head
from core.model.card import HidingLaw
from core.model.kinds import Order
from core.model.verifier import Verifier
from core.progress import Task
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedFaces
from core.scoring.matrix import score_matrix
from core.scoring.scored import ScoringModel, one_pair, score_gallery


class World:
    """A gallery of six crops and a model."""

    def __init__(self, weights: Path, crops: Path, place: Path) -> None:
        self.verifier = Verifier(weights, "cpu")
        self.engine = PairEngine(read_head(weights), self.verifier.card.correlation)
        self.cache = Cache(place / "cache.sqlite")
        self.loaded: LoadedGallery = open_gallery(
            crops,
            verifier=self.verifier,
            cache=self.cache,
            settings=GallerySettings(aligned=True),
        )
        self.calls = 0
        computed = self.verifier.features

        def counted(crops: np.ndarray, *rest: object, **more: object) -> object:
            self.calls += len(crops)
            return computed(crops, *rest, **more)  # type: ignore[arg-type]

        self.verifier.features = counted  # type: ignore[method-assign, assignment]

    @property
    def model(self) -> ScoringModel:
        return ScoringModel(self.verifier.card, self.engine)

    def editor(self, i: int = 0, j: int = 3, order: Order = "both") -> PairEditor:
        pair = one_pair(self.model, (self.loaded, i), (self.loaded, j), order=order)
        return PairEditor(self.verifier, pair, self.cache)

    def score_of(self, left: np.ndarray, right: np.ndarray) -> float:
        """The score of two crops by the long way."""
        made = self.engine.prepare(self.verifier.features(np.stack([left, right])).grid)
        s, w = self.engine.maps(made, 0, made, 1, "learned", "both")
        return float((s * w).sum())

    def crop(self, place: int) -> np.ndarray:
        face = self.loaded.gallery.faces[place]
        return crop_of(face, self.loaded.gallery.root, self.cache)


@pytest.fixture
def world(tiny_weights: Path, crops: Path, tmp_path: Path) -> World:
    return World(tiny_weights, crops, tmp_path)


def test_an_edit_changes_the_score_as_scoring_the_edited_crop_does(world: World) -> None:
    editor = world.editor()
    patch = Edit("patch", 20, 20, 40, 40)
    answer = editor.ask(Question(left=(patch,)))
    assert world.calls == 1  # the other face's features are the gallery's
    edited = apply_edits(world.crop(0), [patch])
    assert answer.after.score == pytest.approx(world.score_of(edited.crop, world.crop(3)), abs=2e-6)
    assert answer.before.score == pytest.approx(
        world.score_of(world.crop(0), world.crop(3)), abs=2e-6
    )
    assert answer.real_change == pytest.approx(answer.after.score - answer.before.score)
    lost = (answer.before.attention * answer.before.cosine * edited.covered).sum()
    assert answer.predicted_change == pytest.approx(-lost)


def test_the_robust_law_predicts_the_score_of_what_is_seen() -> None:
    rng = np.random.default_rng(3)
    cosine, attention = rng.uniform(-1, 1, (7, 7)), rng.dirichlet(np.ones(49)).reshape(7, 7)
    covered = np.zeros((7, 7))
    covered[1:4, 2:6] = 1
    covered[4, 2:6] = 0.25
    pair = PairExplanation("a", "b", "m", "learned", "both", cosine, attention, law="robust")
    weights = attention * (1 - covered)
    assert pair.without(covered) == pytest.approx(np.average(cosine, weights=weights))
    assert pair.predicted_change(covered) == pytest.approx(
        np.average(cosine, weights=weights) - np.average(cosine, weights=attention)
    )
    assert pair.without(np.ones((7, 7))) == 0 and pair.predicted_change(np.zeros((7, 7))) == 0
    strict = replace(pair, law="strict")  # a quarter hidden: 27 of 64 parts are kept
    kept = np.where(covered == 0.25, attention * 27 / 64, weights)
    assert strict.without(covered) == pytest.approx(np.average(cosine, weights=kept))
    assert strict.without(np.ones((7, 7))) == 0 and strict.without(0 * covered) == pair.score
    additive = replace(pair, law="additive")
    assert additive.without(covered) == pytest.approx((weights * cosine).sum())
    for law, left in (
        ("robust", weights),
        ("strict", kept),
    ):  # the map tells the margin that results
        predicted = replace(pair, law=law).evidence_without(covered, 0.1)  # type: ignore[arg-type]
        np.testing.assert_allclose(predicted, (cosine - 0.1) * left / left.sum(), atol=1e-12)
    margin = (weights * cosine).sum() - 0.1
    assert additive.evidence_without(covered, 0.1).sum() == pytest.approx(margin)
    assert strict.evidence_without(np.ones((7, 7)), 0.1).sum() == pytest.approx(-0.1)


def test_what_did_not_change_is_not_computed_again(world: World) -> None:
    editor = world.editor()
    left = (Edit("blur", strength=3),)
    editor.ask(Question(left=left))
    editor.ask(Question(left, (Edit("turn", strength=4),)))
    editor.ask(Question(left, (Edit("turn", strength=4),), swapped=True))
    assert world.calls == 2
    answer = editor.ask(Question())
    assert world.calls == 2 and answer.real_change == 0 and answer.agreement is None


def test_swapping_exchanges_a_one_sided_order(world: World) -> None:
    editors = [world.editor(*places, order="left-right") for places in ((0, 3), (3, 0))]
    swapped = editors[0].ask(Question(swapped=True)).after
    assert swapped.score == pytest.approx(editors[1].before.score, abs=1e-9)
    assert np.abs(swapped.attention - editors[0].before.attention).max() > 0.01


def test_the_outcome_follows_identities_and_threshold(world: World) -> None:
    impostors, genuine = world.editor(0, 3), world.editor(0, 1)
    assert impostors.ask(Question(), -1.0).outcome_after == "FP"
    answer = genuine.ask(Question(), 1.0)
    assert answer.outcome_before == answer.outcome_after == "FN"
    assert replace(answer, threshold=-1.0).outcome_after == "TP"
    assert genuine.ask(Question()).outcome_after == "unknown"


def test_agreement_of_one_edit() -> None:
    assert agreement(-0.2, -0.2) == 1 and agreement(-0.2, 0.2) == 0
    assert agreement(-0.3, -0.1) == pytest.approx(0.5) and agreement(0, 0) == 1


def test_faithfulness_is_the_correlation_of_both_changes(world: World) -> None:
    editor = world.editor()
    part = faithfulness(editor, task=Task(stopped=lambda: world.calls >= 8))
    assert len(part.real) == 8 and part.total == 72
    some = faithfulness(editor, most=10)
    assert len(some.real) == 10 and np.array_equal(some.real[:8], part.real)
    whole = faithfulness(editor, part)
    assert len(whole.real) == 72 and np.array_equal(whole.real[:8], part.real)
    assert whole.correlation == pytest.approx(np.corrcoef(whole.real, whole.predicted)[0, 1])
    assert faithfulness(editor, task=Task(stopped=lambda: True)).correlation is None


CELLS = st.lists(st.integers(-6, 6), min_size=9, max_size=9)


@given(CELLS, CELLS, st.sampled_from(get_args(HidingLaw)))
def test_no_fewer_cells_decide(
    evidence: list[int], contribution: list[int], law: HidingLaw
) -> None:
    maps = np.array(evidence).reshape(3, 3), np.array(contribution).reshape(3, 3)
    found = deciding_cells(*maps, law)
    same = sum(evidence) > 0
    against = sum(v for v in evidence if (v > 0) != same)

    def fewest(decides: Callable[[tuple[int, ...]], bool]) -> int | None:
        for count in range(10):
            if any(decides(chosen) for chosen in combinations(range(9), count)):
                return count
        return None

    def flips(cells: tuple[int, ...]) -> bool:
        if law != "additive":  # the others' score is above the threshold where their evidence is
            rest = [value for k, value in enumerate(evidence) if k not in cells]
            return bool(rest) and (sum(rest) > 0) != same
        return (sum(evidence) - sum(contribution[k] for k in cells) > 0) != same

    def holds(cells: tuple[int, ...]) -> bool:
        return (sum(evidence[k] for k in cells) + against > 0) == same

    assert found.same == same
    assert len(found.without) == (fewest(flips) or 0)
    assert len(found.enough) == fewest(holds)
    if found.without:
        assert flips(tuple(3 * r + c for r, c in found.without))
    assert holds(tuple(3 * r + c for r, c in found.enough))


@pytest.mark.parametrize("kind", FLIP_KINDS)
def test_edits_are_tried_from_small_to_large(kind: str) -> None:
    sizes = [size for size, _ in steps(kind)]  # type: ignore[arg-type]
    assert sizes == sorted(sizes) and len({edit.text for _, edit in steps(kind)}) == len(sizes)  # type: ignore[arg-type]


def test_the_smallest_flip_flips_and_no_smaller_one_does(world: World) -> None:
    start = world.editor().before.score
    ladder = list(steps("turn"))[:24]
    both = {
        edit: [
            world.score_of(apply_edits(world.crop(0), [edit]).crop, world.crop(3)),
            world.score_of(world.crop(0), apply_edits(world.crop(3), [edit]).crop),
        ]
        for _, edit in ladder
    }
    reached = np.array(list(both.values()))
    # A threshold that some turn, but not the smallest ones, crosses, and another one as large.
    by_size = reached.reshape(-1, 4)  # both senses and both faces of each size
    below = np.minimum.accumulate(np.r_[start, by_size.min(axis=1)])[:-1]  # of all smaller ones
    second = np.sort(by_size, axis=1)[:, 1]
    size = int(np.argmax(below - second))
    assert below[size] > second[size]
    threshold = float((below[size] + second[size]) / 2)
    found = smallest_flip(world.editor(), threshold, "turn").found
    assert found is not None
    assert both[found.edit][found.side == "right"] == pytest.approx(found.score, abs=1e-4)
    assert found.score <= threshold
    smaller = [v for size, edit in ladder if size < found.size for v in both[edit]]
    assert all(v > threshold for v in smaller)
    rivals = [v for size, edit in ladder if size == found.size for v in both[edit]]
    assert sum(v <= threshold for v in rivals) > 1
    assert found.score == pytest.approx(min(rivals), abs=1e-4)  # the one that goes farthest


def test_a_pair_at_its_threshold_is_different_and_flips_above_it(world: World) -> None:
    editor = world.editor()
    found = smallest_flip(editor, editor.before.score, "turn").found
    assert found is not None and found.score > editor.before.score


def test_a_search_without_an_answer_says_so_and_can_be_stopped(world: World) -> None:
    editor = world.editor()
    search = smallest_flip(editor, -1.0, "dark", ("left",))
    assert search.found is None and search.tried == 20
    assert search.words == "No loss of light up to 100 % on the left face changes the verdict."
    with pytest.raises(Stopped):
        smallest_flip(editor, -1.0, "patch", task=Task(stopped=lambda: True))
    looks = iter([False] * 30 + [True] * 99)  # two looks a strength of the two faces
    part = smallest_flip(editor, -1.0, "turn", task=Task(stopped=lambda: next(looks)))
    assert part.found is None and part.stopped and part.largest == 7.5
    assert part.words == (
        "No turn up to 7.5 degrees on either face changes the verdict; the search was stopped there."
    )
    with pytest.raises(XCosError, match="mirror has no sizes"):
        smallest_flip(editor, -1.0, "mirror")
    with pytest.raises(XCosError, match="has no threshold"):
        smallest_flip(editor, None, "patch")


def test_fragile_pairs_are_those_that_a_small_move_flips(world: World) -> None:
    matrix = score_matrix(world.engine, world.loaded)
    ranked = np.sort(matrix.scores[np.triu_indices(6, 1)].astype(np.float64))
    threshold = float(ranked[7:9].mean())  # between two scores, where rounding decides nothing
    found = find_fragile(
        world.verifier, world.cache, score_gallery(world.model, world.loaded), threshold
    )
    moves = [[], *([edit] for _, edit in VARIANTS)]
    made = [
        world.engine.prepare(
            world.verifier.features(
                np.stack([apply_edits(world.crop(i), edits).crop for edits in moves])
            ).grid
        )
        for i in range(6)
    ]

    def score(left: PreparedFaces, place: int, right: PreparedFaces) -> float:
        s, w = world.engine.maps(left, place, right, 0, "learned", "both")
        return float((s * w).sum())

    wanted = np.zeros((6, 6), int)
    moved_flips = np.zeros(6, int)
    for i in range(6):
        for j in range(6):
            if i == j:
                continue
            still = score(made[i], 0, made[j]) > threshold
            flips = 0
            for bit in range(len(VARIANTS)):
                flips |= ((score(made[i], bit + 1, made[j]) > threshold) != still) << bit
            wanted[i, j] |= flips
            wanted[j, i] |= flips
            moved_flips[i] += flips > 0
    assert found.flips is not None and found.rows is not None
    assert np.array_equal(found.flips, wanted) and wanted.any()
    assert np.array_equal(found.rows, moved_flips)
    listed = fragile_list(found, matrix)
    assert len(listed) == np.triu(wanted > 0, 1).sum()
    counts = fragile_counts(found, matrix)
    assert sum(total for _, total in counts.values()) == 15
    assert sum(some for some, _ in counts.values()) == len(listed)
    i, j = np.argwhere(wanted)[0]
    assert len(found.causes(i, j)) == bin(wanted[i, j]).count("1")


def test_a_second_scan_computes_no_features_and_probes_agree(world: World) -> None:
    scored = score_gallery(world.model, world.loaded)
    first = find_fragile(world.verifier, world.cache, scored, 0.46)
    assert world.calls == 36
    other = LoadedGallery(world.loaded.gallery, world.loaded.features)
    probes = score_gallery(world.model, world.loaded, other)
    again = find_fragile(world.verifier, world.cache, probes, 0.46)
    assert world.calls == 36
    off = ~np.eye(6, dtype=bool)
    assert np.array_equal(first.fragile[off], again.fragile[off])
    with pytest.raises(Stopped):
        find_fragile(world.verifier, world.cache, probes, 0.46, Task(stopped=lambda: True))


def test_regions_of_a_pair_are_of_the_mean_of_both_faces(world: World) -> None:
    editor = world.editor()
    left, right = (editor.faces[side].landmarks for side in SIDES)
    editor.faces["right"] = replace(editor.faces["right"], landmarks=right + (0.0, 24.0))
    names = editor.regions()
    assert np.array_equal(names, face_regions((left + right) / 2 + (0.0, 12.0)))
    assert not np.array_equal(names, face_regions(left))
