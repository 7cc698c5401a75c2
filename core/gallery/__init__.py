"""From a folder or a list to a loaded gallery: what is there, what the cache has, what must be computed.

May import core.project, core.model, core.faces and core's plain helpers.
"""
