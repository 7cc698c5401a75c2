"""What follows the last step: P, thresholds, and the weights file that ships."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from core.errors import counted
from core.evaluation.verification import balanced_threshold
from core.model.card import HidingLaw, ModelCard
from core.model.features import CHANNELS
from core.model.weights import save_weights
from core.model.xcos import XCosNet
from core.progress import QUIET, Task
from core.training.config import keeps_maps
from core.training.correlation import BATCHES
from core.training.encoding import MEAN, SCALE
from core.training.training import Training
from core.training.validation import Validation


def finish(training: Training, path: Path, task: Task = QUIET) -> ModelCard:
    """Write a finished training's weights with P, thresholds and figures in their card.

    Thresholds are the best single ones on the validation list; P is computed over training pairs.
    Raises Stopped, and XCosError when the file cannot be written.
    """
    config, network = training.config, training.exported
    is_xcos = isinstance(network, XCosNet)
    seen = training.start if training.frozen is None else training.frozen.card
    backbone, options = config.model.backbone, config.model.options
    if seen is not None:
        backbone, options = seen.backbone, seen.options
    if training.frozen is not None:
        local = config.model.local
        backbone, options = "refined", {"backbone": backbone, "options": options, "local": local}
    card = ModelCard(
        name=config.name,
        path=path,
        fingerprint="",
        kind="xcos" if is_xcos else "target",
        backbone=backbone,
        options=options,
        mean=(MEAN,) * 3 if seen is None else seen.mean,
        std=(SCALE,) * 3 if seen is None else seen.std,
        channels="RGB" if seen is None else seen.channels,
        embedding_size=_embedding_size(network),
        grid_channels=getattr(network, "channels", CHANNELS) if is_xcos else CHANNELS,
        law=_law(training),
        licence=config.licence,
        training=_training_text(training),
        version="1",
    )
    card = replace(card, correlation=training.correlation(BATCHES, task))
    if training.validation is not None:
        thresholds, measured = _figures(training, card)
        if training.validation.held_out.lacking and training.start is not None:
            thresholds = training.start.thresholds  # of too few people none can be found
        card = replace(card, thresholds=thresholds, measured=measured)
    elif training.start is not None:
        card = replace(card, thresholds=training.start.thresholds)
    return save_weights(path, network, card)


def _law(training: Training) -> HidingLaw:
    """The law of the locality losses; where only a part was trained further, that of the start.

    Adapted for some steps, xcos-small still follows its own law: faithfulness 0.76 by it (0.77
    before), and 0.53 by the other one.
    """
    config, start = training.config, training.start
    if start is not None and (config.model.trained != "all" or not config.locality.hidden):
        return start.law
    return config.locality.law if config.locality.hidden else "additive"


def _embedding_size(network: nn.Module) -> int | None:
    head = getattr(network, "embedding", None)
    return head.out_features if isinstance(head, nn.Linear) else None


def _figures(training: Training, card: ModelCard) -> tuple[dict[str, float], dict[str, Any]]:
    validation: Validation | None = training.validation
    assert validation is not None
    scores = validation.scores(training.exported, training.fabric.device, card.correlation)
    best = {kind: balanced_threshold(values, validation.same) for kind, values in scores.items()}
    name = training.config.data.validation
    people = "people held out" if name is None else name.name
    measured = {
        f"accuracy of {kind} on {people}": round(right, 4) for kind, (_, right) in best.items()
    }
    return {kind: threshold for kind, (threshold, _) in best.items()}, measured


def _training_text(training: Training) -> str:
    config = training.config
    labelled = int((training.faces.labels >= 0).sum())
    named = [config.target.weights, *config.target.others] if training.answers else []
    target = " and ".join(path.stem for path in named if path is not None) or None
    start = "random initialisation" if training.start is None else training.start.name
    if training.frozen is not None:
        whole = keeps_maps(config.model)
        start = f"the {'frozen' if whole else 'trained'} {training.frozen.path.name}"
    return (
        f"{counted(len(training.faces), 'face')}, {labelled:,} of them with one of "
        f"{counted(len(training.faces.identities), 'identity', 'identities')}; "
        f"{counted(training.step, 'step')} of "
        f"{config.optimisation.batch} faces from {start}; target {target}"
    )
