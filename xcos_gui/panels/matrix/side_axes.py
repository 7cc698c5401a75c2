"""Both sides of the matrix: names and bars of what is shown, and clicks on them."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPalette

from xcos_gui.panels.matrix.arranging import Arranger
from xcos_gui.panels.matrix.axis import Named, SideAxis
from xcos_gui.panels.matrix.margins import Margins
from xcos_gui.state.session import Session
from xcos_gui.widgets.elided import short_file

BESIDE = 2.0  # items, at least, that are seen on either side of a name's own


class SideAxes:
    """The axes left of and above the matrix."""

    def __init__(self, session: Session, arranger: Arranger, margins: Margins) -> None:
        self._session, self._arranger, self._margins = session, arranger, margins
        self.axes = SideAxis("left"), SideAxis("top")
        self._rates = True
        margins.changed.connect(lambda: self.show_rates(self._rates))

    def renew(self) -> tuple[np.ndarray, np.ndarray]:
        """Name what is shown now; the numbers of rows and columns, equal for neighbours of one name."""
        labels = [self._arranger.labels(which) for which in (0, 1)]
        for which, axis in enumerate(self.axes):
            axis.show_blocks(labels[which][1], self._short_names(which))
        self.show_rates(self._rates)
        return labels[0][0], labels[1][0]

    def show_rates(self, on: bool) -> None:
        """Show each person's rates, or hide them."""
        self._rates = on
        image = self._arranger.image
        people = self._arranger.asked.level in ("faces", "people")
        for which, axis in enumerate(self.axes):
            if image is None or not on or not people:
                axis.show_rates(None)
                continue
            side = image.shown.columns if which else image.shown.rows
            axis.show_rates(self._margins.rates(which, side))

    def mark(self, cell: tuple[int, int] | None) -> None:
        """Tell the names of a cell's row and column, whatever the room."""
        for which, axis in enumerate(self.axes):
            axis.mark(None if cell is None else cell[which])

    def take_palette(self, palette: QPalette) -> None:
        """Colours of another theme."""
        for axis in self.axes:
            axis.take_palette(palette)

    def click(self, scene: QPointF) -> None:
        """A click on a name shows its items, on a bar lists its errors; neither chooses a pair."""
        for which, axis in enumerate(self.axes):
            if not axis.sceneBoundingRect().contains(scene):
                continue
            view = axis.linkedView()
            point, inside = view.mapSceneToView(scene), axis.mapFromScene(scene)
            far = axis.size().height() - inside.y() if which else axis.size().width() - inside.x()
            bar = axis.rate_at(far, point.x() if which else point.y())
            if bar is not None:
                self._list_errors(which, *bar)
                return
            named = axis.name_of(int(np.floor(point.x() if which else point.y())))
            if named is not None:
                self._show_items(which, named)

    def _show_items(self, which: int, named: Named) -> None:
        """Fill the view with rows (0) or columns (1), and of the matrix alone, not of what is beside it."""
        image, view = self._arranger.image, self.axes[which].linkedView()
        if image is None:
            return
        counts, sizes = image.shown.shape, (view.height(), view.width())
        beside = max(BESIDE, (named.stop - named.start) / 8)
        seen = min(named.stop - named.start + 2 * beside, counts[which])
        other = seen * sizes[1 - which] / max(sizes[which], 1.0)
        columns, rows = view.viewRange()
        middles = [sum(rows) / 2, sum(columns) / 2]
        middles[which] = (named.start + named.stop) / 2
        spans = (other, seen) if which else (seen, other)
        (top, height), (left, width) = (
            (max(0.0, min(middle - span / 2, count - span)), span)
            for middle, span, count in zip(middles, spans, counts, strict=True)
        )
        view.setRange(QRectF(left, top, width, height), padding=0)

    def _list_errors(self, which: int, item: int, kind: int) -> None:
        image, session = self._arranger.image, self._session
        loaded = session.columns if which else session.rows
        if image is None or loaded is None:
            return
        side = image.shown.columns if which else image.shown.rows
        identity = loaded.gallery.faces[int(side.faces(item)[0])].identity
        if identity is not None:
            self._margins.list_errors(identity, kind)

    def _short_names(self, which: int) -> Callable[[int], str] | None:
        """Names for little room, of a face its file's without the ending. What is painted asks nothing of the session,
        which may have another gallery already."""
        naming, image = self._arranger.naming(which), self._arranger.image
        if naming is None or (image is not None and not image.shown.cells_are_pairs):
            return naming
        return lambda item: short_file(naming(item))
