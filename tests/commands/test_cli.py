"""The command line end to end, on small crops and a small random model."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.model.weights import load_xcos, save_weights
from tests.explain.test_explain import KEYS
from tests.weights import raw_weights

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tiny_weights: Path, tmp_path: Path) -> Run:
    """Run a command with the tiny model and a cache of its own: exit code, stdout, stderr."""

    def command(*arguments: object, model: Path | None = tiny_weights) -> tuple[int, str, str]:
        shared = ["--cache", str(tmp_path / "c.sqlite")]
        if model is not None:
            shared += ["--model", str(model)]
        given = [str(a) for a in arguments]
        if given[0] in ("score", "explain"):
            given += shared
        try:
            code = main(given)
        except SystemExit as error:
            code = int(error.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return command


def test_score_prints_every_unordered_pair_once(run: Run, crops: Path) -> None:
    code, out, err = run("score", crops, "--aligned")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == 15
    assert list(rows[0]) == ["left", "right", "left_identity", "right_identity", "score", "outcome"]
    pairs = {frozenset((row["left"], row["right"])) for row in rows}
    assert len(pairs) == 15 and all(len(pair) == 2 for pair in pairs)
    for row in rows:
        same, called = row["left_identity"] == row["right_identity"], float(row["score"]) > 0.46
        assert (
            row["outcome"] == {(1, 1): "TP", (1, 0): "FN", (0, 1): "FP", (0, 0): "TN"}[same, called]
        )
    assert "6 faces, 15 pairs" in err


def test_score_and_explain_agree(run: Run, crops: Path) -> None:
    for kind in ("learned", "uniform", "correlation"):
        for order in ("both", "left-right", "right-left"):
            options = ("--aligned", "--attention", kind, "--order", order)
            _, out, _ = run("score", crops, *options)
            row = list(csv.DictReader(io.StringIO(out)))[7]
            left, right = (crops / row[side] for side in ("left", "right"))
            code, out, _ = run("explain", left, right, "--json", *options)
            said = json.loads(out)
            assert code == 0 and set(said) >= KEYS
            assert said["score"] == pytest.approx(float(row["score"]), abs=1e-5)
            assert np.sum(said["contribution"]) == pytest.approx(said["score"], abs=1e-9)
            assert said["attention"] == kind and said["order"] == order
            assert said["verdict"] == ("same" if said["score"] > said["threshold"] else "different")


def test_summary_counts_add_up(run: Run, crops: Path) -> None:
    (crops / "ann" / "bad.png").write_bytes(b"x")
    code, out, _ = run("score", crops, "--aligned", "--json", "--threshold", "0.5")
    said = json.loads(out)
    assert code == 0
    assert (said["faces"], said["pairs"], said["threshold"]) == (6, 15, 0.5)
    assert set(said["counts"]) == {"TP", "FP", "FN", "TN", "unknown"}
    assert sum(said["counts"].values()) == 15
    assert (
        said["problems"][0]["file"] == "ann/bad.png" and "bad.png" in said["problems"][0]["reason"]
    )


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_tables(run: Run, crops: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores{suffix}"
    code, out, _ = run("score", crops, "--aligned", "-o", path)
    assert code == 0 and out == ""
    if suffix == ".parquet":
        parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
        rows = parquet.read_table(path).to_pylist()
    elif suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    else:
        rows = list(csv.DictReader(path.open()))
    assert len(rows) == 15 and rows[0]["left"] == "ann/1.png"


def test_hardest_and_probes(run: Run, crops: Path) -> None:
    _, out, _ = run("score", crops, "--aligned", "--hardest", 3)
    assert len(out.splitlines()) == 4
    code, out, _ = run("score", crops / "bob", "--probes", crops / "ann", "--aligned", "--json")
    said = json.loads(out)
    assert code == 0 and said["pairs"] == 6 and said["faces"] == 5


def test_explain_writes_files_and_words(run: Run, crops: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"pair{suffix}" for suffix in (".png", ".html", ".json")]
    outputs = [part for name in names for part in ("-o", name)]
    code, out, _ = run(
        "explain", "ann/1.png", "bob/1.png", "--photos", crops, "--aligned", *outputs
    )
    assert code == 0 and all(name.stat().st_size > 1000 for name in names)
    assert ("Same person" in out) or ("Different people" in out)
    assert "FC cosine" in out


def test_weights_without_threshold_give_nulls(
    run: Run, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    from dataclasses import replace

    card, net = load_xcos(tiny_weights)
    bare = tmp_path / "bare.safetensors"
    save_weights(bare, net, replace(card, thresholds={}))
    pair = (crops / "ann/1.png", crops / "ann/2.png", "--aligned", "--json")
    code, out, _ = run("explain", *pair, model=bare)
    said = json.loads(out)
    assert code == 0
    assert [said[key] for key in ("threshold", "verdict", "evidence", "words")] == [None] * 4
    _, out, _ = run("explain", *pair, "--threshold", "0", model=bare)
    assert json.loads(out)["verdict"] in ("same", "different")
    code, out, _ = run("score", crops, "--aligned", "--hardest", "3", model=bare)
    assert code == 0 and len(out.splitlines()) == 1 + 3
    code, _, err = run(
        "score", crops, "--aligned", "--hardest", "3", "--which", "errors", model=bare
    )
    assert code == 1 and "has no threshold; give one with --threshold" in err


@pytest.mark.parametrize(
    "arguments, code, text",
    [
        (("score", "nowhere"), 1, "nowhere does not exist"),
        (("score", "{crops}/cem", "--aligned"), 1, "no pair to score"),
        (("score", "{crops}", "--aligned", "-o", "x.docx"), 1, "must end in"),
        (("score", "{crops}", "--aligned", "--threshold", "nan"), 2, "finite"),
        (("score", "{crops}", "--aligned", "--threshold", "-5"), 1, "scores lie from -1 to 1"),
        (("score", "{crops}", "--hardest", "0"), 2, "above 0"),
        (("explain", "{crops}/ann/1.png"), 2, "RIGHT"),
        (("explain", "{crops}/ann/1.png", "{crops}/ann/1.png#2", "--aligned"), 1, "1 face"),
        (("explain", "{crops}/ann", "{crops}/ann/1.png", "--aligned"), 1, "not a photo"),
        (("nonsense",), 2, "invalid choice"),
        (
            ("models", "nowhere.safetensors"),
            1,
            "name a file, or one that ships: xcos-robust, xcos-small",
        ),
        (("train",), 1, "config"),
        (("train", "nowhere.toml"), 1, "nowhere.toml is neither a config file nor a preset"),
    ],
)
def test_mistakes_are_one_sentence(
    run: Run, crops: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    found, _, err = run(*(a.format(crops=crops) for a in arguments))
    assert found == code
    assert text in err and "Traceback" not in err


def test_unknown_model_names_the_way_out(run: Run, crops: Path) -> None:
    code, _, err = run("score", crops, "--aligned", model=Path("nobody"))
    assert code == 1 and "nobody" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "command", ["", "score", "explain", "evaluate", "train", "models", "import-weights", "align"]
)
def test_help_has_examples(run: Run, command: str) -> None:
    code, out, _ = run(*([command] if command else []), "--help")
    assert code == 0 and "examples:" in out


def test_align_writes_crops(run: Run, tmp_path: Path) -> None:
    from core.resources import resource_path

    sample = resource_path("sample", "Grace Hopper")
    code, out, err = run("align", sample / "hopper_1.jpg", "-o", tmp_path / "crops")
    assert code == 0 and "1 crop in" in out
    assert Image.open(tmp_path / "crops" / "hopper_1.png").size == (112, 112)
    code, _, err = run("align", sample, "-o", sample)
    assert code == 1 and "choose another folder" in err


def test_a_reader_that_leaves_early_is_no_error(
    crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "main.py",
        "score",
        str(crops),
        "--aligned",
        "--model",
        str(tiny_weights),
    ]
    command += ["--cache", str(tmp_path / "c.sqlite")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 0 and "Traceback" not in err


def test_photos_of_a_csv_may_lie_elsewhere(run: Run, crops: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    table = tmp_path / "lists" / "gallery.csv"
    table.write_text("path,identity\nann/1.png,ann\nbob/1.png,bob\n")
    code, out, _ = run("score", table, "--photos", crops, "--aligned")
    assert code == 0 and out.splitlines()[1].startswith("ann/1.png,bob/1.png,ann,bob,")


def test_models_that_ship_are_listed_the_default_first_with_their_laws(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["models"]) == 0
    first, second = capsys.readouterr().out.split("\n\n")
    assert first.startswith("xcos-robust (xcos, backbone local)")
    assert "law         strict: attention leaves hidden cells, and most" in first
    assert second.startswith("xcos-small (xcos, backbone thin)")
    assert "law         additive: attention stays where a part is hidden" in second
    assert main(["models", "xcos-small"]) == 0
    assert capsys.readouterr().out.strip() == second.strip()
    assert main(["models", "--json"]) == 0
    assert [card["law"] for card in json.loads(capsys.readouterr().out)] == ["strict", "additive"]


def test_a_threshold_may_lie_where_scores_of_a_map_that_does_not_sum_to_1_do(
    run: Run, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    weights = raw_weights(tmp_path / "raw.safetensors", tiny_weights)
    correlation = load_xcos(weights)[0].correlation
    assert correlation is not None
    reach = float(np.abs(correlation).sum())
    options = ("score", crops, "--aligned", "--attention", "correlation", "--threshold")
    code, _, err = run(*options, f"{-reach + 0.01:.3f}", model=weights)
    assert code == 0 and "FN 0, TN 0" in err
    code, _, err = run(*options, f"{reach + 0.01:.3f}", model=weights)
    assert code == 1 and f"scores lie from -{reach:g} to {reach:g}" in err
