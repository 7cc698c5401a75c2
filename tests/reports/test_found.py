"""What a record says of the whole gallery: rates told only where they are known, limits, stops."""

import re
from pathlib import Path

import numpy as np
import pytest

from core.analysis.persons import identify
from core.errors import Stopped
from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.gallery.opening import open_gallery
from core.progress import Task
from core.project.edits import Edits
from core.project.sides import edits_of_sides
from core.reports.findings import findings
from core.reports.record import make_record
from core.scoring.lists import PairList
from core.scoring.scored import ScoredGallery, score_gallery
from tests.explain.test_what_if import World
from tests.living import Known, make_crops, make_photos


@pytest.fixture
def world(tiny_weights: Path, crops: Path, tmp_path: Path) -> World:
    return World(tiny_weights, crops, tmp_path)


def probed(world: World, tmp_path: Path, counts: dict[str, int]) -> ScoredGallery:
    folder = make_crops(tmp_path / "probes", counts, first=4)
    others = open_gallery(
        folder,
        verifier=world.verifier,
        cache=world.cache,
        settings=GallerySettings(aligned=True),
    )
    return score_gallery(world.model, world.loaded, others)


def grouped(world: World, tmp_path: Path, people: tuple[str, ...]) -> ScoredGallery:
    """Two photos of each of some people, the first half of them women."""
    folder = make_crops(tmp_path / "some", dict.fromkeys(people, 2))
    half = len(people) // 2
    lines = ["path,identity,sex"]
    for name in people:
        sex = "f" if name in people[:half] else "m"
        lines += [f"{path},{name},{sex}" for path in sorted((folder / name).iterdir())]
    (tmp_path / "people.csv").write_text("\n".join(lines))
    loaded = open_gallery(
        tmp_path / "people.csv",
        verifier=world.verifier,
        cache=world.cache,
        settings=GallerySettings(aligned=True),
    )
    return score_gallery(world.model, loaded)


def identification(scored: ScoredGallery, cache: Cache) -> str:
    return dict(findings(scored, 0.46, edits_of_sides(Edits()), cache))["Identification"]


@pytest.mark.parametrize(
    ("counts", "start", "rates"),
    [
        ({"ann": 1, "bob": 1}, "2 probes against 3 people", ["Rank 1", "FNIR"]),
        ({"dan": 2}, "2 probes against 3 people", ["FPIR"]),
        ({"ann": 1, "dan": 1}, "2 probes against 3 people", ["Rank 1", "FPIR", "FNIR"]),
    ],
)
def test_rates_of_identification_are_told_of_probes_that_there_are(
    world: World, tmp_path: Path, counts: dict[str, int], start: str, rates: list[str]
) -> None:
    scored = probed(world, tmp_path, counts)
    said = identification(scored, world.cache)
    assert said.startswith(f"{start}, by the mean of the features of each person's photos.")
    told = dict(re.findall(r"(Rank 1|FPIR|FNIR):? ([\d.]+) %", said))
    assert list(told) == rates
    best = identify(scored).scores  # as the window and `xcos identify` tell without a choice
    names = [name for name, count in counts.items() for _ in range(count)]
    first = best.argmax(axis=1)
    right = [("ann", "bob", "cem")[k] == name for k, name in zip(first, names, strict=True)]
    mated = [name != "dan" for name in names]
    above = best.max(axis=1) > 0.46
    if any(mated):
        shares = [ok for ok, there in zip(right, mated, strict=True) if there]
        assert told["Rank 1"] == f"{100 * np.mean(shares):.1f}"
        missed = [not (ok and up) for ok, up, there in zip(right, above, mated, strict=True) if there]  # fmt: skip
        assert told["FNIR"] == f"{100 * np.mean(missed):.1f}"
    if not all(mated):
        taken = [up for up, there in zip(above, mated, strict=True) if not there]
        assert told["FPIR"] == f"{100 * np.mean(taken):.1f}"


def test_a_condition_s_limits_end_its_ranges(world: World, tmp_path: Path) -> None:
    found = make_photos(tmp_path / "photos")
    loaded = open_gallery(
        tmp_path / "photos",
        verifier=world.verifier,
        cache=world.cache,
        detector=Known(tmp_path / "photos", found),
    )
    scored = score_gallery(world.model, loaded)
    about = dict(findings(scored, 0.46, edits_of_sides(Edits()), world.cache, ("yaw", "roll")))
    assert about["By yaw"].endswith(
        "Beyond 25 degrees the landmarks cannot tell how far a head is turned, since the hidden "
        "eye is a guess: it may be up to 90."
    )
    assert "cannot tell how far" not in about["By roll"] and about["By roll"].endswith(".")
    assert "FMR " in about["By yaw"] and "FMR " in about["By roll"]


@pytest.mark.parametrize("people", [("ann", "bob"), ("ann", "bob", "cem", "dan")])
def test_differentials_are_told_only_where_two_groups_have_both_rates(
    world: World, tmp_path: Path, people: tuple[str, ...]
) -> None:
    scored = grouped(world, tmp_path, people)
    threshold = float(np.median(scored.matrix.scores[np.triu_indices(len(scored.rows), 1)]))
    said = dict(findings(scored, threshold, edits_of_sides(Edits()), world.cache, ("sex",)))[
        "By sex"
    ]
    assert "Across groups: FMR " in said
    # Only a draw of all four people leaves both groups both rates, so that no interval is told.
    told = re.search(r"FDR (\S+)\. GARBE (\S+)\.", said)
    if len(people) == 2:  # one of each: no impostor pair within a group
        assert told is None and "FDR " not in said and "GARBE " not in said
        return
    scores, rates = scored.matrix.scores, []
    for group in (range(4), range(4, 8)):
        pairs = [(i, j) for i in group for j in group if i < j]
        impostor = [scores[i, j] > threshold for i, j in pairs if i // 2 != j // 2]
        genuine = [scores[i, j] <= threshold for i, j in pairs if i // 2 == j // 2]
        rates.append((np.mean(impostor), np.mean(genuine)))
    (fmr, fnmr), (other_fmr, other_fnmr) = rates
    fdr = 1 - 0.5 * abs(fmr - other_fmr) - 0.5 * abs(fnmr - other_fnmr)
    assert told is not None and float(told[1]) == pytest.approx(fdr, abs=5e-5)


def test_a_stop_is_no_sentence_but_ends_the_findings(world: World) -> None:
    scored = score_gallery(world.model, world.loaded)
    asked: list[int] = []

    def stopped_at(last: int) -> Task:
        asked.clear()

        def stopped() -> bool:
            asked.append(1)
            return len(asked) > last

        return Task(stopped=stopped)

    findings(scored, 0.46, edits_of_sides(Edits()), world.cache, ("sharpness",), stopped_at(10**9))
    every = len(asked)
    assert every > 2
    for last in (0, every // 2, every - 1):
        with pytest.raises(Stopped):
            findings(
                scored, 0.46, edits_of_sides(Edits()), world.cache, ("sharpness",), stopped_at(last)
            )
        assert len(asked) == last + 1


def test_a_record_without_threshold_reference_or_photo_says_so(
    world: World, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.reports.record.PACKAGES", ("numpy", "no-such-package", "torch"))
    scored = score_gallery(world.model, world.loaded)
    (crops / "bob" / "1.png").unlink()
    rows, columns = np.array([0]), np.array([3])
    pairs = PairList(rows, columns, scored.matrix.scores[rows, columns])
    record = make_record(scored, pairs, None, edits_of_sides(Edits()), world.cache)
    about = dict(record.about)
    assert about["Threshold"] == "none"
    assert re.search(r", numpy [\d.]+\S*, torch \S+$", about["Program"])
    left, right, *rest = record.pairs[0]
    assert left.startswith("left: ann/1.png, SHA-256 of the photo ")
    assert right.startswith("right: bob/1.png, its photo is gone; sharpness ") and rest == []
