"""Training from a form, and its runs."""
