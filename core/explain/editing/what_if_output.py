"""A what-if as data and as files: its numbers, the edited faces, the edited pair's report."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.explain.editing.what_if import SIDES, Faithfulness, Question, Side, WhatIf
from core.explain.explanation import PairDecision
from core.explain.output import write_pair
from core.explain.report import as_dict
from core.files import write_whole
from core.json_text import json_text


def what_if_dict(answer: WhatIf, faithfulness: Faithfulness | None = None) -> dict[str, Any]:
    """The keys that scripts rely on: those of explain, of the edited pair, and these."""
    before = answer.before
    decided = PairDecision(before, answer.threshold)
    same, evidence = decided.same, decided.evidence
    return as_dict(answer.report()) | {
        "edits": {side: [edit.text for edit in answer.question.of(side)] for side in SIDES},
        "swapped": answer.question.swapped,
        "outcome": answer.outcome_after,
        "before": {
            "score": before.score,
            "verdict": None if same is None else "same" if same else "different",
            "outcome": answer.outcome_before,
            "contribution": before.contribution.tolist(),
            "evidence": None if evidence is None else evidence.tolist(),
        },
        "covered": answer.covered.tolist(),
        "real_change": answer.real_change,
        "predicted_change": answer.predicted_change,
        "agreement": answer.agreement,
        "faithfulness": None if faithfulness is None else faithfulness.correlation,
        "faithfulness_probes": 0 if faithfulness is None else len(faithfulness.real),
    }


def write_what_if(
    path: Path, answer: WhatIf, faithfulness: Faithfulness | None = None
) -> list[Path]:
    """Write a what-if; what was written.

    .json: the numbers, and beside it each edited face as NAME-left.png and NAME-right.png; any
    other ending: the edited pair's report, as explain writes it. Raises XCosError.
    """
    beside = edited_faces(path)
    if not beside:
        write_pair(path, answer.report())
        return [path]
    written = [path]
    text = json_text(what_if_dict(answer, faithfulness))
    write_whole(path, text.encode())
    for side, face in zip(SIDES, (answer.left, answer.right), strict=True):
        if answer.question.of(side):
            written.append(beside[side])
            write_whole(written[-1], _png(face.crop))
    return written


def edited_faces(path: Path) -> dict[Side, Path]:
    """The file of each side's edited face that `write_what_if` puts beside a .json; none beside others."""
    if path.suffix.lower() != ".json":
        return {}
    return {side: path.with_name(f"{path.stem}-{side}.png") for side in SIDES}


def change_words(answer: WhatIf) -> str:
    """One or two sentences: what the edits did, and what the explanation said they would."""
    before, after = answer.before, answer.after
    if answer.question == Question():
        report = answer.report()
        return report.words or f"{report.caption[0].upper()}{report.caption[1:]}."
    text = f"The score goes from {before.score:z.3f} to {after.score:z.3f} ({answer.real_change:+z.3f})"
    if answer.threshold is not None:
        then, now = (one.score > answer.threshold for one in (before, after))
        verdict = "same person" if now else "different people"
        text += f": {'still ' if then == now else 'now '}{verdict}"
        if "unknown" not in (answer.outcome_before, answer.outcome_after):
            moved = answer.outcome_before != answer.outcome_after
            text += f", {answer.outcome_before + ' to ' if moved else ''}{answer.outcome_after}"
    text += "."
    if answer.agreement is not None:
        text += (
            f" The explanation predicted {answer.predicted_change:+z.3f}; "
            f"agreement {answer.agreement:.2f}."
        )
    return text.replace("-", "\N{MINUS SIGN}")


def faithfulness_words(faithfulness: Faithfulness) -> str:
    """One sentence on how far the pair's explanation can be trusted."""
    r = faithfulness.correlation
    if r is None:
        return "Faithfulness: not measured yet."
    part = "" if len(faithfulness.real) == faithfulness.total else f" of {faithfulness.total}"
    sentence = f"Faithfulness of this pair: {r:z.2f} (correlation over {len(faithfulness.real)}{part} patches)."
    return sentence.replace("-", "\N{MINUS SIGN}")


def _png(crop: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(crop).save(buffer, "PNG")
    return buffer.getvalue()
