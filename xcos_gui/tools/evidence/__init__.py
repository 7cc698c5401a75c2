"""The window on what a score is worth: strength of evidence, conditions, groups."""
