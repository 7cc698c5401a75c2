"""Held-out pairs that two weights judge differently: a list, and the maps of the chosen one."""

import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import Stopped, XCosError, counted
from core.explain.colours import MapName
from core.explain.explain import explain_pair
from core.explain.explanation import PairDecision, shared_limits
from core.explain.words import decision_words
from core.faces.choose import GallerySettings
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of
from core.log import unexpected
from core.model.card import read_card
from core.scoring.scored import ScoringModel, one_pair
from core.training.verdict import ChangedPair, Figures, Verdict
from xcos_gui.state.chosen_models import Models
from xcos_gui.state.jobs import LatestJob, Running
from xcos_gui.state.loading import Loader
from xcos_gui.state.session import Session
from xcos_gui.widgets.cell_view import Cell, CellView
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.thumbnails import to_image

MAPS: tuple[tuple[MapName, str], ...] = (
    ("evidence", "Evidence"),
    ("cosine", "Cosine S"),
    ("attention", "Attention W"),
)
SIDES = "before", "after"
Crops = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class ExplainedPair:
    """A pair's crops (112, 112, 3) uint8, and why each weights scored it as they did.

    before: None where what there was before has no maps, as a plugged-in model, or is gone
    lacking: which of the two
    """

    crops: Crops
    before: PairDecision | None
    after: PairDecision
    lacking: str = "a model without maps"


@dataclass(frozen=True, eq=False)
class PairRequest:
    """Some pairs to explain by both weights; the gallery gives faces as the user mended them.

    gallery:  what is open; a photo that is not of it is read from its file
    settings: how such a photo becomes a face
    """

    verdict: Verdict
    models: Models
    gallery: LoadedGallery | None
    settings: GallerySettings

    def crops(self, pairs: tuple[ChangedPair, ...], running: Running) -> list[Crops | None]:
        """The faces of some pairs; None where a photo is gone. Raises Stopped."""
        loader = self.models.loader_with(self.verdict.weights, self.settings)
        crops: list[Crops | None] = []
        for pair in pairs:
            try:
                crops.append(_crops(self._faces(pair, loader, running), loader))
            except Stopped:
                raise
            except XCosError:
                crops.append(None)
        return crops

    def explain(self, pair: ChangedPair, running: Running) -> ExplainedPair:
        """Raises XCosError for photos or weights that are gone, and Stopped."""
        verdict = self.verdict
        crops, after = self._explained(pair, verdict.weights, verdict.after, running)
        if verdict.start is not None and not verdict.start.exists():
            return ExplainedPair(crops, None, after, f"{verdict.start} is gone")
        before = None
        if verdict.start is not None and _has_maps(verdict.start):
            _, before = self._explained(pair, verdict.start, verdict.before, running)
        return ExplainedPair(crops, before, after)

    def _explained(
        self, pair: ChangedPair, weights: Path, figures: Figures | None, running: Running
    ) -> tuple[Crops, PairDecision]:
        loader = self.models.loader_with(weights, self.settings)
        faces = self._faces(pair, loader, running)
        crops = _crops(faces, loader)
        left, right = (
            LoadedGallery(face.gallery, loader.verifier.features(crop[None], running.quiet()))
            for face, crop in zip(faces, crops, strict=True)
        )
        model = ScoringModel(loader.verifier.card, self.models.engine_of(loader.verifier))
        scored = one_pair(model, (left, 0), (right, 0))
        threshold = None if figures is None else figures.threshold
        if threshold is None:
            threshold = scored.card.threshold(scored.kind)
        return crops, PairDecision(explain_pair(scored, 0, 0), threshold)

    def _faces(self, pair: ChangedPair, loader: Loader, running: Running) -> list[LoadedGallery]:
        """Both faces, each as a gallery of one."""
        quiet = Running(running.report, running.stopped, lambda _: None)
        faces = []
        for photo, key in ((pair.left, pair.left_key), (pair.right, pair.right_key)):
            one = self._of_gallery(photo, key)
            faces.append(one or _face_of(loader.load(photo, quiet), photo, key))
        return faces

    def _of_gallery(self, photo: Path, key: str) -> LoadedGallery | None:
        if self.gallery is None:
            return None
        gallery = self.gallery.gallery
        place = gallery.index().get(key)
        if place is None or gallery.photo_path(gallery.faces[place]).resolve() != photo.resolve():
            return None
        return self.gallery.part(np.array([place]))


class ChangedPairsView(QWidget):
    """The list above, maps of both weights below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._request: PairRequest | None = None
        self._pairs: tuple[ChangedPair, ...] = ()
        self.words = PlainLabel(wordWrap=True)
        self._showing, self._explaining = LatestJob(self), LatestJob(self)
        self._showing.finished.connect(self._on_crops)
        self._explaining.finished.connect(self._on_explained)
        self._explaining.failed.connect(self._on_failed)
        side = 3 * self.fontMetrics().height()
        self.title = PlainLabel(wordWrap=True)
        self.list = QListWidget()
        self.list.setAccessibleName("Held-out pairs that are judged differently")
        self.list.setIconSize(QSize(2 * side, side))
        self.list.setMaximumHeight(4 * side)
        self.list.currentRowChanged.connect(self._on_chosen)
        self.faces = CellView("Left face"), CellView("Right face")
        self.maps = [{name: MapView(name, text) for name, text in MAPS} for _ in SIDES]
        self.scores = PlainLabel(wordWrap=True), PlainLabel(wordWrap=True)
        self._grid = QWidget()
        policy = self._grid.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing moves when the maps come
        self._grid.setSizePolicy(policy)
        grid = QGridLayout(self._grid)
        grid.setContentsMargins(0, 0, 0, 0)
        for line, (face, views) in enumerate(zip(self.faces, self.maps, strict=True)):
            grid.addWidget(self.scores[line], 2 * line, 0, 1, 1 + len(MAPS))
            grid.addWidget(face, 2 * line + 1, 0)
            face.cell_changed.connect(self._mark)
            for place, view in enumerate(views.values(), start=1):
                grid.addWidget(view, 2 * line + 1, place)
                view.view.cell_changed.connect(self._mark)
            grid.setRowStretch(2 * line + 1, 1)
        for place in range(1 + len(MAPS)):
            grid.setColumnStretch(place, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.title, self.list, self.words):
            column.addWidget(widget)
        column.addWidget(self._grid, 1)
        self._show_nothing()

    def close_job(self) -> None:
        """End the background work."""
        self._showing.close()
        self._explaining.close()

    def show_verdict(self, verdict: Verdict, settings: GallerySettings) -> None:
        """List a verdict's changed pairs, the first one chosen."""
        self._showing.drop()
        self._explaining.drop()
        self._pairs = verdict.pairs
        session = self._session
        self._request = request = PairRequest(
            verdict, session.models.copy(), session.loaded, settings
        )
        self.list.blockSignals(True)
        self.list.clear()
        for pair in verdict.pairs:
            item = QListWidgetItem(_line(pair))
            item.setToolTip(f"{pair.left}\n{pair.right}")
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._show_nothing()
        if verdict.pairs:
            pairs = verdict.pairs
            self._showing.start(lambda running: request.crops(pairs, running))
            self.list.setCurrentRow(0)

    def _on_crops(self, pairs: list[Crops | None]) -> None:
        for place, crops in enumerate(pairs):
            if crops is not None and place < self.list.count():
                self.list.item(place).setIcon(_icon(crops))

    def _on_chosen(self, place: int) -> None:
        if not 0 <= place < len(self._pairs) or self._request is None:
            return
        request, pair = self._request, self._pairs[place]
        self.words.setText("Computing the maps of both weights…")
        self._explaining.start(lambda running: request.explain(pair, running))

    def _on_explained(self, pair: ExplainedPair) -> None:
        known = [e for e in (pair.before, pair.after) if e is not None]
        limits = shared_limits(known, [name for name, _ in MAPS])
        for face, crop in zip(self.faces, pair.crops, strict=True):
            face.set_crop(crop)
        explained = pair.before, pair.after
        for one, side, views, words in zip(explained, SIDES, self.maps, self.scores, strict=True):
            words.setText(_scored(one, side, pair.lacking))
            for name, view in views.items():
                values = None if one is None else one.map_of(name)
                threshold = 0.0 if one is None else one.threshold or 0.0
                view.show_map(values, threshold, limits[name])
        self.words.clear()
        self._grid.setVisible(True)

    def _on_failed(self, error: BaseException) -> None:
        told = isinstance(error, XCosError)
        self.words.setText(
            str(error) if told else unexpected("".join(traceback.format_exception(error)))
        )
        self._grid.setVisible(False)

    def _show_nothing(self) -> None:
        count = len(self._pairs)
        self.title.setText(
            f"{counted(count, 'held-out pair')} judged differently; click one to see why"
            if count
            else "No held-out pair is judged differently."
        )
        self.list.setVisible(count > 0)
        self.words.clear()
        self._grid.setVisible(False)

    def _mark(self, cell: Cell | None) -> None:
        for face in self.faces:
            face.set_cell(cell)
        for views in self.maps:
            for view in views.values():
                view.mark(cell)


def _face_of(loaded: LoadedGallery, photo: Path, key: str) -> LoadedGallery:
    """Of a photo that was read by itself, the face that a key of its gallery means."""
    own, mark, number = key.rpartition("#")  # as a photo may be called, too
    second = mark and number.isdigit() and Path(own).name == photo.name
    wanted = int(number) if second else 1
    places = [place for place, face in enumerate(loaded.gallery.faces) if face.number == wanted]
    if not places:
        reasons = [problem.reason for problem in loaded.gallery.problems if not len(loaded)]
        raise XCosError(reasons[0] if reasons else f"{photo} does not show that face.")
    return loaded.part(np.array(places[:1]))


def _crops(faces: list[LoadedGallery], loader: Loader) -> Crops:
    left, right = (
        crop_of(face.gallery.faces[0], face.gallery.root, loader.cache) for face in faces
    )
    return left, right


def _has_maps(weights: Path) -> bool:
    try:
        return read_card(weights).kind == "xcos"
    except XCosError:
        return False


def _line(pair: ChangedPair) -> str:
    before, after = pair.outcomes
    mended = "mended" if pair.mended else "spoilt"
    who = "one person" if pair.same else "two people"
    scores = f"{pair.before:z.3f} \N{RIGHTWARDS ARROW} {pair.after:z.3f}".replace(
        "-", "\N{MINUS SIGN}"
    )
    return f"{mended}: {before} \N{RIGHTWARDS ARROW} {after}, {who}, score {scores}"


def _scored(decided: PairDecision | None, side: str, lacking: str) -> str:
    return f"{side.capitalize()}: {lacking if decided is None else decision_words(decided)}"


def _icon(crops: Crops) -> QIcon:
    pixmap = QPixmap(2 * crops[0].shape[1], crops[0].shape[0])
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    for place, crop in enumerate(crops):
        painter.drawImage(place * crop.shape[1], 0, to_image(crop))
    painter.end()
    return QIcon(pixmap)
