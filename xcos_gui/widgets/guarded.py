"""Painting that cannot end the program."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any


def guarded(paint: Callable[..., None]) -> Callable[..., None]:
    """A graphics item's `paint` whose exceptions are told as unexpected ones are.

    PySide 6 ends the process with a segmentation fault where one leaves `QGraphicsItem.paint`.
    """

    @wraps(paint)
    def safely(self: Any, *given: Any) -> None:
        try:
            paint(self, *given)
        except Exception:
            sys.excepthook(*sys.exc_info())

    return safely
