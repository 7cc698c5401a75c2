"""Evaluation against cases small enough to count by hand."""

from pathlib import Path

import numpy as np
import pytest

from core.analysis.bootstrap import Differences, Interval, intervals
from core.analysis.people import people, person_maps
from core.explain.explanation import PairExplanation
from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import open_gallery
from core.model.attention_weights import read_head
from core.model.features import FaceFeatures
from core.model.verifier import Verifier
from core.scoring.engine import PairEngine
from core.scoring.matrix import ScoreMatrix, score_matrix
from core.video.track_scores import score_tracks
from core.video.tracks import Track, TrackedFace
from tests.analysis.test_people import loaded
from tests.living import crop
from tests.weights import scored


@pytest.mark.parametrize(
    ("low", "high", "beyond"),
    [(0.01, 0.04, True), (-0.05, -0.01, True), (-0.01, 0.02, False), (0.0, 0.03, False), (-0.02, 0.0, False)],
)  # fmt: skip
def test_beyond_chance_is_an_interval_without_0(low: float, high: float, beyond: bool) -> None:
    interval = Interval("TAR", (low + high) / 2, low, high, 40)
    assert interval.beyond_chance is beyond
    assert ("beyond chance" in interval.words) is beyond
    assert ("may be chance" in interval.words) is not beyond
    assert f"{100 * high:+.2f}".replace("-", "\N{MINUS SIGN}") in interval.words


def test_differences_of_a_matrix_by_hand() -> None:
    """Two people with two and one photos against two probes; A is right where B is not."""
    rows, columns = np.array([0, 1], np.int32), np.array([0, 0, 1], np.int32)
    differences = Differences(rows, columns, False)
    #            ann  ann  bob
    told = np.array([[1, 0, -1], [0, 1, 1]])  # A right and B wrong: 1; the other way round: -1
    differences.add(slice(0, 2), told, np.ones((2, 3), bool))
    assert differences.genuine.tolist() == [1, 1]
    p, q, sums = differences.impostor()
    assert list(zip(p.tolist(), q.tolist(), sums.tolist(), strict=True)) == [(0, 1, -1), (1, 0, 1)]
    accuracy, tar, far = intervals(differences, draws=300)
    assert accuracy.difference == pytest.approx(2 / 6)  # of six pairs
    assert tar.difference == pytest.approx(2 / 3)  # of three genuine ones
    assert far.difference == pytest.approx(0)  # right about impostors: accepts fewer
    assert accuracy.low <= accuracy.difference <= accuracy.high and accuracy.identities == 2
    only = Differences(rows, columns, False)
    only.add(slice(0, 2), np.array([[0, 0, 1], [0, 0, 0]]), np.ones((2, 3), bool))
    assert intervals(only, draws=50)[2].difference == pytest.approx(-1 / 3)
    unused = Differences(rows, columns, False)
    unused.add(slice(0, 2), told, np.zeros((2, 3), bool))
    assert intervals(unused, draws=50)[0].difference == 0


def test_a_square_gallery_counts_a_pair_once() -> None:
    codes = np.array([0, 0, 1], np.int32)
    differences = Differences(codes, codes, True)
    told = np.triu(np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]]), 1)
    differences.add(slice(0, 3), told, np.triu(np.ones((3, 3), bool), 1))
    accuracy, tar, far = intervals(differences, draws=50)
    assert accuracy.difference == pytest.approx(2 / 3)
    assert tar.difference == 1 and far.difference == pytest.approx(-1 / 2)


def test_a_wolf_is_one_of_the_probes_and_a_lamb_of_the_gallery() -> None:
    """Dan comes and looks like everybody; ann is looked like by everybody."""
    rows = np.array([0, 1, 2, 3], np.int32)
    columns = np.array([0, 1, 2, 3, 3], np.int32)
    scores = np.full((4, 5), 0.05, np.float32)
    scores += 0.001 * np.arange(20).reshape(4, 5)
    for k, code in enumerate(columns):
        scores[code, k] = 0.6 + 0.02 * code  # genuine ones
    scores[3, :3] = (0.5, 0.45, 0.4)  # dan as a probe
    scores[1:3, 0] = 0.42  # ann in the gallery
    matrix = ScoreMatrix(scores.astype(np.float32), False, rows, columns, "uniform", "both")
    found = {
        p.identity: p for p in people(scored(matrix, loaded(rows), loaded(columns)), 0.3).persons
    }
    dan, ann = found["dan"], found["ann"]
    assert dan.as_probe[0] == pytest.approx(0.45) and dan.as_probe[1] == pytest.approx(0.5)
    assert dan.as_gallery[0] == pytest.approx(np.delete(scores[:3], [0, 1, 2], 1).mean())
    assert ann.as_gallery[0] == pytest.approx((0.42 + 0.42 + 0.5) / 3)
    assert ann.as_probe[0] == pytest.approx(scores[0, 1:].mean())
    assert dan.false_accepts == 3 and ann.false_accepts == 3 and found["bob"].false_accepts == 2
    assert dan.faces == 3 and ann.faces == 2 and dan.genuine_pairs == 2
    assert dan.impostor_worst == pytest.approx(0.5) and dan.genuine_worst == pytest.approx(0.66)
    # Dan's genuine score is the highest of all, so only bob and cem can be told by one role.
    roles = {name: (p.as_gallery[0] or 0, p.as_probe[0] or 0) for name, p in found.items()}
    assert max(roles, key=lambda name: roles[name][1]) == "dan"
    assert max(roles, key=lambda name: roles[name][0]) == "ann"


def test_wolves_are_found_only_where_there_are_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.analysis.people.LEAST_PEOPLE", 4)
    rng = np.random.default_rng(0)
    rows = columns = np.arange(4, dtype=np.int32).repeat(2)
    scores = rng.uniform(0, 0.1, (8, 8)).astype(np.float32)
    scores[rows[:, None] == columns] = 0.5
    scores[2:4][:, rows != 1] += 0.3  # bob's probes meet everybody, bob's gallery photos nobody
    matrix = ScoreMatrix(scores, False, rows, columns, "uniform", "both")
    found = {
        p.identity: p.animal
        for p in people(scored(matrix, loaded(rows), loaded(columns)), 0.3).persons
    }
    assert found["bob"] in ("wolf", "chameleon", "worm")
    assert [*found.values()].count("wolf") + (found["bob"] != "wolf") == 1
    square = ScoreMatrix((scores + scores.T) / 2, True, rows, rows, "uniform", "both")
    animals = {p.animal for p in people(scored(square, loaded(rows)), 0.3).persons}
    assert "wolf" not in animals


def opened(crops: Path, verifier: Verifier, place: Path) -> LoadedGallery:
    return open_gallery(
        crops, verifier=verifier, cache=Cache(place), settings=GallerySettings(aligned=True)
    )


def test_a_person_s_maps_are_their_pairs_own(
    crops: Path, probes: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    verifier = Verifier(tiny_weights, "cpu")
    engine = PairEngine(read_head(tiny_weights), verifier.card.correlation)
    columns, rows = (opened(f, verifier, tmp_path / "c.sqlite") for f in (crops, probes))
    matrix = score_matrix(engine, columns, rows, "learned", "left-right")
    found = person_maps(scored(matrix, rows, columns, engine), "ann", 0.3)
    down, across = engine.prepare(rows.features.grid), engine.prepare(columns.features.grid)
    assert found.genuine is not None and found.impostor is not None
    assert len(found.genuine) == 3 and len(found.impostor) == 2 * 0 + 3 + 9  # a row, three columns
    for k, j in enumerate((0, 1, 2)):
        s, w = engine.maps(down, 0, across, j, "learned", "left-right")
        np.testing.assert_allclose(found.genuine.cosine[k], s, atol=1e-6)
        np.testing.assert_allclose(found.genuine.attention[k], w, atol=1e-6)
    impostors = [(i, j) for i in range(4) for j in range(6) if (i == 0) != (j < 3)]
    highest = max(impostors, key=lambda p: matrix.scores[p])
    s, w = engine.maps(down, highest[0], across, highest[1], "learned", "left-right")
    np.testing.assert_allclose(found.impostor.cosine[0], s, atol=1e-6)
    assert len(found.pairs) == 3 + len(impostors)


def test_a_track_of_a_photo_s_own_face_scores_1(
    tiny_weights: Path, tmp_path: Path, crops: Path
) -> None:
    verifier = Verifier(tiny_weights, "cpu")
    engine = PairEngine(read_head(tiny_weights), verifier.card.correlation)
    photo = opened(crops, verifier, tmp_path / "c.sqlite")
    faces = [crop("ann", 2), crop("ann", 3), crop("bob", 1)]
    features = verifier.features(np.stack(faces))
    tracked = tuple(TrackedFace(4 * k, 0.16 * k, None, face) for k, face in enumerate(faces))
    track = Track(1, tracked, features)
    (found,) = score_tracks(engine, [track], photo, 1, "learned", "left-right")
    assert found.scores[0] == pytest.approx(1, abs=1e-5)
    assert found.running[0] == pytest.approx(1, abs=1e-5)
    alone = engine.prepare(photo.features.grid)
    for k, place in ((1, 2), (2, 3)):
        s, w = engine.maps(alone, place, alone, 1, "learned", "left-right")
        assert found.scores[k] == pytest.approx((s * w).sum(), abs=1e-5)
    mean = engine.prepare(features.grid.mean(axis=0, keepdims=True))
    s, w = engine.maps(mean, 0, alone, 1, "learned", "left-right")
    assert found.score == pytest.approx((s * w).sum(), abs=1e-5)
    assert found.track.times.tolist() == [0, 0.16, 0.32]
    assert abs(found.scores[2] - found.score) > 0.02


def test_evidence_of_a_raw_map_sums_to_the_score_less_the_threshold() -> None:
    rng = np.random.default_rng(0)
    raw = rng.uniform(-0.1, 0.3, (7, 7))
    cosine = rng.uniform(-1, 1, (7, 7))
    pair = PairExplanation("a", "b", "m", "correlation", "both", cosine, raw)
    evidence = pair.evidence(0.4)
    assert evidence.sum() == pytest.approx(pair.score - 0.4)
    assert evidence[2, 5] == pytest.approx(raw[2, 5] * cosine[2, 5] - 0.4 * raw[2, 5] / raw.sum())


def test_features_of_a_part_keep_their_embeddings() -> None:
    grid = np.arange(3 * 32 * 49, dtype=np.float32).reshape(3, 32, 7, 7)
    track = Track(
        2,
        tuple(TrackedFace(k, None, None, np.full((112, 112, 3), k, np.uint8)) for k in (5, 9, 11)),
        FaceFeatures(grid, np.eye(3, dtype=np.float32)),
    )
    one = track.loaded(Path("v"), 1)
    assert (
        one.gallery.faces[0].key == "track 2/000009.png"
        and one.gallery.faces[0].identity == "track 2"
    )
    assert np.array_equal(one.features.grid, grid[1:2])
    assert one.features.embedding is not None and one.features.embedding.tolist() == [[0, 1, 0]]
    assert track.times.tolist() == [5, 9, 11]
