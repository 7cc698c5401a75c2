"""How long work tells where it stands and learns that it shall stop."""

from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""Called with what is being done, how many are done and how many there are (0: unknown)."""

StopAsked = Callable[[], bool]
"""True once the user wants the work to end."""


def silent(what: str, done: int, total: int) -> None:
    """A Report that goes nowhere."""


def never() -> bool:
    """A StopAsked that lets the work run to its end."""
    return False
