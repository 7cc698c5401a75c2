"""The matrix while work goes on in the background: what is shown meanwhile, and where the work fails."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


from threading import Event, get_ident

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from core.errors import Stopped, XCosError
from core.explain.colours import outcome_colours
from core.explain.matrix_image import MatrixImage, Part, error_colours
from tests.gui.panels.test_matrix_orders import choose, rest
from tests.gui.panels.test_painted import seen
from tests.gui.resting import settled
from xcos_gui.shell.window import MainWindow

PEOPLE = {"ann": range(3), "bob": range(3, 5), "cem": range(5, 6)}


@pytest.fixture
def told(window: MainWindow) -> list[str]:
    said: list[str] = []
    window.session.message.connect(said.append)
    return said


def errors_of(scores: np.ndarray, threshold: float, one: str, other: str) -> tuple[int, int]:
    """How many of two people's pairs are errors, and how many there are, each pair twice on the diagonal."""
    pairs = [(i, j) for i in PEOPLE[one] for j in PEOPLE[other] if i != j]
    return sum((scores[p] > threshold) != (one == other) for p in pairs), len(pairs)


def test_errors_are_counted_beside_the_window_and_painted_as_shares(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = window.matrix, window.session
    assert session.matrix is not None
    scores = session.matrix.scores
    monkeypatch.setattr("core.explain.matrix_image.COUNTED_AT_ONCE", 0)
    counted: list[tuple[int, float]] = []
    count = MatrixImage.count

    def noted(image: MatrixImage, part: Part, threshold: float) -> np.ndarray:
        counted.append((get_ident(), threshold))
        return count(image, part, threshold)

    monkeypatch.setattr(MatrixImage, "count", noted)
    choose(window, qtbot, panel.bar.level, "people")
    choose(window, qtbot, panel.bar.far, "errors")
    colours = error_colours(False)
    shares = set[float]()
    for threshold in np.quantile(scores[:3, 3:5], [0.3, 0.7]).tolist():
        session.set_threshold(threshold)
        panel._plot.grab()  # asks for the count
        qtbot.waitUntil(lambda: not panel.arranger._counting.running and not session.busy)
        for row, one in enumerate(PEOPLE):
            for column, other in enumerate(PEOPLE):
                if one == other == "cem":
                    continue  # no pair
                wrong, pairs = errors_of(scores, threshold, one, other)
                shares.add(wrong / pairs)
                wanted = colours[int(np.ceil(255 * wrong / pairs))]
                assert np.abs(seen(window, row, column) - wanted).max() <= 1, (one, other)
        assert counted[-1][1] == threshold
    assert len(shares) > 3 and get_ident() not in {thread for thread, _ in counted}
    assert panel.bar._bar.toolTip() == (
        "Share of pairs on the wrong side of the threshold; grey: none"
    )
    strip, height = panel.bar._bar.grab().toImage(), panel.bar._bar.height()
    ends = [QColor(*outcome_colours(False)[name]) for name in ("TN", "FP")]
    across = [strip.pixelColor(x, height // 2) for x in range(strip.width())]
    places = [k for k, colour in enumerate(across) if near(colour, ends[1])]
    assert places and any(near(colour, ends[0]) for colour in across[: places[0]])


def near(one: QColor, other: QColor) -> bool:
    parts = zip(one.getRgb(), other.getRgb(), strict=True)  # type: ignore[call-overload]
    return all(abs(a - b) <= 3 for a, b in parts)


def test_what_far_points_show_is_kept_for_scores_and_outcomes_apart(
    window: MainWindow, qtbot: QtBot
) -> None:
    bar = window.matrix.bar
    changes: list[None] = []
    window.matrix.view_changed.connect(lambda: changes.append(None))
    choose(window, qtbot, bar.far, "errors")
    assert bar.fars == {"score": "errors", "outcome": "worst"} and changes
    bar.colouring.setCurrentIndex(1)
    assert bar.far.currentData() == "worst"
    choose(window, qtbot, bar.far, "errors")
    bar.colouring.setCurrentIndex(0)
    choose(window, qtbot, bar.far, "mean")
    assert bar.fars == {"score": "mean", "outcome": "errors"}


def test_scores_refined_while_another_image_is_made_are_in_it(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = window.matrix, window.session
    assert session.matrix is not None
    scores = session.matrix.scores
    # Of so few pairs nothing would be kept that could be out of date.
    monkeypatch.setattr("core.scoring.blocks.KEPT_CELLS", 1)
    made, refined = Event(), Event()
    prepare = MatrixImage.prepare

    def prepared(image: MatrixImage) -> None:
        image.blocks(slice(0, 3), slice(0, 3))
        prepare(image)
        made.set()
        assert refined.wait(30)

    monkeypatch.setattr(MatrixImage, "prepare", prepared)
    panel.bar.level.setCurrentIndex(panel.bar.level.findData("people"))
    panel.bar.level.activated.emit(panel.bar.level.currentIndex())
    assert made.wait(30)
    scores[0:3, 3:5], scores[3:5, 0:3] = 0.25, 0.25
    session.matrix_refined.emit([(slice(0, 3), slice(3, 5)), (slice(3, 5), slice(0, 3))])
    refined.set()
    rest(window, qtbot)
    for cell in ((0, 1), (1, 0)):
        panel._on_mouse(panel._view.mapViewToScene(QPointF(cell[1] + 0.5, cell[0] + 0.5)))
        assert "mean score 0.250; worst impostor 0.250" in panel.readout.text()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Stopped("Ordering"), "Ordering the matrix was stopped; it is as before."),
        (XCosError("There is no such order."), "There is no such order."),
    ],
)
def test_where_ordering_ends_early_the_matrix_is_as_it_was(
    window: MainWindow,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    told: list[str],
    error: Exception,
    sentence: str,
) -> None:
    panel = window.matrix
    choose(window, qtbot, panel.bar.level, "people")

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("xcos_gui.panels.matrix.arranging.arrange", broken)
    choose(window, qtbot, panel.bar.rows, "hardness")
    assert told == [sentence]
    assert panel.item.image is not None and panel.item.image.shown.shape == (3, 3)
    assert (panel.bar.level.currentData(), panel.bar.rows.currentData()) == ("people", "name")
    settled(window, qtbot)


def test_a_measure_of_people_that_fails_is_told(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    errors: list[Exception] = [Stopped("People"), XCosError("Nobody can be measured.")]

    def broken(*_: object, **__: object) -> None:
        raise errors[0]

    monkeypatch.setattr("xcos_gui.panels.matrix.margins.people", broken)
    for threshold, sentences in ((0.2, []), (0.4, ["Nobody can be measured."])):
        window.session.set_threshold(threshold)
        qtbot.waitUntil(
            lambda: not window.matrix.margins._timer.isActive() and not window.session.busy
        )
        assert told == sentences
        errors.pop(0)


def test_a_new_rectangle_beside_the_matrix_chooses_nothing(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = window.matrix
    for beside in (QRectF(6.5, 1, 2, 2), QRectF(1, -3, 2, 2.5)):
        panel._on_band(QRectF(3.2, 0.2, 1.5, 1.5), "new")
        rest(window, qtbot)
        assert "4 pairs chosen: " in panel.chosen_bar.words.text()
        for how in ("add", "remove"):
            panel._on_band(beside, how)
            assert not panel.chosen_bar.isHidden()
        panel._on_band(beside, "new")
        assert panel.chosen_bar.isHidden()


def test_a_count_of_chosen_pairs_that_fails_is_told_and_one_stopped_chooses_nothing(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    panel = window.matrix
    for error, sentences in (
        (XCosError("These cannot be counted."), ["These cannot be counted."]),
        (Stopped("Counting"), []),
    ):

        def broken(*_: object, e: Exception = error) -> None:
            raise e

        monkeypatch.setattr("xcos_gui.panels.matrix.selecting.count_chosen", broken)
        told.clear()
        panel._on_band(QRectF(3.2, 0.2, 1.5, 1.5), "new")
        rest(window, qtbot)
        assert told == sentences
        assert panel.chosen_bar.isHidden() == (not sentences)
