"""Imports point one way: main → xcos_gui → core, and down through the parts of core."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the top down; a part may import what stands to its right.
ORDER = (
    "cli", "notebook", "commands", "training", "evaluation", "explain", "scoring", "gallery", "model", "faces",
    "resources", "csv_files", "json_text", "digests", "files", "processes", "progress", "version", "errors",
)  # fmt: skip
HEAVY = ("torch", "numba", "matplotlib", "sklearn", "lark", "PySide6", "pyqtgraph", "xcos_gui")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def part_of(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("path", sorted((ROOT / "core").rglob("*.py")), ids=str)
def test_core_imports_point_down(path: Path) -> None:
    relative = path.relative_to(ROOT / "core")
    if relative == Path("__init__.py"):
        return
    own = ORDER.index(relative.parts[0].removesuffix(".py"))
    for module in imported(path):
        assert module.split(".")[0] not in ("PySide6", "pyqtgraph", "xcos_gui", "main"), module
        if module.startswith("core."):
            assert ORDER.index(part_of(module)) >= own, f"{relative} imports {module}"


def test_nothing_in_the_window_is_imported_by_core_at_run_time() -> None:
    check = (
        "import core, importlib, importlib.util, pkgutil, sys\n"
        "for m in pkgutil.walk_packages(core.__path__, 'core.'):\n"
        # Triton is for Linux alone.
        "    if 'triton' not in m.name or importlib.util.find_spec('triton'):\n"
        "        importlib.import_module(m.name)\n"
        "sys.exit(any(n.split('.')[0] in ('PySide6', 'pyqtgraph', 'xcos_gui') for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0


def test_the_command_line_starts_without_heavy_libraries() -> None:
    check = (
        "import sys, core.cli; core.cli.build_parser()\n"
        f"print([n for n in {HEAVY} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_window_starts_without_torch() -> None:
    check = "import sys, xcos_gui.shell.build; print([n for n in ('torch', 'numba') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
