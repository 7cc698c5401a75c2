"""Mutants that change nothing anyone could see, by their key, each with the reason."""

EQUIVALENT: dict[str, str] = {}
