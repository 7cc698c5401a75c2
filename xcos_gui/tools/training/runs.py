"""The runs of a folder: how they go, their curves side by side, and what to do with them."""

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import XCosError
from core.explain.colours import map_rgba
from core.progress import duration
from core.training.watch import RunView, ask_to_stop, look, runs_in
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty

STATES = {
    "running": "{what}: {done:,} of {total:,}",
    "stopped": "Stopped; it can be resumed.",
    "finished": "Finished: its result says whether its weights are better than those before.",
    "failed": "{what}",
    "ended": "Its process is gone; it can be resumed.",
}
LOSSES = ("identification", "cosine", "uniform", "embedding", "map", "total")
EMPTY = "No run yet", "Choose a way to train under New run, and press Start."
KINDS = ("learned", "uniform", "correlation", "fc")
LINE = 2 * "\N{BOX DRAWINGS HEAVY HORIZONTAL}"


class RunsPanel(QWidget):
    """The list of runs, and below it what the chosen ones tell; `refresh` looks again."""

    resume_asked = Signal(object)  # folder of a run
    use_asked = Signal(object)  # weights
    compare_asked = Signal(object)  # weights
    result_asked = Signal(object)  # folder of a run
    new_asked = Signal()
    told = Signal(str)

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._drawn: list[tuple[Path, int, int]] = []
        self._shown: tuple[Path, int] | None = None  # a run and the step of its pair
        self.list = QListWidget()
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setMaximumHeight(6 * self.fontMetrics().height())
        self.list.setToolTip("Select several to see their curves side by side")
        self.list.setAccessibleName("Runs, the newest first")
        self.list.itemSelectionChanged.connect(self.refresh)
        self.state = PlainLabel(wordWrap=True)
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._graphics = pg.GraphicsLayoutWidget()
        self._loss = self._plot(0, "loss", log=True)
        self._rate = self._plot(1, "rate")
        self._accuracy = self._plot(2, "accuracy %")
        self.plots = [self._loss, self._rate, self._accuracy]
        self._graphics.ci.layout.setRowStretchFactor(0, 4)
        self._graphics.ci.layout.setRowStretchFactor(1, 2)
        self._graphics.ci.layout.setRowStretchFactor(2, 4)
        self._pair_note = PlainLabel(wordWrap=True)
        self.pair = QWidget(visible=False)
        pair = QVBoxLayout(self.pair)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.addWidget(self._pair_note)
        pair.addLayout(self._make_maps())
        self.waiting = PlainLabel("Curves appear with the first steps.")
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.waiting.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        there = QWidget()
        column = QVBoxLayout(there)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        column.addWidget(self.state)
        column.addLayout(self._make_buttons())
        column.addWidget(self._graphics, 3)
        column.addWidget(self.waiting, 3)
        column.addWidget(self.pair, 1)
        self.shown = OrEmpty("train", there)
        self.shown.say(*EMPTY, [("New run", self.new_asked.emit)])
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(self.shown)

    # Making.

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.stop, self.resume = QPushButton("Stop"), QPushButton("Resume")
        self.folder = QPushButton("Open folder")
        self.result = QPushButton("Result")
        self.compare, self.use = QPushButton("Compare…"), QPushButton("Use these weights")
        for button, tip, slot in (
            (self.stop, "End the chosen runs with a checkpoint", self.stop_runs),
            (self.resume, "Go on with the chosen run from its last checkpoint", self._resume),
            (self.folder, "Settings, logs and checkpoints of the chosen run", self._open_folder),
            (
                self.result,
                "Whether the run's weights are better than those before",
                lambda: self._with_run(self.result_asked),
            ),
            (
                self.compare,
                "Hold the run's weights against the present ones on the open gallery",
                lambda: self._with_weights(self.compare_asked),
            ),
            (
                self.use,
                "Take the run's weights for the open gallery",
                lambda: self._with_weights(self.use_asked),
            ),
        ):
            button.setToolTip(tip)
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            row.addWidget(button)
        return row

    def _make_maps(self) -> QHBoxLayout:
        row = QHBoxLayout()
        names = "Left face", "Right face", "Cosine map S", "Attention map W"
        self._maps = [CellView(name) for name in names]
        for view, name in zip(self._maps, names, strict=True):
            view.setMinimumHeight(7 * self.fontMetrics().height())
            view.setToolTip(f"{name} of one genuine validation pair, the same throughout the run")
            row.addWidget(view)
        return row

    def _plot(self, row: int, name: str, log: bool = False) -> pg.PlotItem:
        plot = self._graphics.addPlot(row=row, col=0, enableMenu=False)
        plot.setLabel("left", name)
        plot.setLogMode(y=log)
        plot.showGrid(x=True, y=True, alpha=0.2)
        plot.getAxis("left").setWidth(5 * self.fontMetrics().height())
        if row == 2:
            plot.setLabel("bottom", "step")
        return plot

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_graphics"):
            self._graphics.setBackground(self.palette().color(QPalette.ColorRole.Base))
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._graphics.setBackground(self.palette().color(QPalette.ColorRole.Base))
        super().showEvent(event)

    # Asking.

    def stop_runs(self) -> None:
        """Ask the chosen runs to end with a checkpoint."""
        for view in self.chosen():
            if view.running:
                try:
                    ask_to_stop(view.path)
                except XCosError as error:
                    self.told.emit(str(error))

    def choose(self, path: Path) -> None:
        """Show one run."""
        self.refresh()
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == path:
                self.list.setCurrentRow(row)

    def _resume(self) -> None:
        self._with_run(self.resume_asked)

    def _with_run(self, asked: Any) -> None:
        for view in self.chosen()[:1]:
            asked.emit(view.path)

    def _with_weights(self, asked: Any) -> None:
        for view in self.chosen()[:1]:
            if view.weights is not None:
                asked.emit(view.weights)

    def _open_folder(self) -> None:
        for view in self.chosen()[:1]:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(view.path)))

    def chosen(self) -> list[RunView]:
        """The runs that are selected, as their files show them now."""
        items = self.list.selectedItems()
        return [look(item.data(Qt.ItemDataRole.UserRole)) for item in items]

    # Showing.

    def refresh(self) -> None:
        """Look at the runs again."""
        self._list_runs()
        views = self.chosen()
        self._show_state(views[0] if views else None)
        self._show_curves(views)
        self._show_pair(views[0] if views else None)

    def _list_runs(self) -> None:
        paths = runs_in(self._folder)
        shown = [
            self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())
        ]
        if paths == shown:
            return
        chosen = {item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()}
        self.list.blockSignals(True)
        self.list.clear()
        for path in paths:
            item = QListWidgetItem(path.name)
            item.setData(Qt.ItemDataRole.UserRole, path)
            self.list.addItem(item)
            item.setSelected(path in chosen)
        if not self.list.selectedItems() and paths:
            self.list.item(0).setSelected(True)
        self.list.blockSignals(False)

    def _show_state(self, view: RunView | None) -> None:
        running = view is not None and view.running
        self.stop.setEnabled(running)
        self.resume.setEnabled(view is not None and not running and view.state != "finished")
        self.folder.setEnabled(view is not None)
        for button in (self.result, self.use, self.compare):
            button.setEnabled(view is not None and view.weights is not None)
        if view is None:
            self.shown.say(*EMPTY, [("New run", self.new_asked.emit)])
            return
        self.shown.fill()
        text = STATES[view.state].format(what=view.what, done=view.done, total=view.total)
        if view.state == "ended" and view.what.endswith("."):  # its last sentence
            text = f"{view.what} {text}"
        if running and not view.total:
            text = f"{view.what}…"
        speed = view.log.get("photos_per_second")
        if running and speed is not None:
            text += f", {speed[-1]:.0f} photos/s"
        if (left := view.seconds_left) is not None:
            text += f", {duration(left)} left"
        if view.warning:
            text += f" {view.warning}"
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
        for plot in self.plots:
            plot.clear()
            plot.setTitle(None)
        self._named: dict[pg.PlotItem, list[str]] = {plot: [] for plot in self.plots}
        several = len(views) > 1
        losses = rates = accuracies = 0
        for view in views:
            prefix = f"{view.path.name}: " if several else ""
            for name in ("total",) if several else LOSSES:
                losses += self._draw(self._loss, view.log, name, prefix + name, losses, 1)
            rates += self._draw(self._rate, view.log, "rate", prefix + "rate", losses, 1)
            for name in KINDS:
                accuracies += self._draw(
                    self._accuracy, view.validation, name, prefix + name, accuracies, 100
                )
        for plot, count in zip(self.plots, (losses, rates, accuracies), strict=True):
            plot.setVisible(count > 0)
            if self._named[plot]:  # above the curves, which a legend would cover
                plot.setTitle(" &nbsp; ".join(self._named[plot]), size="8pt")
        self._graphics.setVisible(losses + rates + accuracies > 0)
        self.waiting.setVisible(losses + rates + accuracies == 0)

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
        colour = pg.intColor(hue, 9)
        alone = np.isfinite(values).sum() == 1  # a line needs two
        plot.plot(
            columns["step"],
            scale * values,
            pen=pg.mkPen(colour, width=2),
            symbol="o" if alone else None,
            symbolBrush=colour,
            name=label,
        )
        mark = f'<span style="color: {colour.name()}">{LINE}</span>'
        self._named[plot].append(f"{mark} {escape(label)}")
        return 1

    def _show_pair(self, view: RunView | None) -> None:
        shown = None if view is None or not view.pair else (view.path, int(view.pair["step"]))
        if shown == self._shown:
            return
        self._shown = shown
        self.pair.setVisible(shown is not None)
        if view is None or shown is None:
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
