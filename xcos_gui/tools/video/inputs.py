"""What a video's tracks are found in, and the face that they are scored against."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Signal
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
from core.faces.choose import GallerySettings
from core.faces.photo import PHOTO_SUFFIXES
from core.files import named_path
from core.gallery.gallery import LoadedGallery
from core.video.frames import VIDEO_SUFFIXES
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session

LEFT, RIGHT, PHOTO = range(3)


@dataclass(frozen=True, eq=False)
class Against:
    """The face that tracks are scored against: the gallery that it is in, and its place."""

    loaded: LoadedGallery
    place: int

    @property
    def key(self) -> str:
        """What the face is called."""
        return self.loaded.gallery.faces[self.place].key


class VideoInputs(QWidget):
    """Two rows of choices; says when tracks are to be found, or scored against another face."""

    find_asked = Signal()
    against_changed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.photo: Path | None = None
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        self.source = QLineEdit()
        self.source.setPlaceholderText("a video file, or a folder of frames")
        self.source.setAccessibleName("Video file or folder of frames")
        self.source.textChanged.connect(self._show_state)
        row.addWidget(self.source, 1)
        for text, slot in (("&File…", self.ask_file), ("F&older…", self.ask_folder)):
            button = QPushButton(text, autoDefault=False)
            button.clicked.connect(slot)
            row.addWidget(button)
        self.every = QSpinBox(minimum=0, maximum=10_000, specialValueText="automatic")
        self.every.setPrefix("every ")
        self.every.setToolTip(
            "Analyse every N-th frame; automatic: five a second, at most 1,000 in all"
        )
        self.every.setAccessibleName("Analyse every N-th frame")
        self.aligned = QCheckBox("aligned &crops")
        self.aligned.setToolTip("The frames, and the photo, are aligned 112×112 crops of a face")
        self.find_button = QPushButton("Find &tracks", autoDefault=False)
        self.find_button.setDefault(True)
        self.find_button.clicked.connect(self.find_asked)
        for widget in (self.every, self.aligned, self.find_button):
            row.addWidget(widget)
        form.addRow("Video", row)
        self.choice = QComboBox(toolTip="The face that tracks are scored against")
        self.choice.setAccessibleName("Face that tracks are scored against")
        self.choice.addItems(["", "", ""])
        self.choice.activated.connect(self._on_choice)
        form.addRow("&Against", self.choice)
        session.pair_changed.connect(self._on_pair_changed)
        self._show_faces()
        self._show_state()

    @property
    def path(self) -> Path | None:
        """The video or the folder; None while nothing is named. Raises XCosError."""
        name = self.source.text().strip()
        return named_path(name) if name else None

    def choose(self, choice: int, photo: Path | None = None) -> None:
        """Score against the left or right face looked at, or against a photo."""
        self.photo = photo or self.photo
        self.choice.setCurrentIndex(LEFT if choice == PHOTO and self.photo is None else choice)
        self._show_faces()
        self.against_changed.emit()

    def against(self) -> Callable[[Running], Against] | None:
        """How to get at the face to score against, in the background; None where none is chosen."""
        session, choice = self._session, self.choice.currentIndex()
        if choice == PHOTO and self.photo is not None:
            photo = self.photo
            settings = GallerySettings("central", self.aligned.isChecked())
            loader = replace(session.loader(), settings=settings)

            def load(running: Running) -> Against:
                loaded = loader.load(photo, running)
                if not len(loaded):
                    reasons = [problem.reason for problem in loaded.gallery.problems]
                    raise XCosError(reasons[0] if reasons else f"{photo} shows no face.")
                return Against(loaded, 0)

            return load
        side = session.rows if choice == LEFT else session.columns
        if session.pair is None or side is None or session.scored is None:
            return None
        if session.card is None or session.scored.card.fingerprint != session.card.fingerprint:
            return None  # its features are of other weights yet; once they are of these, the pair is told anew
        known = Against(side, session.pair[0 if choice == LEFT else 1])
        return lambda _: known

    def ask_file(self) -> None:
        """Ask for a video, and find its tracks."""
        ends = " ".join(f"*{suffix}" for suffix in VIDEO_SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(
            self, "Choose a video", "", f"Videos ({ends});;All files (*)"
        )
        if name:
            self.source.setText(name)
            self.find_asked.emit()

    def ask_folder(self) -> None:
        """Ask for a folder of frames, and find their tracks."""
        name = QFileDialog.getExistingDirectory(self, "Choose a folder of frames")
        if name:
            self.source.setText(name)
            self.find_asked.emit()

    def _on_choice(self, choice: int) -> None:
        if choice == PHOTO:
            ends = " ".join(f"*{suffix}" for suffix in sorted(PHOTO_SUFFIXES))
            name, _ = QFileDialog.getOpenFileName(self, "Choose a photo", "", f"Photos ({ends})")
            self.photo = Path(name) if name else self.photo
        self.choose(choice)

    def _on_pair_changed(self, *_: object) -> None:
        self._show_faces()
        if self.choice.currentIndex() != PHOTO:
            self.against_changed.emit()

    def _show_faces(self) -> None:
        session = self._session
        keys = ["none yet", "none yet"]
        if session.pair is not None and session.rows is not None and session.columns is not None:
            keys = [face.key for face in session.faces_of(session.pair)]
        self.choice.setItemText(LEFT, f"Left face looked at: {keys[0]}")
        self.choice.setItemText(RIGHT, f"Right face looked at: {keys[1]}")
        name = "A photo…" if self.photo is None else f"A photo: {self.photo.name}"
        self.choice.setItemText(PHOTO, name)

    def _show_state(self, *_: object) -> None:
        self.find_button.setEnabled(bool(self.source.text().strip()))
