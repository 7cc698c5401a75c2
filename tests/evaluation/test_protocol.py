"""Protocols: lists become figures, folds are judged by the others' threshold."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.errors import XCosError
from core.evaluation.metrics import measure
from core.evaluation.protocol import read_protocol


def test_folds_against_doing_it_by_hand() -> None:
    rng = np.random.default_rng(0)
    same = rng.random(200) < 0.5
    scores = rng.normal(size=200) + same
    folds = np.arange(200) // 20
    found = measure(scores, same, folds)
    accuracies = []
    for fold in range(10):
        inside = folds == fold
        candidates = np.concatenate([[-9], scores[~inside]])
        right = [((scores[~inside] > t) == same[~inside]).mean() for t in candidates]
        assert found.accuracy <= 1
        best = {
            ((scores[inside] > t) == same[inside]).mean()
            for t, r in zip(candidates, right, strict=True)
            if r == max(right)
        }
        accuracies.append(best)
    low = np.mean([min(best) for best in accuracies])
    high = np.mean([max(best) for best in accuracies])
    assert low - 0.01 <= found.accuracy <= high + 0.01
    assert found.tar_at_far["0.1"] is not None and found.tar_at_far["0.0001"] is None


def test_perfect_scores() -> None:
    same = np.arange(100) % 2 == 0
    found = measure(np.where(same, 0.8, 0.1), same, np.arange(100) // 10)
    assert (found.accuracy, found.std, found.auc, found.eer) == (1, 0, 1, 0)
    assert 0.1 <= found.threshold < 0.8


def test_csv_gets_ten_stratified_folds(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    lines = [f"a{i}.png,b{i}.png,{int(i % 3 == 0)}" for i in range(60)]
    path.write_text("left,right,same\n" + "\n".join(lines))
    pairs = read_protocol(path, tmp_path)
    assert pairs.folds is not None and len(pairs.same) == 60
    assert [int(pairs.same[pairs.folds == fold].sum()) for fold in range(10)] == [2] * 10
    path.write_text("\n".join([*lines, "x,y,perhaps"]))
    with pytest.raises(XCosError, match="line 61"):
        read_protocol(path, tmp_path)


def test_evaluate_prints_the_fixed_keys(
    tmp_path: Path, crops: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["ann/1.png", "ann/2.png", "ann/3.png", "bob/1.png", "bob/2.png", "cem/1.png"]
    pairs = [(a, b) for a in names for b in names if a < b]
    rows = [f"{a},{b},{int(a[:3] == b[:3])}" for a, b in pairs + pairs]
    (tmp_path / "pairs.csv").write_text("\n".join(rows))
    options = ["--photos", str(crops), "--aligned", "--model", str(tiny_weights), "--json"]
    options += ["--target", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    assert main(["evaluate", str(tmp_path / "pairs.csv"), *options]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["pairs"] == 30
    assert set(said["results"]) == {"learned", "uniform", "correlation", "fc", "target"}
    for result in said["results"].values():
        assert {"accuracy", "std", "threshold", "auc", "eer", "tar_at_far"} <= set(result)
        assert set(result["tar_at_far"]) == {"0.1", "0.01", "0.001", "0.0001"}
    options.remove("--json")
    assert main(["evaluate", str(tmp_path / "pairs.csv"), *options]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 5 and len({len(line) for line in lines}) == 1
    cells = [re.split(r" {2,}", line) for line in lines]
    assert cells[0][:3] == ["scores", "accuracy %", "± %"]
    assert len(cells[0]) >= 7 and {len(row) for row in cells} == {len(cells[0])}
    assert said["results"]["fc"]["accuracy"] == said["results"]["target"]["accuracy"]
    assert said["results"]["uniform"]["auc"] == pytest.approx(
        said["results"]["correlation"]["auc"], abs=0.02
    )
    assert (
        main(
            [
                "evaluate",
                str(tmp_path / "pairs.csv"),
                "--photos",
                str(tmp_path),
                "--model",
                str(tiny_weights),
            ]
        )
        == 1
    )
    assert "name the folder of the photos. (--photos)" in capsys.readouterr().err
