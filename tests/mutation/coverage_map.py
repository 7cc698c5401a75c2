"""Which tests run a line of the program: measured once a test file, kept until a file changes."""

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FARTHEST = 5  # imports between a test and what it is taken to test
# Look at every window, and at what every command gives; the folders whose changes they may see.
GENERAL = {
    "tests/gui/test_inventory.py": ("xcos_gui/",),
    "tests/commands/test_outputs.py": tuple(
        f"core/{folder}/"
        for folder in (
            "analysis",
            "commands",
            "evaluation",
            "explain",
            "gallery",
            "model",
            "project",
            "query",
            "reports",
            "scoring",
        )
    ),
}
KEPT = Path(".mutation")  # beside the tests' own caches; ignored by git


@dataclass
class CoverageMap:
    """tests: {file: {line: node ids}}, seconds: {node id: time it took}."""

    tests: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, record: dict) -> None:
        self.seconds |= record["seconds"]
        for file, lines in record["lines"].items():
            known = self.tests.setdefault(file, {})
            for line, tests in lines.items():
                known.setdefault(int(line), set()).update(tests)

    def covering(self, file: str, first: int, last: int, budget: float) -> list[str]:
        """Tests of some lines: those beside the file first, then the quick ones, within a budget.

        A line that runs on import, or that is compiled, has no test of its own: the tests of the
        whole file stand in, or those of the file's package. The budget is in seconds.
        """
        lines = self.tests.get(file, {})
        found: set[str] = set().union(*(lines.get(k, set()) for k in range(first, last + 1)))
        beside = f"tests/{Path(file).parent.name}/"
        if not found:
            found = set().union(*lines.values()) or {
                test for test in self.seconds if test.startswith(beside)
            }
        stem = Path(file).stem
        ordered = sorted(
            found,
            key=lambda test: (
                not (test.startswith(beside) and stem in test.split("::")[0]),
                not test.startswith(beside),
                self.seconds[test],
            ),
        )
        chosen, spent = [], 0.0
        for test in ordered:
            spent += self.seconds[test]
            if chosen and spent > budget:
                break
            chosen.append(test)
        return chosen


def measured(root: Path, test_files: Iterable[Path]) -> CoverageMap:
    """The map of some test files; those that changed, or whose program did, run once more."""
    (root / KEPT).mkdir(exist_ok=True)
    whole = CoverageMap()
    for path in sorted(test_files):
        name = path.relative_to(root).as_posix()
        kept = root / KEPT / (name.replace("/", ".") + ".json")
        record = json.loads(kept.read_text()) if kept.exists() else None
        if record is None or any(_digest(root / f) != d for f, d in record["digests"].items()):
            print(f"Measuring {name}", file=sys.stderr, flush=True)
            record = _record(root, name, kept)
        whole.add(record)
    return whole


def _record(root: Path, name: str, kept: Path) -> dict:
    made = kept.with_suffix(".new")
    made.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "tests.mutation.recording", name]
    environment = os.environ | {"MUTATION_RECORD": str(made), "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 5):
        print(f"{name} fails before any mutation:\n{done.stdout[-2000:]}", file=sys.stderr)
    record = json.loads(made.read_text())
    covered = [f for f, lines in record["lines"].items() if any(lines.values())]
    record["digests"] = {f: _digest(root / f) for f in [name, *covered]}
    kept.write_text(json.dumps(record))
    made.unlink()
    return record


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def importing(root: Path, test_files: Iterable[Path], file: str, function: str) -> list[str]:
    """Test files that may notice a change of a file's function, likeliest first, not measured.

    Likely is what names the function or looks at everything, then what shares words of its path with
    the file, then what needs few imports to reach it.
    """
    module = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    ranked = []
    for path in test_files:
        name, far = path.relative_to(root).as_posix(), _reached(root, path).get(module)
        alike = len(_words(name) & _words(file))
        general = file.startswith(GENERAL.get(name, ("/",)))
        if far is not None or alike or general:
            other = name.startswith("tests/gui/") != file.startswith("xcos_gui/")
            named = function in _identifiers(path) or general
            ranked.append((other, not named, -alike, FARTHEST if far is None else far, name))
    return [name for *_, name in sorted(ranked)]


def _words(file: str) -> set[str]:
    """What a path is about, in the singular."""
    parts = re.split(r"[/_.]", file.removesuffix(".py"))
    return {part.removesuffix("s") for part in parts} - {"core", "gui", "xco", "test", "init", ""}


@cache
def _identifiers(path: Path) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", path.read_text()))


@cache
def _reached(root: Path, start: Path) -> dict[str, int]:
    """Modules that a file leads to, each with how many imports lie between."""
    found: dict[str, int] = {}
    reached = _imports(start)
    for step in range(FARTHEST):
        found |= dict.fromkeys(reached, step)
        files = [root / (name.replace(".", "/") + ".py") for name in reached]
        reached = frozenset().union(*(_imports(f) for f in files)) - found.keys()
    return found


@cache
def _imports(path: Path) -> frozenset[str]:
    """Modules of the program that a file names, also as what it takes from a package."""
    names: set[str] = set()
    if not path.exists():  # a name that is no module
        return frozenset()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(n for n in names if n.split(".")[0] in ("core", "xcos_gui", "tests"))
