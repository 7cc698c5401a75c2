"""What one pair's score becomes when its faces are edited, and the smallest edit that flips the verdict.

May import core.explain's explanation and what stands below it.
"""
