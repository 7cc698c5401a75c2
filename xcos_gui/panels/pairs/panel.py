"""The pairs of one outcome, worst first, and the filter on them."""

import numpy as np
from PySide6.QtCore import (
    QModelIndex,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from core.errors import counted
from core.scoring.lists import PairList, pairs_of
from core.scoring.matrix import Outcome
from xcos_gui.panels.pairs.columns import ColumnsButton
from xcos_gui.panels.pairs.model import (
    FRAGILE,
    LEFT,
    LR,
    OUTCOME,
    RIGHT,
    SCORE,
    TAGS,
    KeptPairs,
    PairsModel,
)
from xcos_gui.state.jobs import LatestJob, Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import ElidedLabel
from xcos_gui.widgets.filter_line import FilterLine
from xcos_gui.widgets.rows_model import rows_table
from xcos_gui.widgets.tables import RememberedTable, SharedRoom, mark_row
from xcos_gui.widgets.tags import ask_tags_of_pairs
from xcos_gui.widgets.thumbnails import Thumbnails

LIMIT = 500
LEAST_NAME = 7.5  # lines of width of a face and its name
SETTLE = 200  # milliseconds that a dragged threshold must rest before pairs are listed anew
CHOICES: tuple[tuple[str, Outcome | None], ...] = (
    ("All pairs", None),
    ("False accepts (FP)", "FP"),
    ("False rejects (FN)", "FN"),
    ("True accepts (TP)", "TP"),
    ("True rejects (TN)", "TN"),
    ("Unknown identities", "unknown"),
)


class PairsPanel(QWidget):
    """A choice of outcome and its table; a row selects the pair."""

    own_lists = len(CHOICES)  # entries of the choice that are always there

    def __init__(
        self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.choice = QComboBox()
        for text, outcome in CHOICES:
            self.choice.addItem(text, outcome)
        self.choice.setAccessibleName("Which pairs to list")
        self.choice.setCurrentIndex(1)
        self._count = ElidedLabel()
        self.model = PairsModel(session, thumbnails, self)
        self.table = rows_table(self.model, "Pairs of the outcome, worst first")
        self._make_actions()
        self._make_columns()
        self.columns = ColumnsButton(self.table, session)
        self.columns.changed.connect(self._show_columns)
        top = QHBoxLayout()
        top.addWidget(self.choice)
        top.addWidget(self._count, 1)
        top.addWidget(self.columns)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        self.filter = FilterLine(session)
        self.filter.applied.connect(self._on_filter)
        layout.addLayout(top)
        layout.addWidget(self.filter)
        layout.addWidget(self.table)
        self._job = LatestJob(self)
        self._job.finished.connect(self._on_listed)
        self._listed: KeptPairs | None = None
        self._source = session.source  # of the gallery that it is of
        self._before_filter: int | None = None  # the choice to go back to after a filter
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self._list)
        self.choice.currentIndexChanged.connect(self._list)
        self.choice.currentIndexChanged.connect(self._show_columns)
        self.choice.activated.connect(self._on_chosen)
        self.choice.currentTextChanged.connect(self.choice.setToolTip)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.threshold_changed.connect(lambda _: self._timer.start())
        session.listed_outcome_changed.connect(self._on_outcome)
        session.pair_changed.connect(self._on_pair_changed)
        session.pairs_listed.connect(self.show_listed)
        session.filter_changed.connect(self._list)
        session.filter_changed.connect(self._on_filtered)
        session.fragile_changed.connect(self._show_columns)
        session.threshold_changed.connect(self._show_columns)
        session.edits_changed.connect(self._show_columns)
        session.gallery_changed.connect(self._leave_list)
        session.gallery_changed.connect(self._show_columns)
        session.model_changed.connect(self._show_columns)
        session.attention_changed.connect(self._show_columns)
        session.reference_changed.connect(self._show_columns)
        session.conditions.changed.connect(self._renew)
        self._show_columns()

    def _make_actions(self) -> None:
        session = self._session
        for text, key, slot in (
            ("Tags of the pair…", "Ctrl+Shift+T", self.tag_pair),
            ("Both photos at full size", "", lambda: session.tool_asked.emit("photos")),
            ("What if…", "", lambda: session.tool_asked.emit("what_if")),
            ("What would flip it…", "", lambda: session.tool_asked.emit("flip")),
        ):
            action = QAction(text, self, shortcut=QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(slot)
            self.table.addAction(action)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.table.doubleClicked.connect(lambda _: session.tool_asked.emit("photos"))

    def _make_columns(self) -> None:
        table, line = self.table, self.fontMetrics().height()
        table.setIconSize(QSize(2 * line + 4, 2 * line + 4))
        table.verticalHeader().setDefaultSectionSize(2 * line + 10)
        header = table.horizontalHeader()
        for column, width in ((SCORE, 4.6), (OUTCOME, 4.5), (FRAGILE, 4.5), (TAGS, 7), (LR, 4)):
            header.resizeSection(column, round(width * line))
        SharedRoom(table, (LEFT, RIGHT), LEAST_NAME)
        self._remembered = RememberedTable(table, self._session.settings, "pairs")

    @property
    def own_list(self) -> int:
        """Which of the lists that are always there is shown; all pairs while another one is."""
        place = self.choice.currentIndex()
        return place if place < len(CHOICES) else 0

    def close_job(self) -> None:
        """End the background work."""
        self._job.close()

    def tag_pair(self) -> None:
        """Ask for the tags of the pair in the current row."""
        index = self.table.currentIndex()
        cells = [self.model.cell(index.row())] if index.isValid() else []
        ask_tags_of_pairs(self, self._session, cells, "this pair")

    def _on_filter(self) -> None:
        # A new filter says itself what is listed; an outcome may be chosen afterwards.
        if 0 < self.choice.currentIndex() < len(CHOICES):
            self._before_filter = self.choice.currentIndex()
            self.choice.setCurrentIndex(0)

    def _on_filtered(self, *_: object) -> None:
        if not self._session.filter.text and self._before_filter is not None:
            before, self._before_filter = self._before_filter, None
            if self.choice.currentIndex() == 0:  # nothing else was chosen meanwhile
                self.choice.setCurrentIndex(before)

    def _on_chosen(self, place: int) -> None:
        if place < len(CHOICES):  # others hear of it, too
            self._session.list_outcome(self.choice.itemData(place))

    def _on_outcome(self, outcome: Outcome | None) -> None:
        place = next(i for i, (_, known) in enumerate(CHOICES) if known == outcome)
        self.choice.setCurrentIndex(place)
        self.table.setFocus()

    def show_listed(self, title: str, pairs: PairList) -> None:
        """Show some pairs under a title, in the order given; it stays in the choice of lists."""
        session = self._session
        if session.rows is None or session.columns is None:
            return
        self._listed = KeptPairs.of(pairs, session.rows, session.columns)
        if self.choice.count() == len(CHOICES):
            self.choice.addItem(title)
        self.choice.setItemText(len(CHOICES), title)
        if self.choice.currentIndex() == len(CHOICES):
            self._list()
        self.choice.setCurrentIndex(len(CHOICES))

    def _show_columns(self, *_: object) -> None:
        session = self._session
        tagged = any(own.tags for own in session.edits)
        # What was fragile at another threshold need not be so at this one.
        known = session.fragile is not None and session.fragile.threshold == session.threshold
        self.model.ratios = session.ratios
        chosen = self.columns.shown
        wanted = {OUTCOME: self._several(), FRAGILE: known, TAGS: tagged} | chosen
        wanted[LR] = chosen[LR] and session.ratios is not None
        for column, shown in wanted.items():
            if self.table.isColumnHidden(column) == shown:
                self.table.setColumnHidden(column, not shown)
        self._renew()

    def _renew(self) -> None:
        self.model.renew()
        self._on_pair_changed(self._session.pair)

    def _several(self) -> bool:
        """Whether the outcome may differ from row to row."""
        pairs, matrix = self.model.pairs, self._session.matrix
        if self.choice.currentData() is not None:
            return False
        if self.choice.currentIndex() == 0 or pairs is None or matrix is None:
            return True
        left, right = matrix.rows[pairs.rows], matrix.columns[pairs.columns]
        same = np.where((left < 0) | (right < 0), -1, left == right)
        kinds = np.stack([same, pairs.scores > self._session.threshold])
        return np.unique(kinds, axis=1).shape[1] > 1

    def _leave_list(self) -> None:
        """All pairs again, where another gallery takes the place of the one that a list is of."""
        if self._source != self._session.source:
            self._source, self._listed = self._session.source, None
            if self.choice.count() > len(CHOICES):
                if self.choice.currentIndex() == len(CHOICES):
                    self.choice.setCurrentIndex(0)
                self.choice.removeItem(len(CHOICES))

    def _on_matrix_changed(self) -> None:
        # The places listed are those of other faces now, however long a filter takes.
        self.model.show(None)
        self._count.setText("Filtering pairs…" if self._session.filter.running else "")
        self._list()

    def _list(self, *_: object) -> None:
        if self._session.filter.running:
            return  # its answer lists the pairs
        if self.choice.currentIndex() == len(CHOICES):
            self._show_kept()
            return
        matrix, threshold = self._session.matrix, self._session.threshold
        mask = self._session.filter.mask
        outcome: Outcome | None = self.choice.currentData()
        if matrix is None:
            self._job.drop()
            self.model.show(None)
            self._count.setText("")
            return

        def work(_: Running) -> PairList:
            return pairs_of(matrix, outcome, threshold, LIMIT, mask)

        self._job.start(work)

    def _show_kept(self) -> None:
        session = self._session
        if (
            self._listed is None
            or session.matrix is None
            or not session.rows
            or not session.columns
        ):
            self.choice.setCurrentIndex(0)
            return
        self._job.drop()
        pairs = self._listed.places(session.rows, session.columns, session.matrix)
        gone = len(self._listed.keys) - len(pairs)
        mask = session.filter.mask
        if mask is not None:
            pairs = pairs.at(np.flatnonzero(mask[pairs.rows, pairs.columns]))
        self.model.show(pairs)
        self._show_columns()
        missing = f", {gone} of them not in this gallery any more" if gone else ""
        shown = "" if mask is None else f"{len(pairs)} of "
        self._count.setText(f"{shown}{counted(len(self._listed.keys), 'pair')}{missing}")
        self._on_pair_changed(session.pair)

    def _on_listed(self, pairs: PairList) -> None:
        self.model.show(pairs)
        cut = len(pairs) == LIMIT
        more, order = (f"the worst {LIMIT}", "") if cut else (f"{len(pairs)}", ", worst first")
        yet = "" if not self._session.estimated else ", by estimated scores yet"
        noun = "pair" if len(pairs) == 1 else "pairs"
        some = self._session.filter.mask is not None
        why = self._session.filter.why_none if some else ""
        self._count.setText(
            f"{more} {noun}{' that pass' if some else ''}{order}{yet}"
            if len(pairs)
            else why or f"no such pair{' passes' if some else ''}"
        )
        self._on_pair_changed(self._session.pair)

    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid():
            self._session.select_pair(*self.model.cell(current.row()))

    def _on_pair_changed(self, pair: tuple[int, int] | None) -> None:
        row = None if pair is None else self.model.row_of(pair)
        if row is None and pair is not None and self._session.rows is self._session.columns:
            row = self.model.row_of((pair[1], pair[0]))  # it lies in two cells, and is listed once
        if row is None:  # nothing stays chosen that is not looked at
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())
        elif row != self.table.currentIndex().row():
            mark_row(self.table, row)
