"""A short soak: no exception, and idle only when idle; `python -m tests.soak` measures the rest."""

from pathlib import Path

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from tests.soak.run import Found, Measured, soak


def test_random_actions_raise_nothing(tmp_path: Path) -> None:
    found = soak(tmp_path, seed=3, seconds=10, actions=40)
    told = "\n".join(f"{key}\n{text}" for key, text in found.details.items())
    assert found.objections(quiet=False) == [], told
    assert found.actions == 40 or found.measured[-1].at >= 10


def test_growth_is_told_and_what_goes_up_and_down_is_not() -> None:
    def at(minute: int, megabytes: float, windows: int = 20) -> Measured:
        return Measured(60.0 * minute, 100 * minute, megabytes, 12, 40, 900, windows)

    level = Found(measured=[at(m, 900 + 80 * (m % 2)) for m in range(20)])
    assert level.objections() == []
    grown = Found(measured=[at(m, 900 + 20 * m) for m in range(20)])
    assert len(grown.objections()) == 1 and "memory grew" in grown.objections()[0]
    windows = Found(measured=[at(m, 900, 20 + m) for m in range(20)])
    assert len(windows.objections()) == 1 and "windows grew" in windows.objections()[0]
    assert "0.70 s without events at copy" in Found(blocks=[(0.7, "copy")]).objections()[0]
    assert not Found(blocks=[(0.7, "copy")]).objections(quiet=False)
