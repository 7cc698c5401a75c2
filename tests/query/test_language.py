"""The filter language: what it reads, what it prints, and where it says that it fails."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.faces.photo_files import readable
from core.faces.regions import REGIONS
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
    number_in,
    parse,
)
from core.query.texts import compare_text

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
@example(Compared("note", "=", "and"))
@example(Compared("identity", "!=", "Or"))
@example(Compared("tag", "~", "not"))
@example(Compared("note", "=", ""))
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
    for field, words in {
        "kind": "genuine impostor unknown",
        "outcome": "TP FP FN TN unknown",
    }.items():
        for word in words.split():
            assert parse(f"{field} = {word.upper()}") == Compared(field, "=", word)
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
        ("score", 6, None, "an operator such as = is missing after score"),
        ("identity = 3 %", 12, "3 %", "identity is no percentage; put the value in quotation"),
        ("score ~ 3", 7, "~", "numbers take =, !=, <, <=, > and >="),
        ("column(age) = 3 %", 15, "3 %", "a column is no percentage; put the value in quotation"),
        ("column(age) >= old", 16, "old", ">= compares numbers; write a number such as 30"),
        ("tag = or x", 7, "or", "a value is missing; a name such as this needs quotation marks"),
        ("region() > 3 %", 8, ")", "a region such as mouth is missing"),
        ("decision = no", 12, "no", "a decision is one of accept, reject, unsure"),
        ("kind = foo", 8, "foo", "a kind is one of genuine, impostor, unknown"),
        ("score = or", 9, "or", "takes a number such as 0.4"),
        ("genuine = yes", 9, "=", "genuine stands alone, or as not genuine"),
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


def test_what_is_missing_within_a_filter_is_not_at_its_end() -> None:
    with pytest.raises(
        FilterError, match="at column 6: an operator such as = is missing"
    ) as caught:
        parse("score and genuine")
    assert (caught.value.start, caught.value.end) == (5, 5)


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


def test_accents_are_found_however_they_are_spelled() -> None:
    composed, decomposed = "Jos\u00e9/1.jpg", "Jose\u0301/1.jpg"
    for operator in ("=", "~"):
        for wanted in (composed, decomposed):
            passes = compare_text(operator, wanted)
            assert passes(composed) and passes(decomposed) and not passes("Jose/1.jpg")
    assert compare_text("~", "JOS\u00c9*")(decomposed)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1_2", None),
        ("_1", None),
        ("12", 12),
        (" 1,5 ", 1.5),
        ("\N{MINUS SIGN}3", -3),
        ("inf", None),
    ],
)
def test_numbers_in_cells_are_what_people_write(text: str, number: float | None) -> None:
    assert number_in(text) == number
