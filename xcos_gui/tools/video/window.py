"""A video's tracks, their scores against a photo over time, and each face beside the photo."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSlider,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.errors import Stopped, XCosError, counted
from core.explain.explain import explain_pair, pair_regions
from core.explain.report import PairReport
from core.faces.choose import GallerySettings
from core.gallery.opening import crop_of
from core.model.card import ModelCard
from core.scoring.engine import PairEngine
from core.scoring.scored import ScoringModel, one_pair
from core.video.track_scores import TrackScores, score_tracks
from core.video.tracks import Track, VideoTracks, follow, write_tracks
from xcos_gui.state.jobs import LatestJob, Running
from xcos_gui.state.session import Session
from xcos_gui.state.thresholds import Judged
from xcos_gui.tools.video.inputs import Against, VideoInputs
from xcos_gui.tools.video.model import TracksModel
from xcos_gui.tools.video.plot import VideoPlot
from xcos_gui.widgets.elided import PlainLabel
from xcos_gui.widgets.empty import OrEmpty
from xcos_gui.widgets.pair_view import PairView
from xcos_gui.widgets.rows_model import rows_table
from xcos_gui.widgets.tables import RememberedTable
from xcos_gui.widgets.tool_window import ToolWindow

EMPTY = "Choose a video, or a folder of frames, and find its tracks."
ABOUT = "Every face is followed from frame to frame, and scored against the photo named above."
NO_PHOTO = (
    "There is no face to score the tracks against",
    "Look at a pair in the main window, or choose a photo above.",
)
WIDTHS = 3.2, 6, 4, 6, 6, 5, 6  # lines of text that columns are wide at first
SAVED = "Plots and tables (*.png *.svg *.pdf *.csv *.parquet *.jsonl)"


@dataclass(frozen=True, eq=False)
class _Scored:
    against: Against
    scores: list[TrackScores]


class VideoWindow(ToolWindow):
    """Finds tracks in the background, scores them, and shows one face at a time."""

    title = "Video"
    tells_unseen = True
    size_in_lines = (82, 50)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: VideoTracks | None = None
        self.against: Against | None = None
        self.scores: list[TrackScores] = []
        self._track = self._place = 0
        self._model: tuple[ModelCard, PairEngine] | None = None  # what the features are of
        self._finding: ModelCard | None = None  # whose features the tracks being found will have
        self._scoring = LatestJob(self)
        self._scoring.finished.connect(self._on_scored)
        self._scoring.failed.connect(self._on_not_scored)
        self.inputs = VideoInputs(session)
        self.inputs.find_asked.connect(self.find_tracks)
        self.inputs.against_changed.connect(self._score)
        self.body.addWidget(self.inputs)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._make_left())
        self.view = PairView()
        split.addWidget(self.view)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        line = self.fontMetrics().height()
        split.setSizes([50 * line, 32 * line])
        self.shown = OrEmpty("video", split)
        self.body.addWidget(self.shown, 1)
        self.body.addLayout(self._make_buttons())
        session.attention_changed.connect(self._score)
        session.threshold_changed.connect(self._on_threshold)
        session.model_changed.connect(self._on_model_changed)
        self._show_state()
        self._ask_for_video()

    def _ask_for_video(self) -> None:
        asks = ("Video file…", self.inputs.ask_file), ("Folder of frames…", self.inputs.ask_folder)
        self.shown.say(EMPTY.rstrip("."), ABOUT, asks)

    def close_job(self) -> None:
        self._scoring.close()
        super().close_job()

    # Making.

    def _make_left(self) -> QWidget:
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        self.tracks = TracksModel(self)
        self.table = rows_table(self.tracks, "Tracks")
        side = round(2.2 * self.fontMetrics().height())
        self.table.setIconSize(QSize(side, side))
        self.table.verticalHeader().setDefaultSectionSize(side + 4)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(side)
        for place, lines in enumerate(WIDTHS):
            header.resizeSection(place, round(lines * self.fontMetrics().height()))
        header.setStretchLastSection(True)
        RememberedTable(self.table, self.session.settings, "video")
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        self.plot = VideoPlot()
        self.plot.chosen.connect(self.show_face)
        self.plots = [self.plot]
        self.slider = QSlider(Qt.Orientation.Horizontal, enabled=False)
        self.slider.setToolTip("Goes through the track's faces; arrow keys step")
        self.slider.setAccessibleName("Face of the track")
        self.slider.valueChanged.connect(lambda place: self.show_face(self._track, place))
        self.where = PlainLabel()
        row = QHBoxLayout()
        row.addWidget(self.slider, 1)
        row.addWidget(self.where)
        column.addWidget(self.table, 2)
        column.addWidget(self.plot, 4)
        column.addLayout(row)
        return widget

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.save_button = QPushButton("&Save scores…", autoDefault=False)
        self.save_button.setToolTip("A plot or a table of the scores over time")
        self.save_button.clicked.connect(self._ask_save)
        self.open_button = QPushButton("Open as &gallery", autoDefault=False)
        self.open_button.setToolTip("The tracks as identities of a gallery in the main window")
        self.open_button.clicked.connect(self.open_as_gallery)
        row.addStretch(1)
        row.addWidget(self.save_button)
        row.addWidget(self.open_button)
        return row

    # Requests.

    def open_video(self, path: Path) -> None:
        """Find the tracks of a video or a folder of frames."""
        self.inputs.source.setText(str(path))
        self.find_tracks()

    def find_tracks(self) -> None:
        """Find the tracks of what is named above."""
        try:
            path = self.inputs.path
            if path is None:
                self.tell(EMPTY)
                return
            verifier = self.session.loader().verifier
        except XCosError as error:
            self.tell(str(error))
            return
        assert self.session.model is not None
        engine, every = self.session.model.engine, self.inputs.every.value() or None
        aligned = self.inputs.aligned.isChecked()

        def work(running: Running) -> tuple[VideoTracks, PairEngine, ModelCard]:
            video = follow(path, verifier, every, aligned, task=running)
            return video, engine, verifier.card

        self._finding = verifier.card
        self.compute("Finding faces", work, self._on_found)

    def show_face(self, track: int, place: int) -> None:
        """Look at a track's face."""
        if self.found is None or not track < len(self.found.tracks):
            return
        self._track, self._place = track, min(place, len(self.found.tracks[track]) - 1)
        chosen = self.found.tracks[track]
        self._quietly(self.slider, lambda: self._set_slider(len(chosen)))
        row = self.tracks.row_of(track)
        if self.table.currentIndex().row() != row:
            self._quietly(self.table.selectionModel(), lambda: self.table.selectRow(row))
            self.table.viewport().update()
        face = chosen.faces[self._place]
        at = f"frame {face.frame:,}"
        if face.seconds is not None:
            at = f"{face.seconds:.2f} s, {at}"
        self.where.setText(f"{chosen.name}: {at}, face {self._place + 1} of {len(chosen)}")
        self.plot.mark(track, self._place)
        self._explain(chosen)

    def open_as_gallery(self) -> None:
        """Write the tracks beside the cache and open them in the main window."""
        video, session = self.found, self.session
        if video is None:
            return
        key = f"{video.source.resolve()} {video.every} {video.frames}"
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        folder = session.cache.folder / "videos" / f"{video.source.stem}-{digest}"

        def work(running: Running) -> Path:
            running.report("Writing tracks", 0, 0)
            if folder.exists():
                shutil.rmtree(folder)  # the program's own, of the same video
            write_tracks(video, folder)
            return folder

        self._finding = None
        self.compute("Writing tracks", work, self._on_written)

    def save(self, path: Path) -> None:
        """Write the scores as a plot or a table, by the name's ending."""
        from core.video.output import write_scores

        if self.found is None or self.against is None or self._model is None:
            return
        session = self.session
        caption = f"{self._model[0].name}, {session.kind} attention, order {session.order}"
        limit = self._limit()
        try:
            write_scores(path, self.found, self.scores, self.against.key, limit, caption)
        except XCosError as error:
            self.tell(str(error))
        else:
            self.tell(f"The scores were written to {path}.")

    def _ask_save(self) -> None:
        if self.found is None:
            return
        name = f"{self.found.source.stem}-scores.png"
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the scores", name, SAVED)
        if chosen:
            self.save(Path(chosen))

    # Answers.

    def _on_found(self, answer: tuple[VideoTracks, PairEngine, ModelCard]) -> None:
        self.found, engine, card = answer
        self._finding = None
        self._model = (card, engine)
        self.against, self.scores = None, []
        self.tracks.show(self.found.tracks)
        self.plot.show_scores([], None)
        count = len(self.found.tracks)
        summary = f"{counted(count, 'track')} in {counted(self.found.frames, 'frame')} looked at"
        problems = self.found.problems
        reasons = " ".join(problem.reason for problem in problems[:3])
        more = f" And {len(problems) - 3} more problems." if len(problems) > 3 else ""
        if self.found.tracks:
            self.shown.fill()
            self.tell(f"{summary}. {reasons}{more}")
        else:
            self.shown.say("No face was found", reasons)
        self._show_state()
        if self.found.tracks:
            self.show_face(0, 0)
        else:
            self.view.show_report(None)
        self._score()

    def _score(self, *_: object) -> None:
        video, model, session = self.found, self._model, self.session
        if video is None or model is None or not video.tracks:
            return
        engine, kind, order = model[1], session.kind, session.order
        against = self.inputs.against()
        if against is None:
            self._scoring.drop()
            self._show_unscored()
            return

        def work(running: Running) -> _Scored:
            face = against(running)
            if running.stopped():
                raise Stopped("Scoring")
            scores = score_tracks(engine, video.tracks, face.loaded, face.place, kind, order)
            return _Scored(face, scores)

        self._scoring.start(work)

    def _show_unscored(self) -> None:
        """Without scores: those of another face would be taken for this one's."""
        self.against, self.scores = None, []
        self.tracks.show_scores(None, None)
        self.plot.show_scores([], None)
        self._show_state()
        self.view.show_report(None)
        self.view.shown.say(*NO_PHOTO)

    def _limit(self) -> float | None:
        """The threshold of what the tracks are scored by."""
        session, card = self.session, None if self._model is None else self._model[0]
        return session.moved_thresholds.threshold(Judged(card, session.kind, session.order))

    def _on_not_scored(self, error: BaseException) -> None:
        self._show_unscored()
        self.tell_failed(error)

    def _on_scored(self, answer: _Scored) -> None:
        self.against, self.scores = answer.against, answer.scores
        limit = self._limit()
        self.tracks.show_scores(self.scores, limit)
        self.plot.show_scores(self.scores, limit)
        self._paint_plots()
        self._show_state()
        self.show_face(self._track, self._place)

    def _explain(self, track: Track) -> None:
        if self.against is None or self._model is None or self.found is None:
            return
        session, other = self.session, self.against
        own = track.loaded(self.found.source, self._place)
        right = other.loaded, other.place
        model, kind = ScoringModel(*self._model), session.kind
        pair = one_pair(model, (own, 0), right, kind, session.order)
        face = pair.columns.gallery.faces[0]
        try:
            crop = crop_of(face, other.loaded.gallery.root, session.cache)
        except XCosError as error:
            self.tell(str(error))
            return
        explanation = explain_pair(pair, 0, 0)
        crops = track.faces[self._place].crop, crop
        self.view.show_report(
            PairReport(explanation, self._limit(), *crops, pair_regions(pair, 0, 0))
        )

    def _on_written(self, folder: Path) -> None:
        session = self.session
        session.open_gallery(folder, GallerySettings(session.gallery_settings.faces, True))
        self.tell("The tracks are open in the main window as aligned crops.")

    # Following the session.

    def _on_row(self, current: object, previous: object) -> None:
        row = self.table.currentIndex().row()
        if row >= 0 and self.tracks.track(row) != self._track:
            self.show_face(self.tracks.track(row), 0)

    def _on_threshold(self, *_: object) -> None:
        limit = self._limit()
        if self.scores:
            self.plot.show_threshold(limit)
            self.tracks.show_scores(self.scores, limit)
            self.show_face(self._track, self._place)

    def _on_model_changed(self) -> None:
        card, of = self.session.card, None if self._model is None else self._model[0]
        former = [one for one in (of, self._finding) if one is not None]
        if card is None or all(one.fingerprint == card.fingerprint for one in former):
            return
        if self._finding is not None:
            self._finding = None
            self.job.drop()
            self._end_work()
        self._scoring.drop()
        self.found = self._model = self.against = None
        self.scores = []
        self.tracks.show(())
        self.plot.show_scores([], None)
        self.view.show_report(None)
        self.where.clear()
        self._show_state()
        self.shown.say("The weights changed", "Find the tracks again.")

    def _show_state(self, *_: object) -> None:
        some = self.found is not None and bool(self.found.tracks)
        self.open_button.setEnabled(some)
        self.save_button.setEnabled(bool(self.scores))
        self.slider.setEnabled(some)

    def _set_slider(self, faces: int) -> None:
        self.slider.setRange(0, faces - 1)
        self.slider.setValue(self._place)

    def _quietly(self, sender: object, change: Callable[[], object]) -> None:
        sender.blockSignals(True)  # type: ignore[attr-defined]
        change()
        sender.blockSignals(False)  # type: ignore[attr-defined]
