"""Loads pytest-qt only where Qt can be loaded: elsewhere the other tests still run."""

from xcos_gui.shell.application import missing_library

if missing_library() is None:
    pytest_plugins = ["pytestqt.plugin"]
