"""What xCos adds to a pair: its time with and without, on the same backbone, in turn.

Without: both faces through the backbone and the fully connected head, and one cosine. With: the same
backbone, grid features, learned attention in both orders, S, W and the score. The paper has 6.7
against 6.1 ms, a ratio of 1.10.

python -m benchmarks.cost [--rounds 200] [--json]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.pairs import versions
from core.json_text import json_text
from core.model.card import find_weights
from core.model.weights import load_xcos
from core.model.xcos import XCosNet, cosine_map, xcos
from core.workarounds import keep_memory


def without(net: XCosNet, x_BCHW: torch.Tensor) -> torch.Tensor:
    """The FC cosine of two faces."""
    embedding_BD = net.embed(net.grid(net.backbone(x_BCHW)))
    assert embedding_BD is not None
    return torch.cosine_similarity(embedding_BD[:1], embedding_BD[1:])


def explained(net: XCosNet, x_BCHW: torch.Tensor) -> torch.Tensor:
    """The score of two faces with S and W, the mean over both orders."""
    grid_BCHW = net.grid(net.backbone(x_BCHW))
    left, right = grid_BCHW[:1], grid_BCHW[1:]
    attention = net.attention(torch.cat([left, right]), torch.cat([right, left])).mean(0)
    return xcos(cosine_map(left, right), attention)


def main() -> None:
    """Time both in turn, so that they see the same machine."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    keep_memory()
    card, net = load_xcos(find_weights())
    net = net.eval().to(memory_format=torch.channels_last)
    x = torch.randn(2, 3, 112, 112).contiguous(memory_format=torch.channels_last)
    ways: dict[str, Callable[[XCosNet, torch.Tensor], torch.Tensor]] = {
        "with": explained,
        "without": without,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    with torch.inference_mode():
        for number in range(options.rounds + 10):
            for name, way in ways.items():
                start = time.perf_counter()
                way(net, x)
                if number >= 10:
                    times[name].append(1000 * (time.perf_counter() - start))
    ours, rival = (statistics.median(times[name]) for name in ways)
    said = {
        "model": card.name,
        "ours": ours,
        "rival": rival,
        "ratio": ours / rival,
        "spread": {name: statistics.quantiles(found, n=20)[::18] for name, found in times.items()},
        "versions": versions(),
    }
    if options.json:
        print(json_text(said))
    else:
        print(f"with {ours:.2f}, without {rival:.2f} ms a pair: {ours / rival:.3f} times")


if __name__ == "__main__":
    main()
