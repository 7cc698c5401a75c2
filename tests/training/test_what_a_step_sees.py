"""What a step sees of the faces: which are drawn, whose pixels fill borders, and their labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.progress import Task
from core.training.augment import Draws, augment, border_mask, fill_borders
from core.training.batch_loader import Feed
from core.training.config import (
    AugmentConfig,
    DataConfig,
    HardwareConfig,
    LocalityConfig,
    OptimisationConfig,
    TrainConfig,
)
from core.training.data import BatchSampler, TrainingFaces, training_faces, views_kept
from tests.living import crop

COUNTS = {"ann": 3, "bob": 2, "cem": 2, "dan": 3}
PADDED = {"ann/2.png", "dan/1.png"}  # faces with a black border


@pytest.fixture
def faces(tmp_path: Path) -> TrainingFaces:
    root = tmp_path / "faces"
    for name, count in COUNTS.items():
        (root / name).mkdir(parents=True)
        for number in range(1, count + 1):
            pixels = crop(name, number).clip(30, 255)
            if f"{name}/{number}.png" in PADDED:
                pixels[:, :20] = 0
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return training_faces(DataConfig(labelled=[root], cache=tmp_path / "cache"))


def sampler_of(faces: TrainingFaces, config: OptimisationConfig) -> BatchSampler:
    nobody = np.full((len(faces), 8), -1)
    return BatchSampler(faces.labels, nobody, config, 11, faces.bordered)


def test_a_face_with_black_edges_is_known_and_told_by_its_file(faces: TrainingFaces) -> None:
    names = [Path(faces.name(k)) for k in range(len(faces))]
    assert [f"{n.parent.name}/{n.name}" for n in names] == [
        f"{name}/{number}.png" for name, count in COUNTS.items() for number in range(1, count + 1)
    ]
    assert {names[k].parent.name + "/" + names[k].name for k in np.flatnonzero(faces.bordered)} == (
        PADDED
    )
    assert [faces.identities[label] for label in faces.labels] == [n.parent.name for n in names]


def test_borders_are_filled_by_faces_without_one_and_half_of_the_faces_are_turned(
    faces: TrainingFaces,
) -> None:
    sampler = sampler_of(faces, OptimisationConfig(batch=8, photos_per_identity=2))
    batches = [sampler.batch(step) for step in range(60)]
    donors = np.concatenate([batch.donors for batch in batches])
    assert {*donors.tolist()} == {*np.flatnonzero(~faces.bordered).tolist()}
    companions = np.concatenate([batch.companions for batch in batches])
    assert {*companions.tolist()} == {*range(len(faces))}
    turned = np.concatenate([batch.mirrored for batch in batches])
    assert 0.4 < turned.mean() < 0.6
    # Where every face has a border, or none is known to have one, all of them fill.
    config, nobody = OptimisationConfig(batch=8), np.full((10, 8), -1)
    for bordered in (np.ones(10, bool), None):
        some = BatchSampler(faces.labels, nobody, config, 11, bordered, mirror=False)
        every = [some.batch(step) for step in range(40)]
        assert {*np.concatenate([batch.donors for batch in every]).tolist()} == {*range(10)}
        assert not any(batch.mirrored.any() for batch in every)


def test_a_batch_of_faces_without_names_has_no_labelled_part_and_the_other_way_round() -> None:
    config = OptimisationConfig(batch=9, labelled_share=0.5, partner_share=0.5)
    nobody = np.full((12, 8), -1)
    for labels, leaders in ((np.arange(12) % 3, 0), (np.full(12, -1), 5)):
        sampler = BatchSampler(labels, nobody, config, 0)
        assert len(sampler.batch(3).faces) == 9
        assert sampler.passes(12) == pytest.approx(12 * leaders / (12 if leaders else 1))
    # Of nine faces half are four and a half: four with names, and five without, two of them partners.
    mixed = np.where(np.arange(12) < 6, np.arange(12) % 3, -1)
    sampler = BatchSampler(mixed, nobody, config, 0)
    for step in range(4):
        batch = sampler.batch(step)
        assert (batch.faces[:4] < 6).all() and (batch.faces[4:] >= 6).all()
        assert batch.faces[7:].tolist() == batch.faces[4:6].tolist()
    assert sampler.passes(4) == pytest.approx(4 * 3 / 6)
    # No leader has more than one partner, whatever share is asked for.
    greedy = replace(config, labelled_share=0.0, partner_share=1.0)
    assert BatchSampler(np.full(12, -1), nobody, greedy, 0).passes(12) == pytest.approx(5)


def views_by_hand(faces: TrainingFaces, config: TrainConfig, step: int) -> torch.Tensor:
    """Pixels of a step's whole batch."""
    batch = sampler_of(faces, config.optimisation).batch(step)

    def pixels(which: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(faces.take(which)).permute(0, 3, 1, 2).float()

    own, donors, others = map(pixels, (batch.faces, batch.donors, batch.companions))
    if config.data.fill_borders:
        own = fill_borders(own, border_mask(own), donors)
        others = fill_borders(others, border_mask(others), donors)
    draws = Draws.of(config.hardware.seed, batch.samples)
    return augment(own, others, batch.mirrored, draws, config.augmentation)


@pytest.mark.parametrize("filled", [True, False])
def test_views_are_the_varied_faces_with_their_labels_and_what_is_photo(
    faces: TrainingFaces, filled: bool
) -> None:
    config = TrainConfig(
        data=DataConfig(fill_borders=filled),
        locality=LocalityConfig(hidden=0.3),
        augmentation=AugmentConfig(mix=0.4, occlusion=0.0),
        optimisation=OptimisationConfig(batch=8, photos_per_identity=2),
        hardware=HardwareConfig(seed=5),
    )
    sampler = sampler_of(faces, config.optimisation)
    feed = Feed(faces, sampler, config, torch.device("cpu"))
    padded = mixed_faces = 0
    for step in (0, 1, 2, 7):  # the last one was not prepared
        found, batch = feed.views(step), sampler.batch(step)
        wanted = views_by_hand(faces, config, step)
        torch.testing.assert_close(found.pixels, wanted, atol=1e-2, rtol=0)
        mixed = Draws.of(5, batch.samples).uniform[:, 21] < 0.4
        labels = np.where(mixed, -1, faces.labels[batch.faces])
        assert found.labels.tolist() == labels.tolist()
        assert found.hidden is not None and len(found.hidden.source) == 2  # of eight 2.4
        for valid, face in zip(found.valid, batch.faces, strict=True):
            assert valid.mean() == pytest.approx(92 / 112 if faces.bordered[face] else 1)
            assert not faces.bordered[face] or not valid[:, :20].any()
            padded += int(faces.bordered[face])
        mixed_faces += int(mixed.sum())
    assert padded > 2 and mixed_faces > 5
    feed.close()
    second = Feed(faces, sampler, config, torch.device("cpu"), 1, 2).views(1)
    assert second.batch.faces.tolist() == sampler.batch(1).faces[4:].tolist()
    torch.testing.assert_close(
        second.pixels, views_by_hand(faces, config, 1)[4:], atol=1e-2, rtol=0
    )
    plain = replace(config, locality=LocalityConfig(hidden=0.05))  # of eight 0.4: none
    assert Feed(faces, sampler, plain, torch.device("cpu")).views(0).hidden is None


def test_of_more_than_five_thousand_faces_one_view_is_kept() -> None:
    assert [views_kept(count) for count in (2, 5000, 5001, 10**6)] == [2, 2, 1, 1]


def test_decoding_tells_how_far_it_is(
    faces: TrainingFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.data.CHUNK", 4)
    told: list[tuple[str, int, int]] = []
    config = DataConfig(labelled=[tmp_path / "faces"], cache=tmp_path / "other")
    again = training_faces(config, Task(lambda *said: told.append(said)))
    assert told == [("Decoding faces", done, 10) for done in (0, 4, 8)]
    every = np.arange(10)
    assert np.array_equal(again.take(every), faces.take(every))
    assert np.array_equal(again.bordered, faces.bordered)
