"""The pairs that were looked at, to go back to and forward again."""

from PySide6.QtCore import QObject, Signal

from xcos_gui.state.session import Session

KEPT = 200
Keys = tuple[str, str]


class PairHistory(QObject):
    """Pairs by their faces' keys, so that they are found again in a gallery that grew or shrank."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._pairs: list[Keys] = []
        self._at = -1
        self._going = False
        session.pair_changed.connect(self._on_pair)

    @property
    def can_go_back(self) -> bool:
        """Whether a pair was looked at before this one."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether one went back from a pair."""
        return self._at + 1 < len(self._pairs)

    def back(self) -> None:
        """Look at the pair before, of those that the gallery still has."""
        self._go(-1)

    def forward(self) -> None:
        """Look at the pair from which one went back."""
        self._go(1)

    def _go(self, step: int) -> None:
        rows, columns = self._session.rows, self._session.columns
        if rows is None or columns is None:
            return
        left, right = rows.gallery.index(), columns.gallery.index()
        at = self._at + step
        while 0 <= at < len(self._pairs):
            one, other = self._pairs[at]
            if one in left and other in right:
                self._at, self._going = at, True
                self._session.select_pair(left[one], right[other])
                self._going = False
                self.changed.emit()
                return
            at += step

    def _on_pair(self, pair: tuple[int, int] | None) -> None:
        if pair is None or self._going:
            return
        one, other = self._session.faces_of(pair)
        keys = one.key, other.key
        if self._at >= 0 and self._pairs[self._at] == keys:
            return
        self._pairs = [*self._pairs[: self._at + 1], keys][-KEPT:]
        self._at = len(self._pairs) - 1
        self.changed.emit()
