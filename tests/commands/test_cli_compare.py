"""xcos compare end to end, on small crops and a small random model."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.commands import compare as command
from core.explain.explain import regions_of
from core.explain.saliency.compare import Comparison
from core.explain.saliency.compare_many import interval
from core.faces.align import TEMPLATE, similarity
from core.faces.face import Detection, Face
from core.faces.regions import face_regions


@pytest.fixture
def shared(tiny_weights: Path, tmp_path: Path) -> list[str]:
    options = ["--cache", str(tmp_path / "c.sqlite"), "--model", str(tiny_weights)]
    return [*options, "--aligned", "--device", "cpu"]


def test_a_pair_as_json_and_picture(
    crops: Path, shared: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left, right = crops / "ann" / "1.png", crops / "ann" / "2.png"
    picture = tmp_path / "out.png"
    assert main(["compare", str(left), str(right), "--json", "-o", str(picture), *shared]) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said["methods"]) == ["xcos", "grad-cam", "occlusion", "rise"]
    assert {"random", "shuffled-xcos", "shuffled-rise"} <= set(said["controls"])
    assert main(["explain", str(left), str(right), "--json", *shared]) == 0
    explained = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose(said["methods"]["xcos"]["map"], explained["evidence"], atol=1e-6)
    assert said["score"] == pytest.approx(explained["score"], abs=1e-5)
    curve = said["methods"]["rise"]["deletion"]
    assert curve["scores"][0] == pytest.approx(said["score"], abs=1e-5)
    assert curve["area"] == pytest.approx(np.trapezoid(curve["scores"], curve["shares"]))
    assert Image.open(picture).width > 1000


def test_grad_cam_of_a_target_is_asked_for_by_name(
    crops: Path, shared: list[str], tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left, right = crops / "ann" / "1.png", crops / "ann" / "2.png"
    asked = ["compare", str(left), str(right), "--methods", "grad-cam-target", "--no-controls"]
    assert main([*asked, "--target", str(tiny_weights), "--json", *shared]) == 0
    assert list(json.loads(capsys.readouterr().out)["methods"]) == ["grad-cam-target"]


def test_a_list_becomes_a_table(
    crops: Path, shared: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, table = tmp_path / "pairs.csv", tmp_path / "table.csv"
    source.write_text("left,right\nann/1.png,ann/2.png\nann/1.png,bob/1.png\nbob/1.png,cem/1.png\n")
    asked = ["compare", str(source), "--photos", str(crops), "--methods", "xcos", "grad-cam"]
    assert main([*asked, "-o", str(table), *shared]) == 0
    out = capsys.readouterr().out
    assert out.startswith("3 pairs, tiny, learned attention, order both")
    assert out.count("\n| ") == 7  # head, rule, two methods, three controls
    assert main([*asked, "--json", "--no-controls", *shared]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["pairs"] == 3 and list(said["methods"]) == ["xcos", "grad-cam"]
    numbers = said["methods"]["grad-cam"]["deletion"]
    assert numbers["low"] <= numbers["mean"] <= numbers["high"]
    rows = {row["name"]: row for row in csv.DictReader(table.open())}
    assert float(rows["grad-cam"]["deletion"]) == pytest.approx(numbers["mean"], abs=1e-6)
    assert rows["grad-cam"]["with_xcos"] and not rows["xcos"]["with_xcos"]


def test_regions_of_two_faces_are_those_of_the_mean_of_their_landmarks() -> None:
    rng = np.random.default_rng(4)

    def face(name: str) -> Face:
        marks = (TEMPLATE * 2 + rng.normal(0, 9, (5, 2)) + 30).astype(np.float32)
        return Face(
            name, 1, None, Detection(np.array([0, 0, 300, 300], np.float32), marks, 1.0), name
        )

    one, other = face("a.png"), face("b.png")
    marks = []
    for each in (one, other):
        there = each.detection.landmarks.astype(np.float64)  # type: ignore[union-attr]
        warp = similarity(there)
        marks.append(there @ warp[:, :2].T + warp[:, 2])
    found = regions_of(one, other)
    assert found.tolist() == face_regions((marks[0] + marks[1]) / 2).tolist()
    assert found.tolist() != face_regions(marks[0]).tolist()
    assert len({*found.ravel().tolist()}) > 5


def test_an_interrupted_list_tells_what_it_has(
    crops: Path,
    shared: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = tmp_path / "pairs.csv"
    source.write_text("ann/1.png,ann/2.png\nann/1.png,bob/1.png\n")
    calls, real = [], command.compare

    def once(*arguments: object, **named: object) -> Comparison:
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "compare", once)
    asked = ["compare", str(source), "--photos", str(crops), "--methods", "xcos", "--no-controls"]
    assert main([*asked, *shared]) == 130
    told = capsys.readouterr()
    assert told.out.startswith("1 pair,") and "stopped after 1 pair;" in told.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{crops}/ann/1.png"], "name a second one, or a CSV of pairs"),
        (["{crops}/ann/1.png", "{crops}/ann/2.png", "--methods", "grad-cam-target"], "--target"),
        (["{crops}/ann/1.png", "{crops}/ann/2.png", "-o", "x.docx"], "must end in"),
        (["{crops}/none.csv"], "none.csv cannot be read"),
        (["{crops}/empty.csv"], "has no pairs"),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: list[str],
    told: str,
    crops: Path,
    shared: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (crops / "empty.csv").write_text("left,right\n")
    assert main(["compare", *(a.format(crops=crops) for a in arguments), *shared]) == 1
    err = capsys.readouterr().err
    assert told in err and err.startswith("xcos: ") and "Traceback" not in err


def test_intervals_hold_the_mean_and_leave_out_nothing_known() -> None:
    values = np.random.default_rng(0).normal(2, 1, 400)
    found = interval([*values, float("nan")])
    assert found.mean == pytest.approx(values.mean())
    assert found.low is not None and found.high is not None
    # Twice the standard error on each side.
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert interval([float("nan")]).text() == ""
