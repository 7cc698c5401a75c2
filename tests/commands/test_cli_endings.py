"""How the program ends: interrupted, unread, or by an error that nobody foresaw."""

import io
import sys
from pathlib import Path

import pytest

from core.cli import main
from core.errors import XCosError


def ended_by(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def run(_: object) -> int:
        print("begun")
        raise error

    monkeypatch.setattr("core.commands.models.run", run)
    return main(["models"])


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "xcos: interrupted\n"),
        (XCosError("Mend it."), 1, "xcos: Mend it.\n"),
        (XCosError("Set one.", "threshold"), 1, "xcos: Set one. (--threshold)\n"),
    ],
)
def test_an_end_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    told: str,
) -> None:
    assert ended_by(monkeypatch, error) == code
    assert capsys.readouterr() == ("begun\n", told)


def test_an_unforeseen_error_is_kept_with_its_details(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert ended_by(monkeypatch, ZeroDivisionError("odd")) == 1
    log = tmp_path / "user" / "errors.log"
    assert capsys.readouterr().err == (
        f"xcos: Something went wrong that should not; please report it with the details in {log}.\n"
    )
    kept = log.read_text()
    assert kept.startswith("Traceback") and "ZeroDivisionError: odd" in kept


def test_a_reader_that_leaves_early_hears_nothing_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with (tmp_path / "out.txt").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert ended_by(monkeypatch, BrokenPipeError()) == 0
        stream.write("more")
        stream.flush()
    assert (tmp_path / "out.txt").read_text() == "" and capsys.readouterr().err == ""


def test_streams_that_are_no_files_are_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["models", "xcos-small"]) == 0
    assert out.getvalue().startswith("xcos-small (xcos, backbone thin)")
