"""The tab on the threshold: whether it holds on the gallery that is open, and the gallery's own."""

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.analysis.threshold_fit import ThresholdFit, threshold_fit
from core.errors import XCosError
from xcos_gui.state.jobs import Running, Work
from xcos_gui.state.session import Session
from xcos_gui.tools.evidence.tab import Tab


class ThresholdTab(Tab):
    """The false match rate here by scores alone, beside that where the threshold was set."""

    title = "&Threshold"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.found: ThresholdFit | None = None
        row = QHBoxLayout()
        self.use = QPushButton("&Use the gallery's own threshold")
        self.use.setAutoDefault(False)
        self.use.setEnabled(False)
        self.use.setToolTip("Move the threshold to where 1 % of pairs of two people are above it")
        self.use.clicked.connect(self._on_use)
        row.addWidget(self.use)
        row.addStretch(1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addStretch(1)
        self.hold(inside)

    def work(self) -> Work:
        session = self.session
        scored, measurer, threshold = session.scored, session.measurer, session.own_threshold
        if scored is None:
            raise XCosError("Open a gallery first; the threshold is then held against its scores.")
        if threshold is None:
            raise XCosError("These weights have no threshold; set one in the main window.")

        def work(running: Running) -> ThresholdFit:
            table = measurer.table(scored, threshold, running)
            return threshold_fit(scored, threshold, table, running)

        return work

    def show_answer(self, answer: ThresholdFit) -> None:
        """Show whether the threshold holds."""
        self.found = answer
        self.shown.fill()
        self.words.setText("\n\n".join(answer.words))
        self.use.setText(f"&Use the gallery's own threshold, {answer.found.own:.4f}")
        self.use.setEnabled(True)

    def show_nothing(self, sentence: str) -> None:
        """Show why nothing is known."""
        super().show_nothing(sentence)
        self.found = None
        self.use.setEnabled(False)

    def _on_use(self) -> None:
        if self.found is not None:
            self.use_threshold(self.found.found.own)
