"""What many pairs of a gallery have in common or differ in: people, patterns, labels, models, kinds of score.

May import core.query, core.explain, core.scoring and what stands below them.
"""
