"""Cllr of the LRs that ship, on a protocol that they were not fitted on, as JSON.

python -m benchmarks.evidence PROTOCOL --photos DIR [--aligned] [...]
The options are those of `xcos evaluate`.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from core.analysis.evidence.ratios import HeldOut, costs
from core.analysis.evidence.shipped import shipped_ratios
from core.commands.shared import ProgressBar, Setup, add_face_options, add_model_options
from core.evaluation.run import evaluate_protocol
from core.json_text import json_text


def main() -> int:
    """Do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("protocol", type=Path)
    parser.add_argument("--photos", type=Path)
    add_face_options(parser)
    add_model_options(parser)
    options = parser.parse_args()
    setup, progress = Setup(options), ProgressBar()
    with tempfile.TemporaryDirectory() as unpacked:
        _, found = evaluate_protocol(
            options.protocol,
            options.photos,
            Path(unpacked),
            lambda source, _: setup.open(source, progress),
            setup.model,
            options.order,
            progress,
        )
    said = {}
    for kind in setup.card.kinds:
        measured = found.kinds[kind]
        if measured is not None:
            ratios = shipped_ratios(setup.card, kind, options.order)
            values = ratios.log10(measured.scores)
            unseen = HeldOut(values, found.same.astype(bool), np.arange(len(values)))
            cllr, least = costs(unseen)
            said[kind] = {"cllr": cllr, "cllr_min": least, "ceiling": ratios.ceiling}
    print(json_text({"model": setup.card.name, "pairs": len(found.same), "kinds": said}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
