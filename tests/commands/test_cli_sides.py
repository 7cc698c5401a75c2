"""Tags of a gallery and of probes whose photos have the same paths: each side's hang on its own faces."""

import csv
import io
import json
from pathlib import Path

import pytest

from core.project.edits import face_subject, pair_subject
from core.project.project import Project
from core.project.readings import Reading
from tests.commands.conftest import Ask
from tests.living import make_crops


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """A gallery with ann/1.png and bob/1.png, and probes with another ann/1.png and ann/2.png."""
    gallery = make_crops(tmp_path / "g1", {"ann": 1, "bob": 1})
    probes = make_crops(tmp_path / "p1", {"ann": 2}, first=5)
    for old, new in (("5", "1"), ("6", "2")):
        (probes / "ann" / f"{old}.png").rename(probes / "ann" / f"{new}.png")
    own, others = (Project.open(folder, tmp_path / "kept") for folder in (gallery, probes))
    own.tag(face_subject("ann/1.png"), "blurred")
    others.tag(face_subject("ann/2.png"), "mask")
    return gallery, probes


@pytest.mark.parametrize(
    "wanted, pairs",
    [
        ("tag = blurred", [("ann/1.png", "ann/1.png"), ("ann/2.png", "ann/1.png")]),
        ("tag = mask", [("ann/2.png", "ann/1.png"), ("ann/2.png", "bob/1.png")]),
    ],
)
def test_a_filter_by_a_tag(
    ask_for: Ask, sides: tuple[Path, Path], wanted: str, pairs: list[tuple[str, str]]
) -> None:
    said = ask_for("score", sides[0], "--probes", sides[1], "--filter", wanted)
    assert said.code == 0, said.err
    rows = csv.DictReader(io.StringIO(said.out))
    assert sorted((row["left"], row["right"]) for row in rows) == pairs


def test_groups_patterns_and_levels_by_a_tag(ask_for: Ask, sides: tuple[Path, Path]) -> None:
    common = sides[0], "--probes", sides[1], "--json"
    for tag, faces in (("blurred", 1), ("mask", 1)):
        groups = json.loads(ask_for("groups", *common, "--by", tag).out)["groups"]
        assert [(g["name"], g["faces"], g["photos"]) for g in groups] == [
            (tag, faces, faces), (f"not {tag}", 4 - faces, 4 - faces)
        ]  # fmt: skip
        of_tag = json.loads(ask_for("patterns", *common, "--tag", tag).out)
        assert of_tag["of"]["total"] == 2
    said = json.loads(ask_for("matrix", *common, "--level", "tags").out)
    assert said["rows"] == ["mask", "untagged"] and said["columns"] == ["blurred", "untagged"]


def test_a_record_tells_no_probe_s_pair_by_what_was_said_of_the_gallery_s(
    ask_for: Ask, sides: tuple[Path, Path], tmp_path: Path
) -> None:
    project = Project.open(sides[0], tmp_path / "kept")
    project.decide(pair_subject("ann/1.png", "bob/1.png"), "reject")
    time = "2026-01-02T03:04:05+00:00"
    project.read_pair(Reading("Eve", "ann/1.png", "bob/1.png", -2, time))
    project.decide(pair_subject("ann/2.png", "bob/1.png"), "unsure")  # of a probe, by its path
    for probes, decisions in (([], 1), (["--probes", sides[1]], 1)):
        said = ask_for("report", sides[0], *probes, "--record", "--json", "-o", tmp_path / "r.html")
        lines = json.loads(said.out)["record"]["pairs"]
        told = [line for pair in lines for line in pair if line.startswith(("decision", "read"))]
        assert told[:decisions] == [f"decision: {'unsure' if probes else 'reject'}"]
        assert len(told) == (1 if probes else 2)


def test_fragile_faces_are_of_both_sides(ask_for: Ask, crops: Path, probes: Path) -> None:
    for more, faces in (([], 6), (["--probes", probes], 6 + 4)):
        said = ask_for("fragile", crops, *more, "--threshold", "0.4", "--json")
        assert json.loads(said.out)["faces"] == faces
