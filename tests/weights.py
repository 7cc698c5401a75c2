"""Further weights for tests that compare models."""

from pathlib import Path

from tests.living import living_weights


def other_weights(path: Path, name: str = "other", seed: int = 11) -> Path:
    """Weights of a random small network unlike `tiny_weights`, with thresholds of 0.4."""
    return living_weights(
        path, name, seed, dict.fromkeys(("learned", "uniform", "correlation"), 0.4)
    )
