"""Faults that are known and not mended yet, by reader: to be emptied, never to be filled."""

KNOWN: dict[str, frozenset[str]] = {}
