"""xcos train: a training run from a config file."""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from core.commands.shared import ProgressBar
from core.errors import Stopped, XCosError
from core.model.memory import keep_memory

EXAMPLES = """examples:
  xcos train small.toml --into runs/small   train; the same command again resumes
  xcos train --resume runs/small             go on with the run's own config

A run's folder holds config.toml, log.csv, validation.csv, checkpoints and, at its end, the weights.
Ctrl-C ends it with a checkpoint."""


def add(commands: Any) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "train",
        help="train weights from a config file",
        description="Train xCos as a TOML file says, and write the weights.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "config", type=Path, nargs="?", metavar="CONFIG.toml", help="settings of the run"
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="DIR",
        help="the run's folder (default: runs/NAME of the config)",
    )
    parser.add_argument(
        "--resume", type=Path, metavar="DIR", help="a run's folder to go on with, by its own config"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it; exit code 0, 130 when stopped, or XCosError."""
    if (options.config is None) == (options.resume is None):
        raise XCosError("Give a config file, or --resume with a run's folder, not both.")
    keep_memory()
    from core.training.config import read_config
    from core.training.finish import finish
    from core.training.loop import train
    from core.training.run import RunDirectory

    source = options.config or options.resume / "config.toml"
    config = read_config(source)
    folder: Path = options.resume or options.into or Path("runs") / config.name
    asked: list[int] = []
    # The first signal ends the run with a checkpoint; a second one ends it at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: asked.append(n) if not asked else sys.exit(130))
    progress, directory = ProgressBar(), RunDirectory(folder)

    def report(what: str, done: int, total: int) -> None:
        progress(what, done, total)
        directory.note(what, done, total)

    def stopped() -> bool:
        return bool(asked) or directory.stop_asked

    try:
        training = train(config, folder, report=report, stopped=stopped)
        card = finish(training, folder / f"{config.name}.safetensors", report, stopped)
    except Stopped:
        progress.close()
        directory.note("Stopped", 0, 0, "stopped")
        print(f"xcos: stopped; go on with: xcos train --resume {folder}", file=sys.stderr)
        return 130
    except XCosError as error:
        directory.note(str(error), 0, 0, "failed")
        raise
    directory.note("Finished", 1, 1, "finished")
    progress.close()
    print(card.path)
    for name, value in card.measured.items():
        print(f"{name}: {value}")
    return 0
