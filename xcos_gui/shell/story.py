"""The sample's story in four steps, above the matrix at the first start and from the Help menu."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QPushButton,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.resources import resource_path
from core.scoring.lists import pairs_of
from xcos_gui.panels.matrix.panel import MatrixPanel
from xcos_gui.state.session import Session
from xcos_gui.widgets.design import GAP, PANEL, TIGHT, title_label
from xcos_gui.widgets.elided import PlainLabel

STEPS = (
    (
        "Every square is a pair of photos",
        "All pairs of 44 photos of four people: blue ones are more alike than the threshold, red ones "
        "less, and grey is each photo with itself. Click any.",
    ),
    (
        "Some of what the model says is wrong",
        "By outcome, false accepts are orange: two people called one. The worst, with the highest score, "
        "is listed first and chosen.",
    ),
    (
        "The panel Pair shows why",
        "The score is the sum over 49 cells. Blue evidence speaks for the same person: point at cells "
        "for their numbers, hold Space for plain faces.",
    ),
    (
        "Move the threshold",
        "Drag the line in the histogram: counts, colours and words follow. Then open your own photos; "
        "the tools are in the toolbar and under Analyse.",
    ),
)


class Story(QToolBar):
    """A strip below the toolbar, one step at a time; each brings the window to what it tells of."""

    def __init__(
        self, session: Session, matrix: MatrixPanel, docks: Mapping[str, QDockWidget]
    ) -> None:
        super().__init__("Story")
        self._session, self._matrix, self._docks = session, matrix, docks
        self._step: int | None = None
        self.setObjectName("story")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        self.title, self.text = title_label(""), PlainLabel(wordWrap=True)
        self.back, self.next = QPushButton("Back"), QPushButton("Next")
        self.back.clicked.connect(lambda: self.go((self._step or 0) - 1))
        self.next.clicked.connect(self._on_next)
        close = QToolButton(text="\N{MULTIPLICATION SIGN}", autoRaise=True)
        close.setToolTip("Close; Help, The sample in four steps shows it again")
        close.setAccessibleName("Close the story")
        close.clicked.connect(self.end)
        self._strip = QWidget()
        words, row = QVBoxLayout(), QHBoxLayout(self._strip)
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row.setContentsMargins(PANEL, TIGHT, GAP, TIGHT)
        row.addLayout(words, 1)
        for widget in (self.back, self.next, close):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self.addWidget(self._strip)
        session.idle.connect(self._on_idle)
        session.gallery_changed.connect(self._on_gallery)
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
        self._fit()
        self._matrix.colouring.setCurrentIndex(1 if step == 1 else 0)
        if step == 1:
            self._choose_worst()
        self._docks[("curves", "pairs", "inspector", "curves")[step]].raise_()

    def _fit(self) -> None:
        """As high as its text is at this width: a toolbar does not ask how high wrapped text is."""
        layout = self._strip.layout()
        assert layout is not None
        height = layout.totalHeightForWidth(self.width() - GAP)
        if height >= 0:  # -1: not laid out yet
            self._strip.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

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

    def _on_gallery(self) -> None:
        """Close with another gallery: what is told here is of the sample."""
        if self._step not in (None, -1) and self._session.source != resource_path("sample"):
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
