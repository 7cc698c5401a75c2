"""Scores of persons and ranks against looking at each probe, and the exact difference of maps."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.persons import FUSIONS, Identification, identify, why_not_second
from core.cli import main
from core.errors import XCosError
from core.model.attention_weights import read_head
from core.model.card import read_card
from core.scoring.engine import PairEngine
from core.scoring.scored import ScoredGallery, ScoringModel, score_gallery
from tests.query.test_filters import made_gallery


def world(weights: Path, square: bool, kind: str = "learned") -> ScoredGallery:
    card = read_card(weights)
    engine = PairEngine(read_head(weights), card.correlation)
    probes = None if square else made_gallery(6, 2, card)
    model = ScoringModel(card, engine)
    return score_gallery(model, made_gallery(9, 1, card), probes, kind, "both")


@pytest.mark.parametrize("square", [True, False])
@pytest.mark.parametrize("fusion", ["best", "mean"])
def test_scores_of_persons_against_looking_at_each_photo(tiny_weights, square, fusion) -> None:
    scored = world(tiny_weights, square)
    found = identify(scored, fusion)
    columns = scored.columns.gallery.faces
    for place, probe in enumerate(found.probes):
        for person, name in enumerate(found.persons):
            photos = [
                float(scored.matrix.scores[probe, k])
                for k, face in enumerate(columns)
                if face.identity == name and not (square and k == probe)
            ]
            value = found.scores[place, person]
            if not photos:
                assert np.isnan(value)
                continue
            assert value == pytest.approx(max(photos) if fusion == "best" else np.mean(photos))


@pytest.mark.parametrize("square", [True, False])
@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_difference_of_two_persons_is_exact(tiny_weights, square, fusion) -> None:
    scored = world(tiny_weights, square)
    found = identify(scored, fusion)
    for place in range(len(found.probes)):
        first, second = found.first_two(place)
        told = why_not_second(scored, found, place, 0.1)
        assert (told.first, told.second) == (found.persons[first], found.persons[second])
        margin = found.scores[place, first] - found.scores[place, second]
        assert told.margin == pytest.approx(margin, abs=2e-6) and told.margin >= -2e-6
        assert told.difference.sum() == pytest.approx(told.margin, abs=1e-12)


def test_the_mean_of_one_photo_is_that_photo(tiny_weights) -> None:
    scored = world(tiny_weights, False)
    single, best = identify(scored, "features"), identify(scored, "best")
    names = [face.identity for face in scored.columns.gallery.faces]
    alone = [k for k, name in enumerate(single.persons) if names.count(name) == 1]
    assert single.scores[:, alone] == pytest.approx(best.scores[:, alone], abs=1e-5)


def test_ranks_and_rates_by_hand() -> None:
    scores = np.array([[0.9, 0.2, 0.1], [0.5, 0.4, 0.1], [0.1, 0.3, 0.3], [0.6, 0.1, 0.0]])
    found = Identification(
        "best", ("ann", "bob", "cem"), np.arange(4), scores, np.array([0, 1, 2, -1])
    )
    assert found.ranks.tolist() == [1, 2, 2]  # a tie counts against the right person
    assert found.cmc() == pytest.approx([1 / 3, 1, 1])
    assert found.rates(0.55) == (1.0, pytest.approx(2 / 3))
    assert found.rates(0.95) == (0.0, 1.0)
    mated = Identification("best", ("ann", "bob", "cem"), np.arange(3), scores[:3], np.arange(3))
    assert mated.rates(0.55) == (None, pytest.approx(2 / 3))
    strangers = Identification("best", ("ann", "bob", "cem"), np.arange(3), scores[1:], -np.ones(3))
    assert strangers.rates(0.45) == (pytest.approx(2 / 3), None)


def test_without_names_on_either_side_there_is_no_rank(tiny_weights: Path) -> None:
    scored = world(tiny_weights, False)
    for side, told in (("rows", "No probe has an identity"), ("columns", "has an identity; put")):
        nobody = np.full_like(getattr(scored.matrix, side), -1)
        unnamed = replace(scored, matrix=replace(scored.matrix, **{side: nobody}))
        with pytest.raises(XCosError, match=told):
            identify(unnamed)


def test_command_ranks_and_tells_why(
    crops: Path, probes: Path, tiny_weights: Path, tmp_path: Path, capsys
) -> None:
    common = [str(crops), "--aligned", "--model", str(tiny_weights), "--device", "cpu"]
    table = tmp_path / "who.csv"
    code = main(
        [
            "identify",
            *common,
            "--probes",
            str(probes),
            "--json",
            "-o",
            str(table),
            "--why",
            "ann/4.png",
        ]
    )
    said = json.loads(capsys.readouterr().out)
    assert code == 0 and (said["persons"], said["probes"], said["mated"]) == (3, 4, 2)
    assert said["cmc"][-1] == 1 and 0 <= said["fpir"] <= 1
    assert np.sum(said["why"]["difference"]) == pytest.approx(said["why"]["margin"])
    rows = table.read_text().splitlines()
    assert rows[0] == "probe,identity,rank,first,first_score,second,second_score" and len(rows) == 5
    for row in csv.DictReader(rows):
        own = row["identity"]
        assert float(row["first_score"]) > float(row["second_score"])
        rank = {own == row["first"]: "1", own == row["second"]: "2"}.get(True, "3")
        assert row["rank"] == ("" if own == "dan" else rank), row
    assert main(["identify", *common, "--why", "nobody.png"]) == 1
    assert "no probe with a known person" in capsys.readouterr().err
    assert main(["identify", *common, "--fusion", "mean"]) == 0
    assert "FPIR" in capsys.readouterr().out


def test_one_person_has_no_second() -> None:
    found = Identification("best", ("ann",), np.arange(1), np.array([[0.5]]), np.array([0]))
    with pytest.raises(XCosError, match="no second person"):
        found.first_two(0)


def test_one_photo_as_large_as_it_is_gives_the_score_of_the_pair(tiny_weights: Path) -> None:
    """Learned attention looks at the size of features, which other weights do not have at 1."""
    card = read_card(tiny_weights)
    engine = PairEngine(read_head(tiny_weights), card.correlation)
    rows, columns = (made_gallery(count, seed, card) for count, seed in ((6, 2), (3, 1)))
    sizes = np.random.default_rng(0).uniform(2, 9, (2, 6, 1, 7, 7)).astype(np.float32)
    rows, columns = (
        replace(one, features=replace(one.features, grid=one.features.grid * size[: len(one)]))
        for one, size in zip((rows, columns), sizes, strict=True)
    )
    scored = score_gallery(ScoringModel(card, engine), columns, rows, "learned", "both")
    found = identify(scored, "features")
    names = [face.identity for face in columns.gallery.faces]
    assert [names.count(name) for name in found.persons] == [1, 1]
    columns_of = [names.index(name) for name in found.persons]
    pairs = scored.matrix.scores[np.ix_(found.probes, columns_of)]
    assert found.scores == pytest.approx(pairs, abs=1e-5)
