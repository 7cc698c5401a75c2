"""Loads pyqtgraph as this program wants it; imported by the packages that draw with it."""

import sys


def _load() -> None:
    # A widget of pyqtgraph that is not used here loads CUDA's Python package where there is one,
    # for a tenth of a second; None makes Python say that there is none.
    hidden = "cuda" not in sys.modules
    if hidden:
        sys.modules["cuda"] = None  # type: ignore[assignment]
    try:
        import pyqtgraph
    finally:
        if hidden:
            del sys.modules["cuda"]
    pyqtgraph.setConfigOptions(antialias=True)


_load()
