"""Further weights, and scored galleries, for tests that compare models or make scores up."""

from dataclasses import replace
from pathlib import Path

from core.gallery.gallery import LoadedGallery
from core.model.card import ModelCard
from core.model.weights import load_xcos, save_weights
from core.scoring.engine import PairEngine
from core.scoring.matrix import ScoreMatrix
from core.scoring.scored import ScoredGallery, ScoringModel
from tests.living import living_weights


def other_weights(path: Path, name: str = "other", seed: int = 11) -> Path:
    """Weights of a random small network unlike `tiny_weights`, with thresholds of 0.4."""
    return living_weights(
        path, name, seed, dict.fromkeys(("learned", "uniform", "correlation"), 0.4)
    )


def raw_weights(path: Path, weights: Path) -> Path:
    """Weights whose map of correlations does not sum to 1 but to 4, so that scores go beyond 1."""
    card, net = load_xcos(weights)
    assert card.correlation is not None
    save_weights(path, net, replace(card, name="raw", path=path, correlation=4 * card.correlation))
    return path


def scored(
    matrix: ScoreMatrix,
    rows: LoadedGallery,
    columns: LoadedGallery | None = None,
    engine: PairEngine | None = None,
    card: ModelCard | None = None,
) -> ScoredGallery:
    """A matrix of scores made up by a test, with its faces; columns None: it is square."""
    card = card or ModelCard("m", Path("m"), "", "xcos", "thin")
    model = ScoringModel(card, engine or PairEngine(None, None))
    return ScoredGallery(model, rows, rows if columns is None else columns, matrix)
