"""Going on from weights that there are: their architecture, then their numbers."""

from dataclasses import replace

from torch import nn

from core.errors import XCosError
from core.model.card import ModelCard
from core.model.weights import load_xcos
from core.training.config import TrainConfig
from core.training.encoding import MEAN, SCALE

ROUNDING = 1.0  # between dividing by 127.5 and by 128


def as_started(config: TrainConfig) -> TrainConfig:
    """The config with the backbone, options and head of model.start, where that is set.

    Where only a part is trained, a law by which attention leaves hidden cells stays as well.
    Raises XCosError for weights that cannot be read, or that the config rules out.
    """
    if config.model.start is None:
        return config
    if config.model.frozen is not None or not config.model.xcos:
        raise XCosError(
            "model.start goes on training xCos weights, which model.frozen or model.xcos rules out; "
            "set one of them back."
        )
    card, _ = load_xcos(config.model.start)
    scaling = zip((*card.mean, *card.std), (MEAN,) * 3 + (SCALE,) * 3, strict=True)
    if card.channels != "RGB" or any(abs(own - ours) > ROUNDING for own, ours in scaling):
        raise XCosError(
            f"{config.model.start} takes faces as {card.input_words}, and training goes on only with "
            f"weights that take RGB, (x \N{MINUS SIGN} 127.5) / 128; set model.start to others."
        )
    model = replace(
        config.model,
        backbone=card.backbone,
        options=card.options,
        embedding=card.embedding_size is not None,
        grid_channels=card.grid_channels,
    )
    locality = config.locality
    if config.model.trained != "all" and card.law != "additive":
        locality = replace(locality, law=card.law)
    return replace(config, model=model, locality=locality)


def take_start(network: nn.Module, config: TrainConfig) -> ModelCard | None:
    """Fill a fresh network with the numbers of model.start; returns their card, None without it.

    Raises XCosError where the target's embedding has another size than the weights' head.
    """
    path = config.model.start
    if path is None:
        return None
    card, known = load_xcos(path)
    wanted = getattr(getattr(network, "embedding", None), "out_features", None)
    if wanted is not None and wanted != card.embedding_size:
        raise XCosError(
            f"The head of {path} gives {card.embedding_size} numbers and the target {wanted}; take "
            "the target that the weights were taught by, or set model.start to other weights."
        )
    network.load_state_dict(known.state_dict())
    return card
