"""The training dialog: settings checked as one types, and runs in processes of their own."""

import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.errors import Stopped, XCosError
from core.files import write_whole
from core.processes import own_command, own_environment
from core.resources import resource_path
from core.training.checks import Verdict, check
from core.training.config import (
    TrainConfig,
    missing_paths,
    parse_config,
    read_config,
    write_config,
)
from core.training.run_files import CONFIG
from core.training.watch import look, runs_in
from xcos_gui.state.jobs import LatestJob, Running
from xcos_gui.state.session import Session
from xcos_gui.tools.training.form import TrainingForm
from xcos_gui.tools.training.runs import RunsPanel
from xcos_gui.widgets.tool_window import ToolWindow

EVERY = 1000  # milliseconds between two looks at the runs
SETTLE = 400  # milliseconds that a setting must rest before folders and memory are looked at
POLL = 0.1  # seconds between two looks at the process that estimates


class TrainingDialog(ToolWindow):
    """Made once and shown when asked for; runs go on when it, or the program, is closed."""

    compare_asked = Signal(object)  # weights to hold against those in use

    title = "Train xCos"
    size_in_lines = (84, 46)

    def __init__(self, session: Session, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._folder = folder
        self._checking = LatestJob(self)
        self._checking.finished.connect(self._on_checked)
        self._settled = QTimer(self, singleShot=True, interval=SETTLE)
        self._settled.timeout.connect(self._check_more)
        self.runs = RunsPanel(folder)
        self.runs.resume_asked.connect(self._launch)
        self.runs.use_asked.connect(self._use)
        self.runs.compare_asked.connect(self.compare_asked)
        self.runs.told.connect(self.tell)
        self.plots += self.runs.plots
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._make_settings())
        split.addWidget(self.runs)
        unit = self.fontMetrics().height()
        split.setSizes([38 * unit, 46 * unit])
        self.body.addWidget(split)
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self._check()
        self.refresh()

    def refresh(self) -> None:
        """Look at the runs again."""
        self.runs.refresh()

    def close_job(self) -> None:
        """End the background work; runs go on."""
        self._timer.stop()
        self._checking.close()
        super().close_job()

    # Making.

    def _make_settings(self) -> QWidget:
        self.form = TrainingForm()
        self.form.changed.connect(self._check)
        self.presets = QComboBox()
        self.presets.setAccessibleName("Preset")
        for path in sorted(resource_path("presets").glob("*.toml")):
            self.presets.addItem(path.stem, path)
        self.presets.setCurrentIndex(-1)
        self.presets.setPlaceholderText("Preset…")
        self.presets.setToolTip("Settings that come with xCos Studio")
        self.presets.activated.connect(lambda _: self.load(self.presets.currentData()))
        loading, saving = QPushButton("Load…"), QPushButton("Save as…")
        loading.clicked.connect(self._ask_load)
        saving.clicked.connect(self._ask_save)
        self.timing = QPushButton("Estimate time")
        self.timing.setToolTip(
            "Time a few steps on a few faces, in a process of its own: how long an epoch and the run take"
        )
        self.timing.clicked.connect(self.estimate)
        for button in (loading, saving, self.timing):
            button.setAutoDefault(False)
        self.start = QPushButton("Start")
        self.start.setDefault(True)
        self.start.setToolTip("Train with these settings, in a process of its own")
        self.start.clicked.connect(self.start_run)
        self.problem, self.faces = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        above, below = QHBoxLayout(), QHBoxLayout()
        for widget in (self.presets, loading, saving):
            above.addWidget(widget)
        below.addWidget(self.faces, 1)
        below.addWidget(self.timing)
        below.addWidget(self.start)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(above)
        column.addWidget(self.form, 1)
        column.addWidget(self.problem)
        column.addLayout(below)
        return page

    # Settings.

    def load(self, path: Path) -> None:
        """Show a config file's settings."""
        try:
            self.form.set_config(read_config(path))
        except XCosError as error:
            self._show_problems([str(error)])

    def _config(self) -> TrainConfig:
        return self.form.config(self._folder / CONFIG)

    def _check(self) -> None:
        """Values and paths at once; folders and memory when the typing rests."""
        try:
            missing = missing_paths(self._config())
        except XCosError as error:
            missing = [str(error).replace(f"{self._folder / CONFIG}: ", "")]
        self._checking.drop()
        self.faces.clear()
        self._show_problems(missing)
        if not missing:
            self._settled.start()

    def _check_more(self) -> None:
        try:
            config = self._config()
        except XCosError:
            return  # it was told as it was typed
        self._checking.start(lambda _: check(config))

    def _on_checked(self, verdict: Verdict) -> None:
        faces = verdict.faces
        if faces.total:
            self.faces.setText(
                f"{faces.total:,} faces, {faces.labelled:,} of them of {faces.identities:,} people"
            )
        self._show_problems(list(verdict.problems))
        if not verdict.problems:
            self.problem.setText("\n".join(verdict.warnings))

    def _show_problems(self, problems: list[str]) -> None:
        self.problem.setText(problems[0] if problems else "")
        self.start.setEnabled(not problems)
        self.timing.setEnabled(not problems)

    def _ask_load(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Load settings", "", "Settings (*.toml)")
        if name:
            self.load(Path(name))

    def _ask_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save settings", "run.toml", "TOML (*.toml)")
        if name:
            try:
                write_whole(Path(name), self.form.toml().encode())
            except XCosError as error:
                self.tell(str(error))

    def estimate(self) -> None:
        """Time a few steps with the form's settings, in a process that can be stopped."""
        request = _EstimateRequest(self.form.toml(), self._folder / CONFIG)
        self.compute("Estimating the time", request.run, self.tell)

    # Runs.

    def start_run(self) -> None:
        """Start a run with the form's settings, in a process of its own."""
        config = self._config()
        number = 1
        while (path := self._folder / f"{config.name}-{number}").exists():
            number += 1
        try:
            path.mkdir(parents=True)
            write_whole(path / CONFIG, self.form.toml().encode())
        except (OSError, XCosError) as error:
            self.tell(f"{path} cannot be written ({error}); choose another name.")
            return
        self._launch(path)
        self.refresh()
        self.runs.list.setCurrentRow(0)

    def _launch(self, path: Path) -> None:
        process = QProcess()
        environment = QProcessEnvironment.systemEnvironment()
        for name, value in own_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        program, *arguments = own_command("train", "--resume", str(path))
        process.setProgram(program)
        process.setArguments(arguments)
        process.setStandardErrorFile(str(path / "output.txt"))
        process.setStandardOutputFile(str(path / "output.txt"))
        started = process.startDetached()
        if not (started[0] if isinstance(started, tuple) else started):
            self.tell(f"{program} could not be started; start the run by the command.")

    def _use(self, weights: Path) -> None:
        self.session.set_model(weights)
        self.tell(f"{weights.name} judges the open gallery now.")

    @property
    def running(self) -> list[Path]:
        """Folders of the runs whose processes live."""
        return [path for path in runs_in(self._folder) if look(path).running]


@dataclass(frozen=True)
class _EstimateRequest:
    """Settings as TOML, with paths relative to base, whose time a process of its own tells."""

    toml: str
    base: Path

    def run(self, running: Running) -> str:
        """The estimate in words. Raises XCosError with the process's own sentence, and Stopped."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            config = Path(folder) / CONFIG
            settings = parse_config(self.toml, self.base)  # relative paths are the runs' folder's
            config.write_text(write_config(settings), encoding="utf-8")
            process = subprocess.Popen(
                own_command("train", str(config), "--estimate", "--into", folder, "--json"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=own_environment(),
            )
            while process.poll() is None:
                if running.stopped():
                    process.kill()
                    process.wait()
                    raise Stopped("The estimate")
                seen = look(Path(folder))
                running.report(seen.what or "Starting a process", seen.done, seen.total)
                time.sleep(POLL)
            said, complaint = process.communicate()
        if process.returncode:
            raise XCosError(complaint.strip().removeprefix("xcos: ") or "The estimate failed.")
        return str(json.loads(said)["words"])
