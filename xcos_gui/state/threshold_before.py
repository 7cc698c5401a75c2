"""Where the threshold was before it was moved, so that one can go back."""

from PySide6.QtCore import QObject, QTimer

from xcos_gui.state.session import Session

RESTED = 1000  # milliseconds without a change after which a threshold counts as chosen


class ThresholdBefore(QObject):
    """Remembers where the threshold rested; other weights and galleries have their own."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.value: float | None = None  # the threshold to go back to
        self._session = session
        self._of = self._whose()
        self._resting = session.threshold
        self._rested = QTimer(self, singleShot=True, interval=RESTED)
        session.threshold_changed.connect(self._on_changed)

    @property
    def moving(self) -> bool:
        """Whether the threshold was moved a moment ago: a drag is one move."""
        return self._rested.isActive()

    def _whose(self) -> tuple[object, ...]:
        return self._session.moved_thresholds.gallery, *self._session.judged[:2]

    def _on_changed(self, threshold: float) -> None:
        before, self._resting = self._resting, threshold
        of = self._whose()
        if of != self._of:
            self._of, self.value = of, None
            return
        if threshold == before:  # told again, with another order or project
            return
        if not self.moving:
            self.value = before
        self._rested.start()
