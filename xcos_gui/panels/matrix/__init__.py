"""The matrix's dock: its image, its keys, names beside it."""
