"""One finding: its faces beside each other, what it says, and the buttons to decide."""

from pathlib import PurePosixPath

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.analysis.labels.findings import Finding, FindingKind
from core.analysis.labels.search import LabelFindings
from core.errors import XCosError
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of
from core.project.edits import Decision
from xcos_gui.widgets.cell_view import CellView
from xcos_gui.widgets.elided import PlainLabel, literal

EFFECTS: dict[FindingKind, str] = {
    "wrong-identity": "Accept gives the face the other name.",
    "same-person": "Accept gives the second name's faces the first name.",
    "near-duplicate": "The photo on the right can be set aside.",
    "shared-person": "Accept only marks the person.",
}
KEYS: tuple[tuple[str, str, Decision | None], ...] = (
    ("Accept", "A", "accept"),
    ("Reject", "R", "reject"),
    ("Unsure", "U", "unsure"),
    ("Take back", "Del", None),
)
LONGEST = 24  # letters of a photo's name on a button


def _accepting(finding: Finding) -> str:
    """The button's text, which names what Accept does."""
    if finding.kind == "near-duplicate":
        name = PurePosixPath(finding.right).name
        # A button would take the list's room; the whole name is its caption.
        if len(name) > LONGEST:
            name = f"{name[: LONGEST // 2]}…{name[-LONGEST // 2 :]}"
        return f"Set aside {literal(name)}  (A)"
    return "Accept  (A)"


class FindingView(QWidget):
    """The two faces of a finding big; for a wrong identity also one of the name it has."""

    decided = Signal(object)  # Decision | None

    def __init__(self, cache: Cache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.says = PlainLabel(wordWrap=True)
        self.says.setMinimumHeight(3 * self.fontMetrics().height())
        column.addWidget(self.says)
        pictures = QHBoxLayout()
        self.pictures: list[tuple[CellView, QLabel]] = []
        for name in ("Left face", "Right face", "Own identity"):
            view = CellView(name, grid=False)
            caption = PlainLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignHCenter)
            caption.setMinimumWidth(1)
            holder = QWidget()
            part = QVBoxLayout(holder)
            part.setContentsMargins(0, 0, 0, 0)
            part.addWidget(view, 1)
            part.addWidget(caption)
            pictures.addWidget(holder, 1)
            self.pictures.append((view, caption))
        self._third = holder
        self._third.hide()
        column.addLayout(pictures, 1)
        self.buttons: list[QPushButton] = []
        row = QHBoxLayout()
        for text, key, decision in KEYS:
            button = QPushButton(f"{text}  ({key})")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, d=decision: self.decided.emit(d))
            row.addWidget(button)
            self.buttons.append(button)
        column.addLayout(row)

    def show_finding(self, finding: Finding | None, findings: LabelFindings | None) -> str:
        """Show a finding; None: none. A sentence when a photo is gone."""
        for button in self.buttons:
            button.setEnabled(finding is not None)
        for view, caption in self.pictures:
            view.set_crop(None)
            caption.clear()
        if finding is None or findings is None:
            self.says.clear()
            return ""
        self.says.setText(f"{finding.sentence} {EFFECTS[finding.kind]}")
        self.buttons[0].setText(_accepting(finding))
        shared = finding.kind == "shared-person" and findings.probes is not None
        holder = findings.probes if shared and findings.probes is not None else findings.gallery
        likelier = f"likelier {finding.names[2]}\n" if finding.kind == "wrong-identity" else ""
        problems = [
            self._show_face(0, holder, finding.left, ""),
            self._show_face(1, findings.gallery, finding.right, likelier),
        ]
        self._third.setVisible(finding.own is not None)
        if finding.own is not None:
            called = f"called {finding.names[1]}\n"
            problems.append(self._show_face(2, findings.gallery, finding.own, called))
        return next(filter(None, problems), "")

    def _show_face(self, place: int, loaded: LoadedGallery, key: str, text: str) -> str:
        view, caption = self.pictures[place]
        face = loaded.gallery.faces[loaded.gallery.index()[key]]
        caption.setText(f"{text}{key}")
        caption.setToolTip(f"{face.identity or 'unknown identity'}\n{key}")
        try:
            view.set_crop(crop_of(face, loaded.gallery.root, self._cache))
        except XCosError as error:
            return str(error)
        return ""
