"""What is changed of a photo's further faces."""

from pathlib import Path

import numpy as np

from core.faces.choose import GallerySettings
from core.faces.face import Face
from core.gallery.cache import Cache
from core.project.project import Project
from tests.gallery.test_opening import FakeDetector, opened, photos


def test_landmarks_of_a_further_face_are_its_own(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.sqlite")
    folder, detector = photos(tmp_path / "photos"), FakeDetector()
    project = Project.open(folder, cache.folder)

    def faces() -> dict[str, Face]:
        loaded = opened(folder, cache, settings=GallerySettings("all"), detector=detector,
                        project=project)  # fmt: skip
        return {face.key: face for face in loaded.gallery.faces}

    before = faces()
    marks = np.array([[152, 25], [168, 26], [160, 36], [153, 47], [167, 48]], np.float32)
    project.correct_landmarks("ann/a.jpg#2", marks)
    after = faces()
    changed = {key for key in before if before[key].digest != after[key].digest}
    assert changed == {"ann/a.jpg#2"} and before.keys() == after.keys()
    found = after["ann/a.jpg#2"].detection
    assert found is not None and found.box[0] == 150 and found.probability == 1
    np.testing.assert_array_equal(found.landmarks, marks)
    project.pick_face("bob/b.jpg", 1)
    assert "ann/a.jpg#2" in project.edits.landmarks
    project.pick_face("ann/a.jpg", 1)  # its faces have other numbers now
    assert project.edits.landmarks == {}
    project.undo()
    project.rename_photos({"ann/a.jpg": "ann/b.jpg"})
    assert {*project.edits.landmarks} == {"ann/b.jpg#2"}
