"""score --filter: the pairs that pass, and what is wrong with a filter."""

import csv
import io
import json
from pathlib import Path

import pytest

from core.cli import main
from core.project.edits import identity_subject, pair_subject
from core.project.project import Project


@pytest.fixture
def score(crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run(*more: str) -> tuple[int, str, str]:
        cache = str(tmp_path / "cache" / "cache.sqlite")
        common = ["--aligned", "--model", str(tiny_weights), "--cache", cache, "--device", "cpu"]
        code = main(["score", str(crops), *common, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_table_has_the_pairs_that_pass(score, crops: Path, tmp_path: Path) -> None:
    project = Project.open(crops, tmp_path / "cache")
    project.tag(identity_subject("cem"), "twin (elder)")
    project.tag(pair_subject("ann/2.png", "ann/1.png"), "odd")
    everything = rows(score()[1])
    code, out, _ = score("--filter", 'tag = "twin (elder)" or tag = odd')
    wanted = [
        row
        for row in everything
        if "cem" in row["right_identity"] or {row["left"], row["right"]} == {"ann/1.png", "ann/2.png"}
    ]  # fmt: skip
    assert code == 0 and len(wanted) == 6 and rows(out) == wanted
    middle = sum(sorted(float(row["score"]) for row in everything)[7:9]) / 2
    assert {row["score"] for row in rows(score("--filter", f"score > {middle}")[1])} == {
        row["score"] for row in everything if float(row["score"]) > middle
    }


def test_summary_counts_what_passes_and_hardest_is_among_it(score) -> None:
    summary = json.loads(score("--filter", "genuine", "--json")[1])
    assert summary["pairs"] == 4 and summary["filter"] == "genuine"
    assert summary["counts"]["TP"] + summary["counts"]["FN"] == 4
    worst = rows(score("--filter", "genuine", "--hardest", "2")[1])
    scores = sorted(float(row["score"]) for row in rows(score("--filter", "genuine")[1]))
    assert [float(row["score"]) for row in worst] == scores[:2]
    nothing = score("--filter", "score > 5")
    assert nothing[0] == 0 and rows(nothing[1]) == []


def test_fragile_pairs_are_looked_for(score) -> None:
    fragile, firm = (rows(score("--filter", f)[1]) for f in ("fragile", "not fragile"))
    assert len(fragile) + len(firm) == 15


@pytest.mark.parametrize(
    ("filter_", "said"),
    [("outcome = FPP", "column 11, near 'FPP'"), ("target > 0", "--target"), ("(", "column 2")],
)
def test_filters_that_cannot_be_used_are_refused(score, filter_: str, said: str) -> None:
    code, out, err = score("--filter", filter_)
    assert code == 1 and out == "" and said in err and len(err.splitlines()) == 1
    assert score("--filter", "genuine", "--candidates", "3")[0] == 1
