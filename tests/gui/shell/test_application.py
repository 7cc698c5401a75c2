"""Starting where something is missing: one sentence, no traceback."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import os
import subprocess
import sys
from pathlib import Path

from xcos_gui.shell.application import _package_sentence, main

ROOT = Path(__file__).parents[3]


def test_a_missing_library_names_its_package() -> None:
    error = "libEGL.so.1: cannot open shared object file: No such file or directory"
    assert "install the package libegl1" in _package_sentence(error)
    assert "libstrange.so.3" in _package_sentence("libstrange.so.3: cannot open shared object file")


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems always have a screen"
)
def test_no_screen_is_one_sentence() -> None:
    clean = {
        k: v
        for k, v in os.environ.items()
        if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "no screen" in done.stderr and "Traceback" not in done.stderr


def test_neither_gallery_nor_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scroe"]) == 1
    assert "scroe is neither a gallery that exists nor a command" in capsys.readouterr().err
    assert main(["scroe", "photos", "--json"]) == 1  # and not of what would have been for it
    told = capsys.readouterr().err
    assert "scroe is neither a gallery that exists nor a command" in told and "photos" not in told


def test_what_is_too_much_for_the_window_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), "more"])
    assert ended.value.code == 2
    assert "unrecognized arguments: more" in capsys.readouterr().err


def test_commands_go_to_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--backbones"]) == 0
    assert "ir-se-50" in capsys.readouterr().out


def test_screenshot(tmp_path: Path, crops: Path, tiny_weights: Path) -> None:
    command = [
        sys.executable,
        "main.py",
        "screenshot",
        str(crops),
        "--aligned",
        "-o",
        str(tmp_path / "w.png"),
    ]
    command += [
        "--model",
        str(tiny_weights),
        "--cache",
        str(tmp_path / "c.sqlite"),
        "--theme",
        "dark",
    ]
    command += ["--pair", "ann/1.png", "bob/2.png", "--size", "1300x850"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    from PIL import Image

    picture = Image.open(tmp_path / "w.png").convert("RGB")
    assert picture.size == (1300, 850)
    colours = picture.getcolors(1 << 24)
    assert colours is not None and len(colours) > 200
    assert max(colours)[1] < (100, 100, 100)  # most of a dark window is dark


@pytest.mark.parametrize("gallery", [".", "ann/1.png"])
def test_a_screenshot_is_never_written_over_a_photo_of_its_gallery(
    tmp_path: Path, crops: Path, tiny_weights: Path, gallery: str
) -> None:
    photo = crops / "ann" / "1.png"
    before = photo.read_bytes()
    command = [sys.executable, "main.py", "screenshot", str(crops / gallery), "--aligned"]
    command += ["--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    command += ["-o", str(photo)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and done.stdout == ""
    told = f"xcos: {photo} would be replaced by the result; choose another name."
    assert done.stderr.splitlines() == [told]
    assert photo.read_bytes() == before
