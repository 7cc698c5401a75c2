"""Weights and images that are closed formulas of a name: SplitMix64 seeded by its CRC-32."""

import math
import zlib
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parents[1] / "golden"
MASK = (1 << 64) - 1
GAMMA, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def outputs(name: str, count: int) -> np.ndarray:
    """The first `count` 64-bit outputs of the generator of that name."""
    seed = zlib.crc32(name.encode())
    # Multiples of gamma wrap modulo 2**64, as uint64 products do.
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GAMMA) + np.uint64(seed)
    z = (z ^ z >> np.uint64(30)) * np.uint64(MIX_1)
    z = (z ^ z >> np.uint64(27)) * np.uint64(MIX_2)
    return z ^ z >> np.uint64(31)


def unit(name: str, count: int) -> np.ndarray:
    """Numbers in [0, 1), exact in float32."""
    return (outputs(name, count) >> np.uint64(40)).astype(np.float64) / 2**24


def signed(name: str, count: int) -> np.ndarray:
    """Numbers in [-1, 1), exact in float32."""
    return 2 * unit(name, count) - 1


def read_keys(variant: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a checkpoint of the authors, the identification head with 10 classes."""
    keys: dict[str, tuple[int, ...]] = {}
    for line in (GOLDEN / f"keys_{variant}.txt").read_text().splitlines():
        name, shape = line.split("\t")
        keys[name] = () if shape == "scalar" else tuple(map(int, shape.split("x")))
    if "head.kernel" in keys:
        keys["head.kernel"] = (keys["head.kernel"][0], 10)
    return keys


def tensor(name: str, shape: tuple[int, ...], keys: dict[str, tuple[int, ...]]) -> np.ndarray:
    """The value of one checkpoint entry."""
    owner, _, leaf = name.rpartition(".")
    if leaf == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    s = signed(name, math.prod(shape))
    if leaf in ("running_mean", "bias"):
        value = 0.1 * s
    elif leaf == "running_var":
        value = 1 + 0.5 * s
    elif len(shape) > 1:
        value = math.sqrt(3 / math.prod(shape[1:])) * s
    elif f"{owner}.running_var" in keys:
        value = 1 + 0.25 * s
        if owner.endswith(".res_layer.4") and f"{owner[:-1]}5.fc1.weight" not in keys:
            value = 0.4 * value
    else:
        value = 0.25 + 0.15 * s
    return value.reshape(shape).astype(np.float32)


def checkpoint(variant: str, leave_out: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """A whole checkpoint with the authors' names; entries of the given prefixes are left out."""
    keys = read_keys(variant)
    return {k: tensor(k, shape, keys) for k, shape in keys.items() if not k.startswith(leave_out)}


def images() -> np.ndarray:
    """Four pictures, (4, 3, 112, 112) uint8."""
    side = 112
    y, x = np.mgrid[:side, :side]
    made = np.empty((4, 3, side, side), np.int64)
    for k in range(4):
        for c in range(3):
            block = (outputs(f"image.{k}.{c}.block", 49) >> np.uint64(56)).astype(np.int64)
            noise = (outputs(f"image.{k}.{c}.noise", side * side) >> np.uint64(56)).astype(np.int64)
            half = 32 + 8 * k
            t = (2 + k) * x + (5 - k) * y + 37 * c + 11 * k
            wave = np.abs(t % (2 * half) - half) * 255 // half
            cells = block.reshape(7, 7).repeat(16, 0).repeat(16, 1)
            made[k, c] = (2 * cells + wave + noise.reshape(side, side)) // 4
    ripple = (x + y) % 9 - 4
    made[1, :, :56] = (made[0, :, :56] + ripple[:56]).clip(0, 255)
    made[3] = (3 * made[2, :, :, ::-1] + made[3]) // 4
    return made.astype(np.uint8)
