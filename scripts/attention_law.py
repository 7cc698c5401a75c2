"""Teach the learned attention of weights a law of hiding, all else staying as it is.

python -m scripts.attention_law --labelled DIR --unlabelled DIR -o OUT.safetensors [--law strict]

Its teacher is the attention that there is: on pairs of whole faces it shall stay, and where a part
is hidden it shall be what the law makes of it. S, the FC head and the scores of uniform attention
do not change; thresholds are to be found anew. xcos-robust was made so from weights that were
trained by the robust law (docs/model-card.md).
"""

import argparse
import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from core.model.card import LAW_WORDS, HidingLaw, find_weights
from core.model.weights import load_xcos, save_weights
from core.model.xcos import LearnedAttention, XCosNet
from core.training.augment import Draws, augment, border_mask, fill_borders
from core.training.config import AugmentConfig, DataConfig
from core.training.data import identities_of, open_sources
from core.training.encoding import normalised
from core.training.hiding import hidden_views
from core.training.locality import LEAST_SEEN, LEAST_WEIGHT, Seen, by_law
from core.training.losses import attention_of_pairs

BATCH, PAIRS = 128, 4096
HIDDEN = 2  # views of a face with a part hidden
GENUINE = 0.2  # share of pairs that show one person, among faces with names
FIRST, SECOND, BOTH = (
    0.55,
    0.15,
    0.15,
)  # which face of a pair has a part hidden; of the rest neither
RATE, WARM_UP, LAW_WEIGHT = 3e-3, 50, 150.0
VARIED = AugmentConfig(4.0, 6.0, 0.08, 0.3, 0.15, 0.25, 0.0, 0.25)


@dataclass(frozen=True, eq=False)
class Grids:
    """Grid features of v views of n faces: first all whole ones, then those with a part hidden.

    grid:    (v * n, 32, 7, 7) float16
    seen:    (v * n, 7, 7) float32, the share of each cell that is not hidden
    labels:  (n,) int64, -1 unknown
    """

    grid: Tensor
    seen: Tensor
    labels: Tensor


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labelled", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--unlabelled", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--exclude", type=Path, metavar="FILE", help="list of faces left out")
    parser.add_argument("--model", metavar="NAME|FILE", help="weights to teach (default: shipped)")
    parser.add_argument("--law", choices=[*LAW_WORDS], default="strict")
    parser.add_argument("--faces", type=int, default=6000)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    card, net = load_xcos(find_weights(options.model))
    net.requires_grad_(False)
    data = DataConfig(
        labelled=options.labelled, unlabelled=options.unlabelled, exclude=options.exclude
    )
    grids = grids_of(net, *faces_of(data, options.faces, options.seed), options.seed)
    teach(net.attention, grids, options.law, options.steps, options.seed)
    said = (
        f"{card.training}; its attention then taught the {options.law} law, {options.steps} steps"
    )
    save_weights(options.output, net, replace(card, law=options.law, training=said))


def faces_of(data: DataConfig, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (n, 112, 112, 3) uint8 and labels (n,): all faces with names, others drawn, shuffled."""
    rng = np.random.default_rng(seed)
    sources = open_sources(data)
    names = identities_of(sources)
    places = [(source, k) for source in sources for k in range(len(source.identities))]
    named, others = np.flatnonzero(names != ""), np.flatnonzero(names == "")
    drawn = rng.choice(others, min(len(others), max(0, count - len(named))), replace=False)
    chosen = rng.permutation(np.concatenate([named, drawn]))
    with ThreadPoolExecutor() as pool:
        pixels = list(pool.map(lambda k: places[k][0].read(places[k][1]), chosen.tolist()))
    known, labels = np.unique(names[chosen], return_inverse=True)
    return np.stack(pixels), labels - int(known[0] == "")


def grids_of(net: XCosNet, pixels: np.ndarray, labels: np.ndarray, seed: int) -> Grids:
    """Each face varied once, then twice with a part of that hidden."""
    rng = np.random.default_rng([seed, 1])
    net.eval().to(memory_format=torch.channels_last)
    found: list[list[Tensor]] = [[] for _ in range(1 + HIDDEN)]
    seen: list[list[Tensor]] = [[] for _ in range(1 + HIDDEN)]
    for start in tqdm(range(0, len(pixels) - 1, BATCH), disable=None):
        samples = np.arange(start, min(start + BATCH, len(pixels)))
        donors = rng.permutation(len(pixels))[: len(samples)]
        faces, others = (
            torch.from_numpy(pixels[k]).permute(0, 3, 1, 2).float() for k in (samples, donors)
        )
        with torch.inference_mode():
            faces = fill_borders(faces, border_mask(faces), others)
            companions = faces.roll(1, 0)
            mirrored = rng.random(len(samples)) < 0.5
            whole = augment(faces, companions, mirrored, Draws.of(seed, samples), VARIED)
            views = [
                hidden_views(whole, companions, samples, seed + k, len(samples))
                for k in range(1, 1 + HIDDEN)
            ]
            shown = torch.cat([whole, *(view.pixels for view in views)])
            shown = normalised(shown).contiguous(memory_format=torch.channels_last)
            parts = net.grid(net.backbone(shown)).half().split(len(samples))
        uncovered = [torch.ones(len(samples), *parts[0].shape[2:])]
        uncovered += [1 - view.covered for view in views]
        for k, (part, left) in enumerate(zip(parts, uncovered, strict=True)):
            found[k].append(part)
            seen[k].append(left)
    some = labels[: sum(len(part) for part in found[0])]
    return Grids(
        torch.cat([torch.cat(parts) for parts in found]),
        torch.cat([torch.cat(parts) for parts in seen]),
        torch.from_numpy(some),
    )


def teach(
    attention: LearnedAttention, grids: Grids, law: HidingLaw, steps: int, seed: int
) -> list[float]:
    """Change an attention in place; returns the divergence of each step."""
    teacher = copy.deepcopy(attention).eval()
    attention.eval().requires_grad_(True)
    optimiser = torch.optim.AdamW(attention.parameters(), lr=RATE, weight_decay=0.0)
    divergences = []
    drawn = pairs_of(grids, steps, seed)
    for step, pairs in enumerate(tqdm(drawn, total=steps, disable=None)):
        shape = min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + np.cos(np.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = RATE * shape
        divergence, error = losses(attention, teacher, grids, law, pairs)
        optimiser.zero_grad()
        (divergence + LAW_WEIGHT * error).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        divergences.append(float(divergence.detach()))
    attention.requires_grad_(False)
    return divergences


def pairs_of(grids: Grids, steps: int, seed: int) -> Iterator[Tensor]:
    """For each step (2, 2, P) numbers of views: whole ones, left and right, then what is shown."""
    rng = np.random.default_rng([seed, 2])
    labels = grids.labels.numpy()
    count = len(labels)
    people = [np.flatnonzero(labels == k) for k in range(labels.max() + 1)]
    people = [faces for faces in people if len(faces) > 1]
    for _ in range(steps):
        faces = rng.integers(0, count, (2, PAIRS))
        for k in range(round(GENUINE * PAIRS) if people else 0):
            faces[:, k] = rng.choice(people[rng.integers(len(people))], 2, replace=False)
        which = rng.random(PAIRS)
        hidden = rng.integers(1, 1 + HIDDEN, (2, PAIRS))
        first = which < FIRST + BOTH
        second = (which >= FIRST) & (which < FIRST + BOTH + SECOND)
        shown = faces + count * hidden * np.stack([first, second])
        both = np.stack([faces, shown])
        swapped = rng.random(PAIRS) < 0.5
        yield torch.from_numpy(np.where(swapped, both[:, ::-1], both))


def losses(
    attention: LearnedAttention,
    teacher: nn.Module,
    grids: Grids,
    law: HidingLaw,
    pairs: Tensor,
) -> tuple[Tensor, Tensor]:
    """The divergence of W from the law's, and the squared error that it makes in the score."""
    used, numbers = pairs.unique(return_inverse=True)  # type: ignore[no-untyped-call]
    grid = grids.grid[used].float()
    (left, right), (shown_left, shown_right) = numbers
    cells = F.normalize(grid, dim=1)
    cosine = (cells[shown_left] * cells[shown_right]).sum(dim=1)
    seen = grids.seen[pairs[1, 0]] * grids.seen[pairs[1, 1]]
    with torch.no_grad():
        assert isinstance(teacher, LearnedAttention)
        whole = Seen(cosine, attention_of_pairs(teacher, grid, left, right), seen)
        lawful = by_law(whole, law)[1]
        counts = (lawful.sum(dim=(1, 2)) > 1 - LEAST_SEEN).float()
    weights = attention_of_pairs(attention, grid, shown_left, shown_right)
    ratio = lawful.clamp(min=LEAST_WEIGHT) / weights.clamp(min=LEAST_WEIGHT)
    divergence = ((lawful * ratio.log()).sum(dim=(1, 2)) * counts).mean()
    error = (((weights - lawful) * cosine).sum(dim=(1, 2)) ** 2 * counts).mean()
    return divergence, error


if __name__ == "__main__":
    main()
