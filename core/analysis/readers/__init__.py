"""Readers who judge pairs by eye: blind sheets, agreement, accuracy, fusion with the score."""
