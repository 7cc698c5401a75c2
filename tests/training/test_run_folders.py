"""Folders of runs with anything in them: what is sound is shown, what is not is told."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import XCosError
from core.training.resumable_arrays import counted
from core.training.run import RunDirectory
from core.training.watch import look, runs_in

CROPS = np.zeros((2, 112, 112, 3), np.uint8)
MAPS = np.full((7, 7), 0.5, np.float32)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run that logged two rows, one validation and a pair."""
    made = RunDirectory(tmp_path)
    made.note("Training", 5, 10, "stopped")
    for step in (4, 5):
        made.log({"step": step, "total": 0.5 * step, "seconds_per_step": 2.0})
    made.log_validation({"step": 5, "learned": 0.75})
    made.keep_pair(5, CROPS, MAPS, MAPS)
    made.close()
    return made


def test_a_sound_run_has_no_warning(run: RunDirectory) -> None:
    view = look(run.path)
    assert (view.state, view.what, view.done, view.total) == ("stopped", "Training", 5, 10)
    assert view.log["total"].tolist() == [2.0, 2.5] and view.validation["learned"].tolist() == [
        0.75
    ]
    assert int(view.pair["step"]) == 5 and view.warning == ""
    assert look(run.path / "none").warning == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("state", value) for value in (None, 5, "x", [], float("nan"))],
        *[("what", value) for value in (None, 5, {})],
        *[
            (name, value)
            for name in ("done", "total", "pid")
            for value in (None, "x", {}, -1, 1.5, True, 10**400, float("inf"), float("nan"))
        ],
    ],
)
def test_each_value_of_the_status_stands_for_itself(
    run: RunDirectory, name: str, value: Any
) -> None:
    said = {"state": "running", "what": "x", "done": 5, "total": 10, "pid": os.getpid()}
    (run.path / "status.json").write_text(json.dumps(said | {name: value}))
    view = look(run.path)
    assert view.state == ("ended" if name in ("state", "pid") else "running")
    wanted = {"what": "x", "done": 5, "total": 10} | ({} if name in ("state", "pid") else {name: 0})
    assert (view.done, view.total) == (wanted["done"], wanted["total"])
    assert view.what == ("" if name == "what" else "x")
    assert "status.json" in view.warning and str(run.path) in view.warning


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(["status.json", "log.csv", "validation.csv", "pair.npz"]), st.binary())
@example("status.json", b"[" * 100_000)
@example("status.json", b'{"done": ' + b"9" * 5000 + b"}")
@example("log.csv", b"step,total\r\n" + "\u00b2,1\r\n".encode())
@example("log.csv", b"step,total\r\n" + b"9" * 5000 + b",1\r\n")
@example("log.csv", b"step,step\r\n1,1\r\n")
@example("log.csv", b'step,"' + b"a" * 200_000 + b'"\r\n')
@example("log.csv", b"step,total\r\n1,\0\r\n")
@example("log.csv", b"\xff\xfe\xff\r\n")
@example("pair.npz", b"PK\x03\x04" + bytes(40))
def test_any_content_is_survived_watched_and_resumed(
    run: RunDirectory, name: str, content: bytes
) -> None:
    (run.path / name).write_bytes(content)
    view = look(run.path)
    assert name in view.warning or content in (b"", b"\n", b"\r", b"\r\n") or name.endswith(".csv")
    assert view.seconds_left is None
    assert (run.path / name).read_bytes() == content  # as it was
    resumed = RunDirectory(run.path)
    resumed.rewind(4)
    resumed.log({"step": 5, "total": 1.0})
    resumed.log_validation({"step": 5, "learned": 0.5})
    resumed.close()
    again = look(run.path)
    assert again.log["step"][-1] == 5 and again.validation["step"][-1] == 5
    assert "csv" not in again.warning
    if name.endswith(".csv") and name in view.warning:
        stem = name.removesuffix(".csv")
        assert (run.path / f"{stem}.damaged.csv").read_bytes() == content


def test_sound_rows_are_shown_and_an_unfinished_one_is_awaited(run: RunDirectory) -> None:
    log = run.path / "log.csv"
    with log.open("a") as file:
        file.write("6,3.0")  # being written at this moment
    view = look(run.path)
    assert view.log["step"].tolist() == [4, 5] and view.warning == ""
    with log.open("a") as file:
        file.write(",2.0\nx,1,2\n7,3.5\n8,inf,2.0\n9,1e999,nan\n")
    view = look(run.path)
    assert view.log["step"].tolist() == [4, 5, 6, 8, 9] and "log.csv" in view.warning
    np.testing.assert_array_equal(view.log["total"], [2.0, 2.5, 3.0, np.nan, np.nan])


@pytest.mark.parametrize(
    "changed",
    [
        {"crops": CROPS[:1]},
        {"crops": CROPS.astype(np.float32)},
        {"cosine": MAPS[:3]},
        {"attention": np.full((7, 7), np.nan)},
        {"attention": np.full((7, 7), "a")},
        {"cosine": np.array(None)},
        {"step": np.array([1, 2])},
        {"step": float("inf")},
    ],
)
def test_a_pair_of_another_shape_or_kind_is_not_shown(
    run: RunDirectory, changed: dict[str, Any]
) -> None:
    pair = {"step": 5, "crops": CROPS, "cosine": MAPS, "attention": MAPS}
    np.savez(run.path / "pair.npz", **(pair | changed))
    view = look(run.path)
    assert view.pair == {} and "pair.npz" in view.warning


def test_what_does_not_apply_is_an_empty_cell_and_no_number_of_a_curve(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "run")
    run.begin("")
    run.log({"step": 1, "cosine": None, "total": 2.0})
    run.log({"step": 2, "cosine": 0.5, "total": 1.0, "late": 3.0})
    run.close()
    text = (run.path / "log.csv").read_text()
    assert text.splitlines() == ["step,cosine,total,late", "1,,2.0,", "2,0.5,1.0,3.0"]
    view = look(run.path)
    np.testing.assert_array_equal(view.log["cosine"], [np.nan, 0.5])
    np.testing.assert_array_equal(view.log["late"], [np.nan, 3.0])
    assert view.warning == ""


def test_a_run_without_a_checkpoint_logs_anew(run: RunDirectory) -> None:
    again = RunDirectory(run.path)
    again.begin("name = 'x'\n")
    again.log({"step": 5, "total": 1.0})
    again.close()
    assert look(run.path).log["step"].tolist() == [5]


@pytest.mark.parametrize("state", [[1], 5, "x"])
def test_a_checkpoint_of_another_kind_is_refused(run: RunDirectory, state: object) -> None:
    run.save(run.last, state)  # type: ignore[arg-type]
    with pytest.raises(XCosError, match="not a checkpoint"):
        run.load(run.last)


def test_photos_whose_names_are_no_text_are_told(run: RunDirectory) -> None:
    run.tell_problems((os.fsdecode(b"caf\xe9.jpg is none"),))
    assert (run.path / "problems.txt").read_bytes() == b"caf\xe9.jpg is none\n"


def test_the_newest_run_is_first_and_one_that_goes_harms_none(tmp_path: Path) -> None:
    for number, name in enumerate("abc"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").touch()
        os.utime(tmp_path / name, (number, number))
    assert [path.name for path in runs_in(tmp_path)] == ["c", "b", "a"]


@pytest.mark.parametrize(("text", "count"), [("7", 7), ("-7", 0), ("x", 0), ("9" * 5000, 0)])
def test_a_count_that_is_none_begins_anew(tmp_path: Path, text: str, count: int) -> None:
    (tmp_path / "done.txt").write_text(text)
    assert counted(tmp_path / "done.txt") == count
