"""Shared by all tests: temporary places for caches and settings, and no clock in property tests."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Slow machines and compilers at first use must not fail a law that holds.
settings.register_profile(
    "xcos", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("xcos")


@pytest.fixture(autouse=True)
def temporary_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a test does reaches the user's own cache, log or settings."""
    import platformdirs

    for name in ("user_cache_dir", "user_log_dir", "user_data_dir", "user_config_dir"):
        monkeypatch.setattr(platformdirs, name, lambda *_, **__: str(tmp_path / "user"))


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file of a random small network with thresholds, P and a head."""
    import numpy as np
    import torch

    from core.model.backbones import build_backbone
    from core.model.card import ModelCard
    from core.model.weights import save_weights
    from core.model.xcos import XCosNet

    torch.manual_seed(7)
    options = {"stem": 8, "widths": [8, 12, 16], "depths": [1, 1, 1]}
    net = XCosNet(build_backbone("thin", **options), 16)
    for module in net.modules():
        if isinstance(module, (torch.nn.BatchNorm2d,)):
            module.running_mean.normal_(0, 0.2)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
            module.bias.data.normal_(0, 0.3)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    card = ModelCard(
        "tiny",
        path,
        "",
        "xcos",
        "thin",
        options,
        thresholds={"learned": 0.9, "uniform": 0.9, "correlation": 0.9},
        correlation=np.full((7, 7), 1 / 49),
        embedding_size=16,
    )
    save_weights(path, net, card)
    return path


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """A folder of aligned crops: ann with three photos, bob with two, cem with one."""
    return make_crops(tmp_path / "crops")


def make_crops(folder: Path) -> Path:
    """Patterns of an identity plus a little noise, as 112x112 PNG files."""
    import numpy as np
    from PIL import Image

    for number, (name, count) in enumerate((("ann", 3), ("bob", 2), ("cem", 1))):
        rng = np.random.default_rng(number)
        pattern = rng.integers(0, 256, (7, 7, 3)).repeat(16, 0).repeat(16, 1)
        for photo in range(1, count + 1):
            noisy = (pattern + rng.normal(0, 25, pattern.shape)).clip(0, 255).astype(np.uint8)
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(noisy).save(folder / name / f"{photo}.png")
    return folder
