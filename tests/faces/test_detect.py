"""Our cascade finds what facenet-pytorch's own finds, in photos of the sample gallery."""

import numpy as np
import pytest
from PIL import Image

from core.faces.detect import LEAST_PROBABILITY, Detector
from core.faces.face import Detection
from core.faces.photo import read_photo
from core.resources import resource_path

SIDE = 250


def photos() -> list[np.ndarray]:
    paths = sorted(resource_path("sample").rglob("*.jpg"))[::6]
    return [
        np.array(Image.fromarray(read_photo(path)).resize((SIDE, SIDE), Image.Resampling.BOX))
        for path in paths
    ]


def test_faces_are_those_of_facenet_pytorch() -> None:
    facenet = pytest.importorskip("facenet_pytorch")
    given = photos()
    found = Detector().detect(given)
    reference = facenet.MTCNN(min_face_size=SIDE // 10, keep_all=True)
    compared = 0
    for photo, faces in zip(given, found, strict=True):
        boxes, chances, marks = reference.detect(Image.fromarray(photo), landmarks=True)
        if boxes is None:
            continue
        sure = np.array(chances, float) >= LEAST_PROBABILITY
        assert len(faces) >= sure.sum()
        boxes, marks = (np.array(rows.tolist(), np.float32) for rows in (boxes, marks))
        for face, box, points in zip(faces, boxes[sure], marks[sure], strict=False):
            np.testing.assert_allclose(face.box, box, atol=0.01)
            np.testing.assert_allclose(face.landmarks, points, atol=0.01)
            compared += 1
    assert compared >= 4


def test_photos_without_faces_and_of_several_sizes() -> None:
    blank = np.full((200, 300, 3), 127, np.uint8)
    face = photos()[0]
    tall = np.pad(face, ((40, 0), (0, 0), (0, 0)))
    found = Detector().detect([blank, face, tall])
    assert found[0] == [] and len(found[1]) == 1 and len(found[2]) >= 1
    np.testing.assert_allclose(found[2][0].landmarks - found[1][0].landmarks, [[0, 40]] * 5, atol=4)


class _Searched(Detector):
    """Finds one face, where it is told to, only in a photo with a margin around it."""

    def __init__(self, box: list[float]) -> None:
        super().__init__()
        self.box, self.seen = np.array(box, np.float32), []

    def _search(self, photos_BHWC: np.ndarray, smallest: int) -> list[list[Detection]]:
        self.seen.append((photos_BHWC.shape[1:3], smallest))
        if len(self.seen) < self.needed:
            return [[] for _ in photos_BHWC]
        marks = np.stack([self.box[:2] + k for k in range(5)])
        return [[Detection(self.box, marks, 0.95)]]

    needed = 2


def test_a_face_found_in_the_padded_photo_lies_in_the_photo_at_any_scale() -> None:
    # 80x60 is enlarged to 160x120, and a margin of 40 put around it.
    detector = _Searched([60, 70, 100, 130])
    (found,) = detector.detect([np.zeros((60, 80, 3), np.uint8)])
    assert detector.seen == [((120, 160), 20), ((200, 240), 20)]
    np.testing.assert_allclose(found[0].box, [10, 15, 30, 45])
    np.testing.assert_allclose(found[0].landmarks[3], [11.5, 16.5])
    # 1280x640 is shrunk by half, searched once more at its own size, then with a margin of 160.
    detector = _Searched([200, 180, 260, 250])
    detector.needed = 3
    (found,) = detector.detect([np.zeros((640, 1280, 3), np.uint8)])
    assert [size for size, _ in detector.seen] == [(320, 640), (640, 1280), (640, 960)]
    assert [smallest for _, smallest in detector.seen] == [32, 20, 20]
    np.testing.assert_allclose(found[0].box, [80, 40, 200, 180])
    np.testing.assert_allclose(found[0].landmarks[0], [80, 40])
