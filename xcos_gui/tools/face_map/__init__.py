"""All faces of the gallery as a map of points."""
