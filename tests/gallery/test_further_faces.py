"""What is changed of a photo's further faces."""

from pathlib import Path

import numpy as np

from core.faces.choose import FacePolicy, GallerySettings
from core.faces.face import Detection, Face
from core.gallery.cache import Cache, PhotoRecord
from core.gallery.face_selection import FaceRules, keys_after
from core.gallery.folder import Listed
from core.project.edits import Edits, face_subject, pair_subject
from core.project.project import Project
from tests.gallery.test_opening import FakeDetector, opened, photos


def three_faces() -> PhotoRecord:
    """Of a photo of 400 x 300: the middle one, then two by their size."""
    marks = np.array([[40, 40], [70, 41], [55, 60], [42, 80], [68, 82]], np.float32)
    places = ((160, 110, 80), (20, 20, 60), (300, 20, 50))  # left, top, size
    return PhotoRecord(400, 300, tuple(
        Detection(np.array([x, y, x + s, y + s], np.float32), marks * s / 100 + (x, y), 0.99)
        for x, y, s in places
    ))  # fmt: skip


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


def test_what_is_known_of_faces_goes_with_them_when_another_is_picked(tmp_path: Path) -> None:
    """Three faces of a photo of 400 x 300: the middle one, then two by their size."""
    record = three_faces()
    project = Project.open(tmp_path, tmp_path / "cache")

    def boxes(
        policy: GallerySettings = GallerySettings("all"),
    ) -> dict[str, tuple[float, str | None]]:
        found = FaceRules(policy, project.edits).faces_of(Listed("a.jpg", "ann"), "d", record)
        return {f.key: (float(f.detection.box[0]), f.identity) for f in found if f.detection}

    def pick(detection: int) -> None:
        def keys(edits: Edits) -> dict[str, str]:
            rules = FaceRules(GallerySettings("all"), edits)
            return keys_after("a.jpg", record, rules, detection)

        project.pick_face("a.jpg", detection, keys)

    assert boxes() == {"a.jpg": (160, "ann"), "a.jpg#2": (20, None), "a.jpg#3": (300, None)}
    project.set_identity(["a.jpg#2"], "bob")
    project.tag(face_subject("a.jpg#3"), "blurred")
    project.tag(pair_subject("a.jpg", "a.jpg#2"), "alike")
    project.correct_landmarks("a.jpg#2", record.detections[1].landmarks)
    project.set_aside(["a.jpg#3"])
    pick(2)  # the one on the right stands for the photo, and has the name of its folder
    assert boxes() == {"a.jpg": (300, "ann"), "a.jpg#2": (160, None), "a.jpg#3": (20, "bob")}
    edits = project.edits
    assert edits.tags == {
        face_subject("a.jpg"): ("blurred",), pair_subject("a.jpg#2", "a.jpg#3"): ("alike",)
    }  # fmt: skip
    assert edits.aside == ("a.jpg",) and [*edits.landmarks] == ["a.jpg#3"]
    pick(1)
    assert boxes() == {"a.jpg": (20, "bob"), "a.jpg#2": (160, None), "a.jpg#3": (300, None)}
    project.undo()
    project.undo()
    assert boxes()["a.jpg#2"] == (20, "bob") and project.edits.aside == ("a.jpg#3",)
    # Another window that has not seen the pick yet makes one of its own of what is there by then.
    other = Project.open(tmp_path, tmp_path / "cache")
    pick(2)

    def keys(edits: Edits) -> dict[str, str]:
        return keys_after("a.jpg", record, FaceRules(GallerySettings("all"), edits), 1)

    other.pick_face("a.jpg", 1, keys)
    project.refresh()
    assert boxes()["a.jpg"] == (20, "bob")
    # Of the central face alone another one is taken, and what is known is of the photo.
    rules = FaceRules(GallerySettings("central"), project.edits)
    assert keys_after("a.jpg", record, rules, 2) == {}


def test_no_face_stands_twice_where_landmarks_are_on_another_one() -> None:
    """Three faces of a photo of 400 x 300; the user's landmarks are near those of the second."""
    record = three_faces()
    by_hand = record.detections[2].landmarks + 1

    def lefts(edits: Edits, faces: FacePolicy = "all") -> list[float]:
        found = FaceRules(GallerySettings(faces), edits).faces_of(
            Listed("a.jpg", "ann"), "d", record
        )
        assert len({f.digest for f in found}) == len(found)
        return [float(f.detection.box[0]) for f in found if f.detection]

    assert lefts(Edits()) == [160, 20, 300]
    on_third = Edits(landmarks={"a.jpg": by_hand.tolist()})
    # The second face keeps the number by which it was given a name, and the middle one is not lost.
    assert lefts(on_third) == [300, 20, 160]
    assert lefts(on_third, "central") == [300]
    further = Edits(landmarks={"a.jpg#2": by_hand.tolist()})
    assert lefts(further) == [160, 300, 20]
    assert keys_after("a.jpg", record, FaceRules(GallerySettings("all"), on_third), 1) == {
        "a.jpg": "a.jpg#3", "a.jpg#2": "a.jpg", "a.jpg#3": "a.jpg#2"
    }  # fmt: skip
    # Landmarks where no face was found are of one more.
    nowhere = Edits(landmarks={"a.jpg": (by_hand + (0, 200)).tolist()})
    assert len(lefts(nowhere)) == 4 and lefts(nowhere)[1:] == [20, 300, 160]
    picked = Edits(landmarks={"a.jpg": by_hand.tolist()}, picked={"a.jpg": 2})
    assert lefts(picked) == [300, 160, 20]
