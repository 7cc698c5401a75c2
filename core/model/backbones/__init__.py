"""Registered backbones: networks whose last map has 7x7 cells.

A backbone is a module with an attribute `channels` whose forward takes (B, 3, 112, 112)
normalised RGB and gives (B, channels, 7, 7). Those that are whole verification models have
`embed` as well, which gives (B, d) embeddings, not normalised.
"""

from collections.abc import Callable
from typing import Any

from torch import nn

from core.errors import XCosError

_BUILDERS: dict[str, Callable[..., nn.Module]] = {}


def register(
    name: str,
) -> Callable[[Callable[..., nn.Module]], Callable[..., nn.Module]]:
    """Decorate a class or function that builds the backbone of that name."""

    def keep(builder: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
        _BUILDERS[name] = builder
        return builder

    return keep


def backbone_names() -> list[str]:
    """The names that `build_backbone` knows, sorted."""
    _load()
    return sorted(_BUILDERS)


def build_backbone(name: str, **options: Any) -> nn.Module:
    """Build a backbone with fresh weights. Raises XCosError for a name or option it lacks."""
    _load()
    if name not in _BUILDERS:
        known = ", ".join(backbone_names())
        raise XCosError(f"There is no backbone named {name!r:.60}; choose one of {known}.")
    try:
        return _BUILDERS[name](**options)
    except TypeError as error:
        raise XCosError(f"The backbone {name!r} does not take these options: {error}.") from error


def _load() -> None:
    # Importing them registers them.
    from core.model import onnx_model  # noqa: F401
    from core.model.backbones import (  # noqa: F401
        inception,
        inner,
        ir,
        iresnet,
        local,
        mobilefacenet,
        sface,
        thin,
    )
