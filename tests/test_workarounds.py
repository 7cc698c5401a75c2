"""What makes up for others' faults takes effect, and leaves no trace."""

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

from core.workarounds import read_no_sources, without_cuda_package

CODE = """
import sys
import core.model.backbones
from core.faces.detect import Detector
Detector()._load()
assert "torchvision" in sys.modules and "facenet_pytorch" in sys.modules
print([name for name in sys.modules if name.split(".")[:2] == ["torch", "_dynamo"]])
import torch._dynamo.config
print(torch._dynamo.config.__file__ is not None, callable(torch._dynamo.optimize))
"""


READING = """
import inspect, sys
import PySide6.QtCore
read = []
inspect.getsource = lambda module: read.append(module.__name__) or ""
import colorsys
before = list(read)
from core.workarounds import read_no_sources
read_no_sources()
read.clear()
import wave, core.json_text
print("colorsys" in before, read)
"""


def test_sources_are_not_read_when_modules_are_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READING], capture_output=True, text=True, timeout=600
    )
    assert done.stdout.strip() == "True []", done.stderr


def test_a_detector_and_a_backbone_leave_torchs_compiler_out_and_it_can_be_had_later() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=600)
    assert done.stdout.split("\n")[:2] == ["[]", "True True"], done.stderr


COLLECTING = """
import gc, sys
from core.workarounds import MODULES, collect_around_modules
collect_around_modules()
gc.collect()
first = gc.get_freeze_count()
late = [[{}] for _ in range(1000)]
gc.collect()
without_imports = gc.get_freeze_count() - first
for number in range(MODULES):
    sys.modules[f"made_up_{number}"] = sys
gc.collect()
print(first > 1_000, without_imports <= 0, gc.get_freeze_count() - first >= 1000)
"""


def test_full_passes_of_the_collector_leave_modules_out() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTING], capture_output=True, text=True, timeout=600
    )
    assert done.stdout.strip() == "True True True", done.stderr


MIRRORED = """
import sys
from xcos_gui.widgets import plots
import pyqtgraph as pg
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets
import PySide6.QtCore, PySide6.QtGui, PySide6.QtWidgets
app = QtWidgets.QApplication([])
plot = pg.PlotWidget()
plot.plot([0, 1], [1, 2])
plot.grab()
copied = [len(vars(module)) for module in (QtCore, QtGui, QtWidgets)]
print(QtGui.QPainter is PySide6.QtGui.QPainter, QtCore.__version__ == PySide6.QtCore.__version__,
      isinstance(plot, PySide6.QtWidgets.QGraphicsView), max(copied) < 120)
try:
    QtGui.QNothing
except AttributeError as error:
    print("QNothing" in str(error))
"""


def test_pyqtgraph_finds_all_of_qt_without_copying_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED], capture_output=True, text=True, timeout=600
    )
    assert done.stdout.splitlines() == ["True True True True", "True"], done.stderr


def test_cudas_package_is_hidden_and_then_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cuda", raising=False)
    with without_cuda_package(), pytest.raises(ImportError):
        importlib.import_module("cuda")
    assert "cuda" not in sys.modules
    loaded = ModuleType("cuda")
    monkeypatch.setitem(sys.modules, "cuda", loaded)
    with without_cuda_package():
        assert importlib.import_module("cuda") is loaded
    assert sys.modules["cuda"] is loaded


def test_only_pyside_s_own_module_is_told_to_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("here.support.feature", "here.support.other", "there.support.feature")
    its_own, another, without = (ModuleType(name) for name in names)
    its_own._mod_uses_pyside = another._mod_uses_pyside = "as it was"  # type: ignore[attr-defined]
    for module in (its_own, another, without):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    read_no_sources()
    assert not its_own._mod_uses_pyside(its_own)  # type: ignore[attr-defined]
    assert another._mod_uses_pyside == "as it was"  # type: ignore[attr-defined]
    assert not hasattr(without, "_mod_uses_pyside")
