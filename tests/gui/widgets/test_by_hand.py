"""Widgets as they are used by hand: what is typed, browsed, pointed at, and what fails meanwhile."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from core.errors import XCosError
from core.faces.face import Face
from core.project.edits import face_subject
from core.project.project import Project
from core.scoring.lists import PairList
from tests.gui.resting import settled
from xcos_gui.shell.target_dialog import TargetDialog
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.curve_reader import CurveReader
from xcos_gui.widgets.decimal_box import DecimalBox
from xcos_gui.widgets.elided import literal
from xcos_gui.widgets.model_choice import FILE, ModelChoice
from xcos_gui.widgets.pair_view import PairView
from xcos_gui.widgets.selector import LISTED, Selector
from xcos_gui.widgets.subject_edit import SubjectEdit
from xcos_gui.widgets.theme import dark_palette
from xcos_gui.widgets.thumbnails import Thumbnails
from xcos_gui.widgets.tool_window import ToolWindow

UNFORESEEN = "Something went wrong that should not; please report it with the details in {}."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


def test_an_error_in_the_midst_of_a_filter_is_told_while_one_types(
    window: MainWindow, qtbot: QtBot
) -> None:
    line = window.pairs.filter
    line._timer.setInterval(0)
    for text, wrong in (
        ("outcome = FPP and score > 0", "near 'FPP'"),
        ("outcome = FPP ", None),  # it may go on
        ("fragile ) a", "near ')'"),
        ("score >", None),
        (" ", None),
        ("score > 0.1", None),
    ):
        line.edit.clear()
        qtbot.keyClicks(line.edit, text)
        qtbot.waitUntil(lambda: not line._timer.isActive())
        assert line.error.isHidden() == (wrong is None), text
        assert (wrong or "") in line.error.text()
    assert window.session.filter.text == ""


def test_the_cursor_goes_where_a_filter_lacks_something(window: MainWindow, qtbot: QtBot) -> None:
    line = window.pairs.filter
    for text, place in (("score >", 7), ("(score > 0.1", 12), ("outcome = FPP", 0)):
        line.edit.setText(text)
        line.edit.setCursorPosition(0)
        qtbot.keyClick(line.edit, Qt.Key.Key_Return)
        assert line.edit.cursorPosition() == place and not line.error.isHidden()


def test_a_model_is_chosen_by_name_or_from_a_file(
    qtbot: QtBot, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice, changes = ModelChoice(settings, "models", "no model"), list[Path | None]()
    qtbot.addWidget(choice)
    choice.changed.connect(lambda: changes.append(choice.path))
    one, other, third = (Path(f"/models/{name}.onnx") for name in ("a", "b", "c"))
    choice.offer([("first", one), ("second", other)])

    def pick(text: str) -> None:
        place = choice.findText(text)
        choice.setCurrentIndex(place)
        choice.activated.emit(place)

    def texts() -> list[str]:
        return [choice.itemText(place) for place in range(choice.count())]

    pick("second")
    assert choice.path == other and choice.toolTip() == str(other)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    pick(FILE)  # and no file after all
    assert choice.path == other and choice.currentText() == "second"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(third), ""))
    pick(FILE)
    assert (choice.path, choice.currentText()) == (third, "c.onnx")
    assert settings.recent_paths("models") == [third]
    pick("no model")
    assert choice.path is None and choice.toolTip() == ""
    assert changes == [other, third, None]
    assert texts() == ["no model", "first", "second", "c.onnx", FILE]
    choice.choose(Path("/elsewhere/d.onnx"))  # known by nobody
    assert texts() == ["no model", "first", "second", "d.onnx", "c.onnx", FILE]


def test_a_target_is_browsed_for_and_what_cannot_be_read_is_told(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    dialog = TargetDialog(None)
    qtbot.addWidget(dialog)
    browse = next(b for b in dialog.findChildren(QPushButton) if "Browse" in b.text())
    dialog.file.setText("before.onnx")
    for answer, shown in (("", "before.onnx"), (str(bad), str(bad))):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, a=answer: (a, ""))
        browse.click()
        assert dialog.file.text() == shown
    qtbot.waitUntil(lambda: str(bad) in dialog.found.text(), timeout=60_000)

    def broken(_: Path) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr("core.model.target.read_target", broken)
    dialog.use_file(bad)
    qtbot.waitUntil(lambda: "Reading" not in dialog.found.text(), timeout=60_000)
    log = tmp_path / "user" / "errors.log"
    assert dialog.found.text() == UNFORESEEN.format(log)
    assert log.read_text() == "RuntimeError('odd')\n"
    dialog.reject()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "The memory is full; close other programs or choose fewer pairs."),
        (XCosError("There are no pairs."), "There are no pairs."),
        (RuntimeError("odd"), UNFORESEEN),
    ],
)
def test_a_tool_tells_why_its_work_failed(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path, error: Exception, told: str
) -> None:
    tool = ToolWindow(empty.session)
    qtbot.addWidget(tool)

    def work(_: object) -> None:
        raise error

    tool.compute("Looking", work, lambda _: None)
    assert not tool.progress.isHidden()
    qtbot.waitUntil(lambda: bool(tool.note.text()))
    assert tool.progress.isHidden()
    log = tmp_path / "user" / "errors.log"
    assert tool.note.text() == told.format(log)
    assert log.exists() == (told == UNFORESEEN)
    if told == UNFORESEEN:
        assert "in work" in log.read_text() and "RuntimeError: odd" in log.read_text()


def test_a_tool_s_plots_follow_a_change_of_theme(empty: MainWindow, qtbot: QtBot) -> None:
    tool, plot = ToolWindow(empty.session), pg.PlotWidget()
    qtbot.addWidget(tool)
    tool.body.addWidget(plot)
    tool.plots = [plot]
    tool.show()
    for palette in (dark_palette(), QPalette(QColor("#ddeeff"))):
        tool.setPalette(palette)
        text, base = (palette.color(r) for r in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Base))  # fmt: skip
        assert plot.getAxis("left").textPen().color() == text
        assert plot.backgroundBrush().color() == base


def test_a_number_typed_with_a_comma_is_mended_to_a_point(qtbot: QtBot) -> None:
    box = DecimalBox(minimum=0.2, maximum=1.0, decimals=3)
    qtbot.addWidget(box)
    assert box.fixup("0,35") == "0.350" and box.fixup("1,2,3") == "1,2,3"


def test_a_long_name_in_a_menu_keeps_its_start_and_twice_as_much_of_its_end() -> None:
    name = "".join(chr(ord("a") + k % 26) for k in range(91))
    assert literal(name[:90]) == name[:90]
    assert literal(name) == f"{name[:30]}…{name[-60:]}"
    assert literal("one & two") == "one && two"


def test_a_cell_of_a_shown_pair_is_told_and_marked_everywhere(
    window: MainWindow, qtbot: QtBot
) -> None:
    report = window.session.report()
    assert report is not None
    view = PairView()
    qtbot.addWidget(view)
    view.show_report(report)
    e = report.explanation
    for cell, source in (((2, 5), view.faces[0]), ((6, 0), view.maps["cosine"].view)):
        source.cell_changed.emit(cell)
        s, w = float(e.cosine[cell]), float(e.attention[cell])
        assert view.cell_text.text() == (
            f"Row {cell[0] + 1}, column {cell[1] + 1}, {report.regions[cell]}: "
            f"S {s:.3f}, W {w:.4f}, W\N{MIDDLE DOT}S {s * w:.4f}"
        ).replace("-", "\N{MINUS SIGN}")
        assert all(face._cell == cell for face in view.faces)
    view.faces[1].cell_changed.emit(None)
    assert view.cell_text.text() == "" and view.faces[0]._cell is None


def test_the_mouse_points_at_cells_and_beside_them_at_none(qtbot: QtBot) -> None:
    view, told = CellView("Left face"), list[object]()
    qtbot.addWidget(view)
    view.resize(300, 140)  # the square is in the middle
    view.set_crop(np.zeros((112, 112, 3), np.uint8))
    view.show()
    view.cell_changed.connect(told.append)
    square = view._square()
    for x, y, cell in ((0.5, 0.1, (0, 3)), (0.99, 0.99, (6, 6)), (0.01, 0.5, (3, 0))):
        at = QPointF(square.x() + x * square.width(), square.y() + y * square.height())
        qtbot.mouseMove(view, at.toPoint())
        assert told[-1] == cell
    qtbot.mouseMove(view, QPoint(3, 70))
    assert told[-1] is None and len(told) == 4


def test_a_point_of_a_curve_is_marked_while_the_mouse_is_near(qtbot: QtBot) -> None:
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    plot.resize(420, 300)
    plot.show()
    reader = CurveReader(plot, plot.plot(np.array([0.0, 0.2, 1.0]), np.array([0.1, 0.7, 0.9])))
    plot.setRange(xRange=(0, 1), yRange=(-1, 1), padding=0.1)
    plot.grab()
    told: list[object] = []
    reader.hovered.connect(told.append)
    at = reader.place_of(1)
    for move, number in ((QPointF(2, 2), 1), (QPointF(0, 90), None)):
        plot.scene().sigMouseMoved.emit(at + move)
        assert told[-1] == number
        x, y = reader._mark.getData()
        assert (list(x), list(y)) == (([0.2], [0.7]) if number else ([], []))


def test_an_empty_list_of_pairs_is_told_not_measured(qtbot: QtBot) -> None:
    none = PairList(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    gallery = SimpleNamespace(gallery=SimpleNamespace(faces=()))
    for listed in (None, none):
        session = SimpleNamespace(
            listed=listed, rows=gallery, columns=gallery, edits=(), project=None, threshold=0.5,
            filter=SimpleNamespace(mask=None, text=""),
        )  # fmt: skip
        selector = Selector("Of", session, lambda: None)  # type: ignore[arg-type]
        qtbot.addWidget(selector)
        selector.fill()
        selector.choose_listed()
        assert selector.outcome.currentData() == LISTED
        with pytest.raises(XCosError) as told:
            selector.maker(None)  # type: ignore[arg-type]
        assert str(told.value) == (
            "The list of pairs is empty; list some in the main window first."
        )


def test_of_pictures_the_ones_asked_for_last_are_decoded_and_kept(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xcos_gui.widgets.thumbnails.KEPT", 2)
    loaded = window.session.loaded
    assert loaded is not None
    faces, pictures = loaded.gallery.faces, Thumbnails(window.session)
    for face in faces[:3]:
        with qtbot.waitSignal(pictures.ready):
            assert pictures.get(face) is None
        assert pictures.arrived == {face.digest}
    kept = [pictures._pixmaps.get(face.digest) for face in faces[:3]]
    assert kept[0] is None and kept[1] is not None and kept[2] is not None
    crop = window.session.crop(faces[2])
    shown = kept[2].toImage()
    assert (shown.width(), shown.height()) == (112, 112)
    assert shown.pixelColor(70, 20).getRgb()[:3] == tuple(crop[20, 70].tolist())  # type: ignore[index]
    with qtbot.waitSignal(pictures.ready):  # of a photo that is not there: grey
        gone = Face("gone/1.png", 1, "gone", None, "no such digest")
        pictures.get(gone)
    grey = pictures.get(gone)
    assert grey is not None and grey.toImage().pixelColor(0, 0) == QColor(Qt.GlobalColor.gray)
    pictures.close()


def test_pictures_scrolled_past_are_not_decoded(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xcos_gui.widgets.thumbnails.WAITING", 2)
    loaded = window.session.loaded
    assert loaded is not None
    pictures, jobs = Thumbnails(window.session), list[object]()
    monkeypatch.setattr(pictures._pool, "submit", jobs.append)
    for face in loaded.gallery.faces[:5]:
        pictures.get(face)
    assert list(pictures._waiting) == [face.digest for face in loaded.gallery.faces[3:5]]
    assert len(jobs) == 5
    pictures.close()


def test_what_was_typed_of_one_project_is_not_written_into_the_next(
    qtbot: QtBot, crops: Path, probes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (Project.open(folder, tmp_path) for folder in (crops, probes))
    told: list[str] = []
    session = SimpleNamespace(project=one, message=SimpleNamespace(emit=told.append))
    session.edit = lambda change: change(session.project)
    edit, subject = SubjectEdit(session), face_subject("ann/1.png")  # type: ignore[arg-type]
    qtbot.addWidget(edit)
    edit.show_subject(subject, one.edits)
    qtbot.keyClicks(edit.note, "odd")
    session.project = other  # another gallery is open by now
    edit.show_subject(face_subject("dan/4.png"), other.edits)
    assert one.edits.notes == {subject: "odd"} and other.edits.notes == {}
    assert edit.note.toPlainText() == ""

    def full(*_: object) -> None:
        raise XCosError("The disk is full.")

    monkeypatch.setattr(Project, "retag", full)
    qtbot.keyClicks(edit.tags, "even")
    session.project = one
    edit.show_subject(subject, one.edits)
    assert told == ["The disk is full."] and edit.note.toPlainText() == "odd"


@pytest.mark.parametrize("where", ["tags", "note"])
def test_what_is_typed_while_another_gallery_opens_is_kept_with_its_own_pair(
    window: MainWindow, qtbot: QtBot, crops: Path, probes: Path, where: str
) -> None:
    session = window.session
    session.select_pair(0, 2)
    session.open_gallery(probes)  # in the background, while one types on
    window.activateWindow()
    if where == "note":
        window.show_notes()
    typed = window.inspector.judging.tags if where == "tags" else window.notes.sections[0].note
    typed.setFocus()
    qtbot.keyClicks(typed, "odd")
    qtbot.waitUntil(lambda: session.source == probes)
    settled(window, qtbot)
    folder = session.cache.folder
    there, here = (Project.open(source, folder).edits for source in (crops, probes))
    assert here.tags == {} and here.notes == {}
    assert [*there.tags.values(), *there.notes.values()] in ([("odd",)], ["odd"])


def test_nothing_is_read_of_a_curve_once_the_mouse_leaves_or_it_is_another_one(
    qtbot: QtBot,
) -> None:
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.show()
    curve = plot.plot(np.array([0.0, 0.2, 1.0]), np.array([0.1, 0.7, 0.9]))
    plot.setRange(xRange=(0, 1), yRange=(-1, 1), padding=0.1)
    plot.grab()
    reader = CurveReader(plot, curve)
    told: list[int | None] = []
    reader.hovered.connect(told.append)

    def point() -> None:
        plot.scene().sigMouseMoved.emit(reader.place_of(1))
        assert told[-1] == 1 and len(reader._mark.getData()[0]) == 1

    for changes in (
        lambda: QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave)),
        lambda: curve.setData([0.0, 0.2, 1.0], [0.2, 0.8, 1.0]),
        lambda: curve.setData([], []),
    ):
        point()
        changes()
        assert told[-1] is None and not len(reader._mark.getData()[0])
