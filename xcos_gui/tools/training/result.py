"""What a run came to: a sentence, figures before and after, changed pairs, and what to do now."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.progress import duration
from core.training.config import read_config
from core.training.run_files import CONFIG
from core.training.verdict import HeldOut, Verdict, read_verdict
from core.training.watch import look
from xcos_gui.state.session import Session
from xcos_gui.tools.training.changed_pairs import ChangedPairsView
from xcos_gui.tools.training.figures import FiguresTable
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty, parted

EMPTY = (
    "No result yet. When a run ends, this page says whether its weights are better on people that "
    "they have not seen."
)
IN_BRACKETS = " In brackets: 95 % intervals, drawn by identity."
UNJUDGED = (
    "This run held no people out and had no weights to compare with, so there is no verdict; "
    "Compare holds its weights against those in use."
)


class ResultPage(QWidget):
    """The verdict on a run, and buttons to use its weights, keep the old ones, or train longer."""

    use_asked = Signal(object)  # the run's weights
    keep_asked = Signal()
    longer_asked = Signal(object)  # the run's folder

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.run: Path | None = None
        self.weights: Path | None = None
        self.verdict: Verdict | None = None
        self.sentence, self.about = PlainLabel(wordWrap=True), PlainLabel(wordWrap=True)
        font = self.sentence.font()
        font.setPointSizeF(1.3 * font.pointSizeF())
        self.sentence.setFont(font)
        for label in (self.sentence, self.about):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.figures = FiguresTable("Before and after on held-out people")
        self.kinds = FiguresTable("Kinds of score on held-out people")
        self.cost = PlainLabel("What the explanation costs: its scores on the same people")
        self.pairs = ChangedPairsView(session)
        self.now = PlainLabel(wordWrap=True)
        self.use, self.keep = QPushButton("Use the new weights"), QPushButton()
        self.longer = QPushButton("Train longer")
        self.longer.setToolTip(
            "Go on from where the run ended, with as many steps again, as a run of its own"
        )
        self.use.clicked.connect(lambda: self.use_asked.emit(self.weights))
        self.keep.clicked.connect(lambda: self.keep_asked.emit())
        self.longer.clicked.connect(lambda: self.longer_asked.emit(self.run))
        self._arrange()
        session.model_changed.connect(self.show_state)
        self._show_nothing(EMPTY)

    def close_job(self) -> None:
        """End the background work."""
        self.pairs.close_job()

    def show_run(self, run: Path) -> None:
        """Show what a run came to."""
        self.run, self.weights = run, look(run).weights
        try:
            verdict = read_verdict(run)
            config = read_config(run / CONFIG)
        except XCosError as error:
            self._show_nothing(str(error))
            return
        if verdict is None:
            self._show_nothing(EMPTY if self.weights is None else UNJUDGED)
            return
        if self.weights is not None:  # where they are now: the folder may have been moved
            verdict = replace(verdict, weights=self.weights)
        self.verdict = verdict
        self.sentence.setText(verdict.sentence)
        self.sentence.show()
        self.about.setText(_about(run, verdict))
        self.figures.show_verdict(verdict)
        self.kinds.show_kinds(verdict)
        for widget in (self.kinds, self.cost):
            widget.setVisible("own" in verdict.kinds)
        self.pairs.show_verdict(verdict, GallerySettings(config.data.faces, config.data.aligned))
        self.shown.fill()
        self.show_state()

    def show_state(self, *_: object) -> None:
        """Say which weights are in use, and what can be done."""
        card, weights = self._session.card, self.weights
        there = weights is not None
        new = weights is not None and card is not None and card.path.resolve() == weights.resolve()
        for button in (self.use, self.keep, self.longer):
            button.setVisible(there)
        self.use.setEnabled(not new)
        self.keep.setText("Go back to the old weights" if new else "Keep the old ones")
        self.now.setText(
            "" if card is None or not there else f"{card.name} is in use. Both stay on the disk."
        )

    def _show_nothing(self, sentence: str) -> None:
        self.verdict = None
        self.sentence.setText(sentence)
        self.sentence.hide()  # said below
        self.about.clear()
        self.shown.say(*parted(sentence))
        self.show_state()

    def _arrange(self) -> None:
        inside = QWidget()
        left = QVBoxLayout(inside)
        left.setContentsMargins(0, 0, 0, 0)
        for widget in (self.figures, self.cost, self.kinds):
            left.addWidget(widget)
        left.addStretch(1)
        area = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        split = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        split.addWidget(area)
        split.addWidget(self.pairs)
        unit = self.fontMetrics().height()
        split.setSizes([38 * unit, 42 * unit])
        self.shown = OrEmpty("train", split)
        buttons = QHBoxLayout()
        buttons.addWidget(self.now, 1)
        for button in (self.longer, self.keep, self.use):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        for widget in (self.sentence, self.about):
            column.addWidget(widget)
        column.addWidget(self.shown, 1)
        column.addLayout(buttons)


def _about(run: Path, verdict: Verdict) -> str:
    intervals = "" if verdict.held_out.lacking else IN_BRACKETS
    return f"{run.name}, {duration(verdict.seconds)}. {_held_out(verdict.held_out)}{intervals}"


def _held_out(held_out: HeldOut) -> str:
    return (
        f"Measured on {held_out.people:,} people that it did not see: {held_out.genuine:,} genuine "
        f"and {held_out.impostor:,} impostor pairs."
    )
