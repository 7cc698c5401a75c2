"""The evaluation dialog: a protocol's table, and the pairs behind each of its numbers."""

from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.cli import unexpected
from core.errors import Stopped, XCosError
from core.evaluation.protocol import OpenedPairs
from core.evaluation.results import Evaluation, table
from xcos_gui.job import LatestJob
from xcos_gui.loading import ProtocolRequest
from xcos_gui.session import Session
from xcos_gui.theme import paint_axes

BINS = 60
LISTED = 2000  # pairs shown at most
OUTCOMES = {
    "All pairs": None,
    "TP": (True, True),
    "FN": (True, False),
    "FP": (False, True),
    "TN": (False, False),
}


class EvaluationDialog(QDialog):
    """Measures the session's weights on a protocol in the background."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.found: tuple[OpenedPairs, Evaluation] | None = None
        self._range: tuple[float, float] | None = None
        self.setWindowTitle("Evaluate on a protocol")
        unit = self.fontMetrics().height()
        self.resize(62 * unit, 46 * unit)
        self._job = LatestJob(self)
        self._job.progress.connect(self._on_progress)
        self._job.finished.connect(self._on_finished)
        self._job.failed.connect(self._on_failed)
        column = QVBoxLayout(self)
        column.addLayout(self._make_inputs())
        self.results = QTableWidget()
        self.results.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.results.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.results.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.results.itemSelectionChanged.connect(self._on_kind)
        self.results.verticalHeader().setDefaultSectionSize(round(1.5 * unit))
        self.results.verticalHeader().hide()
        self.results.setMinimumHeight(10 * unit)
        column.addWidget(self.results)
        self.histogram = pg.PlotWidget()
        self.histogram.setLabel("bottom", "score")
        self.histogram.setLabel("left", "pairs")
        self.histogram.addLegend(offset=(-5, 5))
        self.histogram.scene().sigMouseClicked.connect(self._on_click)
        self.histogram.setToolTip("Click a bin to list its pairs")
        column.addWidget(self.histogram, 3)
        self.outcome = QComboBox()
        self.outcome.addItems(list(OUTCOMES))
        self.outcome.currentTextChanged.connect(self._list_pairs)
        self.listed = QLabel()
        row = QHBoxLayout()
        row.addWidget(self.outcome)
        row.addWidget(self.listed, 1)
        column.addLayout(row)
        self.pairs = QTableWidget(0, 4)
        self.pairs.setHorizontalHeaderLabels(["score", "outcome", "left", "right"])
        self.pairs.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.pairs.horizontalHeader().setStretchLastSection(True)
        self.pairs.verticalHeader().setDefaultSectionSize(round(1.5 * unit))
        column.addWidget(self.pairs, 3)

    def close_job(self) -> None:
        """End the background work."""
        self._job.close()

    def _make_inputs(self) -> QFormLayout:
        form = QFormLayout()
        self.protocol, self.photos = QLineEdit(), QLineEdit()
        self.protocol.setPlaceholderText(
            "pairs.txt, a .bin, splits.txt, a CSV of left,right,same, or a folder"
        )
        self.photos.setPlaceholderText("folder of the photos; empty: the list's own")
        for name, line, ask in (
            ("Protocol", self.protocol, self._ask_protocol),
            ("Photos", self.photos, self._ask_photos),
        ):
            button = QPushButton("Choose…")
            button.setAutoDefault(False)
            button.clicked.connect(ask)
            row = QHBoxLayout()
            row.addWidget(line, 1)
            row.addWidget(button)
            form.addRow(name, row)
        self.start = QPushButton("Evaluate")
        self.start.clicked.connect(self.evaluate)
        self.stop = QPushButton("Stop")
        self.stop.setEnabled(False)
        self.stop.clicked.connect(self._job.stop)
        self._bar = QProgressBar()
        self._bar.setVisible(False)
        self.note = QLabel()
        self.note.setWordWrap(True)
        row = QHBoxLayout()
        for widget in (self.note, self._bar):
            row.addWidget(widget, 1)
        row.addWidget(self.stop)
        row.addWidget(self.start)
        form.addRow(row)
        return form

    def evaluate(self) -> None:
        """Start measuring."""
        photos = self.photos.text().strip()
        session = self._session
        if session.engine is None:
            self.note.setText("There are no weights to evaluate; choose some in the Model menu.")
            return
        asked = ProtocolRequest(
            Path(self.protocol.text().strip()),
            Path(photos) if photos else None,
            session.loader(),
            session.engine,
            session.order,
        )
        self.note.setText("")
        self.stop.setEnabled(True)
        self._job.start(asked.run)

    def _ask_protocol(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Choose a protocol", "", "Protocols (*.txt *.csv *.bin)"
        )
        if name:
            self.protocol.setText(name)

    def _ask_photos(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder of the photos")
        if name:
            self.photos.setText(name)

    # Answers.

    def _on_progress(self, what: str, done: int, total: int) -> None:
        self._bar.setVisible(True)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._bar.setFormat(f"{what}: %p %")

    def _on_failed(self, error: BaseException) -> None:
        self._idle()
        if isinstance(error, Stopped):
            self.note.setText("Stopped.")
        elif isinstance(error, XCosError):
            self.note.setText(str(error))
        else:
            self.note.setText(unexpected(repr(error)))

    def _on_finished(self, found: tuple[OpenedPairs, Evaluation]) -> None:
        self._idle()
        self.found = found
        evaluation = found[1]
        left_out = f", {evaluation.left_out} left out" if evaluation.left_out else ""
        self.note.setText(f"{evaluation.protocol}: {len(evaluation.same):,} pairs{left_out}")
        head, *rows = table(evaluation)
        self.results.setColumnCount(len(head))
        self.results.setHorizontalHeaderLabels(head)
        self.results.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for place, text in enumerate(row):
                self.results.setItem(number, place, QTableWidgetItem(text))
        self.results.resizeColumnsToContents()
        self.results.selectRow(0)
        self._on_kind()

    def _idle(self) -> None:
        self._bar.setVisible(False)
        self.stop.setEnabled(False)

    # Pairs.

    def _kind(self) -> str | None:
        if self.found is None:
            return None
        present = [kind for kind, found in self.found[1].kinds.items() if found is not None]
        row = self.results.currentRow()
        return present[row] if 0 <= row < len(present) else None

    def _on_kind(self) -> None:
        self._range = None
        kind = self._kind()
        self.histogram.clear()
        if kind is None or self.found is None:
            return
        evaluation = self.found[1]
        measured = evaluation.kinds[kind]
        assert measured is not None
        edges = self._edges(measured.scores)
        for name, sort, colour in (
            ("genuine", evaluation.same, (44, 123, 182, 150)),
            ("impostor", ~evaluation.same, (215, 25, 28, 150)),
        ):
            heights, _ = np.histogram(measured.scores[sort], edges)
            self.histogram.plot(
                edges, heights, stepMode="center", fillLevel=0, brush=colour, name=name
            )
        self.histogram.addItem(pg.InfiniteLine(measured.metrics.threshold, 90, pen="#ff00c8"))
        self._list_pairs()

    def _edges(self, scores: np.ndarray) -> np.ndarray:
        return np.linspace(scores.min(), scores.max() + 1e-9, BINS + 1)

    def _on_click(self, event: object) -> None:
        place: QPointF = event.scenePos()  # type: ignore[attr-defined]
        self.choose_bin(self.histogram.plotItem.vb.mapSceneToView(place).x())

    def choose_bin(self, score: float) -> None:
        """List the pairs whose scores lie in the bin of this one."""
        kind = self._kind()
        if kind is None or self.found is None:
            return
        measured = self.found[1].kinds[kind]
        assert measured is not None
        edges = self._edges(measured.scores)
        number = int(np.clip(np.searchsorted(edges, score, "right") - 1, 0, BINS - 1))
        self._range = float(edges[number]), float(edges[number + 1])
        self._list_pairs()

    def _list_pairs(self) -> None:
        kind = self._kind()
        self.pairs.setRowCount(0)
        if kind is None or self.found is None:
            return
        opened, evaluation = self.found
        measured = evaluation.kinds[kind]
        assert measured is not None
        scores, same = measured.scores, evaluation.same
        accepted = scores > measured.metrics.threshold
        chosen = np.ones(len(scores), bool)
        if self._range is not None:
            chosen &= (scores >= self._range[0]) & (scores < self._range[1])
        wanted = OUTCOMES[self.outcome.currentText()]
        if wanted is not None:
            chosen &= (same == wanted[0]) & (accepted == wanted[1])
        # The worst first: impostors that score high, genuine pairs that score low.
        order = np.flatnonzero(chosen)
        order = order[np.argsort(np.where(same[order], scores[order], -scores[order]))]
        place = (
            ""
            if self._range is None
            else f" with scores {self._range[0]:.3f} to {self._range[1]:.3f}"
        )
        more = f", the worst {LISTED:,} shown" if len(order) > LISTED else ""
        self.listed.setText(f"{len(order):,} pairs{place}{more}")
        self.pairs.setRowCount(min(len(order), LISTED))
        names = {(True, True): "TP", (True, False): "FN", (False, True): "FP", (False, False): "TN"}
        for row, pair in enumerate(order[:LISTED]):
            outcome = names[bool(same[pair]), bool(accepted[pair])]
            texts = (
                f"{scores[pair]:.4f}",
                outcome,
                opened.pairs.left[pair],
                opened.pairs.right[pair],
            )
            for column, text in enumerate(texts):
                self.pairs.setItem(
                    row, column, QTableWidgetItem(Path(text).name if column > 1 else text)
                )

    def showEvent(self, event: QShowEvent) -> None:
        palette = self.palette()
        self.histogram.setBackground(palette.color(QPalette.ColorRole.Base))
        paint_axes(self.histogram, palette)
        super().showEvent(event)
