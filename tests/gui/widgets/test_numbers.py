"""Numbers typed with a decimal comma or a point are the same numbers."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QToolTip
from pytestqt.qtbot import QtBot

from core.query.language import parse
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.what_if.edit_settings import EditSettings
from xcos_gui.widgets.decimal_box import DecimalBox


@pytest.fixture(params=["C", "de_DE", "en_US", "fr_FR", "ar_EG"])
def locale(request: pytest.FixtureRequest) -> Iterator[str]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def typed(box: QDoubleSpinBox, text: str) -> float:
    box.lineEdit().selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)
    return box.value()


@pytest.mark.parametrize(
    "text, value",
    [
        ("0,35", 0.35),
        ("0.35", 0.35),
        ("-0,5", -0.5),
        (",25", 0.25),
        ("1,", 1.0),
        ("0,12346", 0.1235),
        ("1e-1", 0.1),
        ("2,5E-2", 0.025),
        ("50%", 0.5),
        ("12,5 %", 0.125),
    ],
)
def test_a_threshold_typed(empty: MainWindow, locale: str, text: str, value: float) -> None:
    assert typed(empty.curves.spin, text) == value
    assert empty.session.threshold == value
    assert empty.curves.spin.text() == f"{value:.4f}"


def test_every_box_for_decimals_reads_both(empty: MainWindow, qtbot: QtBot) -> None:
    from core.explain.editing.edits import Edit
    from xcos_gui.shell.tool_menu import GALLERY_TOOLS, PAIR_TOOLS

    for tool in (*PAIR_TOOLS, *GALLERY_TOOLS):
        empty.show_tool(tool)
    settings = EditSettings(empty)
    settings.show_edit("scale", Edit("scale", "left"))
    boxes = empty.findChildren(QDoubleSpinBox)
    assert len(boxes) > 1
    for box in boxes:
        box.setEnabled(True)
        middle = (box.minimum() + box.maximum()) / 2
        value = round(middle, 1) + 0.1
        text = f"{value:.1f}"
        assert typed(box, text.replace(".", ",")) == typed(box, text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["2", "150 %", "0.3.4", "0,3x", "1_0", "-", "e5", "1e999", "nan"])
def test_what_is_no_number_of_a_box_is_told_and_changes_nothing(
    empty: MainWindow, text: str
) -> None:
    from xcos_gui.tools.evidence.strength import StrengthTab

    spin = empty.curves.spin
    empty.session.set_threshold(0.36)
    assert typed(spin, text) == 0.36 == empty.session.threshold
    assert text in QToolTip.text() and "0.3600 stays" in QToolTip.text()
    assert spin.text() == "0.3600"
    assert typed(spin, "") == 0.36 and spin.text() == "0.3600"
    from xcos_gui.shell.tool_menu import GALLERY_TOOLS

    for tool in GALLERY_TOOLS:
        empty.show_tool(tool)
    (tab,) = empty.findChildren(StrengthTab)
    assert typed(tab.prior, text) == 0.5
    assert "from 0.000001 to 0.999999" in QToolTip.text()
    assert typed(tab.prior, "25 %") == 0.25


def test_a_unit_takes_no_per_cent(qtbot: QtBot) -> None:
    box = DecimalBox(decimals=1, minimum=0, maximum=90, value=3)
    qtbot.addWidget(box)
    box.setSuffix(" px")
    assert typed(box, "50 %") == 3 and typed(box, "1e1 px") == 10 and typed(box, "7") == 7
    assert box.text() == "7.0 px"


def test_a_filter_typed() -> None:
    assert parse("score > 0,35") == parse("score > 0.35")
    assert parse("region(mouth) <= 30,5 % and fc < -,2") == parse(
        "region(mouth) <= 30.5% and fc < -.2"
    )
    assert str(parse("photo = 1,5")) == 'photo = "1,5"'  # text stays as it is


def test_settings_of_a_run_typed(empty: MainWindow, tmp_path: Path) -> None:
    empty.show_training()
    assert empty.training is not None
    form = empty.training.new.form
    before = form.config(tmp_path / "config.toml")
    rate = form.input("optimisation.learning_rate").widget
    rate.lineEdit().setText("0,035")  # type: ignore[attr-defined]
    found = form.config(tmp_path / "config.toml")
    assert found.optimisation.learning_rate == 0.035 != before.optimisation.learning_rate
    form.input("name").widget.setText("a,b 1,5")  # type: ignore[attr-defined]
    assert form.config(tmp_path / "config.toml").name == "a,b 1,5"
