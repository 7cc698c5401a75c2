"""What commands print and where: a closed stream, a full disk, a terminal, a name that is too long."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli import main
from core.streams import os_sentence, ready_streams
from tests.commands.conftest import Ask, ask_for  # noqa: F401

ROOT = Path(__file__).parents[1]
LONG = "n" * 300


class Terminal(io.StringIO):
    """A terminal, as far as one asks."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "command", ["explain", "score", "tag", "evaluate", "models", "video", "train"]
)
def test_a_name_that_is_too_long_is_one_sentence(
    command: str, crops: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = {"explain": [f"{LONG}.jpg", str(crops / "ann/1.png")], "tag": [LONG, "--list"]}
    endings = {"evaluate": ".csv", "models": ".safetensors", "video": ".mp4", "train": ".toml"}
    arguments = given.get(command, [str(tmp_path / f"{LONG}{endings.get(command, '')}")])
    code = main([command, *arguments])
    out, err = capsys.readouterr()
    assert code == 1 and out == ""
    assert "nnnn" in err and "unexpected" not in err and "went wrong" not in err
    assert len(err.splitlines()) == 1 and err.startswith("xcos: ")


def test_an_output_whose_name_is_too_long_is_one_sentence(
    ask_for: Ask,  # noqa: F811
    crops: Path,
    tmp_path: Path,
) -> None:
    said = ask_for("score", crops, "-o", tmp_path / f"{LONG}.csv")
    assert said.code == 1 and "too long" in said.err and len(said.err.splitlines()) == 1


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_stream_that_the_shell_closed_is_done_without(
    closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, closed, None)
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and getattr(sys, closed) is None
    with ready_streams():
        print("x", file=getattr(sys, closed))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_under_stdout_is_one_sentence(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "core.cli", "models"], stdout=full, stderr=subprocess.PIPE,
            text=True, cwd=ROOT, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("xcos: What is printed") and "No space left" in line


def test_names_send_nothing_to_a_terminal_but_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Terminal()
    monkeypatch.setattr(sys, "stdout", seen)
    with ready_streams():
        print("Ann\x1b]0;owned\x07 Zoë 李\t1\x9b2J")
        assert sys.stdout is not seen
    assert sys.stdout is seen
    assert seen.getvalue() == "Ann\\x1b]0;owned\\x07 Zoë 李\t1\\x9b2J\n"
    plain = io.StringIO()  # a pipe or a file: what is written is what there is
    monkeypatch.setattr(sys, "stdout", plain)
    with ready_streams():
        print("Ann\x1b[1m")
    assert plain.getvalue() == "Ann\x1b[1m\n"


def test_what_the_system_refuses_names_the_file() -> None:
    assert os_sentence(FileNotFoundError(2, "No such file or directory", "a.csv")) == (
        "a.csv cannot be used: No such file or directory; give it another name or place."
    )
