"""Which faces a run learns from and how they are counted, kept, measured and told."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.errors import Stopped, XCosError
from core.progress import Task
from core.project.project import Project
from core.training import gallery_source
from core.training.checks import Faces, count_faces
from core.training.config import DataConfig, TrainConfig
from core.training.estimate import Estimate
from core.training.gallery_source import no_faces
from core.training.input_measure import some_faces
from core.training.positive_mining import kept_positives, likely_positives
from core.training.resumable_arrays import count_up, counted, new_array
from core.training.sources import FolderSource, SomeFaces, read_excluded, without
from core.training.validation import accuracies, separation
from tests.living import crop, make_crops


def test_a_gallery_s_people_are_counted_as_they_were_corrected(tmp_path: Path) -> None:
    gallery = make_crops(tmp_path / "g", {"ann": 3, "bob": 2, "cem": 1})
    Image.fromarray(crop("dan", 1)).save(gallery / "loose.png")
    data = DataConfig(gallery=gallery, gallery_cache=tmp_path / "own" / "cache.sqlite")
    config = TrainConfig(data=data)
    assert count_faces(config) == Faces(6, 1, 3)
    project = Project.open(gallery, tmp_path / "own")
    project.set_identity(["ann/1.png"], None)
    project.set_identity(["loose.png", "cem/1.png"], "eve")
    project.set_aside(["bob/1.png"])
    # Of seven photos one is set aside: ann has two, bob one, eve two, and one is nobody's.
    assert count_faces(config) == Faces(5, 1, 3)
    more = replace(data, labelled=[gallery], unlabelled=[gallery / "ann", gallery / "bob"])
    assert count_faces(replace(config, data=more)) == Faces(5 + 6, 1 + 1 + 5, 3 + 3)


class Crops:
    """A source that notes which of its faces are read."""

    stamp = "s"

    def __init__(self, count: int) -> None:
        self.identities, self.read_ones = np.full(count, "x"), list[int]()

    def name(self, number: int) -> str:
        return f"crop {number}"

    def read(self, number: int) -> np.ndarray:
        self.read_ones.append(number)
        return np.zeros((112, 112, 3), np.uint8)


@pytest.mark.parametrize(
    ("count", "tried"),
    [(1, [0]), (2, [0, 1]), (8, [*range(8)]), (20, [0, 3, 5, 8, 11, 14, 16, 19])],
)
def test_a_few_crops_from_all_over_are_searched_for_a_face(
    count: int, tried: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_source, "Detector", lambda: SimpleNamespace(detect=lambda crops: [[]] * len(crops)))  # fmt: skip
    source = Crops(count)
    assert no_faces(source, True) == (
        "No face can be seen in crops such as crop 0; if these are photos that are not aligned, set "
        "data.aligned to false."
    )
    assert source.read_ones == tried


def test_the_first_folder_names_a_person_however_deep_the_photo_lies(tmp_path: Path) -> None:
    root = make_crops(tmp_path / "faces", {"ann": 2, "bob": 1})
    (root / "bob" / "2019" / "may").mkdir(parents=True)
    shutil.copy(root / "bob" / "1.png", root / "bob" / "2019" / "may" / "a.png")
    shutil.copy(root / "bob" / "1.png", root / "loose.png")
    source = FolderSource(root, labelled=True)
    names = [source.name(k).removeprefix(f"{root}{os.sep}") for k in range(5)]
    assert dict(zip(names, source.identities.tolist(), strict=True)) == {
        os.path.join("ann", "1.png"): "ann",
        os.path.join("ann", "2.png"): "ann",
        os.path.join("bob", "1.png"): "bob",
        os.path.join("bob", "2019", "may", "a.png"): "bob",
        "loose.png": "",
    }
    assert not any(FolderSource(root, labelled=False).identities)
    stamps = {source.stamp, FolderSource(root, True, aligned=False).stamp}
    Image.fromarray(crop("eve", 1)).save(root / "loose.png")
    stamps.add(FolderSource(root, True).stamp)
    assert len(stamps) == 3 and FolderSource(root, True).stamp in stamps
    Image.new("RGB", (100, 90)).save(root / "loose.png")
    with pytest.raises(XCosError, match=r"loose\.png is 100x90, not an aligned 112x112 face; set"):
        FolderSource(root, True).read(names.index("loose.png"))


def test_faces_on_a_list_are_named_by_the_end_of_their_path(tmp_path: Path) -> None:
    source = Crops(6)
    names = ["a/b/1.png", "b/1.png", "c/1.png", "a/b/11.png", "a/b/2.png", "1.png"]
    source.name = lambda number: f"/faces/{names[number]}"  # type: ignore[method-assign]
    (tmp_path / "out.txt").write_text("b\\1.png\tseen twice\n\n \na/b/2.png\n/faces/c\n")
    excluded = read_excluded(tmp_path / "out.txt")
    assert excluded == {"b/1.png", "a/b/2.png", "/faces/c"}
    left = without(source, excluded)
    assert [left.name(k) for k in range(len(left.identities))] == [
        f"/faces/{names[k]}" for k in (2, 3, 5)
    ]
    assert without(source, {"x.png"}) is source and without(source, set()) is source
    left.read(1)
    assert source.read_ones == [3]
    few = SomeFaces(left, np.array([2, 0]))
    assert few.whole is source and few.name(0) == "/faces/1.png" and len(few.identities) == 2
    assert len({source.stamp, left.stamp, few.stamp}) == 3


def test_an_array_needs_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    room = {"free": 4 * 30 + 1}
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(**room))
    made = new_array(tmp_path / "a.npy", np.float32, (5, 6))
    assert made.shape == (5, 6) and made.dtype == np.float32
    room["free"] = 4 * 30
    with pytest.raises(XCosError, match=r"has 0\.0 GB free, but .*b\.npy needs 0\.0 GB; make room"):
        new_array(tmp_path / "b.npy", np.float32, (5, 6))
    room["free"] = 2_340_000_000
    with pytest.raises(XCosError, match=r"has 2\.3 GB free, but .*b\.npy needs 9\.6 GB"):
        new_array(tmp_path / "b.npy", np.float64, (1_200_000, 1000))
    assert not (tmp_path / "b.npy").exists()
    count_up(tmp_path / "done.txt", 41)
    assert counted(tmp_path / "done.txt") == 41 and counted(tmp_path / "none.txt") == 0


def test_likely_positives_are_found_once_and_looked_for_in_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.positive_mining.ROWS", 4)
    rows = np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    labels, told = np.where(np.arange(11) == 3, 0, -1), list[tuple[int, int]]()
    task = Task(lambda what, done, total: told.append((done, total)))
    found = kept_positives(tmp_path / "near.npy", rows, labels, 0.2, "cpu", task)
    assert told == [(0, 10), (4, 10), (8, 10)]
    assert np.array_equal(found, likely_positives(rows, labels, 0.2))
    again = kept_positives(tmp_path / "near.npy", rows[::-1], labels, 0.9, "cpu", task)
    assert np.array_equal(again, found) and len(told) == 3
    stopped = Task(stopped=lambda: True)
    with pytest.raises(Stopped, match="Looking for likely positives"):
        kept_positives(tmp_path / "other.npy", rows, labels, 0.2, "cpu", stopped)
    assert not (tmp_path / "other.npy").exists()
    two = np.where(np.arange(11) < 9, 0, -1)
    assert (likely_positives(rows, two, -1.0)[9:, 0] == [10, 9]).all()
    assert (likely_positives(rows, np.where(np.arange(11) < 10, 0, -1), -1.0) == -1).all()


def test_how_far_apart_two_sorts_of_scores_lie() -> None:
    scores, same = np.array([0.9, 0.5, 0.1, 0.3, 0.2]), np.array([True, True, False, False, False])
    spread = np.sqrt((0.2**2 + np.var([0.1, 0.3, 0.2])) / 2)
    assert separation(scores, same) == pytest.approx((0.7 - 0.2) / spread)
    assert separation(np.array([0.5, 0.5, 0.2]), same[[0, 1, 2]]) == pytest.approx(0.3 / 1e-9)
    # One genuine pair of two, and all impostor pairs, count as much.
    found = accuracies({"learned": np.array([0.9, 0.15, 0.1, 0.3, 0.2])}, same)
    assert found == {"learned": pytest.approx(0.75)}


def test_an_input_is_measured_on_four_photos_of_ten_people() -> None:
    labels = np.concatenate([np.repeat(np.arange(12), 5), [12, -1, -1], np.full(2, 13)])
    found = some_faces(labels)
    assert found.tolist() == [5 * person + k for person in range(10) for k in range(4)]
    assert some_faces(np.array([-1, 4, 4, 2, -1, 7, 7, 7])).tolist() == [1, 2, 5, 6, 7]


def test_an_estimate_in_words() -> None:
    found = Estimate(1234, 5600, 13, 96, 0.5, 90.0, 0.9, 7200.0, 2_340_000_000)
    assert found.words == (
        "An epoch of 1,234 faces takes about 2 min (0.5 s a step of 96 faces), and the whole run of "
        "5,600 steps about 2.0 h. It takes 2.3 GB of memory."
    )
    slower = replace(found, preparing_seconds=1.0, seconds_per_step=0.0123)
    assert "(0.012 s a step" in slower.words
    assert "about 2.0 h, of it 1 s to prepare the faces. It takes" in slower.words
