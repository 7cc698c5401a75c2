"""Which face goes on with which track: by its place, its likeness, and how long ago it was seen."""

from pathlib import Path

import numpy as np
import pytest

from core.faces.face import Detection, Problem
from core.model.features import FaceFeatures
from core.model.verifier import Verifier
from core.progress import Task
from core.video.output import SCORED, SEEN, scored_rows, seen_rows
from core.video.track_scores import TrackScores
from core.video.tracks import Track, TrackedFace, VideoTracks, _Linker, follow
from tests.living import crop, make_crops
from tests.videos import story, write_video

Box = tuple[float, float, float, float]
HERE: Box = (0, 0, 13, 13)


class Alike:
    """An engine by which faces are as alike as the numbers that they are made of are near."""

    def prepare(self, grid: np.ndarray) -> np.ndarray:
        return grid[:, 0, 0, 0]

    def scores(self, rows: np.ndarray, columns: np.ndarray, kind: str) -> np.ndarray:
        assert kind == "learned"
        return 1 - np.abs(rows[:, None] - columns[None])


def linked(*frames: tuple[int, list[tuple[float, Box | None]]]) -> list[list[float]]:
    """The numbers of each track's faces; frames: the time of each, its faces' numbers and boxes."""
    linker = _Linker(Alike(), 0.5)  # type: ignore[arg-type]
    for time, shown in frames:
        faces = [
            TrackedFace(
                time,
                None,
                None if box is None else Detection(np.array(box), np.zeros((5, 2)), 0.9),
                np.zeros((1, 1, 3), np.uint8),
            )
            for _, box in shown
        ]
        numbers = np.array([number for number, _ in shown], np.float32)
        grid = np.zeros((len(shown), 32, 7, 7), np.float32) + numbers[:, None, None, None]
        linker.add(time, faces, FaceFeatures(grid, None))
    return [
        [round(float(number), 3) for number in track.features.grid[:, 0, 0, 0]]
        for track in linker.tracks()
    ]


def test_in_its_place_a_face_must_be_half_as_alike_as_the_threshold() -> None:
    assert linked((0, [(0, HERE)]), (1, [(0.749, HERE)])) == [[0, 0.749]]
    assert linked((0, [(0, HERE)]), (1, [(0.75, HERE)])) == [[0], [0.75]]
    assert linked((0, [(0, None)]), (1, [(0.749, None)])) == [[0, 0.749]]


def test_a_place_is_kept_for_three_frames_and_after_them_likeness_alone_tells() -> None:
    assert linked((0, [(0, HERE)]), (3, [(0.6, HERE)])) == [[0, 0.6]]
    assert linked((0, [(0, HERE)]), (4, [(0.6, HERE)])) == [[0], [0.6]]
    assert linked((0, [(0, HERE)]), (4, [(0.399, HERE)])) == [[0, 0.399]]
    assert linked((0, [(0, HERE)]), (2, [(0, HERE)]), (5, [(0.6, HERE)])) == [[0, 0, 0.6]]


@pytest.mark.parametrize(
    ("box", "in_place"),
    [
        ((7, 0, 20, 13), True),  # shared by three tenths of both
        ((0, 7, 13, 20), True),
        ((-7, 0, 6, 13), True),
        ((7.1, 0, 20.1, 13), False),
        ((0, -7.1, 13, 5.9), False),
        ((5, 5, 18, 18), False),
        ((14, 14, 27, 27), False),
        ((0, 14, 13, 27), False),
        ((0, 0, 5, 10.15), True),  # smaller, and within
        ((0, 0, 5, 10.1), False),
    ],
)
def test_a_place_is_where_the_boxes_share_three_tenths(box: Box, in_place: bool) -> None:
    found = linked((0, [(0, HERE)]), (1, [(0.6, box)]))
    assert found == ([[0, 0.6]] if in_place else [[0], [0.6]])


def test_elsewhere_a_face_must_be_clearly_alike() -> None:
    there = (50, 50, 60, 60)
    assert linked((0, [(0, HERE)]), (1, [(0.399, there)])) == [[0, 0.399]]
    assert linked((0, [(0, HERE)]), (1, [(0.401, there)])) == [[0], [0.401]]


def test_the_place_counts_a_fifth_of_likeness() -> None:
    there = (50, 50, 60, 60)
    first = (0, [(0.0, HERE)])
    assert linked(first, (1, [(0.3, HERE), (0.12, there)])) == [[0, 0.3], [0.12]]
    assert linked(first, (1, [(0.3, HERE), (0.08, there)])) == [[0, 0.08], [0.3]]


def test_two_weak_fits_are_better_than_one_strong_one() -> None:
    found = linked((0, [(0.0, HERE), (0.7, HERE)]), (1, [(0.0, HERE), (-0.7, HERE)]))
    assert found == [[0, -0.7], [0.7, 0]]


def test_likeness_is_with_the_mean_of_a_track() -> None:
    so_far = (0, [(0.0, HERE)]), (1, [(0.4, HERE)])
    assert linked(*so_far, (2, [(0.94, HERE)])) == [[0, 0.4, 0.94]]
    assert linked(*so_far, (2, [(0.96, HERE)])) == [[0, 0.4], [0.96]]


def test_tracks_are_numbered_by_their_first_frame() -> None:
    found = linked((0, [(0.0, HERE)]), (1, [(5.0, HERE), (0.1, HERE)]), (2, [(9.0, HERE)]))
    assert found == [[0, 0.1], [5], [9]]


def track_of(seconds: float | None) -> Track:
    box = Detection(np.array([1.5, 2, 30, 40], np.float32), np.zeros((5, 2)), 0.9)
    crops = [crop("ann", 1), crop("bob", 2)]
    faces = tuple(
        TrackedFace(
            7 * k, None if seconds is None else seconds * k, None if seconds is None else box, c
        )
        for k, c in enumerate(crops, 1)
    )
    grid = np.arange(2.0)[:, None, None, None] + np.zeros((2, 32, 7, 7))
    return Track(3, faces, FaceFeatures(grid, grid[:, :5, 0, 0]))


def test_a_row_tells_the_time_the_box_and_on_which_side_of_the_threshold() -> None:
    track = track_of(0.5)
    scores = TrackScores(track, np.array([0.3, 0.31]), np.array([0.25, 0.5]))
    assert list(scored_rows([scores], 0.3)) == [
        ("track 3", 7, 0.5, 1.5, 2.0, 30.0, 40.0, 0.3, 0.25, "different"),
        ("track 3", 14, 1.0, 1.5, 2.0, 30.0, 40.0, 0.31, 0.5, "same"),
    ]
    assert [row[-1] for row in scored_rows([scores], None)] == [None, None]
    assert scores.score == 0.5 and track.times.tolist() == [0.5, 1.0]
    video = VideoTracks(Path("v"), 7, 2, (track_of(None),), ())
    assert list(seen_rows(video)) == [
        ("track 3", 7, None, None, None, None, None),
        ("track 3", 14, None, None, None, None, None),
    ]
    assert track_of(None).times.tolist() == [7, 14]
    assert [name for name, _ in SCORED] == [
        *(name for name, _ in SEEN),
        "score",
        "mean_score",
        "verdict",
    ]


def test_one_face_of_a_track_is_a_gallery_of_its_own() -> None:
    track = track_of(0.5)
    loaded = track.loaded(Path("clip.mp4"), 1)
    (face,) = loaded.gallery.faces
    assert (face.photo, face.identity, face.detection) == (
        "track 3/000014.png",
        "track 3",
        track.faces[1].detection,
    )
    assert loaded.gallery.root == Path("clip.mp4")
    assert face.digest != track.loaded(Path("clip.mp4"), 0).gallery.faces[0].digest
    assert loaded.features.grid.shape == (1, 32, 7, 7) and loaded.features.grid[0, 0, 0, 0] == 1
    assert loaded.features.embedding is not None
    assert loaded.features.embedding.shape == (1, 5)


def test_where_a_search_ends_early_is_told(
    tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_crops(tmp_path, {"ann": 5}) / "ann"
    verifier = Verifier(tiny_weights, "cpu")
    monkeypatch.setattr("core.video.tracks.BATCH", 1)
    monkeypatch.setattr("core.video.tracks.MOST_FACES", 3)
    found = follow(folder, verifier, aligned=True)
    assert sum(map(len, found.tracks)) == found.frames == 3
    assert found.problems == (
        Problem(
            "ann",
            "The search ended with 3 faces, which fill the memory, at frame 2; the tracks so far "
            "are kept.",
        ),
    )
    asked = iter([False, True, True])
    path = write_video(tmp_path / "film.mkv", story())
    stopped = follow(path, verifier, every=3, task=Task(stopped=lambda: next(asked)))
    assert stopped.frames == 2
    assert stopped.problems[0].reason == (
        "The search was stopped at 0.3 seconds; the tracks so far are kept."
    )


def test_links_follow_the_threshold_that_is_given_or_the_weights_own(
    tmp_path: Path, tiny_weights: Path
) -> None:
    folder = make_crops(tmp_path, {"ann": 3}) / "ann"
    verifier = Verifier(tiny_weights, "cpu")

    def lengths(threshold: float | None) -> list[int]:
        return [len(t) for t in follow(folder, verifier, aligned=True, threshold=threshold).tracks]

    own = verifier.card.threshold("learned")
    assert lengths(None) == lengths(own) == lengths(0.46)
    assert lengths(-2.0) == [3] and lengths(2.0) == [1, 1, 1]
