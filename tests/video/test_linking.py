"""Which faces of a film are linked: by place, by time, by likeness; where each face is, is given."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.faces.align import TEMPLATE
from core.faces.detect import Detector
from core.faces.face import SIDE, Detection
from core.model.attention_weights import read_head
from core.model.verifier import Verifier
from core.scoring.engine import PairEngine
from core.video.tracks import follow
from tests.living import crop

FRAME = (300, 260)  # height and width
Shown = dict[tuple[int, int], tuple[str, int]]  # left and top of a face: who, and which crop


class Given(Detector):
    """Finds the faces that were put into the frames, in the order of the frames."""

    def __init__(self, frames: Sequence[Shown]) -> None:
        self._frames = [*frames]

    def detect(self, photos: Sequence[np.ndarray]) -> list[list[Detection]]:
        """As of a Detector."""
        return [[_face(*place) for place in self._frames.pop(0)] for _ in photos]


def _face(left: int, top: int) -> Detection:
    box = np.float32([left, top, left + SIDE, top + SIDE])
    return Detection(box, (TEMPLATE + np.float32([left, top])).astype(np.float32), 1.0)


def _likeness(weights: Path, left: np.ndarray, right: np.ndarray) -> float:
    verifier = Verifier(weights, "cpu")
    engine = PairEngine(read_head(weights), None)
    one, other = (engine.prepare(verifier.features(f[None]).grid) for f in (left, right))
    return float(engine.scores(one, other, "learned")[0, 0])


def _tracks(
    folder: Path, weights: Path, frames: Sequence[Shown], threshold: float
) -> list[list[tuple[int, int]]]:
    """Frame and left edge of each track's faces."""
    for number, shown in enumerate(frames):
        pixels = np.zeros((*FRAME, 3), np.uint8)
        for (left, top), who in shown.items():
            pixels[top : top + SIDE, left : left + SIDE] = crop(*who)
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")
    found = follow(
        folder, Verifier(weights, "cpu"), every=1, threshold=threshold, detector=Given(frames)
    )
    assert not found.problems
    return [
        [
            (face.frame, round(float(face.detection.box[0])))
            for face in track.faces
            if face.detection
        ]
        for track in found.tracks
    ]


@pytest.fixture(scope="module")
def barely(tiny_weights: Path) -> float:
    """A threshold that ann's first two crops are just above: enough in one place, not elsewhere."""
    likeness = _likeness(tiny_weights, crop("ann", 1), crop("ann", 2))
    assert 0.2 < likeness < 0.95
    return likeness - 0.05


@pytest.mark.parametrize(("gap", "linked"), [(1, True), (3, True), (4, False)])
def test_a_face_is_expected_in_its_place_for_three_frames(
    tmp_path: Path, tiny_weights: Path, barely: float, gap: int, linked: bool
) -> None:
    frames: list[Shown] = [{} for _ in range(12)]
    frames[5] = {(20, 30): ("ann", 1)}
    frames[5 + gap] = {(20, 30): ("ann", 2)}
    faces = [(5, 20), (5 + gap, 20)]
    expected = [faces] if linked else [[face] for face in faces]
    assert _tracks(tmp_path, tiny_weights, frames, barely) == expected


@pytest.mark.parametrize(("moved", "linked"), [(59, True), (61, False)])
def test_a_place_is_kept_where_three_tenths_of_both_boxes_are_shared(
    tmp_path: Path, tiny_weights: Path, barely: float, moved: int, linked: bool
) -> None:
    shared = (SIDE - moved) / (SIDE + moved)
    assert (shared >= 0.3) == linked
    frames: list[Shown] = [{(20, 30): ("ann", 1)}, {(20 + moved, 30): ("ann", 2)}]
    faces = [(0, 20), (1, 20 + moved)]
    expected = [faces] if linked else [[face] for face in faces]
    assert _tracks(tmp_path, tiny_weights, frames, barely) == expected


@pytest.mark.parametrize(
    ("above", "place", "linked"),
    [
        (0.11, (140, 150), True),
        (0.09, (140, 150), False),
        (0.09, (20, 30), True),
    ],
)
def test_elsewhere_a_face_must_be_a_tenth_above_the_threshold(
    tmp_path: Path,
    tiny_weights: Path,
    above: float,
    place: tuple[int, int],
    linked: bool,
) -> None:
    likeness = _likeness(tiny_weights, crop("ann", 1), crop("ann", 2))
    frames: list[Shown] = [{(20, 30): ("ann", 1)}, {place: ("ann", 2)}]
    found = _tracks(tmp_path, tiny_weights, frames, likeness - above)
    assert len(found) == (1 if linked else 2)


@pytest.mark.parametrize(("share", "linked"), [(0.51, True), (0.49, False)])
def test_in_its_place_a_face_must_have_half_the_threshold(
    tmp_path: Path, tiny_weights: Path, share: float, linked: bool
) -> None:
    likeness = _likeness(tiny_weights, crop("ann", 1), crop("bob", 1))
    assert likeness > 0.05
    frames: list[Shown] = [{(20, 30): ("ann", 1)}, {(20, 30): ("bob", 1)}]
    found = _tracks(tmp_path, tiny_weights, frames, likeness / share)
    assert len(found) == (1 if linked else 2)


def test_two_who_change_places_are_told_apart_by_their_faces(
    tmp_path: Path, tiny_weights: Path
) -> None:
    here, there = (10, 20), (140, 160)
    frames: list[Shown] = [
        {here: ("ann", 1), there: ("bob", 1)},
        {here: ("bob", 1), there: ("ann", 1)},
    ]
    ann, bob = _tracks(tmp_path, tiny_weights, frames, 0.3)
    assert ann == [(0, 10), (1, 140)] and bob == [(0, 140), (1, 10)]


@pytest.mark.parametrize(
    ("shown", "other", "returns", "stays"),
    [(1, 2, 3, True), (1, 3, 1, False)],
)
def test_being_in_its_place_counts_as_much_as_a_fifth_of_likeness(
    tmp_path: Path, tiny_weights: Path, shown: int, other: int, returns: int, stays: bool
) -> None:
    ahead = _likeness(tiny_weights, crop("ann", shown), crop("ann", returns)) - _likeness(
        tiny_weights, crop("ann", other), crop("ann", returns)
    )
    assert 0.05 < ahead < 0.2 if stays else ahead > 0.2
    here, there = (10, 20), (140, 160)
    frames: list[Shown] = [
        {here: ("ann", shown), there: ("ann", other)},
        {there: ("ann", returns)},
    ]
    first, second = _tracks(tmp_path, tiny_weights, frames, 0.3)
    assert (second if stays else first) == [(0, 140 if stays else 10), (1, 140)]
