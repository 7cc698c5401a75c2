"""The page on what a run came to: figures, changed pairs with their maps, and the way back."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.errors import XCosError
from core.training.config import read_config, write_config
from core.training.run_files import CONFIG, STATUS, status_text
from core.training.verdict import ChangedPair, Difference, Figure, Figures, HeldOut, Verdict
from tests.training.test_training import config_for
from xcos_gui.shell.window import MainWindow
from xcos_gui.state.jobs import Running
from xcos_gui.tools.training.changed_pairs import ExplainedPair, PairRequest
from xcos_gui.tools.training.figures import FiguresTable
from xcos_gui.tools.training.new_run import NewRunPage
from xcos_gui.tools.training.window import TrainingDialog


@pytest.fixture(autouse=True)
def no_estimate_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An estimate would take the processor from what a test waits for."""
    monkeypatch.setattr(NewRunPage, "_measure_by_itself", lambda _: None)


@pytest.fixture
def run(window: MainWindow, crops: Path, tiny_weights: Path, tmp_path: Path) -> Path:
    """The folder of a finished run on the open gallery, with its verdict."""
    path = window.session.settings.runs / "adapted-1"
    path.mkdir(parents=True)
    weights = Path(shutil.copy(tiny_weights, path / "adapted.safetensors"))
    (path / CONFIG).write_text(write_config(config_for(crops, tiny_weights, tmp_path)))
    (path / STATUS).write_text(status_text("finished", "Finished", 1, 1, 0))
    verdict_of(window, tiny_weights, weights).write(path)
    return path


def figures(accuracy: float, faithfulness: float) -> Figures:
    return Figures(
        Figure(accuracy, accuracy - 0.04, accuracy + 0.03),
        Figure(0.95, 0.9, 0.99),
        {"0.01": Figure(0.8, 0.7, 0.9), "0.001": Figure(None)},
        threshold=0.25,
        faithfulness=faithfulness,
    )


def verdict_of(window: MainWindow, start: Path, weights: Path) -> Verdict:
    assert window.session.rows is not None
    gallery = window.session.rows.gallery
    one, two, other = (gallery.faces[place] for place in (0, 1, 3))
    genuine, impostor = (
        ChangedPair(
            gallery.photo_path(one), gallery.photo_path(right), one.key, right.key, same, *rest
        )
        for right, same, rest in (
            (two, True, (0.21, 0.34, True)),
            (other, False, (0.2, 0.28, False)),
        )
    )
    before, after = figures(0.91, 0.41), figures(0.94, 0.36)
    return Verdict(
        "better",
        "Better on people it has not seen: accuracy rose by 3.0 points.",
        HeldOut(12, 140, 2210),
        before,
        after,
        {"learned": after, "uniform": before, "own": before},
        {
            "accuracy": Difference(0.03, 0.01, 0.05),
            "TAR at FAR 0.01": Difference(-0.01, -0.02, 0.0),
        },
        (genuine, impostor),
        start,
        weights,
        83.0,
    )


def dialog_of(window: MainWindow, run: Path) -> TrainingDialog:
    window.show_training()
    assert window.training is not None
    window.training.show_result(run)
    return window.training


def texts(table: FiguresTable) -> dict[str, list[str]]:
    found = {}
    for line in range(table.rowCount()):
        head = table.verticalHeaderItem(line)
        cells = [table.item(line, column) for column in range(table.columnCount())]
        assert head is not None and all(cells)
        found[head.text()] = [cell.text() for cell in cells if cell is not None]
    return found


def test_figures_stand_side_by_side_with_their_intervals(window: MainWindow, run: Path) -> None:
    page = dialog_of(window, run).verdict_page
    assert page.sentence.text() == "Better on people it has not seen: accuracy rose by 3.0 points."
    assert (
        "12 people that it did not see: 140 genuine and 2,210 impostor pairs." in page.about.text()
    )
    shown = texts(page.figures)
    assert shown["Accuracy"] == [
        "91.0 %  (87.0 to 94.0)",
        "94.0 %  (90.0 to 97.0)",
        "+3.0  (+1.0 to +5.0)",
    ]
    assert shown["TAR at FAR 0.01"][2] == "−1.0  (−2.0 to +0.0)"
    assert shown["TAR at FAR 0.001"] == ["–", "–", "–"]
    assert shown["Faithfulness r"] == ["0.41", "0.36", "−0.05"]
    assert page.kinds.isVisible()  # the model's own cosine is among them
    assert texts(page.kinds)["Its own cosine"][0] == "91.0 %\n(87.0 to 94.0)"


def test_too_few_people_have_figures_without_intervals(
    window: MainWindow, run: Path, tiny_weights: Path
) -> None:
    verdict = verdict_of(window, tiny_weights, run / "adapted.safetensors")
    few = HeldOut(2, 56, 64, "2 people were held out, and it takes 5")
    replace(verdict, held_out=few, conclusion="too few").write(run)
    page = dialog_of(window, run).verdict_page
    assert texts(page.figures)["Accuracy"] == ["91.0 %", "94.0 %", "+3.0"]
    assert "interval" not in page.about.text()


def test_the_buttons_are_in_sight_at_1366x768(window: MainWindow, run: Path, qtbot: QtBot) -> None:
    dialog = dialog_of(window, run)
    dialog.resize(1366, 728)
    for button in (dialog.verdict_page.use, dialog.verdict_page.keep, dialog.verdict_page.longer):
        qtbot.waitUntil(
            lambda b=button: dialog.rect().contains(b.mapTo(dialog, b.rect().bottomRight()))  # type: ignore[misc]
        )
    dialog.tabs.setCurrentWidget(dialog.new)
    dialog.new.unfold.setChecked(True)
    start = dialog.new.start
    qtbot.waitUntil(lambda: dialog.rect().contains(start.mapTo(dialog, start.rect().bottomRight())))
    assert dialog.new.ways.isVisible() and dialog.new.form.isVisible()
    dialog.resize(900, 520)
    qtbot.waitUntil(lambda: not dialog.new.ways.isVisible() and dialog.new.form.isVisible())


def test_a_changed_pair_is_explained_by_both_weights(
    window: MainWindow, run: Path, qtbot: QtBot
) -> None:
    view = dialog_of(window, run).verdict_page.pairs
    lines = [view.list.item(place).text() for place in range(view.list.count())]
    assert lines == [
        "mended: FN → TP, one person, score 0.210 → 0.340",
        "spoilt: TN → FP, two people, score 0.200 → 0.280",
    ]
    qtbot.waitUntil(lambda: view._grid.isVisible(), timeout=60_000)
    qtbot.waitUntil(lambda: not view.list.item(1).icon().isNull(), timeout=60_000)
    assert window.session.matrix is not None
    for place, column in ((0, 1), (1, 3)):
        view.list.setCurrentRow(place)
        # Both weights are the session's here, so the page and the matrix must say the same.
        score = f"{window.session.matrix.scores[0, column]:.3f}".replace("-", "−")
        for label, side in zip(view.scores, ("Before", "After"), strict=True):
            qtbot.waitUntil(
                lambda a=label, b=f"{side}: score {score}, ": a.text().startswith(b),  # type: ignore[misc]
                timeout=60_000,
            )
        for maps in view.maps:
            cosine, attention = maps["cosine"].values, maps["attention"].values
            assert cosine is not None and attention is not None
            assert float((cosine * attention).sum()) == pytest.approx(
                float(window.session.matrix.scores[0, column]), abs=1e-3
            )


def test_a_pair_whose_photo_is_gone_is_one_sentence(
    window: MainWindow, run: Path, qtbot: QtBot, probes: Path
) -> None:
    window.session.open_gallery(probes)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=60_000)
    shutil.rmtree(run.parents[1] / "crops")
    view = dialog_of(window, run).verdict_page.pairs
    qtbot.waitUntil(lambda: "does not exist" in view.words.text(), timeout=60_000)
    assert "\n" not in view.words.text() and not view._grid.isVisible()
    assert view.list.count() == 2


def test_the_maps_of_a_pair_before_do_not_stand_under_one_whose_photo_is_gone(
    window: MainWindow, run: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain = PairRequest.explain

    def some(request: PairRequest, pair: ChangedPair, running: Running) -> ExplainedPair:
        if not pair.same:
            raise XCosError(f"{pair.right} does not exist.")
        return explain(request, pair, running)

    monkeypatch.setattr(PairRequest, "explain", some)
    view = dialog_of(window, run).verdict_page.pairs
    assert view.title.text().startswith("2 held-out pairs judged differently")
    qtbot.waitUntil(lambda: view._grid.isVisible(), timeout=60_000)
    view.list.setCurrentRow(1)
    qtbot.waitUntil(lambda: "does not exist" in view.words.text())
    assert not view._grid.isVisible()
    view.list.setCurrentRow(0)
    qtbot.waitUntil(lambda: view._grid.isVisible(), timeout=60_000)


def test_one_changed_pair_is_told_as_one(window: MainWindow, run: Path, tiny_weights: Path) -> None:
    verdict = verdict_of(window, tiny_weights, run / "adapted.safetensors")
    replace(verdict, pairs=verdict.pairs[:1]).write(run)
    view = dialog_of(window, run).verdict_page.pairs
    assert view.title.text() == "1 held-out pair judged differently; click one to see why"


def test_use_and_back_again_are_one_click_each(
    window: MainWindow, run: Path, qtbot: QtBot, tiny_weights: Path
) -> None:
    dialog = dialog_of(window, run)
    page, new = dialog.verdict_page, run / "adapted.safetensors"
    assert page.keep.text() == "Keep the old ones" and page.use.isEnabled()
    page.keep.click()
    assert str(run) in dialog.note.text()
    page.use.click()
    qtbot.waitUntil(lambda: page.keep.text() == "Go back to the old weights", timeout=60_000)
    card = window.session.card
    assert card is not None and card.path == new and not page.use.isEnabled()
    page.keep.click()
    qtbot.waitUntil(lambda: page.keep.text() == "Keep the old ones", timeout=60_000)
    card = window.session.card
    assert card is not None and card.path == tiny_weights and new.exists()


def test_train_longer_is_one_click(
    window: MainWindow, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    monkeypatch.setattr(TrainingDialog, "_launch", lambda _, path: started.append(path))
    dialog = dialog_of(window, run)
    dialog.verdict_page.longer.click()
    assert dialog.note.text() == (
        f"{run} has no checkpoint to go on from; start a new run instead."
    )
    assert not started and [path.name for path in run.parent.iterdir()] == ["adapted-1"]
    (run / "last.ckpt").write_bytes(b"state")
    dialog.verdict_page.longer.click()
    assert [path.name for path in started] == ["adapted-1-1"]
    assert dialog.note.text() == "adapted-1-1 goes on where adapted-1 ended."
    assert read_config(started[0] / CONFIG).optimisation.steps == 12
    assert (started[0] / "last.ckpt").read_bytes() == b"state" and (run / "verdict.json").exists()


def test_without_a_verdict_the_page_says_why(window: MainWindow, run: Path) -> None:
    (run / "verdict.json").write_text("{")
    page = dialog_of(window, run).verdict_page
    assert page.sentence.text().startswith(f"{run / 'verdict.json'} cannot be read")
    assert not page.figures.isVisible() and page.use.isVisible()
    (run / "verdict.json").unlink()
    page.show_run(run)
    assert page.sentence.text().startswith("This run held no people out")
