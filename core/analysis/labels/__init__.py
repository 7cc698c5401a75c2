"""Likely wrong labels, near-duplicate files and shared people: findings, their search, decisions.

May import core.query and what stands below it.
"""
