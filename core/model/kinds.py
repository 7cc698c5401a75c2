"""The words for attention kinds and orders of a pair."""

from typing import Literal, get_args

AttentionKind = Literal["learned", "uniform", "correlation"]
Order = Literal["both", "left-right", "right-left"]

ATTENTION_KINDS: tuple[AttentionKind, ...] = get_args(AttentionKind)
ORDERS: tuple[Order, ...] = get_args(Order)
