"""A new run: three ways with what they ask, all settings beside them, and whether it can start."""

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import XCosError, counted
from core.files import write_whole
from core.progress import duration
from core.resources import resource_path
from core.training.checks import Verdict, check
from core.training.config import TrainConfig, missing_paths, read_config, write_config
from core.training.named_files import with_files
from core.training.run_files import CONFIG
from xcos_gui.state.jobs import LatestJob
from xcos_gui.state.session import Session
from xcos_gui.tools.training.form import TrainingForm
from xcos_gui.tools.training.launch import EstimateRequest, Measured
from xcos_gui.tools.training.problems import ProblemsLabel
from xcos_gui.tools.training.ways import FILE, WaysPanel
from xcos_gui.widgets.elided import PlainLabel

SETTLE = 400  # milliseconds that a setting must rest before folders and memory are looked at
RESTED = 1500  # milliseconds after which the time is measured by itself
BOTH = 80  # heights of a line of text that ways and form take beside each other
TAKES = "Takes"
KEPT = "training/changes"  # of a way's settings
Compute = Callable[[str, Callable[..., object], Callable[[Measured], None]], None]


class NewRunPage(QWidget):
    """Ways on the left; their settings, the whole form, on the right when asked for.

    compute: runs the estimate in the background with progress and Stop, the newest call wins
    """

    start_asked = Signal(str, str)  # name of the weights, settings as TOML
    told = Signal(str)

    def __init__(
        self, session: Session, runs: Path, compute: Compute, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._base, self._compute = session, runs / CONFIG, compute
        self._measured = ""  # settings whose time was measured last, or is being measured
        self._times: dict[str, Measured] = {}  # by settings
        self._way = FILE  # whose settings are shown
        self._changes = _kept_changes(session.settings.note(KEPT))  # by way
        self._checking = LatestJob(self)
        self._checking.finished.connect(self._on_checked)
        self._settled = QTimer(self, singleShot=True, interval=SETTLE)
        self._settled.timeout.connect(self._check_more)
        self._rested = QTimer(self, singleShot=True, interval=RESTED)
        self._rested.timeout.connect(self._measure_by_itself)
        self.form = TrainingForm(session.settings)
        self.ways = WaysPanel(session)
        self._make_settings()
        self._make_foot()
        within = QWidget()
        inside = QVBoxLayout(within)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.ways)
        inside.addLayout(self._said)
        inside.addStretch(1)
        self._left = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self._left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._left.setWidget(within)
        split = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        split.addWidget(self._left)
        split.addWidget(self.settings)
        unit = self.fontMetrics().height()
        split.setSizes([36 * unit, 44 * unit])
        page = QVBoxLayout(self)
        page.addWidget(split, 1)
        page.addLayout(self._foot)
        self.ways.changed.connect(self._on_way_changed)
        self.form.changed.connect(self._check)
        self._on_way_changed()

    def close_job(self) -> None:
        """End the background work."""
        self._checking.close()

    # Making.

    def _make_settings(self) -> None:
        self.presets = QComboBox()
        self.presets.setAccessibleName("Preset")
        for path in sorted(resource_path("presets").glob("*.toml")):
            self.presets.addItem(path.stem, path)
        self.presets.setCurrentIndex(-1)
        self.presets.setPlaceholderText("Preset…")
        self.presets.setToolTip("Settings that come with xCos Studio")
        self.presets.activated.connect(lambda _: self.load(self.presets.currentData()))
        loading, saving = QPushButton("Load…"), QPushButton("Save as…")
        self.reset = QPushButton("Reset all")
        self.reset.setToolTip("Set every changed setting back to what the way on the left says")
        loading.clicked.connect(self._ask_load)
        saving.clicked.connect(self._ask_save)
        self.reset.clicked.connect(self.form.reset_all)
        row = QHBoxLayout()
        row.addWidget(self.presets, 1)
        for button in (loading, saving, self.reset):
            button.setAutoDefault(False)
            row.addWidget(button)
        self.settings = QWidget()
        column = QVBoxLayout(self.settings)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.form, 1)
        self.settings.hide()

    def _make_foot(self) -> None:
        self.problem = ProblemsLabel(self.form.link)
        self.problem.setting_asked.connect(self.go_to)
        self.faces, self.time = PlainLabel(wordWrap=True), PlainLabel(wordWrap=True)
        self.timing = QPushButton("Measure", autoDefault=False)
        self.timing.setToolTip(
            "Time a few steps on a few faces, in a process of its own: how long the run will take"
        )
        self.timing.clicked.connect(self.estimate)
        self.unfold = QToolButton(text="All settings", checkable=True)
        self.unfold.setArrowType(Qt.ArrowType.RightArrow)
        self.unfold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.unfold.toggled.connect(self._on_unfolded)
        self.start = QPushButton("Start")
        self.start.setDefault(True)
        self.start.setToolTip("Train with these settings, in a process of its own")
        self.start.clicked.connect(self._on_start)
        times, last = QHBoxLayout(), QHBoxLayout()
        times.addWidget(self.time, 1)
        times.addWidget(self.timing)
        last.addWidget(self.unfold)
        last.addStretch(1)
        last.addWidget(self.start)
        self._said, self._foot = QVBoxLayout(), last
        self._said.addWidget(self.problem)
        self._said.addWidget(self.faces)
        self._said.addLayout(times)

    # Settings.

    def load(self, path: Path) -> None:
        """Show a config file's settings."""
        try:
            config = read_config(path)
        except XCosError as error:
            self._show_problems([str(error)])
            return
        self.ways.choose_file(path.stem, config)

    def go_to(self, name: str) -> None:
        """Let the user change a setting, where the way asks for it or else in the form."""
        asked = self.ways.input(name)
        if asked is not None and not self.unfold.isChecked():
            asked.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.unfold.setChecked(True)
        self.form.go_to(name)

    def config(self) -> TrainConfig:
        """The settings. Raises XCosError."""
        return self.form.config(self._base)

    def _on_way_changed(self) -> None:
        """Show the settings of another way with its own changes, or of the same by another answer."""
        way, config = self.ways.chosen, self.ways.config()
        if way == self._way and way != FILE:
            self.form.set_base(config)
            return
        self._changes[self._way] = self.form.changes()
        self._way = way
        self.form.set_config(config)
        self.form.apply(self._changes.get(way, "") if way != FILE else "")

    def _on_unfolded(self, on: bool) -> None:
        self.settings.setVisible(on)
        self._make_room()
        self.unfold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)

    def _make_room(self) -> None:
        """Where both do not fit beside each other, the form takes the place of the ways."""
        wide = self.width() >= BOTH * self.fontMetrics().height()
        self._left.setVisible(wide or not self.unfold.isChecked())

    def _check(self) -> None:
        """Values and paths at once; folders and memory when the typing rests."""
        try:
            missing = missing_paths(with_files(self.config()))
        except XCosError as error:
            missing = [str(error).replace(f"{self._base}: ", "")]
        count = len(self.form.changed_names)
        self.reset.setEnabled(count > 0)
        self.unfold.setText(f"All settings ({count} changed)" if count else "All settings")
        self._checking.drop()
        self.faces.hide()
        self._tell_time(bool(missing))
        self._show_problems(missing)
        self._rested.stop()
        if not missing:
            self._settled.start()

    def _tell_time(self, missing: bool) -> None:
        settings = self.form.toml()
        if settings in self._times:
            self._show_time(self._times[settings])
        elif settings != self._measured:
            self._measured = ""
            when = "once nothing is missing" if missing else "in a moment"
            self.time.setText(f"How long it takes here is measured {when}.")

    def _show_time(self, measured: Measured) -> None:
        self.time.setText(f"{TAKES} about {duration(measured.seconds)} here, as measured.")
        self.time.setToolTip(measured.words)

    def _check_more(self) -> None:
        try:
            config = self.config()
        except XCosError:
            return  # it was told as it was typed
        self._checking.start(lambda _: check(config))

    def _on_checked(self, verdict: Verdict) -> None:
        faces = verdict.faces
        self.faces.setVisible(faces.total > 0)
        if faces.total:
            some = "" if faces.labelled == faces.total else f", {faces.labelled:,} of them"
            self.faces.setText(
                f"{counted(faces.total, 'photo')}{some} of {counted(faces.identities, 'person', 'people')}"
            )
        self._show_problems(list(verdict.problems))
        if not verdict.problems:
            self.problem.show_sentences(verdict.warnings)
            self._rested.start()

    def _show_problems(self, problems: list[str]) -> None:
        self.problem.show_sentences(problems)
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
                write_whole(Path(name), self._settings_text().encode())
            except XCosError as error:
                self.told.emit(str(error))

    def _settings_text(self) -> str:
        """The settings as a file anywhere may hold them: with whole paths, unless one is not valid."""
        try:
            return write_config(self.config())
        except XCosError:
            return self.form.toml()

    # Time.

    def estimate(self) -> None:
        """Time a few steps with the form's settings, in a process that can be stopped."""
        settings = self.form.toml()
        self._rested.stop()
        self._measured = settings

        def show(measured: Measured) -> None:
            self._times[settings] = measured
            if self.form.toml() == settings:
                self._show_time(measured)

        self.time.setText("Measuring how long it takes here…")
        self._compute("Measuring the time", EstimateRequest(settings, self._base).run, show)

    def not_measured(self) -> None:
        """Say that the estimate was stopped or failed."""
        self.time.setText("How long it takes here is not measured.")

    def _measure_by_itself(self) -> None:
        settings = self.form.toml()
        if settings == self._measured or settings in self._times or not self.isVisible():
            return
        if self._session.busy:
            self._rested.start()  # it would slow down what the user waits for, and be slowed itself
            return
        self.estimate()

    # Starting.

    def _on_start(self) -> None:
        self._rested.stop()
        if not self.time.text().startswith(TAKES):
            self.not_measured()
        self.keep()
        self.form.keep()
        self.start_asked.emit(self.config().name, self.form.toml())

    def keep(self) -> None:
        """Remember answers and changed settings for the next time."""
        self.ways.keep()
        self._changes[self._way] = self.form.changes()
        self._session.settings.keep_note(KEPT, json.dumps(self._changes))

    # Qt's own.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._check()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._rested.stop()


def _kept_changes(text: str) -> dict[str, str]:
    try:
        kept = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(kept, dict):
        return {}
    return {way: toml for way, toml in kept.items() if isinstance(toml, str)}
