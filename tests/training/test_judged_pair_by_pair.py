"""Held-out people of whom few pairs are judged: each pair is scored by itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import Stopped
from core.evaluation.verification import balanced_threshold
from core.faces.photo import read_photo
from core.model.target_choice import TargetChoice
from core.model.weights import load_xcos, save_weights
from core.model.xcos import cosine_map, xcos
from core.progress import Task
from core.training.held_out import HeldOutFaces, pairs_of
from core.training.judging import Judged, judge
from tests.living import make_crops
from tests.weights import other_weights

LAST = "Measuring faithfulness"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faithfulness, which has tests of its own, is measured on no pair."""
    monkeypatch.setattr("core.training.judging.TRIED", 0)


@pytest.fixture
def faces(tmp_path: Path) -> HeldOutFaces:
    """Eight people's faces, two of each, and fifteen pairs: the left face's number may be higher."""
    names = ("ann", "bob", "cem", "dan", "eve", "flo", "gus", "hal")
    folder = make_crops(tmp_path / "people", dict.fromkeys(names, 2))
    photos = tuple(sorted(folder.rglob("*.png")))
    people = np.repeat(np.arange(8), 2)
    left, right, same = pairs_of(people, 0)
    some = np.concatenate([np.flatnonzero(same), np.flatnonzero(~same)[::17][:7]])
    return HeldOutFaces(
        np.stack([read_photo(photo) for photo in photos]),
        people,
        photos,
        ("",) * 16,
        right[some],
        left[some],
        same[some],
    )


def test_few_pairs_of_many_faces_get_the_scores_of_the_network(
    faces: HeldOutFaces, tiny_weights: Path
) -> None:
    verdict = judge(faces, Judged(), tiny_weights, "cpu")
    card, net = load_xcos(tiny_weights)
    net.eval()
    x_BCHW = (torch.from_numpy(faces.crops).permute(0, 3, 1, 2) - 127.5) / 128
    wanted: dict[str, list[float]] = {"learned": [], "uniform": [], "correlation": [], "fc": []}
    assert card.correlation is not None
    with torch.inference_mode():
        grid = net.grid(net.backbone(x_BCHW))
        embeddings = net.embed(grid)
        assert embeddings is not None
        for i, j in zip(faces.left.tolist(), faces.right.tolist(), strict=True):
            one, other = grid[i : i + 1], grid[j : j + 1]
            cosine = cosine_map(one, other)
            both = (net.attention(one, other) + net.attention(other, one)) / 2
            wanted["learned"].append(float(xcos(cosine, both)))
            wanted["uniform"].append(float(cosine.mean()))
            wanted["correlation"].append(float((cosine[0].numpy() * card.correlation).sum()))
            angle = torch.cosine_similarity(embeddings[i], embeddings[j], dim=0)
            wanted["fc"].append(float(angle))
    assert {*verdict.kinds} == {*wanted}
    for kind, scores in wanted.items():
        genuine, impostor = np.array(scores)[faces.same], np.array(scores)[~faces.same]
        found = verdict.kinds[kind]
        assert found.auc.value == pytest.approx((genuine[:, None] > impostor).mean()), kind
        threshold = balanced_threshold(np.array(scores), faces.same)[0]
        assert found.threshold == pytest.approx(threshold, abs=2e-4), kind


def test_weights_without_a_head_are_judged_by_attention_alone(
    faces: HeldOutFaces, tiny_weights: Path, tmp_path: Path
) -> None:
    card, net = load_xcos(tiny_weights)
    net.embedding = None
    headless = save_weights(
        tmp_path / "headless.safetensors", net, replace(card, embedding_size=None)
    ).path
    verdict = judge(faces, Judged(), headless, "cpu")
    assert [*verdict.kinds] == ["learned", "uniform", "correlation"]
    whole = judge(faces, Judged(), tiny_weights, "cpu")
    for kind, figures in verdict.kinds.items():
        wanted = whole.kinds[kind]
        # The kernel and the plain path, which is there before it, round apart.
        assert figures.threshold == pytest.approx(wanted.threshold, abs=1e-6), kind
        assert replace(figures, threshold=None) == replace(wanted, threshold=None), kind


def test_where_no_pair_tells_it_there_is_no_faithfulness(
    faces: HeldOutFaces, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.judging.TRIED", 1)
    monkeypatch.setattr("core.training.judging.PATCHES", 8)
    monkeypatch.setattr("core.explain.editing.what_if.LEAST_PROBES", 9)
    found = judge(faces, Judged(), tiny_weights, "cpu").kinds["learned"]
    assert found.faithfulness is None and found.auc.value is not None


def test_judging_stops_while_faithfulness_is_measured(
    faces: HeldOutFaces, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.judging.TRIED", 1)
    said: list[str] = []
    task = Task(lambda what, _done, _total: said.append(what), lambda: bool(said[-1:] == [LAST]))
    with pytest.raises(Stopped, match=r"^Judging was stopped"):
        judge(faces, Judged(), tiny_weights, "cpu", task)
    assert said.count(LAST) == 1


def test_a_plugged_in_model_is_judged_by_its_own_cosines(
    faces: HeldOutFaces, tiny_weights: Path, tmp_path: Path
) -> None:
    other = other_weights(tmp_path / "other.safetensors")
    verdict = judge(faces, Judged(model=TargetChoice(other)), tiny_weights, "cpu")
    _, net = load_xcos(other)
    net.eval()
    x_BCHW = (torch.from_numpy(faces.crops).permute(0, 3, 1, 2) - 127.5) / 128
    with torch.inference_mode():
        embeddings = net.embed(net.grid(net.backbone(x_BCHW)))
        assert embeddings is not None
        left, right = embeddings[faces.left.tolist()], embeddings[faces.right.tolist()]
        cosines = torch.cosine_similarity(left, right).numpy()
    own, learned = verdict.kinds["own"], verdict.kinds["learned"]
    assert verdict.before == own != learned == verdict.after
    genuine, impostor = cosines[faces.same], cosines[~faces.same]
    assert own.auc.value == pytest.approx((genuine[:, None] > impostor).mean())
    threshold = balanced_threshold(cosines, faces.same)[0]
    assert own.threshold == pytest.approx(threshold, abs=2e-4)
    assert verdict.start == other
    # Pairs that are judged otherwise have the scores of both.
    for pair in verdict.pairs:
        sides = zip(faces.left.tolist(), faces.right.tolist(), strict=True)
        photos = [{faces.photos[i], faces.photos[j]} for i, j in sides]
        place = photos.index({pair.left, pair.right})
        assert pair.before == pytest.approx(float(cosines[place]), abs=1e-4)
