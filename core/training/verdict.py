"""Whether a run's weights are better than what there was, on people that it has not seen.

Kept as verdict.json in the run's folder. Frozen and plain, so that a window and a command show the
same; `judging.py` measures it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from core.errors import XCosError
from core.files import write_whole
from core.json_text import json_text

VERDICT = "verdict.json"
FARS = ("0.01", "0.001")
NO_INTERVAL = "too few people for an interval"
Conclusion = Literal["better", "no difference", "worse", "too few", "alone"]


@dataclass(frozen=True)
class Figure:
    """A fraction from 0 to 1 and its 95 % interval, from a bootstrap over identities.

    value:     None where there are too few pairs for it
    low, high: None where people are too few for an interval: every draw of them gives the same
    """

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Difference:
    """A figure after less the one before, from -1 to 1, with its 95 % interval (both alike drawn).

    low, high: None where people are too few for an interval
    """

    value: float
    low: float | None
    high: float | None

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.is_up or self.is_down

    @property
    def is_up(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.low is not None and self.low > 0

    @property
    def is_down(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.high is not None and self.high < 0


@dataclass(frozen=True)
class Figures:
    """What one kind of score reaches on the held-out pairs.

    accuracy:     genuine and impostor pairs count alike, at the best single threshold
    tar_at_far:   by FAR as text, "0.01" and "0.001"
    threshold:    the one of the accuracy
    faithfulness: correlation of what hiding parts of a pair does with what the evidence says, in
                  [-1, 1], the median of some pairs; None where it was not measured
    """

    accuracy: Figure
    auc: Figure
    tar_at_far: dict[str, Figure]
    threshold: float | None = None
    faithfulness: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Values by name, and their intervals by the same names."""
        return {
            "accuracy": self.accuracy.value,
            "auc": self.auc.value,
            "tar_at_far": {far: figure.value for far, figure in self.tar_at_far.items()},
            "threshold": self.threshold,
            "faithfulness": self.faithfulness,
            "intervals": {
                "accuracy": _limits(self.accuracy),
                "auc": _limits(self.auc),
                "tar_at_far": {far: _limits(figure) for far, figure in self.tar_at_far.items()},
            },
        }

    @staticmethod
    def from_json(figures: dict[str, Any]) -> "Figures":
        """As `as_json` wrote it. Raises KeyError, TypeError and ValueError for what it did not."""
        limits = figures["intervals"]
        return Figures(
            _figure(figures["accuracy"], limits["accuracy"]),
            _figure(figures["auc"], limits["auc"]),
            {
                far: _figure(value, limits["tar_at_far"][far])
                for far, value in figures["tar_at_far"].items()
            },
            figures["threshold"],
            figures["faithfulness"],
        )


@dataclass(frozen=True)
class HeldOut:
    """Whom the figures are of: people, and their pairs of each kind.

    lacking: a sentence on what is missing for figures that can tell anything; empty: nothing
    """

    people: int
    genuine: int
    impostor: int
    lacking: str = ""


@dataclass(frozen=True)
class ChangedPair:
    """A held-out pair that the weights before and after judge differently.

    left, right:         its photos
    left_key, right_key: of its faces in the gallery, empty where the photos are of none
    same:                whether both faces are of one person
    before, after:       scores with learned attention, of order both
    mended:              whether the judgement after is the right one
    """

    left: Path
    right: Path
    left_key: str
    right_key: str
    same: bool
    before: float
    after: float
    mended: bool

    @property
    def outcomes(self) -> tuple[str, str]:
        """Before and after: TP, FN, FP or TN."""
        right, wrong = ("TP", "FN") if self.same else ("TN", "FP")
        return (wrong, right) if self.mended else (right, wrong)


@dataclass(frozen=True)
class Verdict:
    """What a run came to.

    conclusion:    too few: people or pairs to tell anything; alone: there was nothing before
    before, after: of the weights that it started from and of those that it made, with learned
                   attention; of a plugged-in model: its own cosine, and learned attention
    kinds:         figures after, by kind: learned, uniform, correlation, fc, and own, a plugged-in
                   model's own cosine
    changes:       after less before, by figure: accuracy, auc, and TAR at FAR 0.01 and 0.001
    pairs:         some that are judged differently, those that changed most first
    sentence:      the verdict in words
    start:         the weights before, or the plugged-in model
    weights:       the weights that the run made
    seconds:       of the whole run
    """

    conclusion: Conclusion
    sentence: str
    held_out: HeldOut
    before: Figures | None
    after: Figures | None
    kinds: dict[str, Figures] = field(default_factory=dict)
    changes: dict[str, Difference] = field(default_factory=dict)
    pairs: tuple[ChangedPair, ...] = ()
    start: Path | None = None
    weights: Path = Path()
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """As it is printed and kept."""
        return {
            "held_out": vars(self.held_out),
            "before": None if self.before is None else self.before.as_json(),
            "after": None if self.after is None else self.after.as_json(),
            "kinds": {kind: figures.as_json() for kind, figures in self.kinds.items()},
            "changes": {name: vars(change) for name, change in self.changes.items()},
            "pairs": [
                vars(pair) | {"left": str(pair.left), "right": str(pair.right)}
                for pair in self.pairs
            ],
            "conclusion": self.conclusion,
            "verdict": self.sentence,
            "start": None if self.start is None else str(self.start),
            "weights": str(self.weights),
            "seconds": self.seconds,
        }

    @staticmethod
    def from_json(stored: dict[str, Any]) -> "Verdict":
        """As `as_json` wrote it. Raises KeyError, TypeError and ValueError for what it did not."""
        if stored["conclusion"] not in get_args(Conclusion):
            raise ValueError("no conclusion")
        return Verdict(
            stored["conclusion"],
            str(stored["verdict"]),
            HeldOut(**stored["held_out"]),
            None if stored["before"] is None else Figures.from_json(stored["before"]),
            None if stored["after"] is None else Figures.from_json(stored["after"]),
            {str(kind): Figures.from_json(figures) for kind, figures in stored["kinds"].items()},
            {str(name): Difference(**change) for name, change in stored["changes"].items()},
            tuple(
                ChangedPair(**(pair | {"left": Path(pair["left"]), "right": Path(pair["right"])}))
                for pair in stored["pairs"]
            ),
            None if stored["start"] is None else Path(stored["start"]),
            Path(stored["weights"]),
            float(stored["seconds"]),
        )

    def write(self, run: Path) -> None:
        """Keep it in the run's folder. Raises XCosError."""
        write_whole(run / VERDICT, (json_text(self.as_json()) + "\n").encode())


def read_verdict(run: Path) -> Verdict | None:
    """The verdict of a run's folder; None where there is none yet. Raises XCosError if damaged."""
    path = run / VERDICT
    try:
        return Verdict.from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise XCosError(
            f"{path} cannot be read; the weights beside it are whole, so evaluate them anew."
        ) from error


def _limits(figure: Figure) -> list[float] | None:
    return None if figure.low is None or figure.high is None else [figure.low, figure.high]


def _figure(value: float | None, limits: list[float] | None) -> Figure:
    low, high = (None, None) if limits is None else limits
    return Figure(value, low, high)
