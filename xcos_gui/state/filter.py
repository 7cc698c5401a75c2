"""The filter on pairs that the window shares: its text, and which pairs pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import Stopped, XCosError
from xcos_gui.state.activity import Activity
from xcos_gui.state.jobs import Running

if TYPE_CHECKING:
    from core.query.given import FilterInput
    from core.query.language import Expression

SETTLE = 200  # milliseconds that a dragged threshold must rest before pairs are filtered anew
THRESHOLD = {"outcome", "margin", "fragile", "unlike"}
EDITED = {"tag", "note", "decision"}


class PairFilter(QObject):
    """Finds in the background which pairs of the session's matrix pass, whenever that may change.

    mask: (n, m) bool, or None while all pass or it is not known yet
    """

    changed = Signal(object)  # the mask
    failed = Signal(object)  # XCosError
    broke = Signal(object)  # an error that nobody foresaw

    def __init__(
        self, parent: QObject, activity: Activity, given: Callable[[], FilterInput | None]
    ) -> None:
        """given: what a filter may ask about now; None without a matrix."""
        super().__init__(parent)
        self._given = given
        self.text = ""
        self._prepared = False
        self.mask: np.ndarray | None = None
        self.why_none = ""  # where no pair passes, which part of the filter lets none through
        self._expression: Expression | None = None
        self._fields: frozenset[str] = frozenset()
        self._job = activity.job(self)
        self._job.finished.connect(self._on_found)
        self._job.failed.connect(self._on_failed)
        activity.idle.connect(self._prepare)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._look)

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

    def take(self, text: str) -> None:
        """Filter by a project's text instead of the former one; where it is not understood all pass."""
        self.use("")
        if text.strip():
            self.use(text)

    def _prepare(self) -> None:
        from core.query.language import prepare

        if not self._prepared and self._given() is not None:
            self._prepared = True
            prepare()

    def toggle(self, text: str) -> None:
        """Use a filter, or none where it is the one in use."""
        self.use("" if self.text == text else text)

    def stop(self) -> None:
        """End the search early."""
        self._job.stop()

    def close(self) -> None:
        """End the background work."""
        self._job.close()

    def look_later(self, fields: set[str]) -> None:
        """Find out anew soon, where the filter asks for one of some fields that changed."""
        if fields & self._fields:
            self._timer.start()

    def look_anew(self) -> None:
        """Forget which pairs passed: the matrix is another one."""
        self.mask = None
        if self._expression is not None:
            self._look()

    def _look(self) -> None:
        given, expression = self._given(), self._expression
        if given is None or expression is None:
            self._job.drop()
            self.mask = None
            self.changed.emit(None)
            return

        def work(running: Running) -> tuple[np.ndarray, str]:
            from core.query.evaluate import passing
            from core.query.why import why_none

            mask = passing(expression, given, running)
            return mask, "" if mask.any() else why_none(expression, given, running)

        self._job.start(work)

    def _on_found(self, filtered: tuple[np.ndarray, str]) -> None:
        self.mask, self.why_none = filtered
        self.changed.emit(self.mask)

    def _on_failed(self, error: BaseException) -> None:
        self.mask = None
        self.changed.emit(None)
        if isinstance(error, Stopped):
            error = XCosError("Filtering was stopped, so all pairs are shown; Return starts anew.")
        if not isinstance(error, XCosError):
            self.broke.emit(error)
            return
        self.failed.emit(error)
