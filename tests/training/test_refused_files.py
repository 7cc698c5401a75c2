"""Files that a run, its caches and its watchers cannot read or write: each told in a sentence.

A folder in a file's place, or a file in a folder's, refuses whoever asks, the superuser too.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import Stopped, XCosError
from core.model.target_choice import TargetChoice
from core.progress import QUIET, Task
from core.training import input_measure
from core.training.config import DataConfig, TargetConfig, TrainConfig
from core.training.input_measure import measured_input
from core.training.named_files import frozen_choice
from core.training.positive_mining import kept_positives
from core.training.resumable_arrays import count_up, new_array, prepared_alone
from core.training.run import RunDirectory, run_alone
from core.training.target_cache import answers_from_maps
from core.training.validation import listed_faces, listed_photos
from core.training.watch import look

KEPT = "the run's checkpoints are kept: make room and resume."
CACHE = "choose another data.cache."


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A file where a folder should be."""
    (tmp_path / "blocked").write_bytes(b"")
    return tmp_path / "blocked"


def told(work: Callable[[], object]) -> str:
    with pytest.raises(XCosError) as error:
        work()
    return str(error.value)


@pytest.mark.parametrize("name", ["log.csv", "validation.csv", "problems.txt", "pair.npz"])
def test_what_a_run_keeps_is_named_where_it_cannot_be_written(tmp_path: Path, name: str) -> None:
    run = RunDirectory(tmp_path)
    (tmp_path / name / "within").mkdir(parents=True)
    maps = np.zeros((7, 7))
    write = {
        "log.csv": lambda: run.log({"step": 1, "total": 2.0}),
        "validation.csv": lambda: run.log_validation({"step": 1, "learned": 0.5}),
        "problems.txt": lambda: run.tell_problems(("a.png is damaged.",)),
        "pair.npz": lambda: run.keep_pair(1, np.zeros((2, 112, 112, 3), np.uint8), maps, maps),
    }
    said = told(write[name])
    assert said.startswith(f"{tmp_path / name} could not be written (")
    assert said.endswith(f" directory); {KEPT}")
    if name == "problems.txt":
        (tmp_path / name / "within").rmdir()
        assert told(lambda: run.tell_problems(())).startswith(f"{tmp_path / name} could not be")


@pytest.mark.parametrize("name", ["log.csv", "validation.csv"])
def test_a_log_that_cannot_be_wound_back_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "within").mkdir(parents=True)
    said = told(lambda: RunDirectory(tmp_path).rewind(3))
    assert said.startswith(f"{tmp_path / name} could not be written (") and said.endswith(KEPT)


def test_a_run_s_folder_that_cannot_be_made_is_named(tmp_path: Path, blocked: Path) -> None:
    assert told(lambda: RunDirectory(blocked / "run").begin("")) == (
        f"{blocked / 'run'} cannot be written: Not a directory; choose another run folder."
    )

    def alone() -> None:
        with run_alone(blocked):
            pytest.fail("nothing may run there")

    assert told(alone) == f"{blocked} is a file; name a folder for the run."


@pytest.mark.parametrize("rank", ["1", "3"])
def test_processes_beside_the_first_ask_for_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: str
) -> None:
    with run_alone(tmp_path / "run"):
        monkeypatch.setenv("RANK", rank)
        with run_alone(tmp_path / "run"), run_alone(tmp_path / "other"):
            assert not (tmp_path / "other").exists()
        monkeypatch.setenv("RANK", "0")
        with pytest.raises(XCosError, match="Another run writes into"), run_alone(tmp_path / "run"):
            pytest.fail("the first process has it")


@pytest.mark.parametrize("name", ["log.csv", "validation.csv"])
def test_a_log_that_cannot_be_read_is_named_and_the_other_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run = RunDirectory(tmp_path)
    run.log({"step": 4, "total": 2.0})
    run.log_validation({"step": 4, "learned": 0.75})
    run.close()
    read = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.name == name:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    view = look(tmp_path)
    assert view.warning == f"Parts of {name} in {tmp_path} cannot be read; what is sound is shown."
    total, learned = view.log.get("total"), view.validation.get("learned")
    assert (total is None) == (name == "log.csv") and (learned is None) == (total is not None)
    assert total is None or total.tolist() == [2.0]
    assert learned is None or learned.tolist() == [0.75]


def test_arrays_and_counts_of_a_cache_that_is_a_file_are_named(blocked: Path) -> None:
    array, marker = blocked / "maps.npy", blocked / "done.txt"
    assert told(lambda: new_array(array, np.uint8, (2, 3))) == (
        f"{array} cannot be written: Not a directory; {CACHE}"
    )
    assert told(lambda: count_up(marker, 3)) == (
        f"{marker} cannot be written: Not a directory; make room or {CACHE}"
    )

    def alone() -> None:
        with prepared_alone(blocked / "below" / "faces", QUIET):
            pytest.fail("nothing can be prepared there")

    assert told(alone) == f"{blocked / 'below'} cannot be written: Not a directory; {CACHE}"


def test_an_array_larger_than_the_disk_is_refused(tmp_path: Path) -> None:
    shape = (3_000_000, 1_000_000)
    said = told(lambda: new_array(tmp_path / "maps.npy", np.float32, shape))
    assert said.startswith("The disk has ")
    assert said.endswith(
        f"GB free, but {tmp_path / 'maps.npy'} needs 12000.0 GB; make room or {CACHE}"
    )


def test_likely_positives_that_cannot_be_kept_are_told(blocked: Path) -> None:
    unit = np.eye(4, dtype=np.float32)
    path, labels = blocked / "near.npy", np.full(4, -1)
    assert told(lambda: kept_positives(path, unit, labels, 0.3, "cpu", QUIET)) == (
        f"{path} cannot be written: Not a directory; make room or {CACHE}"
    )


def test_computing_own_cosines_stops_between_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was computed until then is kept, and gone on with."""
    monkeypatch.setattr("core.training.target_cache.CHUNK", 2)

    class Faces(SimpleNamespace):
        def __len__(self) -> int:
            return 5

    faces = Faces(folder=tmp_path)
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(2, 5, 3, 7, 7)).astype(np.float16)
    asked: list[int] = []

    def embeddings(some: np.ndarray) -> np.ndarray:
        asked.append(len(some))
        return some[:, :, 2, 4].astype(np.float32)

    frozen = SimpleNamespace(kept="frozen-1", embeddings=embeddings)
    said: list[tuple[str, int, int]] = []
    task = Task(lambda *what: said.append(what), lambda: len(said) == 2)
    with pytest.raises(Stopped, match=r"^Computing the model's own cosines was stopped\.$"):
        answers_from_maps(faces, frozen, maps, task)  # type: ignore[arg-type]
    assert said == [("Computing embeddings", 0, 5), ("Computing embeddings", 2, 5)]
    assert asked == [2, 2, 2, 2]
    found = answers_from_maps(faces, frozen, maps, QUIET)  # type: ignore[arg-type]
    assert asked == [2, 2, 2, 2, 1, 1]
    np.testing.assert_array_equal(found.embeddings, maps[:, :, :, 2, 4].astype(np.float32))


@pytest.mark.parametrize("text", ["Y", "Tom\t1\t2\n"])
def test_a_wrong_scaling_is_told_by_the_setting_s_name(tiny_weights: Path, text: str) -> None:
    config = TrainConfig(target=TargetConfig(tiny_weights))
    model = replace(config.model, frozen=tiny_weights, normalisation=text)
    with pytest.raises(XCosError, match=r"^model\.normalisation: "):
        frozen_choice(model)


def test_a_model_that_runs_in_no_way_says_why_first(
    crops: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str | None] = []

    class Failing:
        def __init__(self, choice: TargetChoice, device: str) -> None:
            assert device == "cpu"
            tried.append(choice.channels)

        def embeddings(self, faces: np.ndarray, task: Task) -> np.ndarray:
            raise XCosError(f"try {len(tried)}")

    monkeypatch.setattr(input_measure, "Target", Failing)
    monkeypatch.setattr(input_measure, "says_scaling", lambda _: True)
    faces, people = np.zeros((4, 112, 112, 3), np.uint8), np.array([0, 0, 1, 1])
    assert told(lambda: measured_input(TargetChoice(tiny_weights), faces, people)) == "try 1"
    assert tried == ["RGB", "BGR"]


def test_of_the_ways_in_which_a_model_runs_the_best_is_taken(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that fails in the first order of channels is given the second."""

    class Half:
        def __init__(self, choice: TargetChoice, device: str) -> None:
            self._order = choice.channels

        def embeddings(self, faces: np.ndarray, task: Task) -> np.ndarray:
            if self._order == "RGB":
                raise XCosError("not so")
            return np.array([[1, 0], [0.8, 0.6], [0, 1], [0.6, 0.8]], np.float32)

    monkeypatch.setattr(input_measure, "Target", Half)
    monkeypatch.setattr(input_measure, "says_scaling", lambda _: True)
    faces, people = np.zeros((4, 112, 112, 3), np.uint8), np.array([0, 0, 1, 1])
    found = measured_input(TargetChoice(tiny_weights), faces, people)
    assert found.choice.channels == "BGR"
    # Genuine cosines 0.8 and 0.8; impostor ones 0, 0.6, 0.6 and 0.96.
    impostor = np.array([0, 0.6, 0.6, 0.96])
    apart = (0.8 - impostor.mean()) / np.sqrt(impostor.var() / 2)
    assert f"(BGR faces: {apart:.2f})" in found.words


def test_photos_of_a_validation_list_are_counted_once_and_one_that_is_not_there_is_told(
    crops: Path, tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("1\t1\nann\t1\t2\nann\t1\tbob\t1\n")
    config = TrainConfig(data=DataConfig(validation=pairs, validation_photos=crops))
    assert listed_photos(config) == 3 and listed_photos(TrainConfig()) == 0
    assert told(lambda: listed_faces(config)) == (
        f"{pairs}, line 2: The validation photo 'ann/ann_0001' is not in {crops}; set "
        "data.validation_photos."
    )
