"""Weights: our own files, and foreign checkpoints."""

import io
import json
import pickle
import struct
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from core.errors import XCosError
from core.model.attention_weights import read_head
from core.model.backbones import build_backbone
from core.model.card import METADATA_KEY, ModelCard
from core.model.importers import read_foreign
from core.model.verifier import Verifier
from core.model.weights import save_weights
from core.model.xcos import XCosNet
from core.scoring.engine import PairEngine
from tests.fuzz.harness import Reader, Wrong
from tests.fuzz.mutation import VALUES, mutated

OPTIONS = {"stem": 8, "widths": [8, 12, 16], "depths": [1, 1, 1]}
CANARY = "canary"  # a file that only code in a checkpoint would write


def tiny_weights(path: Path) -> Path:
    """Weights of a random small network with thresholds, P and a head."""
    torch.manual_seed(7)
    thresholds = dict.fromkeys(("learned", "uniform", "correlation"), 0.9)
    card = ModelCard(
        "tiny", path, "", "xcos", "thin", OPTIONS,
        thresholds=thresholds, correlation=np.full((7, 7), 1 / 49), embedding_size=16,
    )  # fmt: skip
    save_weights(path, XCosNet(build_backbone("thin", **OPTIONS), 16), card)
    return path


class Weights(Reader):
    """Our own weights: their bytes, their header, and each entry of their description."""

    name = "weights"
    quick = 16

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._seed = tiny_weights(folder / "seed.safetensors").read_bytes()
        self._start = 8 + struct.unpack("<Q", self._seed[:8])[0]
        self._head: dict[str, Any] = json.loads(self._seed[8 : self._start])
        self._crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
        self.path = folder / "x.safetensors"

    def mutant(self, rng: Random) -> bytes:
        how, tensors = rng.randrange(5), self._seed[self._start :]
        if how == 0:
            return mutated(self._seed, rng)
        if how == 1:
            head = mutated(self._seed[8 : self._start], rng)
        elif how == 2:
            value = rng.choice((np.nan, np.inf, 1e38))
            numbers = np.frombuffer(tensors, np.float32).copy()
            numbers[rng.randrange(len(numbers)) :] = value
            head, tensors = self._seed[8 : self._start], numbers.tobytes()
        else:
            head = self._described(rng)
        return struct.pack("<Q", len(head)) + head + tensors

    def _described(self, rng: Random) -> bytes:
        said = json.loads(self._head["__metadata__"][METADATA_KEY])
        key = rng.choice([*said])
        if isinstance(said[key], dict) and said[key] and rng.random() < 0.7:
            said[key][rng.choice([*said[key]])] = rng.choice(VALUES)
        elif rng.random() < 0.15:
            del said[key]
        else:
            said[key] = rng.choice(VALUES)
        metadata = {METADATA_KEY: json.dumps(said)}
        return json.dumps(self._head | {"__metadata__": metadata}).encode()

    def read(self) -> None:
        verifier = Verifier(self.path, "cpu")
        card = verifier.card
        if card.kind != "xcos":
            raise XCosError(f"{self.path} is a target.")
        engine = PairEngine(read_head(self.path), card.correlation, "cpu")
        features = verifier.features(self._crops)
        grid = engine.prepare(features.grid)
        for kind in card.kinds:
            threshold = card.threshold(kind)
            if threshold is not None and not np.isfinite(threshold):
                raise Wrong("a threshold is not finite")
            if not np.isfinite(engine.scores(grid, grid, kind)).all():
                raise Wrong("scores are not finite")
        if not isinstance(card.name, str) or not isinstance(card.licence, str):
            raise Wrong("texts of the description are no texts")


class _Code:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (str(self._path), "w")


class Checkpoints(Reader):
    """Foreign checkpoints, some of which carry code."""

    name = "checkpoints"
    quick = 200

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path, self._canary = folder / "x.pth", folder / CANARY
        state = {
            "conv2_dw.conv.weight": torch.zeros(2), "linear.weight": torch.zeros(4, 4),
            "input_layer.0.weight": torch.zeros(3), "a": torch.arange(10.0),
        }  # fmt: skip
        self._seeds = [
            _saved(state),
            _saved({"state_dict": state}),
            _saved(state, _use_new_zipfile_serialization=False),
            _saved({"a": [1, {"b": None}], **state}),
            pickle.dumps(_Code(self._canary)),
            _saved({"a": _Code(self._canary)}),
        ]

    def mutant(self, rng: Random) -> bytes:
        seed = rng.choice(self._seeds)
        return seed if rng.random() < 0.1 else mutated(seed, rng)

    def read(self) -> None:
        try:
            read_foreign(self.path)
        finally:
            if self._canary.exists():
                self._canary.unlink()
                raise Wrong("code of a checkpoint was run")


def _saved(what: object, **options: bool) -> bytes:
    out = io.BytesIO()
    torch.save(what, out, **options)
    return out.getvalue()
