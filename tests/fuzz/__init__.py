"""Mutated files through every reader: `python -m tests.fuzz --help`, and a short run in the suite."""
