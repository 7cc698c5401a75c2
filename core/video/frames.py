"""Frames of a video file, or of a folder of photos in the order of their names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import XCosError
from core.faces.face import Problem
from core.faces.matrix_profile import HIGH_RANGE
from core.faces.photo import read_photo
from core.faces.photo_files import find_photos, readable
from core.gallery.gallery import natural

A_SECOND = 5  # frames looked at by default
MOST = 1000  # in all, by default
STRETCHED = 4  # times as wide as high, or the reverse: the most that pixels are
SQUARE = 0.01  # that pixels may be wider than high, or the reverse, and be taken for square
SHORT = 0.5  # seconds that a whole video may end before the length that it states
VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv")


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame: its number from 0, its time in seconds (None in a folder), (H, W, 3) uint8 RGB."""

    number: int
    seconds: float | None
    pixels: np.ndarray


class Frames:
    """Goes through a video once.

    every:    every N-th frame is given; where it was None, five a second, at most 1,000
    total:    about how many frames there are, 0 where that is not known
    problems: filled while it is gone through: where the video is cut off or damaged
    Raises XCosError for a source that is no video, also while it is gone through.
    """

    def __init__(self, source: Path, every: int | None = None) -> None:
        self.source = Path(source)
        self.problems: list[Problem] = []
        self.total = 0
        self._container: Any = None
        if not self.source.exists():
            raise XCosError(f"The video {self.source} does not exist; choose another one.")
        if not (self.source.is_file() or self.source.is_dir()):
            raise XCosError(f"{self.source} is no video file, but a pipe or a device.")
        self._files: list[Path] = []
        usual = 1
        if self.source.is_dir():
            self._files, self.problems = frame_files(self.source)
            self.total = len(self._files)
        else:
            self._container, self._stream = _opened(self.source)
            self._aspect = self._pixel_aspect()
            self._rate = float(self._stream.average_rate or 25)
            stated = self._stream.frames / self._rate
            # AVI's length shrinks with the file, but its count of frames stays.
            self._length = max(_length(self._container, self._stream), stated)
            self.total = self._stream.frames or round(self._length * self._rate)
            usual = max(1, round(self._rate / A_SECOND))
        self.every = every or max(usual, -(-self.total // MOST))

    def __iter__(self) -> Iterator[Frame]:
        return self._of_folder() if self._container is None else self._of_file()

    def close(self) -> None:
        """Let go of the file."""
        if self._container is not None:
            self._container.close()

    def _of_folder(self) -> Iterator[Frame]:
        for number in range(0, len(self._files), self.every):
            path = self._files[number]
            try:
                yield Frame(number, None, read_photo(path))
            except XCosError as error:
                self.problems.append(Problem(readable(path.name), str(error)))

    def _of_file(self) -> Iterator[Frame]:
        number, reached, damaged, at_end = 0, 0.0, 0, False
        for packet in self._packets():
            if packet.size:  # the empty last one only asks for what is held back
                at_end = packet.is_corrupt
                damaged += at_end
            try:
                decoded = packet.decode()
            except _errors():
                damaged += not packet.is_corrupt
                at_end = True
                continue
            for frame in decoded:
                if frame.is_corrupt and not packet.is_corrupt:
                    damaged, at_end = damaged + 1, True
                reached = float(frame.time) if frame.time is not None else number / self._rate
                if number % self.every == 0:
                    yield Frame(number, reached, _upright(frame, self._aspect))
                number += 1
        if number == 0:
            raise XCosError(f"{self.source} gives no frame: it is damaged or cut off; get it anew.")
        self._tell_end(reached + 1 / self._rate, damaged, at_end)

    def _pixel_aspect(self) -> float:
        """How much wider than high the file says its pixels are, as in DV and HDV."""
        aspect = float(self._stream.sample_aspect_ratio or 1)
        if 1 / STRETCHED <= aspect <= STRETCHED:
            return aspect
        reason = (
            f"{self.source} says that its pixels are {aspect:.3g} times as wide as high, which no "
            "camera's are; they are taken for square."
        )
        self.problems.append(Problem(self.source.name, reason))
        return 1.0

    def _packets(self) -> Iterator[Any]:
        try:
            yield from self._container.demux(self._stream)
        except _errors():
            return  # where it ends is told from what was decoded

    def _tell_end(self, reached: float, damaged: int, at_end: bool) -> None:
        name = self.source.name
        if self._length - reached > SHORT:
            reason = (
                f"{self.source} is cut off: it ends after {reached:.1f} of {self._length:.1f} "
                "seconds; what came before is used."
            )
            self.problems.append(Problem(name, reason))
        elif at_end:
            reason = (
                f"{self.source} is cut off: it ends in the middle of a frame after {reached:.1f} "
                "seconds; what could be decoded is used."
            )
            self.problems.append(Problem(name, reason))
        elif damaged:
            reason = (
                f"{self.source} is damaged in {damaged} place(s); what could be decoded is used."
            )
            self.problems.append(Problem(name, reason))


def frame_files(folder: Path) -> tuple[list[Path], list[Problem]]:
    """A folder's photos in their order, and what cannot be one. Raises XCosError where there is none."""
    try:
        photos = find_photos(folder, below=False)
    except OSError as error:
        raise XCosError(f"{folder} cannot be read: {error.strerror or error}.") from error
    if not photos.files:
        raise XCosError(f"The folder {folder} has no frames; put them there as photos.")
    problems = [Problem(readable(path.name), reason) for path, reason in photos.skipped]
    return sorted(photos.files, key=lambda path: natural(readable(path.name))), problems


def _opened(source: Path) -> tuple[Any, Any]:
    try:
        import av
    except ImportError as error:
        raise XCosError(
            f"{source} needs the package av; install xcos-studio[video], or give a folder of frames."
        ) from error
    try:
        container = av.open(str(source))
    except PermissionError as error:
        raise XCosError(
            f"{source} may not be read; give yourself permission to read it."
        ) from error
    except _errors() as error:
        raise XCosError(
            f"{source} is not a video that can be read, or its beginning or index is cut off; "
            "get it anew."
        ) from error
    if not container.streams.video:
        only_sound = bool(container.streams.audio)
        container.close()
        if only_sound:
            raise XCosError(f"{source} has no pictures, only sound; choose another video.")
        raise XCosError(f"{source} gives no frame: it is damaged or cut off; get it anew.")
    stream = container.streams.video[0]
    codec = stream.codec_context  # None where FFmpeg knows no such codec
    if codec is not None and codec.color_trc in HIGH_RANGE:
        container.close()
        raise XCosError(
            f"{source} has a high dynamic range (PQ or HLG), which is not read; save it anew as an "
            "ordinary video (SDR)."
        )
    stream.thread_type = "AUTO"
    return container, stream


def _errors() -> tuple[type[Exception], ...]:
    """What FFmpeg's refusals arrive as; some, as its end of file, are of its own class only."""
    import av

    return av.FFmpegError, ValueError, OSError


def _length(container: Any, stream: Any) -> float:
    """Seconds that the file says it has; 0 where it does not say."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return 0.0 if container.duration is None else container.duration / 1_000_000


def _upright(frame: Any, aspect: float) -> np.ndarray:
    """A frame's (H, W, 3) uint8 RGB, turned as it was held, with square pixels."""
    wide, high = frame.width, frame.height
    if abs(aspect - 1) > SQUARE:
        wide, high = round(wide * max(aspect, 1)), round(high * max(1 / aspect, 1))
    pixels: np.ndarray = frame.reformat(wide, high, "rgb24").to_ndarray()
    quarters = round(frame.rotation / 90) % 4  # counter-clockwise, as np.rot90 turns
    return np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels
