"""ONNX face models as they are published: what they compute, and which are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import XCosError
from core.model.backbones import build_backbone
from core.model.normalisation import CENTRED, UNCHANGED, UNIT, Normalisation, parse_normalisation
from core.model.onnx_graph import picture_input
from core.model.target import Target
from core.model.target_choice import TargetChoice
from tests.onnx_models import array, expected, face_model, helper, node, onnx, types


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (5, 112, 112, 3)).astype(np.uint8)


def constants(**values: float) -> dict[str, np.ndarray]:
    return {name: np.float32(value) for name, value in values.items()}


def scaled(mean: float, factor: float) -> dict[str, Any]:
    """Subtract and multiply, behind nodes that compute weights, as quantised files have them."""
    weights = tuple(node("Neg", f"v{i}", f"u{i}") for i in range(9))
    inner = (node("Sub", "x a", "s"), node("Mul", "s b", "pixels"))
    unused = {f"v{i}": np.float32(i) for i in range(9)}
    return {"before": (*weights, *inner), "values": constants(a=mean, b=factor) | unused}


HWC = node("Transpose", "x", "pixels", perm=[0, 3, 1, 2])
PIXELS = (
    node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
    node("Cast", "t", "f", to=types.FLOAT),
    node("Sub", "f a", "s"),
    node("Mul", "s b", "pixels"),
)
NORM = constants(a=127.5, b=1 / 127.5)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch": None},
        {"batch": 0},  # as some exporters write a free one
        {"batch": -1},
        {"batch": 1},
        {"batch": 4},
        {"flatten": node("Reshape", "map rows", "flat"), "values": {"rows": np.array([1, -1])}},
        {"channels_last": True, "before": (HWC,)},
        {"channels_last": True, "before": PIXELS, "values": NORM, "kind": np.uint8},
        {"kind": np.float16},
        {"kind": np.float64},
        {"after": (node("Unsqueeze", "embedding ax", "e"),), "outputs": ("e",),
         "values": {"ax": np.array([2, 3])}},
        {"after": (node("ReduceL2", "embedding", "size", axes=[1]),), "outputs": ("size", "embedding")},
        {"inputs": (helper.make_tensor_value_info("unused", types.FLOAT, [8, 3]),)},
        {"inputs": (helper.make_tensor_value_info("m", types.FLOAT, [392, 32]),)},
        scaled(127.5, 1 / 127.5),
    ],
)  # fmt: skip
def test_every_form_computes_the_same(
    tmp_path: Path, faces: np.ndarray, settings: dict[str, Any]
) -> None:
    target = Target(face_model(tmp_path / "FACE.ONNX", **settings), "cpu")
    rough = 5e-3 if settings.get("kind") == np.float16 else 1e-4
    for count in (1, 2, 5):  # also fewer than a fixed batch
        found = target.embeddings(faces[:count])
        np.testing.assert_allclose(found, expected(faces[:count]), atol=rough)


def normalising(mean: float, std: float) -> dict[str, Any]:
    return scaled(mean, 1 / std)


@pytest.mark.parametrize(
    "settings, wanted",
    [
        ({}, CENTRED),
        (scaled(127.5, 1 / 128), UNCHANGED),  # InsightFace's old exports, OpenCV Zoo's SFace
        (scaled(120, 1), UNCHANGED),  # the scale is in the weights
        (scaled(0, 1 / 255), UNCHANGED),
        (scaled(0.5, 2), UNIT),
        (scaled(0.45, 1 / 0.225), UNIT),  # ImageNet's
        (scaled(-1, 0.5), CENTRED),  # from -1..1 to 0..1
        (
            {"before": (node("BatchNormalization", "x g h mu v", "pixels"),),
             "values": {"g": np.ones(3, np.float32), "h": np.zeros(3, np.float32),
                        "mu": np.full(3, 120, np.float32), "v": np.full(3, 4000, np.float32)}},
            UNCHANGED,
        ),
    ],
)  # fmt: skip
def test_normalisation_is_what_the_graph_leaves(
    tmp_path: Path, settings: dict[str, Any], wanted: Normalisation
) -> None:
    card = Target(face_model(tmp_path / "face.onnx", **settings), "cpu").card
    assert (card.mean, card.std) == (wanted.mean, wanted.std)


def test_normalisation_and_channels_can_be_said(tmp_path: Path, faces: np.ndarray) -> None:
    path = face_model(tmp_path / "face.onnx")
    said = TargetChoice(path).with_said("bgr", "100,50")
    found = Target(said, "cpu").embeddings(faces)
    np.testing.assert_allclose(found, expected(faces[..., ::-1], 100, 50), atol=1e-4)
    assert Target(said).card.input_words == "BGR, (x \N{MINUS SIGN} 100) / 50"


def test_what_is_said_of_the_input_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    plain = TargetChoice(face_model(tmp_path / "face.onnx"))
    choices = [
        plain,
        *(plain.with_said(*said) for said in (("bgr",), ("auto", "none"), ("bgr", "none"))),
    ]
    starts = {choice.fingerprint()[:16] for choice in choices}  # as training's folders are named
    assert len(starts) == 4
    assert {Target(choice).fingerprint[:16] for choice in choices} == starts


def test_external_data_are_part_of_the_fingerprint(tmp_path: Path, faces: np.ndarray) -> None:
    path = face_model(tmp_path / "face.onnx")
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="w.bin", size_threshold=0)
    first = Target(path, "cpu")
    np.testing.assert_allclose(first.embeddings(faces), expected(faces), atol=1e-4)
    weights = np.fromfile(tmp_path / "w.bin", np.float32)
    weights[: len(weights) // 2] *= -1
    weights.tofile(tmp_path / "w.bin")
    again = Target(path, "cpu")
    assert again.fingerprint != first.fingerprint
    assert np.abs(again.embeddings(faces) - expected(faces)).max() > 0.01
    (tmp_path / "w.bin").unlink()
    with pytest.raises(XCosError, match=r"face\.onnx needs the file .*w\.bin, which is not there"):
        Target(path)


@pytest.mark.parametrize("place", ["../../../../etc/passwd", "/etc/passwd"])
def test_external_data_lie_beside_the_file(tmp_path: Path, faces: np.ndarray, place: str) -> None:
    path = face_model(tmp_path / "face.onnx")
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = types.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(XCosError, match=r"face\.onnx"):
        Target(path, "cpu").embeddings(faces)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"outputs": ("map",)}, "gives no embedding a face"),
    ({"after": (node("ReduceMean", "embedding", "y", keepdims=0),), "outputs": ("y",)}, "no embedding"),
    ({"batch": 8, "after": (node("ReduceMean", "embedding", "y", axes=[1], keepdims=0),),
      "outputs": ("y",)}, "no embedding"),
    ({"after": (node("ArgMax", "embedding", "y", axis=1),), "outputs": ("y",)}, "no embedding|not an"),
    ({"after": (node("Softmax", "embedding", "y"),), "outputs": ("y",)}, "probabilities"),
    ({"after": (node("LogSoftmax", "embedding", "y"),), "outputs": ("y",)}, "probabilities"),
    ({"after": (node("RandomNormalLike", "embedding", "r"), node("Add", "embedding r", "y")),
      "outputs": ("y",)}, "gives other numbers for the same picture each time"),
    ({"after": (node("Dropout", "embedding share training", "y"),), "outputs": ("y",),
      "values": {"share": np.float32(0.5), "training": np.array(True)}}, "for the same picture each time"),
    ({"after": (node("Mul", "embedding zero", "y"),), "outputs": ("y",),
      "values": {"zero": np.float32(0)}}, "same numbers for every picture"),
    ({"after": (node("Div", "embedding zero", "y"),), "outputs": ("y",),
      "values": {"zero": np.zeros(32, np.float32)}}, "not finite|same numbers"),
    ({"batch": 10**9}, "takes 1000000000 pictures at once"),
    ({"inputs": (helper.make_tensor_value_info("y", types.FLOAT, [1]),),
      "after": (node("Add", "embedding y", "z"),), "outputs": ("z",)}, r"needs 2 inputs \(y, \w+\)"),
]  # fmt: skip


@pytest.mark.parametrize("settings, sentence", REFUSED)
def test_what_is_no_face_model_is_refused(
    tmp_path: Path, faces: np.ndarray, settings: dict[str, Any], sentence: str
) -> None:
    path = face_model(tmp_path / "face.onnx", **settings)
    with pytest.raises(XCosError, match=sentence) as error:
        Target(path, "cpu").embeddings(faces)
    assert "face.onnx" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change, sentence",
    [
        (lambda g: g.ClearField("input"), r"needs 0 inputs \(none\)"),
        (lambda g: g.ClearField("output"), r"face\.onnx"),
        (lambda g: setattr(side(g, 2), "dim_value", 160), "choose a model for 112x112"),
        (lambda g: setattr(side(g, 1), "dim_value", 1), "not a colour picture"),
        (lambda g: setattr(g.input[0].type.tensor_type, "elem_type", types.STRING), "a type"),
        (lambda g: g.initializer.add(name="w", data_type=1, dims=[10**9, 10**6]), r"face\.onnx"),
        (lambda g: g.initializer[0].CopyFrom(
            array(np.full((8, 3, 16, 16), np.nan, np.float32), "w")), "not finite"),
    ],
)  # fmt: skip
def test_damaged_graphs_are_told(
    tmp_path: Path, faces: np.ndarray, change: Any, sentence: str
) -> None:
    path = face_model(tmp_path / "face.onnx")
    model = onnx.load(path)
    change(model.graph)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(XCosError, match=sentence):
        Target(path, "cpu").embeddings(faces)


def test_a_few_of_many_inputs_are_named() -> None:
    inputs = [helper.make_tensor_value_info(name, types.FLOAT, [1]) for name in "abcdef"]
    model = helper.make_model(helper.make_graph([], "many", inputs, []))
    with pytest.raises(XCosError, match=r"needs 6 inputs \(a, b, c, d\), not one picture"):
        picture_input(model, Path("x.onnx"))


def side(graph: Any, axis: int) -> Any:
    return graph.input[0].type.tensor_type.shape.dim[axis]


def test_files_that_are_no_graph(tmp_path: Path, faces: np.ndarray) -> None:
    for content, sentence in (
        (b"", "x.onnx"),
        (b"nonsense" * 9, "is not an ONNX model"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
    ):
        (tmp_path / "x.onnx").write_bytes(content)
        with pytest.raises(XCosError, match=sentence):
            Target(tmp_path / "x.onnx", "cpu").embeddings(faces)


def test_a_target_without_a_map_says_so_where_one_is_wanted(
    tmp_path: Path, faces: np.ndarray
) -> None:
    target = Target(face_model(tmp_path / "face.onnx"), "cpu")
    with pytest.raises(XCosError, match=r"has no 7x7 map; set losses\.map_weight to 0"):
        target.answers(faces, with_map=True)
    assert target.answers(faces, with_map=False).maps is None


def test_inner_maps_are_found_whatever_the_batch(tmp_path: Path, faces: np.ndarray) -> None:
    import torch

    path = face_model(tmp_path / "face.onnx", batch=1)
    backbone = build_backbone("onnx", path=str(path), tensor="map")
    maps = backbone(torch.zeros(3, 3, 112, 112) + 1)
    assert backbone.channels == 8 and maps.shape == (3, 8, 7, 7)
    with pytest.raises(XCosError, match="is no map"):
        build_backbone("onnx", path=str(path), tensor="flat")


@pytest.mark.parametrize("text", ["none", "127.5,128", "0,255", "1,2,3,4,5,6"])
def test_a_normalisation_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_normalisation(text)) == text


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "nan,1", "0,0", "1,-1", "a,b", "1e400,1"])
def test_a_wrong_normalisation_is_told(text: str) -> None:
    with pytest.raises(XCosError, match="normalisation"):
        parse_normalisation(text)


def branched(path: Path, then: list[Any], otherwise: list[Any]) -> Path:
    """A face model whose `pixels` are the output `o` of one of two branches, by a constant."""
    branches = [
        helper.make_graph(
            nodes, "b", [], [helper.make_empty_tensor_value_info(nodes[-1].output[0])]
        )
        for nodes in (then, otherwise)
    ]
    choice = node("If", "yes", "pixels", then_branch=branches[0], else_branch=branches[1])
    return face_model(path, before=(choice,), values={**NORM, "yes": np.array(True)})


def test_scaling_in_a_branch_is_found(tmp_path: Path, faces: np.ndarray) -> None:
    scaling = [node("Sub", "x a", "s"), node("Mul", "s b", "o")]
    target = Target(
        branched(tmp_path / "face.onnx", scaling, [node("Identity", "x", "same")]), "cpu"
    )
    np.testing.assert_allclose(target.embeddings(faces), expected(faces), atol=1e-4)


def test_a_first_layer_in_a_branch_is_refused(tmp_path: Path, faces: np.ndarray) -> None:
    layers = [node("Sub", "x a", "s"), node("AveragePool", "s", "o", kernel_shape=[1, 1])]
    path = branched(tmp_path / "face.onnx", layers, [node("Identity", "x", "same")])
    with pytest.raises(XCosError, match=r"face\.onnx has its first layer inside an operator If"):
        Target(path, "cpu").embeddings(faces)


def test_scaling_in_a_local_function_is_found(tmp_path: Path, faces: np.ndarray) -> None:
    path = face_model(tmp_path / "face.onnx", before=(node("Norm", "x", "pixels", domain="own"),))
    model = onnx.load(path)
    inner = [
        node("Constant", "", "k", value=array(np.float32(127.5), "")),
        node("Sub", "a k", "s"),
        node("Div", "s k", "o"),
    ]
    opset = helper.make_opsetid("", 17)
    model.functions.append(helper.make_function("own", "Norm", ["a"], ["o"], inner, [opset]))
    model.opset_import.append(helper.make_opsetid("own", 1))
    onnx.save(model, path)
    target = Target(path, "cpu")
    assert target.card.mean == UNCHANGED.mean
    np.testing.assert_allclose(target.embeddings(faces), expected(faces), atol=1e-4)
