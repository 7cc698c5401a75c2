"""Axes of rates have numbers that can be read, however few pairs there are and however little room."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import math

import pyqtgraph as pg
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from xcos_gui.widgets.rate_plot import RateAxis, rate_plot


@pytest.fixture(scope="module")
def axis(qapp: object) -> RateAxis:
    made = RateAxis("bottom")
    made.setLogMode(True)
    return made


@given(st.integers(2, 10**7), st.integers(40, 2000))
@settings(max_examples=200, deadline=None)
def test_numbers_never_lie_over_one_another(axis: RateAxis, impostors: int, pixels: int) -> None:
    low = -math.log10(impostors)
    (_, numbered), (spacing, rest) = axis.tickValues(low, 0, pixels)
    assert spacing is None and set(axis.tickStrings(rest, 1, None)) <= {""}
    metrics = QFontMetrics(axis.font())
    end = -math.inf
    for place, text in zip(numbered, axis.tickStrings(numbered, 1, 1), strict=True):
        middle, half = (place - low) / -low * pixels, metrics.horizontalAdvance(text) / 2
        assert middle - half >= end
        end = middle + half
    every = sorted([*numbered, *rest])
    rates = [digit * 10.0**power for power in range(-8, 1) for digit in range(1, 10)]
    inside = [math.log10(rate) for rate in rates if low - 1e-9 <= math.log10(rate) <= 1e-9]
    assert every == pytest.approx(inside, abs=1e-9)


@pytest.mark.parametrize(
    ("impostors", "pixels", "numbers"),
    [
        (5, 400, ["0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]),
        (36, 400, ["0.05", "0.1", "0.2", "0.5", "1"]),
        (1000, 150, ["0.001", "0.01", "0.1", "1"]),
        (10**6, 150, ["0.0001", "0.01", "1"]),
    ],
)
def test_there_are_as_many_numbers_as_fit(
    axis: RateAxis, impostors: int, pixels: int, numbers: list[str]
) -> None:
    (_, numbered), _ = axis.tickValues(-math.log10(impostors), 0, pixels)
    assert axis.tickStrings(numbered, 1, 1)[-len(numbers) :] == numbers


def test_an_axis_that_is_not_logarithmic_is_as_usual(qtbot: QtBot) -> None:
    plot = rate_plot("TAR")
    qtbot.addWidget(plot)
    axis, usual = plot.getAxis("left"), pg.AxisItem("left")
    ticks = axis.tickValues(0, 1, 300)
    assert ticks == usual.tickValues(0, 1, 300)
    assert axis.tickStrings([0, 0.5, 1], 1, 0.5) == ["0", "0.5", "1.0"]


@pytest.mark.parametrize(
    ("up", "height", "name"),
    [("TAR", 300, "TAR (true accept rate)"), ("FRR", 300, "FRR (false reject rate)"), ("FRR", 90, "FRR")],
)  # fmt: skip
def test_the_name_of_the_axis_has_room(qtbot: QtBot, up: str, height: int, name: str) -> None:
    plot = rate_plot(up)  # type: ignore[arg-type]
    qtbot.addWidget(plot)
    plot.resize(300, height)
    plot.show()
    qtbot.waitUntil(lambda: plot.getAxis("left").labelText == name)
