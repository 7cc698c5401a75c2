"""Training xCos: settings, faces, losses, the loop, what a run leaves behind.

May import core.evaluation, core.gallery, core.model and what stands below them.
"""
