"""The rows of the list of pairs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QObject,
    Qt,
)
from PySide6.QtGui import QGuiApplication, QIcon

from core.analysis.evidence.ratios import LikelihoodRatios
from core.analysis.evidence.words import strength_short, worth_words
from core.explain.words import OUTCOME_NAMES
from core.faces.conditions import CONDITIONS, Condition
from core.gallery.gallery import LoadedGallery, natural
from core.scoring.lists import PairList
from core.scoring.matrix import Outcome, ScoreMatrix
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import name_and_file
from xcos_gui.widgets.rows_model import RowsModel
from xcos_gui.widgets.thumbnails import Thumbnails
from xcos_gui.widgets.verdict import sign_pixmap

HEADERS = (
    ("left", "The face of the row"),
    ("right", "The face of the column"),
    ("score", "What the model gives the pair, over its margin: the score less the threshold"),
    ("outcome", "True or false, accept or reject, at the threshold"),
    ("fragile", "Whether the verdict flips when a crop moves a little"),
    ("tags", "Tags of the pair, its faces and their identities"),
    ("LR", "Likelihood ratio: how many times likelier the score is if both photos show one person, by "
     "the reference in use (Strength of evidence), over what that can support"),
    *((c.title.lower(), f"Of the worse face, in {c.unit}; from {c.source}. {c.limits}".strip())
      for c in CONDITIONS),
)  # fmt: skip
LEFT, RIGHT, SCORE, OUTCOME, FRAGILE, TAGS, LR, FIRST_CONDITION = range(8)


class PairsModel(RowsModel):
    """Rows of a pair list; thumbnails come when shown."""

    HEADS = HEADERS
    NUMBERS = SCORE, LR, *range(FIRST_CONDITION, len(HEADERS))

    def __init__(
        self, session: Session, thumbnails: Thumbnails, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._thumbnails = session, thumbnails
        self.pairs: PairList | None = None  # in the order shown
        self._given: PairList | None = None  # in the order listed
        self.ratios: LikelihoodRatios | None = None  # of the reference in use
        self._column, self._order = -1, Qt.SortOrder.AscendingOrder
        thumbnails.ready.connect(self._on_ready)

    def show(self, pairs: PairList | None) -> None:
        """Show another list, in its own order or in the one that the user chose."""
        self.beginResetModel()
        self._given = pairs
        self.pairs = self._session.listed = self._arranged()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1: as they were listed, worst first."""
        self.beginResetModel()
        self._column, self._order = column, order
        self.pairs = self._session.listed = self._arranged()
        self.endResetModel()

    def _arranged(self) -> PairList | None:
        given = self._given
        if given is None or self._column < 0:
            return given
        if self._column == LR and self.ratios is not None:
            keys: list[Any] = self.ratios.sort_keys(given.scores).tolist()
        else:
            keys = [self._key(place) for place in range(len(given))]
        falling = self._order == Qt.SortOrder.DescendingOrder
        places = sorted(range(len(given)), key=keys.__getitem__, reverse=falling)
        return given.at(np.array(places, np.int64))

    def _key(self, place: int) -> Any:
        assert self._given is not None
        given, session, column = self._given, self._session, self._column
        if column in (SCORE, LR):
            return float(given.scores[place])
        cell = int(given.rows[place]), int(given.columns[place])
        if column >= FIRST_CONDITION:
            value = self._value(cell, CONDITIONS[column - FIRST_CONDITION])
            return -np.inf if value is None else value
        faces = session.faces_of(cell)
        if column in (LEFT, RIGHT):
            face = faces[column]
            return natural(face.identity or ""), natural(face.key)
        texts = {OUTCOME: self._outcome, FRAGILE: self._fragile, TAGS: self._tags}
        return texts[column](cell)

    def cell(self, row: int) -> tuple[int, int]:
        """The matrix cell of a row."""
        assert self.pairs is not None
        return int(self.pairs.rows[row]), int(self.pairs.columns[row])

    def row_of(self, pair: tuple[int, int]) -> int | None:
        """The row of a matrix cell, or None where it is not listed."""
        if self.pairs is None:
            return None
        rows = ((self.pairs.rows == pair[0]) & (self.pairs.columns == pair[1])).nonzero()[0]
        return int(rows[0]) if len(rows) else None

    def count(self) -> int:
        return 0 if self.pairs is None else len(self.pairs)

    def shown(self, row: int, column: int, role: int) -> Any:
        session = self._session
        if self.pairs is None or session.matrix is None:
            return None
        cell = self.cell(row)
        if cell[0] >= session.matrix.scores.shape[0] or cell[1] >= session.matrix.scores.shape[1]:
            return None
        faces = session.faces_of(cell)
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(cell, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            outcome = session.matrix.outcome(*cell, session.threshold)
            score = float(self.pairs.scores[row])
            worth = "" if self.ratios is None else f"\n{worth_words(self.ratios, score)}"
            return f"{faces[0].key}\n{faces[1].key}\n{OUTCOME_NAMES[outcome]}{worth}"
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        score = float(self.pairs.scores[row])
        texts: dict[int, Callable[[], str]] = {
            LEFT: lambda: name_and_file(faces[0], ending=False),
            RIGHT: lambda: name_and_file(faces[1], ending=False),
            SCORE: lambda: f"{score:z.4f}\n{score - session.threshold:+z.4f}".replace(
                "-", "\N{MINUS SIGN}"
            ),
            OUTCOME: lambda: self._outcome(cell),
            FRAGILE: lambda: self._fragile(cell),
            TAGS: lambda: self._tags(cell),
            LR: lambda: "" if self.ratios is None else strength_short(self.ratios.strength(score)),
        }
        if column >= FIRST_CONDITION:
            return self._condition(cell, CONDITIONS[column - FIRST_CONDITION])
        return texts[column]()

    def _picture(self, cell: tuple[int, int], column: int) -> Any:
        if column in (LEFT, RIGHT):
            face = self._session.faces_of(cell)[column]
            pixmap = self._thumbnails.get(face, column == LEFT)
            return None if pixmap is None else QIcon(pixmap)
        if column == OUTCOME:
            return sign_pixmap(self._outcome(cell), QGuiApplication.palette())
        return None

    def _outcome(self, cell: tuple[int, int]) -> Outcome:
        assert self._session.matrix is not None
        return self._session.matrix.outcome(*cell, self._session.threshold)

    def _fragile(self, cell: tuple[int, int]) -> str:
        fragile, matrix = self._session.fragile, self._session.matrix
        if fragile is None or matrix is None or fragile.fragile.shape != matrix.scores.shape:
            return ""
        return "fragile" if fragile.fragile[cell] else ""

    def _value(self, cell: tuple[int, int], condition: Condition) -> float | None:
        """A condition of the worse face; None where it is not known."""
        table = self._session.conditions.table(self._session.scored)
        if table is None:
            return None
        left, right = table.of(condition.name)
        value = float(condition.worse_of(left[cell[0]], right[cell[1]]))
        return None if value != value else value

    def _condition(self, cell: tuple[int, int], condition: Condition) -> str:
        value = self._value(cell, condition)
        return "" if value is None else condition.text(value)

    def _tags(self, cell: tuple[int, int]) -> str:
        return ", ".join(self._session.tags_of(cell))

    def renew(self) -> None:
        """Ask for all texts again, and sort by them anew."""
        varies = self._column in (FRAGILE, TAGS, LR) or self._column >= FIRST_CONDITION
        if varies and self._session.scored is not None:
            self.sort(self._column, self._order)
        elif self.rowCount():
            ends = self.index(0, 0), self.index(self.rowCount() - 1, len(HEADERS) - 1)
            self.dataChanged.emit(*ends, [Qt.ItemDataRole.DisplayRole])

    def _on_ready(self) -> None:
        if self.pairs is not None and len(self.pairs):
            ends = self.index(0, 0), self.index(len(self.pairs) - 1, RIGHT)
            self.dataChanged.emit(*ends, [Qt.ItemDataRole.DecorationRole])


@dataclass(frozen=True, eq=False)
class KeptPairs:
    """Pairs by the keys of their faces, so that they outlive a gallery that changes its order."""

    keys: tuple[tuple[str, str], ...]

    @staticmethod
    def of(pairs: PairList, rows: LoadedGallery, columns: LoadedGallery) -> "KeptPairs":
        left, right = rows.gallery.faces, columns.gallery.faces
        both = zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True)
        return KeptPairs(tuple((left[i].key, right[j].key) for i, j in both))

    def places(self, rows: LoadedGallery, columns: LoadedGallery, matrix: ScoreMatrix) -> PairList:
        """Where these pairs are now, with their scores of now; those that are gone are left out."""
        left, right = rows.gallery.index(), columns.gallery.index()
        cells = [(left[a], right[b]) for a, b in self.keys if a in left and b in right]
        i, j = np.array(cells, np.int64).reshape(-1, 2).T
        return PairList(i, j, matrix.scores[i, j])
