"""Weights: our own files, and foreign checkpoints."""

import io
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from core.errors import XCosError
from core.model.attention_weights import read_head
from core.model.backbones import build_backbone
from core.model.card import METADATA_KEY, ModelCard
from core.model.importers import import_weights
from core.model.target import Target
from core.model.verifier import Verifier
from core.model.weights import save_weights
from core.model.xcos import XCosNet
from core.scoring.engine import PairEngine
from tests.fuzz.harness import Reader, Wrong
from tests.fuzz.mutation import KEYS, VALUES, mutated

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
    """Foreign checkpoints, whole ones among them, some of which carry code."""

    name = "checkpoints"
    quick = 10

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._canary = folder / CANARY
        state = {
            "conv2_dw.conv.weight": torch.zeros(2), "linear.weight": torch.zeros(4, 4),
            "input_layer.0.weight": torch.zeros(3), "a": torch.arange(10.0),
        }  # fmt: skip
        torch.manual_seed(7)
        network = build_backbone("mobilefacenet", embedding_size=4).state_dict()
        few = {k: v.to(torch.float8_e5m2) if v.dim() > 1 else v for k, v in network.items()}
        self._state: dict[str, Any] = few  # the smallest that is known, in the fewest bits
        self._seeds = [
            _saved(state),
            _saved({"state_dict": state}),
            _saved(state, _use_new_zipfile_serialization=False),
            _saved({"a": [1, {"b": None}], **state}),
            pickle.dumps(_Code(self._canary)),
            _saved({"a": _Code(self._canary)}),
            _saved(few),
            _saved(few, _use_new_zipfile_serialization=False),
            save(few),
        ]
        self._crops = np.random.default_rng(0).integers(0, 256, (1, 112, 112, 3), np.uint8)

    def mutant(self, rng: Random) -> bytes:
        if rng.random() < 0.5:
            return self._changed(rng)
        seed = rng.choice(self._seeds)
        return seed if rng.random() < 0.1 else mutated(seed, rng)

    def place(self, data: bytes) -> None:
        pickled = data[:2] == b"PK" or data[:1] == b"\x80"
        self.path = self.folder / ("x.pth" if pickled else "x.safetensors")
        super().place(data)

    def read(self) -> None:
        try:
            found = Target(self.path, "cpu").embeddings(self._crops)
            if found.shape != (1, 4) or not np.isfinite(found).all():
                raise Wrong("an embedding is not finite, or of another size")
            ours = import_weights(self.path, self.folder / "ours.safetensors")
            again = Target(ours.path, "cpu").embeddings(self._crops)
            if not np.allclose(found, again, atol=1e-5):
                raise Wrong("imported weights give other numbers")
        finally:
            if self._canary.exists():
                self._canary.unlink()
                raise Wrong("code of a checkpoint was run")

    def _changed(self, rng: Random) -> bytes:
        """A whole checkpoint in which tensors have other numbers, types, shapes, names or places."""
        state = dict(self._state)
        for _ in range(rng.choice((1, 1, 2, 4))):
            name, how = rng.choice([*state]), rng.randrange(6)
            if how == 0:
                del state[name]
            elif how == 1:
                state[rng.choice((*KEYS, f"{name}_scale", f"module.{name}", "a" * 9999))] = state[
                    name
                ]
            elif how == 2:
                state[name] = rng.choice(VALUES)
            elif how == 3:
                state = {rng.choice(("state_dict", "model", "a.b", 3, None)): state, "epoch": 3}
            elif isinstance(state[name], torch.Tensor):
                state[name] = rng.choice(TENSORS)(state[name])
        return _saved(state)


TENSORS: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
    lambda t: t[:1].clone() if t.dim() else t[None],
    lambda t: t[:1].expand_as(t) if t.dim() else t.expand(2**40),
    lambda t: t.reshape(-1),
    lambda t: t[None],
    lambda t: torch.full(t.shape, float("nan")),
    lambda t: torch.full(t.shape, 3e38),
    lambda t: torch.full(t.shape, 1e300, dtype=torch.float64),
    lambda t: torch.full(t.shape, -1.0),
    lambda t: torch.zeros(t.shape),
    lambda t: t.float().half(),
    lambda t: t.float().double(),
    lambda t: t.float().to(torch.int8),
    lambda t: t.float().to(torch.complex64),
    lambda t: t.float().to_sparse(),
    lambda t: t.to("meta"),
    lambda t: t.float().to(torch.float8_e4m3fn),
)


def _saved(what: object, **options: bool) -> bytes:
    out = io.BytesIO()
    torch.save(what, out, **options)
    return out.getvalue()
