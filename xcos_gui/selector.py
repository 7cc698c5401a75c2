"""A choice of pairs: an outcome and whose, or those that are listed."""

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from core.errors import XCosError
from core.explain.selection import Selection, Whose, select, select_listed
from core.progress import StopAsked
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome, ScoreMatrix
from xcos_gui.session import Session

LISTED = "listed"
OUTCOME_CHOICES: tuple[tuple[str, Outcome | None], ...] = (
    ("All pairs", None),
    ("False accepts (FP)", "FP"),
    ("False rejects (FN)", "FN"),
    ("True accepts (TP)", "TP"),
    ("True rejects (TN)", "TN"),
)


class Selector(QWidget):
    """Which pairs: an outcome and whose, or the pairs that are listed now."""

    def __init__(self, name: str, session: Session, changed: Callable[[], None]) -> None:
        super().__init__()
        self._session, self._changed = session, changed
        self._listed: PairList | None = None
        self.outcome, self.whose = QComboBox(), QComboBox()
        self.outcome.setAccessibleName(f"{name}: which pairs")
        self.whose.setAccessibleName(f"{name}: whose pairs")
        self.whose.setToolTip("Pairs with at least one face of this person")
        self.whose.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.whose.setMinimumContentsLength(14)
        for text, outcome in OUTCOME_CHOICES:
            self.outcome.addItem(text, outcome)
        self.outcome.addItem("Listed pairs", LISTED)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.outcome)
        row.addWidget(self.whose, 1)
        self.outcome.activated.connect(self._on_outcome)
        self.whose.activated.connect(lambda _: changed())

    def fill(self) -> None:
        """Offer the identities of the gallery; the choice stays where it can."""
        rows, columns = self._session.rows, self._session.columns
        kept = self.whose.currentData()
        self.whose.clear()
        self.whose.addItem("of everyone", None)
        if rows is not None and columns is not None:
            faces = (*rows.gallery.faces, *columns.gallery.faces)
            for identity in sorted({f.identity for f in faces if f.identity is not None}):
                self.whose.addItem(f"of {identity}", identity)
        place = self.whose.findData(kept) if kept is not None else 0
        self.whose.setCurrentIndex(max(0, place))
        if self.outcome.currentData() == LISTED:
            self._listed = self._session.listed

    def choose(self, outcome: Outcome | str | None, identity: str | None = None) -> None:
        """Choose as the user would, without telling."""
        self.outcome.setCurrentIndex(self.outcome.findData(outcome))
        self.whose.setCurrentIndex(max(0, self.whose.findData(identity) if identity else 0))

    def maker(self, matrix: ScoreMatrix) -> Callable[[StopAsked], Selection]:
        """What finds the chosen pairs, in the background. Raises XCosError without listed pairs."""
        session, outcome = self._session, self.outcome.currentData()
        assert session.rows is not None and session.columns is not None
        if outcome == LISTED:
            listed = self._listed
            if listed is None or not len(listed):
                raise XCosError("The list of pairs is empty; list some in the main window first.")
            return lambda _: select_listed("listed pairs", listed)
        identity, threshold = self.whose.currentData(), session.threshold
        faces = session.rows.gallery.faces, session.columns.gallery.faces
        whose = None if identity is None else Whose.identity(identity, *faces)
        return lambda stopped: select(matrix, threshold, outcome, whose, stopped=stopped)

    def _on_outcome(self, _: int) -> None:
        listed = self.outcome.currentData() == LISTED
        self.whose.setEnabled(not listed)
        if listed:
            self._listed = self._session.listed
        self._changed()
