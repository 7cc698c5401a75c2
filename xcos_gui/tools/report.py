"""A report of a pair, of the listed pairs, or of the whole gallery, written as one file."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from core.errors import XCosError
from core.reports.choice import listed_pairs, one_pair, whole_gallery
from core.reports.report import (
    MOST_DRAWN,
    Chosen,
    ReportOptions,
    ReportSource,
    collect,
)
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.tool_window import ToolWindow

FORMS = {
    ".html": "Page (HTML, everything in one file)",
    ".pdf": "PDF",
    ".csv": "Table (CSV)",
    ".parquet": "Table (Parquet)",
}
WHAT = {
    "gallery": "The whole gallery: counts, curves and the worst pairs",
    "listed": "The pairs that the list shows",
    "pair": "The pair looked at",
}
PICTURES = {"shown": "as they are", "blurred": "blurred", "none": "left out"}
EMPTY = "Open a gallery first; a report is made of its scored pairs."


class ReportWindow(ToolWindow):
    """Asks what to report and how, and writes it in the background."""

    title = "Report"
    tells_unseen = True
    size_in_lines = (44, 22)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.written: Path | None = None
        form = QFormLayout()
        self.what, self.form = QComboBox(), QComboBox()
        for name, text in WHAT.items():
            self.what.addItem(text, name)
        for suffix, text in FORMS.items():
            self.form.addItem(text, suffix)
        self.form.setToolTip("A page and a PDF have pictures and maps, a table has numbers")
        self.form.currentIndexChanged.connect(self._on_form)
        self.most = QSpinBox(minimum=1, maximum=100_000, value=MOST_DRAWN)
        self.most.setToolTip("How many pairs are shown with their maps; more make a larger file")
        self.pictures = QComboBox(toolTip="Blurred: only the mean colours of 7x7 cells are kept")
        for name, text in PICTURES.items():
            self.pictures.addItem(text, name)
        self.anonymous = QCheckBox("Call people and photos by &numbers")
        self.anonymous.setToolTip("No name and no path is written")
        self.record = QCheckBox("What it can be chec&ked by: digests, settings, decisions")
        self.record.setToolTip(
            "Digests of photos and weights, versions, the threshold's origin, likelihood ratios, "
            "conditions, and who decided what when; the same content gives the same bytes"
        )
        self.by = QLineEdit()
        self.by.setPlaceholderText("yaw, glasses")
        self.by.setToolTip(
            "In the record: errors by these conditions, columns of the gallery's CSV or tags, with "
            "commas between them"
        )
        self.record.toggled.connect(self._on_form)
        self.cells = QCheckBox("S and W of all 49 &cells in tables")
        self.cells.setToolTip("98 more columns, S_0_0 at the top left of the face")
        self.heading = QLineEdit()
        self.heading.setPlaceholderText("the gallery's name")
        form.addRow("&Report", self.what)
        form.addRow("&Form", self.form)
        form.addRow("At most, &pairs", self.most)
        form.addRow("Faces &are", self.pictures)
        form.addRow("", self.anonymous)
        form.addRow("", self.record)
        form.addRow("Errors &by", self.by)
        form.addRow("", self.cells)
        form.addRow("&Heading", self.heading)
        self.body.addLayout(form)
        self.body.addStretch(1)
        row = QHBoxLayout()
        self.open_button = QPushButton("&Open it", autoDefault=False, enabled=False)
        self.open_button.clicked.connect(self._open)
        self.write_button = QPushButton("&Write…", autoDefault=False)
        self.write_button.clicked.connect(self.ask)
        row.addStretch(1)
        row.addWidget(self.open_button)
        row.addWidget(self.write_button)
        self.body.addLayout(row)
        session.matrix_changed.connect(self._show_state)
        session.pair_changed.connect(self._show_state)
        self._on_form()
        self._show_state()

    @property
    def suffix(self) -> str:
        """The ending of the chosen form."""
        suffix: str = self.form.currentData()
        return suffix

    def use_listed(self) -> None:
        """Report the pairs that the main window lists."""
        self.what.setCurrentIndex(self.what.findData("listed"))

    def ask(self) -> None:
        """Ask for the file and write the report there."""
        source = self.session.source
        name = f"{source.stem if source is not None else 'gallery'}-report{self.suffix}"
        chosen, _ = QFileDialog.getSaveFileName(self, "Write the report", name, f"*{self.suffix}")
        if chosen:
            path = Path(chosen)
            self.write(path if path.suffix else path.with_suffix(self.suffix))

    def write(self, path: Path) -> None:
        """Write the report of what is chosen, in the background."""
        self.written = None
        self._show_state()
        record = self.record.isChecked() and self.record.isEnabled()
        try:
            if record:
                from core.reports.output import refuse_lost_record

                refuse_lost_record([path], record)
            source = self._source()
            chosen = self._chosen(source)
        except XCosError as error:
            self.tell(str(error))
            return
        asked = ReportOptions(
            self.heading.text().strip() or None,
            self.pictures.currentData(),
            self.anonymous.isChecked(),
            self.session.colour_limits,
            record,
            tuple(name.strip() for name in self.by.text().split(",") if name.strip()),
        )
        cells = self.cells.isChecked()

        def work(running: Running) -> Path:
            from core.reports.output import refuse_unwritable, write_report

            refuse_unwritable(path)
            report = collect(source, chosen, asked, running)
            write_report(path, report, running, cells)
            return path

        self.compute("Collecting pairs", work, self._on_written)

    def _source(self) -> ReportSource:
        session = self.session
        if session.scored is None:
            raise XCosError(EMPTY)
        edits = session.edits
        return ReportSource(session.scored, session.threshold, session.cache, edits)

    def _chosen(self, source: ReportSource) -> Chosen:
        what, most = self.what.currentData(), self.most.value()
        if what == "gallery":
            return whole_gallery(source, most)
        if what == "listed":
            if self.session.listed is None:
                raise XCosError("The list of pairs is empty; choose pairs there first.")
            return listed_pairs(source, self.session.listed, "the listed pairs", most)
        if self.session.pair is None:
            raise XCosError("No pair is looked at; click one in the matrix first.")
        return one_pair(source, *self.session.pair)

    def _on_written(self, path: Path) -> None:
        self.written = path
        self._show_state()
        self.tell(f"The report was written to {path}.")

    def _open(self) -> None:
        if self.written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.written)))

    def _on_form(self, *_: object) -> None:
        table = self.suffix in (".csv", ".parquet")
        self.cells.setEnabled(table)
        self.pictures.setEnabled(not table)
        self.record.setEnabled(not table)
        self.by.setEnabled(not table and self.record.isChecked())
        self.heading.setEnabled(not table)

    def _show_state(self, *_: object) -> None:
        ready = self.session.matrix is not None
        self.write_button.setEnabled(ready)
        self.open_button.setEnabled(self.written is not None)
        if not ready:
            self.tell(EMPTY)
        elif self.note.text() == EMPTY:
            self.tell("")
