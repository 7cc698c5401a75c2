"""Every option of every command is as it was stored: its names, choices, default, and what its help says.

UPDATE_OPTIONS=1 uv run pytest tests/commands/test_all_options.py      after a change that is wanted
"""

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

from core.cli import build_parser
from core.resources import resource_path

STORED = Path(__file__).parent / "options.txt"
PLACES = {str(resource_path()): "RESOURCES", str(Path.home()): "HOME"}


def commands(
    parser: argparse.ArgumentParser, name: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """A parser and those within it, by their whole names."""
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inside in action.choices.items():
                yield from commands(inside, f"{name} {word}")


def told(action: argparse.Action) -> str:
    """An option as a line."""
    said = {
        "takes": action.nargs, "type": getattr(action.type, "__name__", action.type), "default": action.default,
        "const": action.const, "choices": None if action.choices is None else [*action.choices],
        "required": action.required or None, "called": action.metavar, "help": action.help,
    }  # fmt: skip
    names = " ".join(action.option_strings) or action.dest
    kept = [f"{name} {value!r}" for name, value in said.items() if value is not None]
    return f"  {names} ({type(action).__name__}): {'; '.join(kept)}"


def test_options_are_those_stored() -> None:
    lines = []
    for name, parser in commands(build_parser(), "xcos"):
        lines += [f"{name}: {parser.description!r}", f"  {parser.epilog!r}"]
        lines += [told(action) for action in parser._actions]
        for group in parser._mutually_exclusive_groups:
            lines.append(f"  one of {[action.dest for action in group._group_actions]}")
        options = {action.dest for action in parser._actions}
        lines += [f"  sets {k}" for k in sorted(parser._defaults) if k not in options]
    text = "\n".join(lines)
    for place, word in PLACES.items():
        text = text.replace(place, word)
    text = re.sub(r"xcos \d[\w.+]*'", "xcos VERSION'", text)
    if os.environ.get("UPDATE_OPTIONS"):
        STORED.write_text(f"{text}\n", encoding="utf-8")
    assert text.splitlines() == STORED.read_text(encoding="utf-8").splitlines()
