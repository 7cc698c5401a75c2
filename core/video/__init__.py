"""Frames of videos, the faces in them as tracks, and the scores of tracks over time.

May import core.explain, core.scoring and what stands below them.
"""
