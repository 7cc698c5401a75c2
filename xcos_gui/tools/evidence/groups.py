"""The tab on groups: error rates by a tag or a column, and how much they differ."""

from PySide6.QtWidgets import QComboBox, QHBoxLayout

from core.analysis.grouping import column_names, group_by
from core.analysis.groups import Group, GroupRates, Rate, group_rates
from core.errors import XCosError
from core.project.sides import all_tags
from xcos_gui.state.jobs import Running, Work
from xcos_gui.state.session import Session
from xcos_gui.tools.evidence.tab import DASH, RateTable, Tab, number, rate, rate_text
from xcos_gui.widgets.elided import PlainLabel

HEADS = (
    ("group", "The tag's value, or the column's"),
    ("people", "People with a face in the group; fewer than 20 make rough intervals"),
    ("FMR", "Impostor pairs within the group called the same, with the 95 % interval over people"),
    ("FMR, ratio\nto the mean", "The group's FMR / the mean of all groups' FMRs"),
    ("FNMR", "Genuine pairs of the group called different, with the 95 % interval over people"),
    ("FNMR, ratio\nto the mean", "The group's FNMR / the mean of all groups' FNMRs"),
    ("no face", "Photos of the group that gave no face: failures to acquire"),
    (
        "most evidence\nfrom",
        "The region that speaks more for same in its impostor pairs than in others'",
    ),
)


class GroupsTab(Tab):
    """What tells groups apart is a column of the gallery's CSV or a tag."""

    title = "&Groups"
    icon = "people"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.found: GroupRates | None = None
        row = QHBoxLayout()
        self.by = QComboBox(editable=True)
        self.by.setAccessibleName("Tag or column that tells groups apart")
        self.by.setToolTip("A tag, a column of the gallery's CSV, or the head of tags head:value")
        self.by.setMinimumContentsLength(20)
        self.by.activated.connect(self.again)
        label = PlainLabel("&By tag or column")
        label.setBuddy(self.by)
        row.addWidget(label)
        row.addWidget(self.by)
        row.addStretch(1)
        self.column.addLayout(row)
        self.table = RateTable(HEADS, "Groups", session.settings)
        self.hold(self.table)

    def _offer(self) -> None:
        """Offer the columns and tags of the gallery that is open; what was typed stays."""
        scored = self.session.scored
        galleries = [] if scored is None else [loaded.gallery for loaded in scored.galleries]
        columns = column_names(galleries)
        tags = all_tags(self.session.edits)
        offered = [*columns, *tags]
        known = [self.by.itemText(k) for k in range(self.by.count())]
        if offered != known:
            typed = self.by.currentText()
            self.by.clear()
            self.by.addItems(offered)
            if typed:
                self.by.setEditText(typed)

    def work(self) -> Work:
        session = self.session
        scored, threshold = session.scored, session.threshold
        if scored is None:
            raise XCosError("Open a gallery first; groups of its people are then compared.")
        self._offer()
        by = self.by.currentText().strip()
        if not by:
            raise XCosError(
                "Name a tag or a column that tells groups apart; tag faces or people in the notes "
                "panel, or open a CSV of path, identity and further columns."
            )
        edits = session.edits
        galleries = [loaded.gallery for loaded in scored.galleries]

        def work(running: Running) -> GroupRates:
            return group_rates(scored, threshold, group_by(by, galleries, edits), running)

        return work

    def show_answer(self, answer: GroupRates) -> None:
        """Show the groups."""
        self.found = answer
        self.shown.fill()
        threshold = f"{answer.threshold:.4f}".replace("-", "\N{MINUS SIGN}")
        lines = [
            f"At the threshold {threshold}. Impostor pairs of two groups: FMR "
            f"{rate_text(answer.all_cross.value, answer.all_cross.interval)}."
        ]
        for name, whole, equal in (("FDR", answer.fdr, 1), ("GARBE", answer.garbe, 0)):
            if whole is not None:
                value, ends = whole
                interval = "" if ends is None else f" ({ends[0]:.4f} to {ends[1]:.4f})"
                lines.append(f"{name} {value:.4f}{interval}, {equal} where groups are equal.")
        self.words.setText("\n".join([*lines, *answer.words]))
        self.table.show_rows([g.name for g in answer.groups], [_texts(g) for g in answer.groups])

    def show_nothing(self, sentence: str) -> None:
        """Show why there are no groups."""
        super().show_nothing(sentence)
        self.found = None
        self.table.show_rows([], [])


def _texts(group: Group) -> list[str | tuple[str, float]]:
    most = DASH if group.regions is None else max(group.regions, key=group.regions.__getitem__)
    return [
        (f"{group.people:,}", group.people),
        rate(group.fmr.value, group.fmr.interval),
        _ratio(group.fmr),
        rate(group.fnmr.value, group.fnmr.interval),
        _ratio(group.fnmr),
        (f"{group.failed:,} of {group.photos:,}", group.failed),
        most,
    ]


def _ratio(error: Rate) -> tuple[str, float]:
    return number(f"{error.ratio or 0:.2f}", error.ratio)
