"""Saliency methods side by side on a pair."""
