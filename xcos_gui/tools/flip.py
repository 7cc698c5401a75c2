"""What would flip it: the fewest deciding cells, and the smallest edit that changes the verdict."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from core.errors import XCosError
from core.explain.editing.edits import EditKind
from core.explain.editing.flip import (
    FLIP_KINDS,
    NOUNS,
    Cell,
    FlipSearch,
    cells_words,
    deciding_cells,
    smallest_flip,
)
from core.explain.editing.what_if import SIDES, PairEditor, Question, Side, WhatIf
from core.explain.editing.what_if_output import change_words, write_what_if
from core.explain.explanation import PairExplanation
from core.explain.output import PAIR_SUFFIXES
from core.explain.words import distinct
from xcos_gui.state.jobs import Running
from xcos_gui.state.pair_editor import editor_work
from xcos_gui.state.session import Session
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.design import title_label
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.tool_window import ToolWindow

EMPTY = "Choose a pair in the main window to see what its verdict hangs on."
MAPS = ("Evidence", "The cells that are enough", "If they gave nothing")
HIDDEN = "If they were hidden"  # by laws under which attention leaves hidden cells
Found = tuple[PairEditor, FlipSearch, WhatIf | None]


class FlipWindow(ToolWindow):
    """Of the session's pair; cells at once, edits when asked for."""

    title = "What would flip it"
    size_in_lines = (60, 50)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.search: FlipSearch | None = None
        self.answer: WhatIf | None = None
        self._editor: PairEditor | None = None
        self._shown: PairExplanation | None = None
        self._searched: float | None = None  # the threshold of the search
        self.cells_text, self.search_text = (
            PlainLabel(EMPTY, wordWrap=True),
            PlainLabel(wordWrap=True),
        )
        for label in (self.cells_text, self.search_text):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.maps = [MapView("evidence", title) for title in MAPS]
        self.faces = {side: CellView(f"{side.capitalize()} face", grid=False) for side in SIDES}
        maps, faces = QHBoxLayout(), QHBoxLayout()
        for shown in self.maps:
            maps.addWidget(shown)
        for view in self.faces.values():
            faces.addWidget(view)
        self.body.addWidget(title_label("The fewest cells"))
        self.body.addWidget(self.cells_text)
        self.body.addLayout(maps, 2)
        self.body.addWidget(title_label("The smallest edit"))
        self.body.addLayout(self._make_search())
        self.body.addWidget(self.search_text)
        self.body.addLayout(faces, 3)
        QShortcut(QKeySequence("Ctrl+S"), self).activated.connect(self.ask_where)
        session.explanation_changed.connect(self._on_explanation)
        session.threshold_changed.connect(self._on_threshold)

    def _make_search(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.kind = QComboBox(toolTip="What is done to a face, from little to much")
        for kind in FLIP_KINDS:
            self.kind.addItem(NOUNS[kind].capitalize(), kind)
        self.kind.setAccessibleName("Kind of edit")
        self.kind.currentIndexChanged.connect(self._show_search)
        self.side = QComboBox(toolTip="Which face is edited")
        self.side.addItem("Either face", SIDES)
        for side in SIDES:
            self.side.addItem(f"{side.capitalize()} face", (side,))
        self.side.setAccessibleName("Which face is edited")
        self.start = QPushButton("Search", toolTip="Try all edits of the kind from small to large")
        self.start.setDefault(True)
        self.start.clicked.connect(self.look)
        self.save = QPushButton("Save…", toolTip="Save the edited face and all numbers (Ctrl+S)")
        self.save.setAutoDefault(False)
        self.save.clicked.connect(self.ask_where)
        for widget in (self.kind, self.side, self.start):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.save)
        return row

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_explanation(self.session.explanation)

    def _on_explanation(self, explanation: PairExplanation | None) -> None:
        if not self.isVisible() or (explanation is not None and explanation is self._shown):
            return
        self._shown = explanation
        self.job.stop()
        self._editor = self.search = self.answer = None
        self._show_cells()
        self._show_search()

    def _on_threshold(self, _: float) -> None:
        if self.isVisible():
            self._show_cells()
            self._show_search()

    def _show_cells(self) -> None:
        report = self.session.report()
        evidence = None if report is None else report.evidence
        if report is None or evidence is None:
            self.cells_text.setText(EMPTY)
            for shown in self.maps:
                shown.show_map(None, 0.0, 1.0)
            return
        explanation = report.explanation
        cells = deciding_cells(evidence, explanation.contribution, explanation.law)
        self.cells_text.setText(cells_words(cells, report.regions))
        limit = self.session.colour_limits.contribution
        enough = _at(evidence, cells.enough)
        hidden = _at(np.ones_like(evidence), cells.without)
        lost = explanation.evidence_without(hidden, self.session.threshold)
        self.maps[-1].set_title(MAPS[-1] if cells.law == "additive" else HIDDEN)
        for shown, values in zip(self.maps, (evidence, enough, lost), strict=True):
            shown.show_map(values, 0.0, limit)

    def look(self) -> None:
        """Search the smallest edit of the chosen kind, in the background."""
        prepare = editor_work(self.session)
        if prepare is None:
            self.tell(EMPTY)
            return
        kind: EditKind = self.kind.currentData()
        sides: tuple[Side, ...] = self.side.currentData()
        known, asked, threshold = self._editor, self._shown, self.session.threshold

        def work(running: Running) -> Found:
            editor = known or prepare(running)
            search = smallest_flip(editor, threshold, kind, sides, running)
            if search.found is None:
                return editor, search, None
            edits = {search.found.side: (search.found.edit,)}
            question = Question(edits.get("left", ()), edits.get("right", ()))
            return editor, search, editor.ask(question, threshold)

        def then(searched: Found) -> None:
            if asked is self._shown:
                self._editor, self.search, self.answer = searched
                self._searched = threshold
                self._show_search()

        self.compute("Searching", work, then)

    def _show_search(self, *_: object) -> None:
        report, answer = self.session.report(), self.answer
        for side, view in self.faces.items():
            if answer is not None:
                view.set_crop(getattr(answer, side).crop)
            else:
                view.set_crop(None if report is None else getattr(report, f"{side}_crop"))
        self.start.setEnabled(report is not None)
        self.save.setEnabled(answer is not None)
        if self.search is None:
            self.search_text.setText(
                "Press Search: it tries edits of this kind from little to much until one flips the "
                "verdict."
            )
        else:
            change = "" if answer is None else " " + change_words(answer)
            self.search_text.setText(
                f"{self.search.words}{change} {self.search.tried} tried.{self._searched_at()}"
            )

    def _searched_at(self) -> str:
        """What to add where the threshold has moved since the search; else nothing."""
        then, now = self._searched, self.session.threshold
        if then is None or then == now:
            return ""
        one, other = distinct(then, now)
        return f" This was searched at the threshold {one}; search again for {other}."

    # Saving.

    def ask_where(self) -> None:
        """Ask for a file, and save the edited face and the numbers."""
        if self.answer is None:
            self.tell("Search first; what flips the verdict can then be saved.")
            return
        forms = " ".join(f"*{suffix}" for suffix in PAIR_SUFFIXES)
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the edited face and its numbers", "flip.json", f"Flip ({forms})"
        )
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write the pair with the edit that flips it; .json has the edited face beside it."""
        if self.answer is None:
            return
        try:
            written = write_what_if(path, self.answer)
        except XCosError as error:
            self.tell(str(error))
        else:
            self.tell(f"Saved {', '.join(file.name for file in written)} in {path.parent}.")


def _at(values: np.ndarray, cells: tuple[Cell, ...]) -> np.ndarray:
    """A map's values in some cells, 0 elsewhere."""
    kept = np.zeros_like(values)
    for cell in cells:
        kept[cell] = values[cell]
    return kept
