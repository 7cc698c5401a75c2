"""Registered backbones: networks whose last map has 7x7 cells.

A backbone is a module with an attribute `channels` whose forward takes (B, 3, 112, 112)
normalised RGB and gives (B, channels, 7, 7). Those that are whole verification models have
`embed` as well, which gives (B, d) embeddings, not normalised.
"""

from core.model import onnx_model  # noqa: F401 - registers itself, as the following do
from core.model.backbone_registry import backbone_names, build_backbone
from core.model.backbones import (  # noqa: F401
    inception,
    inner,
    ir,
    iresnet,
    local,
    mobilefacenet,
    refined,
    sface,
    thin,
)

__all__ = ["backbone_names", "build_backbone"]
