"""A second reader: pairs rated by keys, blind to scores, names and what others said."""

from collections import deque
from datetime import UTC, datetime

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.analysis.readers.agreement import readers_of, readers_words
from core.analysis.readers.sheet import BlindPair, blind_sheet
from core.errors import XCosError, counted
from core.faces.regions import REGIONS
from core.project.project import Project
from core.project.readings import LIKENESSES, RATING_WORDS, RATINGS, Reading, readings_of
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.tool_window import ToolWindow

ASKED = [region for region in REGIONS if region != "outside the face"]
START = (
    "The pairs that the main window lists are shown one by one, in an order and with sides of your "
    "own, without scores and names. Rate each with the keys 1 (surely different) to 7 (surely same), "
    "or a click; Backspace goes one back. Every answer is kept in the project with your name and the "
    "time, and what you have rated before is not asked again."
)


class ReadersWindow(ToolWindow):
    """A start page, the sheet, and what all readers said so far."""

    title = "Second reader"
    size_in_lines = (56, 40)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.sheet: deque[BlindPair] = deque()
        self._rest: deque[BlindPair] = deque()  # of a sheet that was left
        self.given: list[BlindPair] = []  # rated in this sitting, the last one last
        self._project: Project | None = None  # that the sheet's answers are kept in
        self._reader = ""  # whose they are
        self.pages = QStackedWidget()
        self._make_start()
        self._make_sheet()
        self.body.addWidget(self.pages, 1)
        for changed in (session.gallery_changed, session.edits_changed):
            changed.connect(self._on_project)

    def _make_start(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addWidget(PlainLabel(START, wordWrap=True))
        form = QFormLayout()
        self.reader, self.seed = QLineEdit(), QSpinBox(minimum=0, maximum=999_999)
        self.reader.setPlaceholderText("Your name or a code")
        self.seed.setToolTip("Another seed gives another order and other sides")
        form.addRow("&Reader", self.reader)
        form.addRow("S&eed", self.seed)
        column.addLayout(form)
        row = QHBoxLayout()
        self.start, self.compare = QPushButton("&Start reading"), QPushButton("&Compare readers")
        self.compare.setToolTip("Agreement and accuracy of all who have read this gallery")
        self.again = QPushButton("&Last pair again")
        self.again.setToolTip(
            "A new answer takes the place of the one you gave last; what is left of its sheet follows"
        )
        self.again.hide()  # until one was given
        for button, asked in (
            (self.start, self.begin),
            (self.again, self.back),
            (self.compare, self._compare),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(asked)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.figures = PlainLabel(wordWrap=True)
        self.figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.figures)
        column.addStretch(1)
        self.pages.addWidget(page)

    def _make_sheet(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        self.place = PlainLabel()
        column.addWidget(self.place)
        faces = QHBoxLayout()
        self.faces = CellView("Left face", grid=False), CellView("Right face", grid=False)
        for face in self.faces:
            face.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys are for ratings
            faces.addWidget(face)
        column.addLayout(faces, 1)
        row = QHBoxLayout()
        self.buttons = []
        for number, rating in enumerate(RATINGS, 1):
            button = QPushButton(f"{number}\n{RATING_WORDS[rating]}")
            button.setAutoDefault(False)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, rating=rating: self.rate(rating))
            row.addWidget(button)
            self.buttons.append(button)
        column.addLayout(row)
        self.form = QGroupBox("By &region, if you like", checkable=True, checked=False)
        grid = QHBoxLayout(self.form)
        self.regions: dict[str, QComboBox] = {}
        for half in (ASKED[: len(ASKED) // 2], ASKED[len(ASKED) // 2 :]):
            lines = QFormLayout()
            for region in half:
                box = QComboBox()
                box.addItems(["", *LIKENESSES])
                box.setAccessibleName(region)
                self.regions[region] = box
                lines.addRow(region.capitalize(), box)
            grid.addLayout(lines)
        column.addWidget(self.form)
        leave = QPushButton("&Leave off")
        leave.setAutoDefault(False)
        leave.setToolTip("What you have rated is kept")
        leave.clicked.connect(self._leave)
        column.addWidget(leave, 0, Qt.AlignmentFlag.AlignRight)
        for child in page.findChildren(QWidget):  # a list of likenesses would take the digits
            child.installEventFilter(self)
        self.pages.addWidget(page)

    # Reading.

    def begin(self) -> None:
        """Start with the pairs that the main window lists and this reader has not rated."""
        session, reader = self.session, self.reader.text().strip()
        scored, listed = session.scored, session.listed
        if not reader:
            self.tell("Write your name or a code first; answers are kept under it.")
            return
        if scored is None or session.project is None or listed is None or not len(listed):
            self.tell("The main window lists no pairs; choose an outcome or a filter there first.")
            return
        pairs = {
            tuple(sorted(face.key for face in scored.faces(*cell)))
            for cell in zip(listed.rows.tolist(), listed.columns.tolist(), strict=True)
            if session.pair_subject_of(cell) is not None
        }
        ordered = [(left, right) for left, right in sorted(pairs)]
        done = session.project.edits.readings
        sheet = blind_sheet(ordered, reader, self.seed.value(), done)
        if not sheet:
            self.tell(f"{reader} has rated every pair of the list already.")
            return
        self.sheet, self._rest = deque(sheet), deque()
        self.given, self._project, self._reader = [], session.project, reader
        self.tell("")
        self.pages.setCurrentIndex(1)
        self._show_next()

    def rate(self, rating: int) -> None:
        """Keep an answer on the pair that is shown, and go on."""
        if not self.sheet:
            return
        pair = self.sheet.popleft()
        left, right = sorted((pair.left, pair.right))
        form = {}
        if self.form.isChecked():
            answers = {region: box.currentText() for region, box in self.regions.items()}
            form = {r: like for r, text in answers.items() for like in LIKENESSES if like == text}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        reading = Reading(self._reader, left, right, rating, now, form)
        self.session.edit(lambda project: project.read_pair(reading), self._project)
        project = self.session.project
        if project is None or reading not in readings_of(project.edits.readings):
            self.sheet.appendleft(pair)
            self.tell(
                "The answer could not be kept; the main window says why. Rate the pair again."
            )
            return
        self.given.append(pair)
        self.figures.clear()  # they were of fewer answers
        self._show_next()

    def back(self) -> None:
        """Show the last pair once more; a new answer takes the old one's place."""
        if self.given:
            if self.pages.currentIndex() == 0:  # the reading goes on where it was left off
                self.sheet, self._rest = self._rest, deque()
            self.sheet.appendleft(self.given.pop())
            self.pages.setCurrentIndex(1)
            self._show_next()

    def _show_next(self) -> None:
        """Show the first pair of the sheet whose faces are both in the gallery."""
        before, crops = len(self.sheet), None
        while self.sheet and (crops := self._crops(self.sheet[0])) is None:
            self.sheet.popleft()
        gone = before - len(self.sheet)
        words = f"{counted(gone, 'pair')} left out, since a face is no longer in the gallery."
        if crops is None:
            rated = f"{counted(len(self.given), 'pair')} rated, and none is left; thank you."
            self.tell(f"{rated} {words}" if gone else rated)
            self._leave()
            return
        if gone:
            self.tell(words)
        former = self._former(self.sheet[0])
        place = f"Pair {len(self.given) + 1} of {len(self.given) + len(self.sheet)}"
        self.place.setText(
            place if former is None else f"{place}; you answered: {RATING_WORDS[former.rating]}"
        )
        form = dict[str, str]() if former is None else {**former.form}
        if form:
            self.form.setChecked(True)
        for region, box in self.regions.items():
            box.setCurrentText(form.get(region, ""))
        for view, crop in zip(self.faces, crops, strict=True):
            view.set_crop(crop)

    def _former(self, pair: BlindPair) -> Reading | None:
        """What this reader answered of a pair before."""
        project, keys = self.session.project, sorted((pair.left, pair.right))
        kept = () if project is None else readings_of(project.edits.readings)
        return next(
            (one for one in kept if one.reader == self._reader and [one.left, one.right] == keys),
            None,
        )

    def _crops(self, pair: BlindPair) -> list[np.ndarray] | None:
        """Both faces' crops; None where one is not in the gallery."""
        session, crops = self.session, []
        for key in (pair.left, pair.right):
            for loaded, probe in ((session.columns, False), (session.rows, True)):
                place = None if loaded is None else loaded.gallery.index().get(key)
                if loaded is not None and place is not None:
                    crops.append(session.crop(loaded.gallery.faces[place], probe))
                    break
        return crops if len(crops) == 2 else None

    def _on_project(self) -> None:
        if self.session.project is self._project:
            return
        self.given.clear()
        reading = bool(self.sheet)
        self._leave()
        if reading:
            self.tell("Another project was opened; what you have rated is kept in the former one.")

    def _leave(self) -> None:
        self.sheet, self._rest = deque(), self.sheet
        self.again.setVisible(bool(self.given))
        self.pages.setCurrentIndex(0)

    # Comparing.

    def _compare(self) -> None:
        scored, project = self.session.scored, self.session.project
        if scored is None or project is None:
            self.tell("Open a gallery first; its readers are then compared.")
            return
        readings = readings_of(project.edits.readings)

        def work(_: Running) -> list[str]:
            return readers_words(readers_of(scored, readings))

        self.compute(
            "Comparing readers", work, lambda words: self.figures.setText("\n".join(words))
        )

    def _on_failed(self, error: BaseException) -> None:
        super()._on_failed(error)
        if isinstance(error, XCosError):
            self.figures.clear()

    # Qt's own.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._answered(event)
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._answered(event):
            return
        if self.pages.currentIndex() == 1 and event.key() == Qt.Key.Key_Escape:
            self._leave()
            return
        super().keyPressEvent(event)

    def _answered(self, event: QKeyEvent) -> bool:
        """Whether a key was a rating, or the way back, of the pair that is shown."""
        key = event.key()
        number = key - Qt.Key.Key_1
        if self.pages.currentIndex() != 1:
            return False
        if 0 <= number < len(RATINGS):
            if not event.isAutoRepeat():  # a key that is held would rate pairs that nobody saw
                self.rate(RATINGS[number])
        elif key == Qt.Key.Key_Backspace:
            self.back()
        else:
            return False
        return True
