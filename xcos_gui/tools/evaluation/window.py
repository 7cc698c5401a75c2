"""The evaluation dialog: a protocol's table and plots, and the pairs behind each of its numbers."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from core.errors import XCosError, counted
from core.evaluation.occlusion_curve import OcclusionCurve
from core.evaluation.protocol import OpenedPairs, write_gallery
from core.evaluation.results import Evaluation, Measured, lacking, table
from core.faces.choose import GallerySettings
from core.model.kinds import ATTENTION_KINDS, AttentionKind
from core.scoring.lists import PairList
from xcos_gui.state.loading import ProtocolRequest
from xcos_gui.state.session import Session
from xcos_gui.tools.evaluation.pairs import ListedPairs
from xcos_gui.tools.evaluation.plots import EvaluationPlots
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty
from xcos_gui.widgets.pair_view import PairView
from xcos_gui.widgets.tool_window import ToolWindow

OPENED = 500  # pairs whose photos are opened as a gallery at most
TOLD = 20  # problems in a tooltip
START = (
    "Choose a protocol: pairs of photos that are known to show one person or two",
    "LFW's pairs.txt, an InsightFace .bin, a CSV of pairs, or a folder with a sub-folder a person. "
    "Accuracy, curves and every pair's maps are then shown here.",
)


class EvaluationDialog(ToolWindow):
    """Measures the session's weights on a protocol in the background."""

    title = "Evaluate on a protocol"
    tells_unseen = True
    size_in_lines = (90, 52)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: tuple[OpenedPairs, Evaluation] | None = None
        self._request: ProtocolRequest | None = None  # whose answer was found
        self._unpacked: tempfile.TemporaryDirectory[str] | None = None
        self._asked: tempfile.TemporaryDirectory[str] | None = None
        self._wanted: list[tuple[str, str]] = []  # pairs to list once their gallery is open
        self._summary = ""  # of what was measured last
        self._others_told = False  # whether it was told that it is of other weights
        self.body.addLayout(self._make_inputs())
        self.results = self._make_table()
        self.plot_tabs, self.listed, self.view = (
            EvaluationPlots(),
            ListedPairs(session.settings),
            PairView(),
        )
        self.plots += self.plot_tabs.plots
        self.plot_tabs.bin_chosen.connect(self.listed.choose_range)
        self.plot_tabs.occlusion_asked.connect(self.measure_occlusion)
        self.listed.pair_chosen.connect(self._show_pair)
        self.listed.open_asked.connect(self.open_listed)
        left = QSplitter(Qt.Orientation.Vertical)
        for widget in (self.results, self.plot_tabs, self.listed):
            left.addWidget(widget)
        unit = self.fontMetrics().height()
        left.setSizes([11 * unit, 18 * unit, 16 * unit])
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.view)
        split.setSizes([54 * unit, 32 * unit])
        self.shown = OrEmpty("worth", split)
        self.body.addWidget(self.shown, 1)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.model_changed.connect(self._on_model_changed)
        asks = ("File…", self._ask_file), ("Folder of people…", self._ask_folder)
        self.shown.say(*START, asks)

    def close_job(self) -> None:
        """End the background work, and remove the images of a .bin."""
        super().close_job()
        for folder in (self._unpacked, self._asked):
            if folder is not None:
                folder.cleanup()

    # Making.

    def _make_inputs(self) -> QFormLayout:
        form = QFormLayout()
        self.protocol, self.photos = QLineEdit(), QLineEdit()
        self.protocol.setPlaceholderText(
            "pairs.txt, a .bin, splits.txt, a CSV of left,right,same, or a folder of people"
        )
        self.photos.setPlaceholderText("folder of the photos; empty: the list's own")
        self.start = QPushButton("Evaluate")
        self.start.setDefault(True)
        self.start.clicked.connect(self.evaluate)
        for name, line, asks in (
            (
                "&Protocol",
                self.protocol,
                (("File…", self._ask_file), ("Folder…", self._ask_folder)),
            ),
            ("P&hotos", self.photos, (("Folder…", self._ask_photos),)),
        ):
            row = QHBoxLayout()
            row.addWidget(line, 1)
            line.setAccessibleName(name.replace("&", ""))
            for text, slot in asks:
                button = QPushButton(text)
                button.setAutoDefault(False)
                button.clicked.connect(slot)
                row.addWidget(button)
            if line is self.photos:
                row.addWidget(self.start)
            label = PlainLabel(name)
            label.setBuddy(line)
            form.addRow(label, row)
        self.aligned = QCheckBox("Its photos are aligned 112×112 crops")
        self.aligned.setToolTip(
            "They are taken as they are, without detection; a .bin's always are"
        )
        form.addRow("", self.aligned)
        return form

    def _make_table(self) -> QTableWidget:
        results = QTableWidget()
        results.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        results.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        results.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        results.setAccessibleName("Results by kind of score")
        results.setToolTip("A row's scores are those of the histogram and of the pairs below")
        results.itemSelectionChanged.connect(self._on_kind)
        results.verticalHeader().setDefaultSectionSize(round(1.5 * self.fontMetrics().height()))
        results.verticalHeader().hide()
        return results

    # Asking.

    def evaluate(self) -> None:
        """Start measuring."""
        session, protocol = self.session, self.protocol.text().strip()
        if not protocol:
            self.protocol.setFocus()
            self.tell("Name a protocol above first.")
            return
        if session.model is None:
            self.tell("There are no weights to evaluate; choose some in the Model menu.")
            return
        photos = self.photos.text().strip()
        self._asked = tempfile.TemporaryDirectory(prefix="xcos-", ignore_cleanup_errors=True)
        request = ProtocolRequest(
            Path(protocol),
            Path(photos) if photos else None,
            session.models.loader(GallerySettings(aligned=self.aligned.isChecked())),
            session.model,
            session.order,
            Path(self._asked.name),
        )

        def then(evaluated: tuple[OpenedPairs, Evaluation]) -> None:
            self._request = request
            self._on_evaluated(evaluated)

        self.compute("Reading the protocol", request.run, then)

    def measure_occlusion(self) -> None:
        """Measure again with masked faces, in the background."""
        if self.found is None or self._request is None:
            return
        request, opened = self._request, self.found[0]
        self.compute(
            "Masking faces", lambda running: request.occlusion(opened, running), self._on_occlusion
        )

    def open_listed(self) -> None:
        """Open the listed pairs' photos as the gallery, and list the pairs there."""
        if self.found is None or self._request is None:
            return
        opened = self.found[0]
        chosen = self.listed.model.places()[:OPENED]
        folder = self.session.cache.folder / "protocols"
        try:
            source = write_gallery(opened, chosen, folder, self._request.protocol)
        except XCosError as error:
            self.tell(str(error))
            return
        settings = self._request.loader.settings
        crops = settings.aligned or self._request.protocol.suffix.lower() == ".bin"
        self._wanted = source.pairs
        self.session.open_gallery(source.path, replace(settings, aligned=crops))
        self.tell(f"The photos of {counted(len(chosen), 'pair')} are opened in the window.")

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Choose a protocol", "", "Protocols (*.txt *.csv *.bin)"
        )
        if name:
            self.protocol.setText(name)

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder with a sub-folder a person")
        if name:
            self.protocol.setText(name)

    def _ask_photos(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder of the photos")
        if name:
            self.photos.setText(name)

    # Answers.

    def _on_evaluated(self, evaluated: tuple[OpenedPairs, Evaluation]) -> None:
        if self._unpacked is not None:
            self._unpacked.cleanup()
        self._unpacked, self._asked = self._asked, None
        self.found = evaluated
        self.shown.fill()
        evaluation = evaluated[1]
        left_out = (
            f", {evaluation.left_out:,} left out since their photos gave no face"
            if evaluation.left_out
            else ""
        )
        pairs = counted(len(evaluation.same), "pair")
        summary = f"{evaluation.protocol}: {pairs}{left_out}, by {evaluation.model}."
        problems = [problem.reason for problem in evaluated[0].gallery.problems]
        first = problems[0] if problems else None
        if len(problems) > 1:
            first = f"{first} {counted(len(problems) - 1, 'more problem')}: see the tooltip."
        self._summary = " ".join(filter(None, (summary, lacking(evaluation), first)))
        self.tell(self._summary)
        self.note.setToolTip("\n".join(problems[:TOLD]))
        self.plot_tabs.show_evaluation(evaluation)
        head, *rows = table(evaluation)
        self.results.blockSignals(True)
        self.results.setColumnCount(len(head))
        self.results.setHorizontalHeaderLabels(head)
        self.results.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for place, text in enumerate(row):
                self.results.setItem(number, place, QTableWidgetItem(text))
        self.results.resizeColumnsToContents()
        self.results.selectRow(0)
        self.results.blockSignals(False)
        self._on_kind()

    def _on_occlusion(self, curve: OcclusionCurve) -> None:
        self.plot_tabs.show_occlusion(curve)
        self.tell("Accuracy against the masked part of the face is in the Occlusion tab.")

    def _on_kind(self) -> None:
        measured = self._measured()
        if measured is None or self.found is None:
            return
        opened, evaluation = self.found
        self.plot_tabs.show_kind(measured, evaluation.same)
        threshold = measured.metrics.threshold
        self.listed.show_pairs(opened.pairs, measured.scores, evaluation.same, threshold)

    def _kind(self) -> str | None:
        if self.found is None:
            return None
        present = [kind for kind, scored in self.found[1].kinds.items() if scored is not None]
        row = self.results.currentRow()
        return present[row] if 0 <= row < len(present) else None

    def _measured(self) -> Measured | None:
        kind = self._kind()
        return None if kind is None or self.found is None else self.found[1].kinds[kind]

    def _show_pair(self, pair: int) -> None:
        if self.found is None or self._request is None:
            return
        # Embeddings have no maps: their pairs are shown with learned attention.
        chosen = self._kind()
        kind: AttentionKind = next((k for k in ATTENTION_KINDS if k == chosen), "learned")
        measured = self.found[1].kinds.get(kind)
        if measured is None:
            return
        try:
            report = self._request.explain(self.found[0], pair, kind, measured.metrics.threshold)
        except XCosError as error:
            self.view.show_report(None)
            self.tell(str(error))
            return
        self.view.show_report(report)

    def _on_model_changed(self) -> None:
        if self.found is not None and self._request is not None:
            card, measured = self.session.card, self._request.model.card
            if card is not None and card.fingerprint != measured.fingerprint:
                self.tell(f"These results are of {measured.name}; Evaluate measures {card.name}.")
                self._others_told = True
            elif self._others_told:
                self._others_told = False
                self.tell(self._summary)

    def _on_matrix_changed(self) -> None:
        """List the wanted pairs once the gallery that was opened for them is there."""
        session = self.session
        if not self._wanted or session.matrix is None or session.columns is None:
            return
        known = session.columns.gallery.index()  # of the matrix: more may be loaded already
        if any(key not in known for pair in self._wanted for key in pair):
            return  # it grows yet, or is another gallery
        rows, columns = np.array([[known[a], known[b]] for a, b in self._wanted]).T
        self._wanted = []
        pairs = PairList(rows, columns, session.matrix.scores[rows, columns])
        session.list_pairs(f"Pairs of {self.protocol_name}", pairs)
        session.select_pair(int(rows[0]), int(columns[0]))

    @property
    def protocol_name(self) -> str:
        """The file name of what was measured last."""
        return "" if self.found is None else self.found[1].protocol
