"""What every command's help says of its options."""

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.cli import build_parser
from core.commands.shared import finite, named, positive


def commands(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.Action]]:
    """Options and arguments of all commands and of theirs, each with its command's name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner, one in action.choices.items():
                yield from commands(one, f"{name} {inner}")
        else:
            yield name, action


ALL = list(commands(build_parser(), "xcos"))


def test_every_option_says_what_it_is_for_and_what_it_takes() -> None:
    assert len(ALL) > 200
    for name, action in ALL:
        place = f"{name} {action.option_strings or action.dest}"
        assert action.help and action.help.strip(), place
        if action.nargs != 0:
            assert action.metavar or action.choices, place


def test_a_default_that_is_told_is_the_one_that_is_used() -> None:
    for name, action in ALL:
        told = (action.help or "").rpartition("(default: ")[2].removesuffix(")")
        if "%(default)s" not in told and told != action.help and action.default is not None:
            pytest.fail(f"{name} {action.option_strings}: {told} stands beside {action.default}")


def test_every_command_runs_something_and_shows_examples() -> None:
    parser = build_parser()
    (subs,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name, one in subs.choices.items():
        inner = [a for a in one._actions if isinstance(a, argparse._SubParsersAction)]
        leaves = [p for a in inner for p in a.choices.values()] or [one]
        assert all(callable(leaf.get_default("run")) for leaf in leaves), name
        assert "examples:" in (one.epilog or ""), name
        assert one.epilog in one.format_help(), name  # a line each, as they are written


@pytest.mark.parametrize(
    ("kind", "taken", "refused"),
    [
        (positive, {"1": 1, "20": 20}, ("0", "-1", "1.5", "", "one", "\u00b2")),
        (finite, {"-1e3": -1000.0, "0,35": 0.35, "0": 0.0}, ("", "inf", "nan", "1e999", "x", "1,2,3")),
        (named, {".": ".", "a b": "a b"}, ("",)),
    ],
)  # fmt: skip
def test_arguments_are_taken_up_to_their_bounds(
    kind: Callable[[str], Any], taken: dict[str, Any], refused: tuple[str, ...]
) -> None:
    for text, value in taken.items():
        assert kind(text) == value, text
    for text in refused:
        with pytest.raises(argparse.ArgumentTypeError):
            kind(text)
