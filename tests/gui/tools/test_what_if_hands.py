"""What if by hand: mouse, wheel, keys, list and boxes, and what may be pressed when."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QLabel
from pytestqt.qtbot import QtBot

from core.explain.editing.edits import EDIT_KINDS, SETTINGS, Edit, usual
from core.explain.editing.what_if import Question
from tests.gui.resting import settled
from tests.gui.tools.test_answers_of import held
from tests.gui.tools.test_what_if import answered, at, drag, tool  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.what_if.edit_settings import HINTS
from xcos_gui.tools.what_if.edit_view import EditView
from xcos_gui.tools.what_if.window import EMPTY, WhatIfWindow

Key, Shift = Qt.Key, Qt.KeyboardModifier.ShiftModifier
MAGENTA = (255, 0, 200)


def press(view: EditView, x: float, y: float) -> None:
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at(view, x, y))


def turn_wheel(view: EditView, notches: float) -> None:
    middle = QPointF(view.rect().center())
    view.wheelEvent(
        QWheelEvent(
            middle, middle, QPoint(), QPoint(0, round(120 * notches)), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )
    )  # fmt: skip


def marked(view: EditView) -> np.ndarray:
    """Where a face has the mark's colour, (height, width)."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    near: np.ndarray = np.abs(pixels.astype(int) - MAGENTA).max(axis=2) < 12
    return near


def may(tool: WhatIfWindow) -> list[bool]:  # noqa: F811
    panel = tool.panel
    return [b.isEnabled() for b in (panel.undo, panel.redo, panel.reset, panel.swap, panel.save)]


def test_wheel_and_keys_change_the_chosen_edit_alone(tool: WhatIfWindow) -> None:  # noqa: F811
    left, right = tool.faces["left"], tool.faces["right"]
    press(left, 30, 40)
    start = tool.history.question.left[0]
    assert (start.x + 16, start.y + 16) == pytest.approx((30, 40), abs=0.5)
    for key, shifted, (dx, dy) in (
        (Key.Key_Left, False, (-1, 0)), (Key.Key_Right, True, (8, 0)), (Key.Key_Up, True, (0, -8)),
        (Key.Key_Down, False, (0, 1)),
    ):  # fmt: skip
        before = tool.history.question.left[0]
        QTest.keyClick(left, key, Shift if shifted else Qt.KeyboardModifier.NoModifier)
        QTest.keyClick(right, key)  # the other face has no chosen edit
        now = tool.history.question.left[0]
        assert (now.x - before.x, now.y - before.y) == pytest.approx((dx, dy)), key
    moved = tool.history.question.left[0]
    for key, width in ((Key.Key_Plus, 1.08), (Key.Key_Equal, 1.1664), (Key.Key_Minus, 1.08)):
        QTest.keyClick(left, key)
        turn_wheel(right, 3)
        assert tool.history.question.left[0].width == pytest.approx(32 * width, abs=0.01)
    turn_wheel(left, -3)
    assert tool.history.question.left[0].width == pytest.approx(32 * 1.08**-2, abs=0.01)
    assert tool.history.question.right == ()
    # Notches of one wheel are one step, and so are moves by keys, and the press before them.
    steps = []
    while tool.history.can_undo:
        tool.panel.undo.click()
        steps.append(tool.history.question.left)
    assert steps == [(moved,), (start,), ()]
    # A new patch is as large as the last one.
    press(right, 60, 60)
    assert tool.history.question.right[0].width == pytest.approx(32 * 1.08**-2, abs=0.01)
    QTest.mousePress(right, Qt.MouseButton.RightButton, pos=at(right, 20, 20))
    QTest.mousePress(
        right, Qt.MouseButton.LeftButton, pos=at(right, 0, 0) - QPoint(6, 6)
    )  # beside the face
    assert len(tool.history.question.right) == 1
    press(left, 30, 30)
    press(right, 62, 62)  # within the patch that is there
    press(right, 100, 20)
    middles = [
        e.x + e.width / 2 for side in ("left", "right") for e in tool.history.question.of(side)
    ]  # type: ignore[arg-type]
    assert middles == pytest.approx([30, 60, 100], abs=0.5)


def test_the_chosen_edit_is_framed_on_its_face(tool: WhatIfWindow) -> None:  # noqa: F811
    left, right = tool.faces["left"], tool.faces["right"]
    assert not marked(left).any()
    press(left, 50, 40)
    tool.setFocus()
    edit, image = tool.history.question.left[0], marked(left)
    corner, end = at(left, edit.x, edit.y), at(left, edit.x + edit.width, edit.y + edit.height)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert (columns[0], rows[0]) == pytest.approx((corner.x(), corner.y()), abs=3)
    assert (columns[-1], rows[-1]) == pytest.approx((end.x(), end.y()), abs=3)
    inside = image[rows[0] + 4 : rows[-1] - 3, columns[0] + 4 : columns[-1] - 3]
    assert not inside.any() and not marked(right).any()
    press(left, 2, 2)  # a patch of which three quarters lie beside the face
    image = marked(left)
    assert np.flatnonzero(image.any(axis=0))[0] == pytest.approx(at(left, 0, 0).x(), abs=3)
    tool.panel.set_tool("sunglasses")  # another tool: nothing is chosen
    assert not marked(left).any()
    press(left, 50, 40)
    assert tool.panel.list.currentRow() == 2 and not marked(left).any()  # they are seen themselves


def test_a_mirror_is_pressed_there_and_back(tool: WhatIfWindow, qtbot: QtBot) -> None:  # noqa: F811
    left = tool.faces["left"]
    QTest.keyClick(tool, Key.Key_0)
    press(left, 50, 40)
    assert tool.history.question.left == (Edit("mirror"),)
    answered(tool, qtbot)
    assert tool.answer is not None and tool.editor is not None
    crop = tool.editor.faces["left"].edited(()).crop
    assert np.abs(tool.answer.left.crop[:, ::-1].astype(int) - crop).mean() < 1
    press(left, 50, 40)
    assert tool.history.question == Question() and tool.panel.list.currentRow() == -1
    tool.panel.undo.click()
    assert tool.history.question.left == (Edit("mirror"),)


def test_each_key_is_a_tool_with_its_hint_and_its_numbers(tool: WhatIfWindow) -> None:  # noqa: F811
    panel = tool.panel
    for place, kind in enumerate(EDIT_KINDS):
        QTest.keyClick(tool, Key(Key.Key_0 + (place + 1) % 10))
        buttons = [panel.tools.button(k) for k in range(len(EDIT_KINDS))]
        assert panel.tool == kind and [b.isChecked() for b in buttons].index(True) == place
        assert f"(key {(place + 1) % 10})" in buttons[place].toolTip()
        told = [
            label.text()
            for label in panel.settings.findChildren(QLabel)
            if label.isVisibleTo(panel)
        ]
        assert told == [HINTS[kind]]
        press(tool.faces["right"], 50, 60)
        QCoreApplication.processEvents()  # new boxes are shown
        boxes = [b for b in panel.settings.findChildren(QDoubleSpinBox) if b.isVisibleTo(panel)]
        edit = tool.history.question.right[-1]
        assert edit.kind == kind and len(boxes) == len(SETTINGS[kind])
        for box, setting in zip(boxes, SETTINGS[kind], strict=True):
            fine = setting.unit in ("times", "share")
            assert (box.minimum(), box.maximum()) == (setting.low, setting.high)
            assert (box.decimals(), box.singleStep()) == ((2, 0.05) if fine else (1, 1.0))
            assert box.suffix() == f" {setting.unit}" and box.accessibleName() == setting.text
            assert box.value() == pytest.approx(getattr(edit, setting.name), abs=0.06)
    panel.tools.button(3).click()
    assert panel.tool == "blur" and panel.list.currentRow() == -1


def test_the_list_chooses_edits_of_both_faces(tool: WhatIfWindow, qtbot: QtBot) -> None:  # noqa: F811
    panel = tool.panel
    assert may(tool) == [False, False, False, True, True]
    for kind, side, place in (("turn", "right", 50), ("patch", "left", 40), ("blur", "left", 40)):
        panel.set_tool(kind)  # type: ignore[arg-type]
        press(tool.faces[side], place, 50)  # type: ignore[index]
    assert may(tool) == [True, False, True, True, True]
    texts = [panel.list.item(row).text() for row in range(panel.list.count())]
    assert texts[0].startswith("Left: patch ") and texts[1:] == [
        "Left: blur 3 px",
        "Right: turn 10 degrees",
    ]
    assert panel.list.currentRow() == 1
    panel.list.setCurrentRow(2)
    assert panel.tool == "turn" and panel.settings.findChildren(QDoubleSpinBox)[-1].value() == 10
    turn_wheel(tool.faces["right"], 2)
    assert tool.history.question.right == (Edit("turn", strength=12),)
    assert panel.list.item(2).text() == "Right: turn 12 degrees" and panel.list.currentRow() == 2
    panel.list.setCurrentRow(0)
    assert panel.tool == "patch"
    QTest.keyClick(tool, Key.Key_Delete)
    assert tool.history.question == Question((usual("blur"),), (Edit("turn", strength=12),))
    assert panel.list.currentRow() == -1
    QTest.keyClick(tool, Key.Key_Delete)  # nothing is chosen
    assert panel.list.count() == 2
    QTest.keyClick(tool, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.list.count() == 3 and may(tool)[:2] == [True, True]
    QTest.keyClick(tool, Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert panel.list.count() == 2 and may(tool)[:2] == [True, False]
    panel.reset.click()
    assert tool.history.question == Question() and may(tool) == [True, False, False, True, True]
    panel.undo.click()
    QTest.keyClick(tool, Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert tool.history.question.swapped and panel.swap.isChecked()
    answered(tool, qtbot)
    assert tool.answer is not None and tool.answer.question.swapped
    panel.swap.click()
    assert not tool.history.question.swapped and not panel.swap.isChecked()
    QTest.keyClick(tool, Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert tool.history.question == Question()


def test_without_a_pair_nothing_can_be_pressed(
    window: MainWindow, tool: WhatIfWindow, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    press(tool.faces["left"], 50, 60)
    answered(tool, qtbot)
    tool.session.explanation_changed.emit(None)
    assert may(tool) == [False] * 5 and tool.panel.list.count() == 0
    assert tool.words.text() == EMPTY and tool.trust.text() == ""
    assert all(shown.values is None for shown in tool.maps)
    assert not any(view.isEnabled() for view in tool.faces.values())
    tool.ask_where()
    assert tool.note.text() == EMPTY
    assert tool.history.question == Question()


def test_nothing_of_the_former_pair_stays_while_the_next_is_prepared(
    tool: WhatIfWindow,  # noqa: F811
    window: MainWindow,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    former, go_on = tool.words.text(), held(tool, monkeypatch)
    press(tool.faces["left"], 30, 40)  # its answer comes after the walk
    window.session.select_pair(1, 4)
    window.session.set_threshold(0.1)
    assert tool.words.text() == "Preparing the pair…" and not tool.panel.save.isEnabled()
    assert all(shown.values is None for shown in tool.maps)
    assert [label.text() for label in tool._names.values()] == ["ann/2.png", "bob/2.png"]
    QTest.keyClick(tool, Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert tool.note.text() == EMPTY
    go_on.set()
    qtbot.waitUntil(lambda: tool.answer is not None)
    assert tool.words.text() not in (former, "Preparing the pair…")


def test_edits_are_of_the_faces_and_not_of_their_names(
    tool: WhatIfWindow,  # noqa: F811
    window: MainWindow,
    qtbot: QtBot,
    crops: Path,
    tmp_path: Path,
) -> None:
    press(tool.faces["left"], 30, 40)
    answered(tool, qtbot)
    edited = tool.history.question
    again, other = (shutil.copytree(crops, tmp_path / name) for name in ("again", "other"))
    shutil.copyfile(crops / "ann" / "2.png", other / "ann" / "1.png")
    for gallery, question in ((other, Question()), (again, edited)):
        window.session.open_gallery(gallery)
        settled(window, qtbot)
        window.session.select_pair(0, 3)
        answered(tool, qtbot)
        assert [label.text() for label in tool._names.values()] == ["ann/1.png", "bob/1.png"]
        assert tool.history.question == question
