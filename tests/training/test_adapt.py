"""Adapting weights to a gallery: what is learned from, what it comes to, and what stops it."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.errors import Stopped, XCosError
from core.faces.photo import read_photo
from core.gallery.cache import Cache
from core.progress import Task
from core.project.project import Project
from core.training.checks import check
from core.training.config import TrainConfig, parse_config, read_config, write_config
from core.training.data import open_sources
from core.training.gallery_source import GallerySource
from core.training.loop import train
from core.training.named_files import with_files
from core.training.run import run_alone
from core.training.verdict import read_verdict
from core.training.ways import adapt
from tests.living import make_crops

PEOPLE = {f"p{number:02}": 4 for number in range(12)}
SHORT = ["optimisation.steps=4", "optimisation.batch=8", "losses.pairs=16", "locality.pairs=16"]
SHORT += ["hardware.validate_every=2", "hardware.save_every=2", "hardware.threads=1"]


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    return make_crops(tmp_path / "gallery", PEOPLE)


@pytest.fixture(autouse=True)
def seen_as_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up crops show no faces; the search for one is slow, and tested by itself."""
    monkeypatch.setattr("core.training.data.no_faces", lambda *_: None)
    monkeypatch.setattr("core.training.judging.TRIED", 1)


def arguments(gallery: Path, weights: Path, run: Path, *more: str) -> list[str]:
    settings = [f"model.start={weights}", "data.aligned=true", "hardware.device=cpu", *SHORT, *more]
    command = ["train", "adapt", "--gallery", str(gallery), "--into", str(run)]
    return command + [part for setting in settings for part in ("--set", setting)]


def short(gallery: Path, weights: Path) -> TrainConfig:
    config = adapt(gallery, weights).config
    return replace(
        config,
        data=replace(config.data, aligned=True),
        losses=replace(config.losses, pairs=16),
        locality=replace(config.locality, pairs=16),
        optimisation=replace(config.optimisation, steps=4, batch=8),
        hardware=replace(config.hardware, device="cpu", threads=1, validate_every=2, save_every=2),
    )


def test_one_object_tells_before_after_and_the_verdict(
    gallery: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tiny_weights.read_bytes()
    photos = {path: path.read_bytes() for path in gallery.rglob("*") if path.is_file()}
    kept = tmp_path / "kept.sqlite"
    command = arguments(gallery, tiny_weights, tmp_path / "run")
    assert main([*command, "--cache", str(kept), "--json"]) == 0
    assert (
        kept.is_file() and read_config(tmp_path / "run" / "config.toml").data.gallery_cache == kept
    )
    said = json.loads(capsys.readouterr().out)
    # A quarter of twelve people would be three: five are needed, whose pairs are too few, so six.
    assert said["held_out"] == {
        "people": 6,
        "genuine": 6 * 6,
        "impostor": 15 * 16,
        "lacking": said["held_out"]["lacking"],
    }
    for side in ("before", "after"):
        assert 0 <= said[side]["accuracy"] <= 1 and 0 <= said[side]["auc"] <= 1
        assert {*said[side]["tar_at_far"]} == {"0.01", "0.001"}
        low, high = said[side]["intervals"]["auc"]
        assert low <= said[side]["auc"] <= high
    assert said["verdict"].startswith("Nothing can be told from so few")
    assert Path(said["weights"]) == tmp_path / "run" / "adapted.safetensors"
    assert Path(said["weights"]).is_file() and said["seconds"] > 0
    kept = read_verdict(tmp_path / "run")
    assert kept is not None and kept.sentence == said["verdict"]
    assert tiny_weights.read_bytes() == before
    assert photos == {path: path.read_bytes() for path in gallery.rglob("*") if path.is_file()}


def test_a_gallery_of_four_people_ends_and_says_that_nothing_can_be_told(
    tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    four = make_crops(tmp_path / "four", dict.fromkeys("abcd", 3))
    assert main([*arguments(four, tiny_weights, tmp_path / "run"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["held_out"]["people"] == 2
    assert said["verdict"].startswith("Nothing can be told from so few: 2 people were held out")


def test_three_people_are_trained_on_and_nobody_is_held_out(
    tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three = make_crops(tmp_path / "three", dict.fromkeys("abc", 2))
    assert main([*arguments(three, tiny_weights, tmp_path / "run"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["before"] is None and "nobody could be held out" in said["verdict"]


def test_corrections_made_in_the_window_are_learned_from(
    gallery: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "own" / "cache.sqlite")
    project = Project.open(gallery, cache.folder)
    project.set_identity(["p00/1.png"], "somebody else")
    project.set_aside(["p01/2.png"])
    data = replace(short(gallery, tiny_weights).data, gallery_cache=cache.path)
    (source,) = open_sources(data, tiny_weights)
    assert isinstance(source, GallerySource)
    named = dict(zip(source.keys, source.identities.tolist(), strict=True))
    assert named["p00/1.png"] == "somebody else" and named["p00/2.png"] == "p00"
    assert "p01/2.png" not in named and len(named) == 47
    place = source.keys.index("p03/4.png")
    assert np.array_equal(source.read(place), read_photo(gallery / "p03" / "4.png"))


def test_a_project_and_a_csv_are_galleries_too(
    gallery: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    table = tmp_path / "people.csv"
    table.write_text("path,identity\ngallery/p00/1.png,ann\ngallery/p01/1.png,bob\n")
    project = tmp_path / "mine.xcos"
    saved = Project.open(gallery, tmp_path)
    saved.set_identity(["p02/1.png"], "cem")
    saved.saved_as(project, {"gallery": "gallery", "faces": "central", "aligned": True})
    config = short(gallery, tiny_weights).data
    (listed,) = open_sources(replace(config, gallery=table), tiny_weights)
    assert sorted(listed.identities.tolist()) == ["ann", "bob"]
    # The project says itself that its photos are crops.
    (kept,) = open_sources(replace(config, gallery=project, aligned=False), tiny_weights)
    assert len(kept.identities) == 48 and "cem" in kept.identities


def test_one_identity_is_refused(tiny_weights: Path, tmp_path: Path) -> None:
    one = make_crops(tmp_path / "one", {"ann": 5})
    with pytest.raises(XCosError, match="one identity"):
        train(short(one, tiny_weights), tmp_path / "run")
    assert "one identity" in check(short(one, tiny_weights)).problems[0]


def test_a_refused_run_leaves_no_folder(
    tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, run = make_crops(tmp_path / "one", {"ann": 5}), tmp_path / "run"
    assert main(arguments(one, tiny_weights, run)) == 1
    assert "one identity" in capsys.readouterr().err and not run.exists()
    run.mkdir()
    (run / "notes.txt").write_text("mine")
    assert main(arguments(one, tiny_weights, run)) == 1
    assert (run / "notes.txt").read_text() == "mine"


def test_one_photo_of_everybody_is_refused(tiny_weights: Path, tmp_path: Path) -> None:
    singles = make_crops(tmp_path / "singles", dict.fromkeys("abcdef", 1))
    with pytest.raises(XCosError, match="has one photo, so that no pair shows one person twice"):
        train(short(singles, tiny_weights), tmp_path / "run")


def test_photos_without_names_are_refused(tiny_weights: Path, tmp_path: Path) -> None:
    crops = make_crops(tmp_path / "crops", {"a": 3})
    loose = tmp_path / "loose"
    shutil.move(crops / "a", loose)
    with pytest.raises(XCosError, match="names nobody"):
        train(short(loose, tiny_weights), tmp_path / "run")


def test_crops_without_faces_are_told(
    gallery: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import gallery_source

    (source,) = open_sources(short(gallery, tiny_weights).data, tiny_weights)
    assert isinstance(source, GallerySource)
    sentence = gallery_source.no_faces(source, True)
    assert sentence is not None and "set data.aligned to false" in sentence
    assert gallery_source.no_faces(source, False) is None
    # One of them in which a face is seen is enough.
    monkeypatch.setattr(
        gallery_source.Detector,
        "detect",
        lambda _, crops: [[], ["a face"], *[[]] * (len(crops) - 2)],
    )
    assert gallery_source.no_faces(source, True) is None


def test_photos_in_which_no_face_is_found_are_refused(tiny_weights: Path, tmp_path: Path) -> None:
    empty = make_crops(tmp_path / "empty", {"ann": 2, "bob": 2})
    config = short(empty, tiny_weights)
    with pytest.raises(XCosError, match="gives no face"):
        train(replace(config, data=replace(config.data, aligned=False)), tmp_path / "run")


def test_the_gallery_may_change_while_it_is_learned_from(
    gallery: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    def report(what: str, done: int, total: int) -> None:
        if what == "Training":
            shutil.rmtree(gallery, ignore_errors=True)

    training = train(short(gallery, tiny_weights), tmp_path / "run", task=Task(report))
    assert training.step == 4 and not gallery.exists()


@pytest.mark.parametrize(
    "phase", ["Reading photos", "Asking the target", "Training", "Correlating", "Drawing people"]
)
def test_stopped_in_any_phase_it_goes_on_to_the_same_end(
    phase: str,
    gallery: Path,
    tiny_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    from core.training.run import RunDirectory

    def note(self: RunDirectory, what: str, *_: object) -> None:
        if what.startswith(phase) and not (run / "stopped").exists():
            (run / "stop").touch()

    with monkeypatch.context() as patch:
        patch.setattr(RunDirectory, "note", note)
        assert main([*arguments(gallery, tiny_weights, run), "--json"]) == 130
    captured = capsys.readouterr()
    assert captured.out == "" and "go on with" in captured.err
    assert main(["train", "--resume", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held_out"]["people"] == 6


def test_a_second_run_in_the_same_folder_is_refused(
    gallery: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    with run_alone(run):
        assert main(arguments(gallery, tiny_weights, run)) == 1
    assert "Another run writes into" in capsys.readouterr().err
    assert not (run / "status.json").exists()  # which is the other one's


def test_a_folder_that_may_not_be_made_is_one_sentence(
    gallery: Path,
    tiny_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def mkdir(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert main(arguments(gallery, tiny_weights, tmp_path / "run")) == 1
    assert "run cannot be written: Permission denied; choose another" in capsys.readouterr().err


def test_a_folder_with_a_run_on_other_faces_is_refused(
    gallery: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    other = write_config(short(tmp_path / "other people", tiny_weights))
    (run / "config.toml").write_text(other)
    (run / "last.ckpt").write_bytes(b"weights")
    assert main(arguments(gallery, tiny_weights, run)) == 1
    assert "holds a run on other faces" in capsys.readouterr().err
    assert (run / "config.toml").read_text() == other
    assert sorted(path.name for path in run.iterdir()) == ["config.toml", "last.ckpt"]


def test_a_full_disk_is_one_sentence(
    gallery: Path,
    tiny_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.training.run.torch.save", full)
    assert main(arguments(gallery, tiny_weights, tmp_path / "run")) == 1
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1 and "could not be written (No space left on device)" in told[0]


def test_early_stopping_keeps_the_best_weights(
    gallery: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import loop

    found = iter([1.0, 3.0, 2.0, 2.5, 9.0])
    monkeypatch.setattr(loop, "separation", lambda *_: next(found))
    config = short(gallery, tiny_weights)
    steps = replace(config.optimisation, steps=40, patience=2)
    kept: list[dict[str, object]] = []
    original = loop.RunDirectory.save

    def save(self: object, path: Path, state: dict[str, object]) -> None:
        original(self, path, state)  # type: ignore[arg-type]
        if path.name == "best.ckpt":
            kept.append({k: v.clone() for k, v in state["model"].items()})  # type: ignore[attr-defined]

    monkeypatch.setattr(loop.RunDirectory, "save", save)
    training = train(replace(config, optimisation=steps), tmp_path / "run")
    assert training.step == 6 and len(kept) == 2  # at 0 and 2; 4 and 6 brought nothing
    for name, tensor in training.model.state_dict().items():
        assert np.array_equal(tensor.numpy(), kept[-1][name].numpy()), name  # type: ignore[attr-defined]


def test_words_for_files_survive_a_config_file(tmp_path: Path) -> None:
    config = adapt(tmp_path).config
    text = write_config(config)
    assert parse_config(text, tmp_path / "elsewhere.toml") == config
    found = with_files(config)
    assert found.model.start is not None and found.model.start.name == "xcos-robust.safetensors"
    assert found.target.weights == found.model.start
    named = replace(config, model=replace(config.model, start=tmp_path / "mine.safetensors"))
    assert with_files(named).model.start == tmp_path / "mine.safetensors"


def test_own_cosine_needs_something_to_start_from(tmp_path: Path) -> None:
    config = adapt(tmp_path).config
    nothing = replace(config, model=replace(config.model, start=None))
    with pytest.raises(
        XCosError, match=r"no model to learn from; .* weights to start from as model\.start"
    ):
        with_files(nothing)


def test_stop_while_another_run_prepares_the_same_faces(tmp_path: Path) -> None:
    from core.training.resumable_arrays import prepared_alone

    with prepared_alone(tmp_path / "faces", Task()):
        waiting: list[str] = []
        task = Task(lambda what, *_: waiting.append(what), lambda: True)
        with pytest.raises(Stopped), prepared_alone(tmp_path / "faces", task):
            pass
        assert "another run" in waiting[0]
