"""The window on labels: findings one after the other, decided by keys; the photos stay as they are."""

from collections import Counter
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSplitter,
    QTabBar,
    QWidget,
)

from core.analysis.labels.findings import FINDING_KINDS, Finding, FindingKind
from core.analysis.labels.review import LabelQuality, decided
from core.analysis.labels.search import LabelFindings
from core.errors import counted
from core.project.edits import Decision
from xcos_gui.state.jobs import LatestJob
from xcos_gui.state.session import Session
from xcos_gui.tools.labels.exports import LabelExports
from xcos_gui.tools.labels.model import FindingsModel
from xcos_gui.tools.labels.search import LabelsRequest, Qualities, qualities
from xcos_gui.tools.labels.view import EFFECTS, KEYS, FindingView
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty, parted
from xcos_gui.widgets.following import FollowingWindow
from xcos_gui.widgets.rows_model import rows_table
from xcos_gui.widgets.tables import RememberedTable

TITLES: dict[FindingKind, str] = {
    "wrong-identity": "Wrong identities",
    "same-person": "One person, two names",
    "near-duplicate": "Near-duplicates",
    "shared-person": "Shared people",
}


class LabelsWindow(FollowingWindow):
    """Four lists of findings, the faces of the one chosen, and the errors before and after."""

    title = "Labels and leaks"
    size_in_lines = (84, 46)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: LabelFindings | None = None
        self.quality: Qualities | None = None
        self._other: Path | None = None  # a further gallery, chosen beside what was open then
        self._beside: tuple[Path | None, Path | None] = None, None
        self._searched: object = None
        self._project = session.project  # that the findings' faces and names are of
        self._by_user = True
        self._counting = LatestJob(self)
        self._counting.finished.connect(self._on_counted)
        self.view = FindingView(session.cache)
        self.view.decided.connect(self.decide)
        self.body.addLayout(self._make_top())
        split = QSplitter(Qt.Orientation.Horizontal)
        self._make_list()
        split.addWidget(self.table)
        split.addWidget(self.view)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        self.shown = OrEmpty("labels", split)
        self.body.addWidget(self.shown, 1)
        self.before_after = PlainLabel(wordWrap=True)
        self.before_after.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addWidget(self.before_after)
        for keys, slot in (
            (QKeySequence.StandardKey.Undo, session.undo),
            (QKeySequence("Ctrl+Shift+Z"), session.redo),
        ):
            QShortcut(QKeySequence(keys), self, slot)
        for _, key, decision in KEYS:
            deciding = QShortcut(QKeySequence(key), self, lambda d=decision: self.decide(d))
            deciding.setAutoRepeat(False)  # a key that is held would decide what nobody saw
        session.gallery_changed.connect(self._on_gallery)
        session.edits_changed.connect(self._on_edits)

    def close_job(self) -> None:
        """End the background work."""
        self._counting.close()
        self.exports.job.close()
        super().close_job()

    # Making.

    def _make_top(self) -> QHBoxLayout:
        self.kinds = QTabBar(expanding=False, documentMode=True)
        self.kinds.setAccessibleName("Kind of finding")
        for kind in FINDING_KINDS:
            self.kinds.setTabToolTip(self.kinds.addTab(TITLES[kind]), EFFECTS[kind])
        self.kinds.currentChanged.connect(lambda _: self._show_kind())
        self.other = QPushButton("&Other gallery…")
        self.other.setToolTip("Look for people of another folder in this gallery, as for leaks")
        self.other.clicked.connect(self._ask_other)
        self.again = QPushButton("&Search again")
        self.again.setToolTip("Search on the labels as they are now")
        self.again.clicked.connect(self.search)
        self.exports = LabelExports(self.session)
        self.exports.told.connect(self._on_exported)
        self.exports.failed.connect(self.tell_failed)
        self.add_progress(self.exports.progress)
        row = QHBoxLayout()
        row.addWidget(self.kinds, 1)
        for button in (self.other, self.again):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addWidget(self.exports)
        return row

    def _make_list(self) -> None:
        self.model = FindingsModel(self)
        self.table = rows_table(self.model, "Findings; A accepts, R rejects, U is unsure")
        unit = self.fontMetrics().height()
        self.table.verticalHeader().setDefaultSectionSize(round(1.6 * unit))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 6), (2, 5), (3, 6)):
            header.resizeSection(column, width * unit)
        RememberedTable(self.table, self.session.settings, "labels", sorts=False)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)

    # Searching.

    def refresh(self) -> None:
        """Search anew where faces, model or threshold are others than last time."""
        session = self.session
        loaded = session.loaded
        if loaded is None or session.model is None or not len(loaded):
            self._clear()
            return
        faces = (*loaded.gallery.faces, *loaded.gallery.aside)
        state = (
            session.project,
            session.probe_source,
            session.card,
            session.kind,
            session.order,
            session.moved_thresholds.threshold(session.in_use),
            frozenset((face.key, face.digest) for face in faces),
        )
        # The lists stay as they are while one decides.
        if state != self._searched:
            self._searched = state
            self.search()

    def search(self) -> None:
        """Search on the labels of now."""
        session = self.session
        loaded, model, source = session.loaded, session.model, session.source
        if loaded is None or model is None or source is None or session.project is None:
            return
        if self._beside != (session.source, session.probe_source):
            self._other = None  # of another gallery it says nothing, and probes count before it
        own = session.scored
        if own is not None and not (
            own.refinement is None
            and own.square
            and own.columns is loaded
            and own.card is session.card
            and (own.kind, own.order) == (session.kind, session.order)
        ):
            own = None
        asked = LabelsRequest(
            source,
            loaded,
            session.project.edits,
            own,
            self._other or session.probes,
            session.loader(),
            model,
            session.kind,
            session.order,
            session.moved_thresholds.threshold(session.in_use) or 0.0,
        )
        self.compute("Searching the labels", asked.run, self._on_found)

    def _clear(self) -> None:
        for job in (self.job, self._counting):
            job.drop()
        self.progress.hide()
        self.found = self.quality = self._searched = None
        self.before_after.clear()
        self._show_kind()

    def _on_gallery(self) -> None:
        """Let go of the findings of another project, whose names and files may be those of this one."""
        if self._project is not self.session.project:
            self._project = self.session.project
            self._clear()
            self.ask_refresh()

    def _on_found(self, findings: LabelFindings) -> None:
        self.found = findings
        here = {finding.kind for finding in findings.findings}
        if self.kind not in here and here:
            first = next(place for place, kind in enumerate(FINDING_KINDS) if kind in here)
            self.kinds.setCurrentIndex(first)
        self._on_edits()
        self._show_kind()

    def _on_edits(self) -> None:
        self._on_gallery()  # also where the edits are kept in another project
        project, findings = self.session.project, self.found
        if project is None or findings is None:
            return
        edits = project.edits
        self.model.mark(edits.decisions)
        self._show_counts()
        self._counting.start(lambda _: qualities(findings, edits))

    def _on_counted(self, counted: Qualities) -> None:
        self.quality = counted
        before, after = counted
        if not before.counts.genuine and not before.counts.impostor:
            self.before_after.setText(
                "No two faces have identities, so there are no errors to count."
            )
            return
        self.before_after.setText(
            f"Before: {_quality_words(before)}.  With what is accepted: {_quality_words(after)}.  "
            "Your photos stay as they are; decisions are kept in the project."
        )

    # Showing.

    @property
    def kind(self) -> FindingKind:
        """The kind that is listed."""
        return FINDING_KINDS[self.kinds.currentIndex()]

    def listed(self) -> Finding | None:
        """The finding that is chosen."""
        row = self.table.currentIndex().row()
        return self.model.findings[row] if 0 <= row < len(self.model.findings) else None

    def _show_counts(self) -> None:
        decisions = {} if self.session.project is None else self.session.project.edits.decisions
        for place, kind in enumerate(FINDING_KINDS):
            findings = () if self.found is None else self.found.findings
            by_decision = Counter(f.key in decisions for f in findings if f.kind == kind)
            count = (
                f" ({by_decision[False]} open, {by_decision[True]} decided)" if by_decision else ""
            )
            self.kinds.setTabText(place, TITLES[kind] + count)

    def _show_kind(self) -> None:
        listed = () if self.found is None else self.found.findings
        findings = tuple(f for f in listed if f.kind == self.kind)
        self.model.show(findings)
        self._show_counts()
        if findings:
            self.shown.fill()
            # The main window keeps its pair until the user chooses a finding.
            self._by_user = False
            self.table.selectRow(0)
            self._by_user = True
            self.table.setFocus()
        else:
            other = self.kind == "shared-person" and self.found is not None
            buttons = [("Other gallery…", self._ask_other)] if other else []
            self.shown.say(*parted(self._why_none()), buttons)
            self._show_finding(None)

    def _why_none(self) -> str:
        if self.found is None:
            if self.session.loaded is None:
                return "Open a gallery; what is likely wrong in its labels is then listed here."
            return "The labels are not searched yet; Search again begins anew."
        if self.kind == "shared-person" and self.found.probes is None:
            return "No other gallery; choose one to look for people that both show."
        faces = self.found.gallery.gallery.faces
        names = {face.identity for face in faces} - {None}
        if self.kind in ("wrong-identity", "same-person") and len(names) < 2:
            return (
                "This needs two identities; put each person's photos in a folder of their own, or "
                "name faces with F2 in the gallery."
            )
        return "Nothing of this kind was found."

    def _on_row(self, current: QModelIndex, previous: QModelIndex) -> None:
        self._show_finding(self.listed())

    def _show_finding(self, finding: Finding | None) -> None:
        problem = self.view.show_finding(finding, self.found)
        if problem:
            self.tell(problem)
        if finding is not None and self._by_user:
            self._look(finding)

    def _look(self, finding: Finding) -> None:
        """The main window shows the pair, where it is one of its matrix."""
        session = self.session
        if session.rows is None or session.columns is None:
            return
        row = session.rows.gallery.index().get(finding.left)
        column = session.columns.gallery.index().get(finding.right)
        if (
            row is not None
            and column is not None
            and not (row == column and session.rows is session.columns)
        ):
            session.select_pair(row, column)

    # Deciding.

    def decide(self, decision: Decision | None) -> None:
        """Decide on the finding that is chosen, and go to the next."""
        finding, findings = self.listed(), self.found
        if finding is None or findings is None:
            return
        names = findings.names
        row = self.table.currentIndex().row()
        self.session.edit(
            lambda project: project.change(lambda edits: decided(edits, finding, decision, names))
        )
        if decision is not None and row + 1 < len(self.model.findings):
            self.table.selectRow(row + 1)

    # Elsewhere.

    def _ask_other(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Another gallery")
        if name:
            self.compare_with(Path(name))

    def compare_with(self, source: Path) -> None:
        """Look for people of another gallery in this one."""
        self._other, self._beside = source, (self.session.source, self.session.probe_source)
        self.kinds.setCurrentIndex(FINDING_KINDS.index("shared-person"))
        self.search()

    def _on_exported(self, sentence: str) -> None:
        self.tell(sentence)
        self.tell_unseen()

    def stop(self) -> bool:
        """Stop a search, else what is being written; whether anything ran."""
        if super().stop():
            return True
        job = self.exports.job
        writes = job.running and not job.stopping
        if writes:
            job.stop()
        return writes


def _quality_words(quality: LabelQuality) -> str:
    accuracy = quality.counts.accuracy
    parts = [f"{counted(quality.errors, 'error')}"]
    if accuracy is not None:
        parts.append(f"accuracy {100 * accuracy:.2f} %")
    if quality.eer is not None:
        parts.append(f"EER {100 * quality.eer:.2f} %")
    return ", ".join(parts)
