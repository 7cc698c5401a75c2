"""xcos matrix: pictures, tables, choices and differences are those of the scores."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main


@pytest.fixture
def ask(crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def command(name: str, *arguments: str) -> tuple[int, str, str]:
        shared = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
        try:
            code = main([name, str(crops), *arguments, *shared])
        except SystemExit as error:
            code = int(error.code or 0)
        return code, *capsys.readouterr()

    return command


def test_people_by_people_are_the_scores_summed_up(ask, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    table, scores = tmp_path / "people.csv", tmp_path / "scores.csv"
    assert ask("matrix", "--level", "people", "-o", str(table))[0] == 0
    assert ask("score", "-o", str(scores))[0] == 0
    pairs = list(csv.DictReader(scores.open(newline="", encoding="utf-8")))
    cells = list(csv.DictReader(table.open(newline="", encoding="utf-8")))
    assert len(cells) == 8  # cem has one photo: no pair with himself
    for cell in cells:
        mine = [p for p in pairs
                if {p["left_identity"], p["right_identity"]} == {cell["row"], cell["column"]}]  # fmt: skip
        values = np.array([float(p["score"]) for p in mine])
        assert int(cell["pairs"]) == len(mine)
        assert float(cell["mean"]) == pytest.approx(values.mean(), abs=1e-5)
        worst = values.min() if cell["row"] == cell["column"] else values.max()
        assert float(cell["worst"]) == pytest.approx(worst, abs=1e-5)
        wrong = sum(p["outcome"] in ("FP", "FN") for p in mine)
        assert int(cell["errors"]) == wrong
        assert float(cell["share"]) == pytest.approx(wrong / len(mine), abs=1e-6)


def test_people_of_one_order_are_summed_up_by_the_scores_that_count(ask) -> None:  # type: ignore[no-untyped-def]
    options = "--order", "left-right", "--threshold", "0.3"
    said = json.loads(ask("matrix", "--level", "people", *options, "--json")[1])
    counts = json.loads(ask("score", *options, "--json")[1])["counts"]
    once = {frozenset((cell["row"], cell["column"])): cell for cell in said["cells"]}
    assert sum(cell["errors"] for cell in once.values()) == counts["FP"] + counts["FN"] > 0
    out = ask("matrix", "--level", "people", *options)[1]
    for cell in once.values():
        assert sum(
            f"{one} x {other}: {cell['errors']} error" in out
            for one, other in ((cell["row"], cell["column"]), (cell["column"], cell["row"]))
        )


def test_a_choice_is_counted(ask) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = ask("matrix", "--choose", "ann", "b*", "--json")
    said = json.loads(out)["chosen"]
    assert code == 0 and said["pairs"] == said["fp"] + said["tn"] == 6
    assert said["far"]["rate"] == said["fp"] / 6 and said["tar"] is None
    code, _, err = ask("matrix", "--choose", "nobody", "*")
    assert code == 1 and "is called 'nobody'" in err


def test_a_name_with_signs_of_a_pattern_is_chosen_as_it_is(ask, crops: Path) -> None:  # type: ignore[no-untyped-def]
    (crops / "bob").rename(crops / "bob [2]")
    code, out, _ = ask("matrix", "--choose", "bob [2]", "ann", "--json")
    assert code == 0 and json.loads(out)["chosen"]["pairs"] == 6


def test_pictures_in_an_order_and_less_another_attention(ask, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    plain, sorted_ = tmp_path / "plain.png", tmp_path / "sorted.png"
    code, out, _ = ask("matrix", "--sort", "hardness", "-o", str(sorted_), "--json")
    order = json.loads(out)["rows"]
    assert code == 0 and sorted(order) == json.loads(ask("matrix", "--json")[1])["rows"]
    assert ask("matrix", "-o", str(plain))[0] == 0
    one, other = (np.array(Image.open(p))[100::200, 100::200] for p in (plain, sorted_))
    keys = sorted(order)
    places = [keys.index(key) for key in order]
    assert one.shape == (6, 6, 3) and np.array_equal(one[np.ix_(places, places)], other)
    code, out, _ = ask("matrix", "--less", "attention:uniform", "--json")
    kinds = [
        {
            (r["left"], r["right"]): float(r["score"])
            for r in csv.DictReader(ask("score", "--attention", k)[1].splitlines())
        }
        for k in ("learned", "uniform")
    ]
    limits = [
        json.loads(ask("matrix", "--attention", k, "--json")[1])["threshold"]
        for k in ("learned", "uniform")
    ]
    wanted = sum((kinds[0][p] > limits[0]) != (kinds[1][p] > limits[1]) for p in kinds[0])
    assert json.loads(out)["changed"] == {"less": "uniform attention", "pairs": wanted}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-o", "a.csv"], "xcos score writes each pair"),
        (["-o", "a.txt"], "must end in .png or .csv"),
        (["--level", "column:age"], "has no column 'age'; it has none"),
        (["--sort", "fame"], "give name, similarity"),
        (["--less", "attention:none"], "cannot be compared"),
        (["--sort-columns", "name"], "needs --probes"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(ask, options: list[str], sentence: str) -> None:  # type: ignore[no-untyped-def]
    code, _, err = ask("matrix", *options)
    assert code == 1 and sentence in err and "Traceback" not in err
