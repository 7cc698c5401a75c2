"""Galleries and probes without a face have no pairs, and nothing that looks at these fails."""

from pathlib import Path

import numpy as np
import pytest

from core.model.attention_weights import read_head
from core.model.card import read_card
from core.model.kinds import AttentionKind
from core.progress import QUIET
from core.project.edits import Edits
from core.project.sides import edits_of_sides
from core.query.evaluate import passing
from core.query.given import FilterInput
from core.query.language import parse
from core.query.selection import Whose, select
from core.query.why import why_none
from core.scoring.against import comparisons, other_scores
from core.scoring.engine import PairEngine
from core.scoring.scored import ScoredGallery, ScoringModel, score_gallery
from tests.query.test_filters import made_gallery

SIZES = [(0, None), (3, 0), (0, 3), (0, 0)]  # of a gallery, and of its probes


def scored_of(
    weights: Path, size: tuple[int, int | None], kind: AttentionKind = "learned"
) -> ScoredGallery:
    card = read_card(weights)
    engine = PairEngine(read_head(weights), np.full((7, 7), 0.1, np.float32))
    gallery, probes = (None if n is None else made_gallery(n, 1, card) for n in size)
    assert gallery is not None
    return score_gallery(ScoringModel(card, engine), gallery, probes, kind)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["learned", "uniform", "correlation"])
def test_sides_are_as_large_as_their_matrix(
    tiny_weights: Path, size: tuple[int, int | None], kind: AttentionKind
) -> None:
    scored = scored_of(tiny_weights, size, kind)
    assert (len(scored.rows), len(scored.columns)) == scored.matrix.scores.shape
    assert scored.matrix.scores.shape == (size[0] if size[1] is None else size[1], size[0])
    assert scored.square == (scored.rows is scored.columns) == (size[1] is None)
    assert scored.statistics.pairs == 0
    assert {*scored.identities.values()} <= {"Ann", "Bob"}
    for against in comparisons(scored, None):
        other = other_scores(scored, against, dict.fromkeys((kind, "uniform"), 0.4), QUIET)
        assert other.scores.shape == scored.matrix.scores.shape


@pytest.mark.parametrize("size", SIZES)
def test_no_pair_passes_a_filter_or_is_selected(
    tiny_weights: Path, size: tuple[int, int | None]
) -> None:
    scored, edits = scored_of(tiny_weights, size), edits_of_sides(Edits())
    given = FilterInput(scored, 0.4, edits)
    for text in ("score > 0", "outcome = FP", "fc < 2 and region(nose) < 900 %", "tag = x"):
        mask = passing(parse(text), given)
        assert mask.shape == scored.matrix.scores.shape and not mask.any()
        assert "no pair passes" in why_none(parse(text), given)
    rows, columns = (side.gallery.faces for side in (scored.rows, scored.columns))
    for whose in (Whose.identity("Ann", rows, columns), Whose.tag("x", edits, rows, columns)):
        assert select(scored.matrix, 0.4, None, [whose]).total == 0
