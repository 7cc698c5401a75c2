"""A face that is edited comes with the photo around it, where that is still the photo."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.explain.editing.editable import editable_face
from core.faces.align import apply, invert
from core.faces.face import Face
from core.gallery.cache import Cache
from core.gallery.face_selection import content_digest, face_digest
from tests.living import crop, make_photos


@pytest.fixture
def known(tmp_path: Path) -> tuple[Face, Path, Cache]:
    """ann/2.png's face, the photos' folder and a cache that holds its crop."""
    root, cache = tmp_path / "photos", Cache(tmp_path / "c.sqlite")
    found = make_photos(root, {"ann": 2})["ann/2.png"]
    digest = face_digest(content_digest((root / "ann/2.png").read_bytes()), found)
    face = Face("ann/2.png", 1, "ann", found, digest)
    editable_face(face, root, cache)
    assert cache.crop(digest) is not None
    return face, root, cache


def test_the_photo_around_a_crop_lies_where_its_transform_says(
    known: tuple[Face, Path, Cache],
) -> None:
    face, root, cache = known
    found = editable_face(face, root, cache)
    assert found.photo is not None and found.to_crop is not None and face.detection is not None
    # The crop is what the photo was made of, and the photo at each of its places shows it.
    assert np.abs(found.crop.astype(int) - crop("ann", 2)).mean() < 12
    places = np.random.default_rng(0).uniform(25, 85, (400, 2))
    x, y = np.floor(apply(invert(found.to_crop), places)).astype(int).T
    column, row = np.floor(places).astype(int).T
    seen, wanted = found.photo[y, x].astype(int), found.crop[row, column].astype(int)
    moved = found.crop[row - 8, column].astype(int)
    assert np.abs(seen - wanted).mean() < 0.4 * np.abs(moved - wanted).mean()
    # It reaches beyond the crop's sides.
    corners = apply(invert(found.to_crop), np.array([[0.0, 0.0], [112, 0], [0, 112], [112, 112]]))
    height, width = found.photo.shape[:2]
    assert (corners.min(axis=0) > -1).all() and (
        corners.max(axis=0) < (width + 1, height + 1)
    ).all()
    assert width * height > 1.2 * np.ptp(corners, axis=0).prod()


@pytest.mark.parametrize("gone", [False, True])
def test_a_photo_that_is_gone_or_another_is_done_without(
    known: tuple[Face, Path, Cache], gone: bool, tmp_path: Path
) -> None:
    face, root, cache = known
    kept = cache.crop(face.digest)
    if gone:
        (root / face.photo).unlink()
    else:
        Image.fromarray(np.full((320, 480, 3), 99, np.uint8)).save(root / face.photo)
    found = editable_face(face, root, cache)
    assert found.photo is None and found.to_crop is None
    assert np.array_equal(found.crop, kept)
    with pytest.raises(XCosError, match=r"2\.png"):
        editable_face(face, root, Cache(tmp_path / "other.sqlite"))
