"""A reference of likelihood ratios as its own project has it: names that the user corrected."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)
pytest.importorskip("lir", reason="the extra evidence is not installed")

from pathlib import Path

from pytestqt.qtbot import QtBot

from core.project.project import Project
from tests.gui.tools.test_evidence import evidence  # noqa: F401
from tests.living import make_crops
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.evidence.window import EvidenceWindow


def test_names_corrected_in_the_reference_count(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    strength, session = evidence.strength, window.session
    session.select_pair(0, 3)
    names = ("fay", "gil", "hal", "ida", "jon")
    others = make_crops(tmp_path / "others", dict.fromkeys(names, 3))

    def give(old: str, new: str | None) -> None:
        project = Project.open(others, session.cache.folder)
        named = {f"{old}/{number}.png": old for number in (1, 2, 3)}
        project.set_identity(named, new, [])

    give("jon", "ida")
    strength.use_reference(others)
    qtbot.waitUntil(lambda: strength.found is not None, timeout=60_000)
    assert "4 people" in strength.words.text()
    give("hal", "ida")  # meanwhile, as in another window
    strength.again.emit()
    qtbot.waitUntil(lambda: "3 people" in strength.words.text(), timeout=60_000)
