"""The sample's story in four steps, above the matrix at the first start and from the Help menu."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
)

from core.resources import resource_path
from core.scoring.lists import pairs_of
from xcos_gui.panels.matrix.panel import MatrixPanel
from xcos_gui.state.session import Session
from xcos_gui.widgets.design import GAP, PANEL, title_label

STEPS = (
    (
        "Every square is a pair of photos",
        "The matrix below holds all pairs of 44 photos of four people. Blue pairs are more alike "
        "than the threshold, red ones less. The grey diagonal is each photo with itself.",
    ),
    (
        "Some of what the model says is wrong",
        "Coloured by outcome, false accepts are orange: two people called one. The list shows "
        "the worst one first, and it is chosen: two blurred photos, two people, a high score.",
    ),
    (
        "The panel Pair shows why",
        "The score is the sum over 49 cells, nothing is left over. Evidence is blue where a cell "
        "speaks for the same person: hover cells to see their numbers, hold Space for plain faces.",
    ),
    (
        "Move the threshold",
        "Drag the line in the histogram: counts, colours and words follow at once. Then open your "
        "own photos; What if and the other tools are in the toolbar and under Analyse.",
    ),
)


class Story(QFrame):
    """One step at a time; each brings the window to what it tells of."""

    def __init__(
        self, session: Session, matrix: MatrixPanel, docks: Mapping[str, QDockWidget]
    ) -> None:
        super().__init__()
        self._session, self._matrix, self._docks = session, matrix, docks
        self._step: int | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.title, self.text = title_label(""), QLabel(wordWrap=True)
        self.back, self.next = QPushButton("Back"), QPushButton("Next")
        self.back.clicked.connect(lambda: self.go((self._step or 0) - 1))
        self.next.clicked.connect(self._on_next)
        close = QToolButton(text="\N{MULTIPLICATION SIGN}", autoRaise=True)
        close.setToolTip("Close; Help, The sample in four steps shows it again")
        close.setAccessibleName("Close the story")
        close.clicked.connect(self.end)
        words, row = QVBoxLayout(), QHBoxLayout(self)
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row.setContentsMargins(PANEL, GAP, GAP, GAP)
        row.addLayout(words, 1)
        for widget in (self.back, self.next, close):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        session.idle.connect(self._on_idle)
        self.hide()

    @property
    def step(self) -> int | None:
        """The step that is told, from 0; None while the story is closed."""
        return self._step

    def begin(self) -> None:
        """Tell the story, with the sample open."""
        session = self._session
        self._step = -1
        if session.source != resource_path("sample"):
            session.open_gallery(resource_path("sample"))
        self._on_idle()

    def end(self) -> None:
        """Close it; the next start does not show it."""
        self._step = None
        self._session.settings.remember_story()
        self.hide()

    def go(self, step: int) -> None:
        """Tell a step, and show what it is about."""
        self._step = step
        title, text = STEPS[step]
        self.title.setText(f"{step + 1} of {len(STEPS)}: {title}")
        self.text.setText(text)
        self.back.setEnabled(step > 0)
        self.next.setText("Next" if step + 1 < len(STEPS) else "Done")
        self.show()
        self._matrix.colouring.setCurrentIndex(1 if step == 1 else 0)
        if step == 1:
            self._choose_worst()
        self._docks[("curves", "pairs", "inspector", "curves")[step]].raise_()

    def _choose_worst(self) -> None:
        session = self._session
        session.list_outcome("FP")
        if session.matrix is not None:
            worst = pairs_of(session.matrix, "FP", session.threshold, 1)
            if len(worst):
                session.select_pair(int(worst.rows[0]), int(worst.columns[0]))

    def _on_next(self) -> None:
        assert self._step is not None
        if self._step + 1 < len(STEPS):
            self.go(self._step + 1)
        else:
            self.end()

    def _on_idle(self) -> None:
        """Begin as soon as the sample is scored: by itself at the first start of all."""
        session = self._session
        ready = session.matrix is not None and not session.busy
        if not ready or session.source != resource_path("sample"):
            return
        first = self._step is None and not session.settings.story_seen and self.isHidden()
        if self._step == -1 or first:
            session.settings.remember_story()
            self.go(0)
