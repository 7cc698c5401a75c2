"""Commands as a user gives them, with a small model and a cache of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from core.cli import main
from tests.living import living_weights


class Said(NamedTuple):
    """What a command ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def warnings(self) -> list[str]:
        """The sentences on stderr."""
        lines = self.err.splitlines()
        assert all(line.startswith("xcos: ") for line in lines), self.err
        return [line.removeprefix("xcos: ") for line in lines]


Ask = Callable[..., Said]


@pytest.fixture
def ask_for(capsys: pytest.CaptureFixture[str], tiny_weights: Path, tmp_path: Path) -> Ask:
    """Give a command on aligned crops; model: other weights than the small ones."""

    def command(name: str, *arguments: object, model: Path = tiny_weights) -> Said:
        shared = ["--aligned", "--model", model, "--device", "cpu"]
        shared += ["--cache", tmp_path / "kept" / "c.sqlite"]
        capsys.readouterr()
        try:
            code = main([name, *map(str, (*arguments, *shared))])
        except SystemExit as error:
            code = int(error.code or 0)
        return Said(code, *capsys.readouterr())

    return command


@pytest.fixture(scope="session")
def bare_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model without thresholds."""
    folder = tmp_path_factory.mktemp("bare")
    return living_weights(folder / "bare.safetensors", "bare", thresholds={})
