"""A blind list of pairs for one reader: in an order and with sides by a seed."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from core.project.readings import reading_key


@dataclass(frozen=True)
class BlindPair:
    """Two faces by their keys, as they are shown; nothing else is told of them."""

    left: str
    right: str


def blind_sheet(
    pairs: Sequence[tuple[str, str]], reader: str, seed: int = 0, done: Collection[str] = ()
) -> list[BlindPair]:
    """Pairs in a random order with sides swapped at random, the same for the same reader and seed.

    pairs: keys of both faces, each pair once; done: keys of readings there are already
    """
    digest = hashlib.sha256(f"{seed} {reader}".encode("utf-8", "surrogateescape")).digest()
    rng = np.random.default_rng(list(digest))
    order = rng.permutation(len(pairs))
    swapped = rng.random(len(pairs)) < 0.5
    sheet = []
    for place, swap in zip(order, swapped, strict=True):
        left, right = sorted(pairs[place])
        if reading_key(reader, left, right) not in done:
            sheet.append(BlindPair(right, left) if swap else BlindPair(left, right))
    return sheet
