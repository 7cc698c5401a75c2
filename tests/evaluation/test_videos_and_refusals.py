"""Videos as folders of frames, and lists, sets and folders that cannot be evaluated."""

import codecs
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import Stopped, XCosError
from core.evaluation.insightface_bin import read_bin, unpack_bin
from core.evaluation.occlusion_curve import SHARES, occlusion_curve
from core.evaluation.pair_lists import read_splits, read_unlabelled_csv
from core.evaluation.plots import histogram_figure
from core.evaluation.protocol import OpenedPairs, open_pairs, pair_scores, write_gallery
from core.evaluation.published import ar_pairs
from core.evaluation.results import evaluate
from core.evaluation.run import occlusion_of, protocol_name
from core.evaluation.verification import ProtocolPairs
from core.faces.choose import GallerySettings
from core.faces.photo import read_photo
from core.gallery.cache import Cache
from core.gallery.opening import open_gallery
from core.model.attention_weights import read_head
from core.model.card import ModelCard
from core.model.target import Target
from core.model.verifier import Verifier
from core.progress import QUIET, Task
from core.scoring.engine import PairEngine
from core.scoring.scored import ScoringModel
from tests.evaluation.test_published import ar, cfp
from tests.living import OPTIONS

__all__ = ["ar", "cfp"]
SPLITS = "1, ann, bob, 0\n1, ann, cem, 0\n2, bob, bob, 1\n"


def told(work: Callable[[], object]) -> str:
    with pytest.raises(XCosError) as error:
        work()
    return str(error.value)


@pytest.fixture
def splits(tmp_path: Path) -> ProtocolPairs:
    (tmp_path / "splits.txt").write_text(SPLITS)
    return read_splits(tmp_path / "splits.txt")


def opened(pairs: ProtocolPairs, photos: Path, weights: Path, cache: Path) -> OpenedPairs:
    """A list's faces with features, its photos aligned."""
    settings = GallerySettings("central", True)
    verifier = Verifier(weights, "cpu")
    return open_pairs(
        pairs,
        photos,
        lambda source: open_gallery(
            source, verifier=verifier, cache=Cache(cache), settings=settings
        ),
    )


def test_a_video_s_features_are_the_mean_of_its_frames(
    splits: ProtocolPairs, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    (crops / "ann" / "further").mkdir()
    found = opened(splits, crops, tiny_weights, tmp_path / "c.sqlite")
    assert [len(group) for group in found.groups] == [3, 2, 1]
    verifier = Verifier(tiny_weights, "cpu")
    grids, embeddings = [], []
    for name in ("ann", "bob", "cem"):
        frames = np.stack([read_photo(path) for path in sorted((crops / name).glob("*.png"))])
        features = verifier.features(frames)
        assert features.embedding is not None
        grids.append(features.grid.mean(axis=0))
        embeddings.append(features.embedding.mean(axis=0))
    engine = PairEngine(read_head(tiny_weights), verifier.card.correlation)
    scores = pair_scores(found, ScoringModel(verifier.card, engine), "both", QUIET)
    cells = [grid / np.linalg.norm(grid, axis=0) for grid in grids]
    units = [row / np.linalg.norm(row) for row in embeddings]
    pairs = [(0, 1), (0, 2), (1, 1)]
    uniform = [(cells[i] * cells[j]).sum(axis=0).mean() for i, j in pairs]
    np.testing.assert_allclose(scores["uniform"], uniform, atol=1e-4)  # type: ignore[arg-type]
    np.testing.assert_allclose(scores["fc"], [units[i] @ units[j] for i, j in pairs], atol=1e-4)  # type: ignore[arg-type]


def test_a_video_that_is_no_folder_or_has_no_frames_is_told(
    splits: ProtocolPairs, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    (crops / "cem" / "1.png").unlink()
    (crops / "cem" / "below").mkdir()
    (crops / "ann" / "1.png").rename(crops / "cem" / "below" / "1.png")  # no frame of cem itself
    cache = tmp_path / "c.sqlite"
    assert told(lambda: opened(splits, crops, tiny_weights, cache)) == (
        f"The video {crops / 'cem'} has no frames; put them there as photos."
    )
    (crops / "cem").rename(crops / "dan")
    (crops / "cem").write_bytes(b"")
    assert told(lambda: opened(splits, crops, tiny_weights, cache)) == (
        f"{tmp_path / 'splits.txt'}, line 2: The video 'cem' is not a folder in {crops}; name the "
        "folder of the videos."
    )


def test_masked_faces_are_shown_to_the_target_too(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same weights as target and as model give the same cosines, masked or not."""
    monkeypatch.setattr("core.evaluation.occlusion_curve.SHARES", (0, 0.6))
    names = [f"{name}/{k}.png" for name, count in (("ann", 3), ("bob", 2), ("cem", 1)) for k in range(1, count + 1)]  # fmt: skip
    both = [(a, b) for a in names for b in names if a < b]
    left, right = zip(*both, strict=True)
    pairs = ProtocolPairs(left, right, np.array([a[:3] == b[:3] for a, b in both]), None)
    found = opened(pairs, crops, tiny_weights, tmp_path / "c.sqlite")
    faces = np.stack([read_photo(crops / face.photo) for face in found.gallery.faces])
    verifier, target = Verifier(tiny_weights, "cpu"), Target(tiny_weights, "cpu")
    engine = PairEngine(read_head(tiny_weights), verifier.card.correlation)
    curve = occlusion_of(found, faces, verifier, engine, target, "both", QUIET)
    assert curve.accuracies["target"] == curve.accuracies["fc"]
    assert curve.accuracies["fc"][0] != curve.accuracies["fc"][1]
    alone = occlusion_of(found, faces, verifier, engine, None, "both", QUIET)
    assert "target" not in alone.accuracies
    assert alone.accuracies["learned"] == curve.accuracies["learned"]


def test_an_occlusion_curve_needs_both_sorts_and_stops() -> None:
    crops = np.zeros((2, 112, 112, 3), np.uint8)

    def score(_: np.ndarray) -> dict[str, np.ndarray | None]:
        return {"learned": np.array([0.1, 0.9]), "fc": None}

    for same in ([True, True], [False, False]):
        with pytest.raises(XCosError, match="needs genuine and impostor pairs; add the others"):
            occlusion_curve(crops, score, np.array(same), None, QUIET)
    said: list[tuple[str, int, int]] = []
    task = Task(lambda *what: said.append(what), lambda: len(said) == 2)
    with pytest.raises(Stopped, match=r"^The occlusion curve was stopped\.$"):
        occlusion_curve(crops, score, np.array([False, True]), None, task)
    assert said == [("Masking faces", number, len(SHARES)) for number in (0, 1)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("left,right\n", "has no pairs; name another list."),
        ("left,right\na.png,b.png\na.png,\n", "line 3"),
        ("left,right\n,b.png\n", "line 2"),
    ],
)
def test_a_list_of_pairs_needs_two_photos_in_each(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    said = told(lambda: read_unlabelled_csv(path))
    assert why in said and str(path) in said
    assert ("left,right, the two photos of a pair" in said) == ("line" in why)


def test_cfp_without_splits_or_with_a_photo_without_number_is_told(cfp: Path) -> None:
    from core.evaluation.published import cfp_pairs

    listed = cfp / "Pair_list_F.txt"
    listed.write_text("1 a.jpg\n2\n")
    assert told(lambda: cfp_pairs(cfp / "Split" / "FF")) == (
        f"{listed}, line 2: write a number and a photo's path."
    )
    listed.write_text("1 a.jpg\nx b.jpg\n")
    assert "line 2: write a number" in told(lambda: cfp_pairs(cfp / "Split" / "FF"))
    listed.write_text("1 a.jpg\n")
    for split in ("02", "07"):
        (cfp / "Split" / "FF" / split).rename(cfp / "Split" / "FF" / f"x{split}")
    assert told(lambda: cfp_pairs(cfp / "Split" / "FF")) == (
        f"{cfp / 'Split' / 'FF'} has no splits 01 to 10; name CFP's Protocol/Split/FF or FP."
    )


def test_ar_needs_two_people_of_a_kind_and_is_named_with_its_part(ar: Path) -> None:
    for person in ("002", "007"):
        for number in (*range(8, 14), *range(21, 27)):
            (ar / person / f"{person}_{number:02d}.jpg").unlink()
    assert ar_pairs(ar, "scarf", 10).same.sum() == 10  # one person hidden, others plain
    for person in ("002", "007"):
        for photo in (ar / person).iterdir():
            photo.unlink()
    assert told(lambda: ar_pairs(ar, "scarf", 10)) == (
        f"{ar} needs photos of two people of the kind 'scarf'; choose another."
    )
    assert protocol_name(ar, "scarf") == "ar, scarf" and protocol_name(ar) == "ar"


@pytest.mark.parametrize(
    ("images", "why"),
    [([b"x", "text"], "picture 2 is a str"), ([3, b"x"], "picture 1 is a int")],
)
def test_what_is_no_picture_of_a_bin_is_told_by_number(
    tmp_path: Path, images: list[object], why: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(pickle.dumps((images, [True])))
    assert f"({why})" in told(lambda: read_bin(path))


class Made:
    """Something that a pickle makes by calling what it names."""

    def __init__(self, call: Callable[..., object], *given: object) -> None:
        self._call, self._given = call, given

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call, self._given


def test_bytes_of_another_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for encoding in ("latin1", "latin-1"):
        path.write_bytes(pickle.dumps(([Made(codecs.encode, "\xff\x01", encoding), b"x"], [True])))
        assert read_bin(path)[0] == [b"\xff\x01", b"x"]
    path.write_bytes(pickle.dumps(([Made(codecs.encode, "abc", "rot13"), b"x"], [True])))
    assert "(encoding 'rot13')" in told(lambda: read_bin(path))
    path.write_bytes(pickle.dumps(([Made(bytearray, "\xff\x01", "latin1"), b"x"], [True])))
    assert read_bin(path)[0] == [b"\xff\x01", b"x"]


def test_bins_that_are_too_large_or_not_there_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    assert told(lambda: read_bin(path)) == (
        f"{path} cannot be read: No such file or directory; name a .bin file."
    )
    with path.open("wb") as file:
        file.truncate(4 * 2**30 + 1)  # takes no room on the disk
    assert told(lambda: read_bin(path)) == f"{path} is larger than 4 GB; choose another file."
    path.write_bytes(pickle.dumps(([b"x", b"y"], [True])))

    def full(_: Path) -> bytes:
        raise MemoryError

    monkeypatch.setattr(Path, "read_bytes", full)
    said = told(lambda: read_bin(path))
    assert said == f"{path} does not fit in memory; choose another file."


def test_pictures_that_cannot_be_unpacked_and_galleries_that_cannot_be_written_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crops: Path, tiny_weights: Path
) -> None:
    path, blocked = tmp_path / "a.bin", tmp_path / "blocked"
    blocked.write_bytes(b"")
    path.write_bytes(pickle.dumps(([np.zeros((112, 112, 3), np.uint8)] * 2, [True])))
    assert told(lambda: unpack_bin(path, blocked)) == (
        f"{blocked} cannot be written: Not a directory; make room."
    )
    pairs = ProtocolPairs(("ann/1.png",), ("ann/2.png",), np.array([True]), None)
    found = opened(pairs, crops, tiny_weights, tmp_path / "c.sqlite")
    said = told(lambda: write_gallery(found, np.array([0]), blocked, tmp_path / "list.txt"))
    assert said.startswith(f"{blocked / 'list'}-") and said.endswith("Not a directory; make room.")


def test_one_sort_of_pairs_has_a_histogram_without_a_threshold() -> None:
    card = ModelCard("m", Path("m"), "", "xcos", "thin", OPTIONS)
    scores = {"learned": np.array([0.2, 0.4, 0.7, 0.3]), "uniform": None}
    lines = []
    for same in ([True] * 4, [True, False, True, False]):
        pairs = ProtocolPairs(("a",) * 4, ("b",) * 4, np.array(same), None)
        found = evaluate("p", card, "both", scores, pairs, 0)
        (axes,) = histogram_figure(found).axes
        lines.append([line.get_xdata()[0] for line in axes.lines])  # type: ignore[index]
        heights = [sum(bar.get_height() for bar in group) for group in axes.containers]  # type: ignore[attr-defined]
        assert heights == [sum(same), 4 - sum(same)]
    threshold = found.kinds["learned"]
    assert threshold is not None
    assert lines == [[], [threshold.metrics.threshold]]
