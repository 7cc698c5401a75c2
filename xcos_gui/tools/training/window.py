"""The training window: a new run, the runs, and what a run came to."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from core.errors import XCosError
from core.training.watch import look, runs_in
from xcos_gui.state.session import Session
from xcos_gui.tools.training.launch import launch, new_longer_run, new_run
from xcos_gui.tools.training.new_run import NewRunPage
from xcos_gui.tools.training.result import ResultPage
from xcos_gui.tools.training.runs import RunsPanel
from xcos_gui.widgets.placing import Pages
from xcos_gui.widgets.tool_window import ToolWindow

EVERY = 1000  # milliseconds between two looks at the runs
BEFORE = "training/weights before"  # those in use before a run's; "" for those that ship


class TrainingDialog(ToolWindow):
    """Made once and shown when asked for; runs go on when it, or the program, is closed."""

    compare_asked = Signal(object)  # weights to hold against those in use

    title = "Train xCos"
    size_in_lines = (86, 44)

    def __init__(self, session: Session, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._folder = folder
        self.tabs = Pages(documentMode=True)
        self.new = NewRunPage(session, folder, self.compute)
        self.new.start_asked.connect(self.start_run)
        self.new.told.connect(self.tell)
        self.runs = RunsPanel(folder)
        self.runs.resume_asked.connect(self._launch)
        self.runs.use_asked.connect(self.use)
        self.runs.compare_asked.connect(self.compare_asked)
        self.runs.result_asked.connect(self.show_result)
        self.runs.new_asked.connect(lambda: self.tabs.setCurrentWidget(self.new))
        self.runs.told.connect(self.tell)
        self.plots += self.runs.plots
        self.verdict_page = ResultPage(session)
        self.verdict_page.use_asked.connect(self.use)
        self.verdict_page.keep_asked.connect(self.keep_old)
        self.verdict_page.longer_asked.connect(self.train_longer)
        for page, text in (
            (self.new, "&New run"),
            (self.runs, "&Runs"),
            (self.verdict_page, "Resul&t"),
        ):
            self.tabs.addTab(page, text)
        self.body.addWidget(self.tabs)
        self._watched = set(self.running)
        self._processes: list[subprocess.Popen[bytes]] = []  # waited for, so that none is left over
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self.refresh()

    def refresh(self) -> None:
        """Look at the runs again."""
        self.runs.refresh()
        self._processes = [p for p in self._processes if p.poll() is None]
        for path in sorted(self._watched):
            view = look(path)
            if view.running:
                continue
            self._watched.discard(path)
            if view.state == "finished":
                self.show_result(path)
                self.session.message.emit(f"{path.name}: {self.verdict_page.sentence.text()}")
            elif view.state == "failed":
                self.runs.choose(path)
                self.session.message.emit(f"{path.name}: {view.what}")

    def close_job(self) -> None:
        """End the background work; runs go on."""
        self._timer.stop()
        self.new.keep()
        self.new.close_job()
        self.verdict_page.close_job()
        super().close_job()

    @property
    def running(self) -> list[Path]:
        """Folders of the runs whose processes live."""
        return [path for path in runs_in(self._folder) if look(path).running]

    # Runs.

    def start_run(self, name: str, toml: str) -> None:
        """Start a run with settings, in a process of its own."""
        self.job.drop()  # an estimate would only slow it down
        self.progress.hide()
        with self._telling():
            path = new_run(self._folder, name, toml)
            self._launch(path)

    def train_longer(self, run: Path) -> None:
        """Start a run that goes on where another one ended."""
        with self._telling():
            path = new_longer_run(self._folder, run)
            self._launch(path)
            self.tell(f"{path.name} goes on where {run.name} ended.")

    def _launch(self, path: Path) -> None:
        with self._telling():
            self._processes.append(launch(path))
            self._watched.add(path)
            self.runs.choose(path)
            self.tabs.setCurrentWidget(self.runs)

    # Results.

    def show_result(self, run: Path) -> None:
        """Show what a run came to."""
        self.verdict_page.show_run(run)
        self.tabs.setCurrentWidget(self.verdict_page)

    def use(self, weights: Path) -> None:
        """Take a run's weights for the open gallery; the way back to those before is kept."""
        before = self.session.models.weights
        if before is None or before.resolve() != weights.resolve():
            self.session.settings.keep_note(BEFORE, "" if before is None else str(before))
        self.session.set_model(weights)
        self.tell(f"{weights.name} judges the open gallery now.")

    def keep_old(self) -> None:
        """Leave the weights before in use, or take them again."""
        card, new = self.session.card, self.verdict_page.weights
        chosen = self.session.chosen_models.verifier  # which may still be loading the gallery
        if chosen is not None and new is not None and chosen.card.path.resolve() == new.resolve():
            before = self.session.settings.note(BEFORE)
            self.session.set_model(Path(before) if before else None)
            self.tell("The weights before judge the open gallery again.")
            return
        name = "They" if card is None else card.name
        self.tell(f"{name} stays in use; the run's weights stay in {self.verdict_page.run}.")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell the user's errors at the foot of the window."""
        try:
            yield
        except XCosError as error:
            self.tell(str(error))

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        self.new.not_measured()
