"""Our cascade finds what facenet-pytorch's own finds, and faces that are tight, turned or two."""

import numpy as np
import pytest
import torch
from PIL import Image

from core.faces.cascade import _AreaSums
from core.faces.choose import choose
from core.faces.detect import SEARCH_SIDE, Detector
from core.faces.face import Detection
from core.faces.photo import read_photo
from core.faces.plausible import LEAST_PROBABILITY, is_tight
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
            if is_tight(Detection(box, points, 1.0), (SIDE, SIDE)):
                continue  # searched once more, with black around the photo
            np.testing.assert_allclose(face.box, box, atol=0.02)
            np.testing.assert_allclose(face.landmarks, points, atol=0.02)
            compared += 1
    assert compared >= 4


def test_photos_without_faces_and_of_several_sizes() -> None:
    blank = np.full((200, 300, 3), 127, np.uint8)
    face = photos()[0]
    tall = np.pad(face, ((40, 0), (0, 0), (0, 0)))
    found = Detector().detect([blank, face, tall])
    assert found[0] == [] and len(found[1]) == 1 and len(found[2]) >= 1
    np.testing.assert_allclose(found[2][0].landmarks - found[1][0].landmarks, [[0, 40]] * 5, atol=4)


def test_a_photo_s_landmarks_do_not_depend_on_what_is_searched_with_it() -> None:
    given, detector = photos(), Detector()
    together = detector.detect(given)
    for photo, faces in zip(given, together, strict=True):
        (alone,) = detector.detect([photo])
        assert len(alone) == len(faces)
        for one, other in zip(alone, faces, strict=True):
            assert np.array_equal(one.landmarks, other.landmarks)
            assert np.array_equal(one.box, other.box)


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return read_photo(resource_path("sample/Eileen Collins/collins_1.jpg"))


@pytest.fixture(scope="module")
def marks(portrait: np.ndarray) -> np.ndarray:
    return Detector().detect([portrait])[0][0].landmarks


def test_boxes_are_means_of_what_lies_in_the_photo_and_those_beside_it_are_none() -> None:
    photo = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 30, 40, 3)))
    boxes = [
        (5, 3, 24, 22), (-4, -9, 15, 10), (31, 20, 50, 39),  # whole; cut at two edges
        (-30, 5, -10, 25), (5, -30, 25, -10), (60, 5, 80, 25), (5, 50, 25, 70),  # beside the photo
    ]  # fmt: skip
    given = torch.tensor([(*box, 1.0) for box in boxes])
    kept, of, pixels = _AreaSums(photo).crops(given, torch.zeros(len(boxes), dtype=torch.long), 2)
    assert kept.tolist() == given[:3].tolist() and of.tolist() == [0, 0, 0]
    for box, crop in zip(boxes, pixels, strict=False):
        left, top, right, bottom = max(box[0], 1) - 1, max(box[1], 1) - 1, *box[2:]
        seen = photo[0, top:bottom, left:right].double()
        half = seen.shape[0] // 2, seen.shape[1] // 2
        if seen.shape[0] % 2 == seen.shape[1] % 2 == 0:
            corner = seen[: half[0], : half[1]].mean(dim=(0, 1))
            assert torch.allclose(crop[:, 0, 0].double(), (corner - 127.5) / 128, atol=1e-4)


def eyes(landmarks: np.ndarray) -> float:
    return float(np.linalg.norm(landmarks[1] - landmarks[0]))


@pytest.mark.parametrize(
    "margins", [(0.5, 0.5, 0.5, 0.3), (0.15, 9, 9, 9), (9, 0.1, 9, 9), (9, 9, 9, 0.1)]
)
def test_a_tight_photo_has_the_landmarks_of_the_whole_one(
    portrait: np.ndarray, marks: np.ndarray, margins: tuple[float, float, float, float]
) -> None:
    """margins: what is left beyond the landmarks at the left, top, right, bottom, in eye distances."""
    apart = eyes(marks)
    left, top = (marks.min(axis=0) - np.multiply(margins[:2], apart)).astype(int).clip(0)
    right, bottom = (marks.max(axis=0) + np.multiply(margins[2:], apart)).astype(int)
    found = Detector().detect([portrait[top:bottom, left:right]])[0][0]
    assert np.abs(found.landmarks + [left, top] - marks).max() < 0.2 * apart


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_photo_has_its_face_upright(
    portrait: np.ndarray, marks: np.ndarray, quarters: int
) -> None:
    found = Detector().detect([np.ascontiguousarray(np.rot90(portrait, quarters))])[0][0]
    height, width = portrait.shape[:2]
    x, y = marks[:, 0], marks[:, 1]
    turned = {
        1: np.stack([y, width - 1 - x], axis=1),
        2: np.stack([width - 1 - x, height - 1 - y], axis=1),
        3: np.stack([height - 1 - y, x], axis=1),
    }[quarters]
    assert np.abs(found.landmarks - turned).max() < 0.05 * eyes(marks)
    assert (found.landmarks > found.box[:2]).all() and (found.landmarks < found.box[2:]).all()


def test_of_two_equal_faces_one_is_taken(portrait: np.ndarray, marks: np.ndarray) -> None:
    both = np.concatenate([portrait, portrait[:, ::-1]], axis=1)
    faces = Detector().detect([both])[0]
    chosen = faces[choose(faces, (both.shape[1], both.shape[0]), "central")[0]]
    assert eyes(chosen.landmarks) == pytest.approx(eyes(marks), rel=0.1)


def test_no_face_is_made_up(portrait: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (200, 240, 3)).astype(np.uint8)
    stripes = np.repeat((np.arange(300) // 20 % 2 * 255).astype(np.uint8)[:, None], 260, axis=1)
    wall = portrait[:80, :80]  # what is behind the portrait's head
    photos = [np.zeros((160, 160, 3), np.uint8), noise, np.stack([stripes] * 3, axis=-1), wall]
    assert Detector().detect(photos) == [[], [], [], []]


@pytest.mark.parametrize(
    "height, width", [(1, 1), (1, 320), (320, 1), (2, 3), (12, 3000), (1500, 5)]
)
def test_photos_of_a_few_pixels_have_no_face(height: int, width: int) -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (height, width, 3), np.uint8)
    assert Detector().detect([photo, photo]) == [[], []]
    assert Detector().detect([photo[::-1, ::-1]]) == [[]]


@pytest.mark.parametrize(
    ("height", "width", "again"),
    [
        (200, 600, False),  # a face of a tenth of 200 pixels is the least that can be found at all
        (201, 600, True),
        (600, 201, True),
        (200, SEARCH_SIDE, False),
        (200, SEARCH_SIDE + 1, True),  # seen smaller at first
        (SEARCH_SIDE + 1, 100, True),
    ],
)
def test_small_faces_are_looked_for_where_the_first_search_could_not_see_them(
    height: int, width: int, again: bool
) -> None:
    class Searched(Detector):
        def __init__(self) -> None:
            self.sizes: list[tuple[int, ...]] = []

        def _search(self, photos_BHWC: np.ndarray, *_: object) -> list[list[Detection]]:
            self.sizes.append(photos_BHWC.shape[1:3])
            return [[]]

    searched = Searched()
    assert searched._small_faces(np.zeros((height, width, 3), np.uint8)) == []
    assert bool(searched.sizes) == again
    if again:
        assert searched.sizes == [(height, width)]


@pytest.mark.parametrize("name", ["obama_1", "obama_3_blur", "collins_1_small"])
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_what_looks_like_an_upright_face_in_a_turned_one_is_not_believed(
    name: str, quarters: int
) -> None:
    (path,) = resource_path("sample").rglob(f"{name}.jpg")
    photo = Image.fromarray(read_photo(path))
    scale = 300 / max(photo.size)
    size = (round(photo.width * scale), round(photo.height * scale))
    upright = np.asarray(photo.resize(size, Image.Resampling.BOX))
    detector = Detector()
    marks = detector.detect([upright])[0][0].landmarks
    for _ in range(quarters):  # counter-clockwise: what was right is above
        marks = np.stack([marks[:, 1], size[0] - 1 - marks[:, 0]], axis=1)
        size = size[::-1]
    turned = detector.detect([np.ascontiguousarray(np.rot90(upright, quarters))])[0][0]
    np.testing.assert_allclose(turned.landmarks, marks, atol=3)
