"""Tracks of a video, and their scores, as tables and plots."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.files import refuse_form, write_whole
from core.scoring.tables import SUFFIXES, Columns, write_table
from core.video.track_scores import TrackScores
from core.video.tracks import Track, TrackedFace, VideoTracks

PICTURES = (".png", ".svg", ".pdf")
SEEN: Columns = (
    ("track", str),
    ("frame", int),
    ("seconds", float),
    ("left", float),
    ("top", float),
    ("right", float),
    ("bottom", float),
)
SCORED: Columns = (*SEEN, ("score", float), ("mean_score", float), ("verdict", str))


def write_scores(
    path: Path,
    video: VideoTracks,
    scores: Sequence[TrackScores],
    photo: str,
    threshold: float | None,
    caption: str,
) -> None:
    """Write a plot or a table of tracks' scores, by the name's ending. Raises XCosError."""
    refuse_form(path, (*SUFFIXES, *PICTURES))
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        from core.explain.drawing import figure_bytes
        from core.video.track_figure import track_figure

        figure = track_figure(scores, photo, threshold, f"{video.source.name}, {caption}")
        write_whole(path, figure_bytes(figure, suffix[1:]))
    else:
        write_table(path, scored_rows(scores, threshold), SCORED)


def seen_rows(video: VideoTracks) -> Iterator[tuple[Any, ...]]:
    """A row a face in the order of SEEN."""
    for track in video.tracks:
        for face in track.faces:
            yield _seen(track, face)


def scored_rows(
    scores: Sequence[TrackScores], threshold: float | None
) -> Iterator[tuple[Any, ...]]:
    """A row a face in the order of SCORED; no verdict without a threshold."""
    for scored in scores:
        each = zip(scored.track.faces, scored.scores.tolist(), scored.running.tolist(), strict=True)
        for face, score, running in each:
            verdict = None
            if threshold is not None:
                verdict = "same" if score > threshold else "different"
            yield *_seen(scored.track, face), score, running, verdict


def _seen(track: Track, face: TrackedFace) -> tuple[Any, ...]:
    box = [None] * 4 if face.detection is None else face.detection.box.astype(float).tolist()
    return track.name, face.frame, face.seconds, *box
