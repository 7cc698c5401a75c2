"""Conditions of a gallery's faces: the table, the command, the filter's words."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from core.analysis.conditions.measured import Measurer, unlike_cells
from core.cli import main
from core.faces.conditions import BY_NAME, CONDITIONS
from core.gallery.cache import Cache
from core.model.attention_weights import read_head
from core.model.card import read_card
from core.scoring.engine import PairEngine
from core.scoring.scored import ScoringModel, score_gallery
from tests.query.test_filters import made_gallery


@pytest.mark.parametrize("square", [True, False])
def test_unlike_cells_against_looking_at_each_photo(tiny_weights: Path, square: bool) -> None:
    card = read_card(tiny_weights)
    engine = PairEngine(read_head(tiny_weights), card.correlation)
    gallery = made_gallery(7, 1, card)
    probes = None if square else made_gallery(4, 2, card)
    scored = score_gallery(ScoringModel(card, engine), gallery, probes, "uniform", "both")
    cells = [engine.prepare(g.features.grid).cells for g in (scored.rows, scored.columns)]
    codes = scored.matrix.rows, scored.matrix.columns
    for side in (0, 1):
        found = unlike_cells(scored, 0.05)[side]
        for place, value in enumerate(found):
            others = [
                k
                for k in range(len(codes[1 - side]))
                if codes[1 - side][k] == codes[side][place] >= 0 and not (square and k == place)
            ]
            if not others:
                assert np.isnan(value)
                continue
            cosines = np.mean(
                [(cells[side][place] * cells[1 - side][k]).sum(axis=-1) for k in others], axis=0
            )
            assert value == pytest.approx(100 * (cosines <= 0.05).mean())
    assert np.isnan(unlike_cells(scored, None)[0]).all()


@pytest.fixture
def run(crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run_(command: str, *more: str) -> tuple[int, str, str]:
        common = ["--aligned", "--model", str(tiny_weights), "--device", "cpu"]
        code = main([command, str(crops), *common, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_


def test_command_writes_a_row_a_face(run, tmp_path: Path, crops: Path) -> None:
    table = tmp_path / "conditions.csv"
    assert run("conditions", "-o", str(table))[0] == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["path"] for row in rows][:2] == ["ann/1.png", "ann/2.png"] and len(rows) == 6
    assert list(rows[0]) == ["path", "identity", *(c.name for c in CONDITIONS)]
    from PIL import Image

    luma = np.asarray(Image.open(crops / "ann" / "1.png"), float) @ [0.299, 0.587, 0.114]
    assert float(rows[0]["exposure"]) == pytest.approx(luma.mean(), rel=1e-4)
    assert rows[0]["yaw"] == "" and rows[-1]["unlike"] == ""  # a crop; a person of one photo
    said = json.loads(run("conditions", "--json")[1])
    assert said["faces"] == 6 and said["conditions"]["yaw"]["quarters"] is None
    assert said["conditions"]["exposure"]["known"] == 6
    assert {c["unit"] for c in said["conditions"].values()} == {c.unit for c in CONDITIONS}
    assert run("conditions", "-o", "a.txt")[0] == 1


def test_filter_words_take_the_worse_face(run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("conditions")[1])))
    sharpness = {row["path"]: float(row["sharpness"]) for row in rows}
    limit = sorted(sharpness.values())[2]
    found = list(csv.DictReader(io.StringIO(run("score", "--filter", f"sharpness < {limit}")[1])))
    wanted = {
        (a, b) for a in sharpness for b in sharpness if min(sharpness[a], sharpness[b]) < limit
    }
    assert found and all((row["left"], row["right"]) in wanted for row in found)
    assert len(found) == 5 + 4
    assert run("score", "--filter", "yaw > 30", "--json")[0] == 0  # not known of crops: no pair


def test_what_is_measured_is_kept_and_a_photo_that_is_gone_is_no_error(
    crops: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = read_card(tiny_weights)
    loaded = made_gallery(3, 1, card)  # faces whose photos are nowhere
    engine = PairEngine(read_head(tiny_weights), card.correlation)
    scored = score_gallery(ScoringModel(card, engine), loaded, None, "uniform", "both")
    table = Measurer(Cache(tmp_path / "cache.sqlite")).table(scored, 0.1)
    for name in BY_NAME:
        assert table.of(name)[0].shape == (3,)
        assert name == "unlike" or np.isnan(table.of(name)[0]).all()
