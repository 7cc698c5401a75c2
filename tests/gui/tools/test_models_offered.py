"""Two models: what is offered beside those that ship, and TARs at small FARs counted pair by pair."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import shutil
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from core.training.run_files import CONFIG, STATUS, status_text
from tests.gui.resting import settled
from tests.gui.tools.test_two_models import opened
from tests.living import make_crops
from tests.weights import other_weights
from xcos_gui.shell.window import MainWindow


def test_finished_runs_are_offered_but_for_weights_in_use(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, tiny_weights: Path
) -> None:
    session = window.session
    runs = session.settings.runs
    for name, state in (("one", "finished"), ("two", "stopped"), ("three", "finished")):
        (runs / name).mkdir(parents=True)
        (runs / name / CONFIG).write_text("")
        (runs / name / STATUS).write_text(status_text(state, "Said", 1, 1, 0))
        if name == "three":
            other_weights(runs / name / "made.safetensors")
        else:
            shutil.copy(tiny_weights, runs / name / "made.safetensors")
    found = opened(window)
    found.compare_with(other_weights(tmp_path / "mine.safetensors", seed=12))

    def offered() -> dict[str, object]:
        box = found.choice
        return {box.itemText(k): box.itemData(k) for k in range(box.count())}

    assert offered()["run one"] == runs / "one" / "made.safetensors"
    assert "run three" in offered() and "run two" not in offered()
    assert found.choice.currentText() == "mine.safetensors"
    tips = [found.choice.itemData(k, 3) for k in range(found.choice.count())]  # a tooltip
    assert str(runs / "one" / "made.safetensors") in tips
    session.set_model(runs / "three" / "made.safetensors")
    qtbot.waitUntil(lambda: session.card is not None and session.card.path.parent.name == "three")
    settled(window, qtbot)
    found.compare_with(tmp_path / "mine.safetensors")
    assert "run one" in offered() and "run three" not in offered()


def test_tars_at_small_fars_are_counted(empty: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    counts = {f"{a}{b}": 1 for a in "klmnop" for b in "xy"} | {"ann": 3, "bob": 2}
    empty.session.open_gallery(make_crops(tmp_path / "many", counts))
    settled(empty, qtbot)
    found = opened(empty)
    found.compare_with(other_weights(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: found.found is not None, timeout=60_000)
    assert found.found is not None
    table, models = found.figures, found.found.comparison.models
    rows = {table.verticalHeaderItem(k).text(): k for k in range(table.rowCount())}
    # Of 132 impostor pairs; 0.01 would take 300.
    assert [name for name in rows if name.startswith("TAR at")] == ["TAR at FAR 0.1"]
    for column, model in enumerate((models.a, models.b)):
        matrix = model.scored.matrix
        genuine: list[float] = []
        impostor: list[float] = []
        for i in range(17):
            for j in range(i + 1, 17):
                one = matrix.rows[i] == matrix.columns[j]
                (genuine if one else impostor).append(float(matrix.scores[i, j]))
        assert (len(genuine), len(impostor)) == (4, 132)
        falling = sorted(impostor, reverse=True)
        tar = np.mean([score > falling[13] for score in genuine])  # 13 are let in
        assert table.item(rows["TAR at FAR 0.1"], column).text() == f"{100 * tar:.2f} %"  # type: ignore[union-attr]
