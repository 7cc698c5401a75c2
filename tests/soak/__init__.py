"""The window under random actions: `python -m tests.soak --help`, and a short run in the suite."""
