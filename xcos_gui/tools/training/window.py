"""The training window: a new run, the runs, and what a run came to."""

import json
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
# By a run's weights, those in use before; "" for those that ship.
BEFORE = "training/weights before"


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
        # Weights that load, and what to say then.
        self._awaited: tuple[Path | None, str] | None = None
        self._why = ""  # what was said last since then
        session.model_changed.connect(self._tell_used)
        session.idle.connect(self._tell_not_used)
        session.message.connect(self._on_message)
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
            kept = {new: old for new, old in self._before().items() if Path(new).is_file()}
            kept[str(weights.resolve())] = "" if before is None else str(before)
            self.session.settings.keep_note(BEFORE, json.dumps(kept))
        name = weights.name
        judges = "is in use now" if self.session.source is None else "judges the open gallery now"
        self._take(weights, f"{name} is being loaded for the open gallery.", f"{name} {judges}.")

    def keep_old(self) -> None:
        """Leave the weights before in use, or take them again."""
        card, new = self.session.card, self.verdict_page.weights
        chosen = self.session.chosen_models.verifier  # which may still be loading the gallery
        awaited = self._awaited is not None and self._awaited[0] == new  # or be hashed
        if new is not None and (
            awaited or (chosen and chosen.card.path.resolve() == new.resolve())
        ):
            before = self._before().get(str(new.resolve()), "")
            self._take(
                Path(before) if before else None,
                "The weights before are being loaded for the open gallery.",
                "The weights before judge the open gallery again.",
            )
            return
        name = "They" if card is None else card.name
        self.tell(f"{name} stays in use; the run's weights stay in {self.verdict_page.run}.")

    def _before(self) -> dict[str, str]:
        """The weights in use before, by those of the run that took their place."""
        try:
            kept = json.loads(self.session.settings.note(BEFORE) or "{}")
        except ValueError:  # as an earlier version kept it, or none of ours
            return {}
        sound = kept.items() if isinstance(kept, dict) else ()
        return {new: old for new, old in sound if isinstance(old, str)}

    def _take(self, weights: Path | None, meanwhile: str, then: str) -> None:
        """Use weights, which are loaded first, and say both at their time."""
        self._awaited, self._why = (weights, then), ""
        self.tell(meanwhile)
        self.session.set_model(weights)
        self._tell_used()
        if not self.session.busy:
            self._tell_not_used()

    def _tell_used(self) -> None:
        session = self.session
        if self._awaited is None or session.chosen_models is not session.models:
            return
        weights, then = self._awaited
        if session.models.weights == weights:
            self._awaited = None
            self.tell(then)

    def _tell_not_used(self) -> None:
        """Say why weights that were asked for are not in use, now that nothing runs any more."""
        if self._awaited is not None:
            self._awaited = None
            self.tell(self._why or "Those weights could not be taken; choose them under Model.")

    def _on_message(self, sentence: str) -> None:
        self._why = sentence

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
