"""The conditions of the faces that the window shows, measured once somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from core.analysis.conditions.measured import ConditionTable, Measurer
from core.faces.conditions import BY_NAME
from core.faces.face import Face
from core.scoring.scored import ScoredGallery
from xcos_gui.state.activity import Activity
from xcos_gui.state.jobs import Running

SETTLE = 200  # milliseconds that a dragged threshold must rest before cells are compared anew


@dataclass(frozen=True, eq=False)
class _Measured:
    """A scored gallery, its faces' conditions, and the places of its columns' faces, which others of
    the same path in another gallery, or aligned anew, are not."""

    scored: ScoredGallery
    table: ConditionTable
    places: dict[tuple[str, str], int]  # by key and digest


class FaceConditions(QObject):
    """Holds nothing until it is asked; from then on it follows gallery and threshold."""

    changed = Signal()

    def __init__(
        self,
        parent: QObject,
        activity: Activity,
        measurer: Measurer,
        given: Callable[[], tuple[ScoredGallery | None, float | None]],
        failed: Callable[[BaseException], None],
    ) -> None:
        """given: what is shown now, and the threshold, None for weights without one; failed: tells why
        faces could not be measured
        """
        super().__init__(parent)
        self._measurer, self._given = measurer, given
        self._wanted = False
        self._measured: _Measured | None = None
        self._job = activity.job(self)
        self._job.finished.connect(self._take)
        self._job.failed.connect(failed)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._measure)

    @property
    def running(self) -> bool:
        """Whether faces are being measured."""
        return self._job.running

    def ask(self) -> None:
        """Measure the faces that are shown, now and whenever they change."""
        if not self._wanted:
            self._wanted = True
            self._measure()

    def look_later(self) -> None:
        """Measure anew soon: gallery or threshold have changed."""
        if self._wanted:
            self._timer.start()

    def table(self, scored: ScoredGallery | None) -> ConditionTable | None:
        """The conditions of a scored gallery's faces; None where they are not known yet."""
        measured = self._measured
        return measured.table if measured is not None and measured.scored is scored else None

    def value(self, face: Face, name: str) -> float | None:
        """A condition of a face of the gallery; None where it is not known."""
        measured = self._measured
        place = None if measured is None else measured.places.get((face.key, face.digest))
        if measured is None or place is None:
            return None
        value = float(measured.table.columns[name][place])
        return None if value != value else value

    def words(self, face: Face) -> str:
        """What is known of a face of the gallery, a line a condition; empty for nothing."""
        values = ((condition, self.value(face, name)) for name, condition in BY_NAME.items())
        return "\n".join(f"{c.title} {c.text(v)}" for c, v in values if v is not None)

    def close(self) -> None:
        """End the background work."""
        self._job.close()

    def _measure(self) -> None:
        scored, threshold = self._given()
        if scored is None:
            self._job.drop()
            self._measured = None
            return
        measurer = self._measurer

        def work(running: Running) -> _Measured:
            table = measurer.table(scored, threshold, running)
            faces = scored.columns.gallery.faces
            places = {(face.key, face.digest): k for k, face in enumerate(faces)}
            return _Measured(scored, table, places)

        self._job.start(work)

    def _take(self, measured: _Measured) -> None:
        self._measured = measured
        self.changed.emit()
