"""Three ways to weights of one's own: adapt some, plug a model in, begin from nothing.

Each asks at most four things, all with defaults; everything else is as in the preset of its name.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.resources import resource_path
from core.training.config import TrainConfig, TrainedPart, read_config
from core.training.named_files import DEFAULT, OWN

WayName = Literal["adapt", "plug-in", "from nothing"]
Paper = Literal["paper-arcface", "paper-cosface", "baseline-arcface", "baseline-cosface", "laptop"]


@dataclass(frozen=True)
class Way:
    """A way's settings as one has answered.

    does:  one line on what the run will do
    fails: one line on what would make it fail
    """

    name: WayName
    config: TrainConfig
    does: str
    fails: str


def adapt(
    gallery: Path | None,
    start: Path = DEFAULT,
    target: Path = OWN,
    trained: TrainedPart = "last stage",
) -> Way:
    """The weights in use, adapted to a gallery's people and photos.

    gallery: folder, CSV, RecordIO or project; None: still to be named
    start:   the weights; default: those that ship
    target:  whose cosines the score keeps to: own, sface, or a model's file
    """
    config = _preset("adapt")
    config = replace(
        config,
        data=replace(config.data, gallery=gallery),
        model=replace(config.model, start=start, trained=trained),
        target=replace(config.target, weights=target),
    )
    return Way(
        "adapt",
        config,
        "Trains these weights a little further on the gallery's people, and tries both on people "
        "that it held out.",
        "It needs names: at least four people with two photos each, and some ten people held out "
        "before a difference can show.",
    )


def plug_in(
    model: Path | None,
    gallery: Path | None,
    target: Path = OWN,
    local: bool = True,
) -> Way:
    """xCos for a model that one already has, which stays as it is.

    model:   ONNX, torch or weights file, or sface; None: still to be named
    gallery: faces to learn from, of whomever; None: still to be named
    target:  own: the model's own cosine
    local:   a 3x3 layer between the model's map and the grid: closer to the model, and a cell sees
             its neighbours
    """
    config = _preset("plug-in")
    config = replace(
        config,
        data=replace(config.data, gallery=gallery),
        model=replace(config.model, frozen=model, local=local),
        target=replace(config.target, weights=target),
    )
    return Way(
        "plug-in",
        config,
        "Learns what each cell of this model's 7x7 map says of its score, and tells what the "
        "explanation costs on people that it held out.",
        "The model needs a 7x7 or 14x14 map before its embedding, and the gallery a few hundred faces.",
    )


def from_nothing(
    preset: Paper = "laptop",
    labelled: Path | None = None,
    target: Path | None = None,
    validation: Path | None = None,
) -> Way:
    """The paper's settings, its baselines, or a thin network for a laptop, from random weights.

    labelled:   folder of aligned faces, one sub-folder an identity, or RecordIO
    target:     the model that teaches; None: as the preset, sface for laptop
    validation: a list of pairs such as LFW's; None: people are held out
    """
    config = _preset(preset)
    target = target or config.target.weights
    config = replace(
        config,
        data=replace(
            config.data,
            labelled=[labelled] if labelled else [],
            held_out=0.0 if validation else 0.05,
            validation=validation,
            validation_photos=None,
        ),
        target=replace(config.target, weights=target),
    )
    return Way(
        "from nothing",
        config,
        "Trains a whole network from random numbers, as the preset says.",
        "It needs tens of thousands of faces, and a GPU or days.",
    )


def _preset(name: str) -> TrainConfig:
    return read_config(resource_path("presets", f"{name}.toml"))
