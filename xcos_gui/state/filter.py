"""The filter on pairs that the window shares: its text, and which pairs pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import Stopped, XCosError
from core.project.edits import Edits
from xcos_gui.state.jobs import Running

if TYPE_CHECKING:
    from core.query.evaluate import FilterInput
    from core.query.language import Expression
    from xcos_gui.state.session import Session

SETTLE = 200  # milliseconds that a dragged threshold must rest before pairs are filtered anew
THRESHOLD = {"outcome", "margin", "fragile"}
EDITED = {"tag", "note", "decision"}


class PairFilter(QObject):
    """Finds in the background which pairs of the session's matrix pass, whenever that may change.

    mask: (n, m) bool, or None while all pass or it is not known yet
    """

    changed = Signal(object)  # the mask
    failed = Signal(object)  # XCosError

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.text = ""
        self.mask: np.ndarray | None = None
        self._expression: Expression | None = None
        self._fields: frozenset[str] = frozenset()
        self._job = session.activity.job(self)
        self._job.finished.connect(self._on_found)
        self._job.failed.connect(self._on_failed)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._look)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.threshold_changed.connect(lambda _: self._look_later(THRESHOLD))
        session.edits_changed.connect(lambda: self._look_later(EDITED))
        session.fragile_changed.connect(lambda: self._look_later({"fragile"}))

    @property
    def running(self) -> bool:
        """Whether it is being found out which pairs pass."""
        return self._job.running

    def use(self, text: str) -> None:
        """Filter by another text; blank: all pass. One that is not understood changes nothing."""
        text = text.strip()
        if text:
            from core.query.language import fields_of, parse

            try:
                self._expression = parse(text)
            except XCosError as error:
                self.failed.emit(error)
                return
            self._fields = fields_of(self._expression)
        else:
            self._expression, self._fields = None, frozenset()
        self.text = text
        self._look()

    def stop(self) -> None:
        """End the search early."""
        self._job.stop()

    def close(self) -> None:
        """End the background work."""
        self._job.close()

    def _look_later(self, fields: set[str]) -> None:
        if fields & self._fields:
            self._timer.start()

    def _on_matrix_changed(self) -> None:
        self.mask = None
        if self._expression is not None:
            self._look()

    def _look(self) -> None:
        given, expression = self._input(), self._expression
        if given is None or expression is None:
            self._job.drop()
            self.mask = None
            self.changed.emit(None)
            return

        def work(running: Running) -> np.ndarray:
            from core.query.evaluate import passing

            return passing(expression, given, running)

        self._job.start(work)

    def _input(self) -> FilterInput | None:
        from core.query.evaluate import FilterInput

        session = self._session
        if session.scored is None:
            return None
        edits = Edits() if session.project is None else session.project.edits
        return FilterInput(session.scored, session.threshold, edits, session.fragile)

    def _on_found(self, mask: np.ndarray) -> None:
        self.mask = mask
        self.changed.emit(mask)

    def _on_failed(self, error: BaseException) -> None:
        self.mask = None
        self.changed.emit(None)
        if isinstance(error, Stopped):
            error = XCosError("Filtering was stopped, so all pairs are shown; Return starts anew.")
        if not isinstance(error, XCosError):
            self._session.tell_unexpected(error)
            return
        self.failed.emit(error)
