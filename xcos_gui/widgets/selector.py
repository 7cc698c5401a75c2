"""A choice of pairs: an outcome and whose, or those that are listed."""

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from core.errors import XCosError
from core.progress import Task
from core.project.sides import all_tags
from core.query.selection import Selection, Whose, select, select_listed
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome, ScoreMatrix
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import GivingBox

LISTED, PASSING = "listed", "passing"
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
        self.outcome, self.whose = GivingBox(), GivingBox()
        self.outcome.setAccessibleName(f"{name}: which pairs")
        self.whose.setAccessibleName(f"{name}: whose pairs")
        self.whose.setToolTip("Pairs with at least one face of this person, or with this tag")
        self.whose.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.whose.setMinimumContentsLength(14)
        self.outcome.setToolTip(
            "An outcome at the threshold, the pairs that the main window lists, or those that pass its filter"
        )
        for text, outcome in OUTCOME_CHOICES:
            self.outcome.addItem(text, outcome)
        self.outcome.addItem("Listed pairs", LISTED)
        self.outcome.addItem("Pairs that pass the filter", PASSING)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.outcome)
        row.addWidget(self.whose, 1)
        self.outcome.activated.connect(self._on_outcome)
        self.whose.activated.connect(lambda _: changed())

    @property
    def filtered(self) -> bool:
        """Whether the filter's pairs are chosen."""
        return bool(self.outcome.currentData() == PASSING)

    def fill(self) -> None:
        """Offer the identities and tags of the gallery; the choice stays where it can."""
        session, kept = self._session, self.whose.currentData()
        self.whose.clear()
        self.whose.addItem("of everyone", None)
        if session.rows is not None and session.columns is not None:
            faces = (*session.rows.gallery.faces, *session.columns.gallery.faces)
            for identity in sorted({f.identity for f in faces if f.identity is not None}):
                self.whose.addItem(f"of {identity}", ("identity", identity))
        for tag in all_tags(session.edits):
            self.whose.addItem(f"of tag: {tag}", ("tag", tag))
        choices = [self.whose.itemData(place) for place in range(self.whose.count())]
        self.whose.setCurrentIndex(choices.index(kept) if kept in choices else 0)
        if self.outcome.currentData() == LISTED:
            self._listed = session.listed

    def choose(self, outcome: Outcome | str | None) -> None:
        """Choose an outcome, without telling."""
        self.outcome.setCurrentIndex(self.outcome.findData(outcome))

    def choose_listed(self) -> None:
        """Choose the pairs that the main window lists now, and tell."""
        self.choose(LISTED)
        self._on_outcome(0)

    def maker(self, matrix: ScoreMatrix) -> Callable[[Task], Selection]:
        """What finds the chosen pairs, in the background. Raises XCosError where there are none to choose."""
        session, outcome = self._session, self.outcome.currentData()
        assert session.rows is not None and session.columns is not None
        if outcome == LISTED:
            listed = self._listed
            if listed is None or not len(listed):
                raise XCosError("The list of pairs is empty; list some in the main window first.")
            return lambda _: select_listed("listed pairs", listed)
        passing = None
        if outcome == PASSING:
            if session.filter.mask is None:
                raise XCosError("There is no filter now; write one above the list of pairs.")
            outcome, passing = None, (session.filter.text, session.filter.mask)
        threshold, kind = session.threshold, self.whose.currentData()
        faces = session.rows.gallery.faces, session.columns.gallery.faces
        whose = []
        if kind is not None and kind[0] == "identity":
            whose.append(Whose.identity(kind[1], *faces))
        elif kind is not None:
            whose.append(Whose.tag(kind[1], session.edits, *faces))
        return lambda task: select(matrix, threshold, outcome, whose, passing, task=task)

    def _on_outcome(self, _: int) -> None:
        listed = self.outcome.currentData() == LISTED
        self.whose.setEnabled(not listed)
        if listed:
            self._listed = self._session.listed
        self._changed()
