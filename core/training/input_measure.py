"""How a plugged-in ONNX model wants its faces, where its file does not say: measured on a few."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from core.errors import XCosError
from core.model.kinds import CHANNELS
from core.model.normalisation import CENTRED, UNCHANGED, UNIT, Normalisation
from core.model.onnx_model import says_scaling
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.progress import QUIET, Task
from core.training.validation import separation

IMAGENET = Normalisation((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
USUAL = (CENTRED, UNIT, UNCHANGED, IMAGENET)  # of face models, the likeliest first
PEOPLE, PHOTOS = 10, 4  # that are looked at, and of each
CLEARLY = 1.02  # times as far apart as by a likelier choice


@dataclass(frozen=True)
class MeasuredInput:
    """A model's input as it was found: the choice with it, and what to tell, a sentence."""

    choice: TargetChoice
    words: str


def some_faces(labels: np.ndarray) -> np.ndarray:
    """Places of a few faces of several people with several photos; labels: (n,) int64, -1 unknown."""
    places = [np.flatnonzero(labels == one)[:PHOTOS] for one in np.unique(labels[labels >= 0])]
    several = [of_one for of_one in places if len(of_one) > 1]
    return np.concatenate([np.empty(0, np.int64), *several[:PEOPLE]])


def measured_input(
    choice: TargetChoice, crops: np.ndarray, people: np.ndarray, task: Task = QUIET
) -> MeasuredInput:
    """The order of channels and the scaling by which the people lie furthest apart.

    What the choice or the graph says stays. crops: (n, 112, 112, 3) uint8; people: (n,) their
    numbers. Raises XCosError for a model that can be run in no way.
    """
    channels = (choice.channels,) if choice.channels is not None else CHANNELS
    scalings: tuple[Normalisation | None, ...] = (choice.normalisation,)
    if choice.normalisation is None and not says_scaling(choice.path):
        scalings = USUAL
    likeliest = replace(choice, channels=channels[0], normalisation=scalings[0])
    if len(np.unique(people)) < 2:
        return MeasuredInput(
            likeliest,
            f"{_words(likeliest)} is taken for {choice.path.name}, since it cannot be measured "
            "without two people with two photos each; model.channels and model.normalisation "
            "change it.",
        )
    left, right = np.triu_indices(len(people), 1)
    same = people[left] == people[right]
    measured: list[tuple[float, TargetChoice]] = []
    failure: XCosError | None = None
    for scaling, order in product(scalings, channels):
        tried = replace(choice, channels=order, normalisation=scaling)
        try:
            rows = Target(tried, "cpu").embeddings(crops, task.quiet())
        except XCosError as error:
            failure = failure or error
            continue
        measured.append((separation((rows[left] * rows[right]).sum(axis=1), same), tried))
    if not measured:
        assert failure is not None
        raise failure
    best = measured[0]
    for one in measured[1:]:
        if one[0] > CLEARLY * max(best[0], 1e-9):
            best = one
    others = ", ".join(f"{_words(tried)}: {apart:.2f}" for apart, tried in measured)
    return MeasuredInput(
        best[1],
        f"{choice.path.name} is given {_words(best[1])}, by which {len(np.unique(people))} people lie "
        f"furthest apart ({others}); model.channels and model.normalisation change it.",
    )


def _words(choice: TargetChoice) -> str:
    scaling = choice.normalisation
    return f"{choice.channels} faces" + (f", {scaling.words}" if scaling is not None else "")
