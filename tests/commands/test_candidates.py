"""Scores of candidates alone: where every pair is one, all is as without."""

import csv
import json
from pathlib import Path

import pytest

from core.cli import main
from tests.commands.conftest import Ask

pytest.importorskip("faiss", reason="the package faiss-cpu is not installed")

LISTED = ("hardest", "errors", "genuine", "impostors")


@pytest.mark.parametrize("listed", [(), *(("--hardest", "4", "--which", one) for one in LISTED)])
@pytest.mark.parametrize("beside", [False, True])
def test_with_every_pair_a_candidate_nothing_is_left_out_or_added(
    crops: Path,
    probes: Path,
    tiny_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    listed: tuple[str, ...],
    beside: bool,
) -> None:
    def told(*more: str) -> tuple[dict[str, object], list[tuple[tuple[str, str], float, str]]]:
        table = tmp_path / "scores.csv"
        given = [
            "score",
            str(crops),
            "--aligned",
            "--model",
            str(tiny_weights),
            "--threshold",
            "0.2",
        ]
        given += ["--probes", str(probes)] if beside else []
        given += ["--cache", str(tmp_path / "c.sqlite"), "--json", "-o", str(table), *listed, *more]
        assert main(given) == 0
        with table.open(newline="") as file:
            rows = list(csv.DictReader(file))
        answer = json.loads(capsys.readouterr().out)
        return answer, [
            ((row["left"], row["right"]), float(row["score"]), row["outcome"]) for row in rows
        ]

    everything, rows = told()
    found, same = told("--candidates", "6")
    if not listed:  # in the order in which they were found
        rows, same = sorted(rows), sorted(same)
    assert rows and [(pair, outcome) for pair, _, outcome in same] == [
        (pair, outcome) for pair, _, outcome in rows
    ]
    assert [score for _, score, _ in same] == pytest.approx([s for _, s, _ in rows], abs=1e-6)
    assert found.pop("candidates") == 6
    assert {"faces", "pairs", "counts"} <= found.keys()
    assert found == {name: everything[name] for name in found}


def test_candidates_without_a_threshold_have_no_outcomes(
    ask_for: Ask, crops: Path, bare_weights: Path
) -> None:
    said = ask_for("score", crops, "--candidates", 6, "--json", model=bare_weights)
    figures = json.loads(said.out)
    assert (said.code, figures["pairs"], figures["counts"]) == (0, 15, None)
