"""What is trained: the network, and what only training needs of it."""

from typing import Any, Self

import torch
from torch import Tensor, nn

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.backbones.refined import Refined, from_map
from core.model.features import CELLS
from core.model.margin_heads import ArcFace, CosFace
from core.model.xcos import XCosNet
from core.training.config import TrainConfig, keeps_maps
from core.training.hiding import HiddenViews
from core.training.locality import HiddenGrids, HiddenPairs, hidden_pairs, locality_losses
from core.training.losses import (
    Lesson,
    by_names,
    choose_pairs,
    embedding_loss,
    joint_cosines,
    map_loss,
    score_losses,
)
from core.training.parallel import gathered, processes, rank
from core.training.trained_part import keep_rest

HEADS = {"cosface": CosFace, "arcface": ArcFace}


class Beside:
    """What a step needs beside its faces. A plain class: mixed precision rounds tensors that it finds
    in arguments, tuples and dataclasses, and the target's cosines are wanted in full.

    hidden: views whose pixels follow those of the batch's faces in the input
    draw:   of the pairs
    """

    def __init__(
        self, lesson: Lesson | None, draw: torch.Generator, hidden: HiddenViews | None = None
    ) -> None:
        self.lesson, self.draw, self.hidden = lesson, draw, hidden


class TrainingNet(nn.Module):
    """The network with a projector to the target's map and an identification head.

    With model.xcos off the network is the backbone with its own embedding, the paper's baseline.
    embedding_size: of the target's embeddings, None without a target
    map_channels:   of its map, None without map loss
    plugged_in:     the model that xCos is plugged into; where it stays as it is, faces come as maps
    limits:         between which the target's cosines are corrected by names; None: not at all
    """

    limits: tuple[float, float] | None = None

    def __init__(
        self,
        config: TrainConfig,
        embedding_size: int | None,
        map_channels: int | None,
        identities: int,
        plugged_in: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self._losses, self._locality = config.losses, config.locality
        self._of_maps = keeps_maps(config.model)
        if plugged_in is None:
            backbone = build_backbone(config.model.backbone, **config.model.options)
        else:
            plugged_in.requires_grad_(not self._of_maps)
            backbone = Refined.around(plugged_in, config.model.local)
        channels = int(backbone.channels)  # type: ignore[arg-type]
        self.net: Any
        if config.model.xcos:
            width = config.model.grid_channels
            self.net = XCosNet(backbone, embedding_size if config.model.embedding else None, width)
            size = width * CELLS * CELLS
        else:
            self.net = backbone
            size = _own_embedding_size(backbone, channels, config.model.backbone)
        self.projector = None if map_channels is None else nn.Conv2d(channels, map_channels, 1)
        head = HEADS.get(config.losses.identification)
        self.head = None if head is None else head(size, identities)
        whole = self._of_maps or not config.model.xcos
        self._kept = [] if whole else keep_rest(self.net, config.model.trained)

    def train(self, mode: bool = True) -> Self:
        """Layers that are not trained keep their statistics."""
        super().train(mode)
        for module in self._kept:
            module.eval()
        return self

    def forward(
        self,
        x_BCHW: Tensor,
        labels_B: Tensor,
        beside: "Beside",
    ) -> dict[str, Tensor]:
        """The losses of a batch, not yet weighted, by name; pairs span all processes."""
        lesson, hidden = beside.lesson, beside.hidden
        # First, since it waits for the device, on which nothing else is queued by now.
        chosen = None if lesson is None else self._chosen(lesson, labels_B, beside)
        if not isinstance(self.net, XCosNet):
            own_BD = gathered(self.net.embed(x_BCHW).float())
            return self._identification(own_BD, gathered(labels_B))
        backbone = self.net.backbone
        map_BCHW = from_map(backbone, x_BCHW) if self._of_maps else backbone(x_BCHW)
        # Cosines need single precision also where the backbone runs in less.
        with torch.autocast(x_BCHW.device.type, enabled=False):
            count = len(labels_B)
            every_BCHW = self.net.grid(map_BCHW.float())
            map_BCHW = map_BCHW[:count].float()
            losses = {}
            if self.projector is not None and lesson is not None and lesson.maps is not None:
                losses["map"] = map_loss(self.projector(map_BCHW), lesson.maps, lesson.valid)
            grid_BCHW = gathered(every_BCHW[:count])
            if chosen is not None:
                target_BD, cosines_BB, pairs_2P, hidden_ones = chosen
                attention = self.net.attention
                losses |= score_losses(attention, grid_BCHW, cosines_BB, pairs_2P, self._losses)
                if hidden is not None and hidden_ones is not None:
                    source, pairs = hidden_ones
                    grids = HiddenGrids(
                        gathered(every_BCHW[count:]), source, gathered(hidden.covered)
                    )
                    config = self._locality, self._losses
                    losses |= locality_losses(attention, grid_BCHW, grids, pairs, config)
                embedding_BD = self.net.embed(grid_BCHW)
                if embedding_BD is not None and self._losses.embedding_weight:
                    losses["embedding"] = embedding_loss(embedding_BD, target_BD)
            return losses | self._identification(grid_BCHW.flatten(1), gathered(labels_B))

    def _chosen(
        self, lesson: Lesson, labels_B: Tensor, beside: "Beside"
    ) -> tuple[Tensor, Tensor, Tensor | None, tuple[Tensor, HiddenPairs] | None]:
        """The target's embeddings and cosines of all processes' faces, and pairs to learn from."""
        losses, hidden, draw = self._losses, beside.hidden, beside.draw
        target_BD = gathered(lesson.embeddings)
        others = [gathered(other) for other in lesson.others]
        with torch.autocast(target_BD.device.type, enabled=False):
            cosines_BB = joint_cosines([target_BD, *others], lesson.scales)
            if self.limits is not None:
                cosines_BB = by_names(cosines_BB, gathered(labels_B), self.limits)
        pairs_2P = None
        if losses.cosine_weight:
            pairs_2P = choose_pairs(cosines_BB, losses.pairs, losses.alike, draw)
        if hidden is None:
            return target_BD, cosines_BB, pairs_2P, None
        first = rank() * (len(target_BD) // processes())
        source = gathered(hidden.source + first)
        pairs = hidden_pairs(cosines_BB, source, (self._locality, losses), draw)
        return target_BD, cosines_BB, pairs_2P, (source, pairs)

    def _identification(self, features_BD: Tensor, labels_B: Tensor) -> dict[str, Tensor]:
        known = labels_B >= 0
        if self.head is None or not bool(known.any()):
            return {}
        with torch.autocast(features_BD.device.type, enabled=False):
            logits = self.head(features_BD[known], labels_B[known])
            return {"identification": nn.functional.cross_entropy(logits, labels_B[known])}


def _own_embedding_size(backbone: nn.Module, channels: int, name: str) -> int:
    was = backbone.training
    try:
        with torch.no_grad():
            out = backbone.eval().embed_map(torch.zeros(1, channels, CELLS, CELLS))  # type: ignore[operator]
    except (AttributeError, TypeError) as error:
        raise XCosError(
            f"model.xcos is off, but the backbone {name} has no embedding of its own; take "
            "ir-se-50 with options = { output = true }, or mobilefacenet."
        ) from error
    backbone.train(was)
    return int(out.shape[1])


def weighted(losses: dict[str, Tensor], config: TrainConfig) -> Tensor:
    """The objective: the losses with the config's weights, summed."""
    if not losses:
        raise XCosError(
            "No loss is left to train on; choose losses.identification and name labelled faces, "
            "or set a weight and target.weights."
        )
    total = sum(weight_of(name, config) * loss for name, loss in losses.items())
    assert isinstance(total, Tensor)
    return total


def weight_of(name: str, config: TrainConfig) -> float:
    """A loss's weight by its name: a setting of the losses or of locality."""
    setting = f"{name}_weight"
    group = config.losses if hasattr(config.losses, setting) else config.locality
    weight: float = getattr(group, setting)
    return weight
