"""Train for so many seconds instead of steps, as where a GPU is lent by the minute.

python -m scripts.timed_training CONFIG.toml --into RUN --seconds 600 [--cool-down 0.4] -o OUT.safetensors

The rate is constant after the warm-up and falls to 0 over the last share of the time, which begins
once the first steps have compiled the network. Steps, schedule and cool-down of the config do not
count. Where the run's folder holds a checkpoint it goes on from there.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from core.progress import Task
from core.training.config import read_config
from core.training.finish import finish
from core.training.loop import LOG_EVERY, log_row
from core.training.run import RunDirectory
from core.training.training import StepLosses, Training

COMPILED = 3  # steps after which the time begins
MANY = 10_000_000  # steps that nobody reaches

Clock = Callable[[], float]


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--into", type=Path, required=True, metavar="RUN")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--cool-down", type=float, default=0.4, help="share of the time")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    started = time.monotonic()

    def report(what: str, done: int, _: int) -> None:
        if not done:
            print(f"{time.monotonic() - started:.0f} s: {what}", flush=True)

    training = TimedTraining(read_config(options.config), RunDirectory(options.into), Task(report))
    train_for(training, options.seconds, options.cool_down)
    print(f"{time.monotonic() - started:.0f} s: {training.step} steps", flush=True)
    finish(training, options.output)


class TimedTraining(Training):
    """A run whose rate follows the clock."""

    seconds, cool_down = 0.0, 0.0
    clock: Clock = staticmethod(time.monotonic)
    end: float | None = None  # not known before the network is compiled

    def rate(self) -> float:
        """The learning rate of the next step."""
        optimisation = self.config.optimisation
        left = 1.0
        if self.end is not None:
            left = max(0.0, self.end - self.clock()) / max(1e-9, self.cool_down * self.seconds)
        warm = (self.step + 1) / max(1, optimisation.warm_up)
        return optimisation.learning_rate * min(1.0, warm, left)


def train_for(
    training: TimedTraining, seconds: float, cool_down: float, clock: Clock = time.monotonic
) -> None:
    """Take steps until the time is over, and save a checkpoint."""
    run = training.run
    state = run.load(run.last)
    if state is not None:
        training.resume(state)
    training.seconds, training.cool_down, training.clock = seconds, cool_down, clock
    training.steps = MANY
    first, recent, since = training.step, list[StepLosses](), clock()
    for row in training.rows():
        recent.append(row)
        if training.step - first == COMPILED:
            training.numbers(recent[-1:])  # waits until they are done
            training.end = clock() + seconds
        if training.step % LOG_EVERY == 0:
            log_row(training, training.numbers(recent), (clock() - since) / len(recent))
            recent, since = [], clock()
        if training.end is not None and clock() >= training.end:
            break
    training.feed.close()
    training.save(run.last)
    run.close()


if __name__ == "__main__":
    main()
