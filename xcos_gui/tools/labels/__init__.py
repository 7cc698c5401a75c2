"""Findings on the gallery's labels, decided one by one."""
