"""Names in other scripts are drawn with a font that is installed."""

import io
import shutil
import warnings
from pathlib import Path

import pytest
from matplotlib import font_manager
from matplotlib.font_manager import get_font
from PIL import Image

from core.explain import drawing
from core.explain.figure import wrapped

NAMES = ("王小明", "山田太郎", "김철수")


def test_names_are_drawn_with_an_installed_font() -> None:
    if not drawing.installed_families():
        pytest.skip("no font with Chinese, Japanese and Korean signs is installed")
    # Some have the signs of one script and not of another.
    known: set[int] = set()
    for family in drawing.installed_families():
        known |= {*get_font(font_manager.findfont(family)).get_charmap()}
    names = [name for name in NAMES if {*map(ord, name)} <= known]
    assert names
    figure = drawing.new_figure((3, 1))
    figure.text(0.1, 0.5, " ".join(names))
    for form in ("png", "pdf", "svg"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # one is given for each sign that is missing
            figure.savefig(io.BytesIO(), format=form)


@pytest.mark.parametrize("dpi", [150, 60])
def test_a_picture_has_its_inches_times_its_dots(dpi: int) -> None:
    figure = drawing.new_figure((3, 2))
    made = drawing.figure_bytes(figure, "png", *([] if dpi == 150 else [dpi]))
    assert Image.open(io.BytesIO(made)).size == (3 * dpi, 2 * dpi)


def test_without_such_a_font_all_else_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])
    assert drawing.installed_families() == []


def test_fonts_installed_since_matplotlib_looked_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    font = shutil.copy(font_manager.findfont("DejaVu Sans"), tmp_path / "NotoSansCJK-Regular.ttf")
    damaged = tmp_path / "NotoSansCJK-Bold.ttf"
    damaged.write_bytes(b"no font")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(damaged), str(font)])
    drawing.installed_families()
    assert [Path(f.fname).name for f in font_manager.fontManager.ttflist] == [
        "NotoSansCJK-Regular.ttf"
    ]


@pytest.mark.parametrize(("letters", "lines"), [(150, 1), (151, 2), (300, 2), (301, 3)])
def test_a_title_is_broken_after_150_letters(letters: int, lines: int) -> None:
    said = wrapped("a" * letters)
    assert said.count("\n") + 1 == lines and said.replace("\n", "") == "a" * letters
