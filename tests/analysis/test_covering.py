"""Many pairs with the same edit: each is what What if says of it alone."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.analysis import covering
from core.analysis.covering import Treatment, moved_words, treat_pairs
from core.errors import Stopped, XCosError
from core.explain.editing.edits import Edit
from core.explain.editing.what_if import PairEditor, Question
from core.faces.choose import GallerySettings
from core.faces.regions import face_regions
from core.gallery.cache import Cache
from core.gallery.opening import open_gallery
from core.model.attention_weights import read_head
from core.model.verifier import Verifier
from core.progress import Task
from core.scoring.engine import PairEngine
from core.scoring.lists import pairs_of
from core.scoring.matrix import OUTCOMES
from core.scoring.scored import ScoredGallery, ScoringModel, one_pair, score_gallery

World = tuple[Verifier, Cache, ScoredGallery]


@pytest.fixture
def world(crops: Path, tiny_weights: Path, tmp_path: Path) -> World:
    verifier, cache = Verifier(tiny_weights, "cpu"), Cache(tmp_path / "c.sqlite")
    loaded = open_gallery(
        crops, verifier=verifier, target=None, cache=cache, settings=GallerySettings(aligned=True)
    )
    engine = PairEngine(read_head(tiny_weights), verifier.card.correlation, "cpu")
    return verifier, cache, score_gallery(ScoringModel(verifier.card, engine), loaded)


@pytest.mark.parametrize("which", ["both", "left", "right"])
def test_each_pair_is_as_what_if_has_it_alone(world: World, which: covering.Which) -> None:
    verifier, cache, scored = world
    edits = (Edit("patch", 40, 40, 32, 32),)
    pairs = pairs_of(scored.matrix, None, 0.4)
    found = treat_pairs((verifier, cache), scored, 0.4, pairs, (Treatment(edits=edits), which))
    assert len(found.pairs) == 15 and (found.pairs.rows < found.pairs.columns).all()
    changes = np.abs(found.after - found.pairs.scores)
    assert (np.diff(changes) <= 0).all() and changes[0] > 0
    for k in range(15):
        row, column = int(found.pairs.rows[k]), int(found.pairs.columns[k])
        alone = one_pair(scored.model, (scored.rows, row), (scored.columns, column))
        question = Question(edits if which != "right" else (), edits if which != "left" else ())
        answer = PairEditor(verifier, alone, cache).ask(question, 0.4)
        assert found.pairs.scores[k] == pytest.approx(answer.before.score, abs=1e-5)
        assert found.after[k] == pytest.approx(answer.after.score, abs=1e-5)
        assert OUTCOMES[found.after_codes[k]] == answer.outcome_after
    moves = found.moves()
    assert sum(moves.values()) == found.changed.sum()
    assert f"{found.changed.sum()} of 15 pairs change side" in moved_words(found)


@pytest.fixture
def stranger(crops: Path) -> str:
    """A photo of nobody knows whom, before the gallery is opened."""
    shutil.copy(crops / "cem" / "1.png", crops / "7.png")
    return "7.png"


def test_pairs_with_an_unknown_face_have_no_outcome(stranger: str, world: World) -> None:
    verifier, cache, scored = world
    pairs = pairs_of(scored.matrix, None, 0.4)
    found = treat_pairs((verifier, cache), scored, 0.4, pairs, (Treatment("nose"), "both"))
    place = scored.rows.gallery.index()[stranger]
    of_it = (found.pairs.rows == place) | (found.pairs.columns == place)
    assert of_it.sum() == 6 and len(found.pairs) == 21
    for codes in (found.before_codes, found.after_codes):
        assert [OUTCOMES[code] == "unknown" for code in codes] == of_it.tolist()
    sides = [scores > found.threshold for scores in (found.pairs.scores, found.after)]
    moved = sides[0] != sides[1]
    assert (moved & of_it).any() and np.array_equal(found.changed, moved)
    words = moved_words(found)
    assert words.startswith(f"{moved.sum()} of 21 pairs change side: ")
    assert f"{(moved & of_it).sum()} of unknown identities" in words


def test_a_region_is_covered_where_each_face_has_it(world: World) -> None:
    from core.explain.editing.editable import editable_face

    _, cache, scored = world
    face = editable_face(scored.rows.gallery.faces[0], scored.rows.gallery.root, cache)
    covered = face.edited(Treatment("mouth").of(face)).covered
    assert np.array_equal(covered == 1, face_regions(face.landmarks) == "mouth")


def test_too_many_faces_and_a_stop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, cache, scored = world
    pairs, done = pairs_of(scored.matrix, None, 0.4), (Treatment("nose"), "both")
    with pytest.raises(Stopped):
        treat_pairs((verifier, cache), scored, 0.4, pairs, done, Task(stopped=lambda: True))  # type: ignore[arg-type]
    # Six faces, each left in some pairs and right in others.
    monkeypatch.setattr(covering, "MOST_FACES", 6)
    assert len(treat_pairs((verifier, cache), scored, 0.4, pairs, done).pairs) == 15  # type: ignore[arg-type]
    monkeypatch.setattr(covering, "MOST_FACES", 5)
    with pytest.raises(XCosError, match="choose fewer pairs"):
        treat_pairs((verifier, cache), scored, 0.4, pairs, done)  # type: ignore[arg-type]
