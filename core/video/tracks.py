"""Faces of a video linked to tracks, one a person as far as place and likeness tell."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import XCosError
from core.faces.align import align
from core.faces.detect import Detector
from core.faces.face import SIDE, Detection, Face, Problem
from core.files import folder_written_whole
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.attention_weights import read_head
from core.model.features import FaceFeatures
from core.model.verifier import Verifier
from core.progress import QUIET, Task
from core.scoring.engine import PairEngine
from core.video.frames import Frame, Frames

BATCH = 8  # frames searched for faces at once
OVERLAP = 0.3  # least intersection over union of a face with its track's last one, to be in place
MEMORY = 3  # frames looked at, for which a face is still expected in its place
NEAR = 0.5  # of the threshold: what a face in its track's place must exceed
IN_PLACE = 0.2  # what being in its track's place adds to a face's likeness
FAR = 0.1  # above the threshold: what a face elsewhere, or after a cut, must exceed
MOST_FACES = 20_000  # their crops take 750 MB


@dataclass(frozen=True, eq=False)
class TrackedFace:
    """A face of one frame.

    frame, seconds: as in Frame; crop: (112, 112, 3) uint8
    detection:      in the frame's pixels; None where the frames are aligned crops
    """

    frame: int
    seconds: float | None
    detection: Detection | None
    crop: np.ndarray


@dataclass(frozen=True, eq=False)
class Track:
    """One face over time: n faces in the order of their frames, and their features."""

    number: int
    faces: tuple[TrackedFace, ...]
    features: FaceFeatures

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def name(self) -> str:
        """What it is called, also as an identity."""
        return f"track {self.number}"

    @property
    def times(self) -> np.ndarray:
        """(n,) float64: seconds, or frame numbers where a folder has no times."""
        return np.array([f.frame if f.seconds is None else f.seconds for f in self.faces], float)

    def file(self, place: int) -> str:
        """The name of a face's crop, relative to a folder of tracks."""
        return f"{self.name}/{self.faces[place].frame:06d}.png"

    def loaded(self, source: Path, place: int) -> LoadedGallery:
        """One of its faces as a gallery, so that it can be explained."""
        tracked = self.faces[place]
        digest = hashlib.blake2b(tracked.crop.tobytes(), digest_size=16).hexdigest()
        face = Face(self.file(place), 1, self.name, tracked.detection, digest)
        features = _part(self.features, slice(place, place + 1))
        return LoadedGallery(Gallery(source, source, (face,)), features)


@dataclass(frozen=True, eq=False)
class VideoTracks:
    """What was found in a video.

    every:    every N-th frame was analysed; frames: how many that were
    tracks:   by their first frame
    problems: where the video is cut off or damaged, or the work was stopped
    """

    source: Path
    every: int
    frames: int
    tracks: tuple[Track, ...]
    problems: tuple[Problem, ...]


def follow(
    source: Path,
    verifier: Verifier,
    every: int | None = None,
    aligned: bool = False,
    threshold: float | None = None,
    detector: Detector | None = None,
    task: Task = QUIET,
) -> VideoTracks:
    """Find the faces of a video file or a folder of frames, and link them.

    every:     analyse every N-th frame; None: five a second, at most 1,000
    aligned:   the frames are 112x112 crops of one face each
    threshold: of the learned score, for links; None: the weights' own, without one 0.5
    A stop keeps the tracks so far, and a problem says where it came. Raises XCosError for what is
    no video.
    """
    if threshold is None:
        threshold = verifier.card.threshold("learned")
    frames = Frames(source, every)
    finder = _Finder(verifier, aligned, detector or Detector())
    engine = PairEngine(read_head(verifier.card.path), None)
    linker = _Linker(engine, 0.5 if threshold is None else threshold)
    looked, problems = 0, frames.problems
    try:
        batch: list[Frame] = []
        for frame in frames:
            batch.append(frame)
            if len(batch) == BATCH:
                looked += finder.take_in(batch, linker)
                batch = []
                task.report("Finding faces", looked * frames.every, frames.total)
            why = _ending(task, linker)
            if why:
                at = frame.number if frame.seconds is None else f"{frame.seconds:.1f} seconds"
                where = f"frame {at}" if frame.seconds is None else at
                problems.append(
                    Problem(frames.source.name, f"{why} at {where}; the tracks so far are kept.")
                )
                break
        looked += finder.take_in(batch, linker)
    finally:
        frames.close()
    task.report("Finding faces", frames.total, frames.total)
    return VideoTracks(
        frames.source, frames.every, looked, linker.tracks(), (*problems, *finder.problems)
    )


def write_tracks(video: VideoTracks, folder: Path) -> None:
    """Write each track's crops into a folder of its name, as a gallery of aligned photos.

    Raises XCosError for a folder that has something in it already, or when the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise XCosError(f"{folder} is not empty; name a new folder.")
    if not video.tracks:
        raise XCosError(f"{video.source} shows no face that can be found; there is no gallery.")
    try:
        with folder_written_whole(folder) as part:
            _write_crops(video, part)
    except OSError as error:
        raise XCosError(
            f"{folder} cannot be written: {error.strerror or error}; choose another place."
        ) from error


def _write_crops(video: VideoTracks, folder: Path) -> None:
    for track in video.tracks:
        (folder / track.name).mkdir()
        for place, face in enumerate(track.faces):
            Image.fromarray(face.crop).save(folder / track.file(place))


class _Finder:
    """Frames to faces with features, handed to the linker frame by frame."""

    def __init__(self, verifier: Verifier, aligned: bool, detector: Detector) -> None:
        self._verifier, self._aligned, self._detector = verifier, aligned, detector
        self._looked = 0
        self.problems: list[Problem] = []

    def take_in(self, batch: list[Frame], linker: "_Linker") -> int:
        faces: list[list[TrackedFace]] = [self._faces(frame) for frame in batch]
        if not self._aligned and batch:
            detected = self._detector.detect([frame.pixels for frame in batch])
            for frame, of_frame, detections in zip(batch, faces, detected, strict=True):
                of_frame += self._aligned_faces(frame, detections)
        every = [face for of_frame in faces for face in of_frame]
        features = self._verifier.features(
            np.stack([face.crop for face in every]) if every else np.empty((0, SIDE, SIDE, 3))
        )
        start = 0
        for of_frame in faces:
            part = slice(start, start + len(of_frame))
            linker.add(self._looked, of_frame, _part(features, part))
            self._looked, start = self._looked + 1, part.stop
        return len(batch)

    def _faces(self, frame: Frame) -> list[TrackedFace]:
        if not self._aligned:
            return []
        if frame.pixels.shape != (SIDE, SIDE, 3):
            height, width = frame.pixels.shape[:2]
            raise XCosError(
                f"Frame {frame.number} is {width}x{height}, not an aligned 112x112 crop; "
                "let faces be found.",
                "aligned",
            )
        return [TrackedFace(frame.number, frame.seconds, None, frame.pixels)]

    def _aligned_faces(self, frame: Frame, detections: list[Detection]) -> list[TrackedFace]:
        faces = []
        for detection in detections:
            try:
                crop = align(frame.pixels, detection.landmarks)
            except XCosError as error:
                self.problems.append(Problem(f"frame {frame.number}", str(error)))
                continue
            faces.append(TrackedFace(frame.number, frame.seconds, detection, crop))
        return faces


class _Linker:
    """Gives each face of a frame to the track that it fits best, or to a new one.

    A face fits a track where it lies in the place of the track's last face and is like it at all,
    or where it is clearly like the track's mean: so a track goes on after a cut. Likeness is the
    learned xCos score with the mean features so far; the best fit of all faces at once is the
    assignment of the largest sum (Kuhn, 1955).
    """

    def __init__(self, engine: PairEngine, threshold: float) -> None:
        self._near, self._far = NEAR * threshold, threshold + FAR
        self._engine = engine
        self._tracks: list[_Growing] = []
        self.faces = 0

    def add(self, time: int, faces: list[TrackedFace], features: FaceFeatures) -> None:
        """The faces of one more frame; time counts frames looked at."""
        chosen = self._fitting(time, faces, features.grid) if faces and self._tracks else {}
        for place, face in enumerate(faces):
            if place not in chosen:
                chosen[place] = len(self._tracks)
                self._tracks.append(_Growing())
            self._tracks[chosen[place]].add(time, face, _part(features, slice(place, place + 1)))
        self.faces += len(faces)

    def tracks(self) -> tuple[Track, ...]:
        """All tracks by their first frame."""
        return tuple(track.ended(n) for n, track in enumerate(self._tracks, start=1))

    def _fitting(self, time: int, faces: list[TrackedFace], grid: np.ndarray) -> dict[int, int]:
        from scipy.optimize import linear_sum_assignment

        rows = self._engine.prepare(grid)
        columns = self._engine.prepare(np.stack([track.mean for track in self._tracks]))
        likeness = self._engine.scores(rows, columns, "learned").astype(np.float64)
        near = np.array(
            [
                [time - t.last <= MEMORY and _overlap(face, t.faces[-1]) for t in self._tracks]
                for face in faces
            ]
        )
        fits = np.where(near, likeness > self._near, likeness > self._far)
        value = np.where(fits, 2 + likeness + IN_PLACE * near, 0)  # a fit is worth more than none
        places, tracks = linear_sum_assignment(value, maximize=True)
        both = zip(places.tolist(), tracks.tolist(), strict=True)
        return {place: track for place, track in both if fits[place, track]}


class _Growing:
    """A track while the video goes by; last: the frame looked at that it was seen in."""

    def __init__(self) -> None:
        self.faces: list[TrackedFace] = []
        self._features: list[FaceFeatures] = []
        self._sum: np.ndarray | float = 0.0
        self.last = 0

    @property
    def mean(self) -> np.ndarray:
        """(32, 7, 7) float32, the mean of its grid features so far."""
        return np.asarray(self._sum / len(self.faces), np.float32)

    def add(self, time: int, face: TrackedFace, features: FaceFeatures) -> None:
        self.faces.append(face)
        self._features.append(features)
        self._sum = self._sum + features.grid[0].astype(np.float64)
        self.last = time

    def ended(self, number: int) -> Track:
        grid = np.concatenate([part.grid for part in self._features])
        embeddings = [part.embedding for part in self._features if part.embedding is not None]
        embedding = np.concatenate(embeddings) if embeddings else None
        return Track(number, tuple(self.faces), FaceFeatures(grid, embedding))


def _part(features: FaceFeatures, places: slice) -> FaceFeatures:
    embedding = None if features.embedding is None else features.embedding[places]
    return FaceFeatures(features.grid[places], embedding)


def _overlap(one: TrackedFace, other: TrackedFace) -> bool:
    """Whether two boxes lie in one place; aligned crops all do."""
    if one.detection is None or other.detection is None:
        return True
    a, b = one.detection.box.astype(np.float64), other.detection.box.astype(np.float64)
    shared = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    both = float(shared.clip(0).prod())
    areas = float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod())
    return both / max(areas - both, 1e-9) >= OVERLAP


def _ending(task: Task, linker: _Linker) -> str:
    """Why to end before the video does, or nothing."""
    if task.stopped():
        return "The search was stopped"
    if linker.faces >= MOST_FACES:
        return f"The search ended with {MOST_FACES:,} faces, which fill the memory,"
    return ""
