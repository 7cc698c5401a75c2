"""A gallery, a selection or a pair as one file to share: HTML, PDF, tables.

May import core.analysis, core.query, core.explain and what stands below them.
"""
