"""Loads pyqtgraph as this program wants it; imported by the packages that draw with it."""

from core.workarounds import without_cuda_package

with without_cuda_package():
    import pyqtgraph

pyqtgraph.setConfigOptions(antialias=True)
