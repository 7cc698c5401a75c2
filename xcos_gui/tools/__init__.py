"""The windows of the menus Analyse and Model, a module or a folder each. Tools import no panel.

May import xcos_gui.widgets, xcos_gui.state and core.
"""

from xcos_gui.widgets import plots  # noqa: F401 - before any import of pyqtgraph
