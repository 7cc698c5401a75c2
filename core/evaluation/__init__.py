"""Published verification protocols: reading their pairs, scoring them, and their figures.

May import core.explain, core.scoring and what stands below them.
"""
