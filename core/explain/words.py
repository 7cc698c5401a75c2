"""The decision in words, made from the numbers of the cells and nothing else."""

from collections import defaultdict

from core.explain.pair import PairExplanation
from core.explain.regions import Regions
from core.model.kinds import AttentionKind, Order

MENTIONED = 2  # regions named on each side
LEAST = 0.005  # what rounds to 0.01; less is not worth a word
KIND_WORDS: dict[AttentionKind, str] = {
    "learned": "learned attention",
    "uniform": "uniform attention",
    "correlation": "correlation attention",
}
ORDER_WORDS: dict[Order, str] = {
    "both": "both orders",
    "left-right": "order left to right",
    "right-left": "order right to left",
}


def verdict(explanation: PairExplanation, regions: Regions) -> str | None:
    """The decision, and the regions whose evidence spoke most for and against it.

    Numbers in brackets are sums of evidence over a region's cells: positive speaks for the same
    person, negative for different people. None without a threshold.
    """
    evidence, same = region_evidence(explanation, regions), explanation.same
    if evidence is None or same is None or explanation.threshold is None:
        return None
    score, threshold = distinct(explanation.score, explanation.threshold)
    decision = (
        f"Same person: {score} is above the threshold {threshold}"
        if same
        else f"Different people: {score} is not above the threshold {threshold}"
    )
    sign = 1 if same else -1
    ranked = sorted(evidence.items(), key=lambda item: -sign * item[1])
    for_it = [item for item in ranked if sign * item[1] >= LEAST][:MENTIONED]
    against = [item for item in reversed(ranked) if -sign * item[1] >= LEAST][:MENTIONED]
    first = f"Most for it: {_listed(for_it)}" if for_it else "No region speaks clearly for it"
    second = f"most against: {_listed(against)}" if against else "no region speaks against it"
    return f"{decision} ({circumstances(explanation)}). {first}; {second}."


def circumstances(explanation: PairExplanation) -> str:
    """Attention kind, the order unless it is both, and model, which go with every score."""
    parts = [KIND_WORDS[explanation.kind]]
    if explanation.order != "both":
        parts.append(ORDER_WORDS[explanation.order])
    return ", ".join([*parts, explanation.model])


def region_evidence(explanation: PairExplanation, regions: Regions) -> dict[str, float] | None:
    """Evidence summed over the cells of each region; it all sums to score - threshold.

    Two eyes or cheeks that speak alike are one region. None without a threshold.
    """
    evidence = explanation.evidence
    if evidence is None:
        return None
    sums: dict[str, float] = defaultdict(float)
    for names, values in zip(regions, evidence.tolist(), strict=True):
        for name, value in zip(names, values, strict=True):
            sums[name] += value
    for part in ("eye", "cheek"):
        left, right = sums.get(f"left {part}", 0.0), sums.get(f"right {part}", 0.0)
        if left * right > 0:
            del sums[f"left {part}"], sums[f"right {part}"]
            sums[f"{part}s"] = left + right
    return dict(sums)


def distinct(score: float, threshold: float) -> tuple[str, str]:
    """Both numbers with three decimals, or as many more as tell them apart."""
    for digits in range(3, 9):
        texts = signed(score, digits), signed(threshold, digits)
        if texts[0] != texts[1]:
            return texts
    return signed(score, 3), signed(threshold, 3)


def signed(value: float, digits: int, plus: bool = False) -> str:
    """A number with a proper minus sign, and none before a zero."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+" if plus else "") + text


def _listed(items: list[tuple[str, float]]) -> str:
    named = [
        f"{'the area ' if name.startswith('outside') else 'the '}{name} "
        f"({signed(value, 2, plus=True)})"
        for name, value in items
    ]
    return " and ".join(named)
