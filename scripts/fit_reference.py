"""Make the reference that ships with a model: summary figures of a gallery of known people.

python -m scripts.fit_reference GALLERY -o resources/evidence/MODEL.json --name "LFW View 1" [...]

Only figures of the whole are written: coefficients, bounds, intervals, quantiles and counts, never
a score of a pair or anything of a photo. The options are those of `xcos score`.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from core.analysis.conditions.measured import Measurer
from core.analysis.evidence.ratios import MOST, fit
from core.analysis.evidence.reference import reference_of
from core.analysis.evidence.shipped import summary
from core.analysis.threshold_fit import IMPOSTOR_QUANTILES, QUANTILES
from core.commands.scored import add_gallery_options, open_both
from core.commands.shared import ProgressBar, Setup
from core.faces.conditions import CONDITIONS
from core.files import write_whole
from core.json_text import json_text
from core.scoring.scored import score_gallery


def main() -> int:
    """Do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--name", required=True, help="what the people and photos are")
    add_gallery_options(parser)
    options = parser.parse_args()
    setup, progress = Setup(options), ProgressBar()
    gallery, _ = open_both(setup, options, progress)
    said: dict[str, Any] = {
        "model": setup.card.name,
        "fingerprint": setup.card.fingerprint,
        "ratios": {},
        "impostor_scores": {},
    }
    for kind in setup.card.kinds:
        scored = score_gallery(setup.model, gallery, None, kind, "both", progress)
        reference = reference_of(scored, MOST["logistic"], task=progress)
        said["ratios"][kind] = summary(fit(reference, "logistic", progress)) | {
            "reference": options.name
        }
        impostor = np.quantile(scored.statistics.impostor, IMPOSTOR_QUANTILES)
        said["impostor_scores"][kind] = impostor.round(4).tolist()
        if kind == setup.kind:
            table = Measurer(setup.cache).table(scored, setup.threshold, progress)
    said["faces"] = len(gallery)
    said["conditions"] = {}
    for condition in CONDITIONS:
        values = table.columns[condition.name]
        known = values[~np.isnan(values)]
        if len(known) > len(values) / 2:
            quantiles = np.quantile(condition.badness(known), QUANTILES)
            said["conditions"][condition.name] = [float(f"{q:.5g}") for q in quantiles]
    progress.close()
    write_whole(options.output, json_text(said).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
