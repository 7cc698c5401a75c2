"""xcos models and xcos import-weights."""

import argparse
from pathlib import Path
from typing import Any

from core.commands.shared import named
from core.errors import XCosError
from core.files import refuse_overwriting
from core.json_text import json_text
from core.model.card import ModelCard, find_weights, read_card, shipped_weights


def add(commands: Any) -> None:
    """Describe both commands."""
    parser = commands.add_parser(
        "models",
        help="list weights and what was measured of them",
        description="List the weights that ship, or those named, with thresholds and measured figures.",
        epilog="examples:\n  xcos models\n  xcos models mine.safetensors --json",
    )
    parser.add_argument(
        "files",
        type=Path,
        nargs="*",
        metavar="FILE",
        help="weight files, or foreign models as targets (default: those that ship)",
    )
    parser.add_argument(
        "--backbones",
        action="store_true",
        help="list the backbones that can be trained or imported",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)

    parser = commands.add_parser(
        "import-weights",
        help="bring a foreign checkpoint into the program's form",
        description="Read a checkpoint of the xCos authors, InsightFace_Pytorch, arcface_torch, foamliu's "
        "MobileFaceNet or facenet-pytorch, recognised by its tensors, and write it as .safetensors. "
        "Pickled files are read without running code. ONNX files need no import: give them as --target.",
        epilog="examples:\n  xcos import-weights 20200217_accu_9931_Arcface.pth -o xcos-arcface.safetensors\n"
        "  xcos import-weights model_ir_se50.pth -o target.safetensors\n"
        "  xcos import-weights vggface2 -o facenet.safetensors     downloads facenet-pytorch's weights",
    )
    parser.add_argument(
        "file",
        type=named,
        metavar="FILE",
        help="checkpoint, or vggface2 or casia-webface to download",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="NAME.safetensors",
        help="file to write",
    )
    parser.add_argument(
        "--part",
        choices=("xcos", "target"),
        help="which model of a file that holds both (default: xcos)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run_import)


def run(options: argparse.Namespace) -> int:
    """List weights or backbones."""
    if options.backbones and options.files:
        raise XCosError("--backbones lists all that there are; leave the weight files out.")
    if options.backbones:
        from core.model.backbones import backbone_names

        names = backbone_names()
        print(json_text(names) if options.json else "\n".join(names))
        return 0
    cards = [_card(path) for path in options.files or shipped_weights()]
    if options.json:
        print(json_text([as_dict(card) for card in cards]))
        return 0
    print("\n\n".join(card_text(card) for card in cards) or "No weights ship with this copy.")
    return 0


def _card(path: Path) -> ModelCard:
    """Of weights that ship, by name, of one of our weight files, or of a foreign model as a target."""
    if not path.exists():
        path = find_weights(path)
    if path.suffix.lower() == ".safetensors":
        return read_card(path)
    from core.model.target import Target

    return Target(path, "cpu").card


def run_import(options: argparse.Namespace) -> int:
    """Import a foreign checkpoint."""
    from core.model.importers import import_weights

    refuse_overwriting(options.output, Path(options.file))
    card = import_weights(options.file, options.output, options.part)
    print(json_text(as_dict(card)) if options.json else card_text(card))
    return 0


def as_dict(card: ModelCard) -> dict[str, Any]:
    """A card as plain values."""
    return {
        "name": card.name,
        "path": str(card.path),
        "kind": card.kind,
        "backbone": card.backbone,
        "options": card.options,
        "attention": list(card.kinds) if card.kind == "xcos" else [],
        "thresholds": card.thresholds,
        "law": card.law,
        "channels": card.channels,
        "mean": card.mean,
        "std": card.std,
        "embedding_size": card.embedding_size,
        "licence": card.licence,
        "training": card.training,
        "measured": card.measured,
        "fingerprint": card.fingerprint,
        "version": card.version,
    }


def card_text(card: ModelCard) -> str:
    """A card in lines of text."""
    lines = [
        f"{card.name} ({card.kind}, backbone {card.backbone})",
        f"  file        {card.path}",
        f"  input       {card.input_words}",
    ]
    if card.thresholds:
        shown = ", ".join(f"{kind} {value:.4f}" for kind, value in card.thresholds.items())
        lines.append(f"  thresholds  {shown}")
    if card.kind == "xcos":
        lines.append(f"  law         {card.law_words}")
    for name, text in (("training", card.training), ("licence", card.licence)):
        if text:
            lines.append(f"  {name:<11} {text}")
    lines += [f"  {name:<11} {value}" for name, value in card.measured.items()]
    return "\n".join(lines)
