"""Building blocks that panels and tools share.

May import xcos_gui.state and core.
"""
