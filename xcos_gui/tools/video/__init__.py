"""A video's tracks and their scores over time."""
