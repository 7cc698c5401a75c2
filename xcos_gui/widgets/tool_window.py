"""What the windows of the Analyse menu share: background work, progress, a note, themes."""

import traceback
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from core.errors import Stopped, XCosError, counted
from core.log import unexpected
from core.scoring.lists import PairList
from xcos_gui.state.jobs import LatestJob, Work
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty
from xcos_gui.widgets.escape import clear_field
from xcos_gui.widgets.placing import Scrolled, fit_to_screen
from xcos_gui.widgets.progress import ProgressRow
from xcos_gui.widgets.theme import paint_axes


class ToolWindow(QDialog):
    """A window beside the main one that asks the session and computes in the background.

    Subclasses fill `body`, list their pyqtgraph plots in `plots`, and call `compute`. What a closed
    window still computes is shown in the main one, and can be stopped there.
    """

    title = ""
    empty_words = ""  # what `words` says while there is nothing to compute from
    tells_unseen = False  # whether the main window says what came of work whose window was closed
    size_in_lines = (60, 42)  # width and height, in heights of a line of text

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.plots: list[Any] = []
        self.words = PlainLabel(wordWrap=True)  # what was found, in words; placed by subclasses
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._then: Callable[[Any], None] | None = None
        self._working = ""  # what `words` says instead of `empty_words` meanwhile
        self.setWindowTitle(self.title)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        line = self.fontMetrics().height()
        fit_to_screen(self, QSize(*(lines * line for lines in self.size_in_lines)))
        self.job = LatestJob(self)
        self.progress = ProgressRow()
        self._progress_rows = [self.progress]
        self._lent: list[ProgressRow] = []  # those that stand in the main window
        self.job.progress.connect(self.progress.show_progress)
        self.job.finished.connect(self._on_finished)
        self.job.failed.connect(self._on_failed)
        self.progress.stop_asked.connect(self.job.stop)
        session.pairs_listed.connect(self._on_listed)
        session.stopping.connect(self._on_stopping)
        self.note = PlainLabel(wordWrap=True)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside = QWidget()
        # The main window's own shortcuts end at its frame.
        QShortcut(QKeySequence("Ctrl+D"), self, lambda: self.session.tool_asked.emit("photos"))
        self.body = QVBoxLayout(inside)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.foot = QHBoxLayout()
        self.foot.addWidget(self.note, 1)
        self.foot.addWidget(self.progress)
        # The window stays as it is when work begins.
        self.foot.addStrut(self.progress.sizeHint().height())
        column = QVBoxLayout(self)
        column.addWidget(Scrolled(inside), 1)  # on a small screen, too, all of it can be reached
        column.addLayout(self.foot)

    def compute(self, what: str, work: Work, then: Callable[[Any], None]) -> None:
        """Run work in the background and give its answer to `then`; the newest call wins."""
        self._then = then
        self.note.clear()
        self.say_working(what)
        self.progress.show_progress(what, 0, 0)
        self.job.start(work)

    def drop_work(self) -> None:
        """End what runs and never hear of it again: its answer would be shown as one of now."""
        self.job.drop()
        self._end_work()

    def say_working(self, what: str) -> None:
        """Say what is being done instead of what to do first: that is done already."""
        if self.empty_words and self.words.text() == self.empty_words:
            self.words.setText(f"{what}…")
            self._working = f"{what}…"
        for shown in self.findChildren(OrEmpty):
            shown.say_working(f"{what}…")

    def tell(self, sentence: str) -> None:
        """Show a sentence at the foot of the window."""
        self.note.setText(sentence)

    def _on_listed(self, title: str, pairs: PairList) -> None:
        if self.isActiveWindow():
            self.tell_listed(title, pairs)

    def tell_listed(self, title: str, pairs: PairList) -> None:
        """Say that pairs were listed: the list may lie under this window."""
        self.tell(f"{title}: {counted(len(pairs), 'pair')} in the main window's list of pairs.")

    def close_job(self) -> None:
        """End the background work; returns when its thread is gone."""
        self.job.close()

    def add_progress(self, row: ProgressRow) -> None:
        """A further row at the foot, of a job of its own."""
        self._progress_rows.append(row)
        self.foot.addWidget(row)

    def _on_finished(self, answer: object) -> None:
        self._end_work()
        if self._then is not None:
            self._then(answer)
        if self.tells_unseen:
            self.tell_unseen()

    def tell_unseen(self) -> None:
        """Say in the main window what the note says, where this one was closed meanwhile."""
        if self._lent and self.note.text():
            self.session.message.emit(f"{self.title}: {self.note.text()}")

    def _end_work(self) -> None:
        self.progress.hide()
        for shown in self.findChildren(OrEmpty):
            shown.say_again()

    def _on_failed(self, error: BaseException) -> None:
        self._end_work()
        if self._working and self.words.text() == self._working:
            self.words.setText(self.empty_words)
        self.tell_failed(error)

    def tell_failed(self, error: BaseException) -> None:
        """Say at the foot of the window why work failed."""
        if isinstance(error, XCosError | Stopped):
            self.tell(str(error))
        elif isinstance(error, MemoryError):
            self.tell("The memory is full; close other programs or choose fewer pairs.")
        else:
            self.tell(unexpected("".join(traceback.format_exception(error))))
        self.tell_unseen()

    # Qt's own.

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_plots()
        super().changeEvent(event)

    def showEvent(self, event: Any) -> None:
        self._paint_plots()
        super().showEvent(event)
        fit_to_screen(self)
        # A dialog that the user dragged would be put in its parent's middle when it is shown again.
        self.setAttribute(Qt.WidgetAttribute.WA_Moved)
        for row in self._lent:
            works = not row.isHidden()
            self.foot.addWidget(row)
            row.setVisible(works)
        self._lent = []

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        main = self.parent()
        if event.spontaneous() or not isinstance(main, QMainWindow) or not main.isVisible():
            return
        for row in self._progress_rows:
            if not row.isHidden():
                self._lent.append(row)
                main.statusBar().addPermanentWidget(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and (clear_field(self) or self.stop()):
            return
        super().keyPressEvent(event)

    def _on_stopping(self) -> None:
        if self._lent:  # its work is shown in the main window
            self.stop()

    def stop(self) -> bool:
        """Stop what runs; whether anything did that was not asked to stop before."""
        running = self.job.running and not self.job.stopping
        if running:
            self.job.stop()
        return running

    def _paint_plots(self) -> None:
        palette = self.palette()
        for plot in self.plots:
            if hasattr(plot, "setBackground"):
                plot.setBackground(palette.color(QPalette.ColorRole.Base))
            paint_axes(plot, palette)
