"""Shared by all tests: temporary places for caches and settings, and no clock in property tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Slow machines and compilers at first use must not fail a law that holds.
settings.register_profile("xcos", deadline=None, max_examples=30)
settings.load_profile("xcos")


@pytest.fixture(autouse=True)
def temporary_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a test does reaches the user's own cache, log or settings."""
    import platformdirs

    for name in ("user_cache_dir", "user_log_dir", "user_data_dir", "user_config_dir"):
        monkeypatch.setattr(platformdirs, name, lambda *_, **__: str(tmp_path / "user"))
