"""A few kills of each kind; `python -m tests.soak.kills` makes forty of each."""

import sys
from random import Random

import pytest

from tests.soak.kills import KINDS, Workplace

if sys.platform == "win32":
    pytest.skip("work is killed in forked processes", allow_module_level=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """One for all kinds: its first child waits for the imports."""
    return Workplace(tmp_path_factory.mktemp("kills"))


@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=pytest.mark.slow) if k == "report" else k for k in KINDS]
)
def test_nothing_is_lost_where_work_is_killed(kind: str, place: Workplace) -> None:
    found = KINDS[kind](place, Random(7), 2)
    assert found.faults == []
    assert found.runs == 2
