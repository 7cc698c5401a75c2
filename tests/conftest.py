"""Shared by all tests: temporary places for caches and settings, and no clock in property tests."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from core.scoring.matrix import ScoreMatrix
from tests.living import PROBES, living_weights, make_crops
from tests.parts import go_in_parts, tiles

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Slow machines and compilers at first use must not fail a law that holds.
settings.register_profile(
    "xcos", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("xcos")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A process for each core where all tests are run, up to eight; none beside this one for named files."""
    everything = config.args_source is not pytest.Config.ArgsSource.ARGS
    workers = min(os.cpu_count() or 1, 8) if everything else 0
    if workers > 1:
        # Threads of several processes that wait for one another in turns take twice the time in all.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    return workers


@pytest.fixture(autouse=True)
def temporary_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a test does reaches the user's own cache, log or settings."""
    import platformdirs

    for name in ("user_cache_dir", "user_log_dir", "user_data_dir", "user_config_dir"):
        monkeypatch.setattr(platformdirs, name, lambda *_, **__: str(tmp_path / "user"))


@pytest.fixture(scope="session", autouse=True)
def small_parts() -> None:
    """Loops over parts of what is large take several turns, as they do for a user."""
    go_in_parts()
    ScoreMatrix.tiles = tiles  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file of a small random network with life, thresholds, P and a head."""
    return living_weights(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """A folder of aligned crops: ann with three photos, bob with two, cem with one."""
    return make_crops(tmp_path / "crops")


@pytest.fixture
def probes(tmp_path: Path) -> Path:
    """Four further crops: one of ann, one of bob, two of dan, whom the gallery lacks."""
    return make_crops(tmp_path / "probes", PROBES, first=4)
