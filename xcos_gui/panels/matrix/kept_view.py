"""Which part of the matrix is seen: all of it, or what a project was saved with."""

from typing import Any

from PySide6.QtCore import QRectF

from core.scoring.orders import Asked
from xcos_gui.panels.matrix.arranging import Arranger
from xcos_gui.panels.matrix.bar import MatrixBar
from xcos_gui.panels.matrix.item import MatrixItem
from xcos_gui.state.session import Session


class KeptView:
    """Fits the matrix into its view, and saves and restores what is seen."""

    def __init__(
        self,
        session: Session,
        view: Any,
        item: MatrixItem,
        bar: MatrixBar,
        arranger: Arranger,
    ) -> None:
        self._session = session
        self._view, self._item, self._bar, self._arranger = view, item, bar, arranger
        self._wanted: dict[str, Any] | None = None  # until the matrix has its size
        self._fitted: QRectF | None = None  # what is seen, while that is all of it
        self._size = view.size()
        view.sigResized.connect(self._on_resized)
        view.sigRangeChanged.connect(self._on_range)
        bar.arrangement_chosen.connect(self._forget)

    @property
    def fitted(self) -> bool:
        """Whether all of it is seen."""
        return self._fitted is not None

    def fit(self) -> None:
        """Show all of it, next to its names."""
        bounds = self._item.boundingRect()
        if bounds.isEmpty():
            return
        width, height = max(self._view.width(), 1.0), max(self._view.height(), 1.0)
        cell = min(width / bounds.width(), height / bounds.height())  # pixels
        self._fitted = None
        self._view.setRange(QRectF(0, 0, width / cell, height / cell), padding=0)
        self._fitted, self._size = self._view.viewRect(), self._view.size()

    def state(self) -> dict[str, Any] | None:
        """What is seen of the matrix and how, as JSON values; None without a matrix."""
        image = self._arranger.image
        if self._wanted is not None or image is None:
            return self._wanted
        columns, rows = self._view.viewRange()
        asked = self._arranger.asked
        state = {"rows": rows, "columns": columns, "of": list(image.shown.shape)}
        state |= {"level": asked.level, "orders": [asked.rows, asked.columns]}
        state |= {"against": None if asked.against == "model" else asked.against}
        return state | {"faces": asked.faces and list(asked.faces), "far": self._bar.fars}

    def restore(self, view: object) -> None:
        """Show a part again, as soon as there is a matrix of its size; else all of it."""
        self._wanted = view if isinstance(view, dict) else None
        if self._wanted is not None:
            self._bar.set_fars(self._wanted.get("far"))
            self._arranger.ask(asked_from(self._wanted))

    def take(self, *_: object) -> None:
        """Show the part that was restored, where the matrix has its size by now."""
        view, image = self._wanted, self._arranger.image
        if view is None or image is None or self._arranger.running:
            return
        fits = view.get("of") == list(image.shown.shape)
        if not fits and self._session.scores_follow:
            return
        self._wanted = None
        if not fits:  # it was of other photos
            return
        try:
            (left, right), (top, bottom) = view["columns"], view["rows"]
            where = QRectF(float(left), float(top), float(right - left), float(bottom - top))
        except (KeyError, TypeError, ValueError):
            return  # a view that cannot be read: all is shown
        self._view.setRange(where, padding=0)

    def _forget(self) -> None:
        self._wanted = None

    def _on_resized(self, *_: object) -> None:
        if self._fitted is not None:
            self.fit()

    def _on_range(self, *_: object) -> None:
        now = self._view.viewRect()
        # A resized view moves what is seen before it tells its new size; it is fitted then.
        if self._fitted is not None and self._view.size() == self._size:
            sides = zip(now.getCoords(), self._fitted.getCoords(), strict=True)
            if max(abs(side - before) for side, before in sides) >= 0.5:  # moved or zoomed
                self._fitted = None


def asked_from(view: dict[str, Any]) -> Asked:
    """The level and orders that a view was saved with; the plain matrix where they are unsound."""
    level, orders, faces = view.get("level"), view.get("orders"), view.get("faces")
    if not isinstance(level, str) or not isinstance(orders, list) or len(orders) != 2:
        return Asked()
    if not all(isinstance(order, str) for order in orders):
        return Asked()
    known = isinstance(faces, list) and len(faces) == 2 and all(isinstance(f, str) for f in faces)
    against = view.get("against") if isinstance(view.get("against"), str) else None
    chosen = (faces[0], faces[1]) if known and faces else None
    return Asked(level, orders[0], orders[1], chosen, against)
