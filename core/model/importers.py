"""Foreign checkpoints, recognised by their tensors' names, as our networks."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor, nn

from core.digests import file_digest
from core.errors import XCosError
from core.model.backbones.ir import UNITS as IR_UNITS
from core.model.backbones.iresnet import UNITS as IRESNET_UNITS
from core.model.card import METADATA_KEY, Kind, ModelCard
from core.model.checkpoints import is_safetensors, read_tensors
from core.model.normalisation import Triple
from core.model.weights import filled, filled_from_among, save_weights, some_names

HALF: Triple = (127.5, 127.5, 127.5)
IMAGENET_MEAN: Triple = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_STD: Triple = (0.229 * 255, 0.224 * 255, 0.225 * 255)
FACENET_DOWNLOADS = ("vggface2", "casia-webface")

# Containers that hold the weights that count, the likeliest first; an average of them is another.
WRAPPERS = ("", "state_dict", "model_state_dict", "model", "backbone", "net", "network")

Tensors = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Foreign:
    """What a foreign file turned out to be: tensors under our names, and how to build for them."""

    kind: Kind
    backbone: str
    options: dict[str, Any]
    tensors: Tensors
    origin: str
    mean: Triple = HALF
    std: Triple = HALF


def read_foreign(path: Path, part: Kind | None = None) -> tuple[ModelCard, nn.Module]:
    """Recognise a foreign checkpoint: its card and its network in evaluation mode.

    part: xcos or target, where a file holds both, as the authors' checkpoints do
    Raises XCosError for a file that is damaged, carries code, or is of no known form.
    """
    tensors = read_tensors(path)
    foreign = recognise(tensors, path, part)
    card = ModelCard(
        name=path.stem,
        path=path,
        fingerprint=file_digest(path),
        kind=foreign.kind,
        backbone=foreign.backbone,
        options=foreign.options,
        mean=foreign.mean,
        std=foreign.std,
        training=f"imported from {foreign.origin}",
        licence="as its publisher says",
    )
    network, others = filled_from_among(card, foreign.tensors)
    if others:
        card = replace(card, training=f"{card.training}, without {some_names(others, 5)}")
    return card, network


def import_weights(source: str | Path, output: Path, part: Kind | None = None) -> ModelCard:
    """Write a foreign checkpoint as one of our weight files. Raises XCosError.

    source: a file, or vggface2 or casia-webface: then facenet-pytorch downloads its weights.
    """
    if not is_safetensors(output):
        raise XCosError(f"The weights {output} must end in .safetensors; choose another name.")
    if str(source) in FACENET_DOWNLOADS:
        card, network = _download_facenet(str(source))
    else:
        path = Path(source)
        if path.suffix.lower() == ".onnx":
            raise XCosError(
                f"{path} is used as it is: take it as the target, without importing it.", "target"
            )
        card, network = read_foreign(path, part)
    return save_weights(output, network, replace(card, name=output.stem))


def recognise(tensors: Tensors, path: Path, part: Kind | None = None) -> Foreign:
    """Tell by its tensors' names what a checkpoint is, whatever stands before all of them.

    What training left beside the network, such as an optimiser's state, is left out.
    Raises XCosError for an unknown network, and for several.
    """
    xcos = _prefixes(tensors, (XCOS_KEY,))
    if xcos:
        inner = _under(tensors, _likeliest(xcos, path))
        return _authors_target(inner, path) if part == "target" else _authors_xcos(inner, path)
    readers = {prefix: read for keys, read in FORMS.items() for prefix in _prefixes(tensors, keys)}
    if readers:
        prefix = _likeliest(list(readers), path)
        return readers[prefix](_under(tensors, prefix), path)
    raise XCosError(
        f"{path} has the weights of no network known here; known are the xCos authors', "
        "InsightFace_Pytorch's, arcface_torch's, foamliu's, OpenCV Zoo's SFace and "
        "facenet-pytorch's."
    )


def _prefixes(tensors: Tensors, keys: tuple[str, ...]) -> list[str]:
    """What stands before the first key wherever all the keys are."""
    first = keys[0]
    prefixes = [
        name.removesuffix(first) for name in tensors if name == first or name.endswith(f".{first}")
    ]
    return [prefix for prefix in prefixes if all(prefix + key in tensors for key in keys)]


def _likeliest(prefixes: list[str], path: Path) -> str:
    def rank(prefix: str) -> int:
        name = prefix.split(".", 1)[0]
        return WRAPPERS.index(name) if name in WRAPPERS else len(WRAPPERS)

    first, *others = sorted(prefixes, key=rank)
    if others and rank(others[0]) == rank(first):
        names = ", ".join(prefix.rstrip(".")[:60] for prefix in (first, *others))
        raise XCosError(f"{path} holds several networks ({names}); save the one wanted alone.")
    return first


def _under(tensors: Tensors, prefix: str) -> Tensors:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _rows(tensors: Tensors, key: str) -> int:
    """How many rows a matrix has; 0 where there is none, which then does not fit."""
    matrix = tensors.get(key)
    return 0 if matrix is None or not matrix.dim() else int(matrix.shape[0])


def _ir_name(tensors: Tensors, path: Path) -> str:
    units = len({match[1] for key in tensors if (match := re.match(r"body\.(\d+)\.", key))})
    for depth, counts in IR_UNITS.items():
        if sum(counts) == units:
            excite = any(".fc1." in key for key in tensors)
            return f"ir-se-{depth}" if excite else f"ir-{depth}"
    raise XCosError(
        f"{path} is an IR network of {units} units, which is none of 50, 100 or 152 layers."
    )


def _ir(tensors: Tensors, path: Path, origin: str = "InsightFace_Pytorch") -> Foreign:
    return Foreign("target", _ir_name(tensors, path), {"output": True}, tensors, origin)


def _authors_target(tensors: Tensors, path: Path) -> Foreign:
    return _ir(_under(tensors, "backbone_target."), path, "the xCos authors")


def _mobilefacenet(tensors: Tensors, path: Path) -> Foreign:
    size = {"embedding_size": _rows(tensors, "linear.weight")}
    return Foreign("target", "mobilefacenet", size, tensors, "InsightFace_Pytorch")


def _foamliu(tensors: Tensors, path: Path) -> Foreign:
    return Foreign(
        "target", "mobilefacenet-foamliu", {}, tensors, "foamliu", IMAGENET_MEAN, IMAGENET_STD
    )


def _sface(tensors: Tensors, path: Path) -> Foreign:
    return Foreign("target", "sface", {}, tensors, "OpenCV Zoo", HALF, (128.0,) * 3)


def _authors_xcos(tensors: Tensors, path: Path) -> Foreign:
    backbone = _under(tensors, "backbone.")
    ours: Tensors = {}
    for key, tensor in backbone.items():
        if key.startswith("conv1x1."):
            ours["grid." + key.removeprefix("conv1x1.")] = tensor
        elif not key.startswith("output_layer."):  # in the file, but never used
            ours["backbone." + key] = tensor
    for key, tensor in _under(tensors, "attention.").items():
        if key.startswith("embedding_net."):
            ours["attention.reduce." + key.removeprefix("embedding_net.")] = tensor
        else:
            layer = re.fullmatch(r"attention\.(\d{1,3})\.(.+)", key)
            if layer is None:  # none of theirs, so loading refuses it by its name
                ours[f"attention.{key}"] = tensor
                continue
            number, rest = int(layer[1]), layer[2]
            place = f"mix.{number}" if number < 3 else f"last.{number - 3}"
            ours[f"attention.{place}.{rest}"] = tensor
    return Foreign("xcos", _ir_name(backbone, path), {}, ours, "the xCos authors")


def _iresnet(tensors: Tensors, path: Path) -> Foreign:
    counts = tuple(
        len({m[1] for key in tensors if (m := re.match(rf"layer{stage}\.(\d+)\.", key))})
        for stage in range(1, 5)
    )
    for depth, units in IRESNET_UNITS.items():
        if units == counts:
            options = {"output": True, "features": _rows(tensors, "fc.weight")}
            return Foreign("target", f"iresnet-{depth}", options, tensors, "arcface_torch")
    raise XCosError(f"{path} is an iresnet with stages of {counts} units, which is not known here.")


def _facenet(tensors: Tensors, path: Path) -> Foreign:
    kept = {k: v for k, v in tensors.items() if not k.startswith("logits.")}
    std = (128.0, 128.0, 128.0)
    return Foreign("target", "inception-resnet-v1", {}, kept, "facenet-pytorch", HALF, std)


def _download_facenet(name: str) -> tuple[ModelCard, nn.Module]:
    from facenet_pytorch import InceptionResnetV1

    try:
        published = InceptionResnetV1(pretrained=name)
    except Exception as error:
        raise XCosError(
            f"facenet-pytorch's {name} weights could not be downloaded ({error}); try again online."
        ) from error
    foreign = _facenet(published.state_dict(), Path(name))
    card = ModelCard(
        name=f"facenet-{name}",
        path=Path(name),
        fingerprint="",
        kind="target",
        backbone=foreign.backbone,
        mean=foreign.mean,
        std=foreign.std,
        training=f"facenet-pytorch, {name}",
        licence="MIT (weights as published by facenet-pytorch)",
    )
    return card, filled(card, foreign.tensors)


# How published networks are known by their tensors' names, the surest first.
XCOS_KEY = "attention.embedding_net.0.weight"
FORMS: dict[tuple[str, ...], Callable[[Tensors, Path], Foreign]] = {
    ("input_layer.0.weight",): _ir,
    ("conv2_dw.conv.weight",): _mobilefacenet,
    ("layer1.0.bn1.weight", "fc.weight"): _iresnet,
    ("dw_conv.depthwise.weight",): _foamliu,
    ("conv_14_dw.weight", "fc1.bn.weight"): _sface,
    ("conv2d_1a.conv.weight",): _facenet,
}


def is_ours(path: Path) -> bool:
    """Whether a file is one of our weight files."""
    from safetensors import safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return METADATA_KEY in (file.metadata() or {})
    except (OSError, SafetensorError):
        return False
