"""What attention is worth: which pairs each kind of score saves and loses on the gallery."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from core.analysis.score_kinds import (
    TITLES,
    Exchange,
    KindWorth,
    ScoreKind,
    Thresholds,
    Worth,
    attention_worth,
)
from core.errors import Stopped, XCosError, counted
from core.scoring.statistics import PairStatistics
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.following import FollowingWindow
from xcos_gui.widgets.outcomes import percent

EMPTY = "Open a gallery first; every kind of score then judges its pairs."
HEADERS = (
    ("threshold", "Above it a pair is called the same; its tooltip says where it is from"),
    ("accuracy", "Pairs decided rightly"),
    ("TAR", "Genuine pairs called the same"),
    ("FAR", "Impostor pairs called the same"),
    ("AUC", "Area under the ROC curve, over all thresholds"),
    ("EER", "Equal error rate, over all thresholds"),
    ("saves\ngenuine", "Genuine pairs that this kind decides rightly and the other one not"),
    ("saves\nimpostor", "Impostor pairs that this kind decides rightly and the other one not"),
    ("loses\ngenuine", "Genuine pairs that this kind decides wrongly and the other one rightly"),
    ("loses\nimpostor", "Impostor pairs that this kind decides wrongly and the other one rightly"),
)
FIRST_COUNT = 6
COUNTS = ((True, True), (True, False), (False, True), (False, False))  # saved, genuine
THRESHOLDS: tuple[tuple[str, Thresholds], ...] = (
    ("Each kind's own threshold", "own"),
    ("As set in the window, others' own", "set"),
    ("Equal error rate of each in this gallery", "eer"),
)


@dataclass(frozen=True, eq=False)
class _Found:
    """made_from: what the decisions were made from, the matrix first."""

    made_from: tuple[object, ...]
    worth: Worth
    against: ScoreKind
    exchanges: dict[ScoreKind, Exchange]
    sentences: list[str]


class ExchangeTable(QTableWidget):
    """A row a kind of score; Enter does what a click does."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.cellClicked.emit(self.currentRow(), self.currentColumn())
            return
        super().keyPressEvent(event)


class WorthWindow(FollowingWindow):
    """The paper's Table 2 as a question about the gallery that is open."""

    title = "What attention is worth"
    empty_words = EMPTY
    size_in_lines = (74, 30)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: _Found | None = None
        self._make_choices()
        self.words.setText(EMPTY)
        self.body.addWidget(self.words)
        self.table = ExchangeTable(0, len(HEADERS))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAccessibleName("Kinds of score, and the pairs that each saves and loses")
        self.table.setHorizontalHeaderLabels([text for text, _ in HEADERS])
        for column, (_, tip) in enumerate(HEADERS):
            item = self.table.horizontalHeaderItem(column)
            assert item is not None
            item.setToolTip(tip)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.verticalHeader().setDefaultSectionSize(2 * self.fontMetrics().height())
        self.table.cellClicked.connect(self._list)
        self.body.addWidget(self.table, 1)
        self.sentences = PlainLabel(wordWrap=True)
        self.sentences.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(self.sentences)
        session.attention_changed.connect(self.ask_refresh)
        session.model_changed.connect(self.ask_refresh)

    def _make_choices(self) -> None:
        row = QHBoxLayout()
        self.against, self.thresholds = QComboBox(), QComboBox()
        self.against.setToolTip("The kind of score that the others are held against")
        self.against.setAccessibleName("Kind of score to hold the others against")
        self.thresholds.setToolTip("Where each kind's threshold is")
        self.thresholds.setAccessibleName("Thresholds")
        for kind, title in TITLES.items():
            self.against.addItem(title, kind)
        for text, thresholds in THRESHOLDS:
            self.thresholds.addItem(text, thresholds)
        for text, box in (("&Against", self.against), ("A&t", self.thresholds)):
            label = PlainLabel(text)
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box)
            box.activated.connect(self.ask_refresh)
        row.addStretch(1)
        self.body.addLayout(row)

    # Computing.

    @property
    def current(self) -> bool:
        """Whether the counts are of the matrix that the session has now."""
        return self.found is not None and self.found.made_from[0] is self.session.matrix

    def refresh(self) -> None:
        """Decide every pair by every kind, unless only the threshold or the other kind changed."""
        session = self.session
        scored = session.scored
        if scored is None:
            self.drop_work()
            self._show_nothing(EMPTY)
            return
        if not scored.matrix.pairs:
            self.drop_work()
            self._show_nothing("There is no pair of faces; open two photos with a face, or more.")
            return
        threshold, against = session.own_threshold, self.against.currentData()
        thresholds: Thresholds = self.thresholds.currentData()
        made_from = (scored.matrix, scored.rows, scored.columns, thresholds, threshold is None)
        known = self.found.worth if self.found and made_from == self.found.made_from else None

        def work(running: Running) -> _Found:
            if known is None:
                worth = attention_worth(scored, thresholds, threshold, running)
            else:
                worth = _moved(known, thresholds, threshold, scored.statistics)
            worth.of(against)  # refuses a kind that is missing
            others = [one.kind for one in worth.kinds if one.kind != against]
            exchanges = {kind: worth.exchange(kind, against) for kind in others}
            sentences = [worth.sentence(against, k) for k in others]
            return _Found(made_from, worth, against, exchanges, sentences)

        self.compute("Comparing attention", work, self._show)

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        if isinstance(error, XCosError):
            again = " Choose again above to start anew." if isinstance(error, Stopped) else ""
            self._show_nothing(str(error) + again)
            self.tell("")

    # Showing.

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and getattr(self, "found", None) is not None:
            assert self.found is not None
            self._show(self.found)  # its links have the theme's colour

    def _show_nothing(self, sentence: str) -> None:
        self.found = None
        self.words.setText(sentence)
        self.table.setRowCount(0)
        self.sentences.clear()

    def _show(self, judged: _Found) -> None:
        self.found = judged
        worth = judged.worth
        counts = worth.kinds[0].counts
        order = worth.matrix.order
        beside = "" if order == "both" else " (the weights' thresholds are for order both)"
        self.words.setText(
            f"{counted(counts.genuine + counts.impostor, 'pair')} ({counts.genuine:,} genuine), order "
            f"{order}{beside}. Saved and lost pairs are counted against {TITLES[judged.against]}; "
            "click a count to list them in the main window."
        )
        self.table.setRowCount(len(worth.kinds))
        self.table.setVerticalHeaderLabels([TITLES[kind.kind] for kind in worth.kinds])
        for row, kind in enumerate(worth.kinds):
            self._show_kind(row, kind, judged.exchanges.get(kind.kind))
        self.sentences.setText("\n".join([*judged.sentences, *worth.missing.values()]))

    def _show_kind(self, row: int, kind: KindWorth, exchange: Exchange | None) -> None:
        counts = kind.counts
        auc = "\N{EN DASH}" if kind.auc is None else f"{kind.auc:.4f}"
        threshold = f"{kind.threshold:.4f}".replace("-", "\N{MINUS SIGN}")
        texts = [threshold, percent(counts.accuracy), percent(counts.tar)]
        texts += [percent(counts.far), auc, percent(kind.eer)]
        if exchange is None:
            texts += [""] * len(COUNTS)
        else:
            numbers = (exchange.saved_genuine, exchange.saved_impostor)
            texts += [f"{n:,}" for n in (*numbers, exchange.lost_genuine, exchange.lost_impostor)]
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if column == 0:
                item.setToolTip(f"Threshold: {kind.origin}")
            elif column >= FIRST_COUNT and text not in ("", "0"):
                font = item.font()
                font.setUnderline(True)
                item.setFont(font)
                item.setForeground(self.palette().color(QPalette.ColorRole.Link))
                item.setToolTip("Click to list these pairs in the main window")
            self.table.setItem(row, column, item)

    def _list(self, row: int, column: int) -> None:
        """Show the pairs behind a count in the main window's list."""
        item = self.table.item(row, column)
        if self.found is None or column < FIRST_COUNT or item is None or item.text() in ("", "0"):
            return
        saved, genuine = COUNTS[column - FIRST_COUNT]
        judged, kind = self.found, self.found.worth.kinds[row].kind
        pairs = judged.worth.pairs(kind, judged.against, saved, genuine)
        sort = "Genuine" if genuine else "Impostor"
        does = "saves" if saved else "loses"
        title = f"{sort}: {TITLES[kind]} {does} against {TITLES[judged.against]}"
        at = judged.worth.of(kind).threshold, judged.worth.of(judged.against).threshold
        if not self.list_pairs(title, pairs, *at):
            return
        shown = len(pairs)
        more = (
            f"; {shown:,} of them, farthest from the threshold"
            if f"{shown:,}" != item.text()
            else ""
        )
        are = "pair is" if item.text() == "1" else "pairs are"
        self.tell(f"{item.text()} {are} listed in the main window{more}.")


def _moved(
    known: Worth, thresholds: Thresholds, threshold: float | None, statistics: PairStatistics
) -> Worth:
    """Known decisions with the matrix's kind at the session's threshold, where that one counts."""
    if thresholds != "set" or threshold in (None, known.of(known.matrix.kind).threshold):
        return known
    assert threshold is not None
    return known.moved(threshold, statistics)
