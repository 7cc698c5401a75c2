"""The decision in words, from the numbers of the cells alone."""

import numpy as np

from core.explain.explanation import PairDecision, PairExplanation
from core.scoring.matrix import Outcome, outcome_of

LEAST = 0.0005  # evidence that would round to 0.000 is not named
NAMED = 2  # regions named on either side
OUTCOME_NAMES: dict[Outcome, str] = {
    "TP": "True accept",
    "FP": "False accept",
    "FN": "False reject",
    "TN": "True reject",
    "unknown": "Unknown",
}


def region_evidence(
    explanation: PairExplanation, threshold: float, regions: np.ndarray
) -> dict[str, float]:
    """Evidence summed over each region's cells; the sums add up to score - threshold.

    regions: (7, 7) names
    """
    evidence = explanation.evidence(threshold)
    return {name: float(evidence[regions == name].sum()) for name in np.unique(regions).tolist()}


def verdict(
    explanation: PairExplanation, threshold: float | None, regions: np.ndarray
) -> str | None:
    """One to three sentences: the decision, and what speaks most towards either side.

    None without a threshold.
    """
    if threshold is None:
        return None
    same = explanation.score > threshold
    decision = "Same person" if same else "Different people"
    side = "above" if same else "not above"
    score, limit = distinct(explanation.score, threshold)
    text = (
        f"{decision}: the score {score} is {side} the threshold "
        f"{limit} ({explanation.kind} attention, {explanation.model})."
    )
    sums = sorted(
        region_evidence(explanation, threshold, regions).items(), key=lambda item: item[1]
    )
    positive = [(n, v) for n, v in reversed(sums) if v >= LEAST][:NAMED]
    negative = [(n, v) for n, v in sums if v <= -LEAST][:NAMED]
    for named, side in ((positive, "same"), (negative, "different")):
        if named:
            text += f" Most towards {side}: {_listed(named)}."
        elif sums:
            text += f" No region speaks towards {side}."
    return text


def decision_words(decided: PairDecision) -> str:
    """A pair's score, threshold and decision, in a line."""
    score, threshold = decided.explanation.score, decided.threshold
    if threshold is None:
        return f"score {_minus(f'{score:z.3f}')}, no threshold"
    shown, limit = distinct(score, threshold)
    return _minus(f"score {shown}, threshold {limit}: {'same' if decided.same else 'different'}")


def judgement(same: bool | None, left: str | None, right: str | None) -> tuple[str, str]:
    """Whether a model's decision agrees with the faces' identities: a headline and a sentence.

    same: the decision, None for weights without a threshold; left, right: None where unknown
    """
    if same is None:
        return "No decision", "These weights have no threshold; set one to get a decision."
    says = "same person" if same else "different people"
    outcome = outcome_of(left, right, same)
    if outcome == "unknown":
        return says.capitalize(), "That is the model's word; who the faces show is not known."
    right_word = "Right" if outcome in ("TP", "TN") else "Wrong"
    names = f"both faces are {left}" if left == right else f"the faces are {left} and {right}"
    return OUTCOME_NAMES[outcome], f"{right_word}: the model says {says}; {names}."


def distinct(score: float, threshold: float) -> tuple[str, str]:
    """Both numbers with three decimals, or as many more as tell them apart."""
    for digits in range(3, 10):
        texts = f"{score:z.{digits}f}", f"{threshold:z.{digits}f}"
        if texts[0] != texts[1]:
            return texts
    return f"{score:z.3f}", f"{threshold:z.3f}"


def _listed(regions: list[tuple[str, float]]) -> str:
    named = [f"{article(name)} ({_signed(value)})" for name, value in regions]
    return " and ".join(named)


def article(name: str) -> str:
    """A region's name within a sentence."""
    return "the area outside the face" if name == "outside the face" else f"the {name}"


def _signed(value: float) -> str:
    return _minus(f"{value:+z.3f}")


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
