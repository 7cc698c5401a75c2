"""The buttons of a run's result: what each asks for, and what they are called."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path

from pytestqt.qtbot import QtBot

from core.digests import file_digest
from tests.gui.resting import settled
from tests.gui.tools.test_training_verdict import dialog_of, no_estimate_by_itself, run  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.training.result import ResultPage


def test_each_button_asks_for_its_own(window: MainWindow, run: Path, qtbot: QtBot) -> None:  # noqa: F811
    page = ResultPage(window.session)
    qtbot.addWidget(page)
    asked: list[tuple[str, object]] = []
    page.use_asked.connect(lambda path: asked.append(("use", path)))
    page.keep_asked.connect(lambda: asked.append(("keep", None)))
    page.longer_asked.connect(lambda path: asked.append(("longer", path)))
    buttons = page.use, page.keep, page.longer
    assert not any(button.isVisibleTo(page) for button in buttons) and page.now.text() == ""
    assert not page.shown.filled and page.sentence.isHidden()
    page.show_run(run)
    weights = run / "adapted.safetensors"
    for button in buttons:
        assert button.isVisibleTo(page)
        button.click()
    assert asked == [("use", weights), ("keep", None), ("longer", run)]
    assert page.use.isEnabled() and page.keep.text() == "Keep the old ones"
    assert page.now.text() == "tiny is in use. Both stay on the disk."
    assert page.shown.filled and page.about.text().startswith(
        f"{run.name}, 83 s. Measured on 12 people"
    )
    window.session.set_model(weights)
    qtbot.waitUntil(lambda: page.keep.text() == "Go back to the old weights", timeout=60_000)
    assert not page.use.isEnabled()
    page.show_run(run.parent / "none")
    assert page.verdict is None and page.sentence.isHidden() and not page.shown.filled
    assert not any(button.isVisibleTo(page) for button in buttons)
    page.close_job()


def test_the_old_weights_are_kept_also_while_the_new_ones_load(
    window: MainWindow, run: Path, qtbot: QtBot, tiny_weights: Path  # noqa: F811
) -> None:  # fmt: skip
    dialog, weights = dialog_of(window, run), run / "adapted.safetensors"
    file_digest(weights)  # so that loading begins at once
    dialog.use(weights)
    dialog.keep_old()
    settled(window, qtbot)
    assert dialog.note.text() == "The weights before judge the open gallery again."
    assert window.session.card is not None and window.session.card.path == tiny_weights
