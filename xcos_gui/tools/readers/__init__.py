"""The window in which a second reader rates pairs blind."""
