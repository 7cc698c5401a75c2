"""Mean maps of a selection, the difference of two, groups of like evidence, and their figures.

May import core.query and what stands below it.
"""
