"""The changes that `python -m tests.mutation` makes: each sort, none that is no program."""

from pathlib import Path

from tests.mutation.coverage_map import importing
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


def test_a_mutant_is_known_by_its_line_and_function() -> None:
    found = {m.key: m for m in mutants("core/x.py", SOURCE)}
    line = "if left < right and more > 1:"
    mutant = found[f"core/x.py: {line} -> {line.replace('left < right', '(left <= right)')}"]
    assert (mutant.function, mutant.first, mutant.last) == ("key", 4, 4)
    assert any("more: float = 1.0" in key for key in found)


def test_tests_that_name_a_function_come_first(tmp_path: Path) -> None:
    for name, text in {
        "core/scoring/pair.py": "def far(): ...",
        "core/other.py": "from core.scoring.pair import far",
        "tests/scoring/test_a.py": "from core.scoring import pair",
        "tests/scoring/test_b.py": "from core.scoring.pair import far\nfar()",
        "tests/scoring/test_pair.py": "import core.other",
        "tests/gui/test_pair.py": "from core.scoring.pair import far",
        "tests/other/test_else.py": "import core.other",
        "tests/other/test_none.py": "import os",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    tests = sorted((tmp_path / "tests").rglob("test_*.py"))
    found = importing(tmp_path, tests, "core/scoring/pair.py", "far")
    assert [name.removeprefix("tests/") for name in found] == [
        "scoring/test_b.py", "scoring/test_pair.py", "scoring/test_a.py", "other/test_else.py",
        "gui/test_pair.py",
    ]  # fmt: skip
