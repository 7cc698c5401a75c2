"""Two models on one gallery."""
