"""The evaluation dialog: a table, and the pairs behind its numbers."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from xcos_gui.evaluation import EvaluationDialog
from xcos_gui.window import MainWindow


def evaluated(window: MainWindow, qtbot: QtBot, protocol: Path) -> EvaluationDialog:
    window.show_evaluation()
    dialog = window.evaluation
    assert dialog is not None
    dialog.protocol.setText(str(protocol))
    dialog.start.click()
    qtbot.waitUntil(lambda: bool(dialog.note.text()), timeout=60_000)
    return dialog


def test_an_identity_folder_is_measured(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    dialog = evaluated(empty, qtbot, crops)
    assert "pairs" in dialog.note.text() and dialog.results.rowCount() >= 2
    item = dialog.results.item(0, 0)
    assert item is not None and item.text() == "xCos, learned attention"
    total = dialog.pairs.rowCount()
    assert total > 0
    counts = []
    for outcome in ("TP", "FN", "FP", "TN"):
        dialog.outcome.setCurrentText(outcome)
        counts.append(dialog.pairs.rowCount())
        assert all(
            (cell := dialog.pairs.item(row, 1)) is not None and cell.text() == outcome
            for row in range(dialog.pairs.rowCount())
        )
    assert sum(counts) == total
    dialog.outcome.setCurrentText("All pairs")
    assert dialog.found is not None
    measured = dialog.found[1].kinds["learned"]
    assert measured is not None
    dialog.choose_bin(float(measured.scores[0]))
    assert 0 < dialog.pairs.rowCount() <= total and "with scores" in dialog.listed.text()


def test_a_missing_protocol_is_one_sentence(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = evaluated(empty, qtbot, tmp_path / "none.txt")
    assert "none.txt cannot be read" in dialog.note.text() and not dialog.stop.isEnabled()
