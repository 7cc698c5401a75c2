"""The panel Pair by hand: overlays, their strength, Space, keys that judge, and what a cell says."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QToolButton
from pytestqt.qtbot import QtBot

from core.explain.colours import faded, map_rgba
from core.model.kinds import ATTENTION_KINDS, ORDERS
from core.project.edits import pair_subject
from xcos_gui.panels.pair.panel import DECIDES
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.colour_bar import ColourBar
from xcos_gui.widgets.elided import ElidedLabel

MINUS, DOT = "\N{MINUS SIGN}", "\N{MIDDLE DOT}"


def overlay_of(view: CellView) -> np.ndarray | None:
    if view._overlay is None:
        return None
    image = view._overlay.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.array([image.pixelColor(k % 7, k // 7).getRgb() for k in range(49)]).reshape(7, 7, 4)


@pytest.fixture
def pair(window: MainWindow) -> MainWindow:
    window.session.set_threshold(0.1)
    window.session.select_pair(1, 4)
    return window


def test_both_faces_have_the_overlay_that_is_chosen(pair: MainWindow) -> None:
    panel, session = pair.inspector, pair.session
    e, limits = session.explanation, session.colour_limits
    assert (
        e is not None and panel.overlay.currentData() == "evidence" and panel.opacity.value() == 45
    )
    w, s = e.attention, e.cosine
    maps = {
        "cosine": (s, 1.0), "attention": (w, limits.attention), "contribution": (w * s, limits.contribution),
        "evidence": (w * s - 0.1 * w, limits.contribution),
    }  # fmt: skip
    names = [panel.overlay.itemData(k) for k in range(panel.overlay.count())]
    assert names[0] is None and {*names[1:]} >= {*maps}
    for opacity in (45, 90):
        panel.opacity.setValue(opacity)
        for name, (values, limit) in maps.items():
            panel.overlay.setCurrentIndex(panel.overlay.findData(name))
            wanted = map_rgba(name, values, threshold=0.1, limit=limit, opacity=opacity / 100)  # type: ignore[arg-type]
            if name in ("contribution", "evidence"):
                wanted = faded(wanted, values, limit)
            for view in panel.faces:
                found = overlay_of(view)
                assert found is not None and np.abs(found - wanted.astype(int)).max() <= 2, (
                    name,
                    opacity,
                )
    panel.overlay.setCurrentIndex(0)
    assert [overlay_of(view) for view in panel.faces] == [None, None]


def test_space_shows_plain_faces_while_it_is_held(pair: MainWindow) -> None:
    panel = pair.inspector
    before = overlay_of(panel.faces[0])
    assert before is not None
    QTest.keyPress(panel, Qt.Key.Key_Space)
    assert [overlay_of(view) for view in panel.faces] == [None, None]
    none = Qt.KeyboardModifier.NoModifier
    panel.keyReleaseEvent(QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Space, none, " ", True))
    assert overlay_of(panel.faces[1]) is None  # a repeat is no release
    QTest.keyRelease(panel, Qt.Key.Key_Space)
    for view in panel.faces:
        np.testing.assert_array_equal(overlay_of(view), before)  # type: ignore[arg-type]
    QTest.keyClick(panel, Qt.Key.Key_F12)  # another key hides nothing
    assert overlay_of(panel.faces[0]) is not None


def test_a_cell_is_told_marked_and_found_in_the_table(pair: MainWindow) -> None:
    panel, session = pair.inspector, pair.session
    e, report = session.explanation, session.report()
    assert e is not None and report is not None
    for cell in ((0, 6), (3, 2), (6, 0)):
        panel.faces[1].cell_changed.emit(cell)
        s, w = float(e.cosine[cell]), float(e.attention[cell])
        said = f"Row {cell[0] + 1}, column {cell[1] + 1}, {report.regions[cell]}: S {s:.3f}, W {w:.4f}, W{DOT}S {s * w:.4f}"
        assert panel.cell_text.text().startswith(said.replace("-", MINUS))
        assert all(view._cell == cell for view in (*panel.faces, *panel.maps.values()))
        assert panel.cells.cell(panel.table.currentIndex().row()) == cell
    panel.table.selectRow(4)
    cell = panel.cells.cell(4)
    assert all(view._cell == cell for view in panel.faces)
    session.set_threshold(0.2)  # what is pointed at stays
    assert panel.faces[0]._cell == cell
    panel.faces[0].cell_changed.emit(None)
    assert panel.cell_text.text() == "" and panel.maps["cosine"]._cell is None


def test_switches_follow_the_session_and_lead_it(pair: MainWindow, qtbot: QtBot) -> None:
    panel, session = pair.inspector, pair.session
    assert [panel.kind.itemData(k) for k in range(panel.kind.count())] == [*ATTENTION_KINDS]
    assert [panel.order.itemData(k) for k in range(panel.order.count())] == [*ORDERS]
    for kind in ("uniform", "correlation", "learned"):
        panel.kind.setCurrentIndex(panel.kind.findData(kind))
        panel.kind.activated.emit(panel.kind.currentIndex())
        qtbot.waitUntil(lambda: not session.busy, timeout=60_000)
        assert session.kind == kind and panel.order.isEnabled() == (kind == "learned")
    session.set_order("right-left")
    assert panel.order.currentData() == "right-left"
    panel.order.setCurrentIndex(panel.order.findData("left-right"))
    panel.order.activated.emit(panel.order.currentIndex())
    qtbot.waitUntil(lambda: not session.busy, timeout=60_000)
    assert session.order == "left-right"
    asked: list[str] = []
    session.tool_asked.connect(asked.append)
    buttons = {b.accessibleName(): b for b in panel.findChildren(QToolButton)}
    buttons["Both photos at full size"].click()
    assert asked == ["photos"]
    buttons["Swap left and right"].click()
    assert session.pair == (4, 1)
    assert [label.toolTip() for label in panel._names] == ["bob/2.png", "ann/2.png"]


def test_keys_judge_the_pair_but_not_a_face_with_itself(pair: MainWindow) -> None:
    panel, session = pair.inspector, pair.session
    assert session.project is not None
    subject = pair_subject("ann/2.png", "bob/2.png")
    for key, decision in DECIDES.items():
        QTest.keyClicks(panel, key)
        found = session.project.edits.decisions.get(subject)
        assert found == decision or decision is None
    before = dict(session.project.edits.decisions)
    session.select_pair(2, 2)
    assert panel.judging.isHidden()
    QTest.keyClicks(panel, next(iter(DECIDES)))
    assert session.project.edits.decisions == before


def test_without_a_pair_nothing_is_left_of_the_last_one(pair: MainWindow) -> None:
    panel, session = pair.inspector, pair.session
    panel._mark((2, 2))
    explanation = session.explanation
    session.explanation = None
    try:
        panel._on_explanation_changed(None)
        for view in (*panel.faces, *panel.maps.values()):
            assert view._crop is None and view._overlay is None
        assert [label.text() for label in panel._names] == ["", ""]
        texts = [label.text() for label in panel.findChildren(ElidedLabel) if label.isVisible()]
        assert not any("sum" in text or "map" in text for text in texts)
        assert not any(bar.isVisible() for bar in panel.findChildren(ColourBar))
        assert panel.cell_text.text() == ""
    finally:
        session.explanation = explanation


def test_the_wheel_over_choices_scrolls_and_changes_nothing(window: MainWindow) -> None:
    window.session.select_pair(0, 3)
    window.setFocus()
    pair, pairs, curves = window.inspector, window.pairs, window.curves
    boxes = (pair.kind, pair.order, pair.overlay, pair.judging.decision, pairs.choice, curves.spin)
    for box in boxes:
        middle, down = QPointF(box.rect().center()), QPoint(0, -120)
        before = box.property("currentText"), box.property("value")
        event = QWheelEvent(
            middle,
            QPointF(box.mapToGlobal(middle.toPoint())),
            QPoint(),
            down,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, event)
        assert not event.isAccepted()  # so that what lies around scrolls
        assert (box.property("currentText"), box.property("value")) == before
        assert box.focusPolicy() == Qt.FocusPolicy.StrongFocus  # the wheel gives no keys, either


def test_letters_judge_whatever_of_the_panel_has_the_keys(pair: MainWindow, qtbot: QtBot) -> None:
    panel, session = pair.inspector, pair.session
    assert session.project is not None
    pair.activateWindow()
    choices = panel.findChildren(QComboBox)
    assert {panel.kind, panel.order, panel.overlay} < {*choices}
    for keen in (*choices, panel.table):
        for key, decision in ((Qt.Key.Key_A, "accept"), (Qt.Key.Key_U, "unsure")):
            others = [box for box in choices if box is not panel.judging.decision]
            before = [box.currentText() for box in others]
            keen.setFocus()
            qtbot.keyClick(keen, key)
            assert panel.judging.decision.currentData() == decision
            assert [*session.project.edits.decisions.values()] == [decision]
            assert [box.currentText() for box in others] == before
