"""Which pairs: the filter language, its evaluation on a matrix, and selections by outcome or identity.

May import core.explain, core.scoring and what stands below them.
"""
