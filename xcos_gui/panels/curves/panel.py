"""The threshold, and counts and rates at it, beside the curves."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.analysis.diverse import diverse_pairs
from core.errors import counted
from core.query.selection import NAMES
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome
from core.scoring.scored import ScoredGallery
from core.scoring.statistics import WANTED_FARS, Counts
from xcos_gui.panels.curves.plots import ScorePlots
from xcos_gui.state.session import Session
from xcos_gui.state.threshold_before import ThresholdBefore
from xcos_gui.widgets.decimal_box import DecimalBox
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.outcomes import MEANINGS, OutcomeButton, percent

BESIDE = 34  # lines of width from which the curves have room beside the counts


class CurvesPanel(QWidget):
    """The 2x2 counts beside the curves, which are made when there is first something to draw."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._plots: ScorePlots | None = None
        side = QVBoxLayout()
        side.addLayout(self._make_threshold())
        side.addLayout(self._make_counts())
        self.spread = QCheckBox("List &diverse pairs")
        self.spread.setToolTip(
            "Of an outcome, list only the worst pair of each two people, and kinds of evidence in turn, "
            "instead of the worst pairs of all"
        )
        side.addWidget(self.spread)
        self.summary = PlainLabel(wordWrap=True)
        # The plot beside it keeps its size, whatever the numbers are.
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.summary.setSizePolicy(policy)
        side.addWidget(self.summary)
        side.addStretch(1)
        layout = self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(side)
        self._side = side
        self._spreading = self._session.activity.job(self)
        self._spreading.finished.connect(self._on_spread)
        self._spreading.failed.connect(self._session.tell)
        self._listed: Outcome | None = "FP"  # whose pairs are listed, as the list begins
        session.listed_outcome_changed.connect(self._note_listed)
        session.pairs_listed.connect(lambda *_: self._note_listed(None))
        self.spread.toggled.connect(lambda: self._list(self._listed) if self._listed else None)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.threshold_changed.connect(self._on_threshold_changed)
        self.before = ThresholdBefore(session)
        session.idle.connect(self._on_idle)
        self._on_matrix_changed()
        self._on_threshold_changed(session.threshold)

    def close_job(self) -> None:
        """End the background work."""
        if self._plots is not None:
            self._plots.reading.close_job()
        self._spreading.close()

    @property
    def plots(self) -> ScorePlots:
        """The curves, made at first use: the window opens without them."""
        if self._plots is None:
            self._plots = ScorePlots(self._session)
            self._layout.addWidget(self._plots, 1)
        return self._plots

    # Making.

    def _make_threshold(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = PlainLabel("&Threshold")
        self.spin = DecimalBox(decimals=4, minimum=-1.0, maximum=1.0, singleStep=0.005)
        self.spin.setToolTip('A pair is called "same" when its score is above the threshold.')
        self.spin.setKeyboardTracking(False)
        self.spin.valueChanged.connect(self._session.set_threshold)
        label.setBuddy(self.spin)
        self._choose = QToolButton(
            text="Set…", popupMode=QToolButton.ToolButtonPopupMode.InstantPopup
        )
        self._choose.setToolTip("The weights' own threshold, or one for a wanted false accept rate")
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self._choose.setMenu(self.menu)
        for widget in (label, self.spin, self._choose):
            row.addWidget(widget)
        return row

    def _make_counts(self) -> QGridLayout:
        grid = QGridLayout()
        for column, text in enumerate(("called same", "called different"), start=1):
            grid.addWidget(PlainLabel(text, alignment=Qt.AlignmentFlag.AlignCenter), 0, column)
        self.counts: dict[Outcome, QPushButton] = {}
        rows: tuple[tuple[str, tuple[Outcome, Outcome]], ...] = (
            ("genuine", ("TP", "FN")),
            ("impostor", ("FP", "TN")),
        )
        for row, (text, outcomes) in enumerate(rows, start=1):
            grid.addWidget(PlainLabel(text), row, 0)
            for column, outcome in enumerate(outcomes, start=1):
                button = OutcomeButton(outcome)
                button.clicked.connect(lambda _=False, o=outcome: self._list(o))
                self.counts[outcome] = button
                grid.addWidget(button, row, column)
        return grid

    # Listing.

    def _list(self, outcome: Outcome) -> None:
        session = self._session
        scored, threshold, mask = session.scored, session.threshold, session.filter.mask
        if not self.spread.isChecked() or scored is None:
            session.list_outcome(outcome)
            return
        self._spreading.start(
            lambda running: (
                scored,
                outcome,
                diverse_pairs(scored, outcome, threshold, mask, running),
                threshold,
            )
        )

    def _on_spread(self, spread: tuple[ScoredGallery, Outcome, PairList, float]) -> None:
        scored, outcome, pairs, threshold = spread
        if scored is self._session.scored:
            self._session.list_pairs(f"Diverse {NAMES[outcome]}", pairs, threshold)
            self._listed = outcome

    def _note_listed(self, outcome: Outcome | None) -> None:
        self._spreading.drop()  # what is listed later was asked for later
        self._listed = outcome

    # Following.

    def _on_matrix_changed(self) -> None:
        statistics, scored = self._session.statistics, self._session.scored
        reach = 1.0 if scored is None else scored.engine.reach(scored.kind)
        if self.spin.maximum() != round(reach, 4):  # else what is half typed in it stays
            with QSignalBlocker(self.spin):
                self.spin.setRange(-reach, reach)
                self.spin.setValue(self._session.threshold)
        known = statistics is not None and len(statistics.genuine) + len(statistics.impostor) > 0
        for outcome, button in self.counts.items():
            button.setEnabled(known)
            if statistics is not None:
                sort = statistics.genuine if outcome in ("TP", "FN") else statistics.impostor
                button.setMinimumWidth(self._widest(len(sort)))
        if self._plots is not None:
            self._plots.setVisible(statistics is not None)  # never axes of nothing
        if statistics is None:
            self._clear()
        else:
            self.plots.show_statistics(statistics)
        self._on_idle()

    def _widest(self, most: int) -> int:
        """Room for any count and rate, so that the plot keeps its place when they change."""
        texts = (f"TP  {most:,}", "TRR 100.0000 %")
        return max(self.fontMetrics().horizontalAdvance(text) for text in texts) + 26

    def _on_idle(self) -> None:
        self._show_counts(self._session.threshold)  # in the box another one may be half typed

    def _on_threshold_changed(self, threshold: float) -> None:
        with QSignalBlocker(self.spin):
            self.spin.setValue(threshold)
        self._show_counts(threshold)

    def _show_counts(self, threshold: float) -> None:
        statistics = self._session.statistics
        if statistics is None:
            return
        counts = statistics.counts(threshold)
        self.plots.show_threshold(threshold, counts)
        for outcome, button in self.counts.items():
            attribute, name, _ = MEANINGS[outcome]
            number = getattr(counts, outcome.lower())
            button.setText(f"{outcome}  {number:,}\n{name} {percent(getattr(counts, attribute))}")
        columns, growing = self._session.columns, ""
        estimated = "" if not self._session.estimated else "Of estimated scores yet: "
        if self._session.faces_so_far is not None and columns is not None:
            growing = f"Of {counted(len(columns), 'face')} so far: "  # more may be there by now
        elif self._session.cut_short and columns is not None:
            growing = f"Of the first {counted(len(columns), 'face')}: "
        self.summary.setText((growing or estimated) + self._summary(counts))

    def _summary(self, counts: Counts) -> str:
        statistics = self._session.statistics
        assert statistics is not None
        if self._session.matrix is not None and not self._session.matrix.pairs:
            return "There is one face, so there is no pair to count; open a second photo with it."
        if not counts.genuine and not counts.impostor:
            if self._session.probes is not None:
                return (
                    "No pair is of two faces whose identities are known, so there is nothing to count. "
                    "Put each person's photos, of probes too, in a folder of their own."
                )
            return (
                "No identities are known, so there is nothing to count. "
                "Put each person's photos in a folder of their own, or name faces with F2."
            )
        parts = []
        auc, eer = statistics.auc(), statistics.eer()
        if auc is not None and eer is not None:
            parts += [f"AUC {auc:.4f}", f"EER {percent(eer[0])} at {eer[1]:.3f}"]
        parts.append(
            f"accuracy {percent(counts.accuracy)} of {counts.genuine:,} genuine and "
            f"{counted(counts.impostor, 'impostor pair')}"
        )
        if counts.unknown:
            parts.append(f"{counted(counts.unknown, 'pair')} of unknown identities not counted")
        return ", ".join(parts)

    def _fill_menu(self) -> None:
        self.menu.clear()
        card, kind, _ = self._session.judged
        shipped = None if card is None else card.threshold(kind)
        if shipped is not None:
            action = self.menu.addAction(f"The weights' own: {shipped:.4f}")
            action.triggered.connect(lambda: self._session.set_threshold(None))
        if (before := self.before.value) is not None:
            action = self.menu.addAction(f"As before: {before:z.4f}".replace("-", "\N{MINUS SIGN}"))
            action.triggered.connect(lambda _=False, t=before: self._session.set_threshold(t))
        statistics = self._session.statistics
        for far in WANTED_FARS:
            threshold = None if statistics is None else statistics.threshold_at_far(far)
            if statistics is None or threshold is None:
                self.menu.addAction(f"FAR {far:g}: too few impostor pairs to say").setEnabled(False)
            else:
                at = statistics.beside(threshold)
                action = self.menu.addAction(f"FAR {far:g} in this gallery: {at:.4f}")
                action.triggered.connect(lambda _=False, t=at: self._session.set_threshold(t))
        if statistics is not None and (eer := statistics.eer()) is not None:
            at = statistics.beside(eer[1])
            action = self.menu.addAction(f"Equal error rate: {at:.4f}")
            action.triggered.connect(lambda _=False, t=at: self._session.set_threshold(t))

    def _clear(self) -> None:
        for outcome, button in self.counts.items():
            button.setText(outcome)
        self.summary.setText("Counts and curves appear once pairs are scored.")

    def minimumSizeHint(self) -> QSize:
        least, margins = super().minimumSizeHint(), self._layout.contentsMargins()
        narrow = self._side.minimumSize().width() + margins.left() + margins.right()
        return QSize(min(least.width(), narrow), least.height())  # curves can go below

    def resizeEvent(self, event: QResizeEvent) -> None:
        beside = self.width() >= BESIDE * self.fontMetrics().height()
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        super().resizeEvent(event)
