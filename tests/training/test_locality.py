"""Views with a part hidden, the laws that their pairs follow, and several targets."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import label

from core.errors import XCosError
from core.model.card import LAW_WORDS, HidingLaw, read_card
from core.model.weights import load_xcos
from core.model.xcos import LearnedAttention, cosine_map, xcos
from core.training.config import LocalityConfig, LossConfig, ModelConfig, TargetConfig, TrainConfig
from core.training.data import open_sources
from core.training.finish import finish
from core.training.hiding import (
    CHANGES,
    LEAST_SHARE,
    MOST_SHARE,
    HiddenViews,
    _shapes,
    hidden_views,
)
from core.training.locality import (
    HiddenGrids,
    HiddenPairs,
    Seen,
    by_law,
    hidden_pairs,
    locality_losses,
)
from core.training.loop import train
from core.training.losses import joint_cosines
from core.training.start import as_started
from core.training.target_cache import impostor_scale
from tests.training.test_training import config_for, logged


def views(count: int, samples: range, seed: int = 0) -> tuple[torch.Tensor, HiddenViews]:
    """Faces of noise from 60 to 190, of another's from 0 to 40, and their hidden views."""
    draw = torch.Generator().manual_seed(1)
    x = 60 + 130 * torch.rand(len(samples), 3, 112, 112, generator=draw)
    others = 40 * torch.rand(len(samples), 3, 112, 112, generator=draw)
    return x, hidden_views(x, others, np.array(samples), seed, count)


def test_covered_is_what_was_changed() -> None:
    x, found = views(12, range(24))
    assert found.pixels.shape == (12, 3, 112, 112) and found.covered.shape == (12, 7, 7)
    changed = (found.pixels != x[found.source]).any(dim=1)
    shares = changed.reshape(12, 7, 16, 7, 16).float().mean(dim=(2, 4))
    # A filling may by chance be the very pixel that it covers, and no pixel changes beside it.
    assert (shares <= found.covered + 1e-6).all()
    assert (found.covered - shares).mean() < 0.02
    whole = found.covered.mean(dim=(1, 2))
    assert (whole >= LEAST_SHARE - 1e-6).all() and (whole <= MOST_SHARE + 1e-6).all()


def test_more_than_half_of_the_views_hide_little_and_some_hide_half_of_the_face() -> None:
    _, found = views(400, range(400))
    share = found.covered.mean(dim=(1, 2))
    assert 0.5 < (share <= 0.15).float().mean() < 0.85
    assert (share < 0.05).float().mean() > 0.08 and (share > 0.35).float().mean() > 0.05


def test_some_shapes_are_of_several_pieces() -> None:
    shapes = _shapes("cpu").numpy()
    pieces = np.array([label(shape)[1] for shape in shapes[:500]])
    assert 0.18 < (pieces > 1).mean() < 0.26  # of one piece, a tenth would be
    assert shapes.mean() == pytest.approx(0.158, abs=0.004)


def test_frames_leave_a_part_that_is_now_here_now_there() -> None:
    corners, middle = ([0, 0, -1, -1], [0, -1, 0, -1]), (56, 56)
    frames = [s for s in _shapes("cpu").numpy() if s[corners].all() and not s[middle]]
    off = np.array([np.argwhere(~frame).mean(axis=0) for frame in frames]) - 55.5
    assert len(frames) > 40
    # Centres in [-0.18, 0.18] of half a side, evenly: 5.8 pixels down and across.
    assert off.std(axis=0) == pytest.approx([5.8, 5.8], abs=1.0)
    assert off.mean(axis=0) == pytest.approx([0, 0], abs=2.0)


def test_a_view_depends_on_its_own_draws_alone() -> None:
    _, once = views(24, range(24))
    _, again = views(24, range(24))
    assert torch.equal(once.pixels, again.pixels)
    draw = torch.Generator().manual_seed(1)
    x = 60 + 130 * torch.rand(24, 3, 112, 112, generator=draw)
    others = 40 * torch.rand(24, 3, 112, 112, generator=draw)
    half = hidden_views(x[12:], others[12:], np.arange(12, 24), 0, 12)
    assert torch.equal(half.pixels, once.pixels[12:]) and torch.equal(
        half.covered, once.covered[12:]
    )
    _, other_seed = views(24, range(24), seed=1)
    assert not torch.equal(other_seed.covered, once.covered)


def test_on_a_coloured_photo_no_hidden_part_is_flat_grey_or_of_whole_cells_alone() -> None:
    _, found = views(200, range(200))
    for pixels, covered in zip(found.pixels, found.covered, strict=True):
        full = covered == 1
        if full.any():
            row, column = full.nonzero()[0].tolist()
            part = pixels[:, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
            flat = part.flatten(1).std(dim=1).max() < 1e-3
            assert not flat or part.mean(dim=(1, 2)).std() > 0.5
        partly = ((covered > 0.02) & (covered < 0.98)).float().mean()
        assert partly > 0


def test_a_grey_photo_stays_grey() -> None:
    grey = 255 * torch.rand(40, 1, 112, 112, generator=torch.Generator().manual_seed(2))
    x = grey.expand(-1, 3, -1, -1).contiguous()
    found = hidden_views(x, x.roll(1, 0), np.arange(40), 0, 40)
    assert (found.pixels.amax(dim=1) - found.pixels.amin(dim=1)).max() < 1e-3


def maps(seed: int, count: int) -> Seen:
    rng = np.random.default_rng(seed)
    cosine = torch.from_numpy(rng.uniform(-1, 1, (count, 7, 7)))
    weights = torch.from_numpy(rng.dirichlet(np.ones(49), count).reshape(count, 7, 7))
    return Seen(cosine, weights, torch.from_numpy(rng.uniform(0.1, 1, (count, 7, 7))))


@given(st.integers(0, 1000))
def test_laws(seed: int) -> None:
    whole = maps(seed, 3)
    cosine, weights = (m.numpy() for m in by_law(whole, "robust"))
    np.testing.assert_allclose(weights.sum(axis=(1, 2)), 1)
    for k in range(3):
        mean = np.average(whole.cosine[k], weights=whole.attention[k] * whole.seen[k])
        assert (cosine[k] * weights[k]).sum() == pytest.approx(mean)
    cosine, weights = (m.numpy() for m in by_law(whole, "strict"))
    for k in range(3):
        kept = (whole.attention[k] * whole.seen[k] * whole.seen[k] * whole.seen[k]).numpy()
        np.testing.assert_allclose(weights[k], kept / kept.sum())
    np.testing.assert_array_equal(cosine, whole.cosine)
    cosine, weights = (m.numpy() for m in by_law(whole, "additive"))
    given_ = (whole.attention * whole.cosine * whole.seen).numpy().sum(axis=(1, 2))
    np.testing.assert_allclose((cosine * weights).sum(axis=(1, 2)), given_)


def test_losses_pair_by_pair() -> None:
    torch.manual_seed(5)
    attention = LearnedAttention().eval()
    grid, hidden_grid = torch.randn(4, 32, 7, 7), torch.randn(2, 32, 7, 7)
    covered = torch.rand(2, 7, 7)
    source = torch.tensor([1, 3])
    # Of views of faces 1 and 3: the one with face 0, the other with the first, left and right.
    left, right = torch.tensor([1, 1, 4, 4]), torch.tensor([0, 3, 0, 5])
    wanted = torch.tensor([0.5, -0.1])
    locality = LocalityConfig(hidden=0.5)
    losses = LossConfig(alike=0.3, alike_weight=3.0)
    found = locality_losses(
        attention,
        grid,
        HiddenGrids(hidden_grid, source, covered),
        HiddenPairs(left, right, wanted),
        (locality, losses),
    )
    every = torch.cat([grid, hidden_grid])
    cells, weight, told, law, hidden, hidden_weight = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    visible = torch.cat([torch.ones(4, 7, 7), 1 - covered])
    with torch.no_grad():
        for k in range(2):
            before = every[left[k]][None], every[right[k]][None]
            after = every[left[k + 2]][None], every[right[k + 2]][None]
            seen = visible[left[k + 2]] * visible[right[k + 2]]
            s, w = cosine_map(*before)[0], attention(*before)[0]
            s_after, w_after = cosine_map(*after)[0], attention(*after)[0]
            lawful = w * seen / (w * seen).sum()
            cells += float((seen * (s_after - s) ** 2).sum())
            weight += float(seen.sum())
            told += float((lawful * (lawful / w_after).log()).sum()) / 2
            score = float(xcos(s_after[None], w_after[None]))
            law += (score - float((lawful * s).sum())) ** 2 / 2
            counts = 3.0 if wanted[k] > 0.3 else 1.0
            hidden += counts * (score - float(wanted[k])) ** 2
            hidden_weight += counts
    assert found["cells"].item() == pytest.approx(cells / weight, rel=1e-4)
    assert found["attention"].item() == pytest.approx(told, rel=1e-4)
    assert found["law"].item() == pytest.approx(law, rel=1e-4)
    assert found["hidden"].item() == pytest.approx(hidden / hidden_weight, rel=1e-4)


def test_by_the_additive_law_hidden_cells_must_say_nothing() -> None:
    torch.manual_seed(5)
    attention = LearnedAttention().eval()
    grid = torch.randn(2, 32, 7, 7)
    covered = torch.zeros(1, 7, 7)
    covered[0, 2, 3] = 1
    pairs = HiddenPairs(torch.tensor([0, 2]), torch.tensor([1, 1]), torch.tensor([0.2]))
    # The hidden view is the face as it was, so that only the cell that is hidden errs.
    same = HiddenGrids(grid[:1], torch.tensor([0]), covered)
    errs = {}
    for law in LAW_WORDS:
        locality = LocalityConfig(hidden=0.5, law=law)
        errs[law] = locality_losses(attention, grid, same, pairs, (locality, LossConfig()))
    said = float(cosine_map(grid[:1], grid[1:])[0, 2, 3])
    assert errs["additive"]["cells"].item() == pytest.approx(said**2 / 49, rel=1e-4)
    assert errs["additive"]["attention"].item() == pytest.approx(0, abs=1e-6)
    for law in ("robust", "strict"):  # of a cell that is hidden whole they want the same
        assert errs[law]["cells"].item() == pytest.approx(0, abs=1e-10)
        assert errs[law]["attention"].item() > 1e-3
    assert errs["strict"]["attention"].item() == pytest.approx(errs["robust"]["attention"].item())


@given(st.integers(0, 500), st.integers(2, 9))
def test_hidden_pairs_are_of_two_faces_and_of_the_same_ones_whole_and_hidden(
    seed: int, size: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    embeddings = torch.nn.functional.normalize(torch.randn(size, 4, generator=draw))
    source = torch.randperm(size, generator=draw)[: max(1, size // 2)]
    cosines = embeddings @ embeddings.T
    config = LocalityConfig(pairs=12), LossConfig(alike=0.3)
    found = hidden_pairs(cosines, source, config, draw)
    count = len(found.wanted)
    assert count and len(found.left) == len(found.right) == 2 * count
    shown = torch.cat([torch.arange(size), source])
    assert torch.equal(shown[found.left[:count]], shown[found.left[count:]])
    assert torch.equal(shown[found.right[:count]], shown[found.right[count:]])
    assert (found.left[:count] < size).all() and (found.right[:count] < size).all()
    assert ((found.left[count:] >= size) | (found.right[count:] >= size)).all()
    assert (shown[found.left] != shown[found.right]).all()
    expected = cosines[found.left[:count], found.right[:count]]
    torch.testing.assert_close(found.wanted, expected)


def test_joint_cosines_are_on_the_first_targets_scale() -> None:
    rng = np.random.default_rng(0)

    def target(offset: float, size: int) -> np.ndarray:
        faces = rng.normal(size=(300, size)) + offset
        return faces / np.linalg.norm(faces, axis=1, keepdims=True)

    first, second = target(0.0, 64), target(0.6, 16)
    scales = impostor_scale(first), impostor_scale(second)
    assert scales[0][0] == pytest.approx(0, abs=0.01) and scales[1][0] > 0.1
    assert scales[0][1] == pytest.approx(64**-0.5, rel=0.1)
    both = joint_cosines([torch.from_numpy(e) for e in (first, second)], scales).numpy()
    off = ~np.eye(300, dtype=bool)
    one, other = (first @ first.T)[off], (second @ second.T)[off]
    standard = (one - scales[0][0]) / scales[0][1] + (other - scales[1][0]) / scales[1][1]
    np.testing.assert_allclose(both[off], scales[0][0] + scales[0][1] * standard / 2, atol=1e-9)
    alone = joint_cosines([torch.from_numpy(first)], ()).numpy()
    np.testing.assert_allclose(alone, first @ first.T)


def local_config(crops: Path, target: Path, tmp_path: Path) -> TrainConfig:
    config = config_for(crops, target, tmp_path)
    options = {"widths": [4, 4, 6, 8], "depths": [1, 1, 1, 1], "spatial": [1, 0, 0, 0]}
    return replace(
        config,
        model=ModelConfig("local", options),
        losses=replace(config.losses, identification="none"),
        locality=LocalityConfig(hidden=0.5, pairs=12),
    )


def test_a_run_with_hidden_views_logs_their_losses_and_its_weights_name_the_law(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = local_config(crops, tiny_weights, tmp_path)
    done = train(config, tmp_path / "run")
    header, row = (tmp_path / "run" / "log.csv").read_text().splitlines()[:2]
    last = dict(zip(header.split(","), row.split(","), strict=True))
    for name in ("cells", "attention", "law", "hidden"):
        assert float(last[name]) > 0
    card = finish(done, tmp_path / "local.safetensors")
    assert card.law == "robust" and read_card(card.path).law == "robust"
    without = replace(config, locality=LocalityConfig())
    done = train(without, tmp_path / "without")
    assert finish(done, tmp_path / "without.safetensors").law == "additive"


@pytest.mark.parametrize("law", LAW_WORDS)
def test_weights_adapted_in_part_keep_a_law_by_which_attention_leaves(
    crops: Path, tiny_weights: Path, tmp_path: Path, law: HidingLaw
) -> None:
    config = local_config(crops, tiny_weights, tmp_path)
    first = replace(config, locality=replace(config.locality, law=law))
    start = finish(train(first, tmp_path / "first"), tmp_path / "start.safetensors")
    assert start.law == law
    onwards = replace(config.model, start=start.path, trained="last stage")
    adapted = train(replace(config, model=onwards), tmp_path / "adapted")
    assert adapted.config.locality.law == ("robust" if law == "additive" else law)
    assert finish(adapted, tmp_path / "adapted.safetensors").law == law
    anew = as_started(replace(config, model=replace(onwards, trained="all")))
    assert anew.locality.law == "robust"  # the config's own


def test_several_targets_teach_together(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    config = local_config(crops, tiny_weights, tmp_path)
    train(config, tmp_path / "alone")
    twice = replace(config, target=TargetConfig(tiny_weights, others=[tiny_weights]))
    # A target beside itself, on its own scale, is itself.
    together = train(twice, tmp_path / "twice")
    first, twin = (
        (tmp_path / run / "log.csv").read_text().splitlines() for run in ("alone", "twice")
    )
    # Scaled there and back, cosines differ in their last digits, and later steps by what follows.
    ours, theirs = (
        np.array([float(cell or "nan") for cell in rows[1].split(",")[4:]])
        for rows in (first, twin)
    )
    assert np.isfinite(ours).sum() > 4
    np.testing.assert_allclose(ours, theirs, rtol=5e-3)
    card = finish(together, tmp_path / "twice.safetensors")
    assert card.training.endswith(f"target {tiny_weights.stem} and {tiny_weights.stem}")
    gone = replace(config, target=TargetConfig(tiny_weights, others=[tmp_path / "gone.onnx"]))
    with pytest.raises(XCosError, match=r"target\.others names .*gone\.onnx"):
        train(gone, tmp_path / "gone")


def test_faces_on_the_list_are_left_out(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    config = config_for(crops, tiny_weights, tmp_path)
    everyone = sum(len(source.identities) for source in open_sources(config.data))
    name = next(iter(sorted((crops / "ann").iterdir()))).name
    listed = tmp_path / "exclude.txt"
    listed.write_text(f"{crops.name}/ann/{name}\twhole person\n\nann/nobody.png\n")
    left = open_sources(replace(config.data, exclude=listed))
    names = [source.name(k) for source in left for k in range(len(source.identities))]
    # ann's photos are there twice: with her name, and among the unknown.
    assert len(names) == everyone - 2 and not any(
        n.endswith(f"/{name}") and "/ann/" in n for n in names
    )
    with pytest.raises(XCosError, match=r"data\.exclude: .*name a list"):
        open_sources(replace(config.data, exclude=tmp_path))


def test_going_on_from_weights(crops: Path, tiny_weights: Path, tmp_path: Path) -> None:
    config = local_config(crops, tiny_weights, tmp_path)
    first = finish(train(config, tmp_path / "run"), tmp_path / "first.safetensors")
    going_on = replace(
        config,
        model=ModelConfig("thin", start=first.path),
        optimisation=replace(config.optimisation, learning_rate=0.0, average=0.0, steps=1),
    )
    done = train(going_on, tmp_path / "on")
    known = load_xcos(first.path)[1].state_dict()
    for name, tensor in done.exported.state_dict().items():
        if "running" not in name and "tracked" not in name:
            torch.testing.assert_close(tensor, known[name])
    second = finish(done, tmp_path / "second.safetensors")
    assert (second.backbone, second.options) == (first.backbone, first.options)
    assert "from little" in second.training
    assert logged(tmp_path / "on") != logged(tmp_path / "run")


def test_hidden_views_need_a_backbone_that_is_trained(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    config = local_config(crops, tiny_weights, tmp_path)
    frozen = replace(config, model=replace(config.model, frozen=tiny_weights))
    with pytest.raises(XCosError, match=r"locality\.hidden.*model\.frozen"):
        train(frozen, tmp_path / "run")


def test_a_shape_is_flipped_and_turned_eight_ways() -> None:
    shape = torch.arange(9).reshape(1, 3, 3)
    ways = set()
    for changes in product((False, True), repeat=3):
        changed = shape
        for change, on in zip(CHANGES, changes, strict=True):
            changed = change(changed) if on else changed
        ways.add(tuple(changed.ravel().tolist()))
    rows = np.arange(9).reshape(3, 3)
    turned = [np.rot90(rows, quarters) for quarters in range(4)]
    assert ways == {tuple(m.ravel().tolist()) for one in turned for m in (one, one.T)}
