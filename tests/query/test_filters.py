"""The filter language against itself, and filtering against each pair looked at by itself."""

import fnmatch
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

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
from core.faces.photo_files import readable
from core.faces.regions import REGIONS, face_regions
from core.gallery.gallery import Gallery, LoadedGallery
from core.gallery.opening import landmarks_in_crop
from core.model.attention_weights import read_head
from core.model.card import ModelCard, read_card
from core.model.features import FaceFeatures
from core.progress import QUIET
from core.project.edits import Edits, face_subject, identity_subject, pair_subject
from core.query.evaluate import passing
from core.query.given import FilterInput
from core.query.language import (
    CHOICES,
    FLAGS,
    NUMBERS,
    OPERATORS,
    TEXTS,
    Both,
    ColumnValue,
    Compared,
    Either,
    Expression,
    FilterError,
    Flag,
    Negated,
    Operator,
    RegionShare,
    completions,
    parse,
)
from core.query.texts import compare_text
from core.scoring.engine import PairEngine
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoringModel, score_gallery
from tests import weights

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ORDERED = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


def expressions(values: st.SearchStrategy[str], numbers: st.SearchStrategy[float]):
    free = [name for name in TEXTS if name not in CHOICES]
    leaves = st.one_of(
        st.builds(Compared, st.sampled_from(NUMBERS), ORDERED, numbers),
        st.builds(Compared, st.sampled_from(free), st.sampled_from(["=", "!=", "~"]), values),
        *(
            st.builds(
                Compared, st.just(name), st.sampled_from(["=", "!="]), st.sampled_from(choices)
            )
            for name, choices in CHOICES.items()
        ),
        st.builds(RegionShare, st.sampled_from(REGIONS), ORDERED, numbers),
        st.builds(Flag, st.sampled_from(FLAGS)),
    )
    several = lambda parts: st.lists(parts, min_size=2, max_size=3).map(tuple)  # noqa: E731
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.builds(Either, several(parts)),
            st.builds(Both, several(parts)),
            st.builds(Negated, parts),
        ),
        max_leaves=5,
    )


@given(expressions(st.text(), FINITE))
def test_what_is_printed_is_read_as_the_same(expression: Expression) -> None:
    assert parse(str(expression)) == expression


@given(st.text(), st.sampled_from(OPERATORS), st.text())
def test_a_column_of_any_name_can_be_asked_for_in_quotation_marks(
    name: str, operator: Operator, value: str
) -> None:
    if operator in ("<", "<=", ">", ">="):
        value = "30"
    asked = ColumnValue(readable(name), operator, value)
    assert parse(str(asked)) == asked


@pytest.mark.parametrize("name", ["a=b", "a(b)", "50%", 'a"b', "rock and roll", "and", "x < y"])
def test_an_odd_column_without_quotation_marks_is_told_of_them(name: str) -> None:
    try:
        assert parse(f"column({name}) = x") == ColumnValue(name, "=", "x")
    except FilterError as error:
        assert "is written in quotation marks" in str(error)
    quoted = name.replace('"', '\\"')
    assert parse(f'column("{quoted}") = x') == ColumnValue(name, "=", "x")


def test_precedence_spellings_and_bare_words() -> None:
    expression = parse("outcome == fp AND score ≥ −0.4 or not (identity=O'Brien Jr. or tag ~ x)")
    assert expression == Either(
        (
            Both((Compared("outcome", "=", "FP"), Compared("score", ">=", -0.4))),
            Negated(Either((Compared("identity", "=", "O'Brien Jr."), Compared("tag", "~", "x")))),
        )
    )
    assert parse('note = "a \\"b\\" \\\\ \\n and"') == Compared("note", "=", 'a "b" \\ \n and')


@pytest.mark.parametrize(
    ("text", "column", "near", "reason"),
    [
        ("outcome = FPP and score > 1", 11, "FPP", "one of TP, FP, FN, TN"),
        ("score > 1 and", 14, None, "condition"),
        ("score >", 8, None, "a value is missing"),
        ("score 0.4", 7, "0.4", "operator"),
        ("(score > 1", 11, None, "closing bracket"),
        ("score > 1)", 10, ")", "closes no bracket"),
        ("region(lips) > 3 %", 8, "lips", "forehead, left eye"),
        ("region(mouth) > 3", 17, "3", "percentage"),
        ("score > 40 %", 9, "40 %", "no percentage"),
        ('identity = "Ann', 12, '"Ann', "not closed"),
        ("size = 1", 1, "size", "none of score"),
        ("score > 1 score < 2", 11, "score <", "'and' or 'or'"),
        ("identity < a", 10, "<", "is text"),
        ("", 1, None, "condition"),
        ("score > 1e999", 9, "1e999", "too large"),
    ],
)
def test_errors_name_the_place(text: str, column: int, near: str | None, reason: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert error.start == column - 1 and f"column {column}," in str(error)
    assert reason in str(error) and repr(text) in str(error)
    assert (f"near '{near}'" if near else "at its end") in str(error)
    assert text[error.start : error.end] == (near or "")


@given(st.text(max_size=30) | st.lists(st.sampled_from([*completions(), *OPERATORS, "(", ")", '"', "1", "%"]), max_size=7).map(" ".join))  # fmt: skip
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    try:
        expression = parse(text)
    except FilterError as error:
        assert 0 <= error.start <= error.end <= len(text)
    else:
        assert parse(str(expression)) == expression


@pytest.mark.parametrize(
    ("opening", "closing", "column"),
    [("not ", "", 201), ("(", ")", 51), ("(genuine and (", "))", 351), ("not (", ")", 126)],
)
def test_what_lies_too_deep_is_refused_at_its_column(
    opening: str, closing: str, column: int
) -> None:
    with pytest.raises(FilterError, match="more than 50 brackets and nots") as caught:
        parse(opening * 4000 + "genuine" + closing * 4000)
    assert f"column {column}," in str(caught.value)
    assert caught.value.start == column - 1 and len(str(caught.value)) < 300
    depth = 50 // (opening.count("(") + opening.count("not"))
    expression = parse(opening * depth + "genuine" + closing * depth)
    assert parse(str(expression)) == expression


@pytest.mark.parametrize("text", ["x" * 10_000, "score > 1\n\nfoo\n", "score\0> 1 %", '"\n' * 500])
def test_messages_are_short_and_on_one_line(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert len(str(caught.value)) < 500 and str(caught.value).isprintable()


@given(st.text("aAb*?[]!.\\", max_size=8), st.text("aAb[]!.\\\n", max_size=8))
def test_stars_and_question_marks_match_as_by_their_definition(pattern: str, text: str) -> None:
    def matches(pattern: str, text: str) -> bool:
        if pattern[:1] == "*":
            return matches(pattern[1:], text) or (text != "" and matches(pattern, text[1:]))
        if pattern == "" or text == "":
            return pattern == text
        return pattern[0] in ("?", text[0]) and matches(pattern[1:], text[1:])

    wanted, said = pattern.casefold(), text.casefold()
    expected = matches(wanted, said) if {*"*?"} & {*pattern} else wanted in said
    assert compare_text("~", pattern)(text) == expected


@pytest.mark.parametrize("pattern", ["*" * 30 + "b", "*a" * 30 + "b", "*a?" * 30 + "*b"])
def test_many_stars_take_no_longer_than_one(pattern: str) -> None:
    meets = compare_text("~", pattern)
    began = time.process_time()
    assert not any(meets("a" * 300 + str(number)) for number in range(889))
    assert time.process_time() - began < 2  # trying stars again would take for ever


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
    subjects = [face_subject(one.key), face_subject(other.key), pair_subject(one.key, other.key)]
    subjects += [identity_subject(f.identity) for f in (one, other) if f.identity is not None]
    texts = {
        "identity": [one.identity or "", other.identity or ""],
        "left_identity": [one.identity or ""],
        "right_identity": [other.identity or ""],
        "photo": [one.key, other.key],
        "left": [one.key],
        "right": [other.key],
        "tag": [tag for s in subjects for tag in EDITS.tags.get(s, ())],
        "note": [EDITS.notes[s] for s in subjects if s in EDITS.notes],
        "decision": [EDITS.decisions[s] for s in subjects if s in EDITS.decisions],
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
            FilterInput(scored, 0.1, EDITS, fragile, lambda _, s=scored: made_conditions(s))
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
    explanation, given_ = inputs[0], inputs[1][which]
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
    without = FilterInput(weights.scored(full.scored.matrix, bare), None, Edits())
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
    given_ = FilterInput(weights.scored(matrix, loaded), 0.5, Edits())
    mask = passing(parse("score > 0.9 and impostor"), given_)
    wanted = (scores > 0.9) & (codes[:, None] != codes[None])
    assert np.array_equal(mask, wanted)


def test_accents_are_found_however_they_are_spelled() -> None:
    composed, decomposed = "Jos\u00e9/1.jpg", "Jose\u0301/1.jpg"
    for operator in ("=", "~"):
        for wanted in (composed, decomposed):
            passes = compare_text(operator, wanted)
            assert passes(composed) and passes(decomposed) and not passes("Jose/1.jpg")
    assert compare_text("~", "JOS\u00c9*")(decomposed)
