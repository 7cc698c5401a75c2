"""What targets say of the training faces: kept as it is and mirrored, on one scale, mended by names."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import Stopped
from core.model.backbones import build_backbone
from core.model.card import ModelCard
from core.model.target import Target
from core.model.weights import save_weights
from core.progress import Task
from core.training.batch_loader import Views
from core.training.config import DataConfig
from core.training.data import Batch, TrainingFaces, training_faces
from core.training.losses import by_names
from core.training.target_cache import (
    JointTeacher,
    TargetAnswers,
    impostor_scale,
    label_limits,
    scales_of,
    target_answers,
)


def unit(rows: np.ndarray) -> np.ndarray:
    made: np.ndarray = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return made


def answers(seed: int, size: int, count: int = 40) -> TargetAnswers:
    rng = np.random.default_rng(seed)
    people = np.repeat(rng.normal(size=(count // 4, size)), 4, axis=0) + 0.3
    rows = np.stack([people + rng.normal(0, 0.5, people.shape) for _ in range(2)])
    return TargetAnswers(unit(rows), None, Path())


def cosines_of(told: TargetAnswers) -> np.ndarray:
    rows = told.embeddings[0]
    return rows @ rows.T


def test_a_scale_is_the_median_and_half_the_width_of_the_middle_two_thirds() -> None:
    rows = answers(0, 12).embeddings[0]
    every = [float(rows[i] @ rows[j]) for i in range(40) for j in range(i)]
    low, middle, high = np.quantile(every, [0.16, 0.5, 0.84])
    assert impostor_scale(rows) == pytest.approx((middle, (high - low) / 2), abs=1e-6)
    # The same face many times is one face; of two alike ones there is no spread to divide by.
    assert impostor_scale(np.repeat(rows, 3, axis=0)) == pytest.approx(
        (middle, (high - low) / 2), abs=1e-6
    )
    assert impostor_scale(rows[:2])[1] == 1e-6
    assert scales_of([answers(0, 12)]) == ()
    both = scales_of([answers(0, 12), answers(1, 8)])
    assert both == (impostor_scale(rows), impostor_scale(answers(1, 8).embeddings[0]))


@pytest.mark.parametrize("targets", [1, 2])
def test_names_correct_a_target_between_its_quartile_and_its_usual_impostors(targets: int) -> None:
    told = [answers(k, 10 + k) for k in range(targets)]
    labels = np.repeat(np.arange(10), 4)
    labels[[3, 17, 30]] = -1
    every = [cosines_of(one) for one in told]
    wanted = every[0]
    if targets == 2:
        scales = [impostor_scale(one.embeddings[0]) for one in told]
        mean, spread = scales[0]
        standard = [(c - m) / s for c, (m, s) in zip(every, scales, strict=True)]
        wanted = (standard[0] + standard[1]) / 2 * spread + mean
    genuine, impostor = [], []
    for i in range(40):
        for j in range(i):
            if labels[i] >= 0 and labels[j] >= 0:
                (genuine if labels[i] == labels[j] else impostor).append(wanted[i, j])
    low, middle, high = np.quantile(impostor, [0.16, 0.5, 0.84])
    limits = label_limits(told, labels)
    assert limits == pytest.approx(
        (np.quantile(genuine, 0.75), middle + (high - low) / 2), abs=1e-5
    )
    assert label_limits(told, np.arange(40))[0] == 1.0  # nobody has two photos


def test_pairs_of_unknown_faces_keep_the_targets_cosine() -> None:
    rng = np.random.default_rng(2)
    cosines, labels = rng.uniform(-1, 1, (7, 7)), np.array([0, 0, 1, 1, -1, -1, 0])
    found = by_names(torch.from_numpy(cosines), torch.from_numpy(labels), (0.6, 0.2)).numpy()
    for i in range(7):
        for j in range(7):
            wanted = cosines[i, j]
            if labels[i] >= 0 and labels[j] >= 0:
                wanted = max(wanted, 0.6) if labels[i] == labels[j] else min(wanted, 0.2)
            assert found[i, j] == pytest.approx(wanted)


@pytest.fixture
def faces(crops: Path, tmp_path: Path) -> TrainingFaces:
    return training_faces(DataConfig(labelled=[crops], cache=tmp_path / "cache"))


def test_a_target_is_asked_once_of_each_face_and_its_mirror_image(
    faces: TrainingFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.target_cache.CHUNK", 4)
    torch.manual_seed(3)
    path, options = tmp_path / "face.safetensors", {"embedding_size": 16}
    network = build_backbone("mobilefacenet", **options).eval()
    save_weights(path, network, ModelCard("face", path, "", "target", "mobilefacenet", options))
    target = Target(path, "cpu")
    asked: list[int] = []
    reported: list[tuple[str, int, int]] = []
    stopped = Task(lambda *said: reported.append(said), lambda: len(reported) > 0)
    with pytest.raises(Stopped, match="Asking the target about the training faces"):
        target_answers(faces, target, True, stopped)
    ask = target.answers

    def counted(crops: np.ndarray, with_map: bool = False):  # type: ignore[no-untyped-def]
        asked.append(len(crops))
        return ask(crops, with_map=with_map)

    monkeypatch.setattr(target, "answers", counted)
    task = Task(lambda *said: reported.append(said))
    found = target_answers(faces, target, True, task)
    assert reported == [("Asking the target", 0, 6), ("Asking the target", 4, 6)]
    assert asked == [2, 2]  # the others were kept when it was stopped
    again = target_answers(faces, target, True, task)
    assert asked == [2, 2] and np.array_equal(again.embeddings, found.embeddings)
    pixels = faces.take(np.arange(6))
    assert found.maps is not None and found.size == 16
    assert found.map_channels == found.maps.shape[2] == network.channels
    for side, seen in enumerate((pixels, np.ascontiguousarray(pixels[:, :, ::-1]))):
        told = ask(seen, with_map=True)
        np.testing.assert_allclose(found.embeddings[side], told.embeddings, atol=1e-5)
        assert told.maps is not None
        for kept, own in zip(found.maps[side], told.maps, strict=True):
            positive = own.clip(min=0)
            np.testing.assert_allclose(kept, 255 * positive / positive.max(), atol=0.51)
    plain = target_answers(faces, target, False, task, views=1)
    assert plain.embeddings.shape == (1, 6, 16) and plain.maps is None
    assert plain.map_channels is None and plain.folder != found.folder
    np.testing.assert_allclose(plain.embeddings[0], found.embeddings[0], atol=1e-5)


def views_of(chosen: list[int], mirrored: list[bool], valid: torch.Tensor) -> Views:
    which, numbers = np.array(chosen), np.arange(len(chosen))
    batch = Batch(which, which, which, np.array(mirrored), numbers)
    return Views(batch, torch.zeros(len(which), 3, 112, 112), valid, torch.zeros(len(which)))


def test_a_lesson_is_of_the_sides_that_were_seen_and_its_valid_cells_turn_back() -> None:
    rng = np.random.default_rng(4)
    told = TargetAnswers(
        unit(rng.normal(size=(2, 5, 6))), rng.integers(0, 255, (2, 5, 3, 7, 7), np.uint8), Path()
    )
    valid = torch.ones(3, 112, 112)
    valid[:, :, :24] = 0  # a cell and a half from the left
    chosen, mirrored = [4, 0, 4], [True, False, False]
    lesson = told.lesson(views_of(chosen, mirrored, valid))
    for k, (face, turned) in enumerate(zip(chosen, mirrored, strict=True)):
        np.testing.assert_array_equal(lesson.embeddings[k], told.embeddings[int(turned), face])
        assert lesson.maps is not None and told.maps is not None
        np.testing.assert_array_equal(lesson.maps[k], told.maps[int(turned), face])
        row = [0, 0.5, 1, 1, 1, 1, 1]
        np.testing.assert_allclose(lesson.valid[k], [row[::-1] if turned else row] * 7)
    other = TargetAnswers(unit(rng.normal(size=(2, 5, 4))), None, Path())
    joint = JointTeacher(told, [other], ((0.1, 0.2), (0.3, 0.4)))
    both = joint.lesson(views_of(chosen, mirrored, valid))
    assert (joint.size, joint.map_channels) == (6, 3)
    assert torch.equal(both.embeddings, lesson.embeddings)
    assert both.scales == ((0.1, 0.2), (0.3, 0.4)) and len(both.others) == 1
    np.testing.assert_array_equal(
        both.others[0],
        np.stack([other.embeddings[int(t), f] for t, f in zip(mirrored, chosen, strict=True)]),
    )


def test_one_person_beside_unknown_faces_has_no_impostors_to_correct() -> None:
    told = [answers(3, 12)]
    labels = np.where(np.arange(40) < 4, 0, -1)
    wanted = cosines_of(told[0])[:4, :4][np.triu_indices(4, 1)]
    assert label_limits(told, labels) == (pytest.approx(np.quantile(wanted, 0.75), abs=1e-5), 1.0)
