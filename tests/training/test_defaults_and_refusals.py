"""Default settings, the three ways to weights, and what a run refuses or warns of before it begins."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from core.errors import XCosError
from core.model.card import ModelCard
from core.model.weights import load_xcos, save_weights
from core.training.checks import Faces, batch_bytes, check, contradiction, too_few_identities
from core.training.config import (
    LocalityConfig,
    LossConfig,
    ModelConfig,
    OptimisationConfig,
    TargetConfig,
    TrainConfig,
    read_config,
    write_config,
)
from core.training.longer import refuse_other_faces, train_longer
from core.training.named_files import with_files
from core.training.start import as_started, take_start
from core.training.ways import adapt, from_nothing, plug_in
from tests.training.test_training import config_for

# What a config file that names nothing stands for: older files must go on meaning the same.
DEFAULTS = """\
name = "run"
licence = ""

[data]
aligned = true
gallery = ""
gallery_cache = ""
faces = "central"
held_out = 0.0
labelled = []
unlabelled = []
exclude = ""
validation = ""
validation_photos = ""
cache = ""
fill_borders = true

[model]
backbone = "thin"
options = {  }
start = ""
trained = "all"
channels = "auto"
normalisation = "auto"
local = false
grid_channels = 32
embedding = true
xcos = true
frozen = ""
tensor = ""

[target]
weights = ""
others = []
channels = "auto"
normalisation = "auto"
live = false

[losses]
identification = "none"
identification_weight = 1.0
cosine_weight = 20.0
uniform_weight = 10.0
pairs = 2048
hard = 0.0
alike = 0.3
alike_weight = 5.0
labels = false
embedding_weight = 1.0
map_weight = 0.0

[locality]
hidden = 0.0
law = "robust"
pairs = 8192
cells_weight = 10.0
attention_weight = 0.5
law_weight = 10.0
hidden_weight = 10.0

[augmentation]
shift = 3.0
rotation = 3.0
scale = 0.04
colour = 0.25
grey = 0.05
blur = 0.15
occlusion = 0.1
mix = 0.0

[optimisation]
steps = 3000
epochs = 0
batch = 96
accumulate = 1
labelled_share = 0.25
photos_per_identity = 4
partner_share = 0.5
learning_rate = 0.002
attention_rate = 1.0
warm_up = 100
schedule = "cosine"
milestones = []
cool_down = 0
optimiser = "adamw"
weight_decay = 0.02
average = 0.998
patience = 0

[hardware]
device = "auto"
precision = "32-true"
compile = false
threads = 0
seed = 0
validate_every = 250
save_every = 50
"""


def test_what_is_not_said_is_as_it_always_was() -> None:
    assert write_config(TrainConfig()) == DEFAULTS


def test_adapting_moves_the_last_stage_of_the_weights_that_ship_by_their_own_cosine() -> None:
    usual = adapt(Path("/photos")).config
    assert usual.data.gallery == Path("/photos") and usual.data.held_out == 0.25
    assert usual.model.start == Path("default") and usual.target.weights == Path("own")
    assert usual.model.trained == "last stage"
    own = adapt(None, Path("/w.safetensors"), Path("sface"), "head").config
    assert own.data.gallery is None and own.model.start == Path("/w.safetensors")
    assert own.target.weights == Path("sface") and own.model.trained == "head"


def test_plugging_in_takes_the_model_with_a_layer_between() -> None:
    usual = plug_in(Path("/m.onnx"), Path("/photos")).config
    assert usual.model.frozen == Path("/m.onnx") and usual.data.gallery == Path("/photos")
    assert usual.model.local and usual.target.weights == Path("own") and usual.data.held_out == 0.25
    own = plug_in(None, None, Path("/t.onnx"), local=False).config
    assert own.model.frozen is None and not own.model.local
    assert own.target.weights == Path("/t.onnx")


def test_from_nothing_people_are_held_out_where_no_list_of_pairs_is_named() -> None:
    laptop = from_nothing().config
    assert laptop.name == "xcos-laptop" and laptop.target.weights == Path("sface")
    assert laptop.data.labelled == [] and laptop.data.held_out == 0.05
    assert laptop.data.validation is None
    paper = from_nothing(
        "paper-arcface", Path("/faces"), Path("/t.pth"), Path("/lfw/pairs.txt")
    ).config
    assert paper.losses.identification == "arcface" and paper.data.labelled == [Path("/faces")]
    assert paper.target.weights == Path("/t.pth") and paper.data.held_out == 0
    assert paper.data.validation == Path("/lfw/pairs.txt") and paper.data.validation_photos is None


def test_sface_and_own_stand_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path("/sface.onnx")
    monkeypatch.setattr("core.training.named_files.sface_file", lambda: file)
    plain = TrainConfig(target=TargetConfig(Path("sface"), [Path("/a.onnx"), Path("sface")]))
    found = with_files(plain)
    assert found.target.weights == file and found.target.others == [Path("/a.onnx"), file]
    plugged = TrainConfig(
        model=ModelConfig(frozen=Path("sface"), channels="bgr", normalisation="127.5,128"),
        target=TargetConfig(Path("own")),
    )
    found = with_files(plugged)
    assert found.model.frozen == file and found.target.weights == file
    assert (found.target.channels, found.target.normalisation) == ("bgr", "127.5,128")
    other = with_files(replace(plugged, target=TargetConfig(Path("/t.onnx"))))
    assert other.target == TargetConfig(Path("/t.onnx"))


def sound(**groups: object) -> TrainConfig:
    return replace(TrainConfig(target=TargetConfig(Path("/t.onnx"))), **groups)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "processes", "told"),
    [
        (sound(), 1, None),
        (sound(optimisation=OptimisationConfig(batch=8, accumulate=4)), 1, None),
        (sound(optimisation=OptimisationConfig(batch=8, accumulate=2)), 2, None),
        (sound(optimisation=OptimisationConfig(batch=8, accumulate=8)), 1, "evenly in 8 "),
        (sound(optimisation=OptimisationConfig(batch=8, accumulate=2)), 4, "evenly in 8 "),
        (sound(optimisation=OptimisationConfig(batch=9, accumulate=2)), 1, "evenly in 2 "),
        (sound(locality=LocalityConfig(0.5)), 1, None),
        (sound(locality=LocalityConfig(0.5), model=ModelConfig(xcos=False)), 1, "rules that out"),
        (
            sound(locality=LocalityConfig(0.5), losses=LossConfig("arcface", 1, 0, 0, embedding_weight=0)),
            1,
            "needs a target's cosines",
        ),
        (
            sound(
                locality=LocalityConfig(0.5),
                losses=LossConfig("arcface", 1, 0, 0, embedding_weight=0, map_weight=0.5),
            ),
            1,
            None,
        ),
        (sound(model=ModelConfig(trained="head", start=Path("/w"))), 1, None),
        (sound(model=ModelConfig(trained="last stage")), 1, "without model.start"),
        (sound(model=ModelConfig(frozen=Path("/f.pth"), trained="last stage")), 1, None),
        (sound(model=ModelConfig(frozen=Path("/f.onnx"), trained="all")), 1, None),
        (
            sound(
                model=ModelConfig(frozen=Path("/f.pth"), trained="last stage"),
                target=TargetConfig(Path("/t.onnx"), live=True),
            ),
            1,
            None,
        ),
        (sound(target=TargetConfig(Path("/t.onnx"), normalisation="1,2,3")), 1, "target.normalisation"),
    ],
)  # fmt: skip
def test_contradictions(config: TrainConfig, processes: int, told: str | None) -> None:
    found = contradiction(config, processes)
    assert found is None if told is None else found is not None and told in found


def test_two_people_or_two_faces_of_strangers_are_enough() -> None:
    named, quiet = TrainConfig(losses=LossConfig("arcface")), TrainConfig()
    assert too_few_identities(named, 2, 0) is None and too_few_identities(quiet, 2, 0) is None
    assert "data.labelled has no identity" in str(too_few_identities(named, 0, 50))
    assert "data.labelled has one identity" in str(too_few_identities(named, 1, 50))
    assert too_few_identities(quiet, 1, 2) is None and too_few_identities(quiet, 0, 2) is None
    assert "show one identity and no others" in str(too_few_identities(quiet, 1, 1))
    assert Faces(3, 4, 2).total == 7


def test_a_batch_takes_memory_for_its_weights_its_pairs_and_its_parts() -> None:
    model = ModelConfig("thin", {"stem": 4, "widths": [4, 6, 8], "depths": [1, 1, 1]})
    losses = LossConfig(pairs=100)
    config = TrainConfig(model=model, losses=losses)
    usual = batch_bytes(config, 50)

    def less(**changed: object) -> int:
        return usual - batch_bytes(replace(config, **changed), 50)  # type: ignore[arg-type]

    # Of a pair: attention's inner maps of 96 numbers, and both faces' cells and their gradients.
    assert less(losses=replace(losses, pairs=99)) == 4 * 49 * 96 + 4 * 49 * 4 * 32
    every = 100 * (4 * 49 * 96 + 4 * 49 * 4 * 32)
    assert less(losses=replace(losses, cosine_weight=0.0)) == every
    assert less(model=replace(model, xcos=False)) == every
    # A head that tells 50 people apart, with its gradient, two moments and an average.
    assert less(losses=replace(losses, identification="cosface")) == -4 * 5 * 50 * 32 * 49
    face = less(optimisation=OptimisationConfig(batch=95))
    assert less(optimisation=OptimisationConfig(batch=96, accumulate=2)) == 48 * face
    pixels = 3 * 3 * 112 * 112 * 4
    mixed = less(hardware=replace(config.hardware, precision="16-mixed"))
    assert mixed == 96 * (face - pixels) / 2


def test_memory_and_people_without_photos_are_warned_of(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    for name in ("dan", "eve"):
        (crops / name).mkdir()
    assert check(config).warnings == ("2 folders have no photo and will be left out: dan, eve.",)
    for name in ("flo", "gus"):
        (crops / name).mkdir()
    assert (
        "4 folders have no photo and will be left out: dan, eve, flo, ...."
        in check(config).warnings
    )
    for name in ("dan", "eve", "flo", "gus"):
        (crops / name).rmdir()
    needed = batch_bytes(config, 3)
    least = 9 * 112 * 112 * 3  # of the nine faces decoded
    for free, warned in ((10 * needed // 9 - 2, True), (10 * needed // 9 + 10, False)):
        monkeypatch.setattr(
            "core.training.checks.free_memory", lambda _, free=free: (free, "this machine has")
        )
        assert bool(check(config).warnings) == warned
    for free, warned in ((10 * least // 9 - 2, True), (10 * least // 9 + 10, False)):
        monkeypatch.setattr(
            psutil, "virtual_memory", lambda free=free: SimpleNamespace(available=free)
        )
        assert bool(check(config).warnings) == warned, free
    monkeypatch.setattr("core.training.checks.free_memory", lambda _: (10**6, "this machine has"))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**5))
    assert check(config).warnings == (
        f"A batch of 8 faces takes about {needed / 1e6:.0f} MB, and this machine has 1 MB free: "
        "lower optimisation.batch, or raise optimisation.accumulate.",
        "The decoded faces take 0 MB and 0 MB of memory are free, so they are read from the disk "
        "again and again: a fast disk for data.cache helps.",
    )


def changed_card(weights: Path, path: Path, **changed: object) -> Path:
    card, network = load_xcos(weights)
    made: ModelCard = replace(card, **changed)  # type: ignore[arg-type]
    return save_weights(path, network, made).path


def test_going_on_takes_what_the_weights_are_and_only_of_faces_scaled_alike(
    tiny_weights: Path, tmp_path: Path
) -> None:
    config = TrainConfig(model=ModelConfig("ir-se-50", start=tiny_weights, embedding=False))
    assert as_started(TrainConfig()) == TrainConfig()
    model = as_started(config).model
    assert model.backbone == "thin" and model.options["widths"] == [8, 12, 16]
    assert model.embedding and model.grid_channels == 32

    def started(**changed: object) -> TrainConfig:
        path = changed_card(tiny_weights, tmp_path / "w.safetensors", **changed)
        return as_started(replace(config, model=replace(config.model, start=path)))

    started(mean=(127.5,) * 3, std=(127.5,) * 3)  # as others write the same
    started(mean=(128.5, 127.5, 126.5), std=(128.0, 127.0, 129.0))
    for wrong in (
        {"channels": "BGR"},
        {"mean": (127.5, 127.5, 128.6)},
        {"std": (126.9, 128.0, 128.0)},
        {"mean": (0.0,) * 3, "std": (255.0,) * 3},
    ):
        with pytest.raises(XCosError, match=r"weights that take RGB, \(x . 127\.5\) / 128"):
            started(**wrong)
    for ruled_out in ({"frozen": tiny_weights}, {"xcos": False}):
        with pytest.raises(XCosError, match=r"model\.frozen or model\.xcos rules out"):
            as_started(replace(config, model=replace(config.model, **ruled_out)))  # type: ignore[arg-type]


def test_a_head_of_another_size_than_the_targets_is_refused(tiny_weights: Path) -> None:
    config = TrainConfig(model=ModelConfig(start=tiny_weights))
    _, network = load_xcos(tiny_weights)
    card = take_start(network, config)
    assert card is not None and card.embedding_size == 16
    assert network.embedding is not None
    network.embedding.out_features = 20
    with pytest.raises(XCosError, match="gives 16 numbers and the target 20"):
        take_start(network, config)
    assert take_start(network, TrainConfig()) is None


@pytest.mark.parametrize("name", ["gallery", "labelled", "unlabelled"])
def test_a_run_of_other_faces_is_not_gone_on_with(name: str, tmp_path: Path) -> None:
    faces: dict[str, object] = {
        "gallery": tmp_path / "a",
        "labelled": [tmp_path / "b"],
        "unlabelled": [],
    }
    base = TrainConfig()
    config = replace(base, data=replace(base.data, **faces))  # type: ignore[arg-type]
    other = tmp_path / "other"
    changed = faces | {name: other if name == "gallery" else [other]}
    unlike = replace(base, data=replace(base.data, **changed))  # type: ignore[arg-type]
    refuse_other_faces(tmp_path, unlike)  # there is nothing yet
    (tmp_path / "config.toml").write_text(write_config(config))
    refuse_other_faces(tmp_path, unlike)  # nor any weights
    (tmp_path / "last.ckpt").touch()
    refuse_other_faces(tmp_path, replace(config, name="other", optimisation=OptimisationConfig(9)))
    with pytest.raises(XCosError, match="holds a run on other faces"):
        refuse_other_faces(tmp_path, unlike)


def test_a_longer_run_has_twice_the_steps_the_epochs_and_the_patience(tmp_path: Path) -> None:
    run, into = tmp_path / "run", tmp_path / "into"
    run.mkdir()
    into.mkdir()
    config = TrainConfig(optimisation=OptimisationConfig(steps=7, epochs=3, patience=2))
    (run / "config.toml").write_text(write_config(config))
    for name in ("last.ckpt", "best.ckpt", "log.csv", "validation.csv", "verdict.json", "pair.npz"):
        (run / name).write_text(name)
    longer = train_longer(run, into)
    wanted = replace(config.optimisation, steps=14, epochs=6, patience=4)
    assert longer == replace(config, optimisation=wanted)
    assert read_config(into / "config.toml") == longer
    kept = {"last.ckpt", "best.ckpt", "log.csv", "validation.csv"}
    assert {path.name for path in into.iterdir()} == kept | {"config.toml"}
    assert all((into / name).read_text() == name for name in kept)
    shutil.rmtree(into)
    with pytest.raises(XCosError, match="into cannot be written: No such file"):
        train_longer(run, into)
