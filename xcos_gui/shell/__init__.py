"""The application: starting, the main window, menus, projects, settings, themes, help.

May import all other rooms of the window; none of them imports it, except for types.
"""
