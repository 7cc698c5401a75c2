"""The pair that is looked at, saved, copied and tagged by its menus, and a list sorted by its LRs."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from core.analysis.evidence.ratios import LikelihoodRatios
from core.project.edits import pair_subject
from tests.gui.panels.test_lists import COLUMNS, ROWS, SCORES, cells, model  # noqa: F401
from tests.gui.resting import settled
from xcos_gui.panels.pairs.model import LR, PairsModel
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets.tags import TagsLine


def trigger(window: MainWindow, text: str) -> None:
    next(a for a in window.inspector.saver.menu.actions() if a.text().startswith(text)).trigger()


def test_a_pair_is_saved_under_the_name_proposed_or_not_at_all(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, told = window.session, list[str]()
    session.message.connect(told.append)
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(tmp_path))
    asked: list[tuple[str, str]] = []

    def answer(_: object, __: str, name: str, forms: str) -> tuple[str, str]:
        asked.append((name, forms))
        return (name if len(asked) == 2 else "", "")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    session.select_pair(1, 4)  # ann's second photo and bob's second
    explanation = session.explanation
    assert explanation is not None
    for threshold, outcome in ((explanation.score + 0.01, "TN"), (explanation.score - 0.01, "FP")):
        session.set_threshold(threshold)
        trigger(window, "Save the pair")
        name = f"2 x 2 {outcome} {explanation.score:.3f}.png"
        assert asked[-1][0] == str(tmp_path / name)
    assert all(suffix in asked[0][1] for suffix in ("*.png", "*.svg", "*.csv", "*.json", "*.html"))
    qtbot.waitUntil(lambda: not session.busy, timeout=60_000)
    assert [path.name for path in tmp_path.glob("*.png")] == [name]
    assert Image.open(tmp_path / name).width > 1000
    assert told == [f"The pair was saved as {tmp_path / name}."]


def test_without_a_pair_there_is_nothing_to_save(empty: MainWindow) -> None:
    told: list[str] = []
    empty.session.message.connect(told.append)
    trigger(empty, "Save the pair")
    assert told == ["Click a pair in the matrix first."]
    assert empty.inspector.saver.proposed().name == "pair.png"


def test_a_pair_s_numbers_are_copied_as_csv_and_json(window: MainWindow) -> None:
    session, told = window.session, list[str]()
    session.message.connect(told.append)
    session.select_pair(0, 3)
    e = session.explanation
    assert e is not None
    trigger(window, "Copy as CSV")
    rows = list(csv.DictReader(io.StringIO(QApplication.clipboard().text())))
    assert len({(row["row"], row["column"]) for row in rows}) == 49
    for row in rows:
        s, w = (part[int(row["row"]), int(row["column"])] for part in (e.cosine, e.attention))
        assert float(row["contribution"]) == pytest.approx(s * w, abs=1e-6)
    assert float(rows[-1]["running_sum"]) == pytest.approx(e.score, abs=1e-6)
    trigger(window, "Copy as JSON")
    said = json.loads(QApplication.clipboard().text())
    assert said["score"] == pytest.approx(e.score, abs=1e-6)
    assert told == ["The pair's numbers are on the clipboard."] * 2


def test_numbers_that_a_pair_has_not_are_left_out(window: MainWindow) -> None:
    panel, session = window.inspector, window.session
    e = session.explanation
    assert e is not None
    for cosine, attention, told, shares in (
        (None, e.attention, None, True),
        (-0.25, e.attention, "FC cosine \N{MINUS SIGN}0.2500", True),
        (None, e.attention * np.float32(0.051 / e.score), None, True),
        (None, e.attention * np.float32(0.049 / e.score), None, False),  # of nearly nothing
    ):
        session.explanation = replace(e, fc_cosine=cosine, attention=attention)
        session.explanation_changed.emit(session.explanation)
        numbers = panel.numbers.text()
        assert numbers.endswith(told) if told else "FC cosine" not in numbers
        panel.faces[0].cell_changed.emit((2, 5))
        assert f", W {attention[2, 5]:.4f}, " in panel.cell_text.text()
        assert ("% of the score" in panel.cell_text.text()) == shares


def test_the_listed_pair_is_tagged_by_its_menu(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = window.pairs, window.session
    panel.choice.setCurrentIndex(0)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 15)
    panel.table.selectRow(4)
    left, right = (face.key for face in session.faces_of(panel.model.cell(4)))
    titles: list[str] = []

    def typed(dialog: QDialog) -> int:
        line = dialog.findChild(TagsLine)
        assert isinstance(line, TagsLine)
        titles.append(dialog.findChildren(type(panel.filter.error))[0].text())
        line.setText('odd, "a, b"')
        return 1

    monkeypatch.setattr(QDialog, "exec", typed)
    action = next(a for a in panel.table.actions() if a.text().startswith("Tags"))
    action.trigger()
    settled(window, qtbot)
    assert titles == ["Tags of this pair, with commas between them:"]
    assert session.project is not None
    assert session.project.edits.tags == {pair_subject(left, right): ("odd", "a, b")}
    told: list[str] = []
    session.message.connect(told.append)
    panel.table.setCurrentIndex(panel.model.index(-1, 0))
    action.trigger()
    assert told == ["Select faces or a pair first."] and len(titles) == 1


@pytest.mark.parametrize("method", ["isotonic", "kde"])
def test_pairs_are_sorted_by_their_likelihood_ratios_not_by_their_scores(
    model: PairsModel,  # noqa: F811
    method: str,
) -> None:
    few = np.empty((0, 2))
    ratios = LikelihoodRatios(
        method, "made up", 9, 9, 9, -1.0, 1.0, few, few, None, None, None,  # type: ignore[arg-type]
        lambda scores: 0.5 - np.abs(scores - 0.45),  # the nearer to 0.45, the more it is worth
    )  # fmt: skip
    model.ratios = ratios
    model.sort(LR, Qt.SortOrder.AscendingOrder)
    scores = SCORES[ROWS, COLUMNS].astype(float)  # 0.7, 0.5, 0.4375 and -0.2
    order = sorted(range(4), key=lambda k: -abs(scores[k] - 0.45))
    assert order == [3, 0, 1, 2]
    assert cells(model) == [(int(ROWS[k]), int(COLUMNS[k])) for k in order]
    model.sort(LR, Qt.SortOrder.DescendingOrder)
    assert cells(model) == [(int(ROWS[k]), int(COLUMNS[k])) for k in order[::-1]]
