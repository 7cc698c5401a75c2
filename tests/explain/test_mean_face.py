"""The face behind mean maps."""

from pathlib import Path

import numpy as np
import pytest

from core.explain import mean_face as module
from core.explain.mean_face import mean_face
from core.faces.face import Face
from core.gallery.cache import Cache
from core.gallery.face_selection import content_digest, face_digest
from tests.living import crop, make_crops


def faces_of(root: Path, count: int) -> list[tuple[Face, Path]]:
    make_crops(root, {"ann": count})
    photos = [f"ann/{k}.png" for k in range(1, count + 1)]
    return [
        (Face(p, 1, "ann", None, face_digest(content_digest((root / p).read_bytes()), None)), root)
        for p in photos
    ]


def mean_of(numbers: list[int]) -> np.ndarray:
    crops = [crop("ann", k).astype(np.float64) for k in numbers]
    return np.mean(crops, axis=0)


def test_it_is_the_mean_of_the_crops_that_are_there(tmp_path: Path) -> None:
    faces, cache = faces_of(tmp_path / "g", 5), Cache(tmp_path / "c.sqlite")
    (tmp_path / "g" / "ann" / "2.png").unlink()
    found = mean_face(faces, cache)
    assert found is not None and found.dtype == np.uint8
    np.testing.assert_allclose(found, mean_of([1, 3, 4, 5]), atol=0.51)
    assert mean_face([], cache) is None
    assert mean_face(faces[1:2], cache) is None  # its photo is gone


def test_of_many_faces_some_are_taken_from_the_first_to_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AVERAGED", 3)
    found = mean_face(faces_of(tmp_path / "g", 5), Cache(tmp_path / "c.sqlite"))
    assert found is not None
    np.testing.assert_allclose(found, mean_of([1, 3, 5]), atol=0.51)
