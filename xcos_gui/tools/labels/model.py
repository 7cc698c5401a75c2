"""Findings on labels as a table, with what was decided on each."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor

from core.analysis.labels.findings import Finding
from core.project.edits import Decision
from xcos_gui.widgets.rows_model import RowsModel

HEADERS = (
    ("finding", "The likeliest first"),
    ("mean score", "Of the face or identity with the other identity"),
    ("margin", "By how much that is above the limit, or above the mean with its own identity"),
    ("decision", "A accepts, R rejects, U is unsure, Delete takes a decision back"),
)
DECISION_COLOURS: dict[Decision, QColor] = {
    "accept": QColor(0, 158, 115),
    "reject": QColor(213, 94, 0),
    "unsure": QColor(230, 159, 0),
}
# Near-duplicates are found by the pictures' likeness, which is no score of a model.
DUPLICATES = (
    HEADERS[0],
    ("likeness", "How alike the two pictures are, at most 1; it is no score of the model"),
    ("margin", "By how much the likeness is above the limit"),
    HEADERS[3],
)


class FindingsModel(RowsModel):
    """One row a finding."""

    HEADS = HEADERS
    NUMBERS = 1, 2

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.findings: tuple[Finding, ...] = ()
        self._decisions: Mapping[str, Decision] = {}

    def show(self, findings: tuple[Finding, ...]) -> None:
        """Show other findings."""
        self.beginResetModel()
        self.findings = findings
        self.endResetModel()

    def mark(self, decisions: Mapping[str, Decision]) -> None:
        """Show what was decided, by the findings' keys."""
        self._decisions = decisions
        if self.findings:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.findings) - 1, 3))

    def decision(self, row: int) -> Decision | None:
        """What was decided on a row's finding."""
        return self._decisions.get(self.findings[row].key)

    def heads(self) -> Sequence[tuple[str, str]]:
        pictures = bool(self.findings) and self.findings[0].kind == "near-duplicate"
        return DUPLICATES if pictures else self.HEADS

    def count(self) -> int:
        return len(self.findings)

    def shown(self, row: int, column: int, role: int) -> Any:
        finding, decision = self.findings[row], self.decision(row)
        if role == Qt.ItemDataRole.DisplayRole:
            texts = (
                _short(finding),
                f"{finding.score:z.3f}",
                f"{finding.evidence:z.3f}",
                decision or "",
            )
            return texts[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return finding.sentence
        if role == Qt.ItemDataRole.DecorationRole and column == 3 and decision is not None:
            return DECISION_COLOURS[decision]
        return None


def _short(finding: Finding) -> str:
    """An arrow points to the name that Accept gives; pictures stand as they are shown."""
    if finding.kind == "wrong-identity":
        return f"{finding.names[0]} \N{RIGHTWARDS ARROW} {finding.names[2]}"
    if finding.kind == "same-person":
        return f"{finding.names[1]} \N{RIGHTWARDS ARROW} {finding.names[0]}"
    return f"{finding.names[0]} \N{MULTIPLICATION SIGN} {finding.names[1]}"
