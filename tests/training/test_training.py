"""Training: config, batches, losses, and a run that resumes exactly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Stopped, XCosError
from core.faces.masks import free_form_mask
from core.model.card import read_card
from core.model.xcos import LearnedAttention, cosine_map, xcos
from core.progress import Task
from core.training.augment import Draws, augment, border_mask, fill_borders, is_mixed
from core.training.config import (
    AugmentConfig,
    DataConfig,
    HardwareConfig,
    LossConfig,
    ModelConfig,
    OptimisationConfig,
    TargetConfig,
    TrainConfig,
)
from core.training.data import BatchSampler, training_faces
from core.training.finish import finish
from core.training.loop import train
from core.training.losses import attention_of_pairs, choose_pairs, score_losses, uniform_scores
from core.training.positive_mining import likely_positives
from core.training.run import RunDirectory
from core.training.training import StepLosses, Training


def config_for(crops: Path, target: Path, tmp_path: Path) -> TrainConfig:
    return TrainConfig(
        name="little",
        data=DataConfig(labelled=[crops], unlabelled=[crops / "ann"], cache=tmp_path / "cache"),
        model=ModelConfig("thin", {"stem": 4, "widths": [4, 6, 8], "depths": [1, 1, 1]}),
        target=TargetConfig(target),
        losses=LossConfig(identification="arcface", pairs=20),
        optimisation=OptimisationConfig(steps=6, batch=8, photos_per_identity=2, warm_up=2),
        hardware=HardwareConfig(device="cpu", save_every=3, threads=1),
    )


def logged(run: Path) -> list[str]:
    return [line.split(",", 3)[3] for line in (run / "log.csv").read_text().splitlines()]


def test_resumed_run_equals_uninterrupted_one(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    whole = train(config, tmp_path / "whole")
    steps = 0

    def stop_at_four() -> bool:
        nonlocal steps
        steps += 1
        return steps > 12  # what decoding and the target ask for comes first

    with pytest.raises(Stopped):
        train(
            config,
            tmp_path / "broken",
            task=Task(stopped=lambda: (tmp_path / "broken/last.ckpt").exists() or stop_at_four()),
        )
    broken = train(config, tmp_path / "broken")
    for name, tensor in whole.exported.state_dict().items():
        assert torch.equal(tensor, broken.exported.state_dict()[name]), name
    assert whole.state()["step"] == broken.state()["step"] == 6
    card = finish(broken, tmp_path / "little.safetensors")
    assert card.embedding_size == 16 and card.correlation is not None
    assert card.training == (
        "9 faces, 6 of them with one of 3 identities; 6 steps of 8 faces from random "
        "initialisation; target tiny"
    )
    assert read_card(card.path).correlation.sum() == pytest.approx(1)  # type: ignore[union-attr]


def test_a_step_s_losses_are_the_means_of_its_parts(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    done = train(config_for(crops, tiny_weights, tmp_path), tmp_path / "run")
    parts = [{"cosine": 1.0, "total": 2.0}, {"cosine": 4.0, "total": 8.0, "identification": 3.0}]
    row = StepLosses(5, 0.25, [{k: torch.tensor(v) for k, v in part.items()} for part in parts])
    assert done.numbers([row]) == [
        {"rate": 0.25, "cosine": 2.5, "identification": 3.0, "total": 5.0}
    ]


def test_what_ships_is_the_moving_average(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []
    step = Training._step

    def noted(training: Training) -> StepLosses:
        row = step(training)
        seen.append(training.net.grid[0].weight.detach().clone())  # type: ignore[index]
        return row

    monkeypatch.setattr(Training, "_step", noted)
    config = config_for(crops, tiny_weights, tmp_path)
    faster = replace(config.optimisation, average=0.75, learning_rate=0.1, steps=4)
    done = train(replace(config, optimisation=faster), tmp_path / "run")
    wanted = seen[0]
    for weight in seen[1:]:
        wanted = 0.75 * wanted + 0.25 * weight
    found = done.exported.grid[0].weight  # type: ignore[index]
    assert len(seen) == 4
    torch.testing.assert_close(found, wanted)
    assert not torch.allclose(found, torch.stack(seen).mean(0), rtol=1e-4)


def test_live_target_teaches_mixed_faces(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    live = replace(
        config,
        target=replace(config.target, live=True),
        augmentation=replace(config.augmentation, mix=0.5),
        optimisation=replace(config.optimisation, accumulate=2, optimiser="sgd"),
    )
    done = train(live, tmp_path / "run")
    assert done.step == 6 and (tmp_path / "run/last.ckpt").exists()
    with pytest.raises(XCosError, match=r"augmentation.mix needs target.live"):
        train(replace(live, target=config.target), tmp_path / "other")
    with pytest.raises(XCosError, match=r"batch is 8, which does not part evenly in 3"):
        train(
            replace(live, optimisation=replace(live.optimisation, accumulate=3)),
            tmp_path / "third",
        )


def test_loss_that_is_not_finite_stops_with_names(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    wild = replace(
        config, optimisation=replace(config.optimisation, learning_rate=1e30, warm_up=0, steps=20)
    )
    with pytest.raises(XCosError, match=r"not finite at step \d+ .*png.*last\.ckpt"):
        train(wild, tmp_path / "run")
    monkeypatch.setattr("core.training.net.embedding_loss", lambda own, _: own.sum() * float("nan"))
    with pytest.raises(XCosError, match=r"The embedding loss is not finite at step 0 "):
        train(config, tmp_path / "other")


def test_damaged_checkpoint_is_told(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "last.ckpt").write_bytes(b"cut")
    with pytest.raises(XCosError, match=r"last\.ckpt is not a checkpoint"):
        train(config_for(crops, tiny_weights, tmp_path), tmp_path / "run")


class Trap:
    """Makes a file as soon as it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    torch.save({"step": 1, "best": Trap(tmp_path / "sprung")}, run.last)
    with pytest.raises(XCosError, match="is not a checkpoint of a run"):
        run.load(run.last)
    assert not (tmp_path / "sprung").exists()


@given(st.integers(0, 1000), st.integers(0, 3))
def test_batches_are_a_function_of_the_step(step: int, seed: int) -> None:
    labels = np.array([0] * 5 + [1] + [-1] * 20)
    neighbours = np.full((26, 8), -1)
    neighbours[10, 0] = 11
    config = OptimisationConfig(batch=12, labelled_share=0.5, photos_per_identity=3)
    sampler = BatchSampler(labels, neighbours, config, seed)
    one, other = sampler.batch(step), BatchSampler(labels, neighbours, config, seed).batch(step)
    np.testing.assert_array_equal(one.faces, other.faces)
    assert len(one.faces) == 12
    drawn = labels[one.faces]
    assert (drawn >= 0).sum() == 6
    for identity in (0, 1):  # positives are guaranteed, of an identity with one photo as two views
        assert (drawn == identity).sum() >= 2 or (drawn == identity).sum() == 0


def test_every_unlabelled_face_leads_once_a_pass() -> None:
    labels = np.full(30, -1)
    config = OptimisationConfig(batch=8, partner_share=0.25)
    sampler = BatchSampler(labels, np.full((30, 8), -1), config, 0)
    leaders = np.concatenate([sampler.batch(step).faces[:6] for step in range(5)])
    assert sorted(leaders.tolist()) == list(range(30))
    assert sampler.passes(5) == 1


def test_likely_positives_are_near_and_not_the_same_picture() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(40, 16))
    base[1] = base[0] + 0.4 * rng.normal(size=16)
    base[2] = base[0]
    unit = (base / np.linalg.norm(base, axis=1, keepdims=True)).astype(np.float32)
    labels = np.full(40, -1)
    labels[39] = 0
    found = likely_positives(unit, labels, 0.75)
    assert 1 in found[0] and 2 not in found[0] and 0 not in found[0]
    assert (found[39] == -1).all()


def test_likely_positives_by_tiles_and_by_index_are_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(size=(30, 24)).repeat(10, 0) + 0.5 * rng.normal(size=(300, 24))
    unit = (base / np.linalg.norm(base, axis=1, keepdims=True)).astype(np.float32)
    labels = np.where(np.arange(300) % 7 == 0, 0, -1)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1)
    cosines[:, labels >= 0] = -1
    usable = np.where((cosines > 0.5) & (cosines < 0.985), cosines, -1)
    expected = [
        [int(j) for j in np.argsort(-usable[i])[:8] if usable[i, j] > 0] if labels[i] < 0 else []
        for i in range(300)
    ]
    monkeypatch.setattr("core.training.positive_mining.COLUMNS", 50)
    monkeypatch.setattr("core.training.positive_mining.ROWS", 70)
    exact = likely_positives(unit, labels, 0.5)
    assert [[j for j in row if j >= 0] for row in exact.tolist()] == expected
    pytest.importorskip("faiss")
    monkeypatch.setattr("core.training.positive_mining.EXACT", 0)
    nearly = likely_positives(unit, labels, 0.5)
    pairs = {(i, j) for i, row in enumerate(expected) for j in row}
    found = {(i, j) for i, row in enumerate(nearly.tolist()) for j in row if j >= 0}
    assert len(pairs & found) > 0.95 * len(pairs)


def test_attention_of_pairs_is_the_heads_own() -> None:
    torch.manual_seed(0)
    attention = LearnedAttention().eval()
    grid = torch.randn(6, 32, 7, 7)
    left, right = torch.tensor([0, 1, 5]), torch.tensor([3, 0, 5])
    with torch.inference_mode():
        fast = attention_of_pairs(attention, grid, left, right)
        torch.testing.assert_close(fast, attention(grid[left], grid[right]), atol=1e-6, rtol=1e-5)


def test_losses_against_pair_by_pair() -> None:
    torch.manual_seed(0)
    attention, grid = LearnedAttention().eval(), torch.randn(5, 32, 7, 7)
    target = torch.nn.functional.normalize(torch.randn(5, 8))
    config = LossConfig(pairs=100, alike=0.1, alike_weight=3.0)
    cosines = target @ target.T
    pairs = choose_pairs(cosines, 100, 0.1, torch.Generator().manual_seed(0))
    losses = score_losses(attention, grid, cosines, pairs, config)
    learned, uniform, weights, weights_u = 0.0, 0.0, 0.0, 0.0
    for i in range(5):
        for j in range(5):
            if i == j:
                continue
            wanted = float(target[i] @ target[j])
            weight = 3.0 if wanted > 0.1 else 1.0
            cosine = cosine_map(grid[i : i + 1], grid[j : j + 1])
            score = float(xcos(cosine, attention(grid[i : i + 1], grid[j : j + 1])))
            learned, weights = learned + weight * (score - wanted) ** 2, weights + weight
            if i < j:
                uniform += weight * (float(cosine.mean()) - wanted) ** 2
                weights_u += weight
    assert losses["cosine"].item() == pytest.approx(learned / weights, rel=1e-4)
    assert losses["uniform"].item() == pytest.approx(uniform / weights_u, rel=1e-4)
    assert uniform_scores(grid)[1, 2] == pytest.approx(
        float(cosine_map(grid[1:2], grid[2:3]).mean()), abs=1e-6
    )


def test_chosen_pairs_hold_the_alike_ones() -> None:
    cosines = torch.zeros(10, 10)
    cosines[2, 7] = cosines[7, 2] = 0.9
    left, right = choose_pairs(cosines, 8, 0.5, torch.Generator().manual_seed(0))
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    assert {(2, 7), (7, 2)} <= pairs and len(pairs) == 8
    assert all(i != j for i, j in pairs)


def test_borders_are_found_and_filled() -> None:
    pixels = np.full((3, 112, 112, 3), 120, np.uint8)
    pixels[0, :30] = 0
    pixels[1, 50:60, 50:60] = 0  # dark, but inside the photo
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    border = border_mask(x)
    assert border[0].float().mean() == pytest.approx(30 / 112) and not border[1:].any()
    filled = fill_borders(x, border, torch.full_like(x, 200))
    assert (filled[0, :, :25] == 200).all() and (filled[0, :, 40:] == 120).all()
    assert torch.equal(filled[1:], x[1:])


def test_augmentation_depends_on_the_sample_alone() -> None:
    torch.manual_seed(0)
    x, others = 255 * torch.rand(2, 40, 3, 112, 112)
    config = AugmentConfig(occlusion=0.5, blur=0.5, mix=0.5)
    mirrored = np.arange(40) % 2 == 0
    whole = augment(x.clone(), others, mirrored, Draws.of(0, np.arange(40)), config)
    rest = Draws.of(0, np.arange(30, 40))
    part = augment(x[30:].clone(), others[30:], mirrored[30:], rest, config)
    torch.testing.assert_close(whole[30:], part, atol=1e-3, rtol=0)
    mixed = is_mixed(Draws.of(0, np.arange(40)), config)
    assert 8 < mixed.sum() < 32
    still = AugmentConfig(0, 0, 0, 0, 0, 0, 0, 0)
    same = augment(x.clone(), others, np.zeros(40, bool), Draws.of(0, np.arange(40)), still)
    torch.testing.assert_close(same, x, atol=0.05, rtol=0)
    flipped = augment(x.clone(), None, np.ones(40, bool), Draws.of(0, np.arange(40)), still)
    torch.testing.assert_close(flipped, x.flip(3), atol=0.05, rtol=0)


def test_mixed_faces_lie_between_the_two() -> None:
    x, others = torch.zeros(50, 3, 112, 112), torch.full((50, 3, 112, 112), 200.0)
    config = replace(AugmentConfig(0, 0, 0, 0, 0, 0, 0), mix=0.5)
    draws = Draws.of(3, np.arange(50))
    varied = augment(x, others, np.zeros(50, bool), draws, config)
    mixed = is_mixed(draws, config)
    assert (varied[~mixed] == 0).all()
    assert ((varied[mixed] >= 0) & (varied[mixed] <= 200)).all()
    means = varied[mixed].mean(dim=(1, 2, 3))
    assert means.min() < 60 and means.max() > 100  # many shares of the other face occur


@given(st.integers(0, 2**31), st.integers(0, 2**40))
def test_draws_are_uniform_and_of_the_sample(seed: int, sample: int) -> None:
    one = Draws.of(seed, np.array([sample])).uniform
    many = Draws.of(seed, sample + np.arange(300)).uniform
    np.testing.assert_array_equal(one[0], many[0])
    assert many.min() >= 0 and many.max() < 1
    assert abs(many.mean() - 0.5) < 0.02 and abs(many.var() - 1 / 12) < 0.01
    assert len(np.unique(many)) > 0.99 * many.size


@given(st.floats(0.05, 0.6), st.integers(0, 1000))
def test_free_form_masks_cover_their_share(share: float, seed: int) -> None:
    mask = free_form_mask(share, np.random.default_rng(seed))
    assert share <= mask.mean() <= share + 0.03


def test_faces_that_do_not_fit_the_disk_are_decoded_each_time(
    crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DataConfig(labelled=[crops], cache=tmp_path / "one")
    decoded = training_faces(config)
    monkeypatch.setattr("core.training.data._fits", lambda *_: False)
    streamed = training_faces(replace(config, cache=tmp_path / "two"))
    assert streamed.pixels is None and not (streamed.folder / "pixels.npy").exists()
    every = np.arange(len(decoded))
    np.testing.assert_array_equal(streamed.take(every), decoded.take(every))


def test_damaged_photos_are_left_out_and_told(
    crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (crops / "ann" / "2.png").write_bytes(b"no picture")
    (crops / "dan").mkdir()
    (crops / "dan" / "1.jpg").write_bytes(b"")
    config = DataConfig(labelled=[crops], cache=tmp_path / "one")
    for kept in (True, False):  # also where faces are decoded each time
        monkeypatch.setattr("core.training.data._fits", lambda *_, kept=kept: kept)
        faces = training_faces(replace(config, cache=tmp_path / str(kept)))
        assert len(faces) == 5 and faces.identities == ("ann", "bob", "cem")
        assert len(faces.problems) == 2 and any("2.png" in told for told in faces.problems)
        assert faces.take(np.arange(5)).shape == (5, 112, 112, 3)
