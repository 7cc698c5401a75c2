"""Further weights for tests that compare models."""

from pathlib import Path


def other_weights(path: Path, name: str = "other", seed: int = 11) -> Path:
    """Weights of a random small network unlike `tiny_weights`, with thresholds of 0.8."""
    import numpy as np
    import torch

    from core.model.backbones import build_backbone
    from core.model.card import ModelCard
    from core.model.weights import save_weights
    from core.model.xcos import XCosNet

    torch.manual_seed(seed)
    options = {"stem": 8, "widths": [8, 12, 16], "depths": [1, 1, 1]}
    net = XCosNet(build_backbone("thin", **options), 16)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.bias.data.normal_(0, 0.5)
    thresholds = dict.fromkeys(("learned", "uniform", "correlation"), 0.8)
    correlation = np.full((7, 7), 1 / 49)
    card = ModelCard(
        name, path, "", "xcos", "thin", options, thresholds=thresholds, correlation=correlation,
        embedding_size=16,
    )  # fmt: skip
    save_weights(path, net, card)
    return path
