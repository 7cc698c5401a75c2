"""A likelihood ratio in words that carry the number and what the reference supports at most."""

from core.analysis.evidence.ratios import LikelihoodRatios, Strength
from core.analysis.evidence.shipped import shipped_ratios
from core.errors import XCosError
from core.model.card import ModelCard
from core.model.kinds import AttentionKind, Order


def strength_words(strength: Strength) -> str:
    """Such as "40 times likelier if same person; this reference can support at most 300"."""
    value, most = strength.log10_lr, strength.ceiling
    who = "same person"
    if value < 0:
        value, most, who = -value, -strength.floor, "different people"
    if most <= 0:
        return f"This reference supports no evidence for {who}: its scores tell it too little."
    return (
        f"{times(value)} times likelier if {who}; this reference can support at most {times(most)}."
    )


def strength_short(strength: Strength) -> str:
    """For a table: the LR, and below it the bound on its side: "40", "≤ 300"."""
    if strength.log10_lr < 0:
        return f"{times(strength.log10_lr)}\n\N{GREATER-THAN OR EQUAL TO} {times(strength.floor)}"
    return f"{times(strength.log10_lr)}\n\N{LESS-THAN OR EQUAL TO} {times(strength.ceiling)}"


def shipped_words(card: ModelCard, kind: AttentionKind, order: Order, score: float) -> str | None:
    """What a score is worth by the reference that ships with a model; None where none does."""
    ratios = shipped_or_none(card, kind, order)
    return None if ratios is None else worth_words(ratios, score)


def shipped_or_none(card: ModelCard, kind: AttentionKind, order: Order) -> LikelihoodRatios | None:
    """LRs by the reference that ships with a model; None where none does."""
    try:
        return shipped_ratios(card, kind, order)
    except XCosError:
        return None


def worth_words(ratios: LikelihoodRatios, score: float) -> str:
    """What a score is worth, with the reference, in two sentences."""
    return f"{evidence_words(ratios, score)} {reference_words(ratios)}"


def reference_words(ratios: LikelihoodRatios) -> str:
    """Whose pairs tell it, in a sentence."""
    return f"Reference: {ratios.reference}."


def evidence_words(ratios: LikelihoodRatios, score: float) -> str:
    """What a score is worth, in a sentence."""
    words = strength_words(ratios.strength(score))
    return f"As evidence: {words[0].lower()}{words[1:]}"


def interval_words(strength: Strength) -> str:
    """The 95 % interval, such as "95 % interval of the likelihood ratio: 25 to 60"."""
    low, high = (times(end) for end in strength.interval)
    if low == high and low in (times(strength.floor), times(strength.ceiling)):
        return f"Whichever of its people are drawn, the reference's bound is reached: {low}"
    if low == high:  # draws of the few people are all alike
        return "The reference has too few people for an interval of the likelihood ratio"
    return f"95 % interval of the likelihood ratio: {low} to {high}"


def times(log10: float) -> str:
    """A likelihood ratio with two significant figures, such as 1.3, 40, 2,500 or 1/40."""
    if log10 < 0:
        other = times(-log10)
        return other if other == "1.0" else f"1/{other}"
    value = 10**log10
    if value >= 9.95:
        digits = 1 - int(f"{value:.1e}".split("e")[1])
        return f"{int(round(value, digits)):,}"
    return f"{value:.1f}"
