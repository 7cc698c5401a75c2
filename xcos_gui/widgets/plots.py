"""Loads pyqtgraph as this program wants it; imported by the packages that draw with it."""

from core.workarounds import mirror_qt, without_cuda_package

mirror_qt()
with without_cuda_package():
    import pyqtgraph

pyqtgraph.setConfigOptions(antialias=True)
