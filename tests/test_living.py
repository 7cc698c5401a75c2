"""The fixture with life, in numbers: without these facts tests of numbers could not fail."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of, landmarks_in_crop, open_gallery
from core.model.attention_weights import read_head
from core.model.verifier import Verifier
from core.scoring.engine import PairEngine
from core.scoring.kernels.prepared import PreparedPairs
from core.scoring.matrix import ScoreMatrix, score_matrix
from tests.living import COUNTS, THRESHOLDS, Known, crop, make_photos

KINDS = ("learned", "uniform", "correlation")
OFF = ~np.eye(6, dtype=bool)


class Living:
    """The gallery, the probes and the engine."""

    def __init__(self, weights: Path, crops: Path, probes: Path, place: Path) -> None:
        self.verifier = Verifier(weights, "cpu")
        self.engine = PairEngine(read_head(weights), self.verifier.card.correlation)
        self.gallery, self.probes = (
            open_gallery(
                folder,
                verifier=self.verifier,
                cache=Cache(place / "cache.sqlite"),
                settings=GallerySettings(aligned=True),
            )
            for folder in (crops, probes)
        )

    def matrix(self, kind: str = "learned", order: str = "both") -> ScoreMatrix:
        return score_matrix(self.engine, self.gallery, None, kind, order)  # type: ignore[arg-type]


@pytest.fixture
def living(tiny_weights: Path, crops: Path, probes: Path, tmp_path: Path) -> Living:
    return Living(tiny_weights, crops, probes, tmp_path)


def test_genuine_and_impostor_scores_lie_apart_and_spread(living: Living) -> None:
    for kind in KINDS:
        matrix = living.matrix(kind)
        pairs = matrix.counted(slice(0, 6), slice(0, 6))
        same = matrix.rows[:, None] == matrix.columns
        genuine, impostor = matrix.scores[pairs & same], matrix.scores[pairs & ~same]
        assert len(genuine) == 4 and len(impostor) == 11
        assert genuine.mean() - impostor.mean() > 0.2
        assert np.ptp(genuine) > 0.1 and np.ptp(impostor) > 0.15
        assert np.diff(np.sort(matrix.scores[pairs])).min() > 1e-5  # no two alike
    matrix = living.matrix()
    counts = matrix.scores[same & pairs] > THRESHOLDS["learned"]
    assert counts.any() and not counts.all()  # accepts and rejects, both


def test_attention_kinds_and_orders_differ(living: Living) -> None:
    scores = {kind: living.matrix(kind).scores for kind in KINDS}
    for one, other in (
        ("learned", "uniform"),
        ("learned", "correlation"),
        ("uniform", "correlation"),
    ):
        assert np.abs(scores[one] - scores[other])[OFF].max() > 0.03
    forward, backward = (living.matrix(order=o).scores for o in ("left-right", "right-left"))
    assert np.abs(forward - backward)[OFF].max() > 0.2
    assert np.median(np.abs(forward - backward)[OFF]) > 0.05
    assert len({*THRESHOLDS.values()}) == len(THRESHOLDS)


def symmetries() -> list[Callable[[np.ndarray], np.ndarray]]:
    return [
        lambda m: m.swapaxes(-1, -2),
        lambda m: m[..., ::-1],
        lambda m: m[..., ::-1, :],
        lambda m: m[..., ::-1, ::-1],
    ]


def test_maps_differ_from_cell_to_cell_and_have_no_symmetry(living: Living) -> None:
    faces = living.engine.prepare(living.gallery.features.grid)
    for i, j in ((0, 1), (0, 3), (2, 5), (4, 3)):
        s, w = living.engine.maps(faces, i, faces, j, "learned", "left-right")
        assert s.std() > 0.2 and w.std() > 0.01 and w.max() < 0.5
        for turned in symmetries():
            assert np.abs(turned(s) - s).max() > 0.3 and np.abs(turned(w) - w).max() > 0.03
    p = living.verifier.card.correlation
    assert p is not None and p.std() > 0.005 and abs(p.sum() - 1) < 1e-9
    assert all(np.abs(turned(p) - p).max() > 0.01 for turned in symmetries())


def test_a_grey_cell_moves_a_score_by_hundredths(living: Living) -> None:
    one, other = crop("ann", 1), crop("bob", 1)
    patched = one.copy()
    patched[48:64, 16:32] = 127
    made = living.engine.prepare(living.verifier.features(np.stack([one, patched, other])).grid)
    places = np.array([0, 1]), np.array([2, 2])
    before, after = living.engine.scores_of(
        PreparedPairs(made, places[0], made, places[1]), "learned", "both"
    )
    assert abs(before - after) > 0.005


def test_galleries_are_not_square_and_identities_not_equal(living: Living) -> None:
    assert [len(living.gallery), len(living.probes)] == [6, 4]
    names = [face.identity for face in living.gallery.gallery.faces]
    assert {name: names.count(name) for name in names} == COUNTS
    assert "dan" in {f.identity for f in living.probes.gallery.faces} - {*names}


def test_photos_are_not_square_and_landmarks_differ(living: Living, tmp_path: Path) -> None:
    found = make_photos(tmp_path / "photos")
    width, height = Image.open(tmp_path / "photos" / "ann" / "1.png").size
    assert width != height
    loaded: LoadedGallery = open_gallery(
        tmp_path / "photos",
        verifier=living.verifier,
        cache=Cache(tmp_path / "photos.sqlite"),
        detector=Known(tmp_path / "photos", found),
    )
    faces = loaded.gallery.faces
    assert [face.photo for face in faces] == sorted(found)
    marks = np.stack([landmarks_in_crop(face) for face in faces])
    for k in range(6):
        assert np.abs(np.delete(marks, k, 0) - marks[k]).max(axis=(1, 2)).min() > 3
    # What alignment cuts out of the photo is the crop that was painted into it.
    cut = crop_of(faces[0], loaded.gallery.root, Cache(tmp_path / "photos.sqlite"))
    inner = np.abs(cut.astype(int) - crop("ann", 1))[8:-8, 8:-8]
    assert np.median(inner) < 12 and np.corrcoef(cut.ravel(), crop("ann", 1).ravel())[0, 1] > 0.9
