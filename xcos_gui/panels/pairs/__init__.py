"""The list of pairs: an outcome's worst, what a filter passes, or what a tool lists."""
