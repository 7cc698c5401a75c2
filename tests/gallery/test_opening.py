"""Folders become galleries: what is computed, what is cached, what becomes a problem."""

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import Stopped, XCosError
from core.faces.choose import GallerySettings
from core.faces.face import Detection
from core.gallery.cache import Cache
from core.gallery.folder import scan
from core.gallery.gallery import LoadedGallery, identity_codes
from core.gallery.opening import crop_of, forget_gallery, landmarks_in_crop, open_gallery
from core.model.features import FaceFeatures
from core.progress import Task
from core.project.project import Project, project_path
from tests.conftest import make_crops

ALIGNED = GallerySettings(aligned=True)


class CountingVerifier:
    """Features that are a simple function of the crop, and a count of the crops asked for."""

    fingerprint = "counting"
    workers = 2

    def __init__(self) -> None:
        self.crops = 0
        self.warnings: list[str] = []

    def features(self, crops: np.ndarray) -> FaceFeatures:
        self.crops += len(crops)
        means = crops.reshape(len(crops), 7, 16, 7, 16, 3).mean(axis=(2, 4))
        grid = np.zeros((len(crops), 32, 7, 7), np.float32)
        grid[:, :3] = means.transpose(0, 3, 1, 2) - 127
        embedding = grid[:, :3].reshape(len(crops), -1)
        return FaceFeatures(grid, (embedding / np.linalg.norm(embedding, axis=1, keepdims=True)))


class FakeDetector:
    """Finds two faces in every photo but dark ones; counts the photos."""

    def __init__(self) -> None:
        self.photos = 0

    def detect(self, photos: list[np.ndarray]) -> list[list[Detection]]:
        self.photos += len(photos)
        marks = np.array([[40, 50], [70, 50], [55, 70], [42, 90], [68, 90]], np.float32)
        large = Detection(np.array([20, 20, 90, 110], np.float32), marks, 0.99)
        small = Detection(np.array([150, 20, 190, 70], np.float32), marks / 2 + [130, 0], 0.95)
        return [[] if photo.max() < 20 else [large, small] for photo in photos]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache" / "cache.sqlite")


def opened(
    folder: Path, cache: Cache, verifier: CountingVerifier | None = None, **more: object
) -> LoadedGallery:
    more.setdefault("settings", ALIGNED)
    return open_gallery(folder, verifier=verifier or CountingVerifier(), cache=cache, **more)  # type: ignore[arg-type]


def photos(folder: Path) -> Path:
    """Three photos of 220x160, one of them dark."""
    rng = np.random.default_rng(0)
    for name, top in (("ann/a.jpg", 256), ("bob/b.jpg", 256), ("bob/dark.jpg", 10)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, top, (160, 220, 3)).astype(np.uint8)).save(path)
    return folder


def test_faces_are_ordered_by_identity(crops: Path, cache: Cache) -> None:
    loaded = opened(crops, cache)
    assert [face.key for face in loaded.gallery.faces] == [
        "ann/1.png", "ann/2.png", "ann/3.png", "bob/1.png", "bob/2.png", "cem/1.png"
    ]  # fmt: skip
    assert identity_codes(loaded.gallery)[0].tolist() == [0, 0, 0, 1, 1, 2]
    assert loaded.features.grid.shape == (6, 32, 7, 7)


def test_a_second_opening_computes_nothing(crops: Path, cache: Cache) -> None:
    verifier = CountingVerifier()
    first = opened(crops, cache, verifier)
    second = opened(crops, cache, verifier)
    assert verifier.crops == 6
    np.testing.assert_array_equal(first.features.grid, second.features.grid)
    assert second.features.embedding is not None


def test_only_a_changed_photo_is_computed_again(crops: Path, cache: Cache) -> None:
    verifier = CountingVerifier()
    opened(crops, cache, verifier)
    Image.new("RGB", (112, 112), "red").save(crops / "ann" / "2.png")
    loaded = opened(crops, cache, verifier)
    assert verifier.crops == 7
    place = loaded.gallery.index()["ann/2.png"]
    np.testing.assert_allclose(loaded.features.grid[place, :3, 0, 0], [128, -127, -127])


def test_another_model_has_features_of_its_own(crops: Path, cache: Cache) -> None:
    opened(crops, cache)
    other = CountingVerifier()
    other.fingerprint = "other"
    opened(crops, cache, other)
    assert other.crops == 6


def test_identical_files_share_features(crops: Path, cache: Cache) -> None:
    shutil.copy(crops / "ann" / "1.png", crops / "cem" / "copy.png")
    verifier = CountingVerifier()
    loaded = opened(crops, cache, verifier)
    assert verifier.crops == 6 and len(loaded) == 7


def test_detection_policy_and_numbers(tmp_path: Path, cache: Cache) -> None:
    folder, detector = photos(tmp_path / "photos"), FakeDetector()
    loaded = opened(folder, cache, settings=GallerySettings("all"), detector=detector)
    assert [(f.key, f.identity) for f in loaded.gallery.faces] == [
        ("ann/a.jpg", "ann"), ("bob/b.jpg", "bob"), ("ann/a.jpg#2", None), ("bob/b.jpg#2", None)
    ]  # fmt: skip
    assert [p.file for p in loaded.gallery.problems] == ["bob/dark.jpg"]
    assert "shows no face" in loaded.gallery.problems[0].reason
    central = opened(folder, cache, settings=GallerySettings("central"), detector=detector)
    assert [f.key for f in central.gallery.faces] == ["ann/a.jpg", "bob/b.jpg"]
    assert detector.photos == 3  # another policy needs no second detection


def test_picked_faces_and_corrected_landmarks(tmp_path: Path, cache: Cache) -> None:
    folder, detector = photos(tmp_path / "photos"), FakeDetector()
    project = Project.open(folder, cache.folder)
    settings = GallerySettings()
    before = opened(folder, cache, settings=settings, detector=detector, project=project)
    project.pick_face("ann/a.jpg", 1)
    picked = opened(folder, cache, settings=settings, detector=detector, project=project)
    assert picked.gallery.faces[0].detection is not None
    assert picked.gallery.faces[0].detection.box[0] == 150
    project.undo()
    marks = np.array([[50, 60], [90, 62], [70, 80], [52, 100], [88, 101]])
    project.correct_landmarks("ann/a.jpg", marks)
    project.correct_landmarks("bob/dark.jpg", marks)
    moved = opened(folder, cache, settings=settings, detector=detector, project=project)
    assert moved.gallery.faces[0].digest != before.gallery.faces[0].digest
    assert not moved.gallery.problems  # landmarks set by hand give the dark photo a face
    crop = landmarks_in_crop(moved.gallery.faces[0])
    assert np.abs(crop - landmarks_in_crop(before.gallery.faces[0])).max() < 20


def test_a_doubtful_face_is_a_warning_until_its_landmarks_are_set(
    tmp_path: Path, cache: Cache
) -> None:
    folder = photos(tmp_path / "photos")
    far_left = np.array([[-40, 50], [-10, 50], [-25, 70], [-38, 90], [-12, 90]], np.float32)

    class Doubtful(FakeDetector):
        def detect(self, photos: list[np.ndarray]) -> list[list[Detection]]:
            found = super().detect(photos)
            return [[Detection(one[0].box, far_left, 0.95)] if one else [] for one in found]

    loaded = opened(folder, cache, settings=GallerySettings(), detector=Doubtful())
    assert [face.key for face in loaded.gallery.faces] == ["ann/a.jpg", "bob/b.jpg"]
    assert [warning.file for warning in loaded.gallery.warnings] == ["ann/a.jpg", "bob/b.jpg"]
    assert "a.jpg" in loaded.gallery.warnings[0].reason
    assert "% outside the photo" in loaded.gallery.warnings[0].reason
    project = Project.open(folder, cache.folder)
    marks = np.array([[50, 60], [90, 62], [70, 80], [52, 100], [88, 101]])
    project.correct_landmarks("ann/a.jpg", marks)
    again = opened(folder, cache, settings=GallerySettings(), project=project)
    assert [warning.file for warning in again.gallery.warnings] == ["bob/b.jpg"]


def test_partial_results_grow(tmp_path: Path, cache: Cache) -> None:
    folder = tmp_path / "many"
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(100):
        Image.fromarray(rng.integers(0, 255, (112, 112, 3)).astype(np.uint8)).save(
            folder / f"p_{number:04d}.png"
        )
    sizes: list[int] = []
    loaded = opened(folder, cache, on_partial=lambda part: sizes.append(len(part)))
    assert sizes and sizes[0] <= 12 and sizes == sorted(sizes) and sizes[-1] < 100
    assert len(loaded) == 100
    assert loaded.gallery.faces[0].identity == "p"


def test_stop_ends_loading(crops: Path, cache: Cache) -> None:
    with pytest.raises(Stopped):
        opened(crops, cache, task=Task(stopped=lambda: True))


# Bad input: one sentence that names the file; the rest goes on.


@pytest.mark.parametrize(
    "content, reason",
    [(b"", "is empty"), (b"not an image", "not an image"), (b"cut", "damaged or cut off")],
)
def test_unreadable_photos_are_problems(
    crops: Path, cache: Cache, content: bytes, reason: str
) -> None:
    whole = (crops / "ann" / "1.png").read_bytes()
    (crops / "ann" / "bad.png").write_bytes(whole[:3000] if content == b"cut" else content)
    loaded = opened(crops, cache)
    assert len(loaded) == 6
    (problem,) = loaded.gallery.problems
    assert (
        problem.file == "ann/bad.png" and reason in problem.reason and "bad.png" in problem.reason
    )


def test_wrong_size_in_an_aligned_gallery(crops: Path, cache: Cache) -> None:
    Image.new("RGB", (200, 100)).save(crops / "ann" / "wide.png")
    loaded = opened(crops, cache)
    assert "200x100, not an aligned 112x112 crop" in loaded.gallery.problems[0].reason


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a user that can be refused"
)
def test_no_permission(crops: Path, cache: Cache) -> None:
    (crops / "ann" / "1.png").chmod(0)
    loaded = opened(crops, cache)
    assert len(loaded) == 5 and "permission" in loaded.gallery.problems[0].reason


def test_empty_and_missing_folders(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(XCosError, match="empty has no photos"):
        opened(tmp_path / "empty", cache)
    with pytest.raises(XCosError, match="does not exist"):
        opened(tmp_path / "gone", cache)
    (tmp_path / "text.txt").write_text("x")
    with pytest.raises(XCosError, match="no folder, photo or CSV"):
        opened(tmp_path / "text.txt", cache)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
def test_link_loops_end(crops: Path) -> None:
    (crops / "ann" / "loop").symlink_to(crops, target_is_directory=True)
    assert len(scan(crops).photos) == 6


def test_names_in_any_script(tmp_path: Path, cache: Cache) -> None:
    folder = make_crops(tmp_path / "s")
    for old, new in (("ann", "Zoë Ångström"), ("bob", "Zoe\u0308 Ångström"), ("cem", "张伟 😀")):
        (folder / old).rename(folder / new)
    loaded = opened(folder, cache)
    assert {f.identity for f in loaded.gallery.faces} == {"Zoë Ångström", "张伟 😀"}


def test_csv_gallery(crops: Path, cache: Cache, tmp_path: Path) -> None:
    table = crops / "list.csv"
    table.write_text("path,identity\nann/1.png,Ann\ncem/1.png,\nnotes.txt,x\n", encoding="utf-8")
    loaded = opened(table, cache)
    assert [(f.key, f.identity) for f in loaded.gallery.faces] == [
        ("ann/1.png", "Ann"),
        ("cem/1.png", None),
    ]
    assert [p.file for p in loaded.gallery.problems] == ["notes.txt"]


def test_a_photo_deleted_or_changed_after_loading(crops: Path, cache: Cache) -> None:
    loaded = opened(crops, cache)
    face = loaded.gallery.faces[0]
    (crops / "ann" / "1.png").unlink()
    assert crop_of(face, crops, cache).shape == (112, 112, 3)  # the cache still has it
    fresh = Cache(crops.parent / "other.sqlite")
    with pytest.raises(XCosError, match="is not there"):
        crop_of(face, crops, fresh)
    Image.new("RGB", (50, 50)).save(crops / "ann" / "1.png")
    with pytest.raises(XCosError, match="changed after loading"):
        crop_of(face, crops, fresh)


def test_each_copy_of_a_damaged_photo_is_named(crops: Path, cache: Cache) -> None:
    for name in ("ann/bad.png", "bob/bad.png"):
        (crops / name).write_bytes(b"not an image")
    problems = opened(crops, cache).gallery.problems
    assert [problem.file for problem in problems] == ["ann/bad.png", "bob/bad.png"]
    assert all(str(crops / problem.file) in problem.reason for problem in problems)


# The cache file.


def test_cut_off_cache_is_rebuilt(crops: Path, cache: Cache) -> None:
    opened(crops, cache)
    cache.close()
    size = cache.path.stat().st_size
    with cache.path.open("r+b") as file:
        file.truncate(size // 2)
    again = Cache(cache.path)
    assert "built anew" in again.warnings[0] and str(cache.path) in again.warnings[0]
    verifier = CountingVerifier()
    assert len(opened(crops, again, verifier)) == 6 and verifier.crops == 6


def test_cache_of_another_version_or_kind_is_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    Cache(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET version = 99")
    connection.close()
    assert "another version" in Cache(path).warnings[0]
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(path.read_bytes()[:-1])
    assert "built anew" in Cache(damaged).warnings[0]
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"something else entirely" * 50)
    assert "is no cache of xCos Studio; name another file" in Cache(other).warnings[0]
    assert other.read_bytes() == b"something else entirely" * 50


def test_damage_while_in_use_is_survived(crops: Path, cache: Cache) -> None:
    opened(crops, cache)
    cache._connection.execute("DROP TABLE crops")
    face = opened(crops, cache).gallery.faces[0]
    assert crop_of(face, crops, cache).shape == (112, 112, 3)
    assert cache.warnings


def test_two_windows_share_the_cache(crops: Path, cache: Cache) -> None:
    second = Cache(cache.path)
    opened(crops, cache)
    verifier = CountingVerifier()
    assert len(opened(crops, second, verifier)) == 6
    assert verifier.crops == 0 and not second.warnings


def test_full_disk_goes_on_from_memory(
    crops: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache._connection.execute("PRAGMA max_page_count = 12")  # SQLite's own "disk is full"
    loaded = opened(crops, cache)
    assert len(loaded) == 6
    assert any("nothing is kept" in warning and "full" in warning for warning in cache.warnings)
    assert crop_of(loaded.gallery.faces[0], crops, cache).shape == (112, 112, 3)


def test_unwritable_place_goes_on_from_memory(tmp_path: Path, crops: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "cache.sqlite")
    assert "cannot be used" in cache.warnings[0]
    assert len(opened(crops, cache)) == 6


def test_forget_deletes_features_and_project_but_not_what_others_share(
    crops: Path, cache: Cache, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(crops / "cem", other / "cem")
    opened(crops, cache)
    opened(other, cache)
    project = Project.open(crops, cache.folder)
    project.set_aside(["ann/1.png"])
    forget_gallery(crops, cache)
    assert not project_path(crops, cache.folder).exists()
    verifier = CountingVerifier()
    opened(other, cache, verifier)
    assert verifier.crops == 0
    opened(crops, cache, verifier)
    assert verifier.crops == 5
    assert (crops / "ann" / "1.png").exists()
    forget_gallery(other, cache)  # nobody changed anything in it: there is no project
    forget_gallery(other, cache)
    opened(other, cache, verifier)
    assert verifier.crops == 5
