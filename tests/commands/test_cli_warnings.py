"""What commands warn of beside their answers."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.commands.shared import tell_problems
from core.faces.detect import Detector
from core.faces.face import Detection, Problem
from core.gallery.cache import Cache
from core.project.project import project_path
from tests.commands.conftest import Ask
from tests.living import Known, make_crops, make_photos


def test_that_nothing_is_tagged_yet_is_told(
    crops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["tag", str(crops), "--cache", str(tmp_path / "kept" / "c.sqlite")]
    assert main([*asked, "--list"]) == 0
    assert capsys.readouterr().out == (
        "No face, pair or identity has a tag, a note or a decision yet.\n"
    )
    assert main([*asked, "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_damaged_project_is_told_and_left_out(
    ask_for: Ask, crops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept"
    cache = ["--cache", str(kept / "c.sqlite")]
    path = project_path(crops, kept)
    for command in ("score", "tag"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{")
        if command == "score":
            warnings = ask_for("score", crops, "-o", tmp_path / "s.csv").warnings
        else:
            assert main(["tag", str(crops), "--list", *cache]) == 0
            warnings = [capsys.readouterr().err.strip().removeprefix("xcos: ")]
        assert warnings[0].startswith(f"The project file {path} could not be read (")
        assert warnings[0].endswith("and the gallery opens without earlier changes.")


def test_a_cache_that_cannot_be_used_is_told(ask_for: Ask, crops: Path, tmp_path: Path) -> None:
    cache = tmp_path / "kept" / "c.sqlite"
    cache.parent.mkdir()
    cache.write_text("rubbish")
    probes = make_crops(tmp_path / "probes", {"ann": 1}, first=7)
    said = ask_for("score", crops, "--probes", probes, "-o", tmp_path / "s.csv")
    assert said.warnings == [
        f"The cache {cache} cannot be used (it is no cache of xCos Studio; name another file); "
        "nothing is kept after closing.",
        "7 faces, 6 pairs; TP 2, FP 0, FN 1, TN 3, unknown 0",
    ]
    assert cache.read_text() == "rubbish"


@pytest.mark.parametrize(("doubtful", "rest"), [(10, 0), (11, 0), (12, 2), (13, 3)])
def test_ten_doubtful_photos_are_named_and_the_rest_counted(
    capsys: pytest.CaptureFixture[str], doubtful: int, rest: int
) -> None:
    tell_problems([Problem(f"{k}.png", f"Sentence {k}.") for k in range(doubtful)])
    said = capsys.readouterr().err.splitlines()
    named = doubtful - rest  # one more takes no more room than that there is one more
    assert said[:named] == [f"xcos: problem: Sentence {k}." for k in range(named)]
    more = [f"xcos: problem: {rest} more photos gave no face; score --json names all."]
    assert said[named:] == (more if rest else [])


@pytest.mark.parametrize("command", ["score", "evaluate"])
def test_what_names_all_doubtful_photos_and_those_without_a_face(
    command: str,
    tiny_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "photos"
    found = make_photos(folder, {"ann": 7, "bob": 6})
    known = Known(folder, {k: replace(d, probability=0.8) for k, d in found.items()})
    for number in range(12):
        wall = np.full((96, 128, 3), 100 + number, np.uint8)
        Image.fromarray(wall).save(folder / "ann" / f"wall{number}.png")

    def detect(_: Detector, photos: list[np.ndarray]) -> list[list[Detection]]:
        return [[] if len(photo) == 96 else known.detect([photo])[0] for photo in photos]

    monkeypatch.setattr(Detector, "detect", detect)
    where = folder
    if command == "evaluate":
        where = tmp_path / "pairs.csv"
        every = sorted(found)
        rows = [f"{a},{b},{int(a[:3] == b[:3])}" for a in every for b in every if a < b]
        walls = [f"ann/wall{number}.png,bob/1.png,0" for number in range(12)]
        where.write_text("\n".join([*rows, *walls]))
    options = ["--photos", str(folder)] if command == "evaluate" else []
    options += ["--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite"), "--json"]
    assert main([command, str(where), *options]) == 0
    out, err = capsys.readouterr()
    assert f"xcos: warning: 3 more faces are doubtful; {command} --json names all.\n" in err
    if command == "evaluate":  # what score prints says it
        assert "xcos: problem: 2 more photos gave no face; evaluate --json names all.\n" in err
    said = json.loads(out)
    warned, lost = (
        {"/".join(Path(one["file"]).parts[-2:]) for one in said[sort]}
        for sort in ("warnings", "problems")
    )
    assert warned == set(found)
    assert lost == {f"ann/wall{n}.png" for n in range(12)}


def test_a_cache_that_is_no_file_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "c.sqlite"
    folder.mkdir()
    told = f"The cache {folder} cannot be used (it is no file); nothing is kept after closing."
    assert Cache(folder).warnings == [told]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_no_cache_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (told,) = Cache(tmp_path / "pipe").warnings
    assert "cannot be used (it is no file)" in told


def test_a_threshold_for_a_one_sided_order_is_not_asked_for_where_none_decides(
    ask_for: Ask, crops: Path
) -> None:
    """xcos evaluate and xcos lr refuse the option that the warning asks for."""
    assert ask_for("evaluate", crops, "--order", "left-right").warnings == []
    (warning,) = ask_for("people", crops, "--order", "left-right", "--json").warnings
    assert warning.endswith("give --threshold for order left-right.")
