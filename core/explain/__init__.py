"""Why one pair scored as it did: S, W, evidence, words, figures.

May import core.scoring and what stands below it.
"""
