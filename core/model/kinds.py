"""The words for attention kinds, orders of a pair and orders of colour channels."""

from typing import Literal, get_args

AttentionKind = Literal["learned", "uniform", "correlation"]
Order = Literal["both", "left-right", "right-left"]
Channels = Literal["RGB", "BGR"]

ATTENTION_KINDS: tuple[AttentionKind, ...] = get_args(AttentionKind)
ORDERS: tuple[Order, ...] = get_args(Order)
CHANNELS: tuple[Channels, ...] = get_args(Channels)
