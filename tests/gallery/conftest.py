"""Photos that lists name."""

from pathlib import Path

import pytest

from tests.gallery.test_csv_gallery import LISTED


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with the photos of LISTED, which need not be pictures to be listed."""
    for photo, _ in LISTED:
        (tmp_path / photo).parent.mkdir(exist_ok=True)
        (tmp_path / photo).touch()
    return tmp_path
