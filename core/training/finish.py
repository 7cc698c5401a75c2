"""What follows the last step: P, thresholds, and the weights file that ships."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.evaluation.verification import best_threshold
from core.model.card import ModelCard
from core.model.verifier import Verifier
from core.model.weights import save_weights
from core.progress import Report, StopAsked, never, silent
from core.scoring.prepared import prepare
from core.training.correlation import CellCorrelation
from core.training.data import BatchSampler, TrainingFaces
from core.training.lessons import TargetAnswers
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
    card = ModelCard(
        name=config.name,
        path=path,
        fingerprint="",
        kind="xcos",
        backbone=config.model.backbone,
        options=config.model.options,
        mean=(MEAN,) * 3,
        std=(SCALE,) * 3,
        embedding_size=None if network.embedding is None else network.embedding.out_features,
        licence=config.licence,
        training=_told(training),
        version="1",
    )
    card = save_weights(path, network, card)
    verifier = Verifier(path, config.hardware.device)
    correlation = correlation_attention(
        training.faces, training.answers, training.sampler, verifier, report, stopped
    )
    card = replace(card, correlation=correlation.normalised())
    if training.validation is not None:
        thresholds, measured = _figures(training, card)
        card = replace(card, thresholds=thresholds, measured=measured)
    return save_weights(path, network, card)


def correlation_attention(
    faces: TrainingFaces,
    answers: TargetAnswers,
    sampler: BatchSampler,
    verifier: Verifier,
    report: Report,
    stopped: StopAsked,
) -> CellCorrelation:
    """Stream S and the target's cosines of training batches' pairs, as they are, into P."""
    found = CellCorrelation()
    for number in range(BATCHES):
        report("Correlating cells", number, BATCHES)
        chosen = np.unique(sampler.batch(number).faces)
        grid = verifier.features(faces.take(chosen), stopped=stopped).grid
        cells = prepare(grid, None).cells
        rows, columns = np.triu_indices(len(chosen), 1)
        cosine = np.einsum("pkc,pkc->pk", cells[rows], cells[columns]).reshape(-1, 7, 7)
        embedding = answers.embeddings[0, chosen]
        found.add(cosine, (embedding[rows] * embedding[columns]).sum(axis=1))
    return found


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
    target = None if config.target.weights is None else config.target.weights.stem
    return (
        f"{len(training.faces)} faces, {labelled} of them with one of "
        f"{len(training.faces.identities)} identities; {training.step} steps of "
        f"{config.optimisation.batch} faces from random initialisation; target {target}"
    )
