"""The words for attention kinds, orders of a pair, orders of colour channels and devices."""

import re
from typing import Literal, get_args

from core.errors import XCosError, quoted

AttentionKind = Literal["learned", "uniform", "correlation"]
Order = Literal["both", "left-right", "right-left"]
Channels = Literal["RGB", "BGR"]

ATTENTION_KINDS: tuple[AttentionKind, ...] = get_args(AttentionKind)
ORDERS: tuple[Order, ...] = get_args(Order)
CHANNELS: tuple[Channels, ...] = get_args(Channels)
DEVICES = re.compile(r"auto|(cpu|cuda|mps)(:(0|[1-9]\d?))?", re.ASCII)


def refuse_no_device(wanted: str) -> None:
    """Raise XCosError for what names no device; whether this machine has it is not asked."""
    if not DEVICES.fullmatch(wanted):
        raise XCosError(
            f"There is no device {quoted(wanted)}; choose auto, cpu, cuda or mps.", "device"
        )
