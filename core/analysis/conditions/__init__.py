"""Conditions of faces (pose, size, sharpness, light, ...) and what they do to scores."""
