"""The evaluation dialog: a table, plots, and the pairs behind its numbers."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.evaluation.results import error_curves
from core.model.card import read_card
from tests.gui.tools.test_answers_of import held
from tests.weights import other_weights
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.evaluation.window import EvaluationDialog

OUTCOMES = ("TP", "FN", "FP", "TN")


def evaluated(window: MainWindow, qtbot: QtBot, protocol: Path) -> EvaluationDialog:
    window.show_evaluation()
    dialog = window.evaluation
    assert dialog is not None
    dialog.protocol.setText(str(protocol))
    dialog.aligned.setChecked(True)
    dialog.start.click()
    qtbot.waitUntil(lambda: not dialog.job.running, timeout=60_000)
    return dialog


def texts(dialog: EvaluationDialog, column: int) -> list[str]:
    model = dialog.listed.model
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_an_identity_folder_is_measured(
    empty: MainWindow, qtbot: QtBot, crops: Path, qtmodeltester: ModelTester
) -> None:
    dialog = evaluated(empty, qtbot, crops)
    assert "pairs" in dialog.note.text() and dialog.results.rowCount() >= 2
    item = dialog.results.item(0, 0)
    assert item is not None and item.text() == "xCos, learned attention"
    listed = dialog.listed
    total = listed.model.rowCount()
    assert total > 0
    counts = []
    for outcome in OUTCOMES:
        button = listed.counts[outcome]  # type: ignore[index]
        button.click()
        counts.append(listed.model.rowCount())
        assert {*texts(dialog, 1)} <= {outcome}
        assert button.text() == f"{outcome} {counts[-1]}"
    assert sum(counts) == total
    listed.every.click()
    assert dialog.found is not None
    measured = dialog.found[1].kinds["learned"]
    assert measured is not None
    dialog.plot_tabs.choose_bin(float(measured.scores[0]))
    assert 0 < listed.model.rowCount() <= total and "with scores" in listed.told.text()
    qtmodeltester.check(listed.model)


def test_a_listed_pair_is_shown_with_its_maps(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    dialog = evaluated(empty, qtbot, crops)
    assert dialog.found is not None and dialog.view.shown.filled
    for row, kind in enumerate(("learned", "uniform", "correlation")):
        dialog.results.selectRow(row)
        dialog.listed.table.selectRow(dialog.listed.model.rowCount() - 1)
        pair = dialog.listed.model.pair(dialog.listed.model.rowCount() - 1)
        measured = dialog.found[1].kinds[kind]
        assert measured is not None
        values = dialog.view.maps["contribution"].values
        assert values is not None and values.sum() == pytest.approx(measured.scores[pair], abs=1e-5)
        said = "Same person" if measured.scores[pair] > measured.metrics.threshold else "Different"
        assert dialog.view.words.text().startswith(said)
        assert f"{kind} attention" in dialog.view.words.text()
        report = dialog.view._report
        assert report is not None
        for key, shown in (
            (report.explanation.left, report.left_crop),
            (report.explanation.right, report.right_crop),
        ):
            np.testing.assert_array_equal(shown, np.asarray(Image.open(crops / key)))
        assert report.explanation.left != report.explanation.right


def test_the_list_of_a_protocol_sorts_and_remembers(
    empty: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    dialog = evaluated(empty, qtbot, crops)
    model, header = dialog.listed.model, dialog.listed.table.horizontalHeader()
    worst_first = model.places().tolist()
    for column, order in ((0, Qt.SortOrder.AscendingOrder), (3, Qt.SortOrder.DescendingOrder)):
        header.setSortIndicator(column, order)
        shown = texts(dialog, column)
        told = (
            [float(text.replace("\N{MINUS SIGN}", "-")) for text in shown] if column == 0 else shown
        )
        falling = order == Qt.SortOrder.DescendingOrder
        assert told == sorted(told, reverse=falling) and len({*told}) > 1
        assert sorted(model.places().tolist()) == sorted(worst_first)
    kept = empty.session.settings.store
    qtbot.waitUntil(lambda: '"sort": [3, 1]' in str(kept.value("table/evaluation-pairs")))
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    assert model.places().tolist() == worst_first
    heads = [
        model.headerData(k, Qt.Orientation.Horizontal, role)
        for k in range(4)
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    ]
    assert all(heads) and len({*heads}) == 8


def test_before_a_protocol_nothing_empty_is_shown(empty: MainWindow) -> None:
    empty.show_evaluation()
    dialog = empty.evaluation
    assert dialog is not None and not dialog.shown.filled
    assert not dialog.results.isVisible() and not dialog.plot_tabs.isVisible()
    assert [button.text() for button in dialog.shown.empty.buttons] == [
        "File…",
        "Folder of people…",
    ]
    dialog.evaluate()
    assert "Name a protocol" in dialog.note.text()


def test_curves_and_occlusion_are_drawn(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    dialog = evaluated(empty, qtbot, crops)
    assert dialog.found is not None
    tabs = dialog.plot_tabs
    drawn = {kind: far for kind, far, _ in error_curves(dialog.found[1])}
    assert len(tabs.roc.plotItem.items) == len(drawn) >= 4
    shown = tabs.roc.plotItem.items[0].getOriginalDataset()[0]
    np.testing.assert_allclose(shown, drawn["learned"].clip(1 / (~dialog.found[1].same).sum()))
    (left, _), (low, _) = tabs.det.viewRange()  # one of the pairs of each sort
    assert left == pytest.approx(np.log10(1 / (~dialog.found[1].same).sum()))
    assert low == pytest.approx(np.log10(1 / dialog.found[1].same.sum()))
    assert not tabs.occlusion.plotItem.items
    tabs.measure.click()
    qtbot.waitUntil(lambda: not dialog.job.running, timeout=60_000)
    assert len(tabs.occlusion.plotItem.items) == len(drawn)
    shares, accuracies = tabs.occlusion.plotItem.items[0].getOriginalDataset()
    assert shares.tolist() == [0, 10, 20, 30, 40, 50, 60]
    measured = dialog.found[1].kinds["learned"]
    assert measured is not None
    assert accuracies[0] == pytest.approx(100 * measured.metrics.accuracy)


def test_listed_pairs_open_in_the_window(empty: MainWindow, qtbot: QtBot, crops: Path) -> None:
    dialog = evaluated(empty, qtbot, crops)
    dialog.listed.choose("TP" if dialog.listed.counts["TP"].text() != "TP 0" else "FN")
    wanted = list(zip(texts(dialog, 2), texts(dialog, 3), strict=True))
    dialog.listed.open.click()
    session = empty.session
    qtbot.waitUntil(lambda: session.pair is not None and not session.busy, timeout=60_000)
    assert session.pair is not None and session.loaded is not None and session.listed is not None
    faces = session.loaded.gallery.faces
    left, right = session.faces_of(session.pair)
    assert (Path(left.photo).name, Path(right.photo).name) == wanted[0]
    pairs = zip(session.listed.rows, session.listed.columns, strict=True)
    assert [(Path(faces[i].photo).name, Path(faces[j].photo).name) for i, j in pairs] == wanted
    assert {face.identity for face in faces} <= {"ann", "bob", "cem"}
    # Places are those of the matrix, also while other faces are loaded already.
    dialog._wanted = [(left.key, right.key)]
    session.loaded = session.loaded.part(np.arange(len(faces))[::-1])
    session.matrix_changed.emit()
    assert (session.listed.rows.tolist(), session.listed.columns.tolist()) == (
        [session.pair[0]], [session.pair[1]],
    )  # fmt: skip
    assert session.faces_of(session.pair) == (left, right)


def test_pairs_of_a_bin_are_looked_at_after_its_images_were_read(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path
) -> None:
    import pickle

    photos = sorted(crops.rglob("*.png"))[:4]
    images = [photo.read_bytes() for photo in photos]
    protocol = tmp_path / "little.bin"
    with protocol.open("wb") as file:
        pickle.dump((images * 10, [True, False] * 10), file)
    dialog = evaluated(empty, qtbot, protocol)
    assert dialog.found is not None, dialog.note.text()
    dialog.listed.table.selectRow(3)
    assert dialog.view.shown.filled
    dialog.listed.open.click()
    qtbot.waitUntil(
        lambda: empty.session.pair is not None and not empty.session.busy, timeout=60_000
    )


def test_a_missing_protocol_is_one_sentence(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = evaluated(empty, qtbot, tmp_path / "none.txt")
    assert "none.txt cannot be read" in dialog.note.text() and dialog.progress.isHidden()


def test_genuine_pairs_alone_say_what_can_be_said(
    empty: MainWindow, qtbot: QtBot, crops: Path, tiny_weights: Path
) -> None:
    protocol = crops / "pairs.csv"
    protocol.write_text("left;right;same\n" + "ann\\1.png;ann\\2.png;yes\n" * 20)
    dialog = evaluated(empty, qtbot, protocol)
    assert "has genuine pairs only, so there is no accuracy" in dialog.note.text()
    heads = [dialog.results.horizontalHeaderItem(n) for n in range(dialog.results.columnCount())]
    assert [head.text() for head in heads if head][3:] == ["threshold", "TAR %"]
    cells = [
        item.text()
        for row in range(dialog.results.rowCount())
        for column in range(dialog.results.columnCount())
        if (item := dialog.results.item(row, column)) is not None
    ]
    card = read_card(tiny_weights)
    assert f"{card.threshold('learned'):.4f}" in cells and "nan" not in cells
    # Without a threshold in the weights the outcomes are unknown.
    of_fc = {"TP", "FN"} if "fc" in card.thresholds else {"unknown"}
    for row, outcomes in ((0, {"TP", "FN"}), (3, of_fc)):
        dialog.results.selectRow(row)
        assert {*texts(dialog, 1)} <= outcomes and dialog.listed.model.rowCount() == 20
        assert dialog.view.shown.filled


def test_a_run_that_was_stopped_leaves_the_maps_of_the_one_before(
    empty: MainWindow, qtbot: QtBot, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog, session = evaluated(empty, qtbot, crops), empty.session
    rows = range(3)

    def maps() -> list[str]:
        said = []
        for row in rows:
            dialog.listed.table.selectRow(row)
            said.append(dialog.view.words.text())
        return said

    before, former = maps(), session.card
    session.set_model(other_weights(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: session.card is not former)
    may = held(dialog, monkeypatch)
    dialog.protocol.setText(str(tmp_path / "another"))
    dialog.start.click()
    dialog.progress.stop.click()
    may.set()
    qtbot.waitUntil(lambda: not dialog.job.running)
    assert len({*before}) > 2 and maps() == before
    opened: list[Path] = []
    monkeypatch.setattr(session, "open_gallery", lambda path, _: opened.append(path))
    dialog.listed.open.click()
    assert [path.stem for path in opened] == [crops.name]


def test_problems_of_a_list_are_told_the_first_in_words_and_all_by_the_tooltip(
    empty: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    path = crops / "odd.csv"
    lines = ["ann/1.png,ann/2.png,1", "ann/1.png,bob/1.png,0"] * 10
    path.write_text("\n".join(["left,right,same", *lines, "ann/1.png,ann/1.png,1"]))
    dialog = evaluated(empty, qtbot, path)
    first = f"{path}, line 22: 'ann/1.png' is paired with itself; take that line out."
    assert dialog.note.text() == f"odd.csv: 21 pairs, by tiny. {first}"
    assert dialog.note.toolTip() == first
    path.write_text("\n".join(["left,right,same", *lines, "ann/1.png,ann/2.png,0", "bob/1.png,bob/1.png,1"]))  # fmt: skip
    dialog.start.click()
    qtbot.waitUntil(lambda: "22 pairs" in dialog.note.text(), timeout=60_000)
    assert dialog.note.text().endswith("take one line out. 1 more problem: see the tooltip.")
    assert len(dialog.note.toolTip().splitlines()) == 2
