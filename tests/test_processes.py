"""Commands in processes of their own: nothing of the working directory is imported."""

import json
import subprocess
from pathlib import Path

import pytest

from core.processes import own_command, own_environment

TRAPS = ("core/__init__.py", "random.py", "sitecustomize.py", "json.py", "numpy/__init__.py")


@pytest.fixture
def trapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with files that are called as modules of ours and others."""
    for name in TRAPS:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"raise SystemExit('{name} of the working directory was imported')\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_command_ignores_its_working_directory(trapped: Path) -> None:
    done = subprocess.run(
        own_command("models", "--json"),
        env=own_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_processes_that_it_starts_do_too(trapped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "from multiprocessing import get_context\n"
        "process = get_context('spawn').Process(target=len, args=('',))\n"
        "process.start(); process.join(); print(process.exitcode)"
    )
    command = own_command()
    done = subprocess.run(
        [*command[: command.index("-m")], "-c", code],
        env=own_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.split() == ["0"], done.stderr
