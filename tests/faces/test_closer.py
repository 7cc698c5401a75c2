"""Landmarks of faces that are small where they are searched are those of the photo's own pixels."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.faces.align import align
from core.faces.choose import choose
from core.faces.detect import Detector
from core.faces.face import Detection
from core.faces.photo import read_photo
from core.faces.scaled import ScaledPhoto
from core.faces.searched import photo_file, search
from core.resources import resource_path

SIDE = 250
LARGE = 2000  # pixels: a face of SIDE has some 30 where it is searched


def portrait() -> np.ndarray:
    """A face of about a third of its 250 pixels."""
    path = sorted(resource_path("sample").rglob("*.jpg"))[0]
    photo = Image.fromarray(read_photo(path))
    (face,) = Detector().detect([np.asarray(photo)])[0][:1]
    middle, side = face.landmarks.mean(axis=0), 2.2 * (face.box[3] - face.box[1])
    box = tuple(float(v) for v in (*(middle - side / 2), *(middle + side / 2)))
    return np.asarray(photo.transform((SIDE, SIDE), Image.Transform.EXTENT, box))


def wide(photo: np.ndarray, left: int, top: int) -> np.ndarray:
    """A large photo that shows it somewhere, before smooth colours of its own."""
    small = Image.fromarray(photo).resize((4, 4), Image.Resampling.BOX)
    large = np.array(small.resize((LARGE, LARGE), Image.Resampling.BICUBIC))
    large[top : top + SIDE, left : left + SIDE] = photo
    return large


def jpeg(photo: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(photo).save(data, "JPEG", quality=95)
    return data.getvalue()


def error(marks: np.ndarray, true: np.ndarray) -> float:
    """The mean distance of landmarks, in distances between the eyes."""
    return float(np.linalg.norm(marks - true, axis=1).mean() / np.linalg.norm(true[1] - true[0]))


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_small_face_of_a_large_photo_is_as_exact_as_by_itself(quarters: int) -> None:
    photo, detector = portrait(), Detector()
    (alone,) = detector.detect([photo])[0]
    large = wide(photo, 900, 700)
    turned = np.ascontiguousarray(np.rot90(large, quarters))
    (whole,) = detector.detect([turned])[0]
    (read,) = search([photo_file(jpeg(turned), "a.jpg")], detector)[0]
    for face in (whole, read):
        assert error(back(face.landmarks, quarters), alone.landmarks + [900, 700]) < 0.06


def back(points: np.ndarray, quarters: int) -> np.ndarray:
    """Points of a square photo that np.rot90 turned, in the photo as it was."""
    for _ in range(quarters):
        points = np.stack([LARGE - 1 - points[:, 1], points[:, 0]], axis=1)
    return points


def test_without_a_closer_look_landmarks_would_be_coarse() -> None:
    photo, detector = portrait(), Detector()
    (alone,) = detector.detect([photo])[0]
    large = wide(photo, 900, 700)
    small = np.asarray(Image.fromarray(large).resize((640, 640), Image.Resampling.BILINEAR))
    (coarse,) = detector.detect([small])[0]
    scale = LARGE / 640
    true = alone.landmarks + [900, 700]
    (face,) = detector.detect([large])[0]
    assert error(face.landmarks, true) < 0.6 * error((coarse.landmarks + 0.5) * scale - 0.5, true)


def test_its_crop_is_that_of_the_face_alone() -> None:
    photo, detector = portrait(), Detector()
    (alone,) = detector.detect([photo])[0]
    file = photo_file(jpeg(wide(photo, 300, 1200)), "a.jpg")
    (face,) = search([file], detector)[0]
    crop, true = file.crop(face.landmarks).astype(float), align(photo, alone.landmarks)
    assert (
        np.corrcoef(crop.ravel(), true.ravel())[0, 1] > 0.93
    )  # 0.77 by the landmarks of the search


def test_a_face_stays_as_it_was_where_the_pixels_show_none() -> None:
    (face,) = Detector().detect([portrait()])[0]
    blank = np.full((SIDE, SIDE, 3), 127, np.uint8)
    assert Detector().closer(blank, face) is face
    outside = Detection(face.box + 1000, face.landmarks + 1000, 0.9)
    assert Detector().closer(blank, outside) is outside


@pytest.mark.parametrize(("side", "looks"), [(90, 1), (100, 0)])
def test_only_small_faces_of_reduced_photos_are_looked_at_again(side: int, looks: int) -> None:
    marks = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float32)
    found = Detection(np.array([0, 0, side, side / 2], np.float32), marks, 1.0)
    asked = []

    class Found:
        def detect(self, photos: list[np.ndarray]) -> list[list[Detection]]:
            return [[found] for _ in photos]

        def closer(self, photo: np.ndarray, face: Detection) -> Detection:
            asked.append((photo.shape, face.landmarks))
            return Detection(face.box + 1, face.landmarks + 1, face.probability)

    content = jpeg(np.zeros((2600, 3000, 3), np.uint8))  # seen at a quarter of its size
    (face,) = search([photo_file(content, "a.jpg")], Found())[0]
    assert len(asked) == looks
    np.testing.assert_allclose(face.landmarks, marks * 4 + 1.5 + 2 * looks)
    if looks:  # 360 pixels of the whole photo: a half shows at least 96
        assert asked[0][0] == (1300, 1500, 3)
        np.testing.assert_allclose(asked[0][1], marks * 2 + 0.5)
    small = np.zeros((600, 600, 3), np.uint8)  # nothing is reduced
    search([photo_file(jpeg(small), "b.jpg")], Found())
    assert len(asked) == looks


@given(st.sampled_from([1, 2, 4, 8]), st.lists(st.floats(0, 4000), min_size=14, max_size=14))
def test_from_the_whole_photo_and_back(reduction: int, numbers: list[float]) -> None:
    places = np.array(numbers, np.float32)
    face = Detection(places[:4], places[4:].reshape(5, 2), 0.5)
    seen = ScaledPhoto(np.zeros((1, 1, 3), np.uint8), (reduction, reduction), reduction)
    again = seen.in_whole(seen.from_whole(face))
    np.testing.assert_allclose(again.box, face.box, atol=1e-2)
    np.testing.assert_allclose(again.landmarks, face.landmarks, atol=1e-2)
    assert again.probability == 0.5


def group(sides: list[int], height: int = 1500, width: int = 2400) -> np.ndarray:
    """A photo of people side by side, each portrait this many pixels wide."""
    photo, smallest = portrait(), Image.fromarray(portrait()).resize((1, 1))
    large = np.full((height, width, 3), np.asarray(smallest)[0, 0] // 2 + 60, np.uint8)
    for k, side in enumerate(sides):
        one = np.asarray(Image.fromarray(photo).resize((side, side), Image.Resampling.BICUBIC))
        left, top = (2 * k + 1) * width // (2 * len(sides)) - side // 2, height // 2 - side // 2
        large[top : top + side, left : left + side] = one
    return large


@pytest.mark.parametrize(
    "sides", [[330, 260, 330], [400, 150, 400], [170, 170, 170], [260, 90, 260]]
)
def test_people_of_a_group_are_all_found_and_the_middle_one_stands_for_it(sides: list[int]) -> None:
    photo = group(sides)
    file, detector = photo_file(jpeg(photo), "a.jpg"), Detector()
    for faces in (search([file], detector)[0], detector.detect([photo])[0]):
        middles = sorted(float(face.landmarks[:, 0].mean()) for face in faces)
        assert middles == pytest.approx([400, 1200, 2000], abs=25)
        (central,) = choose(faces, (2400, 1500), "central")
        if min(sides) ** 2 >= 0.25 * max(sides) ** 2:  # no background beside the others
            assert faces[central].landmarks[:, 0].mean() == pytest.approx(1200, abs=25)


def test_beside_a_portrait_small_faces_are_background(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, asked = group([1150, 110]), []
    plain = Detector._search

    def counting(self: Detector, photos: np.ndarray, *given: object) -> object:
        asked.append(photos.shape)
        return plain(self, photos, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Detector, "_search", counting)
    (face,) = Detector().detect([photo])[0]
    assert face.box[2] < 1200 and len(asked) == 1
