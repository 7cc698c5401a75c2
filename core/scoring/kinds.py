"""The words for attention kinds, orders and outcomes."""

from typing import Literal, get_args

AttentionKind = Literal["learned", "uniform", "correlation"]
Order = Literal["both", "left-right", "right-left"]
Outcome = Literal["TP", "FP", "FN", "TN", "unknown"]

ATTENTION_KINDS: tuple[AttentionKind, ...] = get_args(AttentionKind)
ORDERS: tuple[Order, ...] = get_args(Order)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
