"""From crops to features: weights and their cards, backbones, attention, targets, inference.

May import core.faces and core's plain helpers.
"""
