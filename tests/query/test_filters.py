"""Filtering against each pair looked at by itself."""

import fnmatch
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.conditions.measured import ConditionTable
from core.analysis.fragile import FragilePairs
from core.errors import XCosError
from core.explain.explain import explain_pair
from core.explain.explanation import PairExplanation
from core.faces.align import TEMPLATE
from core.faces.conditions import BY_NAME
from core.faces.face import Detection, Face
from core.faces.regions import face_regions
from core.gallery.gallery import Gallery, LoadedGallery
from core.gallery.opening import landmarks_in_crop
from core.model.attention_weights import read_head
from core.model.card import ModelCard, read_card
from core.model.features import FaceFeatures
from core.progress import QUIET
from core.project.edits import Edits, face_subject, identity_subject, pair_subject
from core.project.sides import edits_of_sides
from core.query.evaluate import passing
from core.query.given import FilterInput
from core.query.language import (
    NUMBERS,
    Both,
    Either,
    Expression,
    Flag,
    Negated,
    RegionShare,
    parse,
)
from core.scoring.engine import PairEngine
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoringModel, score_gallery
from tests import weights
from tests.query.test_language import expressions

NAMES = ("Ann", "Bob", None)


def made_gallery(count: int, seed: int, card: ModelCard) -> LoadedGallery:
    rng = np.random.default_rng(seed)
    faces = []
    for place in range(count):
        marks = TEMPLATE * 2 + rng.normal(0, 6, (5, 2)).astype(np.float32)
        found = Detection(np.zeros(4, np.float32), marks, 1.0)
        doubt = "has landmarks out of shape" if place % 4 == 1 else None
        faces.append(Face(f"p{place}.jpg", 1, NAMES[place % 3], found, f"{seed}-{place}", doubt))
    unit = rng.normal(0, 1, (3, count, 16)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=2, keepdims=True)
    grid = (rng.normal(0.1, 1, (32, 7, 7)) + rng.normal(0, 1, (count, 32, 7, 7))).astype(np.float32)
    gallery = Gallery(Path("g"), Path("g"), tuple(faces))
    return LoadedGallery(gallery, FaceFeatures(grid, unit[0], unit[1]))


Explain = Callable[[int, int, int], PairExplanation]  # of an input by its id, row and column

EDITS = Edits(
    tags={
        face_subject("p1.jpg"): ("x",),
        pair_subject("p2.jpg", "p0.jpg"): ("odd tag", "y"),
        identity_subject("Bob"): ("y",),
    },
    notes={face_subject("p3.jpg"): "Look\nhere"},
    decisions={pair_subject("p0.jpg", "p1.jpg"): "reject", face_subject("p4.jpg"): "accept"},
)
# Of probes whose photos are called as the gallery's.
PROBE_EDITS = Edits(
    tags={face_subject("p2.jpg"): ("x",), pair_subject("p1.jpg", "p3.jpg"): ("y",)},
    notes={face_subject("p0.jpg"): "look"},
    decisions={face_subject("p3.jpg"): "accept", identity_subject("Ann"): "reject"},
)


def told_of(given_: FilterInput, i: int, j: int, name: str) -> list[Any]:
    """What a pair, its faces and their identities have: faces by their own gallery's edits."""
    one, other = given_.scored.rows.gallery.faces[i], given_.scored.columns.gallery.faces[j]
    rows = EDITS if given_.scored.square else PROBE_EDITS
    people = [identity_subject(f.identity) for f in (one, other) if f.identity is not None]
    asked = [(rows, face_subject(one.key)), (EDITS, face_subject(other.key))]
    asked += [(edits, subject) for edits in (rows, EDITS) for subject in people]
    if given_.scored.square:  # each probe is called as a face of the gallery
        asked.append((EDITS, pair_subject(one.key, other.key)))
    return [getattr(edits, name)[s] for edits, s in asked if s in getattr(edits, name)]


def plainly(
    expression: Expression, given_: FilterInput, explanation: Explain, i: int, j: int
) -> bool:
    """What a filter says of one pair, from that pair's explanation."""
    if isinstance(expression, Either):
        return any(plainly(part, given_, explanation, i, j) for part in expression.parts)
    if isinstance(expression, Both):
        return all(plainly(part, given_, explanation, i, j) for part in expression.parts)
    if isinstance(expression, Negated):
        return not plainly(expression.part, given_, explanation, i, j)
    one, other = given_.scored.rows.gallery.faces[i], given_.scored.columns.gallery.faces[j]
    known = one.identity is not None and other.identity is not None
    kind = ("impostor", "genuine")[one.identity == other.identity] if known else "unknown"
    if isinstance(expression, Flag):
        if expression.name == "fragile":
            return bool(given_.fragile.fragile[i, j])
        if expression.name == "doubtful":
            return one.doubt is not None or other.doubt is not None
        return kind == expression.name
    explained = explanation(id(given_), i, j)
    score = float(given_.scored.matrix.scores[i, j])
    if isinstance(expression, RegionShare):
        marks = (landmarks_in_crop(one) + landmarks_in_crop(other)) / 2
        cells = face_regions(marks) == expression.region
        share = 100 * explained.contribution[cells].sum() / explained.score
        return ordered(share, expression.operator, expression.percent)
    field, operator, value = expression.field, expression.operator, expression.value
    if field in BY_NAME:
        left, right = given_.conditions(QUIET).of(field)
        known = [v for v in (left[i], right[j]) if not np.isnan(v)]
        worst = {
            "far from 0": lambda: max(abs(v) for v in known),
            "far from the middle": lambda: max(known, key=lambda v: abs(v - 127.5)),
            "low": lambda: min(known),
            "high": lambda: max(known),
        }[BY_NAME[field].worse]
        return bool(known) and ordered(worst(), operator, value)
    if field in NUMBERS:
        numbers = {
            "score": score,
            "margin": score - 0.1,
            "target": explained.target_cosine,
            "fc": explained.fc_cosine,
        }
        return ordered(numbers[field], operator, value)
    same = score > 0.1
    outcome = {"genuine": "TP" if same else "FN", "impostor": "FP" if same else "TN"}.get(kind)
    texts = {
        "identity": [one.identity or "", other.identity or ""],
        "left_identity": [one.identity or ""],
        "right_identity": [other.identity or ""],
        "photo": [one.key, other.key],
        "left": [one.key],
        "right": [other.key],
        "tag": [tag for tags in told_of(given_, i, j, "tags") for tag in tags],
        "note": told_of(given_, i, j, "notes"),
        "decision": told_of(given_, i, j, "decisions"),
        "outcome": [outcome or "unknown"],
        "kind": [kind],
    }[field]
    if operator == "=":
        return value in texts
    if operator == "!=":
        return value not in texts
    lowered, wanted = [text.lower() for text in texts], value.lower()
    if "*" in wanted:
        return any(fnmatch.fnmatchcase(text, wanted) for text in lowered)
    return any(wanted in text for text in lowered)


def ordered(number: float, operator: str, limit: float) -> bool:
    return {
        "=": number == limit,
        "!=": number != limit,
        "<": number < limit,
        "<=": number <= limit,
        ">": number > limit,
        ">=": number >= limit,
    }[operator]


def made_conditions(scored) -> ConditionTable:
    """Values around those that filters ask for, some of them not known."""
    rng = np.random.default_rng(5)
    sides = []
    for loaded in (scored.rows, scored.columns):
        drawn = {
            name: rng.choice([-20.0, -1.0, 0.1, 5, 12, 20, 200, np.nan], len(loaded))
            for name in BY_NAME
        }
        sides.append(drawn)
    return ConditionTable(sides[1] if scored.square else sides[0], sides[1])


WORDS = st.sampled_from(["Ann", "bob", "p1.jpg", "P*.jpg", "*n*", "x", "y", "odd tag", "here", ""])
LEVELS = st.sampled_from([-1.0, -0.2, -0.01, 0.0, 0.05, 0.1, 0.3, 5.0, 12.0, 20.0])


@pytest.fixture(scope="module")
def inputs(tiny_weights: Path) -> tuple[Explain, list[FilterInput]]:
    card = read_card(tiny_weights)
    engine = PairEngine(read_head(tiny_weights), card.correlation)
    gallery, probes = made_gallery(7, 1, card), made_gallery(4, 2, card)
    made = []
    for rows, kind, order in (
        (gallery, "learned", "both"),
        (probes, "learned", "left-right"),
        (gallery, "uniform", "both"),
    ):
        square = rows is gallery
        model = ScoringModel(card, engine)
        scored = score_gallery(model, gallery, None if square else probes, kind, order)
        flips = np.random.default_rng(3).random(scored.matrix.scores.shape) < 0.4
        fragile = FragilePairs(flips | flips.T if square else flips, 0.1)
        made.append(
            FilterInput(
                scored,
                0.1,
                edits_of_sides(EDITS, None if square else PROBE_EDITS),
                fragile,
                lambda _, s=scored: made_conditions(s),
            )
        )

    @cache
    def explanation(which: int, i: int, j: int) -> PairExplanation:
        by = next(given_ for given_ in made if id(given_) == which)
        return explain_pair(by.scored, i, j)

    return explanation, made


@given(expressions(WORDS, LEVELS), st.integers(0, 2))
def test_filtering_is_what_each_pair_by_itself_says(
    inputs: tuple[Explain, list[FilterInput]], expression: Expression, which: int
) -> None:
    check(inputs[0], inputs[1][which], expression)


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize(
    "text",
    [
        "score > 0.05", "score <= 0.05", "margin < 0", "margin >= -0.02",
        "target > 0.05", "target <= -0.1", "fc > 0.05", "fc < -0.1",
        "target > 0 and region(mouth) > 5 %", "fc >= 0 and region(nose) < 10 %",
        'identity = "Ann"', 'identity != "bob"', "identity ~ *n*", "left_identity ~ ann",
        "right_identity != Ann", "photo = p1.jpg", "left ~ p1*", "right ~ p2*", "photo != p0.jpg",
        "tag = x", "tag ~ o*", "tag != y", 'note ~ "here"', 'note ~ "look*"', 'note != "look"',
        "decision = accept", "decision = reject", "decision != reject",
        "outcome = FP", "outcome = fn", "outcome ~ t*", "outcome != TP",
        "kind = unknown", "kind != genuine", "kind ~ im*",
        "doubtful", "not doubtful", "fragile and genuine", "impostor or fragile",
        *(f"{name} {sign} {value}" for name in BY_NAME for sign, value in (("<", 5), (">", 12))),
    ],
)  # fmt: skip
def test_every_field_says_what_each_pair_by_itself_says(
    inputs: tuple[Explain, list[FilterInput]], text: str, which: int
) -> None:
    check(inputs[0], inputs[1][which], parse(text))


def check(explanation: Explain, given_: FilterInput, expression: Expression) -> None:
    mask = passing(expression, given_)
    n, m = mask.shape
    for i in range(n):
        for j in range(m):
            if given_.scored.matrix.square:
                wanted = i != j and plainly(expression, given_, explanation, min(i, j), max(i, j))
            else:
                wanted = plainly(expression, given_, explanation, i, j)
            assert mask[i, j] == wanted, (i, j)


def test_maps_are_made_only_of_pairs_that_the_rest_leaves_open(
    inputs: tuple[Explain, list[FilterInput]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import core.query.evaluate as filters

    counts: list[int] = []
    real = filters.maps_of_pairs

    def counting(*arguments, **named):
        counts.append(len(arguments[1].i))
        return real(*arguments, **named)

    monkeypatch.setattr(filters, "maps_of_pairs", counting)
    given_ = inputs[1][0]
    genuine = int(passing(parse("genuine"), given_).sum()) // 2
    assert not counts and genuine > 0
    passing(parse("region(mouth) > 1 % and genuine"), given_)
    assert counts == [genuine]


def test_regions_shares_of_a_pair_sum_to_the_whole(
    inputs: tuple[Explain, list[FilterInput]],
) -> None:
    from core.query.evaluate import region_percent

    rng = np.random.default_rng(5)
    shares = region_percent(rng.normal(0.2, 1, (6, 7, 7)), np.repeat(TEMPLATE[None], 6, 0))
    assert np.allclose(sum(shares.values()), 100)
    assert np.isnan(region_percent(np.zeros((1, 7, 7)), TEMPLATE[None])["mouth"]).all()


@pytest.mark.parametrize(
    ("text", "said"), [("margin > 0", "threshold"), ("target > 0", "target"), ("fragile", "fragile pairs")]
)  # fmt: skip
def test_what_is_not_known_is_told(
    inputs: tuple[Explain, list[FilterInput]], text: str, said: str
) -> None:
    full = inputs[1][0]
    bare = LoadedGallery(
        full.scored.rows.gallery, FaceFeatures(full.scored.rows.features.grid, None, None)
    )
    without = FilterInput(weights.scored(full.scored.matrix, bare), None, edits_of_sides(Edits()))
    with pytest.raises(XCosError, match=said):
        passing(parse(text), without)


def test_one_of_a_pair_s_tags_is_enough(inputs: tuple[Explain, list[FilterInput]]) -> None:
    given_ = inputs[1][0]
    places = given_.scored.rows.gallery.index()
    wanted = np.zeros((len(places), len(places)), bool)
    wanted[places["p2.jpg"], places["p0.jpg"]] = wanted[places["p0.jpg"], places["p2.jpg"]] = True
    assert np.array_equal(passing(parse('tag = "odd tag"'), given_), wanted)


def test_many_rows_go_by_tiles(inputs: tuple[Explain, list[FilterInput]]) -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((700, 700), np.float32)
    scores = np.triu(scores) + np.triu(scores, 1).T
    codes = rng.integers(0, 50, 700).astype(np.int32)
    matrix = ScoreMatrix(scores, True, codes, codes, "uniform", "both")
    faces = tuple(Face(f"{k}", 1, f"{codes[k]}", None, "") for k in range(700))
    loaded = LoadedGallery(
        Gallery(Path("g"), Path("g"), faces),
        FaceFeatures(np.zeros((700, 32, 7, 7), np.float32), None, None),
    )
    given_ = FilterInput(weights.scored(matrix, loaded), 0.5, edits_of_sides(Edits()))
    mask = passing(parse("score > 0.9 and impostor"), given_)
    wanted = (scores > 0.9) & (codes[:, None] != codes[None])
    assert np.array_equal(mask, wanted)
