"""Choosing pairs of the matrix with the mouse: rectangles, what they hold, and what is done with them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QToolButton, QWidget

from core.analysis.bootstrap import FEW
from core.analysis.rates import RateInterval
from core.analysis.selection import ChosenReport, count_chosen, rates_of_chosen
from core.errors import Stopped, counted, these
from core.scoring.scored import ScoredGallery
from core.scoring.selected import ChosenPairs
from core.scoring.sides import Arrangement
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.outcomes import interval_words, percent
from xcos_gui.widgets.readout import Readout
from xcos_gui.widgets.tags import ask_tags_of_pairs

BESIDE = 56  # lines of width from which the buttons stand beside the words
SETTLE = 200  # milliseconds that a dragged threshold must rest before pairs are counted anew
MOST_TAGGED = 1000  # pairs that tags hang on at once
DRAG_TIP = (
    "Drag a rectangle in the matrix to choose pairs; Ctrl adds and Shift takes away, "
    "also while this is off. With the middle button or while this is off, dragging moves the matrix."
)


class SelectingView(pg.ViewBox):  # type: ignore[misc]
    """A view in which dragging chooses a rectangle, or moves what is seen."""

    chosen = Signal(object, object)  # QRectF in cells, and how: "new", "add" or "remove"

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.selects = False  # whether dragging without keys chooses
        self._band = pg.QtWidgets.QGraphicsRectItem()
        self._band.setPen(pg.mkPen("k", width=1, style=Qt.PenStyle.DashLine))
        self._band.setBrush(pg.mkBrush(255, 255, 255, 70))
        self._band.setZValue(1e9)
        self._band.hide()
        self.addItem(self._band, ignoreBounds=True)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        how = {
            Qt.KeyboardModifier.ControlModifier: "add",
            Qt.KeyboardModifier.ShiftModifier: "remove",
        }.get(ev.modifiers(), "new" if self.selects else None)
        if ev.button() != Qt.MouseButton.LeftButton or how is None:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        corners = [self.mapToView(p) for p in (ev.buttonDownPos(), ev.pos())]
        band = QRectF(*corners).normalized()
        self._band.setRect(band)
        self._band.setVisible(not ev.isFinish())
        if ev.isFinish():
            self.chosen.emit(band, how)


class Selecting(QObject):
    """The pairs that are chosen, and what is known of them."""

    changed = Signal()  # which pairs are chosen
    counted = Signal()  # what they hold

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.chosen: ChosenPairs | None = None
        self.report: ChosenReport | None = None
        self._of: ScoredGallery | None = None  # what the chosen places are of
        self._job = session.activity.job(self)
        self._job.finished.connect(self._on_counted)
        self._rating = session.activity.job(self)  # takes longer: counts do not wait for it
        self._rating.finished.connect(self._on_rated)
        for job in (self._job, self._rating):
            job.failed.connect(self._on_failed)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._count)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.threshold_changed.connect(lambda _: self._timer.start() if self.chosen else None)

    def choose(self, shown: Arrangement, band: QRectF, how: str) -> None:
        """Take the cells that a rectangle touches; how: "new", "add" or "remove"."""
        scored = self._session.scored
        if scored is None:
            return
        n, m = shown.shape
        top, left = max(0, int(np.floor(band.top()))), max(0, int(np.floor(band.left())))
        bottom, right = min(n, int(np.ceil(band.bottom()))), min(m, int(np.ceil(band.right())))
        outside = bottom <= top or right <= left
        if how == "new" and outside:
            self.clear()
        if outside or (how == "remove" and self.chosen is None):
            return
        before = self.chosen if how != "new" and self.chosen else ChosenPairs(scored.square)
        rows, columns = shown.rows.faces(top, bottom), shown.columns.faces(left, right)
        self.chosen = before.with_rectangle(
            scored.matrix.scores.shape, rows, columns, how != "remove"
        )
        self._of, self.report = scored, None
        self.changed.emit()
        self._count()

    def clear(self) -> bool:
        """Choose nothing; False where nothing was."""
        if self.chosen is None:
            return False
        self._job.drop()
        self._rating.drop()
        self.chosen = self.report = self._of = None
        self.changed.emit()
        return True

    def close(self) -> None:
        """End the background work."""
        self._job.close()
        self._rating.close()

    @property
    def rating(self) -> bool:
        """Whether intervals are still being drawn."""
        return self._rating.running

    def _on_matrix_changed(self) -> None:
        of, now = self._of, self._session.scored
        if now is None:
            self.clear()
            return
        if of is None:
            return
        rows, columns = (
            [f.key for f in one.gallery.faces] == [f.key for f in other.gallery.faces]
            for one, other in ((of.rows, now.rows), (of.columns, now.columns))
        )
        if rows and columns:  # the same faces scored otherwise: the choice stays
            self._of = now
            self._count()
        else:
            self.clear()

    def _count(self) -> None:
        scored, chosen, threshold = self._session.scored, self.chosen, self._session.threshold
        if scored is None or chosen is None:
            return

        def work(running: Running) -> tuple[ChosenReport, float]:
            return count_chosen(scored, chosen, threshold, running), threshold

        self._rating.drop()
        self._job.start(work)

    def _on_counted(self, counted: tuple[ChosenReport, float]) -> None:
        scored, chosen = self._session.scored, self.chosen
        self.report, threshold = counted
        if scored is not None and chosen is not None:
            self._rating.start(lambda running: rates_of_chosen(scored, chosen, threshold, running))
        self.counted.emit()

    def _on_rated(self, rates: tuple[RateInterval | None, RateInterval | None]) -> None:
        if self.report is not None:
            self.report = replace(self.report, tar=rates[0], far=rates[1])
            self.counted.emit()

    def _on_failed(self, error: BaseException) -> None:
        if isinstance(error, Stopped):
            self.clear()
        self._session.tell(error)


class ChosenBar(QWidget):
    """What the chosen pairs hold, and what can be done with them; hidden while none are chosen."""

    tool_asked = Signal(str)  # a tool by its module, of the pairs that are listed

    def __init__(self, session: Session, selecting: Selecting) -> None:
        super().__init__()
        self._session, self._selecting = session, selecting
        self.words = Readout()  # counts and then intervals come without moving the buttons
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.addWidget(self.words, 1)
        row = QHBoxLayout()
        self._parts.addLayout(row)
        self.buttons: dict[str, QToolButton] = {}
        for name, text, tip, slot in (
            ("list", "&List", "Show them in the list of pairs, worst first", self.list_them),
            ("tag", "Ta&g…", f"Hang tags on at most {MOST_TAGGED:,} pairs", self.tag_them),
            (
                "patterns",
                "Patterns…",
                "Group them by their evidence",
                lambda: self._send("patterns"),
            ),
            (
                "what_if",
                "What if…",
                "Edit all their faces alike, and see which change side",
                lambda: self._send("what_if.many"),
            ),
            ("report", "Report…", "Write a report of them", lambda: self._send("report")),
            ("clear", "Clear", "Choose nothing (Esc)", selecting.clear),
        ):
            button = QToolButton(text=text.replace("&", ""), toolTip=tip)
            button.clicked.connect(slot)
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)
        selecting.changed.connect(self._show)
        selecting.counted.connect(self._show)
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        beside = self.width() >= BESIDE * self.fontMetrics().height()
        directions = QBoxLayout.Direction
        self._parts.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        super().resizeEvent(event)

    def list_them(self) -> bool:
        """Show the chosen pairs in the list; False while they are being counted, or are none."""
        report = self._selecting.report
        if report is None or not report.total:
            return False
        listed = len(report.pairs)
        some = "" if listed == report.total else f"the worst {listed:,} of "
        self._session.list_pairs(f"Chosen: {some}{counted(report.total, 'pair')}", report.pairs)
        return True

    def tag_them(self) -> None:
        """Ask for tags of the chosen pairs."""
        report = self._selecting.report
        if report is None or not report.total:
            return
        if report.total > MOST_TAGGED:
            self._session.message.emit(
                f"Tags are hung on at most {MOST_TAGGED:,} pairs at once, and "
                f"{report.total:,} are chosen; choose fewer."
            )
            return
        both = zip(report.pairs.rows.tolist(), report.pairs.columns.tolist(), strict=True)
        ask_tags_of_pairs(self, self._session, list(both), these(report.total, "pair"))

    def _send(self, tool: str) -> None:
        if self.list_them():
            self.tool_asked.emit(tool)

    def _show(self) -> None:
        report = self._selecting.report
        self.setHidden(self._selecting.chosen is None)
        for name, button in self.buttons.items():
            button.setEnabled(name == "clear" or (report is not None and report.total > 0))
        if report is None:
            self.words.setText("Counting the chosen pairs…")
            return
        counts = report.counts
        parts = [f"{counted(report.total, 'pair')} chosen: "]
        parts[0] += ", ".join(
            f"{name} {number:,}"
            for name, number in (
                ("TP", counts.tp), ("FP", counts.fp), ("FN", counts.fn), ("TN", counts.tn),
                ("unknown", counts.unknown),
            )
            if name != "unknown" or number
        )  # fmt: skip
        for name, rate, plain in (
            ("TAR", report.tar, counts.tar), ("FAR", report.far, counts.far)
        ):  # fmt: skip
            if rate is not None:
                parts.append(f"{name} {interval_words(rate)}")
            elif plain is not None:
                parts.append(f"{name} {percent(plain)}")
        if self._selecting.rating:
            parts.append("intervals follow")
        sure = [
            rate.identities for rate in (report.tar, report.far) if rate and rate.low is not None
        ]
        if sure and min(sure) < FEW:
            parts.append(f"rough, of {min(sure)} identities")
        self.words.setText("; ".join(parts))
        self.words.setToolTip("In brackets the 95 % interval, by drawing identities anew")
