"""The changes that `python -m tests.mutation` makes: each sort, none that is no program."""

from tests.mutation.operators import mutants, runs

SOURCE = '''
"""A docstring with left and 1."""
def key(left: int, right: int, more: float = 0.5) -> tuple:
    if left < right and more > 1:
        return (left, right, more)
    return tuple(max(left * 2, right - 1, key=abs)[::-1])
'''


def test_each_sort_of_change_is_made_and_runs() -> None:
    found = [m for m in mutants("core/x.py", SOURCE) if runs(m, SOURCE)]
    changes = {(m.operator, m.before, m.after) for m in found}
    assert ("comparison", "left < right", "(left <= right)") in changes
    assert ("swap", "left", "right") in changes and ("off_by_one", "1", "2") in changes
    assert ("sign", "right - 1", "(right + 1)") in changes and (
        "factor",
        "left * 2",
        "left",
    ) in changes
    assert ("condition", "left < right and more > 1", "left < right") in {
        (m.operator, m.before, m.after.strip("()")) for m in found
    }
    assert ("dropped", "(left, right, more)", "(left, more)") in changes
    assert ("factor", "0.5", "1.0") in changes
    assert not any("docstring" in m.before for m in found)
    assert len({m.source for m in found}) == len({(m.begin, m.end, m.after) for m in found})
