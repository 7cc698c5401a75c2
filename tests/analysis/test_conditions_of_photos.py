"""Conditions of faces in whole photos, of a gallery and of probes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.analysis.conditions.measured import Measurer, condition_rows
from core.faces.conditions import CONDITIONS
from core.faces.face import Face
from core.gallery.cache import Cache
from core.gallery.face_selection import content_digest, face_digest
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.features import FaceFeatures
from core.scoring.matrix import ScoreMatrix
from tests.living import make_photos
from tests.weights import scored

NAMES = [condition.name for condition in CONDITIONS]


def gallery_of(root: Path, counts: dict[str, int]) -> LoadedGallery:
    """Photos of 480 x 320 with faces turned and scaled, and the boxes and landmarks that they have."""
    faces = tuple(
        Face(
            photo,
            1,
            photo.split("/")[0],
            found,
            face_digest(content_digest((root / photo).read_bytes()), found),
        )
        for photo, found in make_photos(root, counts).items()
    )
    grid = np.random.default_rng(len(faces)).normal(size=(len(faces), 32, 7, 7))
    return LoadedGallery(Gallery(root, root, faces), FaceFeatures(grid.astype(np.float32)))


def test_what_needs_the_photo_s_size_is_of_that_photo(tmp_path: Path) -> None:
    loaded = gallery_of(tmp_path / "g", {"ann": 2, "bob": 1})
    found = Measurer(Cache(tmp_path / "c.sqlite")).faces(loaded)
    for place, face in enumerate(loaded.gallery.faces):
        assert face.detection is not None
        left, top, right, bottom = face.detection.box.clip(0, [480, 320, 480, 320])
        share = 100 * (right - left) * (bottom - top) / (480 * 320)
        assert found["face_share"][place] == pytest.approx(share, rel=1e-5)
        eyes = face.detection.landmarks[1] - face.detection.landmarks[0]
        assert found["inter_eye"][place] == pytest.approx(float(np.hypot(*eyes)), rel=1e-5)
        assert 0 <= found["border"][place] < 100


def test_without_its_photo_a_face_has_what_its_crop_tells(tmp_path: Path) -> None:
    loaded, cache = gallery_of(tmp_path / "g", {"ann": 1, "bob": 1}), Cache(tmp_path / "c.sqlite")
    before = Measurer(cache).faces(loaded)
    (tmp_path / "g" / "ann" / "1.png").unlink()
    after = Measurer(cache).faces(loaded)
    for name, values in after.items():
        assert values[1] == before[name][1]
        if name in ("border", "face_share"):
            assert np.isnan(values[0]) and not np.isnan(before[name][0])
        elif name in ("yaw", "inter_eye"):
            assert values[0] == before[name][0]
    # Nor can the crop be made anew: then nothing is known, and the other face is as it was.
    lost = Measurer(Cache(tmp_path / "other.sqlite")).faces(loaded)
    assert all(np.isnan(values[0]) and values[1] == before[n][1] for n, values in lost.items())


def test_rows_are_the_gallery_s_faces_then_the_probes(tmp_path: Path) -> None:
    columns = gallery_of(tmp_path / "g", {"ann": 2, "bob": 1})
    rows = gallery_of(tmp_path / "p", {"cem": 1, "dan": 1})
    Image.new("RGB", (4, 4)).save(tmp_path / "p" / "dan" / "1.png")
    codes = np.array([2, 3], np.int32), np.array([0, 0, 1], np.int32)
    matrix = ScoreMatrix(np.full((2, 3), 0.5, np.float32), False, *codes, "uniform", "both")
    made = scored(matrix, rows, columns)
    table = Measurer(Cache(tmp_path / "c.sqlite")).table(made, 0.4)
    found = list(condition_rows(made, table))
    assert [(row[0], row[1]) for row in found] == [
        ("ann/1.png", "ann"), ("ann/2.png", "ann"), ("bob/1.png", "bob"),
        ("cem/1.png", "cem"), ("dan/1.png", "dan"),
    ]  # fmt: skip
    place = 2 + NAMES.index("inter_eye")
    wanted = [*table.columns["inter_eye"][:3], table.rows["inter_eye"][0]]
    assert [row[place] for row in found[:4]] == pytest.approx(wanted)
    assert found[4][place] is None  # the photo is another by now
