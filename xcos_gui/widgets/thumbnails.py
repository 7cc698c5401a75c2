"""Small pictures of faces, decoded in a thread when first shown and bounded in number."""

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from core.errors import XCosError
from core.faces.face import Face
from core.gallery.opening import crop_of
from core.workarounds import step_back
from xcos_gui.state.session import Session

KEPT = 1500
WAITING = 200  # older requests are dropped: they have been scrolled past


def to_image(pixels: np.ndarray) -> QImage:
    """(H, W, 3 or 4) uint8 as a QImage that owns its pixels."""
    pixels = np.ascontiguousarray(pixels)
    height, width, channels = pixels.shape
    form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    return QImage(pixels.data, width, height, channels * width, form).copy()


TOGETHER = 30  # milliseconds


class Thumbnails(QObject):
    """Pixmaps of faces; `ready` tells that some that were missing have come."""

    ready = Signal()
    _decoded = Signal(str, QImage)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._pixmaps: OrderedDict[str, QPixmap] = OrderedDict()
        self._waiting: OrderedDict[str, tuple[Face, bool]] = OrderedDict()
        self._lock = Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(1, "thumbnails", step_back)
        self.arrived: frozenset[str] = frozenset()  # digests that the last `ready` is about
        self._coming: set[str] = set()
        # Many come at once; views are told of them together.
        self._timer = QTimer(self, singleShot=True, interval=TOGETHER)
        self._timer.timeout.connect(self._tell)
        self._decoded.connect(self._keep, Qt.ConnectionType.QueuedConnection)

    def get(self, face: Face, probe: bool = False) -> QPixmap | None:
        """A face's pixmap, or None while it is being decoded."""
        pixmap = self._pixmaps.get(face.digest)
        if pixmap is not None:
            self._pixmaps.move_to_end(face.digest)
            return pixmap
        with self._lock:
            known = face.digest in self._waiting
            self._waiting[face.digest] = (face, probe)
            while len(self._waiting) > WAITING:
                self._waiting.popitem(last=False)
        if not known and not self._closed:
            self._pool.submit(self._decode)
        return None

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        with self._lock:
            self._waiting.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _decode(self) -> None:
        with self._lock:
            if not self._waiting or self._closed:
                return
            digest, (face, probe) = self._waiting.popitem()  # what was asked for last is on screen
        holder = self._session.rows if probe else self._session.columns or self._session.loaded
        try:
            if holder is None:
                return
            image = to_image(crop_of(face, holder.gallery.root, self._session.cache))
        except XCosError:
            image = QImage(1, 1, QImage.Format.Format_RGB888)
            image.fill(Qt.GlobalColor.gray)
        self._decoded.emit(digest, image)

    def _keep(self, digest: str, image: QImage) -> None:
        self._pixmaps[digest] = QPixmap.fromImage(image)
        while len(self._pixmaps) > KEPT:
            self._pixmaps.popitem(last=False)
        self._coming.add(digest)
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        self.arrived, self._coming = frozenset(self._coming), set()
        self.ready.emit()
