"""What a score is worth: strength of evidence, conditions, groups, threshold and identification, a tab each."""

from PySide6.QtWidgets import QWidget

from core.errors import XCosError
from core.scoring.lists import PairList
from xcos_gui.state.session import Session
from xcos_gui.tools.evidence.conditions import ConditionsTab
from xcos_gui.tools.evidence.groups import GroupsTab
from xcos_gui.tools.evidence.identification import IdentificationTab
from xcos_gui.tools.evidence.strength import StrengthTab
from xcos_gui.tools.evidence.tab import Tab
from xcos_gui.tools.evidence.threshold import ThresholdTab
from xcos_gui.widgets.following import FollowingWindow
from xcos_gui.widgets.placing import Pages


class EvidenceWindow(FollowingWindow):
    """The tab that is seen computes; the others wait until they are chosen."""

    title = "Evidence, conditions, groups"
    size_in_lines = (72, 42)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.strength, self.conditions = StrengthTab(session), ConditionsTab(session)
        self.groups, self.threshold = GroupsTab(session), ThresholdTab(session)
        self.identification = IdentificationTab(session)
        self.tabs = Pages(documentMode=True)
        tabs = (self.strength, self.conditions, self.groups, self.threshold, self.identification)
        for tab in tabs:
            self.tabs.addTab(tab, tab.title)
            self.plots += tab.plots
            tab.again.connect(self.ask_refresh)
            tab.pairs_chosen.connect(self._on_pairs)
            tab.told.connect(self.tell)
        self.body.addWidget(self.tabs, 1)
        self.tabs.currentChanged.connect(self.ask_refresh)
        session.pair_changed.connect(self._on_pair)
        session.edits_changed.connect(self._on_edits)
        session.attention_changed.connect(self.ask_refresh)
        session.model_changed.connect(self.ask_refresh)

    @property
    def tab(self) -> Tab:
        """The tab that is seen."""
        shown = self.tabs.currentWidget()
        assert isinstance(shown, Tab)
        return shown

    @property
    def current(self) -> bool:
        """Whether what the tab shows is of the matrix that the session has now."""
        return self.tab.matrix is self.session.matrix

    def refresh(self) -> None:
        """Compute what the tab shows."""
        tab = self.tab
        try:
            work = tab.work()
        except XCosError as error:
            self.job.drop()
            self.progress.hide()
            tab.show_nothing(str(error))
            return
        self._shown, matrix = tab, self.session.matrix

        def then(answer: object) -> None:
            tab.matrix = matrix
            tab.show_answer(answer)

        self.compute("Weighing the evidence", work, then)

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        if isinstance(error, XCosError):
            self._shown.show_nothing(str(error))
            self.tell("")

    def _on_pair(self, _: object) -> None:
        if self.tab is self.strength:
            self.ask_refresh()

    def _on_edits(self) -> None:
        if self.tab is not self.strength:
            self.ask_refresh()

    def _on_pairs(self, title: str, pairs: PairList, thresholds: tuple[float, ...]) -> None:
        self.list_pairs(title, pairs, *thresholds)
