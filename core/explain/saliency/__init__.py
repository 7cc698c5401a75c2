"""Methods that say which cells made a pair's score, their curves, and their comparison.

May import core.explain's explanation and what stands below it.
"""
