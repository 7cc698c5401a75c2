"""All pairs of a gallery: the engine and its kernels, the matrix, exact counts, curves and lists.

May import core.gallery and what stands below it.
"""
