"""Two models: their figures counted anew, who is offered, and what reaches the matrix."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.errors import Stopped
from core.model.card import shipped_weights
from core.project.project import Project
from tests.gui.tools.test_two_models import compared, opened  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.two_models.views import A_COLOUR, B_COLOUR
from xcos_gui.tools.two_models.window import EMPTY, MOST_OFFERED, POINTS, TwoModelsWindow
from xcos_gui.widgets.outcomes import GENUINE, IMPOSTOR

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
PEOPLE = np.array([0, 0, 0, 1, 1, 2])  # ann, bob, cem


def test_figures_are_counted_of_the_scores(window: MainWindow, compared: TwoModelsWindow) -> None:  # noqa: F811
    assert compared.found is not None
    models = compared.found.comparison.models
    table = compared.figures
    heads = [table.horizontalHeaderItem(k).text() for k in range(2)]
    assert (
        [head.split()[0] for head in heads] == ["A", "B"]
        and "tiny" in heads[0]
        and "other" in heads[1]
    )
    names = [table.verticalHeaderItem(row).text() for row in range(table.rowCount())]
    assert names[:6] == ["threshold", "accuracy", "TAR", "FAR", "AUC", "EER"]
    i, j = np.triu_indices(6, 1)
    same = PEOPLE[i] == PEOPLE[j]
    for column, (model, threshold) in enumerate(((models.a, 0.46), (models.b, 0.4))):
        scores = model.scored.matrix.scores[i, j]
        tar, far = (scores[same] > threshold).mean(), (scores[~same] > threshold).mean()
        right = ((scores > threshold) == same).mean()
        auc = (scores[same][:, None] > scores[~same]).mean()
        wanted = [
            f"{threshold:.4f}",
            f"{100 * right:.2f} %",
            f"{100 * tar:.2f} %",
            f"{100 * far:.2f} %",
            f"{auc:.4f}",
        ]
        texts = [table.item(row, column).text() for row in range(table.rowCount())]
        assert texts[:5] == wanted
        for name, text in zip(names[6:], texts[6:], strict=True):
            assert name.startswith("TAR at FAR") and text.endswith(("%", DASH))
        # Where the model is right, and where the other one is.
    a, b = (m.scored.matrix.scores[i, j] > t for m, t in ((models.a, 0.46), (models.b, 0.4)))
    for key, button in compared.agreement.buttons.items():
        chosen = ((a == same) == key[0]) & ((b == same) == key[1])
        if key[2] is not None:
            chosen &= same == key[2]
        assert int(button.text().split()[0]) == chosen.sum() and button.isEnabled() == bool(
            chosen.sum()
        )
        noun = "pair" if chosen.sum() == 1 else "pairs"
        assert button.accessibleName().endswith(f": {chosen.sum()} {noun}")
    assert all(
        Qt.AlignmentFlag(table.item(0, k).textAlignment()) & Qt.AlignmentFlag.AlignRight
        for k in (0, 1)
    )


def test_points_and_curves_have_their_colours(compared: TwoModelsWindow) -> None:  # noqa: F811
    for genuine, colour in ((True, GENUINE), (False, IMPOSTOR)):
        brush = compared.scatter.items[genuine].opts["brush"]
        assert brush.color().getRgb()[:3] == colour.getRgb()[:3]
    pens = [curve.opts["pen"].color() for curve in compared.roc.curves]
    assert pens == [A_COLOUR, B_COLOUR] and A_COLOUR != B_COLOUR
    legend = compared.scatter.plot.plotItem.legend
    assert [label.text for _, label in legend.items] == ["impostor", "genuine"]


def test_maps_of_both_share_their_colours(window: MainWindow, compared: TwoModelsWindow) -> None:  # noqa: F811
    window.session.select_pair(1, 4)
    maps = compared.maps
    assert not maps._empty.isVisible()
    for words, name, letter in zip(maps.words, ("tiny", "other"), "AB", strict=True):
        assert (
            words.text().startswith(f"{letter} ({name})")
            and words.toolTip() == "ann/2.png\nbob/2.png"
        )
    for name in ("attention", "evidence"):
        one, other = (views[name] for views in maps.maps)  # type: ignore[index]
        assert one.values is not None and other.values is not None
        limit = max(np.abs(one.values).max(), np.abs(other.values).max())
        assert one.bar._high == other.bar._high == pytest.approx(limit, rel=1e-5)
    left = maps.maps[0]["cosine"].mapTo(maps, maps.maps[0]["cosine"].rect().center()).x()
    right = maps.maps[1]["cosine"].mapTo(maps, maps.maps[1]["cosine"].rect().center()).x()
    assert left < maps.width() / 2 < right
    ring = [part.tolist() for part in compared.scatter._current.getData()]
    scores = [
        m.scored.matrix.scores[1, 4]
        for m in (compared.found.comparison.models.a, compared.found.comparison.models.b)
    ]  # type: ignore[union-attr]
    assert [ring[0][0], ring[1][0]] == pytest.approx(scores, abs=1e-5)
    window.session.pair_changed.emit(None)
    assert maps._empty.isVisibleTo(compared) and maps.words[0].text() == ""
    assert not len(compared.scatter._current.getData()[0])


def test_scores_of_the_other_model_reach_the_matrix(
    window: MainWindow, compared: TwoModelsWindow, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    shown: list[tuple[str, np.ndarray, float]] = []
    window.session.other_scores_shown.connect(lambda *given: shown.append(given))
    assert compared.in_matrix.isEnabled() and compared.found is not None
    compared.in_matrix.click()
    name, scores, threshold = shown[0]
    other = compared.found.comparison.models.b.scored.matrix.scores
    assert (name, threshold) == ("other", 0.4)
    places = np.ix_(compared.found.comparison.models.rows, compared.found.comparison.models.columns)
    np.testing.assert_array_equal(scores[places], other)
    assert "less those of other" in compared.note.text()
    compared.hide()
    window.session.edit(lambda project: project.set_aside(["ann/3.png"]))
    qtbot.waitUntil(lambda: not window.session.busy and window.session.matrix is not None
                    and len(window.session.matrix.scores) == 5, timeout=60_000)  # fmt: skip
    compared.show_in_matrix()
    assert len(shown) == 1 and "has changed since" in compared.note.text()
    window.session.edit(Project.undo)


def test_who_is_offered_and_taken_back(
    window: MainWindow, compared: TwoModelsWindow, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    choice = compared.choice
    offered = [(choice.itemText(k), choice.itemData(k)) for k in range(choice.count())]
    stems = [path.stem for path in shipped_weights()]
    assert [text for text, _ in offered] == [
        "Choose a model…",
        *stems,
        "other.safetensors",
        "From a file…",
    ]
    assert choice.currentData() == compared.weights and choice.toolTip()
    assert choice.itemData(choice.currentIndex(), Qt.ItemDataRole.ToolTipRole) == str(
        compared.weights
    )
    assert [compared.point.itemText(k) for k in range(compared.point.count())] == [
        t for t, _ in POINTS
    ]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    choice.activated.emit(choice.count() - 1)  # closed without a choice: all stays
    assert compared.found is not None and choice.currentData() == compared.weights
    choice.activated.emit(0)
    assert compared.weights is None and compared.found is None and compared.words.text() == EMPTY
    assert not compared.in_matrix.isEnabled() and choice.currentIndex() == 0
    assert "other.safetensors" not in [choice.itemText(k) for k in range(choice.count())]
    buttons = [button.text() for button in compared._blank.buttons]
    wanted = [f"Compare tiny with {stem}" for stem in stems[:MOST_OFFERED]]
    assert buttons == [*wanted, "Choose a file…"]
    other = offered[-2][1]
    compared.weights = other
    compared._fill_choice()
    compared._on_failed(Stopped("Scoring"))  # one is chosen: the others are offered
    assert [button.text() for button in compared._blank.buttons] == buttons
    compared._on_choice(0)
    compared.show_in_matrix()
    assert "has changed since" in compared.note.text()


def test_without_a_gallery_it_waits_for_one(
    empty: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    found = opened(empty)
    found.compare_with(tmp_path / "some.safetensors")
    qtbot.waitUntil(lambda: "Open a gallery first" in found.words.text())
    assert not found._blank.buttons and not found.in_matrix.isEnabled()
