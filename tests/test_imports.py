"""Imports point one way: main, xcos_gui, core; down through the rooms; and never in a circle."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the top down; a room may import what stands to its right.
CORE = (
    "cli", "commands", "notebook", "training", "reports", "analysis", "query", "evaluation", "video",
    "explain", "scoring", "gallery", "project", "model", "faces",
    "resources", "csv_files", "western", "streams", "json_text", "digests", "lfs", "files", "processes", "progress", "version",
    "log", "workarounds", "errors",
)  # fmt: skip
WINDOW = ("shell", "tools", "panels", "widgets", "state")
COMMAND_LINE = ("core/cli.py", "core/commands/", "xcos_gui/shell/application.py", "xcos_gui/shell/arguments.py", "xcos_gui/shell/screenshot.py")  # fmt: skip
HEAVY = ("torch", "numba", "matplotlib", "sklearn", "lark", "PySide6", "pyqtgraph", "xcos_gui")
FILES = sorted(p for top in ("core", "xcos_gui") for p in (ROOT / top).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


@cache
def imported(path: Path) -> frozenset[str]:
    """What a file imports, also lazily and for types: `from a import b` gives a.b where b is a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            names |= below or {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return frozenset(names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    module = module_of(path)
    top, room = (module.split(".") + [""])[:2]
    order = CORE if top == "core" else WINDOW
    for name in imported(path):
        first, *rest = name.split(".")
        if top == "core":
            assert first not in ("PySide6", "pyqtgraph", "xcos_gui", "main"), name
        if first == top and rest and room and rest[0] != room:
            assert order.index(rest[0]) > order.index(room), f"{module} imports {name}"


def test_no_module_imports_itself_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for name in sorted(imported(MODULES[module]) & set(MODULES)):
                visit(name, (*trail, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_panels_and_tools_do_not_meet(path: Path) -> None:
    parts = module_of(path).split(".")
    if parts[:2] not in (["xcos_gui", "panels"], ["xcos_gui", "tools"]) or len(parts) < 3:
        return
    for name in imported(path):
        other = name.split(".")
        if other[:2] in (["xcos_gui", "panels"], ["xcos_gui", "tools"]) and len(other) > 2:
            assert other[:3] == parts[:3], f"{'.'.join(parts)} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_command_line_knows_commands(path: Path) -> None:
    if path.relative_to(ROOT).as_posix().startswith(COMMAND_LINE):
        return
    names = imported(path)
    assert "argparse" not in names
    assert not any(n == "core.cli" or n.startswith("core.commands") for n in names), names


def test_every_package_that_is_imported_is_declared() -> None:
    names = {
        "PIL": "pillow", "PySide6": "pyside6-essentials", "sklearn": "scikit-learn", "faiss": "faiss-cpu",
        "pytorch_grad_cam": "grad-cam", "triton": "torch", "openTSNE": "opentsne",
    }  # fmt: skip
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for some in project["optional-dependencies"].values() for one in some]
    declared = {
        re.split(r"[<>=\[ ]", one)[0].lower() for one in (*project["dependencies"], *extras)
    }
    for path in FILES:
        for name in imported(path):
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names and top not in ("core", "xcos_gui"):
                package = names.get(top, top.replace("_", "-"))
                assert package in declared, f"{path} imports {top}, which pyproject.toml lacks"


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
    check = (
        "import sys, xcos_gui.shell.build\n"
        "print([n for n in ('torch', 'numba') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
