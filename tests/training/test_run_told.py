"""What a run tells while it goes and once it has ended, and what its weights say of themselves."""

import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import XCosError
from core.explain.explain import pair_cosines
from core.model.verifier import Verifier
from core.training.finish import finish
from core.training.loop import log_row, train
from core.training.run import RunDirectory
from core.training.run_files import status_text
from core.training.watch import ask_to_stop, look
from tests.training.test_kinds_of_run import with_validation
from tests.training.test_training import config_for


def test_progress_is_noted_once_a_second_and_an_end_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("core.training.run.time", SimpleNamespace(time=lambda: clock.now))
    run = RunDirectory(tmp_path)

    def told(what: str, done: int, state: str = "running") -> tuple[str, int]:
        run.note(what, done, 9, state)
        view = look(tmp_path)
        return view.what, view.done

    assert told("a", 1) == ("a", 1)
    clock.now = 100.9
    assert told("b", 2) == ("a", 1)
    assert told("c", 9) == ("c", 9)  # all of it
    clock.now = 101.8
    assert told("d", 3) == ("c", 9)
    clock.now = 101.9
    assert told("e", 4) == ("e", 4)
    assert told("f", 5, "failed") == ("f", 5)


def test_a_run_is_asked_to_stop_and_forgets_it_once_it_has(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert not run.stop_asked
    ask_to_stop(tmp_path)
    assert run.stop_asked
    run.note_stopped()
    assert not run.stop_asked
    view = look(tmp_path)
    assert (view.state, view.what, view.running) == ("stopped", "Stopped", False)
    with pytest.raises(XCosError, match=r"stop cannot be written: .*; end the process itself"):
        ask_to_stop(tmp_path / "none")


@pytest.mark.parametrize(
    ("state", "pid", "seen", "what"),
    [
        ("running", os.getpid(), "running", "Training"),
        ("running", 0, "ended", "it fell over"),
        ("running", 2**31 - 7, "ended", "it fell over"),
        ("failed", 0, "failed", "Training"),
        ("finished", 0, "finished", "Training"),
    ],
    ids=("alive", "without a number", "gone", "failed", "finished"),
)
def test_a_run_whose_process_is_gone_says_what_it_printed_last(
    state: str, pid: int, seen: str, what: str, tmp_path: Path
) -> None:
    (tmp_path / "status.json").write_text(status_text(state, "Training", 3, 7, pid))
    (tmp_path / "output.txt").write_text("xcos: first\nxcos: it fell over\nTraceback\n")
    (tmp_path / "b.safetensors").touch()
    (tmp_path / "a.safetensors").touch()
    view = look(tmp_path)
    assert (view.state, view.what, view.done, view.total) == (seen, what, 3, 7)
    assert view.weights == (tmp_path / "a.safetensors" if seen == "finished" else None)
    assert view.warning == ""


def test_only_the_end_of_a_long_output_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text(status_text("running", "Training", 3, 7, 0))
    for spare, what in ((9_900, "early"), (10_000, "Training")):
        (tmp_path / "output.txt").write_text("xcos: early\n" + "." * spare)
        assert look(tmp_path).what == what


def test_counts_up_to_the_largest_step_are_sound(tmp_path: Path) -> None:
    for done, sound in ((2**53, True), (2**53 + 1, False), (0, True)):
        (tmp_path / "status.json").write_text(status_text("stopped", "x", done, 2**53, 0))
        view = look(tmp_path)
        assert (view.done == done and view.warning == "") == sound
    (tmp_path / "log.csv").write_text(f"step,total\n{2**53},1\n{2**53 + 1},1\n0,2\n-1,2\n")
    assert look(tmp_path).log["step"].tolist() == [2**53, 0]


def test_a_resumed_run_drops_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    for step in (2, 4, 6):
        run.log({"step": step, "total": 1.0})
        run.log_validation({"step": step, "learned": 0.5})
    run.rewind(4)
    run.close()
    view = look(tmp_path)
    assert view.log["step"].tolist() == view.validation["step"].tolist() == [2, 4]
    run.tell_problems(("one is damaged.", "two is."))
    assert (tmp_path / "problems.txt").read_text() == "one is damaged.\ntwo is.\n"
    run.tell_problems(())
    assert not (tmp_path / "problems.txt").exists()


def test_a_log_row_is_the_mean_of_its_steps(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    config = SimpleNamespace(optimisation=SimpleNamespace(batch=12))
    training = SimpleNamespace(
        fabric=SimpleNamespace(is_global_zero=True), config=config, step=50, run=run
    )
    steps = [{"rate": 0.1, "cosine": 1.0, "total": 3.0}, {"rate": 0.3, "total": 5.00000049}]
    log_row(training, steps, 0.25)  # type: ignore[arg-type]
    run.close()
    head, row = (line.split(",") for line in (tmp_path / "log.csv").read_text().splitlines())
    logged = dict(zip(head, row, strict=True))
    assert head[:4] == ["step", "photos_per_second", "seconds_per_step", "rate"]
    assert {name: value for name, value in logged.items() if value} == {
        "step": "50",
        "photos_per_second": "48.0",
        "seconds_per_step": "0.25",
        "rate": "0.2",
        "cosine": "1.0",
        "total": "4.0",
    }
    assert {"identification", "uniform", "embedding", "map", "cells", "law"} <= {*head}
    training.fabric.is_global_zero = False
    log_row(training, steps, 0.25)  # type: ignore[arg-type]
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 2


def test_weights_say_what_they_reach_on_the_list_and_where_they_are_from(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = with_validation(config_for(crops, tiny_weights, tmp_path), crops)
    config = replace(config, licence="for research")
    card = finish(train(config, tmp_path / "run"), tmp_path / "little.safetensors")
    assert (card.name, card.licence, card.version) == ("little", "for research", "1")
    assert (card.kind, card.backbone, card.channels) == ("xcos", "thin", "RGB")
    assert card.mean == (127.5,) * 3 and card.std == (128.0,) * 3 and card.law == "additive"
    kinds = ["learned", "uniform", "correlation", "fc"]
    assert [*card.thresholds] == kinds
    assert [*card.measured] == [f"accuracy of {kind} on list.txt" for kind in kinds]
    pixels = [np.asarray(photo) for photo in listed_photos(tmp_path / "flat")]
    features = Verifier(card.path, "cpu").features(np.stack(pixels))
    left, right = np.array([0, 0]), np.array([1, 2])  # ann twice, and ann with bob
    fc = pair_cosines(features, left, features, right)[1]
    assert fc is not None
    cells = features.grid / np.linalg.norm(features.grid, axis=1, keepdims=True)
    uniform = (cells[left] * cells[right]).sum(axis=1).mean(axis=(1, 2))
    for kind, scores in (("fc", fc), ("uniform", uniform)):
        apart = scores[0] > scores[1]
        assert card.measured[f"accuracy of {kind} on list.txt"] == (1.0 if apart else 0.5)
        if apart:
            assert scores[1] - 1e-4 <= card.thresholds[kind] <= scores[0] + 1e-4
    said = json.loads(json.dumps(card.measured))
    assert all(value in (0.5, 1.0) for value in said.values())


def listed_photos(folder: Path) -> list:
    from PIL import Image

    names = ("ann/ann_0001.png", "ann/ann_0002.png", "bob/bob_0001.png")
    return [Image.open(folder / name) for name in names]
