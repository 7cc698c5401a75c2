"""What align and import-weights write and say, and progress in a terminal."""

import json
import re
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tqdm import tqdm

from core.cli import main
from core.commands.shared import ProgressBar
from core.faces.choose import GallerySettings
from core.faces.detect import Detector
from core.model.backbones import build_backbone
from core.model.weights import load_xcos, save_weights
from core.project.project import Project
from core.project.state import ProjectState
from tests.commands.conftest import Ask
from tests.living import Known, make_photos


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos of ann and bob, whose faces are known, and one of a wall."""
    folder = tmp_path / "photos"
    found = make_photos(folder, {"ann": 2, "bob": 1})
    known = Known(folder, found)
    wall = np.full((96, 128, 3), 120, np.uint8)
    Image.fromarray(wall).save(folder / "wall.png")

    def detect(_: Detector, photos: list[np.ndarray]) -> Any:
        return [[] if len(photo) == 96 else known.detect([photo])[0] for photo in photos]

    monkeypatch.setattr(Detector, "detect", detect)
    return folder


def test_align_counts_crops_and_names_what_gave_none(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crops = tmp_path / "crops"
    asked = ["align", str(photos), "-o", str(crops)]
    reason = (
        f"{photos}/wall.png shows no face that can be found; take another photo, or crop it closer."
    )
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "crops": 3,
        "problems": [{"file": "wall.png", "reason": reason}],
    }
    made = sorted(path.relative_to(crops).as_posix() for path in crops.rglob("*.*"))
    assert made == ["ann/1.png", "ann/2.png", "bob/1.png"]
    assert main(asked) == 0
    assert capsys.readouterr() == (f"3 crops in {crops}\n", f"xcos: problem: {reason}\n")


def test_a_crop_whose_folder_cannot_be_made_is_told(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crops = tmp_path / "crops"
    crops.mkdir()
    (crops / "ann").write_text("mine")
    assert main(["align", str(photos), "-o", str(crops), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["crops"] == 1 and (crops / "ann").read_text() == "mine"
    assert [(p["file"], p["reason"]) for p in said["problems"][1:]] == [
        (
            f"ann/{k}.png",
            f"{crops}/ann cannot be written: File exists; choose another folder.",
        )
        for k in (1, 2)
    ]


def test_photos_without_a_crop_are_an_error(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wall = photos / "wall.png"
    assert main(["align", str(wall), "-o", str(tmp_path / "crops"), "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["crops"] == 0
    assert said.err == f"xcos: No photo of {wall} gave a crop; see the problems listed.\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_imported_weights_are_shown_as_their_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    state = build_backbone("mobilefacenet-foamliu").state_dict()
    torch.save(state, tmp_path / "theirs.pth")
    ours = tmp_path / "ours.safetensors"
    flag = ["--json"] if as_json else []
    assert main(["import-weights", str(tmp_path / "theirs.pth"), "-o", str(ours), *flag]) == 0
    said = capsys.readouterr().out
    assert main(["models", str(ours), *flag]) == 0
    shown = capsys.readouterr().out
    if as_json:
        assert json.loads(shown) == [json.loads(said)]
        assert json.loads(said)["backbone"] == "mobilefacenet-foamliu"
    else:
        assert shown == said
        assert said.startswith("ours (target, backbone mobilefacenet-foamliu)\n")


def test_weights_without_a_head_tell_no_cosine_of_it(
    ask_for: Ask, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    photos = crops / "ann" / "1.png", crops / "ann" / "2.png"
    said = json.loads(ask_for("explain", *photos, "--json").out)
    told = ask_for("explain", *photos).out.splitlines()
    assert told[2] == f"FC cosine {said['fc_cosine']:.3f}."
    card, net = load_xcos(tiny_weights)
    net.embedding = None
    bare = tmp_path / "headless.safetensors"
    save_weights(bare, net, replace(card, embedding_size=None))
    assert json.loads(ask_for("explain", *photos, "--json", model=bare).out)["fc_cosine"] is None
    again = ask_for("explain", *photos, model=bare).out.splitlines()
    assert [line.replace("headless", "tiny") for line in again] == [*told[:2], *told[3:]]


def test_a_report_without_a_threshold_counts_no_outcomes(
    ask_for: Ask, crops: Path, bare_weights: Path, tmp_path: Path
) -> None:
    said = ask_for("report", crops, "-o", tmp_path / "r.html", "--json", model=bare_weights)
    figures = json.loads(said.out)
    assert (figures["pairs"], figures["threshold"], figures["counts"]) == (15, None, None)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "bare has no threshold, so there are no decisions." in page
    assert figures["record"] is None
    asked = ("report", crops, "-o", tmp_path / "r.html", "--json", "--record")
    about = dict(json.loads(ask_for(*asked, model=bare_weights).out)["record"]["about"])
    assert about["Threshold"] == "none" and "Identification" not in about
    about = dict(json.loads(ask_for(*asked).out)["record"]["about"])
    assert about["Threshold"].startswith("0.460000, ") and "Identification" in about


def test_probes_that_are_named_go_before_a_project_s(
    ask_for: Ask, crops: Path, probes: Path, tmp_path: Path
) -> None:
    file = tmp_path / "p.xcos"
    state = ProjectState(crops, probes, GallerySettings("central", True))
    Project(file).saved_as(file, state.to_json(file))
    assert json.loads(ask_for("score", file, "--json").out)["pairs"] == 24
    other = ask_for("score", file, "--probes", probes / "dan", "--json")
    assert json.loads(other.out)["pairs"] == 12


def test_a_bar_shows_what_is_done_and_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tqdm.tqdm", partial(tqdm, mininterval=0, miniters=1))
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bar = ProgressBar()
    for what, done, total in (
        ("Reading", 0, 5), ("Reading", 3, 5), ("Reading", 4, 8), ("Scoring", 6, 9),
    ):  # fmt: skip
        bar.report(what, done, total)
    bar.close()
    bar.close()
    shown = capsys.readouterr().err
    steps = re.findall(r"(\w+): +\d+%\|[^|]*\| (\d+/\d+)", shown)
    assert [*dict.fromkeys(steps)] == [
        ("Reading", "0/5"), ("Reading", "3/5"), ("Reading", "4/8"), ("Scoring", "6/9"),
    ]  # fmt: skip
    assert max(map(len, shown.split("\r"))) <= 60 and "\n" not in shown
    assert shown.split("\r")[-1].strip() == ""
