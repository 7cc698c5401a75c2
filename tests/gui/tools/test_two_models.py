"""The window of two models: counts list pairs, points are pairs, maps are of both."""

from pathlib import Path

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from core.analysis.two_models import Comparison
from core.errors import Stopped
from tests.weights import other_weights
from xcos_gui.shell.tool_menu import GALLERY_TOOLS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.two_models.window import TwoModelsWindow


def opened(window: MainWindow) -> TwoModelsWindow:
    tool = next(tool for tool in GALLERY_TOOLS if tool.place[1] == "TwoModelsWindow")
    found = window.show_tool(tool)
    assert isinstance(found, TwoModelsWindow)
    return found


@pytest.fixture
def compared(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> TwoModelsWindow:
    found = opened(window)
    found.compare_with(other_weights(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: found.found is not None, timeout=60_000)
    return found


def test_it_says_what_to_do_first(window: MainWindow) -> None:
    found = opened(window)
    assert "Choose a second model above" in found.words.text()
    assert not found.agreement.isVisible()
    texts = [found.choice.itemText(k) for k in range(found.choice.count())]
    assert texts[0] == "Choose a model…" and "xcos-small" in texts and texts[-1] == "From a file…"


def test_counts_list_their_pairs(window: MainWindow, compared: TwoModelsWindow) -> None:
    assert compared.found is not None
    comparison = compared.found.comparison
    assert comparison.models.b.scored.card.name == "other"
    buttons = compared.agreement.buttons
    shown = [int(buttons[a, b, None].text()) for a in (True, False) for b in (True, False)]
    assert sum(shown) == 15  # all pairs of six faces
    key = next(k for k, button in buttons.items() if k[2] is not None and button.isEnabled())
    buttons[key].click()
    count = comparison.count(*key)
    assert window.pairs.model.rowCount() == count
    assert window.pairs.choice.currentText() == (
        f"{comparison.title(*key)}, at thresholds {comparison.first[0]:.4f} and "
        f"{comparison.second[0]:.4f}".replace(" -", " \N{MINUS SIGN}")
    )
    assert f"{count:,} pairs" in compared.note.text()
    assert window.session.matrix is not None
    for row in range(count):
        i, j = window.pairs.model.cell(row)
        genuine = bool(window.session.matrix.rows[i] == window.session.matrix.columns[j])
        right = (float(window.session.matrix.scores[i, j]) > 0.46) == genuine
        assert (right, genuine) == (key[0], key[2])


def test_large_counts_are_not_cut_off(
    compared: TwoModelsWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Comparison, "count", lambda *_: 123_456_789)
    assert compared.found is not None
    compared._show(compared.found)
    assert any("123,456,789 impostor" in b.text() for b in compared.agreement.buttons.values())
    compared.resize(1300, 700)
    bar = compared.side.horizontalScrollBar()
    qtbot.waitUntil(lambda: compared.side.isVisible() and bar.maximum() == 0)


def test_a_point_is_a_pair_and_its_maps_are_of_both(
    window: MainWindow, compared: TwoModelsWindow
) -> None:
    session = window.session
    item = compared.scatter.items[True]
    point = item.points()[-1]
    item.sigClicked.emit(item, [point], None)
    assert session.pair == point.data() and session.explanation is not None
    assert session.explanation.score == pytest.approx(point.pos().x(), abs=1e-5)
    a, b = compared.maps.maps
    assert a["cosine"].values is not None and b["cosine"].values is not None
    assert (a["cosine"].values == session.explanation.cosine).all()
    assert (a["cosine"].values != b["cosine"].values).any()
    assert a["evidence"].values.sum() == pytest.approx(session.explanation.score - 0.46, abs=1e-6)  # type: ignore[union-attr]
    assert b["evidence"].values.sum() == pytest.approx(point.pos().y() - 0.4, abs=1e-5)  # type: ignore[union-attr]


def test_a_pair_chosen_while_it_is_hidden_is_shown_after(
    window: MainWindow, compared: TwoModelsWindow
) -> None:
    compared.hide()
    window.session.select_pair(1, 4)
    compared.show()
    assert window.session.explanation is not None
    values = compared.maps.maps[0]["cosine"].values
    assert values is not None and (values == window.session.explanation.cosine).all()


def test_a_cell_is_told_under_both_models(compared: TwoModelsWindow) -> None:
    a, b = compared.maps.maps
    a["cosine"].view.cell_changed.emit((2, 4))
    text = compared.maps.cell_text.text().replace("\N{MINUS SIGN}", "-")
    assert text.startswith("Row 3, column 5. A: S ")
    for views in (a, b):
        assert f"W {views['attention'].values[2, 4]:.4f}" in text  # type: ignore[index]
        assert views["evidence"].view._cell == (2, 4)
    a["cosine"].view.cell_changed.emit(None)
    assert compared.maps.cell_text.text() == ""


def test_the_operating_point_moves_without_scoring_again(
    window: MainWindow, compared: TwoModelsWindow, qtbot: QtBot
) -> None:
    assert compared.found is not None
    before = compared.found
    compared.point.setCurrentIndex(compared.point.findData("eer"))
    compared.point.activated.emit(2)
    qtbot.waitUntil(lambda: compared.found is not before, timeout=60_000)
    assert compared.found.comparison.models.b is before.comparison.models.b
    assert "equal error rate of this gallery" in compared.words.text()
    compared.point.setCurrentIndex(6)  # FAR 0.0001 of eleven impostor pairs
    compared.point.activated.emit(6)
    qtbot.waitUntil(lambda: "too few impostor pairs" in compared.words.text(), timeout=60_000)
    assert not compared.agreement.isVisible()


def test_a_moved_threshold_is_never_called_the_model_s_own(
    window: MainWindow, compared: TwoModelsWindow, qtbot: QtBot
) -> None:
    assert compared.found is not None and window.session.card is not None
    own, before = window.session.card.threshold("learned"), compared.found
    window.session.set_threshold(0.45)
    qtbot.waitUntil(lambda: compared.found is not before, timeout=60_000)
    assert f"at threshold {own:.4f} (its own)" in compared.words.text()
    compared.point.setCurrentIndex(compared.point.findData("set"))
    compared.point.activated.emit(1)
    qtbot.waitUntil(lambda: "at threshold 0.4500 (as set)" in compared.words.text(), timeout=60_000)


def test_stopping_and_the_same_model_are_told(
    window: MainWindow, compared: TwoModelsWindow, qtbot: QtBot, tiny_weights: Path
) -> None:
    compared._on_failed(Stopped("Scoring"))
    assert compared.words.text() == "Scoring was stopped. Choose the model again to start anew."
    compared.choice.activated.emit(compared.choice.currentIndex())
    qtbot.waitUntil(lambda: compared.agreement.isVisible(), timeout=60_000)
    compared.compare_with(tiny_weights)
    qtbot.waitUntil(lambda: "tiny is the model in use" in compared.words.text())
    assert not compared.agreement.isVisible()
    assert compared._blank.title.text() == "Choose another model"
    assert [button.text() for button in compared._blank.buttons][-1] == "Choose a file…"


def test_counts_of_a_gallery_that_changed_list_nothing(
    window: MainWindow, compared: TwoModelsWindow, qtbot: QtBot
) -> None:
    session = window.session
    assert session.loaded is not None
    compared.hide()  # it does not follow while it is hidden
    session.edit(lambda project: project.set_aside(["ann/3.png"]))
    qtbot.waitUntil(
        lambda: session.matrix is not None and len(session.matrix.scores) == 5, timeout=60_000
    )
    before = window.pairs.choice.currentText()
    compared._list(True, True, None)
    assert "The gallery has changed since" in compared.note.text()
    assert window.pairs.choice.currentText() == before
    compared.show()
    total = lambda: sum(  # noqa: E731
        int(compared.agreement.buttons[a, b, None].text())
        for a in (True, False)
        for b in (True, False)
    )
    qtbot.waitUntil(lambda: total() == 10, timeout=60_000)


def test_bad_weights_are_one_sentence(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    found = opened(window)
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"x")
    found.compare_with(bad)
    qtbot.waitUntil(lambda: "bad.safetensors is not a whole" in found.words.text())
    assert not found.job.running


def test_a_file_is_asked_for_by_the_button_of_the_empty_page(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_weights(tmp_path / "other.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(other), ""))
    found = opened(window)
    found.show()
    buttons = {button.text(): button for button in found.findChildren(QPushButton)}
    buttons["Choose a file…"].click()
    assert found.weights == other
    qtbot.waitUntil(lambda: found.found is not None, timeout=60_000)
