"""What the user changed in a gallery, kept in a project file: edits, undo, choices, photos that moved.

May import core.faces, core.model's words and core's plain helpers.
"""
