"""What ships is there, fits its limits, and makes sense together."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from core.explain.colours import table
from core.faces.photo import PHOTO_SUFFIXES, read_photo
from core.gallery.cache import Cache
from core.gallery.folder import scan
from core.gallery.opening import open_gallery
from core.model.attention_weights import read_head
from core.model.card import read_card, shipped_weights
from core.model.verifier import Verifier
from core.resources import resource_path
from core.scoring.engine import PairEngine
from core.scoring.matrix import score_matrix
from core.scoring.statistics import PairStatistics

ROOT = Path(__file__).parents[1]


def test_sample_photos_and_their_sources() -> None:
    listing = scan(resource_path("sample"))
    sources = resource_path("sample", "SOURCES.md").read_text(encoding="utf-8")
    identities = {listed.identity for listed in listing.photos}
    assert len(listing.photos) >= 25 and len(identities) == 4
    for listed in listing.photos:
        photo = read_photo(listing.root / listed.photo)
        assert max(photo.shape) <= 640
        base = Path(listed.photo).stem
        assert any(name in sources for name in (base, base.rsplit("_", 1)[-1])), listed.photo
    size = sum(
        p.stat().st_size for p in resource_path("sample").rglob("*") if p.suffix in PHOTO_SUFFIXES
    )
    assert size < 5_000_000


def test_shipped_weights_carry_what_the_window_needs() -> None:
    paths = shipped_weights()
    assert paths, "no weights ship"
    for path in paths:
        card = read_card(path)
        assert path.stat().st_size <= 20_000_000
        assert set(card.kinds) == {"learned", "uniform", "correlation"} <= set(card.thresholds)
        assert card.correlation is not None and card.correlation.min() >= 0
        assert abs(card.correlation.sum() - 1) < 1e-9
        assert card.licence and card.training and card.measured


def test_every_outcome_occurs_in_the_sample(tmp_path: Path) -> None:
    """With real photos, the real detector and the weights that ship."""
    path = shipped_weights()[0]
    loaded = open_gallery(
        resource_path("sample"), verifier=Verifier(path, "cpu"), cache=Cache(tmp_path / "c.sqlite")
    )
    assert [problem.file for problem in loaded.gallery.problems] == [
        "Eileen Collins/collins_helmet.jpg"
    ]
    card = read_card(path)
    matrix = score_matrix(PairEngine(read_head(path), card.correlation), loaded)
    counts = PairStatistics.of(matrix).counts(card.thresholds["learned"])
    assert min(counts.tp, counts.fp, counts.fn, counts.tn) > 0
    assert counts.accuracy is not None and counts.accuracy > 0.75
    # The same person in the same photo, sunglasses aside, is still called the same.
    place = loaded.gallery.index()
    pair = place["Barack Obama/obama_1.jpg"], place["Barack Obama/obama_1_sunglasses.jpg"]
    assert matrix.scores[pair] > card.thresholds["learned"]


@pytest.mark.parametrize("name", ["diverging", "sequential"])
def test_colour_tables(name: str) -> None:
    colours = table(name)
    assert colours.shape == (256, 3) and colours.dtype == np.uint8
    if name == "diverging":
        assert (colours[127:129] == 255).all()


def test_readme_opens_with_the_two_commands() -> None:
    lines = [
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    assert lines[2] == "pip install uv && uv run main.py"
    assert lines[3] == "pip install uv && uv run pytest"
    assert (ROOT / "docs" / "window.png").stat().st_size > 50_000


def test_packaging() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "xcos-studio"
    assert project["project"]["scripts"] == {"xcos": "xcos_gui.shell.application:main"}
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {"resources": "core/_resources", "weights": "core/_weights"}
