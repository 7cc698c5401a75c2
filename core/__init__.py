"""Everything that computes. In a notebook: `from core import open_gallery, load_model, explain_pair`."""

from typing import Any

__all__ = ["explain_pair", "load_model", "open_gallery"]


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that the window and the command line start without them.
    if name in __all__:
        from core import notebook

        return getattr(notebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
