"""Sentences that commands print, each with numbers that were counted otherwise."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.analysis.evidence.shipped import ratios_from
from core.cli import main
from core.commands.shared import Setup
from core.model.card import read_card
from core.project.project import Project
from tests.commands.conftest import Ask
from tests.living import make_crops
from tests.weights import other_weights

FIGURES = {
    "reference": "some people", "method": "logistic", "intercept": -2.0, "slope": 10.0,
    "floor": -1.5, "ceiling": 2.5, "cllr": 0.25, "cllr_min": 0.125,
    "people": 1234, "genuine": 56789, "impostor": 4321,
    "low": np.linspace(-12, 8, 101).tolist(), "high": np.linspace(-12, 8, 101).tolist(),
}  # fmt: skip


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def shipped(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference ships with the small model."""
    figures = {"fingerprint": read_card(tiny_weights).fingerprint, "ratios": {"learned": FIGURES}}
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(figures))
    monkeypatch.setattr("core.analysis.evidence.shipped.resource_path", lambda *_: path)


def test_a_chosen_rectangle_is_told_with_its_rates(ask_for: Ask, crops: Path) -> None:
    every = rows(ask_for("score", crops).out)
    for asked, people in ((("ann", "*"), {"ann"}), (("bob", "*"), {"bob"})):
        mine = [r for r in every if people & {r["left_identity"], r["right_identity"]}]
        counts = {
            name: sum(r["outcome"] == name for r in mine) for name in ("TP", "FP", "FN", "TN")
        }
        said = ask_for("matrix", crops, "--choose", *asked).out.splitlines()
        assert said[:2] == [
            "6 rows and 6 columns, 15 pairs, threshold 0.4600",
            f"{len(mine)} pairs chosen: TP {counts['TP']}, FP {counts['FP']}, "
            f"FN {counts['FN']}, TN {counts['TN']}, unknown 0",
        ]
        tar = counts["TP"] / (counts["TP"] + counts["FN"])
        far = counts["FP"] / (counts["FP"] + counts["TN"])
        chosen = json.loads(ask_for("matrix", crops, "--choose", *asked, "--json").out)["chosen"]
        for line, name, rate in zip(said[2:], ("TAR", "FAR"), (tar, far), strict=True):
            start = f"  {name} {rate:.4f}, "
            low, high = (chosen[name.lower()][end] for end in ("low", "high"))
            told = "too few people for an interval"
            if low is not None:
                told = f"95 % interval {low:.4f} to {high:.4f}"
            assert line == start + told


def test_a_rate_s_interval_is_told_or_that_people_are_too_few(ask_for: Ask, crops: Path) -> None:
    genuine = ask_for("matrix", crops, "--choose", "ann", "ann").out.splitlines()
    assert [line.split(",")[-1] for line in genuine[2:]] == [" too few people for an interval"]
    asked = ("matrix", crops, "--choose", "*", "*", "--threshold", "0.3")
    said = ask_for(*asked).out.splitlines()
    far = json.loads(ask_for(*asked, "--json").out)["chosen"]["far"]
    assert far["low"] < far["rate"] < far["high"]
    assert said[3] == (
        f"  FAR {far['rate']:.4f}, 95 % interval {far['low']:.4f} to {far['high']:.4f}"
    )


def test_how_many_pairs_a_difference_changes_is_told(
    ask_for: Ask, crops: Path, tmp_path: Path
) -> None:
    by = [
        {(r["left"], r["right"]): float(r["score"]) for r in rows(said.out)}
        for said in (ask_for("score", crops, "--attention", k) for k in ("learned", "uniform"))
    ]
    wanted = sum((by[0][pair] > 0.46) != (by[1][pair] > 0.44) for pair in by[0])
    said = ask_for("matrix", crops, "--less", "attention:uniform").out.splitlines()
    assert said[1:] == [f"{wanted} pairs change side, less uniform attention"]
    project = Project.open(crops, tmp_path / "kept")
    project.set_identity(["cem/1.png"], "ann")
    said = ask_for("matrix", crops, "--less", "labels").out.splitlines()
    assert said[1:] == ["3 pairs change outcome, less the names as found"]


def test_one_pair_that_a_difference_changes_is_one(
    ask_for: Ask, crops: Path, tmp_path: Path
) -> None:
    two = tmp_path / "two"
    for name in ("ann", "bob"):
        (two / name).mkdir(parents=True)
        shutil.copy(crops / name / "1.png", two / name)
    Project.open(two, tmp_path / "kept").set_identity(["bob/1.png"], "ann")
    said = ask_for("matrix", two, "--less", "labels").out.splitlines()
    assert said[1:] == ["1 pair changes outcome, less the names as found"]


def test_faces_are_sorted_by_a_condition(ask_for: Ask, crops: Path) -> None:
    keys = json.loads(ask_for("matrix", crops, "--json").out)["rows"]
    said = json.loads(ask_for("matrix", crops, "--sort", "condition:contrast", "--json").out)
    weights = np.array([0.299, 0.587, 0.114])
    spread = {k: (np.asarray(Image.open(crops / k)) @ weights).std() for k in keys}
    best = sorted(keys, key=lambda key: spread[key])
    assert said["rows"] in (best, best[::-1]) and said["rows"] != keys
    assert said["columns"] == said["rows"]


def test_a_pair_s_worth_by_the_reference_that_ships_is_told(
    ask_for: Ask, crops: Path, shipped: None
) -> None:
    photos = crops / "ann" / "1.png", crops / "bob" / "1.png"
    score = json.loads(ask_for("explain", *photos, "--json").out)["score"]
    said = ask_for("explain", *photos).out.splitlines()
    log10 = min(2.5, max(-1.5, 10 * score - 2))
    assert 10**log10 > 1.05  # the sentence is that of the same person
    lr = 10**log10
    number = f"{lr:.1f}" if lr < 9.95 else f"{float(f'{lr:.1e}'):.0f}"
    assert said[1] == (
        f"As evidence: {number} times likelier if same person; this reference can support at most "
        "320. Reference: some people."
    )
    assert said[2].startswith("Score 0.")
    assert said[3].startswith("FC cosine ")


def test_a_record_names_the_reference_and_each_pair_s_strength(
    ask_for: Ask, crops: Path, tmp_path: Path, shipped: None
) -> None:
    pair = ("--pair", "ann/1.png", "bob/1.png")
    asked = ask_for("report", crops, *pair, "--record", "-o", tmp_path / "r.html", "--json")
    record = json.loads(asked.out)["record"]
    about = dict(record["about"])
    assert about["Reference of likelihood ratios"] == (
        "some people: 1,234 people, 56,789 genuine and 4,321 impostor pairs, logistic, Cllr 0.250"
    )
    strength = [line for line in record["pairs"][0] if line.startswith("strength: ")]
    told = ask_for("explain", crops / "ann/1.png", crops / "bob/1.png").out.splitlines()[1]
    sentence = told.removeprefix("As evidence: ").removesuffix(" Reference: some people.")
    assert strength == [f"strength: {sentence}"]
    assert ratios_from(FIGURES).people == 1234


def test_too_few_people_for_a_cllr_are_told(
    ask_for: Ask, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lir", reason="the package lir is not installed")
    few = make_crops(tmp_path / "few", {"eve": 2, "fay": 2, "gus": 2})
    photos = crops / "ann" / "1.png", crops / "ann" / "2.png"
    monkeypatch.chdir(tmp_path)
    said = ask_for("lr", *photos, "--reference", few.name)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[2:] == [
        "Reference few: 3 people, 3 genuine and 12 impostor pairs, logistic.",
        "Too few people to hold any out, so its Cllr is not known.",
    ]


def test_photos_that_gave_no_face_are_told(ask_for: Ask, crops: Path, tmp_path: Path) -> None:
    (crops / "ann" / "bad.png").write_bytes(b"x")
    reason = f"{crops}/ann/bad.png is not an image that can be read; replace it or take it out."
    scored = ask_for("score", crops, "-o", tmp_path / "s.csv")
    assert scored.code == 0 and scored.warnings[1:] == [f"problem: {reason}"]
    labels = ask_for("labels", crops)
    assert labels.code == 0 and labels.warnings[-1] == f"problem: {reason}"
    assert "no face has an identity" not in labels.err
    pairs = crops / "pairs.csv"
    pairs.write_text("ann/1.png,ann/2.png\nann/1.png,ann/bad.png\n")
    compared = ask_for("compare", pairs, "--methods", "xcos", "--no-controls")
    assert compared.code == 0 and f"problem: {reason}" in compared.warnings
    assert compared.out.startswith("1 pair,")


def test_labels_say_that_nobody_is_known(ask_for: Ask, crops: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    for number in (1, 2, 3):
        shutil.copy(crops / "ann" / f"{number}.png", loose / f"IMG_{number}.png")
    said = ask_for("labels", loose)
    assert said.code == 0 and said.warnings[-1] == (
        "no face has an identity, so only near-duplicates and shared people are looked for; "
        "put each person's photos in a folder of their own"
    )


@pytest.mark.parametrize(("unknown", "told"), [(1, "1 face"), (2, "2 faces")])
def test_people_are_counted_with_what_is_left_out(
    ask_for: Ask, crops: Path, unknown: int, told: str
) -> None:
    for number in range(unknown):
        shutil.copy(crops / "bob" / f"{number + 1}.png", crops / f"IMG_{number}.png")
    said = ask_for("people", crops)
    remarks = [
        "3 people", "1 without a genuine pair, listed last",
        f"{told} without an identity not counted",
        "too few people, or too alike, for quarters and their classes",
    ]  # fmt: skip
    assert said.warnings[-1] == "; ".join(remarks)
    shutil.rmtree(crops / "cem")
    said = ask_for("people", crops)
    assert said.warnings[-1] == "; ".join(["2 people", *remarks[2:]])


def test_people_of_whom_quarters_can_be_told(
    ask_for: Ask, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.analysis.people.LEAST_PEOPLE", 2)
    said = ask_for("people", crops)
    assert said.warnings[-1] == "3 people; 1 without a genuine pair, listed last"
    said = ask_for("people", crops, "-o", tmp_path / "people.csv")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_an_identification_without_mated_probes_has_no_rank(
    ask_for: Ask, crops: Path, probes: Path
) -> None:
    for name in ("ann", "bob"):
        shutil.rmtree(probes / name)
    said = ask_for("identify", crops, "--probes", probes, "--fusion", "best")
    every = rows(ask_for("score", crops, "--probes", probes).out)
    best = {k: max(float(r["score"]) for r in every if r["left"] == k) for k in ("dan/4.png", "dan/5.png")}  # fmt: skip
    share = 100 * sum(score > 0.46 for score in best.values()) / 2
    assert said.out.splitlines() == [
        "2 probes, 3 people, fusion best",
        f"FPIR {share:.1f} % at 0.4600",
        "FNIR – at 0.4600",
    ]


@pytest.mark.parametrize("fusion", ["features", "best", "mean"])
def test_a_person_without_another_photo_is_no_second(
    ask_for: Ask, crops: Path, tmp_path: Path, fusion: str
) -> None:
    shutil.rmtree(crops / "bob")
    table, listed = tmp_path / "who.csv", tmp_path / "who.json"
    for path in (table, listed):
        assert ask_for("identify", crops, "--fusion", fusion, "-o", path).code == 0
    # Without its own photo nothing is left of cem, so only ann is ranked, and no rank is right.
    *_, alone = rows(table.read_text())
    told = {name: alone[name] for name in ("identity", "rank", "first", "second", "second_score")}
    assert [*told.values()] == ["cem", "", "ann", "", ""]
    *_, alone = json.loads(listed.read_text())
    assert [alone[name] for name in told] == ["cem", None, "ann", None, None]


def test_columns_with_too_many_values_are_told(
    ask_for: Ask, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.analysis.conditions.traits.MOST_VALUES", 3)
    table = tmp_path / "people.csv"
    lines = ["path,identity,camera,town"]
    for number, path in enumerate(sorted(crops.rglob("*.png"))):
        lines.append(f"{path},{path.parent.name},c{number % 4},t{number % 3}")
    table.write_text("\n".join(lines))
    said = ask_for("slices", table)
    assert said.code == 0 and said.warnings == [
        "Left out, with more than 3 values that are no numbers: column camera."
    ]


def test_faces_of_one_model_only_are_left_out_and_told(
    ask_for: Ask, crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_weights(tmp_path / "other.safetensors")
    said = ask_for("two-models", crops, "--other", other)
    assert "Left out" not in said.out
    real = Setup.open

    def fewer(self: Setup, *given: Any, **named: Any) -> Any:
        loaded = real(self, *given, **named)
        return loaded.part(np.arange(4) if self.card.name == "other" else np.arange(1, 6))

    monkeypatch.setattr(Setup, "open", fewer)
    said = ask_for("two-models", crops, "--other", other)
    assert said.out.splitlines()[-1] == "Left out: 3 faces that only one model has."


def test_that_a_video_shows_no_face_is_told(
    tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "film"
    film.mkdir()
    for number in range(2):
        Image.new("RGB", (64, 48), (90, 120, 40 * number)).save(film / f"{number}.png")
    cache = ["--cache", str(tmp_path / "c.sqlite"), "--device", "cpu"]
    assert main(["video", str(film), "--model", str(tiny_weights), *cache]) == 0
    said = capsys.readouterr()
    assert said.out == "No face was found.\n" and said.err.startswith("xcos: 2 frames looked at")


def test_faithfulness_is_told_after_the_change(ask_for: Ask, crops: Path) -> None:
    photos = crops / "ann" / "1.png", crops / "bob" / "1.png"
    asked = ("what-if", *photos, "--left", "shift:2,1")
    plain = ask_for(*asked).out.splitlines()
    said = ask_for(*asked, "--faithfulness").out.splitlines()
    figures = json.loads(ask_for(*asked, "--faithfulness", "--json").out)
    correlation, patches = figures["faithfulness"], figures["faithfulness_probes"]
    number = f"{correlation:.2f}".replace("-", "\N{MINUS SIGN}")
    assert said == [
        *plain,
        f"Faithfulness of this pair: {number} (correlation over {patches} patches).",
    ]


def test_a_target_without_a_map_is_told_by_compare(
    ask_for: Ask, crops: Path, tmp_path: Path
) -> None:
    from tests.onnx_models import face_model  # skips where ONNX is not installed

    target = face_model(tmp_path / "face.onnx")
    photos = crops / "ann" / "1.png", crops / "ann" / "2.png"
    path = tmp_path / "pair.json"
    asked = ("compare", *photos, "--methods", "xcos", "--no-controls", "-o", path, "--json")
    said = ask_for(*asked, "--target", target)
    sentence = f"{target} has no 7x7 map to look at; Grad-CAM sees the backbone only."
    assert said.warnings == [sentence]
    assert json.loads(path.read_text()) == json.loads(said.out)
    assert path.read_bytes().endswith(b"}\n")
    assert ask_for(*asked).warnings == []


def test_an_interrupted_list_without_a_pair_ends_as_interrupted(
    ask_for: Ask, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.commands.compare.compare", interrupt)
    pairs = crops / "pairs.csv"
    pairs.write_text("ann/1.png,ann/2.png\n")
    said = ask_for("compare", pairs, "--methods", "xcos", "--no-controls")
    assert (said.code, said.out, said.err) == (130, "", "xcos: interrupted\n")


def test_patterns_of_a_filter_are_those_of_the_pairs_that_pass(
    ask_for: Ask, crops: Path, tmp_path: Path
) -> None:
    names = sorted(float(r["score"]) for r in rows(ask_for("score", crops).out))
    limit = (names[4] + names[5]) / 2
    passing = rows(ask_for("score", crops, "--filter", f"score < {limit}").out)
    table = tmp_path / "pairs.csv"
    table.write_text("\n".join(["left,right", *(f"{r['left']},{r['right']}" for r in passing)]))
    by_list = json.loads(ask_for("patterns", crops, "--pairs", table, "--json").out)
    by_filter = json.loads(ask_for("patterns", crops, "--filter", f"score < {limit}", "--json").out)
    assert len(passing) == 5
    for said in (by_list, by_filter):
        said.pop("words")
    titles = [said["of"].pop("title") for said in (by_list, by_filter)]
    assert titles == ["pairs of pairs.csv", f"pairs that pass 'score < {limit}'"]
    assert by_filter == by_list


def test_fragile_pairs_as_json_write_no_table(ask_for: Ask, crops: Path, tmp_path: Path) -> None:
    said = ask_for("fragile", crops, "--json", "--threshold", "0.3")
    figures = json.loads(said.out)
    table = rows(ask_for("fragile", crops, "--threshold", "0.3").out)
    assert figures["fragile"] == len(table) and figures["pairs"] == 15
