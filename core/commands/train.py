"""xcos train: a training run from a config file."""

import argparse
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.commands.shared import ProgressBar, warn
from core.errors import Stopped, XCosError
from core.json_text import json_text
from core.progress import StopAsked, Task
from core.resources import resource_path
from core.training.run_files import PROBLEMS
from core.workarounds import keep_memory

if TYPE_CHECKING:
    from core.model.card import ModelCard
    from core.training.config import TrainConfig
    from core.training.verdict import Verdict

NAMED = 5  # photos that were left out
EXAMPLES = """examples:
  xcos train adapt --gallery photos --into runs/mine --json
                                             adapt the weights that ship to a gallery
  xcos train plug-in --set model.frozen=face.onnx --gallery photos --into runs/face
                                             xCos for a model that you have
  xcos train small.toml --into runs/small   train; the same command again resumes
  xcos train robust --set data.labelled=people --set target.weights=sface.safetensors
                                             a preset by its name, with your own settings
  xcos train --resume runs/small             go on with the run's own config
  xcos train small.toml --estimate           how long an epoch and the run will take

docs/training.md tells what can be set, and a run's config.toml lists it all.

A gallery is a folder, CSV, RecordIO or project (.xcos), with the corrections made to it in the window.
Of its people a quarter is held out, whole: adapt and plug-in end with a verdict on them, before and
after, and --json prints it. A run's folder holds config.toml, log.csv, validation.csv, checkpoints
and, at its end, the weights and verdict.json; the weights that it starts from stay as they are.
Photos that cannot be read are left out, and named on stderr and in problems.txt. Ctrl-C ends the run
with a checkpoint."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "train",
        help="adapt the weights to a gallery, plug in a model, or train from a config file",
        description="Train xCos as a TOML file says, and write the weights.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "config",
        type=Path,
        nargs="?",
        metavar="CONFIG.toml|PRESET",
        help=f"settings of the run, or a preset: {', '.join(preset_names())}",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting, such as data.labelled=DIR or optimisation.steps=500; may be repeated",
    )
    parser.add_argument(
        "--gallery",
        type=Path,
        metavar="DIR|FILE",
        help="learn from a gallery: folder, CSV, RecordIO or project (.xcos); sets data.gallery",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FILE",
        help="file that keeps the gallery's faces and corrections (default: in your cache folder)",
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
    parser.add_argument(
        "--estimate",
        action="store_true",
        help="train nothing: time a few steps on a few faces, and tell how long the run will take",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the estimate, or the run's result, as JSON"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it; exit code 0, 130 when stopped, or XCosError."""
    if (options.config is None) == (options.resume is None):
        raise XCosError(
            "Name a preset, such as adapt, or a config file, or --resume with a run's folder; "
            "one of them, not two."
        )
    keep_memory()
    from core.training.assignments import with_settings
    from core.training.config import read_config
    from core.training.named_files import refuse_replacing

    if options.resume is not None and (options.set or options.gallery or options.cache):
        raise XCosError(
            "A run goes on with its own settings; leave --set out, and --gallery and --cache, or "
            "train anew."
        )
    source = preset(options.config) if options.resume is None else options.resume / "config.toml"
    if options.resume is not None and not source.is_file():
        raise XCosError(f"{options.resume} holds no config.toml; name the folder of a run.")
    config = with_settings(read_config(source), options.set)
    if options.gallery is not None:
        config = replace(config, data=replace(config.data, gallery=options.gallery))
    if options.cache is not None:
        config = replace(config, data=replace(config.data, gallery_cache=options.cache))
    folder: Path = options.resume or options.into or Path("runs") / config.name
    asked: list[int] = []
    # The first signal ends the run with a checkpoint; a second one ends it at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: asked.append(n) if not asked else sys.exit(130))
    try:
        if options.estimate:
            return _estimate(config, options, lambda: bool(asked))
        if options.resume is None:
            refuse_replacing(folder, config, source)
        return _train(config, folder, options, lambda: bool(asked))
    except MemoryError as error:
        raise XCosError(
            "The memory is full; lower optimisation.batch, or raise optimisation.accumulate."
        ) from error


def preset_names() -> list[str]:
    """The presets that come with the program."""
    return sorted(path.stem for path in resource_path("presets").glob("*.toml"))


def preset(given: Path) -> Path:
    """A file as it is, or a preset's file by its name. Raises XCosError where it is neither."""
    if given.exists():
        return given
    if str(given) not in preset_names():
        raise XCosError(
            f"{given} is neither a config file nor a preset; the presets are "
            f"{', '.join(preset_names())}."
        )
    return resource_path("presets", f"{given}.toml")


def _train(
    config: "TrainConfig", folder: Path, options: argparse.Namespace, asked: StopAsked
) -> int:
    from core.training.longer import refuse_other_faces
    from core.training.run import RunDirectory, run_alone

    refuse_other_faces(folder, config)
    progress, directory = ProgressBar(), RunDirectory(folder)

    def report(what: str, done: int, total: int) -> None:
        progress.report(what, done, total)
        directory.note(what, done, total)

    def stopped() -> bool:
        return asked() or directory.stop_asked

    with run_alone(folder):
        try:
            result = _whole_run(config, folder, Task(report, stopped))
        except Stopped:
            progress.close()
            directory.note_stopped()
            warn(f"stopped; go on with: xcos train --resume {folder}")
            return 130
        except XCosError as error:
            directory.note(str(error), 0, 0, "failed")
            raise
        except BaseException as error:
            directory.note(f"It ended unexpectedly: {error!r}", 0, 0, "failed")
            raise
        directory.note("Finished", 1, 1, "finished")
    progress.close()
    for sentence in result.notes:
        warn(sentence)
    for sentence in result.problems[:NAMED]:
        warn(f"problem: {sentence}")
    if len(result.problems) > NAMED:
        warn(f"{len(result.problems)} photos were left out; {folder / PROBLEMS} names all.")
    _tell(result, options.json)
    return 0


class _Result(NamedTuple):
    """What a run came to; verdict: None where nobody was held out and no pairs were named."""

    card: "ModelCard"
    verdict: "Verdict | None"
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def _whole_run(config: "TrainConfig", folder: Path, task: Task) -> _Result:
    """Train, write the weights, and judge them. Raises XCosError and Stopped."""
    from core.training.finish import finish
    from core.training.judging import compared_of, judge
    from core.training.loop import train

    begun = time.monotonic()
    training = train(config, folder, task=task)
    card = finish(training, folder / f"{config.name}.safetensors", task)
    config, verdict = training.config, None
    if card.kind == "xcos" and (config.data.validation or config.data.held_out):
        faces = training.held_out if training.validation is None else training.validation.held_out
        verdict = judge(faces, compared_of(config), card.path, config.hardware.device, task)
        verdict = replace(verdict, seconds=round(time.monotonic() - begun, 1))
        verdict.write(folder)
    return _Result(card, verdict, training.problems, training.notes)


def _tell(result: _Result, as_json: bool) -> None:
    card, verdict = result.card, result.verdict
    if as_json:
        figures = {} if verdict is None else verdict.as_json()
        print(json_text(figures | {"weights": str(card.path), "measured": card.measured}))
        return
    print(card.path)
    for name, value in card.measured.items():
        print(f"{name}: {value}")
    if verdict is not None:
        print(verdict.sentence)


def _estimate(config: "TrainConfig", options: argparse.Namespace, asked: StopAsked) -> int:
    from core.training.checks import check
    from core.training.estimate import estimate
    from core.training.run import RunDirectory

    verdict = check(config)
    if verdict.problems:
        raise XCosError(verdict.problems[0])
    for sentence in verdict.warnings:
        warn(sentence)
    progress = ProgressBar()
    watched = None if options.into is None else RunDirectory(options.into)

    def report(what: str, done: int, total: int) -> None:
        progress.report(what, done, total)
        if watched is not None:
            watched.note(what, done, total)

    try:
        prediction = estimate(config, Task(report, asked))
    except Stopped:
        return 130
    finally:
        progress.close()
    print(prediction.as_json() if options.json else prediction.words)
    return 0
