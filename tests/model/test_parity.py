"""Our networks, filled through our importer, give the numbers of the xCos authors' own code."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.evaluation.verification import best_threshold
from core.model.card import ModelCard
from core.model.importers import recognise
from core.model.margin_heads import ArcFace, CosFace, MarginHead
from core.model.target import Target
from core.model.weights import build, load_strictly
from core.model.xcos import XCosNet, cosine_map, xcos
from tests.model import formula

GOLDEN: dict[str, Any] = json.loads((formula.GOLDEN / "golden.json").read_text())
GRIDS = np.load(formula.GOLDEN / "golden.npz")
LIMITS = {  # section 5 of the recipe: grid features, S, W, scores and cosines
    torch.float64: (1e-9, 1e-9, 1e-9, 1e-9),
    torch.float32: (2e-4, 1e-5, 4e-6, 1e-6),
}
# Golden numbers carry 12 significant digits, so larger ones cannot be compared to 1e-9 absolutely.
DIGITS = 1e-11


def network(variant: str, part: str, dtype: torch.dtype) -> Any:
    """Formula weights under the authors' names, through the importer, as our network."""
    unused = ("backbone.output_layer.", "head.")
    other = "backbone_target." if part == "xcos" else "backbone.body.0.unused"
    arrays = formula.checkpoint(variant, (*unused, other))
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    foreign = recognise(tensors, Path(variant), part)  # type: ignore[arg-type]
    card = ModelCard("formula", Path(variant), "", foreign.kind, foreign.backbone, foreign.options)
    net = build(card)
    load_strictly(net, foreign.tensors, Path(variant))
    return net.to(dtype).eval()


def faces(count: int, dtype: torch.dtype) -> torch.Tensor:
    return ((torch.from_numpy(formula.images()[:count]).double() - 127.5) / 127.5).to(dtype)


def test_generator_and_images() -> None:
    name = "backbone.input_layer.0.weight"
    first = [f"{int(z):#018x}" for z in formula.outputs(name, 4)]
    assert first == GOLDEN["generator"]["first 4 outputs (hex) of that stream"]
    digests = [hashlib.sha256(image.tobytes()).hexdigest() for image in formula.images()]
    assert digests == GOLDEN["images"]["sha256_of_bytes"]


@pytest.mark.parametrize("variant", ["ir_se50", "ir50", "ir100"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_parity(variant: str, dtype: torch.dtype) -> None:
    count = len(GRIDS[f"grid_{variant}"])
    net = network(variant, "xcos", dtype)
    limit_f, limit_s, limit_w, limit_c = LIMITS[dtype]
    with torch.inference_mode():
        grid, _ = net(faces(count, dtype))
        difference = np.abs(grid.double().numpy() - GRIDS[f"grid_{variant}"])
        assert difference.max() <= limit_f
        for pair, wanted in GOLDEN["variants"][variant]["pairs"].items():
            left, right = map(int, pair.split(","))
            if max(left, right) >= count:
                continue
            scored = net.pairs(grid[left : left + 1], grid[right : right + 1])
            check(scored.cosine[0], wanted["S"], limit_s)
            check(scored.attention[0], wanted["W_learned"], limit_w)
            check(scored.score[0], wanted["xcos_learned"], limit_c)
            correlation = torch.from_numpy(GRIDS["P"]).to(dtype)[None]
            uniform = torch.full_like(scored.cosine, 1 / 49)
            check(xcos(scored.cosine, uniform)[0], wanted["xcos_uniform"], limit_c)
            raw = xcos(scored.cosine, correlation)[0] / 10  # the sum of P is about 25
            check(raw, np.array(wanted["xcos_correlated_raw_P"]) / 10, limit_c)
            normalised = xcos(scored.cosine, correlation / correlation.sum())[0]
            check(normalised, wanted["xcos_correlated_P_over_sum"], limit_c)


def check(ours: torch.Tensor, wanted: Any, limit: float) -> None:
    golden = np.array(wanted)
    np.testing.assert_allclose(ours.double().numpy(), golden, rtol=DIGITS, atol=limit)


@pytest.mark.parametrize("variant", ["ir_se50", "ir50"])
def test_target_cosines(variant: str) -> None:
    net = network(variant, "target", torch.float64)
    pairs = GOLDEN["variants"][variant]["pairs"]
    with torch.inference_mode():
        embedding = torch.nn.functional.normalize(net.embed(faces(4, torch.float64)))
    for pair, wanted in pairs.items():
        left, right = map(int, pair.split(","))
        check(embedding[left] @ embedding[right], wanted["target_cosine"], 1e-9)


def test_baseline_through_a_file(tmp_path: Path) -> None:
    arrays = formula.checkpoint("baseline_ir_se50", ("head.",))
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    torch.save({"state_dict": tensors}, tmp_path / "baseline.pth")
    crops = formula.images().transpose(0, 2, 3, 1).copy()
    embedding = Target(tmp_path / "baseline.pth", "cpu").embeddings(crops)
    cosines = [float(embedding[i] @ embedding[j]) for i, j in ((0, 1), (1, 0), (2, 3), (0, 0))]
    golden = GOLDEN["baseline_ir_se50"]["cosines_of_the_four_pairs"]
    np.testing.assert_allclose(cosines, golden, atol=1e-6)


def test_attention_in_training_mode() -> None:
    """The shared reducer normalises each side by its own batch, and moves twice."""
    net = network("ir_se50", "xcos", torch.float64)
    grid = torch.from_numpy(GRIDS["grid_ir_se50"])
    left, right = grid[[0, 1, 2, 0]], grid[[1, 0, 3, 0]]
    attention = net.attention.train()
    weights = attention(left, right)
    golden = GOLDEN["attention_train_mode"]
    check(weights.detach(), golden["W"], 1e-9)
    check(xcos(cosine_map(left, right), weights).detach(), golden["xcos"], 1e-9)
    buffers = golden["buffers_after_one_forward"]
    check(attention.reduce[1].running_mean, buffers["embedding_net.1.running_mean"], 1e-9)
    check(attention.mix[1].running_var, buffers["attention.1.running_var"], 1e-9)
    check(attention.last[1].running_mean, buffers["attention.4.running_mean"], 1e-9)


@pytest.mark.parametrize("kind, name", [(ArcFace, "arcface"), (CosFace, "cosface")])
def test_heads(kind: type[MarginHead], name: str) -> None:
    golden = GOLDEN["heads"]
    rows, columns = golden["D"], golden["C"]
    spread = np.sqrt(3 / columns) * formula.signed("golden.head.kernel", rows * columns)
    kernel = spread.reshape(rows, columns).astype(np.float32).astype(np.float64)
    noise = formula.signed("golden.head.noise", 6 * rows).reshape(6, rows)
    labels = torch.tensor(golden["labels"])
    own = (kernel / np.linalg.norm(kernel, axis=0)).T[golden["labels"]]
    across = noise - (noise * own).sum(1, keepdims=True) * own
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    cosine = np.array(golden["cos_to_own_class"])[:, None]
    embedding = torch.from_numpy(cosine * own + np.sqrt(1 - cosine**2) * across)
    head = kind(rows, columns).double()  # type: ignore[call-arg]
    head.kernel.data = torch.from_numpy(kernel)
    logits = head(embedding, labels)
    check(logits.detach(), golden[name]["logits"], 1e-8)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    check(loss.detach(), golden[name]["cross_entropy_mean"], 1e-8)
    loss.backward()
    assert head.kernel.grad is not None
    check(head.kernel.grad.norm(), golden[name]["grad_kernel_l2"], 1e-8)


def test_arcface_gradient_stays_finite_on_the_axis() -> None:
    head = ArcFace(3, 2)
    embedding = torch.nn.functional.normalize(head.kernel.detach().T).requires_grad_()
    head(embedding, torch.tensor([0, 1])).sum().backward()
    assert embedding.grad is not None and torch.isfinite(embedding.grad).all()


@pytest.mark.parametrize("name, kind", [("CosFace", CosFace), ("ArcFace", ArcFace)])
def test_objective_and_its_gradient(name: str, kind: type[MarginHead]) -> None:
    golden = GOLDEN["objective_ir_se50"][name]
    net: XCosNet = network("ir_se50", "xcos", torch.float64)
    grid, _ = net(faces(4, torch.float64))
    pairs = torch.tensor(GOLDEN["objective_ir_se50"]["pairs"])
    scored = net.pairs(grid[pairs[:, 0]], grid[pairs[:, 1]])
    check(scored.score.detach(), golden["x_coses"], 1e-9)
    target = torch.tensor(golden["targeted_cos"], dtype=torch.float64)
    l_cos = ((scored.score - target) ** 2).mean()
    check(l_cos.detach(), golden["l_cos"], 1e-9)
    head = kind(1568, 10).double()  # type: ignore[call-arg]
    kernel = formula.tensor("head.kernel", (1568, 10), formula.read_keys("ir_se50"))
    head.kernel.data = torch.from_numpy(kernel).double()
    labels = torch.tensor(
        GOLDEN["objective_ir_se50"]["labels_first"] + GOLDEN["objective_ir_se50"]["labels_second"]
    )
    sides = torch.cat([grid[pairs[:, 0]], grid[pairs[:, 1]]]).flatten(1)
    logits = head(sides, labels)
    check(logits.detach(), golden["thetas"], 1e-8)
    total = torch.nn.functional.cross_entropy(logits, labels) + l_cos
    check(total.detach(), golden["total"], 1e-8)


def test_accuracy_protocol() -> None:
    """The authors scan a grid of thresholds; ours is exact, so it is never worse on its folds."""
    golden = GOLDEN["verification"]
    same = formula.unit("golden.verify.label", 200) < 0.5
    assert same.sum() == golden["same_count"]
    noise = formula.signed("golden.verify.score", 200)
    scores = 0.25 + 0.45 * noise + np.where(same, 0.2, -0.2)
    for fold, threshold in enumerate(golden["threshold_per_fold"]):
        kept = np.arange(200) // 20 != fold
        _, accuracy = best_threshold(scores[kept], same[kept])
        assert accuracy >= ((scores[kept] > threshold) == same[kept]).mean()
