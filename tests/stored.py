"""Texts that tests compare with stored ones, or store anew."""

from collections.abc import Callable
from pathlib import Path


def check_stored(told: str, stored: Path, update: bool, alike: Callable[[str, str], bool]) -> None:
    """Fail at the first line that is not like the stored one; update: store the text instead."""
    if update:
        stored.parent.mkdir(exist_ok=True)
        stored.write_text(f"{told}\n", encoding="utf-8")
        return
    mine, kept = told.splitlines(), stored.read_text(encoding="utf-8").splitlines()
    for number, (one, other) in enumerate(zip(mine, kept, strict=False), start=1):
        assert alike(one, other), f"{stored.name}, line {number}:\n{one}\ninstead of\n{other}"
    assert len(mine) == len(kept), f"{stored.name} has other lines at its end"
