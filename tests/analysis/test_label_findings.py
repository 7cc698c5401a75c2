"""What is likely wrong in labels against looking at each face by itself, on scores without a pattern."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core.analysis.labels.findings import (
    Finding,
    near_duplicates,
    same_people,
    shared_people,
    small_picture,
    wrong_identities,
)
from core.faces.face import Face
from core.gallery.gallery import Gallery, identity_codes
from core.scoring.matrix import ScoreMatrix

NAMES = ["ann", "bob", "ann", None, "cem", "bob", "dan", "ann", "dan", "cem", "eve", "dan"]
T = 0.05


def gallery_of(names: list[str | None], letter: str = "") -> Gallery:
    faces = tuple(
        Face(f"{letter}{k:02}.png", 1, name, None, f"{letter}{k // 2 * 2}")
        for k, name in enumerate(names)
    )
    return Gallery(Path("g"), Path("g"), faces)


def matrix_of(seed: int, order: str) -> tuple[ScoreMatrix, np.ndarray]:
    """A matrix of one gallery, and the score of each pair as it counts."""
    scores = np.random.default_rng(seed).normal(0, 0.3, (12, 12)).astype(np.float32)
    if order == "both":
        scores = (scores + scores.T) / 2
    codes = identity_codes(gallery_of(NAMES))[0]
    upper = np.triu(scores, 1)
    matrix = ScoreMatrix(scores, True, codes, codes, "learned", order)  # type: ignore[arg-type]
    return matrix, (upper + upper.T).astype(np.float64)


def groups() -> dict[str, list[int]]:
    return {n: [k for k, name in enumerate(NAMES) if name == n] for n in sorted({*NAMES} - {None})}  # type: ignore[type-var]


@pytest.mark.parametrize("order", ["both", "left-right"])
@pytest.mark.parametrize("seed", range(4))
def test_a_face_likelier_somebody_else_by_a_margin(
    seed: int, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.analysis.labels.findings.ROWS", 5)
    matrix, scores = matrix_of(seed, order)
    found = wrong_identities(matrix, gallery_of(NAMES), T)
    wanted: dict[str, tuple[float, float, str, str, str]] = {}
    for i, name in enumerate(NAMES):
        if name is None or len(groups()[name]) == 1:
            continue
        own = [k for k in groups()[name] if k != i]
        means = {n: scores[i, places].mean() for n, places in groups().items() if n != name}
        best = max(means, key=means.__getitem__)
        apart = means[best] - scores[i, own].mean()
        if means[best] > T and apart > 0.1:
            near = max(own, key=lambda k: scores[i, k])
            like = max(groups()[best], key=lambda k: scores[i, k])
            wanted[f"{i:02}.png"] = (means[best], apart, best, f"{like:02}.png", f"{near:02}.png")
    assert {f.left for f in found} == {*wanted} and wanted
    for one in found:
        score, apart, best, like, near = wanted[one.left]
        assert (one.names[0], one.names[2], one.right, one.own) == (one.left, best, like, near)
        assert (one.score, one.evidence, one.limit) == (
            pytest.approx(score, abs=1e-6),
            pytest.approx(apart, abs=1e-6),
            T,
        )
        assert one.sentence == (
            f"{one.left} is called {one.names[1]}, but its mean score with {best} is "
            f"{one.score:.3f}, with {one.names[1]} {one.score - one.evidence:.3f}."
        )
    assert all(a.evidence >= b.evidence for a, b in pairwise(found))


@pytest.mark.parametrize("order", ["both", "left-right"])
@pytest.mark.parametrize("seed", [0, 3, 7])
def test_two_names_whose_faces_are_alike_on_the_mean(
    seed: int, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.analysis.labels.findings.ROWS", 2)
    matrix, scores = matrix_of(seed, order)
    found = same_people(matrix, gallery_of(NAMES), T)
    wanted: dict[frozenset[str], tuple[float, frozenset[str]]] = {}
    for a, left in groups().items():
        for b, right in groups().items():
            mean = scores[np.ix_(left, right)].mean()
            if a < b and mean > T:
                near = max(((i, j) for i in left for j in right), key=lambda ij: scores[ij])
                wanted[frozenset((a, b))] = mean, frozenset(f"{k:02}.png" for k in near)
    assert {frozenset(f.names) for f in found} == {*wanted} and len(wanted) > 1
    for one in found:
        mean, near = wanted[frozenset(one.names)]
        assert one.score == pytest.approx(mean, abs=1e-6) and {one.left, one.right} == near
        assert one.evidence == pytest.approx(mean - T, abs=1e-6)
        kept, other = (len(groups()[name]) for name in one.names)
        assert kept >= other and (kept > other or one.names[0] < one.names[1])
        assert one.sentence == f"{one.names[0]} and {one.names[1]} are likely one person."


def test_people_of_two_galleries_who_are_alike_or_have_one_name() -> None:
    probes, gallery = gallery_of(NAMES[:5], "p"), gallery_of(NAMES[3:], "g")
    scores = np.random.default_rng(5).normal(0, 0.3, (5, 9)).astype(np.float32)
    codes = identity_codes(probes, gallery)
    matrix = ScoreMatrix(scores, False, *codes, "learned", "both")
    found = {f.names: f for f in shared_people(matrix, probes, gallery, T)}

    def named(side: Gallery) -> dict[str, list[int]]:
        people: dict[str, list[int]] = {}
        for k, face in enumerate(side.faces):
            people.setdefault(face.identity or face.key, []).append(k)
        return people

    wanted = {}
    for a, left in named(probes).items():
        for b, right in named(gallery).items():
            mean = scores[np.ix_(left, right)].mean()
            if mean > T or a == b:
                wanted[a, b] = mean
    assert {*found} == {*wanted}
    for names, mean in wanted.items():
        assert found[names].score == pytest.approx(mean, abs=1e-6)
        assert found[names].sentence == (
            f"{names[0]} of the probes is likely {names[1]} of the gallery."
        )
    assert any(one == other and mean <= T for (one, other), mean in wanted.items())


def test_pictures_are_alike_by_the_grey_values_of_their_blocks() -> None:
    rng = np.random.default_rng(2)
    base = rng.integers(60, 200, (112, 112, 3))
    crops = [base, base + rng.integers(-20, 21, base.shape), rng.integers(0, 255, base.shape)]
    crops += [(base * 0.6 + 30).round(), base[:, ::-1], rng.integers(60, 200, base.shape)]
    shown = [c.clip(0, 255).astype(np.uint8) for c in crops]
    blocks = [c.astype(float).mean(axis=2).reshape(28, 4, 28, 4).mean(axis=(1, 3)) for c in shown]
    like = np.corrcoef([b.ravel() for b in blocks])
    for one, other in ((0, 1), (0, 3), (0, 4), (2, 5)):
        made = float(small_picture(shown[one]) @ small_picture(shown[other]))
        assert made == pytest.approx(like[one, other], abs=1e-4)
    assert not small_picture(np.full((112, 112, 3), 9, np.uint8)).any()
    gallery = gallery_of(["a", "a", "b", "b", None, "c"])
    scores = np.full((6, 6), 0.5, np.float32)
    scores[0, 3] = scores[3, 0] = 0.0625  # not above it
    codes = identity_codes(gallery)[0]
    matrix = ScoreMatrix(scores, True, codes, codes, "learned", "both")
    limit = float(like[0, 1]) - 0.01
    found = near_duplicates(matrix, gallery, 0.0625, lambda f: shown[int(f.photo[:2])], limit)
    # 00 and 01 are one file; 01 and 03 show one picture, and so do 00 and 03, which score too low.
    told = [(f.names, round(f.score, 3)) for f in found]
    assert told == [(("00.png", "01.png"), 1.0), (("01.png", "03.png"), round(like[1, 3], 3))]
    assert found[1].evidence == pytest.approx(like[1, 3] - limit, abs=1e-4)
    assert found[0].sentence == "00.png and 01.png show one picture."


def test_a_finding_s_key_is_its_kind_and_what_it_is_about() -> None:
    one = Finding("same-person", ("Zoë", "b"), "l", "r", 0.5, 0.4, 0.1)
    assert one.key == '["same-person","Zoë","b"]'
