"""Says so when the shipped threshold does not hold on the gallery that was opened."""

from __future__ import annotations

from PySide6.QtCore import QObject

from core.analysis.threshold_fit import FEWEST_FACES, ThresholdFit, threshold_fit
from core.scoring.matrix import ScoreMatrix
from xcos_gui.state.jobs import LatestJob, Running
from xcos_gui.state.session import Session


class ThresholdWatch(QObject):
    """Looks once at each matrix that is whole, in the background, and by its scores alone."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._looked: ScoreMatrix | None = None
        self._job = LatestJob(self)  # not counted as work that the user waits for
        self._job.finished.connect(self._tell)
        session.idle.connect(self._look)

    def close(self) -> None:
        """End the background work."""
        self._job.close()

    def _look(self) -> None:
        session = self._session
        scored, threshold = session.scored, session.own_threshold
        card, kind, _ = session.judged
        if scored is None or card is None or threshold is None:
            return
        if session.estimated or session.cut_short:
            return
        if scored.matrix is self._looked or threshold != card.threshold(kind):
            return
        if not scored.square or len(scored.rows) < FEWEST_FACES:
            return
        self._looked = scored.matrix

        def work(running: Running) -> ThresholdFit:
            return threshold_fit(scored, threshold, None, running)

        self._job.start(work)

    def _tell(self, fit: ThresholdFit) -> None:
        scored = self._session.scored
        if scored is not None and scored.matrix is self._looked and not fit.holds:
            low, high = (100 * end for end in fit.found.interval)
            self._session.message.emit(
                f"The threshold does not hold on these photos: by their scores alone {low:.1f} to "
                f"{high:.1f} % of pairs of two people are called the same, {100 * (fit.shipped or 0):.1f} "
                "% where it was set. See Analyse, Evidence, conditions, groups, tab Threshold."
            )
