"""Our cascade finds what facenet-pytorch's own finds, in photos of the sample gallery."""

import numpy as np
import pytest
from PIL import Image

from core.faces.detect import LEAST_PROBABILITY, Detector
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
