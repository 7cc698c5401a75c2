"""Strength of evidence: likelihood ratios of scores, their bounds, quality and decisions.

The LRs, their bounds and their measures are those of NFI's `lir` (the extra `evidence`).
"""
