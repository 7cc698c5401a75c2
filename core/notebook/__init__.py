"""Galleries, matrices and pairs for a notebook: they show themselves, and give pandas frames."""

from core.notebook.objects import (
    Gallery,
    Matrix,
    Model,
    Pair,
    explain_pair,
    load_model,
    open_gallery,
)

__all__ = ["Gallery", "Matrix", "Model", "Pair", "explain_pair", "load_model", "open_gallery"]
