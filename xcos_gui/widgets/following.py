"""A window of the Analyse menu that computes anew when what it shows has changed."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPushButton, QWidget

from core.errors import Stopped
from core.scoring.lists import PairList
from core.scoring.matrix import ScoreMatrix
from xcos_gui.state.jobs import Work
from xcos_gui.state.session import Session
from xcos_gui.widgets.tool_window import ToolWindow

SETTLE = 250  # milliseconds without a further change


class FollowingWindow(ToolWindow):
    """Calls `refresh` once the session rests, and only while the window is seen."""

    follows_threshold = True  # whether a moved threshold makes what is shown out of date

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._stale = True
        self._refreshing = self._restarts = (
            False  # whether work is, or was, what `refresh` asked for
        )
        self._matrix: ScoreMatrix | None = None  # that what is shown was computed from
        self._settling = QTimer(self, singleShot=True, interval=SETTLE)
        self._settling.timeout.connect(self._on_settled)
        self.again = QPushButton("Compute &again", autoDefault=False)
        self.again.setToolTip("What was stopped is begun anew")
        self.again.clicked.connect(self.ask_refresh)
        self.again.hide()  # until work was stopped
        self.foot.insertWidget(1, self.again)
        session.matrix_changed.connect(self.ask_refresh)
        if self.follows_threshold:
            session.threshold_changed.connect(self.ask_refresh)
        session.idle.connect(self._settling.start)

    def compute(self, what: str, work: Work, then: Callable[[Any], None]) -> None:
        self.again.hide()
        self._restarts = self._refreshing
        super().compute(what, work, then)

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        self.again.setVisible(self._restarts and isinstance(error, Stopped))

    def refresh(self) -> None:
        """Compute what is shown; for subclasses."""
        raise NotImplementedError

    def list_pairs(self, title: str, pairs: PairList, *thresholds: float) -> bool:
        """Show pairs in the main window's list; False, and told, when the gallery has changed since.

        thresholds: that they were chosen at, where others would be at other ones
        """
        if not self.current:
            self.tell("The gallery has changed since; wait until it is counted anew.")
            return False
        self.session.list_pairs(title, pairs, *thresholds)
        self.tell_listed(title, pairs)
        return True

    @property
    def current(self) -> bool:
        """Whether what is shown is of the matrix that the session has now."""
        return self._matrix is self.session.matrix

    def ask_refresh(self, *_: object) -> None:
        """Tell that what is shown is out of date."""
        self._stale = True
        self._settling.start()

    def _on_settled(self) -> None:
        if not self._stale or not self.isVisible():
            return
        if self.session.busy:  # idle comes
            self.say_working("Waiting for the scores")
            self.tell("Waiting for the scores…")
            return
        self._stale = False
        self.tell("")
        self._matrix = self.session.matrix
        self._refreshing = True
        self.refresh()
        self._refreshing = False

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._settling.start()
