"""How messages repeat what they are given: short, on one line, and in the right number."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from core.errors import Stopped, XCosError, counted, one_line, quoted, shown, some_of
from core.json_text import json_text
from core.log import unexpected
from core.progress import duration


def test_a_long_text_is_cut_to_its_length_with_an_ellipsis() -> None:
    assert shown("a" * 60) == "a" * 60
    assert shown("a" * 61) == "a" * 59 + "…"
    assert shown("abcdef", 5) == "abcd…" and shown("abcde", 5) == "abcde"
    assert shown(12.5) == "12.5" and quoted("it") == "'it'"
    assert shown("a\nb\tc") == "a\\nb\\tc" and one_line("é\x00") == "é\\x00"
    assert shown("\n" * 31) == "\\n" * 29 + "\\…"  # longer once it is shown


def test_of_many_names_three_are_told() -> None:
    assert some_of(["a", "b", "c"]) == "a, b, c"
    assert some_of(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert some_of(list("abcdef"), 2) == "a, b and 4 more"
    assert some_of([]) == ""


def test_a_number_has_its_noun() -> None:
    assert [counted(n, "pair") for n in (0, 1, 2, 1234)] == [
        "0 pairs",
        "1 pair",
        "2 pairs",
        "1,234 pairs",
    ]
    assert counted(1, "person", "people") == "1 person"
    assert counted(3, "person", "people") == "3 people"


def test_a_stop_says_of_what_also_from_another_process() -> None:
    stop = pickle.loads(pickle.dumps(Stopped("Scoring")))
    assert isinstance(stop, Stopped) and str(stop) == "Scoring was stopped."
    assert str(Stopped()) == "The work was stopped."
    assert XCosError("It is.", "model").option == "model" and XCosError("It is.").option is None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "1 s"),
        (1.4, "1 s"),
        (89.4, "89 s"),
        (89.99, "90 s"),
        (90, "2 min"),
        (5399, "90 min"),
        (5400, "1.5 h"),
        (48 * 3600 - 1, "48.0 h"),
        (48 * 3600, "2.0 days"),
        (10**6, "11.6 days"),
    ],
)
def test_a_duration_in_words(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"a": float("nan"), "b": [1.5, float("inf")]}, {"a": None, "b": [1.5, None]}),
        ({"a": (1, {"b": -float("inf")})}, {"a": [1, {"b": None}]}),
        (["é", True, None, 3], ["é", True, None, 3]),
        ("caf\udce9", "caf\udce9"),
    ],
)
def test_json_has_null_for_what_is_no_number(value: Any, kept: Any) -> None:
    text = json_text(value)
    assert json.loads(text) == kept
    text.encode()  # also names whose bytes are no text
    assert ("é" in text) == ("é" in str(value))
    assert json_text({"a": [1]}) == '{\n "a": [\n  1\n ]\n}' and json_text([1, 2], None) == "[1, 2]"


@pytest.mark.parametrize(
    ("details", "last"),
    [
        ("Traceback\n  File\nValueError: 3\n", "ValueError: 3"),
        ("one line", "one line"),
        (" \n", "nothing more is known"),
    ],
)
def test_what_nobody_foresaw_is_told_by_its_last_line_where_no_log_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, details: str, last: str
) -> None:
    logs = tmp_path / "logs"
    monkeypatch.setattr("platformdirs.user_log_dir", lambda *_: str(logs))
    assert str(logs / "errors.log") in unexpected(details)
    assert (logs / "errors.log").read_text(encoding="utf-8") == details + "\n"
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("platformdirs.user_log_dir", lambda *_: str(tmp_path / "file"))
    assert (
        unexpected(details) == f"Something went wrong that should not ({last}); please report it."
    )
