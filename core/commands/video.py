"""xcos video: the faces of a video as tracks, and their scores against a photo over time."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.commands.pair import open_face
from core.commands.shared import (
    ProgressBar,
    Setup,
    add_face_options,
    add_model_options,
    add_output_option,
    named,
    positive,
    warn,
)
from core.commands.spared import check_output
from core.errors import XCosError, counted
from core.json_text import json_text
from core.reports.output import refuse_unwritable
from core.scoring.tables import SUFFIXES, write_table
from core.video.frames import frame_files
from core.video.output import PICTURES, SEEN, seen_rows, write_scores
from core.video.track_scores import TrackScores, score_tracks
from core.video.tracks import VideoTracks, follow, write_tracks

EXAMPLES = """examples:
  xcos video clip.mp4                            the tracks: who is seen from when to when
  xcos video clip.mp4 ann.jpg                    each track's score against a photo
  xcos video clip.mp4 ann.jpg -o scores.csv -o scores.png
                                                 frame by frame, as a table and a plot
  xcos video frames --every 1 --as-gallery tracks
                                                 every frame of a folder; the tracks as a gallery
  xcos score tracks --aligned                    all pairs of it

VIDEO is a file (needs av: xcos-studio[video]) or a folder of frames in the order of their names.
mean_score is of the mean features of the track's faces so far."""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "video",
        help="a video's faces as tracks, and their scores against a photo",
        description="Find the faces of a video, link them to tracks, and score them over time.",
        epilog=EXAMPLES,
    )
    parser.add_argument("video", type=Path, metavar="VIDEO", help="video file, or folder of frames")
    parser.add_argument(
        "photo",
        nargs="?",
        type=named,
        metavar="PHOTO",
        help="score the tracks against this photo's face",
    )
    add_output_option(
        parser,
        f"table of all faces ({', '.join(SUFFIXES)}), or with PHOTO a plot ({', '.join(PICTURES)})",
        several=True,
    )
    parser.add_argument(
        "--every",
        type=positive,
        metavar="N",
        help="look at every Nth frame (default: five a second, at most 1,000 in all)",
    )
    parser.add_argument(
        "--as-gallery",
        type=Path,
        metavar="DIR",
        help="write each track's aligned faces into a new folder, a sub-folder a track",
    )
    add_face_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns exit code 0. Raises XCosError."""
    _check(options)
    setup, progress = Setup(options), ProgressBar()
    photo = None
    if options.photo is not None:
        photo = open_face(setup, options.photo, None, progress)
    video = follow(options.video, setup.verifier, options.every, options.aligned, task=progress)
    progress.close()
    scores = None
    if photo is not None:
        scores = score_tracks(setup.engine, video.tracks, *photo, setup.kind, options.order)
    caption = f"{setup.card.name}, {setup.kind} attention, order {options.order}"
    if options.as_gallery is not None:
        write_tracks(video, options.as_gallery)  # first, as a table may lie in the new folder
    for path in options.output:
        if scores is None:
            write_table(path, seen_rows(video), SEEN)
        else:
            write_scores(path, video, scores, options.photo, setup.threshold, caption)
    if options.json:
        print(json_text(_summary(video, scores, setup)))
    else:
        _tell(video, scores, setup)
    return 0


def _check(options: argparse.Namespace) -> None:
    photo = None if options.photo is None else Path(options.photo)
    frames = frame_files(options.video)[0] if options.output and options.video.is_dir() else []
    for path in options.output:
        check_output(path, (*SUFFIXES, *PICTURES), photo, *frames)
        if path.suffix.lower() in PICTURES and photo is None:
            raise XCosError(f"{path} is a plot of scores; name a PHOTO to score against.")
        refuse_unwritable(path)
    folder = options.as_gallery
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise XCosError(f"{folder} is not empty; name a new folder.")


def _summary(
    video: VideoTracks, scores: Sequence[TrackScores] | None, setup: Setup
) -> dict[str, Any]:
    tracks = []
    for number, track in enumerate(video.tracks):
        first, last = track.faces[0], track.faces[-1]
        score = None if scores is None else scores[number].score
        verdict = None
        if score is not None and setup.threshold is not None:
            verdict = "same" if score > setup.threshold else "different"
        tracks.append(
            {
                "track": track.name,
                "faces": len(track),
                "first_frame": first.frame,
                "last_frame": last.frame,
                "first_seconds": first.seconds,
                "last_seconds": last.seconds,
                "score": score,
                "verdict": verdict,
            }
        )
    return {
        "video": str(video.source),
        "photo": setup.options.photo,
        "frames": video.frames,
        "every": video.every,
        "model": setup.card.name,
        "attention": setup.kind,
        "order": setup.options.order,
        "threshold": setup.threshold,
        "tracks": tracks,
        "problems": [asdict(problem) for problem in video.problems],
    }


def _tell(video: VideoTracks, scores: Sequence[TrackScores] | None, setup: Setup) -> None:
    summary = _summary(video, scores, setup)
    for track in summary["tracks"]:
        start, end = track["first_seconds"], track["last_seconds"]
        when = f"frames {track['first_frame']} to {track['last_frame']}"
        if start is not None:
            when = f"{start:.1f} to {end:.1f} s"
        line = f"{track['track']}: {counted(track['faces'], 'face')}, {when}"
        if track["score"] is not None:
            line += f", score {track['score']:z.4f}"
            line += "" if track["verdict"] is None else f", {track['verdict']}"
        print(line)
    if not summary["tracks"]:
        print("No face was found.")
    limit = "" if setup.threshold is None else f"; threshold {setup.threshold:.4f}"
    warn(
        f"{counted(video.frames, 'frame')} looked at, every {video.every}; {setup.card.name}, "
        f"{setup.kind} attention, order {setup.options.order}{limit}"
    )
    for problem in video.problems:
        warn(f"problem: {problem.reason}")
