"""What follows the last step: P, thresholds, and the weights file that ships."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.evaluation.verification import best_threshold
from core.model.card import ModelCard
from core.model.verifier import Verifier
from core.model.weights import save_weights
from core.model.xcos import XCosNet
from core.progress import Report, StopAsked, never, silent
from core.scoring.prepared import prepare
from core.training.correlation import CellCorrelation
from core.training.data import BatchSampler
from core.training.frozen import stored
from core.training.loop import MEAN, SCALE, Training
from core.training.validation import Validation

BATCHES = 100  # of training faces whose pairs P is computed over


def finish(
    training: Training, path: Path, report: Report = silent, stopped: StopAsked = never
) -> ModelCard:
    """Write a finished training's weights with P, thresholds and figures in their card.

    Thresholds are the best single ones on the validation list; P is computed over training pairs.
    """
    config, network = training.config, training.exported
    seen = None if training.frozen is None else training.frozen.card
    card = ModelCard(
        name=config.name,
        path=path,
        fingerprint="",
        kind="xcos" if isinstance(network, XCosNet) else "target",
        backbone=config.model.backbone if seen is None else seen.backbone,
        options=config.model.options if seen is None else seen.options,
        mean=(MEAN,) * 3 if seen is None else seen.mean,
        std=(SCALE,) * 3 if seen is None else seen.std,
        channels="RGB" if seen is None else seen.channels,
        embedding_size=_embedding_size(network),
        licence=config.licence,
        training=_told(training),
        version="1",
    )
    card = save_weights(path, network, card)
    if isinstance(network, XCosNet) and training.answers is not None:
        known = training.answers.embeddings[0]
        grids = _grids(training, network, path, stopped)
        correlation = correlation_attention(known, training.sampler, grids, report)
        card = replace(card, correlation=correlation.normalised())
    if training.validation is not None:
        thresholds, measured = _figures(training, card)
        card = replace(card, thresholds=thresholds, measured=measured)
    return save_weights(path, network, card)


def correlation_attention(
    embeddings: np.ndarray,
    sampler: BatchSampler,
    grids: Callable[[np.ndarray], np.ndarray],
    report: Report,
) -> CellCorrelation:
    """Stream S and the target's cosines of training batches' pairs, as they are, into P.

    embeddings: (n, t) of the target; grids: grid features (k, 32, 7, 7) of some training faces
    """
    found = CellCorrelation()
    for number in range(BATCHES):
        report("Correlating cells", number, BATCHES)
        chosen = np.unique(sampler.batch(number).faces)
        cells = prepare(grids(chosen), None).cells
        rows, columns = np.triu_indices(len(chosen), 1)
        cosine = np.einsum("pkc,pkc->pk", cells[rows], cells[columns]).reshape(-1, 7, 7)
        embedding = embeddings[chosen]
        found.add(cosine, (embedding[rows] * embedding[columns]).sum(axis=1))
    return found


def _grids(
    training: Training, network: XCosNet, path: Path, stopped: StopAsked
) -> Callable[[np.ndarray], np.ndarray]:
    maps = training.maps
    if maps is None:
        verifier = Verifier(path, training.config.hardware.device)
        return lambda chosen: verifier.features(training.faces.take(chosen), stopped=stopped).grid
    network.eval()

    def from_maps(chosen: np.ndarray) -> np.ndarray:
        kept = stored(maps, chosen, np.zeros(len(chosen), bool))
        with torch.inference_mode():
            grid: np.ndarray = network.grid(kept.to(training.fabric.device)).cpu().numpy()
        return grid

    return from_maps


def _embedding_size(network: nn.Module) -> int | None:
    head = getattr(network, "embedding", None)
    return head.out_features if isinstance(head, nn.Linear) else None


def _figures(training: Training, card: ModelCard) -> tuple[dict[str, float], dict[str, Any]]:
    validation: Validation | None = training.validation
    assert validation is not None
    scores = validation.scores(training.exported, training.fabric.device, card.correlation)
    best = {kind: best_threshold(values, validation.same) for kind, values in scores.items()}
    name = training.config.data.validation
    told = "validation" if name is None else name.name
    measured = {
        f"accuracy of {kind} on {told}": round(right, 4) for kind, (_, right) in best.items()
    }
    return {kind: threshold for kind, (threshold, _) in best.items()}, measured


def _told(training: Training) -> str:
    config = training.config
    labelled = int((training.faces.labels >= 0).sum())
    target = None if training.answers is None else getattr(config.target.weights, "stem", None)
    start = "random initialisation"
    if training.frozen is not None:
        start = f"the frozen {training.frozen.path.name}"
    return (
        f"{len(training.faces)} faces, {labelled} of them with one of "
        f"{len(training.faces.identities)} identities; {training.step} steps of "
        f"{config.optimisation.batch} faces from {start}; target {target}"
    )
