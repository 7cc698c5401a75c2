"""The tab on conditions: errors, thresholds and LRs by ranges, and the slices that do worst."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.analysis.conditions.by_condition import ByCondition, ConditionRange, by_condition
from core.analysis.conditions.slices import Slice, worst_slices
from core.analysis.conditions.traits import Traits, traits_of
from core.analysis.evidence.words import times
from core.errors import XCosError, counted
from core.faces.conditions import CONDITIONS
from core.scoring.scored import ScoredGallery
from xcos_gui.state.jobs import Running, Work
from xcos_gui.state.session import Session
from xcos_gui.tools.evidence.tab import DASH, RateTable, Tab, number, rate
from xcos_gui.widgets.elided import PlainLabel

LISTED = 1000  # pairs of a range
HEADS = (
    ("range", "Of the condition's values, of the worse face of a pair"),
    ("impostor\npairs", "Pairs of two people whose worse face lies in the range"),
    ("FMR", "Impostor pairs called the same, with the 95 % interval over people"),
    ("genuine\npairs", "Pairs of one person whose worse face lies in the range"),
    ("FNMR", "Genuine pairs called different, with the 95 % interval over people"),
    ("threshold at\nFMR 1 %", "The smallest threshold whose false match rate here is at most 1 %, with "
     "the 95 % interval over people"),
    ("LR at the\nthreshold", "What a score at the threshold of now is worth here, by likelihood ratios "
     "fitted on the range's own pairs, with the 95 % interval over people"),
    ("Cllr, own", "Of likelihood ratios fitted on the range's own pairs, people held out"),
    ("Cllr, pooled", "Of the same pairs by likelihood ratios fitted on all ranges"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Found:
    scored: ScoredGallery
    ranges: ByCondition
    slices: tuple[Slice, ...]
    traits: Traits


class ConditionsTab(Tab):
    """One condition's ranges as a table, and below it the worst slices over all conditions."""

    title = "&Conditions"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.found: _Found | None = None
        row = QHBoxLayout()
        self.choice = QComboBox()
        self.choice.setAccessibleName("Condition")
        for condition in CONDITIONS:
            self.choice.addItem(condition.title, condition.name)
            tip = f"{condition.unit}; from {condition.source}"
            self.choice.setItemData(self.choice.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.choice.setCurrentIndex(self.choice.findData("sharpness"))
        self.choice.activated.connect(self.again)
        label = PlainLabel("C&ondition")
        label.setBuddy(self.choice)
        row.addWidget(label)
        row.addWidget(self.choice)
        row.addStretch(1)
        self.column.addLayout(row)
        self.table = RateTable(HEADS, "Ranges of the condition", session.settings)
        self.table.setToolTip("Click a range to list its errors in the main window")
        self.table.row_asked.connect(self._on_range)
        self.slices = QListWidget()
        self.slices.setAccessibleName("Slices where the model does worst")
        self.slices.setWordWrap(True)
        self.slices.itemActivated.connect(self._on_slice)
        self.slices.itemClicked.connect(self._on_slice)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)
        column.addWidget(PlainLabel("Where the model does worst; click a line to list its pairs:"))
        column.addWidget(self.slices, 1)
        self.hold(inside)

    def work(self) -> Work:
        session, name = self.session, self.choice.currentData()
        scored, measurer = session.scored, session.measurer
        threshold, own = session.threshold, session.own_threshold
        if scored is None:
            raise XCosError("Open a gallery first; its faces' conditions are then measured.")
        edits = session.edits

        def work(running: Running) -> _Found:
            table, traits = measurer.table(scored, own, running), traits_of(scored, edits)
            slices = worst_slices(scored, threshold, table, traits, running)
            ranges = by_condition(scored, threshold, table, name, task=running)
            return _Found(scored, ranges, slices, traits)

        return work

    def show_answer(self, answer: _Found) -> None:
        """Show the ranges and the slices."""
        self.found = answer
        self.shown.fill()
        ranges = answer.ranges
        condition = ranges.condition
        unknown = (
            f" It is not known of {counted(ranges.unknown, 'face')}." if ranges.unknown else ""
        )
        self.words.setText(
            f"{condition.title} in {ranges.unit}; from {condition.source}. A pair has the value "
            f"of its worse face.{unknown} {condition.limits} {ranges.words}".replace("  ", " ")
        )
        names = [ranges.title(place) for place in range(len(ranges.ranges))]
        self.table.show_rows(names, [_texts(one) for one in ranges.ranges])
        self.slices.clear()
        for one in answer.slices:
            self.slices.addItem(QListWidgetItem(one.words))
        if not answer.slices:
            self.slices.addItem("No slice has more errors than all pairs of its sort.")
        if answer.traits.words is not None:
            self.slices.addItem(answer.traits.words)

    def show_nothing(self, sentence: str) -> None:
        """Show why there are no ranges."""
        super().show_nothing(sentence)
        self.found = None
        self.table.show_rows([], [])
        self.slices.clear()

    def _on_range(self, place: int) -> None:
        if self.found is not None:
            ranges = self.found.ranges
            pairs = ranges.pairs(self.found.scored, place, True, LISTED)
            title = f"Errors: {ranges.condition.title.lower()} {ranges.title(place)}"
            self.pairs_chosen.emit(title, pairs, (ranges.threshold,))

    def _on_slice(self, item: QListWidgetItem) -> None:
        place = self.slices.row(item)
        if self.found is not None and place < len(self.found.slices):
            one = self.found.slices[place]
            self.pairs_chosen.emit(one.words.split(" pairs with ")[-1], one.pairs, ())


def _texts(one: ConditionRange) -> list[str | tuple[str, float]]:
    worth: str = DASH
    if one.worth is not None:
        low, high = (times(end) for end in one.worth.interval)
        worth = f"{times(one.worth.log10_lr)} ({low} to {high})"
    threshold = DASH
    if one.threshold is not None and one.threshold_interval is not None:
        low_end, high_end = one.threshold_interval
        threshold = f"{one.threshold:.3f} ({low_end:.3f} to {high_end:.3f})"
    return [
        (f"{one.impostor:,}", one.impostor),
        rate(one.fmr, one.fmr_interval),
        (f"{one.genuine:,}", one.genuine),
        rate(one.fnmr, one.fnmr_interval),
        number(threshold, one.threshold),
        number(worth, None if one.worth is None else one.worth.log10_lr),
        *(number(f"{cost or 0:.3f}", cost) for cost in (one.cllr, one.cllr_pooled)),
    ]
