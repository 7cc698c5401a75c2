"""What is told before a run starts: people, memory, and how long it will take."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.progress import Task, duration
from core.training import estimate as timing
from core.training.checks import batch_bytes, check, contradiction
from core.training.config import HardwareConfig, LossConfig, ModelConfig, write_config
from core.training.estimate import estimate
from core.training.loop import train
from tests.training.test_kinds_of_run import with_validation
from tests.training.test_training import config_for

ROOT = Path(__file__).parents[2]


def test_people_are_counted_and_empty_folders_named(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    (crops / "dan").mkdir()
    (crops / "loose.png").write_bytes((crops / "ann/1.png").read_bytes())
    verdict = check(config_for(crops, tiny_weights, tmp_path))
    assert verdict.problems == ()
    assert verdict.warnings == ("1 folder has no photo and will be left out: dan.",)
    faces = verdict.faces
    assert (faces.labelled, faces.unlabelled, faces.identities) == (6, 1 + 3, 3)


def test_a_photo_that_is_added_to_a_person_is_counted(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    (crops / "dan").mkdir()
    config = config_for(crops, tiny_weights, tmp_path)
    assert check(config).faces.identities == 3
    (crops / "dan/1.png").write_bytes((crops / "ann/1.png").read_bytes())
    later = (crops / "dan").stat().st_mtime + 5
    os.utime(crops / "dan", (later, later))
    verdict = check(config)
    assert (verdict.faces.labelled, verdict.faces.identities, verdict.warnings) == (7, 4, ())


@pytest.mark.parametrize("widths", [[1, 2], [-1, 2, 3, 4], [999_999_999, 2, 3, 4]])
def test_sizes_that_no_backbone_can_have_are_told(
    crops: Path, tiny_weights: Path, tmp_path: Path, widths: list[int]
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    config = replace(config, model=replace(config.model, options={"widths": widths}))
    (problem,) = check(config).problems
    assert "does not take these options" in problem


def test_one_person_is_refused_by_dialog_and_run_alike(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    (tmp_path / "one").mkdir()
    (crops / "ann").rename(tmp_path / "one" / "ann")
    data = replace(config.data, labelled=[tmp_path / "one"], unlabelled=[])
    alone = replace(config, data=data)
    (told,) = check(alone).problems
    assert "has one identity, but the identification loss needs two" in told
    assert "losses.identification to none" in told
    with pytest.raises(XCosError) as error:
        train(alone, tmp_path / "run")
    assert str(error.value) == told
    quiet = replace(alone, losses=LossConfig(pairs=20))
    assert "no pair of different people" in check(quiet).problems[0]
    beside = replace(quiet, data=replace(data, unlabelled=[crops]))
    assert check(beside).problems == ()


def test_settings_that_contradict_each_other_are_told(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    mixed = replace(config, augmentation=replace(config.augmentation, mix=0.5))
    assert "augmentation.mix needs target.live" in check(mixed).problems[0]
    assert contradiction(config, 3) is not None and contradiction(config, 2) is None
    absent = replace(config, hardware=HardwareConfig(device="cuda:9"))
    assert "no device 'cuda:9'" in check(absent).problems[0]


def test_memory_of_a_batch_counts_what_the_layers_put_out(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    one, two = (
        batch_bytes(config, 3),
        batch_bytes(replace(config, optimisation=replace(config.optimisation, batch=16)), 3),
    )
    network = build_backbone("thin", **config.model.options)
    outputs = 0

    def count(_module: object, _inputs: object, output: torch.Tensor) -> None:
        nonlocal outputs
        outputs += output.nelement()

    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(count)
    network(torch.zeros(1, 3, 112, 112).expand(2, -1, -1, -1))
    assert two - one == 8 * (4 * outputs // 2 + 9 * 112 * 112 * 4)
    monkeypatch.setattr("core.training.checks.free_memory", lambda _: (10**6, "this machine has"))
    (told,) = check(config).warnings
    assert told.startswith("A batch of 8 faces takes about") and "optimisation.accumulate" in told
    frozen = replace(config, model=ModelConfig(frozen=tiny_weights))
    assert batch_bytes(frozen, 3) < one


def test_estimate_times_steps_and_leaves_nothing_behind(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = with_validation(config_for(crops, tiny_weights, tmp_path), crops)
    seen: list[str] = []
    found = estimate(config, Task(lambda what, done, total: seen.append(what)))
    assert (found.faces, found.steps, found.epoch_steps, found.batch) == (9, 6, 2, 8)
    assert found.seconds_per_step > 0 and found.epoch_seconds == 2 * found.seconds_per_step
    assert found.preparing_seconds > 0
    assert found.run_seconds > 6 * found.seconds_per_step + found.preparing_seconds
    assert {"Decoding faces", "Asking the target", "Timing steps"} <= {*seen}
    assert config.data.cache is not None and not config.data.cache.exists()
    assert "An epoch of 9 faces takes about" in found.words
    assert [duration(s) for s in (5, 600, 7200, 10**6)] == ["5 s", "10 min", "2.0 h", "11.6 days"]


def test_the_estimate_of_a_run_is_its_steps_preparing_and_looking(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.estimate._timed", lambda *_: 2.0)  # seconds a step
    monkeypatch.setattr("core.training.estimate._encoding", lambda *_: 0.25)  # seconds a face
    plain = config_for(crops, tiny_weights, tmp_path)
    plain = replace(plain, data=replace(plain.data, held_out=0))
    for config, faces in ((plain, 0), (with_validation(plain, crops), 3)):  # photos that it lists
        found = estimate(replace(config, hardware=replace(config.hardware, validate_every=3)))
        assert (found.seconds_per_step, found.epoch_seconds) == (2.0, 4.0)
        watched = 10 * 8  # of ten batches the attention by correlation is watched
        looks = 6 / 3 * 0.25 * (faces + watched) if faces else 0
        assert found.run_seconds == pytest.approx(12 + found.preparing_seconds + looks), faces


def test_estimate_by_the_command(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(write_config(config_for(crops, tiny_weights, tmp_path)), encoding="utf-8")
    command = [sys.executable, "-m", "core.cli", "train", str(path), "--estimate", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["faces"] == 9 and done.stderr == ""
    assert not (ROOT / "runs" / "little").exists()


def test_room_on_the_disk_for_kept_maps(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    mapped = replace(config, losses=replace(config.losses, map_weight=1.0))
    needed = 9 * 2 * 512 * 49  # of each face as it is and mirrored, a byte a number
    room = {"free": needed}
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(**room))
    assert check(mapped).warnings == () and check(config).warnings == ()
    room["free"] = 400_000
    (told,) = check(mapped).warnings
    assert told == (
        "Kept maps take about 0 MB, and the disk of data.cache has 0 MB free: name a folder on "
        "another disk."
    )
    live = replace(mapped, target=replace(mapped.target, live=True))
    assert check(config).warnings == () and check(live).warnings == ()
    # Where there are decoded faces, this run's maps are likely kept beside them already.
    assert config.data.cache is not None
    (config.data.cache / "faces-1").mkdir(parents=True)
    assert check(mapped).warnings == ()


@pytest.mark.parametrize(("views", "faces"), [(1, 20), (2, 20), (2, 3)])
def test_encoding_is_timed_on_the_first_view_of_some_faces(
    views: int, faces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a sample, or all where there are fewer; one view is kept where none is mirrored."""
    maps = np.arange(views * faces).reshape(views, faces)
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(timing, "SAMPLE", 16)
    monkeypatch.setattr(timing, "encode", lambda *given: asked.append(given))
    given = SimpleNamespace(
        faces=_Some(faces), maps=maps, exported="net", normalise="by",
        fabric=SimpleNamespace(device="cpu"),
    )  # fmt: skip
    assert timing._encoding(given) >= 0  # type: ignore[arg-type]
    ((net, device, crops, looked, normalise),) = asked
    assert (net, device, normalise) == ("net", "cpu", "by")
    assert list(crops) == list(looked) == list(range(min(8, faces)))  # type: ignore[call-overload]


class _Some(list):
    def __init__(self, count: int) -> None:
        super().__init__(range(count))

    def take(self, places: np.ndarray) -> np.ndarray:
        return places
