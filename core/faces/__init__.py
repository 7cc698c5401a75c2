"""From photo files to aligned crops: decoding, detection, landmarks, alignment, regions, occluders.

May import core's plain helpers (errors, files, progress and the like), and nothing else of core.
"""
