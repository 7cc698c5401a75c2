"""What the training window keeps and marks: answers of the last time, damaged ones, cells under the mouse."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import json
from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.gui.tools.test_training_verdict import dialog_of, no_estimate_by_itself, run  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.training.ways import KEPT, WaysPanel


def panel(window: MainWindow, note: str, qtbot: QtBot) -> WaysPanel:
    window.session.settings.keep_note(KEPT, note)
    made = WaysPanel(window.session)
    qtbot.addWidget(made)
    return made


def test_a_cell_under_the_mouse_is_marked_on_faces_and_maps(
    window: MainWindow, run: Path, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    view = dialog_of(window, run).verdict_page.pairs
    qtbot.waitUntil(lambda: view._grid.isVisible(), timeout=60_000)
    shown = [*view.faces, *(one.view for views in view.maps for one in views.values())]
    for source, cell in zip(shown, ((0, 6), (3, 3), (5, 1), (6, 2), None), strict=False):
        source.cell_changed.emit(cell)
        assert [one._cell for one in shown] == [cell] * len(shown)


@pytest.mark.parametrize(
    "note",
    [
        "{",
        "[1]",
        "3",
        '"x"',
        '{"answers": 4}',
        '{"chosen": "flying"}',
        '{"chosen": ["adapt"]}',
        '{"chosen": {}}',
    ],
)
def test_damaged_answers_are_those_of_the_first_time(
    empty: MainWindow, qtbot: QtBot, note: str
) -> None:
    assert panel(empty, note, qtbot).chosen == "adapt"


def test_answers_of_the_last_time_are_given_again(
    empty: MainWindow, qtbot: QtBot, tiny_weights: Path
) -> None:
    answers = {
        "adapt": {"target": str(tiny_weights), "trained": "no such part"},
        "from nothing": {"preset": "no such paper", "target": str(tiny_weights), "labelled": "/l", "validation": "/v"},
    }  # fmt: skip
    note = json.dumps({"chosen": "from nothing", "answers": answers})
    made, first = panel(empty, note, qtbot), panel(empty, "", qtbot)
    assert made.chosen == "from nothing" and first.chosen == "adapt"
    again = made.questions["from nothing"].answers()
    fresh = first.questions["from nothing"].answers()
    assert again == {**fresh, "target": str(tiny_weights), "labelled": "/l", "validation": "/v"}
    again = made.questions["adapt"].answers()
    assert again == {**first.questions["adapt"].answers(), "target": str(tiny_weights)}
    assert fresh["target"] != str(tiny_weights)
