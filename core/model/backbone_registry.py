"""Backbones by name: core.model.backbones fills this, and is what to import."""

from collections.abc import Callable
from typing import Any

from torch import nn

from core.errors import XCosError

BUILDERS: dict[str, Callable[..., nn.Module]] = {}


def register(
    name: str,
) -> Callable[[Callable[..., nn.Module]], Callable[..., nn.Module]]:
    """Decorate a class or function that builds the backbone of that name."""

    def keep(builder: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
        BUILDERS[name] = builder
        return builder

    return keep


def backbone_names() -> list[str]:
    """The names that `build_backbone` knows, sorted."""
    return sorted(BUILDERS)


def build_backbone(name: str, **options: Any) -> nn.Module:
    """Build a backbone with fresh weights. Raises XCosError for a name or option it lacks."""
    if name not in BUILDERS:
        known = ", ".join(backbone_names())
        raise XCosError(f"There is no backbone named {name!r:.60}; choose one of {known}.")
    try:
        return BUILDERS[name](**options)
    except (TypeError, ValueError, RuntimeError) as error:  # torch tells of impossible sizes so
        raise XCosError(f"The backbone {name!r} does not take these options: {error}.") from error
