"""Conditions of a face against heads turned by known angles and pictures whose values are known."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.faces.align import TEMPLATE, align
from core.faces.conditions import BY_NAME, measure_face
from core.faces.face import Detection
from core.faces.photo import photo_size, read_photo
from core.faces.pose import HEAD, head_pose, yaw_range

# Another head than the one that is fitted (mm): wider eyes, a longer nose, a receding mouth.
OTHER = np.array([[-33, 1, 1], [32, 0, 0], [1, 40, -35], [-24, 70, -3], [25, 71, -4]], np.float64)


def seen(head: np.ndarray, yaw: float, pitch: float, roll: float, distance: float) -> np.ndarray:
    """Where a perspective camera at a distance in mm sees a turned head's points, (5, 2) pixels."""
    y, p, r = np.radians([-yaw, -pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    points = (head - head.mean(axis=0)) @ (about_z @ about_x @ about_y).T
    return 1000 * points[:, :2] / (points[:, 2:] + distance) + 300


def test_turns_are_found_within_some_degrees_whatever_the_head_and_camera() -> None:
    rng = np.random.default_rng(0)
    wrong = []
    for _ in range(500):
        told = rng.uniform((-70, -25, -40), (70, 25, 40))
        head = (OTHER if rng.random() < 0.5 else HEAD) * rng.uniform(0.9, 1.1, (5, 3))
        marks = seen(head, *told, distance=rng.uniform(500, 3000))
        wrong.append(np.abs(head_pose(marks[None])[0] - told))
    yaw, pitch, roll = np.mean(wrong, axis=0)
    assert yaw < 5 and roll < 4 and pitch < 8


@pytest.mark.parametrize("told", [(30, 0, 0), (-30, 0, 0), (0, 20, 0), (0, 0, 15), (25, -10, 5)])
def test_signs_are_as_told(told) -> None:
    marks = seen(HEAD, *told, distance=1e6)
    assert head_pose(marks[None])[0] == pytest.approx(told, abs=0.1)
    if told[0] > 0 and told[1] == 0:
        nose, eyes = marks[2, 0], marks[:2, 0].mean()
        assert nose > eyes  # a face turned to the right of the picture


def test_landmarks_that_fall_together_have_no_pose() -> None:
    both = np.stack([np.full((5, 2), 7.0), TEMPLATE.astype(np.float64)])
    found = head_pose(both)
    assert np.isnan(found[0]).all() and np.abs(found[1]).max() < 12


def detection(shift: tuple[float, float] = (0, 0), scale: float = 1.0) -> Detection:
    marks = (TEMPLATE * scale + np.array(shift)).astype(np.float32)
    return Detection(np.array([*shift, *(np.array(shift) + 112 * scale)], np.float32), marks, 1.0)


def test_values_of_pictures_that_are_known() -> None:
    grey = np.full((112, 112, 3), 60, np.uint8)
    found = measure_face(grey, None, None)
    assert found["exposure"] == pytest.approx(60) and found["contrast"] == pytest.approx(0)
    assert found["greyness"] == 100 and found["sharpness"] == pytest.approx(0)
    assert all(np.isnan(found[name]) for name in ("yaw", "inter_eye", "border", "face_share"))
    checks = np.zeros((112, 112, 3), np.uint8)
    checks[(np.indices((112, 112)).sum(axis=0) % 2).astype(bool)] = 200
    found = measure_face(checks, None, None)
    assert found["exposure"] == pytest.approx(100) and found["contrast"] == pytest.approx(100)
    assert found["sharpness"] == pytest.approx(800**2)  # the Laplacian is 800 or -800
    red = np.zeros((112, 112, 3), np.uint8)
    red[:56, :, 0] = 200
    assert measure_face(red, None, None)["greyness"] == 50


def test_border_and_share_are_of_the_photo() -> None:
    photo = np.full((200, 224, 3), 90, np.uint8)
    inside = measure_face(align(photo, detection().landmarks), detection(), (224, 200))
    assert inside["border"] == 0 and inside["exposure"] == pytest.approx(90)
    assert inside["face_share"] == pytest.approx(100 * 112 * 112 / (224 * 200))
    assert inside["inter_eye"] == pytest.approx(35.24, abs=0.01)
    half = detection((-56, 0))
    found = measure_face(align(photo, half.landmarks), half, (224, 200))
    assert found["border"] == pytest.approx(50, abs=0.5)
    assert found["exposure"] == pytest.approx(90)  # what lies outside does not count
    assert found["face_share"] == pytest.approx(100 * 56 * 112 / (224 * 200))
    far = detection((500, 500))
    assert np.isnan(measure_face(align(photo, far.landmarks), far, (224, 200))["exposure"])


@pytest.mark.parametrize("shift", [(-30, 0), (0, -30), (142, 10), (10, 118), (-30, -30)])
def test_a_face_cut_by_the_photo_s_edge_is_no_sharper_for_it(shift: tuple[int, int]) -> None:
    """The edge to the black beyond the photo is no feature of the face."""
    cut = detection(shift)
    found = measure_face(
        align(np.full((200, 224, 3), 90, np.uint8), cut.landmarks), cut, (224, 200)
    )
    assert 20 < found["border"] < 60 and found["sharpness"] == pytest.approx(0)
    assert found["contrast"] == pytest.approx(0)


def test_a_pair_has_the_value_of_its_worse_face() -> None:
    nan = np.nan
    for name, left, right, worse in (
        ("yaw", -40, 10, 40),
        ("yaw", 3, nan, 3),
        ("sharpness", 20, 300, 20),
        ("sharpness", nan, 30, 30),
        ("exposure", 20, 200, 20),
        ("exposure", 100, 250, 250),
        ("border", 0, 30, 30),
        ("unlike", nan, nan, nan),
    ):
        for one, other in ((left, right), (right, left)):
            found = BY_NAME[name].worse_of(np.array([float(one)]), np.array([float(other)]))
            assert found == pytest.approx([worse], nan_ok=True), name


@pytest.mark.parametrize("orientation", [1, 3, 5, 6, 7, 8])
@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp", "avif", "bmp"])
def test_a_photo_s_size_is_that_of_its_upright_pixels(orientation, kind, tmp_path) -> None:
    path = tmp_path / f"a.{kind}"
    image = Image.new("RGB", (30, 20))
    exif = image.getexif()
    exif[274] = orientation
    image.save(path, exif=exif)
    turned = orientation >= 5 and kind != "bmp"
    assert photo_size(path) == ((20, 30) if turned else (30, 20))
    assert read_photo(path).shape == ((30, 20, 3) if turned else (20, 30, 3))


XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


@pytest.mark.parametrize("packed", [False, True])
def test_a_photo_s_size_and_pixels_are_turned_alike_by_what_xmp_says(tmp_path, packed) -> None:
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", XMP, zip=packed)
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png", pnginfo=texts)
    assert photo_size(tmp_path / "a.png") == (20, 30)
    assert read_photo(tmp_path / "a.png").shape == (30, 20, 3)


def test_a_photo_that_is_read_without_its_metadata_has_a_size(tmp_path) -> None:
    content = io.BytesIO()
    Image.new("RGB", (30, 20)).save(content, "JPEG")
    data = content.getvalue()
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xe2\0\x0eICC_PROFILE\0" + data[2:])
    assert photo_size(tmp_path / "a.jpg") == (30, 20)
    assert read_photo(tmp_path / "a.jpg").shape == (20, 30, 3)


def test_a_photo_s_size_is_told_without_decoding_it(tmp_path) -> None:
    """Here nothing stands where the pixels should."""
    content = io.BytesIO()
    Image.new("RGB", (30, 20)).save(content, "PNG")
    (tmp_path / "a.png").write_bytes(content.getvalue()[:33] + b"\0\0\0\0IDAT\x35\xaf\x06\x1e")
    assert photo_size(tmp_path / "a.png") == (30, 20)


def test_a_yaw_that_landmarks_cannot_tell_is_told_as_a_range() -> None:
    # Beyond 25 degrees the hidden eye is a guess: what reads 47 may be a profile.
    low, high = yaw_range(np.array([10.0, -10, 47, -47, 120, np.nan]))
    assert low[:4].tolist() == [0, -20, 37, -90] and high[:4].tolist() == [20, 0, 90, -37]
    assert (low[4], high[4]) == (110, 120) and np.isnan([low[5], high[5]]).all()
    assert BY_NAME["yaw"].text(47.2) == "37 to 90" and BY_NAME["yaw"].text(-47) == "-90 to -37"
    assert BY_NAME["yaw"].text(-12.25) == "-12" and BY_NAME["roll"].text(47) == "47"
    assert BY_NAME["sharpness"].text(470.5) == "470.5" and "up to 90" in BY_NAME["yaw"].limits


@given(st.floats(-80, 80), st.floats(-20, 20))
def test_the_true_yaw_of_a_turned_head_lies_in_its_range(yaw: float, pitch: float) -> None:
    found = head_pose(seen(OTHER, yaw, pitch, 0, distance=1500)[None])[0, 0]
    low, high = yaw_range(np.array(found))
    assert low <= yaw <= high
