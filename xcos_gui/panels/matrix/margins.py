"""How often each person is wrongly rejected and accepted, as bars beside the matrix show it."""

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.analysis.people import People, people
from core.errors import Stopped
from core.scoring.lists import pairs_with
from core.scoring.matrix import ScoreMatrix, at_most
from core.scoring.sides import Side
from xcos_gui.panels.matrix.axis import Rates
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session

SETTLE = 250  # milliseconds that a dragged threshold must rest before people are measured anew
LISTED = 4000  # pairs of a person that a click lists
RATES_TIP = (
    "Beside each row and above each column, its person's rates at the threshold: next to the matrix "
    "the false reject rate, then the false accept rate. A click on a bar lists those errors."
)


class Margins(QObject):
    """Measures everybody in the background, and lists one person's errors."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._found: np.ndarray | None = (
            None  # FRR and FAR by the matrix's numbers, the last of nobody
        )
        self._of: ScoreMatrix | None = None  # whose rates were found
        self._job = session.activity.job(self)
        self._job.finished.connect(self._on_found)
        self._job.failed.connect(self._on_failed)
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._measure)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.threshold_changed.connect(lambda _: self._timer.start())

    def rates(self, which: int, side: Side) -> Rates | None:
        """FRR and FAR of the person of each item of the rows (0) or columns (1), unknown until measured.

        None where nobody is known.
        """
        matrix = self._session.matrix
        if matrix is None or (codes := (matrix.rows, matrix.columns)[which]).max(initial=-1) < 0:
            return None
        if (
            self._found is None or self._of is not matrix
        ):  # the room is kept: the matrix must not move once they are there
            return Rates(np.full((len(side), 2), np.nan))
        return Rates(self._found[codes[side.places[side.starts[:-1]]]])

    def list_errors(self, identity: str, kind: int) -> None:
        """List a person's false rejects (0) or false accepts (1), worst first."""
        scored, threshold = self._session.scored, self._session.threshold
        if scored is None:
            return
        code = next((c for c, name in scored.identities.items() if name == identity), None)
        if code is None:
            return
        pairs = pairs_with(scored.matrix, code, threshold, LISTED, genuine=kind == 0)
        same = pairs.scores > at_most(threshold)
        pairs = pairs.at(np.flatnonzero(~same if kind == 0 else same))
        what = ("False rejects", "False accepts")[kind]
        self._session.list_pairs(f"{what} of {identity}", pairs, threshold)

    def close(self) -> None:
        """End the background work."""
        self._job.close()

    def _on_matrix_changed(self) -> None:
        self._found = None
        self._job.drop()
        self.changed.emit()
        self._timer.start()

    def _measure(self) -> None:
        session = self._session
        scored, threshold = session.scored, session.threshold
        if scored is None or session.estimated:
            self._job.drop()
            return

        def work(running: Running) -> People:
            return people(
                scored, threshold, task=Running(lambda *_: None, running.stopped, running.partial)
            )

        self._job.start(work)

    def _on_found(self, everyone: People) -> None:
        scored = self._session.scored
        if scored is None:
            return
        numbers = {name: code for code, name in scored.identities.items()}
        self._of = scored.matrix
        self._found = np.full((max(numbers.values(), default=-1) + 2, 2), np.nan)
        for one in everyone.persons:
            rejects = one.false_rejects / one.genuine_pairs if one.genuine_pairs else np.nan
            accepts = one.false_accepts / one.impostor_pairs if one.impostor_pairs else np.nan
            if one.identity in numbers:
                self._found[numbers[one.identity]] = rejects, accepts
        self.changed.emit()

    def _on_failed(self, error: BaseException) -> None:
        if not isinstance(error, Stopped):
            self._session.tell(error)
