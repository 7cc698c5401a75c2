"""The tab on identification: each face against the gallery's persons, and why not the second."""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from core.analysis.persons import FUSIONS, USUAL, Identification, identify, why_not_second
from core.errors import XCosError, counted
from core.scoring.scored import ScoredGallery
from xcos_gui.state.jobs import Running, Work
from xcos_gui.state.session import Session
from xcos_gui.tools.evidence.tab import DASH, RateTable, Tab, number
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty, parted
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.outcomes import GENUINE, percent

NAMES = {"features": "Mean features", "best": "Best photo", "mean": "Mean of scores"}
MOST_ROWS = 1000
WHY = "Click a probe", "The map then says why its first person, and not the second."
HEADS = (
    ("probe", "The photo that is looked for among the gallery's people"),
    ("rank", "Of the right person, 1 the first; empty where the gallery lacks them"),
    ("first", "The person of the highest score"),
    ("its score", "Of the first person"),
    ("second", "The person of the next score"),
    ("its score", "Of the second person"),
)


FEW_RANKS = 10  # up to which each has its tick


@dataclass(frozen=True, eq=False)
class _Found:
    scored: ScoredGallery
    persons: Identification
    threshold: float
    rows: list[int]  # probes in the order of the table


class IdentificationTab(Tab):
    """Probes, or each face against the others; the worst ranks come first."""

    title = "&Identification"
    icon = "face"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.found: _Found | None = None
        row = QHBoxLayout()
        self.fusion = QComboBox()
        self.fusion.setAccessibleName("How a person's photos become one score")
        self.fusion.setToolTip("How a person's photos become one score")
        for name in FUSIONS:
            self.fusion.addItem(NAMES[name], name)
        self.fusion.setCurrentIndex(FUSIONS.index(USUAL))
        self.fusion.activated.connect(self.again)
        label = PlainLabel("&Person's score")
        label.setBuddy(self.fusion)
        row.addWidget(label)
        row.addWidget(self.fusion)
        row.addStretch(1)
        self.column.addLayout(row)
        self.table = RateTable(
            HEADS, "Probes with their first and second person", session.settings, sorts=True
        )
        self.table.setToolTip("Click a probe to see why its first person and not the second")
        self.table.row_asked.connect(self._on_row)
        self.cmc = pg.PlotWidget()
        self.cmc.setMenuEnabled(False)
        self.cmc.setLabel("bottom", "rank")
        self.cmc.setLabel("left", "identified (%)")
        self.cmc.setAccessibleName("CMC: share of probes whose person is within each rank")
        self.plots = [self.cmc]
        self.why = MapView("evidence", "First less second")
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.cmc, 2)
        self.why_shown = OrEmpty("face", self.why)
        column.addWidget(self.why_shown, 3)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.table)
        splitter.addWidget(side)
        splitter.setSizes([680, 290])
        self.hold(splitter)

    def work(self) -> Work:
        session, fusion = self.session, self.fusion.currentData()
        scored, threshold = session.scored, session.threshold
        if scored is None:
            raise XCosError("Open a gallery first; its faces are then ranked by person.")

        def work(running: Running) -> _Found:
            persons = identify(scored, fusion, running)
            ranks = np.full(len(persons.probes), -1)
            ranks[persons.truth >= 0] = persons.ranks
            return _Found(scored, persons, threshold, np.argsort(-ranks, kind="stable").tolist())

        return work

    def show_answer(self, answer: _Found) -> None:
        """Show ranks and rates."""
        self.found = answer
        self.shown.fill()
        persons = answer.persons
        fpir, fnir = persons.rates(answer.threshold)
        threshold = f"{answer.threshold:.4f}".replace("-", "\N{MINUS SIGN}")
        shown = answer.rows[:MOST_ROWS]
        more = f" The table has the {MOST_ROWS:,} worst." if len(shown) < len(answer.rows) else ""
        self.words.setText(
            f"{counted(len(persons.probes), 'probe')}, {counted(len(persons.persons), 'person', 'people')}. At the threshold "
            f"{threshold}: FPIR {percent(fpir)}, FNIR {percent(fnir)}.{more}"
        )
        names, rows = [], []
        ranks = np.full(len(persons.probes), -1)
        ranks[persons.truth >= 0] = persons.ranks
        for place in shown:
            names.append(answer.scored.rows.gallery.faces[persons.probes[place]].key)
            scores = np.nan_to_num(persons.scores[place], nan=-np.inf)
            rank = int(ranks[place])
            cells: list[str | tuple[str, float]] = [number(f"{rank}", rank if rank > 0 else None)]
            for person in np.argsort(-scores, kind="stable")[:2]:
                known = np.isfinite(scores[person])
                score = float(scores[person]) if known else None
                text = f"{score or 0:z.4f}".replace("-", "\N{MINUS SIGN}")
                cells += [persons.persons[person] if known else DASH, number(text, score)]
            rows.append(cells)
        self.table.show_rows(names, rows)
        self.cmc.clear()
        if (persons.truth >= 0).any():
            curve = persons.cmc()
            pen = pg.mkPen(GENUINE, width=2)
            self.cmc.plot(np.arange(1, len(curve) + 1), 100 * curve, pen=pen, symbol="o")
            self.cmc.setYRange(0, 100)
            self.cmc.setXRange(1, max(2, len(curve)))
            few = [(rank, str(rank)) for rank in range(1, len(curve) + 1)]  # no rank of 1.5
            self.cmc.getAxis("bottom").setTicks([few] if len(curve) <= FEW_RANKS else None)
        self.why_shown.say(*WHY)

    def show_nothing(self, sentence: str) -> None:
        """Show why nothing is ranked."""
        super().show_nothing(sentence)
        self.found = None
        self.table.show_rows([], [])
        self.cmc.clear()
        self.why_shown.say(*WHY)

    def _on_row(self, row: int) -> None:
        if self.found is None:
            return
        identified = self.found
        try:
            why = why_not_second(
                identified.scored, identified.persons, identified.rows[row], identified.threshold
            )
        except XCosError as error:
            self.why_shown.say(*parted(str(error)))  # and no map of another probe
            return
        self.why.set_title(f"{why.first} less {why.second}")
        limit = max(float(np.abs(why.difference).max()), 1e-6)
        self.why_shown.fill()
        self.why.show_map(why.difference, 0.0, limit, difference=True)
