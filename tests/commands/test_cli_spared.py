"""Nothing that a command is given is written over by what it gives."""

import argparse
from pathlib import Path

import pytest

from core.cli import build_parser
from core.commands.evaluate import report_files
from core.faces.choose import GallerySettings
from core.project.project import Project
from core.project.state import ProjectState
from tests.commands.conftest import Ask, Said
from tests.weights import other_weights

MORE = {
    "groups": ["--by", "sex"],
    "matrix": ["--level", "people"],
    "two-models": ["--other", "{other}"],
}


def _commands(option: str) -> list[str]:
    """Those that write a file, and have an option."""
    (commands,) = (
        action
        for action in build_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return [
        name
        for name, parser in commands.choices.items()
        if {"output", option} <= {action.dest for action in parser._actions}
    ]


def _list(path: Path, folder: Path) -> Path:
    """A list of a folder's photos."""
    photos = sorted(folder.rglob("*.png"))
    lines = [f"{photo},{photo.parent.name},f" for photo in photos]
    path.write_text("\n".join(["path,identity,sex", *lines, ""]))
    return path


def _pairs(path: Path, photo: str) -> None:
    """A protocol of ten pairs of either sort."""
    lines = 10 * [f"{photo},ann/2.png,1", f"{photo},bob/1.png,0"]
    path.write_text("\n".join(["left,right,same", *lines, ""]))


@pytest.fixture
def gallery(crops: Path, tmp_path: Path) -> Path:
    return _list(tmp_path / "gallery.csv", crops)


@pytest.fixture
def listed_probes(probes: Path, tmp_path: Path) -> Path:
    return _list(tmp_path / "probes.csv", probes)


@pytest.fixture
def project(gallery: Path, listed_probes: Path, tmp_path: Path) -> Path:
    file = tmp_path / "p.xcos"
    state = ProjectState(gallery, listed_probes, GallerySettings("central", True))
    Project(file).saved_as(file, state.to_json(file))
    return file


def _more(command: str, folder: Path) -> list[str]:
    if command == "two-models":
        other_weights(folder / "other.safetensors")
    return [word.format(other=folder / "other.safetensors") for word in MORE.get(command, [])]


def _refused(said: Said, path: Path) -> None:
    assert (said.code, said.out) == (1, "")
    assert said.warnings == [f"{path} would be replaced by the result; choose another name."]


@pytest.mark.parametrize("command", _commands("probes"))
def test_a_list_of_probes_is_never_written_over(
    ask_for: Ask, gallery: Path, listed_probes: Path, tmp_path: Path, command: str
) -> None:
    before = listed_probes.read_bytes()
    more = _more(command, tmp_path)
    said = ask_for(command, gallery, "--probes", listed_probes, "-o", listed_probes, *more)
    _refused(said, listed_probes)
    assert listed_probes.read_bytes() == before


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *((command, "gallery.csv") for command in _commands("gallery")),
        *((command, "probes.csv") for command in _commands("probes")),
    ],
)
def test_lists_that_a_project_names_are_never_written_over(
    ask_for: Ask, project: Path, tmp_path: Path, command: str, name: str
) -> None:
    before = (tmp_path / name).read_bytes()
    said = ask_for(command, project, "-o", tmp_path / name, *_more(command, tmp_path))
    _refused(said, tmp_path / name)
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("what", ["other list", "project", "photo"])
def test_corrected_labels_are_never_written_over_what_they_are_of(
    ask_for: Ask, project: Path, listed_probes: Path, crops: Path, what: str
) -> None:
    path = {"other list": listed_probes, "project": project, "photo": crops / "ann/1.png"}[what]
    before = path.read_bytes()
    _refused(ask_for("labels", project, "--with", listed_probes, "--export", path), path)
    assert path.read_bytes() == before


def test_a_plot_is_never_written_over_a_frame(ask_for: Ask, crops: Path) -> None:
    frame = crops / "ann" / "2.png"
    before = frame.read_bytes()
    _refused(ask_for("video", crops / "ann", crops / "bob/1.png", "-o", frame), frame)
    assert frame.read_bytes() == before


@pytest.mark.parametrize("name", ["table.csv", "roc.png"])
def test_no_part_of_a_report_is_written_over_a_protocol_or_its_photos(
    ask_for: Ask, crops: Path, name: str
) -> None:
    photo = (crops / "ann/1.png").rename(crops / "roc.png")
    protocol = crops / "table.csv"
    _pairs(protocol, photo.name)
    if name == "roc.png":
        protocol = protocol.rename(crops / "pairs.csv")
    before = (crops / name).read_bytes()
    _refused(ask_for("evaluate", protocol, "-o", crops), crops / name)
    assert (crops / name).read_bytes() == before


def test_an_evaluation_writes_what_it_looks_out_for(
    ask_for: Ask, crops: Path, tmp_path: Path
) -> None:
    protocol, report = crops / "pairs.csv", tmp_path / "report"
    _pairs(protocol, "ann/1.png")
    assert ask_for("evaluate", protocol, "--occlusion", "-o", report).code == 0
    assert sorted(report.iterdir()) == sorted(report_files(report))


@pytest.mark.parametrize("into", ["", "reports/one"])
def test_a_report_s_pictures_do_not_go_among_the_photos(
    ask_for: Ask, crops: Path, tmp_path: Path, into: str
) -> None:
    said = ask_for("evaluate", crops, "-o", crops / into)
    assert said.code == 1 and said.warnings == [
        f"The report's pictures must not go into {crops / into}, among the photos of {crops}; choose "
        "another folder."
    ]
    listed = tmp_path / "pairs.csv"
    listed.write_text("\n".join(["ann/1.png,ann/2.png,1", "ann/1.png,bob/1.png,0"] * 10))
    assert ask_for("evaluate", listed, "--photos", crops, "-o", crops / into).code == 1
    assert not list(crops.rglob("*roc.png"))
    assert ask_for("evaluate", listed, "--photos", crops, "-o", tmp_path / "report").code == 0
