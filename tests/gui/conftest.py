"""A window over small crops and a small random model; skipped where Qt cannot be loaded."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from xcos_gui.shell.application import missing_library

# Without Qt every test module here skips itself, and needs no fixture.
if missing_library() is None:
    from PySide6.QtCore import QCoreApplication, QEvent, QSettings
    from pytestqt.qtbot import QtBot

    from core.faces.choose import GallerySettings
    from core.gallery.cache import Cache
    from core.gallery.opening import open_gallery
    from core.gallery.pipeline import Pipeline, make_here
    from core.gallery.pipeline_process import MakerProcess
    from core.model.verifier import Verifier
    from core.training.run_files import STATUS
    from core.training.watch import runs_in
    from core.workarounds import keep_constants
    from tests.gui.resting import settled
    from tests.living import make_crops
    from xcos_gui.shell.build import make_application, make_window
    from xcos_gui.shell.window import MainWindow

    keep_constants()  # also where a file is run alone and no window is made

    @pytest.fixture(scope="session")
    def maker() -> Iterator[Pipeline]:
        """What computes features: the process that does it beside the window.

        With FEATURES_HERE set, where starting one would take longer than the tests, this process.
        """
        if os.environ.get("FEATURES_HERE"):
            yield make_here
            return
        with closing(MakerProcess()) as process:
            yield process.make

    def end_runs(runs: Path) -> None:
        """A training that a failed test leaves would make the closing window ask what to do with it."""
        for path in runs_in(runs):
            with suppress(OSError, ValueError, LookupError, psutil.Error):
                psutil.Process(json.loads((path / STATUS).read_text())["pid"]).kill()

    @pytest.fixture(scope="session")
    def computed(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A cache file with the features of `crops`."""
        folder = tmp_path_factory.mktemp("computed")
        with closing(Cache(folder / "cache.sqlite")) as cache:
            verifier = Verifier(tiny_weights, "cpu")
            aligned = GallerySettings(aligned=True)
            open_gallery(
                make_crops(folder / "crops"), verifier=verifier, cache=cache, settings=aligned
            )
        with closing(sqlite3.connect(folder / "cache.sqlite")) as file, file:
            for table in ("members", "files"):  # of a gallery that no test has
                file.execute(f"DELETE FROM {table}")
        return folder / "cache.sqlite"

    @pytest.fixture
    def empty(
        qtbot: QtBot,
        request: pytest.FixtureRequest,
        tiny_weights: Path,
        tmp_path: Path,
        maker: Pipeline,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[MainWindow]:
        """A window with weights, but no gallery; new galleries are taken for aligned crops."""
        monkeypatch.setattr("xcos_gui.state.opening.FIRST_SETTINGS", GallerySettings(aligned=True))
        store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        store.setValue("runs", str(tmp_path / "runs"))
        cache = tmp_path / "cache" / "cache.sqlite"
        if "window" in request.fixturenames:
            cache.parent.mkdir()
            shutil.copy(request.getfixturevalue("computed"), cache)
        window = make_window(make_application(), store, cache, "cpu", maker)
        window.session.set_model(tiny_weights)
        qtbot.waitUntil(lambda: window.session.card is not None)
        window.resize(1400, 900)
        window.show()
        yield window
        end_runs(window.session.settings.runs)
        window.close()
        # A closed window lives on with its 500 widgets, and each further one would take longer to make.
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    @pytest.fixture
    def window(empty: MainWindow, qtbot: QtBot, crops: Path) -> MainWindow:
        """A window with a scored gallery and a pair chosen, at rest: nothing of its own begins later."""
        empty.session.open_gallery(crops)
        settled(empty, qtbot)
        return empty
