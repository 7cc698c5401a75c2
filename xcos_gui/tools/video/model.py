"""The tracks of a video as a table."""

from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from core.video.track_scores import TrackScores
from core.video.tracks import Track
from xcos_gui.widgets.rows_model import RowsModel
from xcos_gui.widgets.thumbnails import to_image

HEADERS = (
    ("face", "A face from the middle of the track"),
    ("track", "A person followed from frame to frame"),
    ("faces", "Frames in which the face was found"),
    ("from", "When the face is first seen"),
    ("to", "When the face is last seen"),
    ("score", "Of the mean features of all the track's faces, against the face chosen above"),
    ("verdict", "What the score says at the threshold"),
)
COLOURS = tuple(
    QColor(name)
    for name in ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#999933")
)


def track_colour(number: int) -> QColor:
    """The colour of a track in the table and in the plot, by its number from 1."""
    return COLOURS[(number - 1) % len(COLOURS)]


class TracksModel(RowsModel):
    """A row a track; scores come when they are known."""

    HEADS = HEADERS
    NUMBERS = range(2, 6)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tracks: tuple[Track, ...] = ()
        self._scores: list[TrackScores] | None = None
        self._threshold: float | None = None
        self._icons: dict[int, QIcon] = {}
        self._column, self._falling = -1, False
        self._order: list[int] = []  # tracks by row

    def show(self, tracks: tuple[Track, ...]) -> None:
        """Show another video's tracks, without scores."""
        self.beginResetModel()
        self._tracks, self._scores, self._icons = tracks, None, {}
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1: as they were found."""
        self._column, self._falling = column, order == Qt.SortOrder.DescendingOrder
        self.beginResetModel()
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        self._order = list(range(len(self._tracks)))
        if self._column > 0:
            self._order.sort(key=self._key, reverse=self._falling)

    def _key(self, place: int) -> float:
        track, scores = self._tracks[place], self._scores
        score = -2.0 if scores is None else scores[place].score
        numbers = {
            2: len(track),
            3: track.faces[0].frame,
            4: track.faces[-1].frame,
            5: score,
            6: score,
        }
        return float(numbers.get(self._column, track.number))

    def track(self, row: int) -> int:
        """The place of a row's track."""
        return self._order[row]

    def row_of(self, track: int) -> int:
        """The row of a track, by its place."""
        return self._order.index(track)

    def show_scores(self, scores: list[TrackScores] | None, threshold: float | None) -> None:
        """Show the scores of the same tracks; None: none."""
        self._scores, self._threshold = scores, threshold
        if self._column in (5, 6):
            self.sort(
                self._column,
                (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)[self._falling],
            )
        if self._tracks:
            self.dataChanged.emit(self.index(0, 5), self.index(len(self._tracks) - 1, 6))

    def count(self) -> int:
        return len(self._tracks)

    def shown(self, row: int, column: int, role: int) -> Any:
        place = self._order[row]
        track = self._tracks[place]
        if role == Qt.ItemDataRole.DecorationRole:
            if column == 0:
                return self._icon(place)
            return _dot(track_colour(track.number)) if column == 1 else None
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        score = None if self._scores is None else self._scores[place].score
        verdict = ""
        if score is not None and self._threshold is not None:
            verdict = "same" if score > self._threshold else "different"
        first, last = track.faces[0], track.faces[-1]
        texts = {
            1: track.name,
            2: f"{len(track):,}",
            3: _when(first.seconds, first.frame),
            4: _when(last.seconds, last.frame),
            5: "" if score is None else f"{score:z.4f}".replace("-", "\N{MINUS SIGN}"),
            6: verdict,
        }
        return texts.get(column)

    def _icon(self, place: int) -> QIcon:
        if place not in self._icons:
            faces = self._tracks[place].faces
            crop = faces[len(faces) // 2].crop
            self._icons[place] = QIcon(QPixmap.fromImage(to_image(crop)))
        return self._icons[place]


def _dot(colour: QColor) -> QPixmap:
    pixmap = QPixmap(12, 12)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(1, 1, 10, 10)
    painter.end()
    return pixmap


def _when(seconds: float | None, frame: int) -> str:
    return f"frame {frame:,}" if seconds is None else f"{seconds:.1f} s"
