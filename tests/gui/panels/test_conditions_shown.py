"""Conditions in the window: orders of matrix and gallery, columns of pairs, colours of the map."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from PIL import Image
from pytestqt.qtbot import QtBot

from core.analysis.evidence.words import shipped_or_none
from xcos_gui.panels.pairs.columns import NAMES
from xcos_gui.panels.pairs.model import LR, SCORE
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.face_map.window import FaceMapWindow


def exposures(crops: Path) -> dict[str, float]:
    """Mean luma of each crop, by its own way."""
    return {
        path.relative_to(crops).as_posix(): float(
            (np.asarray(Image.open(path).convert("RGB"), float) @ [0.299, 0.587, 0.114]).mean()
        )
        for path in sorted(crops.rglob("*.png"))
    }


def rest(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    qtbot.waitUntil(
        lambda: not session.busy and session.conditions.table(session.scored) is not None,
        timeout=60_000,
    )


def test_the_gallery_goes_by_a_condition_and_tells_it(
    window: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    panel = window.gallery
    panel.order.setCurrentIndex(panel.order.findData("exposure"))
    panel.order.activated.emit(0)
    rest(window, qtbot)
    known = exposures(crops)
    worst = sorted(known, key=lambda key: -abs(known[key] - 127.5))
    model = panel.model
    assert [model.face(model.index(row)).key for row in range(6)] == worst
    shown = [float(model.data(model.index(row))) for row in range(6)]
    assert shown == pytest.approx([known[key] for key in worst], rel=1e-3)
    assert f"Exposure {shown[0]:.4g}" in panel.grouped.data(panel.grouped.index(0), 3)  # tooltip
    panel.order.setCurrentIndex(panel.order.findData("yaw"))  # crops have none
    panel.order.activated.emit(0)
    assert model.data(model.index(0)) == "not known"


def test_pairs_have_columns_of_their_worse_face(
    window: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    pairs, known = window.pairs, exposures(crops)
    pairs.choice.setCurrentIndex(0)
    column = NAMES["exposure"]
    assert pairs.table.isColumnHidden(column) and pairs.table.isColumnHidden(LR)
    pairs.columns.actions_by_name["exposure"].trigger()
    rest(window, qtbot)
    assert not pairs.table.isColumnHidden(column)
    pairs.table.sortByColumn(column, pairs.table.horizontalHeader().sortIndicatorOrder())
    model, told = pairs.model, []
    for row in range(model.rowCount()):
        keys = [face.key for face in window.session.faces_of(model.cell(row))]
        worse = max((known[key] for key in keys), key=lambda value: abs(value - 127.5))
        told.append(float(model.data(model.index(row, column))))
        assert told[-1] == pytest.approx(worse, rel=1e-3)
    assert told == sorted(told) or told == sorted(told, reverse=True)


def test_the_choice_of_columns_is_kept(window: MainWindow, qtbot: QtBot) -> None:
    from xcos_gui.panels.pairs.columns import ColumnsButton

    window.pairs.columns.actions_by_name["sharpness"].trigger()
    again = ColumnsButton(window.pairs.table, window.session)
    assert again.shown[NAMES["sharpness"]] and not again.shown[NAMES["yaw"]]
    again.deleteLater()
    rest(window, qtbot)


def test_a_score_has_its_likelihood_ratio_and_ceiling_beside_it(
    window: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    session, pairs = window.session, window.pairs
    session.set_model(None)  # the weights that ship have a reference
    qtbot.waitUntil(
        lambda: (
            session.card is not None
            and session.card.name.startswith("xcos")
            and session.scored is not None
            and session.scored.card is session.card
            and not session.busy
        ),
        timeout=120_000,
    )
    pairs.choice.setCurrentIndex(0)
    qtbot.waitUntil(lambda: pairs.model.rowCount() == 15, timeout=60_000)
    assert not pairs.table.isColumnHidden(LR)
    ratios = shipped_or_none(session.card, session.kind, session.order)
    assert ratios is not None
    model = pairs.model
    for row in range(3):
        score = float(model.data(model.index(row, SCORE)).split("\n")[0].replace("\u2212", "-"))
        value, bound = model.data(model.index(row, LR)).split("\n")
        log10 = ratios.strength(score).log10_lr
        size = (
            1 / float(value[2:].replace(",", "")) if "/" in value else float(value.replace(",", ""))
        )
        assert np.log10(size) == pytest.approx(log10, abs=0.03)
        assert bound.startswith("\u2264 " if log10 >= 0 else "\u2265 1/")
        assert "this reference" in model.data(
            model.index(row, LR), 3
        )  # the tooltip has the sentence
    session.set_order("left-right")  # what ships is for both orders
    qtbot.waitUntil(lambda: pairs.table.isColumnHidden(LR), timeout=60_000)


def test_the_matrix_goes_by_a_condition(window: MainWindow, qtbot: QtBot, crops: Path) -> None:
    bar, arranger = window.matrix.bar, window.matrix.arranger
    bar.rows.setCurrentIndex(bar.rows.findData("condition:exposure"))
    bar.rows.activated.emit(bar.rows.currentIndex())
    qtbot.waitUntil(lambda: arranger.asked.rows == "condition:exposure" and not arranger.running)
    known = exposures(crops)
    worst = sorted(known, key=lambda key: -abs(known[key] - 127.5))
    assert [arranger.name(0, k) for k in range(6)] == worst


def test_the_map_is_coloured_by_a_condition(window: MainWindow, qtbot: QtBot, crops: Path) -> None:
    window.session.tool_asked.emit("face_map")
    tool = next(t for t in window.tools.values() if isinstance(t, FaceMapWindow))
    qtbot.waitUntil(lambda: tool.found is not None, timeout=20_000)
    tool.colour.setCurrentIndex(tool.colour.findText("Colour by exposure"))
    tool._paint()
    qtbot.waitUntil(lambda: "Exposure: blue" in tool.words.text(), timeout=60_000)
    known = exposures(crops)
    worst = max(range(6), key=lambda k: abs(list(known.values())[k] - 127.5))
    red, green, blue = tool.plot._colours[worst, :3].astype(int)
    assert red > blue and red > green
    tool.colour.setCurrentIndex(tool.colour.findText("Colour by yaw"))
    tool._paint()
    assert "Yaw is known of no face here" in tool.words.text()
    assert (tool.plot._colours[:, :3] == 128).all()
    tool.close()
