"""Below the matrix: the two faces of a cell, and what is known of it."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from core.errors import counted, one_line
from core.explain.arranged import faces_in_both, pairs_once
from core.explain.difference_image import DifferenceImage
from core.faces.face import Face
from core.scoring.matrix import OUTCOMES, at_most
from xcos_gui.panels.matrix.arranging import Arranger
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.thumbnails import Thumbnails

LOOKED_AT = 200_000  # pairs of a cell that are looked at while the mouse passes


class Readout(QWidget):
    """Two thumbnails and the words about a pair, or about all pairs of two groups."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        arranger: Arranger,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._thumbnails, self._arranger = session, thumbnails, arranger
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._faces = PlainLabel(), PlainLabel()
        side = 3 * self.fontMetrics().height()
        self.text = PlainLabel(wordWrap=True)
        self.text.setFixedHeight(side)  # whatever is told, the matrix stays where it is
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for label in self._faces:
            label.setFixedSize(side, side)
            label.setScaledContents(True)
            row.addWidget(label)
        row.addWidget(self.text, 1)

    def clear(self) -> None:
        """Tell of nothing."""
        self.text.setText("")
        self.text.setToolTip("")
        for label in self._faces:
            label.clear()

    def point(self, on: bool) -> None:
        """Tell quietly of what the mouse points at; what is chosen is told in full."""
        role = QPalette.ColorRole.PlaceholderText if on else QPalette.ColorRole.WindowText
        self.text.setForegroundRole(role)

    def show_pair(self, pair: tuple[int, int]) -> None:
        """Tell of a pair of the matrix."""
        session = self._session
        scored = session.scored
        assert scored is not None
        matrix, model = scored.matrix, scored.card.name
        one, other = session.faces_of(pair)
        self._show_faces(one, other)
        threshold = session.threshold
        score = float(matrix.scores[pair])
        outcome = matrix.outcome(*pair, threshold) if matrix.is_pair(*pair) else "the same face"
        yet = "; an estimate from the uniform score yet" if session.is_estimate(*pair) else ""
        yet += self._compared(pair)
        columns = {**other.columns, **one.columns}
        lines = [
            f"{name} {one.columns.get(name, '–')} / {other.columns.get(name, '–')}"
            for name in columns
        ]
        self._tell(
            self._both(_called(one), _called(other)),
            f"score {score:z.3f}, threshold {threshold:.3f}: {outcome} "
            f"({matrix.kind} attention, order {matrix.order}, {model}{yet})",
            "\n".join(lines),
        )

    def show_groups(self, cell: tuple[int, int]) -> None:
        """Tell of all pairs of a cell of groups, of very many only what is known at once."""
        image, threshold = self._arranger.image, self._session.threshold
        assert image is not None
        place = slice(cell[0], cell[0] + 1), slice(cell[1], cell[1] + 1)
        blocks = image.blocks(*place)
        names = self._both(self._arranger.name(0, cell[0]), self._arranger.name(1, cell[1]))
        # Faces of both groups have each of their pairs twice.
        both = faces_in_both(image, cell)
        count = int(blocks.pairs[0, 0]) - len(both) * (len(both) - 1) // 2
        pair = self._arranger.worst(cell) if count <= LOOKED_AT else None
        if count == 0 or pair is None:
            for label in self._faces:
                label.clear()
            summary = "no pair"
            if count:
                mean = float(blocks.mean[0, 0])
                summary = (
                    f"{counted(count, 'pair')}, mean score {mean:z.3f}. A click looks at the worst."
                )
            self._tell(names, summary)
            return
        self._show_faces(*self._session.faces_of(pair))
        if isinstance(image, DifferenceImage):
            _, changed, _ = image.in_cell(cell)
            what = "outcome" if image.found.outcomes is not None else "side"
            changed -= int(np.tril(image.found.changed[np.ix_(both, both)]).sum())
            self._tell(
                names,
                f"{changed:,} of {counted(count, 'pair')} changed {what}; farthest apart "
                f"{float(image.found.values[pair]):+z.3f}. Return or a double-click opens it.",
            )
            return
        worst, genuine = (float(part[0, 0]) for part in blocks.worst(threshold))
        count, mean, wrong = pairs_once(image, cell, threshold)
        sort = "" if not blocks.known[0, 0] else " genuine" if genuine else " impostor"
        same = worst > at_most(threshold)
        error = ", an error" if sort and bool(genuine) != bool(same) else ""
        self._tell(
            names,
            f"{count:,} {'pair' if count == 1 else 'pairs'}, {wrong:,} "
            f"{'error' if wrong == 1 else 'errors'} at {threshold:.3f}; mean score "
            f"{mean:z.3f}; worst{sort} {worst:z.3f}{error}. "
            "Return or a double-click opens it.",
        )

    def _compared(self, pair: tuple[int, int]) -> str:
        image = self._arranger.image
        if not isinstance(image, DifferenceImage):
            return ""
        difference = image.found
        if difference.outcomes is not None:
            return f"; {OUTCOMES[difference.outcomes[pair]]} by {difference.name}"
        side = "another side" if difference.changed[pair] else "the same side"
        return (
            f"; by {difference.name} {float(difference.scores[pair]):z.3f} at {difference.thresholds[1]:.3f}, "
            f"{side}, {float(difference.values[pair]):+z.3f} apart"
        )

    def _both(self, one: str, other: str) -> tuple[str, str]:
        """Two names as there is room for them in a line, and whole."""
        one, other = one_line(one), one_line(other)
        times = "  \N{MULTIPLICATION SIGN}  "
        metrics, middle = self.text.fontMetrics(), Qt.TextElideMode.ElideMiddle
        room = (self.text.width() - metrics.horizontalAdvance(times)) // 2 - 2
        if metrics.horizontalAdvance(one + times + other) <= self.text.width():
            return one + times + other, one + times + other
        short = [metrics.elidedText(name, middle, max(room, 40)) for name in (one, other)]
        return times.join(short), one + times + other

    def _tell(self, names: tuple[str, str], text: str, tip: str = "") -> None:
        self.text.setText(f"{names[0]}\n{text}")
        self.text.setToolTip("\n".join(filter(None, (names[1], text, tip))))

    def _show_faces(self, one: Face, other: Face) -> None:
        for label, face, probe in ((self._faces[0], one, True), (self._faces[1], other, False)):
            pixmap = self._thumbnails.get(face, probe)
            if pixmap is not None:
                label.setPixmap(pixmap)


def _called(face: Face) -> str:
    """A face's file, and who it shows where the file's folder does not say so."""
    if face.identity is None or face.key.startswith(f"{face.identity}/"):
        return face.key
    return f"{face.identity} ({face.key})"
