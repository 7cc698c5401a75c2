"""The training dialog: settings, runs in processes of their own, and how they go."""

import sys
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QProcess, QProcessEnvironment, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.errors import XCosError
from core.explain.colours import map_rgba
from core.explain.output import write_whole
from core.resources import resource_path
from core.training.config import missing_paths, read_config
from core.training.run_files import CONFIG
from core.training.watch import RunView, ask_to_stop, look, runs_in
from xcos_gui.cell_view import CellView
from xcos_gui.session import Session
from xcos_gui.theme import paint_axes
from xcos_gui.training_form import TrainingForm

EVERY = 1000  # milliseconds between two looks at the runs
STATES = {
    "running": "{what}: {done:,} of {total:,}",
    "stopped": "Stopped; it can be resumed.",
    "finished": "Finished.",
    "failed": "{what}",
    "ended": "Its process is gone; it can be resumed.",
}
LOSSES = ("identification", "cosine", "uniform", "embedding", "map", "total")
KINDS = ("learned", "uniform", "correlation", "fc")


class TrainingDialog(QDialog):
    """Made once and shown when asked for; runs go on when it, or the program, is closed."""

    def __init__(self, session: Session, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._folder = session, folder
        self._drawn: list[tuple[Path, int, int]] = []
        self.setWindowTitle("Train xCos")
        unit = self.fontMetrics().height()
        self.resize(80 * unit, 44 * unit)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._make_settings())
        split.addWidget(self._make_runs())
        split.setSizes([36 * unit, 44 * unit])
        QVBoxLayout(self).addWidget(split)
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self._check()
        self.refresh()

    @property
    def running(self) -> list[Path]:
        """Folders of the runs whose processes live."""
        return [path for path in runs_in(self._folder) if look(path).running]

    # Making.

    def _make_settings(self) -> QWidget:
        self.form = TrainingForm()
        self.form.changed.connect(self._check)
        self.presets = QComboBox()
        for path in sorted(resource_path("presets").glob("*.toml")):
            self.presets.addItem(path.stem, path)
        self.presets.setCurrentIndex(-1)
        self.presets.setPlaceholderText("Preset…")
        self.presets.activated.connect(lambda _: self.load(self.presets.currentData()))
        loading, saving = QPushButton("Load…"), QPushButton("Save as…")
        for button in (loading, saving):
            button.setAutoDefault(False)
        loading.clicked.connect(self._ask_load)
        saving.clicked.connect(self._ask_save)
        self.start = QPushButton("Start")
        self.start.setDefault(True)
        self.start.clicked.connect(self.start_run)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        above, below = QHBoxLayout(), QHBoxLayout()
        for widget in (self.presets, loading, saving):
            above.addWidget(widget)
        below.addWidget(self.problem, 1)
        below.addWidget(self.start)
        return _column(above, self.form, below)

    def _make_runs(self) -> QWidget:
        self.runs = QListWidget()
        self.runs.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.runs.setMaximumHeight(8 * self.fontMetrics().height())
        self.runs.setToolTip("Select several to see their curves side by side")
        self.runs.itemSelectionChanged.connect(self.refresh)
        self.state = QLabel("No run yet: choose a preset, check the settings, and start one.")
        self.state.setWordWrap(True)
        self._plots = pg.GraphicsLayoutWidget()
        self._loss = self._plot(0, "loss", log=True)
        self._rate = self._plot(1, "rate")
        self._accuracy = self._plot(2, "accuracy %")
        self._maps = [CellView("Left face"), CellView("Right face"), CellView("S"), CellView("W")]
        self._pair_note = QLabel("The validation pair's S and W appear after the first validation.")
        self._pair_note.setWordWrap(True)
        maps = QHBoxLayout()
        for view in self._maps:
            view.setMinimumHeight(7 * self.fontMetrics().height())
            maps.addWidget(view)
        buttons = QHBoxLayout()
        self.stop, self.resume = QPushButton("Stop"), QPushButton("Resume")
        self.folder, self.use = QPushButton("Open folder"), QPushButton("Use these weights")
        self.stop.clicked.connect(self.stop_run)
        self.resume.clicked.connect(self.resume_run)
        self.folder.clicked.connect(self._open_folder)
        self.use.clicked.connect(self.use_weights)
        for button in (self.stop, self.resume, self.folder, self.use):
            buttons.addWidget(button)
        return _column(self.runs, self.state, buttons, self._plots, self._pair_note, maps)

    def _plot(self, row: int, name: str, log: bool = False) -> pg.PlotItem:
        plot = self._plots.addPlot(row=row, col=0)
        plot.setLabel("left", name)
        plot.setLogMode(y=log)
        plot.showGrid(x=True, y=True, alpha=0.2)
        plot.getAxis("left").setWidth(5 * self.fontMetrics().height())
        plot.addLegend(offset=(-5, 2), labelTextSize="8pt", colCount=3)
        if row == 2:
            plot.setLabel("bottom", "step")
        return plot

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_accuracy"):
            self._take_palette()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._take_palette()
        super().showEvent(event)

    def _take_palette(self) -> None:
        palette = self.palette()
        self._plots.setBackground(palette.color(QPalette.ColorRole.Base))
        for plot in (self._loss, self._rate, self._accuracy):
            paint_axes(plot, palette)

    # Settings.

    def load(self, path: Path) -> None:
        """Show a config file's settings."""
        try:
            self.form.set_config(read_config(path))
        except XCosError as error:
            self.problem.setText(str(error))

    def _check(self) -> None:
        try:
            config = self.form.config(self._folder / CONFIG)
            missing = missing_paths(config)
        except XCosError as error:
            missing = [str(error).replace(f"{self._folder / CONFIG}: ", "")]
        self.problem.setText(missing[0] if missing else "")
        self.start.setEnabled(not missing)

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
                self.problem.setText(str(error))

    # Runs.

    def start_run(self) -> None:
        """Start a run with the form's settings, in a process of its own."""
        config = self.form.config(self._folder / CONFIG)
        number = 1
        while (path := self._folder / f"{config.name}-{number}").exists():
            number += 1
        try:
            path.mkdir(parents=True)
            write_whole(path / CONFIG, self.form.toml().encode())
        except (OSError, XCosError) as error:
            self.problem.setText(f"{path} cannot be written ({error}); choose another name.")
            return
        self._launch(path)
        self.refresh()
        self.runs.setCurrentRow(0)

    def resume_run(self) -> None:
        """Go on with the chosen run from its last checkpoint."""
        for view in self._chosen()[:1]:
            self._launch(view.path)

    def stop_run(self) -> None:
        """Ask the chosen runs to end with a checkpoint."""
        for view in self._chosen():
            if view.running:
                try:
                    ask_to_stop(view.path)
                except XCosError as error:
                    self._session.message.emit(str(error))

    def use_weights(self) -> None:
        """Take the chosen run's weights for the open gallery."""
        for view in self._chosen()[:1]:
            if view.weights is not None:
                self._session.set_model(view.weights)

    def _launch(self, path: Path) -> None:
        process = QProcess()
        environment = QProcessEnvironment.systemEnvironment()
        root = str(Path(__file__).resolve().parents[1])
        paths = [root, environment.value("PYTHONPATH")]
        environment.insert(
            "PYTHONPATH", (";" if sys.platform == "win32" else ":").join(filter(None, paths))
        )
        process.setProcessEnvironment(environment)
        process.setProgram(sys.executable)
        process.setArguments(["-m", "core.cli", "train", "--resume", str(path)])
        process.setStandardErrorFile(str(path / "output.txt"))
        process.setStandardOutputFile(str(path / "output.txt"))
        started = process.startDetached()
        if not (started[0] if isinstance(started, tuple) else started):
            self.problem.setText(f"{sys.executable} could not be started; start it by the command.")

    def _open_folder(self) -> None:
        for view in self._chosen()[:1]:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(view.path)))

    def _chosen(self) -> list[RunView]:
        items = self.runs.selectedItems()
        return [look(item.data(Qt.ItemDataRole.UserRole)) for item in items]

    # Showing.

    def refresh(self) -> None:
        """Look at the runs again."""
        self._list_runs()
        views = self._chosen()
        self._show_state(views[0] if views else None)
        self._show_curves(views)
        self._show_pair(views[0] if views else None)

    def _list_runs(self) -> None:
        paths = runs_in(self._folder)
        shown = [
            self.runs.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.runs.count())
        ]
        if paths == shown:
            return
        chosen = {item.data(Qt.ItemDataRole.UserRole) for item in self.runs.selectedItems()}
        self.runs.blockSignals(True)
        self.runs.clear()
        for path in paths:
            item = QListWidgetItem(path.name)
            item.setData(Qt.ItemDataRole.UserRole, path)
            self.runs.addItem(item)
            item.setSelected(path in chosen)
        if not self.runs.selectedItems() and paths:
            self.runs.item(0).setSelected(True)
        self.runs.blockSignals(False)

    def _show_state(self, view: RunView | None) -> None:
        running = view is not None and view.running
        self.stop.setEnabled(running)
        self.resume.setEnabled(view is not None and not running and view.state != "finished")
        self.folder.setEnabled(view is not None)
        self.use.setEnabled(view is not None and view.weights is not None)
        if view is None:
            return
        text = STATES[view.state].format(what=view.what, done=view.done, total=view.total)
        speed = view.log.get("photos_per_second")
        if running and speed is not None:
            text += f", {speed[-1]:.0f} photos/s"
        if (left := view.seconds_left) is not None:
            text += f", {left / 60:.0f} min left"
        self.state.setText(text)

    def _show_curves(self, views: list[RunView]) -> None:
        # The run looked at may not have logged anything since the last look.
        drawn = [
            (view.path, len(view.log.get("step", ())), len(view.validation.get("step", ())))
            for view in views
        ]
        if drawn == self._drawn:
            return
        self._drawn = drawn
        for plot in (self._loss, self._rate, self._accuracy):
            plot.clear()
        several = len(views) > 1
        count = 0
        for view in views:
            prefix = f"{view.path.name}: " if several else ""
            names = ("total",) if several else LOSSES
            for name in names:
                count += self._draw(self._loss, view.log, name, prefix + name, count, 1)
            self._draw(self._rate, view.log, "rate", prefix + "rate", count, 1)
            for number, name in enumerate(KINDS):
                self._draw(
                    self._accuracy, view.validation, name, prefix + name, number + count, 100
                )

    def _draw(
        self,
        plot: pg.PlotItem,
        columns: dict[str, np.ndarray],
        name: str,
        label: str,
        hue: int,
        scale: float,
    ) -> int:
        values = columns.get(name)
        if values is None or np.isnan(values).all():
            return 0
        plot.plot(
            columns["step"], scale * values, pen=pg.mkPen(pg.intColor(hue, 9), width=2), name=label
        )
        return 1

    def _show_pair(self, view: RunView | None) -> None:
        if view is None or not view.pair:
            return
        crops, cosine, attention = (view.pair[name] for name in ("crops", "cosine", "attention"))
        for face, crop in zip(self._maps[:2], crops, strict=True):
            face.set_crop(crop)
        self._maps[2].set_overlay(map_rgba("cosine", cosine, limit=1.0))
        self._maps[3].set_overlay(map_rgba("attention", attention, limit=float(attention.max())))
        self._pair_note.setText(
            f"A genuine validation pair at step {int(view.pair['step']):,}: its faces, S (blue alike, "
            f"red unlike) and W (up to {attention.max():.3f})."
        )


def _column(*parts: QWidget | QHBoxLayout) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    return page
