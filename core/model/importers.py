"""Foreign checkpoints, recognised by their tensors' names, as our networks."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from core.digests import file_digest
from core.errors import XCosError
from core.model.backbones.ir import UNITS as IR_UNITS
from core.model.backbones.iresnet import UNITS as IRESNET_UNITS
from core.model.card import METADATA_KEY, Kind, ModelCard
from core.model.weights import build, load_strictly, read_pickled, save_weights

HALF = (127.5, 127.5, 127.5)
IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)
FACENET_DOWNLOADS = ("vggface2", "casia-webface")

Tensors = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Foreign:
    """What a foreign file turned out to be: tensors under our names, and how to build for them."""

    kind: Kind
    backbone: str
    options: dict[str, Any]
    tensors: Tensors
    origin: str
    mean: tuple[float, ...] = HALF
    std: tuple[float, ...] = HALF


def read_foreign(path: Path, part: Kind | None = None) -> tuple[ModelCard, nn.Module]:
    """Recognise a foreign checkpoint: its card and its network in evaluation mode.

    part: xcos or target, where a file holds both, as the authors' checkpoints do
    Raises XCosError for a file that is damaged, carries code, or is of no known form.
    """
    tensors = _tensors(path)
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
    network = build(card)
    load_strictly(network, foreign.tensors, path)
    return card, network.eval()


def import_weights(source: str | Path, output: Path, part: Kind | None = None) -> ModelCard:
    """Write a foreign checkpoint as one of our weight files. Raises XCosError.

    source: a file, or vggface2 or casia-webface: then facenet-pytorch downloads its weights.
    """
    if output.suffix != ".safetensors":
        raise XCosError(f"The weights {output} must end in .safetensors; choose another name.")
    if str(source) in FACENET_DOWNLOADS:
        card, network = _download_facenet(str(source))
    else:
        path = Path(source)
        if path.suffix == ".onnx":
            raise XCosError(f"{path} is used as it is: give it as --target, without importing it.")
        card, network = read_foreign(path, part)
    return save_weights(output, network, replace(card, name=output.stem))


def recognise(tensors: Tensors, path: Path, part: Kind | None = None) -> Foreign:
    """Tell by its tensors' names what a checkpoint is. Raises XCosError for an unknown one."""
    if "attention.embedding_net.0.weight" in tensors:
        return _authors_target(tensors) if part == "target" else _authors_xcos(tensors)
    if "backbone.input_layer.0.weight" in tensors:
        return _ir(_under(tensors, "backbone."), "the xCos authors' baseline")
    if "input_layer.0.weight" in tensors:
        return _ir(tensors, "InsightFace_Pytorch")
    if "conv2_dw.conv.weight" in tensors:
        size = {"embedding_size": int(tensors["linear.weight"].shape[0])}
        return Foreign("target", "mobilefacenet", size, tensors, "InsightFace_Pytorch")
    if "layer1.0.bn1.weight" in tensors and "fc.weight" in tensors:
        return _iresnet(tensors, path)
    if "dw_conv.depthwise.weight" in tensors:
        return Foreign(
            "target",
            "mobilefacenet-foamliu",
            {},
            tensors,
            "foamliu",
            IMAGENET_MEAN,
            IMAGENET_STD,
        )
    if "conv_14_dw.weight" in tensors and "fc1.bn.weight" in tensors:
        return Foreign("target", "sface", {}, tensors, "OpenCV Zoo", HALF, (128.0,) * 3)
    if "conv2d_1a.conv.weight" in tensors:
        return _facenet(tensors)
    raise XCosError(
        f"{path} has the weights of no network known here; known are the xCos authors', "
        "InsightFace_Pytorch's, arcface_torch's, foamliu's, OpenCV Zoo's SFace and "
        "facenet-pytorch's."
    )


def _tensors(path: Path) -> Tensors:
    if path.suffix == ".safetensors":
        try:
            tensors = load_file(path)
        except FileNotFoundError as error:
            raise XCosError(f"The weights {path} do not exist; choose another file.") from error
        except (OSError, SafetensorError) as error:
            raise XCosError(f"{path} is not a whole safetensors file: {error}.") from error
    else:
        tensors = read_pickled(path)
        for wrapper in ("state_dict", "model", "backbone"):
            inner = tensors.get(wrapper) if isinstance(tensors, dict) else None
            if isinstance(inner, dict):
                tensors = inner
    if not isinstance(tensors, dict) or not all(isinstance(t, Tensor) for t in tensors.values()):
        raise XCosError(f"{path} holds something else than named tensors; choose another file.")
    return {str(name).removeprefix("module."): tensor for name, tensor in tensors.items()}


def _under(tensors: Tensors, prefix: str) -> Tensors:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _ir_name(tensors: Tensors) -> str:
    units = len({key.split(".")[1] for key in tensors if key.startswith("body.")})
    for depth, counts in IR_UNITS.items():
        if sum(counts) == units:
            excite = any(".fc1." in key for key in tensors)
            return f"ir-se-{depth}" if excite else f"ir-{depth}"
    raise XCosError(f"An IR network of {units} units is none of 50, 100 or 152 layers.")


def _ir(tensors: Tensors, origin: str) -> Foreign:
    return Foreign("target", _ir_name(tensors), {"output": True}, tensors, origin)


def _authors_target(tensors: Tensors) -> Foreign:
    return _ir(_under(tensors, "backbone_target."), "the xCos authors")


def _authors_xcos(tensors: Tensors) -> Foreign:
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
            number, rest = key.removeprefix("attention.").split(".", 1)
            place = f"mix.{number}" if int(number) < 3 else f"last.{int(number) - 3}"
            ours[f"attention.{place}.{rest}"] = tensor
    return Foreign("xcos", _ir_name(backbone), {}, ours, "the xCos authors")


def _iresnet(tensors: Tensors, path: Path) -> Foreign:
    counts = tuple(
        len({key.split(".")[1] for key in tensors if key.startswith(f"layer{stage}.")})
        for stage in range(1, 5)
    )
    for depth, units in IRESNET_UNITS.items():
        if units == counts:
            options = {"output": True, "features": int(tensors["fc.weight"].shape[0])}
            return Foreign("target", f"iresnet-{depth}", options, tensors, "arcface_torch")
    raise XCosError(f"{path} is an iresnet with stages of {counts} units, which is not known here.")


def _facenet(tensors: Tensors) -> Foreign:
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
    foreign = _facenet(published.state_dict())
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
    network = build(card)
    load_strictly(network, foreign.tensors, Path(name))
    return card, network.eval()


def is_ours(path: Path) -> bool:
    """Whether a file is one of our weight files."""
    from safetensors import safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return METADATA_KEY in (file.metadata() or {})
    except (OSError, SafetensorError):
        return False
