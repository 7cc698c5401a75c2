"""The docks of the main window. Panels never import each other; they share one session.

May import xcos_gui.widgets, xcos_gui.state and core.
"""

from xcos_gui.widgets import plots  # noqa: F401 - before any import of pyqtgraph
