"""The command line: what the window shows, a command can print."""

import argparse
import logging
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from core.commands.shared import named
from core.errors import XCosError
from core.log import unexpected
from core.streams import leave_stdout, os_sentence, ready_streams
from core.version import version


def _module(command: str) -> str:
    return f"core.commands.{command.replace('-', '_')}"


COMMANDS: tuple[str, ...] = (
    "score",
    "matrix",
    "explain",
    "lr",
    "what-if",
    "flip",
    "fragile",
    "compare",
    "patterns",
    "worth",
    "two-models",
    "people",
    "conditions",
    "slices",
    "groups",
    "threshold",
    "identify",
    "readers",
    "labels",
    "tag",
    "report",
    "video",
    "evaluate",
    "train",
    "models",
    "align",
)
DESCRIPTION = """Look inside face verification: score all pairs of a gallery and explain each of them
with xCos, the explainable cosine (Lin et al., 2020).

  xcos                     open the window on the last gallery, or on the sample
  xcos GALLERY             open the window on a folder, a CSV, a photo or a project
  xcos screenshot -o FILE  save a picture of the window (see xcos screenshot --help)"""
EPILOG = """examples:
  xcos photos                            browse a folder; each sub-folder is an identity
  xcos score photos -o scores.csv        every pair as a table
  xcos explain a.jpg b.jpg -o pair.png   one pair as a picture

xcos COMMAND --help tells more. Exit codes: 0 done, 1 something to mend, 2 wrong usage,
130 interrupted. Results go to stdout, progress and warnings to stderr."""


class Parser(argparse.ArgumentParser):
    """A parser, and so each of its commands', that prints examples line by line as they are."""

    def __init__(self, **given: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **given)
        self.register("type", Path, lambda text: Path(named(text)))


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = Parser(prog="xcos", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"xcos {version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(_module(name)).add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    logging.captureWarnings(True)
    with ready_streams():
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    try:
        options = build_parser().parse_args(argv)
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except XCosError as error:
        flag = "" if error.option is None else f" (--{error.option})"
        print(f"xcos: {error}{flag}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("xcos: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        leave_stdout()  # the reader has seen enough
        return 0
    except OSError as error:  # of a name or a place that no check foresaw
        print(f"xcos: {os_sentence(error)}", file=sys.stderr)
        if error.filename is None:
            leave_stdout()
        return 1
    except Exception:
        print(f"xcos: {unexpected(traceback.format_exc())}", file=sys.stderr)
        return 1


if __name__ == "__main__":  # how the window starts a run as a process of its own
    sys.exit(main())
