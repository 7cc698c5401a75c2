"""Single widgets, without a window around them: what they paint, take, tell and keep."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyqtgraph as pg
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, QRectF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QInputMethodEvent, QPainter
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from core.explain.matrix_image import LEAST_SPAN, MatrixImage
from core.scoring.matrix import ScoreMatrix
from core.scoring.orders import Asked
from xcos_gui.panels.matrix.kept_view import asked_from
from xcos_gui.state.settings import Settings
from xcos_gui.widgets.curve_reader import CurveReader
from xcos_gui.widgets.design import outcome_colour
from xcos_gui.widgets.filter_line import FilterEdit
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.model_choice import ModelChoice
from xcos_gui.widgets.path_fields import PathField, PathKind
from xcos_gui.widgets.progress import ProgressRow
from xcos_gui.widgets.verdict import paint_sign


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.mark.parametrize(
    ("outcome", "inked"),
    # In a square of 40: at the top left, at the top, in the middle, at the lower left.
    [("TP", "1111"), ("FP", "0111"), ("TN", "0111"), ("FN", "0100")],
)
def test_each_outcome_has_its_sign(qapp: QApplication, outcome: str, inked: str) -> None:
    """A square, a triangle, a disc and a ring, in the outcome's colour."""
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(0xFF00FF)
    painter = QPainter(image)
    paint_sign(painter, QRectF(1, 1, 38, 38), outcome, qapp.palette())  # type: ignore[arg-type]
    painter.end()
    colour = outcome_colour(outcome, qapp.palette())  # type: ignore[arg-type]
    places = [
        (3, 3),
        (20, 3 if outcome == "FN" else 8),
        (20, 24),
        (5, 36 if outcome != "TN" else 22),
    ]
    seen = [image.pixelColor(x, y) for x, y in places]
    assert "".join(str(int(one == colour)) for one in seen) == inked


def test_the_time_left_is_by_what_is_done_since_this_work_began(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("xcos_gui.widgets.progress.time.monotonic", lambda: clock.now)
    row = ProgressRow()
    qtbot.addWidget(row)
    row.show_progress("Reading photos", 0, 10)
    assert row.text.text() == "Reading photos" and not row.isHidden()
    clock.now = 120.0
    row.show_progress("Reading photos", 4, 10)  # 5 s each, 6 are left
    assert row.text.text() == "Reading photos, 30 s left"
    assert (row.bar.minimum(), row.bar.value(), row.bar.maximum()) == (0, 4, 10)
    row.show_progress("Scoring", 1, 5)  # another work begins now
    assert row.text.text() == "Scoring"
    clock.now = 124.0
    row.show_progress("Scoring", 2, 5)  # 4 s for the one since then, 3 are left
    assert row.text.text() == "Scoring, 12 s left"
    clock.now = 130.0
    row.show_progress("Scoring", 5, 5)
    assert row.text.text() == "Scoring"
    row.hide()
    clock.now = 200.0
    row.show_progress("Scoring", 1, 2)  # the same work once more
    assert row.text.text() == "Scoring"
    row.show_progress("Asking", 3, 0)
    assert row.bar.maximum() == 0  # how much there is is not known


def drag(widget: QWidget, urls: list[str], text: str = "") -> bool:
    """Whether a widget takes what is dragged over it, which then is dropped."""
    data, button = QMimeData(), Qt.MouseButton.LeftButton
    data.setUrls([QUrl(url) for url in urls])
    if text:
        data.setText(text)
    action, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPoint(5, 5), action, data, button, none)
    event.ignore()
    widget.dragEnterEvent(event)
    if event.isAccepted():
        widget.dropEvent(QDropEvent(QPointF(5, 5), action, data, button, none))
    return event.isAccepted()


def test_files_alone_can_be_dropped_into_a_field(qtbot: QtBot, settings: Settings) -> None:
    field = PathField(settings, PathKind("photos", folder=True))
    qtbot.addWidget(field)
    assert not drag(field, [], "some words") and field.text() == ""
    assert not drag(field, ["https://example.org/a.png"])
    assert drag(field, ["https://example.org/a.png", "file:///photos/b"])
    assert field.text() == "/photos/b"
    choice = ModelChoice(settings, "models", "no model")
    qtbot.addWidget(choice)
    assert not drag(choice, [], "some words") and not drag(choice, ["https://example.org/a.onnx"])
    assert drag(choice, ["https://example.org/a.onnx", "file:///models/b.onnx"])
    assert choice.path == Path("/models/b.onnx")


def test_what_is_not_understood_is_underlined_wherever_the_cursor_is(
    qtbot: QtBot, settings: Settings
) -> None:
    edit = FilterEdit(SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    qtbot.addWidget(edit)
    edit.setText("outcome = FPP and fragile")
    marked: list[tuple[int, int]] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QInputMethodEvent) -> bool:
            if isinstance(event, QInputMethodEvent):
                marked.extend(
                    (a.start + edit.cursorPosition(), a.length) for a in event.attributes()
                )
            return False

    watch = Watch()
    edit.installEventFilter(watch)
    for cursor in (0, 12, 25):
        edit.setCursorPosition(cursor)
        edit.underline(10, 13)
        edit.underline(4, 4)  # nothing
    assert marked == [(10, 3)] * 3


def test_the_nearest_point_of_a_curve_is_read(qtbot: QtBot) -> None:
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    plot.resize(420, 300)
    plot.show()
    x, y = np.array([0.0, 0.2, 0.5, 1.0]), np.array([0.1, 0.7, -0.4, 0.9])
    reader = CurveReader(plot, plot.plot(x, y))
    plot.setRange(xRange=(0, 1), yRange=(-1, 1), padding=0.1)
    plot.grab()
    for number in range(4):
        at = reader.place_of(number)
        assert reader.point_at(at + QPointF(6, -5)) == number
        told = plot.getViewBox().mapSceneToView(at)
        assert (told.x(), told.y()) == pytest.approx((x[number], y[number]), abs=1e-6)
    assert reader.point_at(reader.place_of(2) + QPointF(0, -90)) is None  # too far from all
    assert reader.point_at(QPointF(-50, -50)) is None


@given(st.floats(-1, 1), st.integers(0, 50))
def test_the_threshold_lies_well_between_the_ends_of_the_colours(
    threshold: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.uniform(-1, 1, 2))
    codes = np.arange(6, dtype=np.int32)
    scores = rng.uniform(low, high, (6, 6)).astype(np.float32)
    image = MatrixImage(ScoreMatrix(scores, True, codes, codes, "uniform", "both"))
    ends = image.scale(threshold)
    assert ends[0] <= threshold - LEAST_SPAN + 1e-9 and threshold + LEAST_SPAN - 1e-9 <= ends[1]
    assert ends[0] >= -1 - LEAST_SPAN and ends[1] <= 1 + LEAST_SPAN
    assert ends[0] <= max(image.limits[0], -1.2) and image.limits[1] <= ends[1]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3)
    ),
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("level", "orders", "faces", "against"), JSON))
)
def test_any_view_that_was_saved_is_one_that_can_be_shown(said: dict[str, object]) -> None:
    asked = asked_from(said)
    assert all(isinstance(part, str) for part in (asked.level, asked.rows, asked.columns))
    assert asked.faces is None or all(isinstance(face, str) for face in asked.faces)


def test_a_saved_view_is_the_one_that_is_shown_again() -> None:
    said = {"level": "people", "orders": ["name", "hardness"], "against": "uniform"}
    assert asked_from(said) == Asked("people", "name", "hardness", None, "uniform")
    said |= {"level": "faces", "faces": ["a.png", "b.png"], "against": None}
    assert asked_from(said) == Asked("faces", "name", "hardness", ("a.png", "b.png"), None)
    for wrong in ({"orders": None}, {"orders": ["name"]}, {"level": 3}, {"orders": ["name", 2]}):
        assert asked_from(said | wrong) == Asked()


def test_runs_have_a_folder_of_their_own(settings: Settings) -> None:
    assert settings.runs.name == "runs"
    settings.store.setValue("runs", "/elsewhere")
    assert settings.runs == Path("/elsewhere")


def test_a_map_s_title_is_not_cut(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    row = QHBoxLayout(holder)
    views = [MapView("attention", "Attention W"), MapView("cosine", "Cosine map S")]
    for view in views:
        row.addWidget(view)
    holder.resize(1, 200)  # as narrow as can be
    holder.show()
    for view in views:
        title = view.title
        assert title.width() >= title.fontMetrics().horizontalAdvance(title.text())


def test_a_sum_that_rounds_to_nothing_has_no_sign(qapp: QApplication) -> None:
    view = MapView("evidence", "If they gave nothing")
    view.show_map(np.full((7, 7), -1e-6), 0.0, 1.0, difference=True)
    assert view.title.text() == "If they gave nothing  (sum 0.000)"
    view.show_map(np.full((7, 7), -0.01), 0.0, 1.0, difference=True)
    assert view.title.text() == "If they gave nothing  (sum \N{MINUS SIGN}0.490)"
