"""Every backbone computes what it computed: figures of seeded weights and faces, stored.

    UPDATE_BACKBONES=1 uv run pytest tests/model/test_backbones.py      after a change that is wanted

That published files mean the same here as where they come from is tested in test_weights and
test_parity; this sees a sign or an axis that changes in a network of which no file is at hand.
"""

import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.model.backbones import build_backbone
from tests.living import crop

STORED = Path(__file__).parent / "backbones.json"
OPTIONS: dict[str, dict[str, Any]] = {
    "inception-resnet-v1": {},
    "ir-50": {"output": True},
    "ir-se-50": {"output": True},
    "iresnet-18": {"output": True},
    "local": {"spatial": [1, 1, 1, 0]},
    "mobilefacenet": {},
    "mobilefacenet-foamliu": {},
    "refined": {"backbone": "thin", "options": {}},
    "sface": {},
    "thin": {},
}


def seeded(network: nn.Module) -> nn.Module:
    """Fill every parameter and statistic by its name, so that signals neither fade nor explode."""
    state: dict[str, Tensor] = {}
    for name, value in network.state_dict().items():
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        shape = tuple(value.shape)
        if name.endswith("running_var"):
            filled = rng.uniform(0.5, 1.5, shape)
        elif len(shape) >= 2:
            filled = rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape)
        elif name.endswith("weight"):
            filled = rng.uniform(0.2, 1.2, shape)
        elif value.dtype == torch.int64:
            filled = np.zeros(shape)
        else:
            filled = rng.normal(0, 0.1, shape)
        state[name] = torch.as_tensor(filled, dtype=value.dtype)
    network.load_state_dict(state)
    return network.eval()


def figures(answer: Tensor) -> list[float]:
    """Mean, spread and some of the numbers."""
    values = answer.double().flatten()
    some = values[torch.linspace(0, len(values) - 1, 7).long()]
    return [float(f"{v:.5g}") for v in (values.mean(), values.std(), *some)]


@pytest.mark.parametrize("name", OPTIONS)
def test_a_backbone_computes_what_it_computed(name: str) -> None:
    network = seeded(build_backbone(name, **OPTIONS[name]))
    crops = np.stack([crop("ann", 1), crop("bob", 2)]).astype(np.float32)
    faces = torch.as_tensor(crops / 127.5 - 1).permute(0, 3, 1, 2)
    with torch.inference_mode():
        answers = {"map": network(faces)}
        if hasattr(network, "embed"):
            answers["embedding"] = network.embed(faces)
    found = {what: [list(a.shape), figures(a)] for what, a in answers.items()}
    stored = json.loads(STORED.read_text()) if STORED.is_file() else {}
    if os.environ.get("UPDATE_BACKBONES"):
        STORED.write_text(json.dumps(stored | {name: found}, indent=1, sort_keys=True) + "\n")
        return
    for what, (shape, kept) in stored[name].items():
        assert found[what][0] == shape
        scale = abs(kept[0]) + kept[1]
        np.testing.assert_allclose(found[what][1], kept, atol=2e-4 * scale)
        assert kept[1] > 1e-3  # nothing has faded away
