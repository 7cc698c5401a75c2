"""What is trained: the network, and what only training needs of it."""

import torch
from torch import Tensor, nn

from core.model.backbones import build_backbone
from core.model.features import CELLS, CHANNELS
from core.model.heads import ArcFace, CosFace
from core.model.xcos import XCosNet
from core.training.config import TrainConfig
from core.training.losses import Lesson, embedding_loss, map_loss, score_losses
from core.training.parallel import gathered

HEADS = {"cosface": CosFace, "arcface": ArcFace}


class TrainingNet(nn.Module):
    """The network with a projector to the target's map and an identification head.

    embedding_size: of the target's embeddings; map_channels: of its map, None without map loss
    """

    def __init__(
        self, config: TrainConfig, embedding_size: int, map_channels: int | None, identities: int
    ) -> None:
        super().__init__()
        self._losses = config.losses
        backbone = build_backbone(config.model.backbone, **config.model.options)
        self.net = XCosNet(backbone, embedding_size if config.model.embedding else None)
        channels = int(backbone.channels)  # type: ignore[arg-type]
        self.projector = None if map_channels is None else nn.Conv2d(channels, map_channels, 1)
        head = HEADS.get(config.losses.identification)
        size = CHANNELS * CELLS * CELLS
        self.head = None if head is None else head(size, identities)

    def forward(
        self, x_BCHW: Tensor, labels_B: Tensor, lesson: Lesson, draw: torch.Generator
    ) -> dict[str, Tensor]:
        """The losses of a batch, not yet weighted, by name; pairs span all processes."""
        map_BCHW = self.net.backbone(x_BCHW)
        # Cosines need single precision also where the backbone runs in less.
        with torch.autocast(x_BCHW.device.type, enabled=False):
            map_BCHW = map_BCHW.float()
            losses = {}
            if self.projector is not None and lesson.maps is not None:
                losses["map"] = map_loss(self.projector(map_BCHW), lesson.maps, lesson.valid)
            grid_BCHW = gathered(self.net.grid(map_BCHW))
            target_BD, labels_B = gathered(lesson.embeddings), gathered(labels_B)
            losses |= score_losses(self.net.attention, grid_BCHW, target_BD, self._losses, draw)
            embedding_BD = self.net.embed(grid_BCHW)
            if embedding_BD is not None and self._losses.embedding_weight:
                losses["embedding"] = embedding_loss(embedding_BD, target_BD)
            known = labels_B >= 0
            if self.head is not None and bool(known.any()):
                logits = self.head(grid_BCHW[known].flatten(1), labels_B[known])
                losses["identification"] = nn.functional.cross_entropy(logits, labels_B[known])
        return losses


def weighted(losses: dict[str, Tensor], config: TrainConfig) -> Tensor:
    """The objective: the losses with the config's weights, summed."""
    total = sum(getattr(config.losses, f"{name}_weight") * loss for name, loss in losses.items())
    assert isinstance(total, Tensor)
    return total
