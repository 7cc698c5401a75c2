"""Saving and copying the pair that is looked at."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from core.explain.colours import ColourLimits
from core.explain.output import PAIR_SUFFIXES, write_pair
from core.explain.report import PairReport, to_csv, to_json
from core.scoring.matrix import outcome_of
from xcos_gui.state.in_order import InOrder
from xcos_gui.state.session import Session

UNSAFE = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


class PairSaver:
    """A menu that writes the session's pair to a file or the clipboard, in the background."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        self._session, self._parent = session, parent
        self._drawing = InOrder(parent)
        session.activity.count(self._drawing)
        self.menu = QMenu("Pair", parent)
        for text, key, slot in (
            ("Save the pair as picture, table or page…", "Ctrl+S", self.ask),
            ("Copy as picture", "Ctrl+Shift+C", self.copy_picture),
            ("Copy as CSV", "", lambda: self._copy_text(to_csv)),
            ("Copy as JSON", "", lambda: self._copy_text(to_json)),
        ):
            action = self.menu.addAction(text)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(slot)

    def ask(self) -> None:
        """Ask for a file and write the pair there; the ending tells the form."""
        if self._report() is None:
            return
        forms = " ".join(f"*{suffix}" for suffix in PAIR_SUFFIXES)
        name, _ = QFileDialog.getSaveFileName(
            self._parent, "Save the pair", str(self.proposed()), f"Pair ({forms})"
        )
        if name:
            self.save_to(Path(name))

    def proposed(self) -> Path:
        """Where the pair is saved unless the user chooses: its photos, outcome and score."""
        session = self._session
        pictures = QStandardPaths.StandardLocation.PicturesLocation
        folder = Path(QStandardPaths.writableLocation(pictures) or Path.home())
        if session.explanation is None or session.pair is None:
            return folder / "pair.png"
        left, right = session.faces_of(session.pair)
        explanation = session.explanation
        stems = " x ".join(PurePosixPath(face.photo).stem[:60] for face in (left, right))
        outcome = outcome_of(left.identity, right.identity, explanation.score > session.threshold)
        name = f"{stems} {outcome} {explanation.score:z.3f}.png"
        return folder / name.translate(UNSAFE)

    def save_to(self, path: Path) -> None:
        """Write the pair to a file, with the colour limits that are shown."""
        report, limits = self._report(), self._session.colour_limits
        if report is None:
            return
        self._drawing.do(
            lambda: write_pair(path, report, limits),
            lambda _: self._session.message.emit(f"The pair was saved as {path}."),
            self._session.tell,
        )

    def copy_picture(self) -> None:
        """Put the pair's figure on the clipboard."""
        report, limits = self._report(), self._session.colour_limits
        if report is not None:
            self._drawing.do(lambda: _picture(report, limits), self._copy, self._session.tell)

    def close(self) -> None:
        """End the background work, once what is saved is written."""
        self._drawing.close()

    def _report(self) -> PairReport | None:
        """What is saved; without a pair the user is told what to do first."""
        report = self._session.report()
        if report is None:
            self._session.message.emit("Click a pair in the matrix first.")
        return report

    def _copy(self, picture: QImage) -> None:
        QGuiApplication.clipboard().setImage(picture)
        self._session.message.emit("The pair's picture is on the clipboard.")

    def _copy_text(self, make: Callable[[PairReport], str]) -> None:
        report = self._report()
        if report is not None:
            QGuiApplication.clipboard().setText(make(report))
            self._session.message.emit("The pair's numbers are on the clipboard.")


def _picture(report: PairReport, limits: ColourLimits) -> QImage:
    from core.explain.drawing import figure_bytes
    from core.explain.figure import pair_figure

    return QImage.fromData(figure_bytes(pair_figure(report, limits), "png"))
