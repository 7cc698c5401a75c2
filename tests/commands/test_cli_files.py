"""What the command line never does to the user's files, and names that are unusual."""

import csv
import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.commands.align import crop_places
from core.faces.face import Detection
from core.resources import resource_path
from tests.commands.test_cli import Run, run

__all__ = ["run"]


def test_explain_never_replaces_its_photos(run: Run, crops: Path) -> None:
    photo = crops / "ann/1.png"
    before = photo.read_bytes()
    for name in (photo, crops / "bob" / ".." / "ann" / "1.png"):
        code, _, err = run("explain", photo, crops / "ann/2.png", "--aligned", "-o", name)
        assert code == 1 and "choose another name" in err
    assert photo.read_bytes() == before


def test_score_never_replaces_its_list(run: Run, crops: Path) -> None:
    listed = crops / "list.csv"
    listed.write_text("path,identity\nann/1.png,a\nbob/1.png,b\n")
    before = listed.read_text()
    code, _, err = run("score", listed, "--aligned", "-o", listed)
    assert code == 1 and "choose another name" in err and listed.read_text() == before


@pytest.mark.parametrize("command", ["matrix", "patterns"])
def test_no_picture_replaces_a_photo_of_the_gallery(
    run: Run, crops: Path, tmp_path: Path, tiny_weights: Path, command: str
) -> None:
    """A folder says nothing of what is in it, so this is told once the gallery is open."""
    name = crops / "ann/1.png"
    before = name.read_bytes()
    asked = (command, crops, "--aligned", "-o", name, "--cache", tmp_path / "c.sqlite")
    code, _, err = run(*asked, "--model", tiny_weights, "--threshold", 0.1)
    assert code == 1 and f"{name} would be replaced by the result" in err
    assert name.read_bytes() == before


@pytest.mark.parametrize("command", ["what-if", "flip"])
def test_no_edited_face_replaces_a_photo_of_the_pair(
    run: Run, crops: Path, tmp_path: Path, tiny_weights: Path, command: str
) -> None:
    photo = (crops / "ann/1.png").rename(crops / "ann/x-right.png")
    before = photo.read_bytes()
    asked = (command, photo, crops / "bob/1.png", "--aligned", "-o", crops / "ann/x.json")
    options = ("--model", tiny_weights, "--threshold", 0.1, "--cache", tmp_path / "c.sqlite")
    code, _, err = run(*asked, *options)
    assert code == 1 and f"{photo} would be replaced by the result" in err
    assert photo.read_bytes() == before and not (crops / "ann/x.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", ""),
        ("score", "photos", "-o", ""),
        ("score", "photos", "--probes", ""),
        ("explain", "", "b.jpg"),
        ("train", "adapt", "--into", ""),
        ("align", "photos", "-o", ""),
    ],
)
def test_an_empty_path_is_not_the_folder_one_is_in(
    run: Run, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, crops: Path
) -> None:
    """As `xcos score "$PHOTOS"` gives it where the variable is not set."""
    monkeypatch.chdir(crops)
    code, out, err = run(*arguments)
    assert code in (1, 2) and out == "" and "empty" in err


def test_import_never_replaces_the_checkpoint(run: Run, tiny_weights: Path) -> None:
    before = tiny_weights.read_bytes()
    code, _, err = run("import-weights", tiny_weights, "-o", tiny_weights)
    assert code == 1 and "choose another name" in err and tiny_weights.read_bytes() == before


def test_no_pair_still_prints_the_summary(run: Run, crops: Path) -> None:
    code, out, err = run("score", crops / "cem", "--aligned", "--json")
    said = json.loads(out)
    assert (
        code == 1 and (said["faces"], said["pairs"]) == (1, 0) and sum(said["counts"].values()) == 0
    )
    assert "no pair" in err


@pytest.mark.parametrize("name", ["a$\\foo$_b.png", "a_{^.png", "李四.png", "a&b.png"])
def test_unusual_names_are_drawn(run: Run, crops: Path, tmp_path: Path, name: str) -> None:
    photo = crops / "ann" / name
    shutil.copy(crops / "ann/1.png", photo)
    outputs = [tmp_path / f"pair{suffix}" for suffix in (".png", ".html")]
    given = [part for output in outputs for part in ("-o", output)]
    code, _, err = run("explain", photo, crops / "ann/2.png", "--aligned", *given)
    assert code == 0 and err == "" and all(output.stat().st_size > 1000 for output in outputs)


def test_a_near_decision_shows_both_numbers_apart(run: Run, crops: Path) -> None:
    pair = ("explain", crops / "ann/1.png", crops / "bob/1.png", "--aligned")
    score = json.loads(run(*pair, "--json")[1])["score"]
    _, out, _ = run(*pair, "--threshold", f"{score - 2e-6:.9f}")
    sentence = out.splitlines()[0]
    shown = [float(word) for word in sentence.split("(")[0].split() if "." in word]
    assert sentence.startswith("Same person") and len(shown) == 2 and shown[0] > shown[1]


def test_another_order_warns_of_the_threshold(run: Run, crops: Path) -> None:
    pair = ("explain", crops / "ann/1.png", crops / "bob/1.png", "--aligned")
    _, _, err = run(*pair, "--order", "left-right")
    assert "measured for order both" in err
    _, _, err = run(*pair, "--order", "left-right", "--threshold", "0.5")
    assert err == ""


def test_a_second_face_on_the_left_leaves_the_right_policy(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.faces.detect import Detector

    photo = np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    for name in ("left.png", "right.png"):
        Image.fromarray(photo + (name == "right.png")).save(tmp_path / name)

    def face(x: float, y: float, size: float) -> Detection:
        marks = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
        box = np.array([x, y, x + size, y + size], np.float32)
        return Detection(box, (marks * size + [x, y]).astype(np.float32), 1.0)

    # The largest face is in the corner, the central one in the middle.
    both = [face(0, 0, 120), face(150, 150, 100)]
    monkeypatch.setattr(Detector, "detect", lambda self, photos: [both for _ in photos])
    largest = ("--faces", "largest", "--json")
    pair = (tmp_path / "left.png", tmp_path / "right.png")
    _, out, _ = run("explain", f"{pair[0]}#2", pair[1], *largest)
    with_number = json.loads(out)
    _, out, _ = run("explain", pair[0], pair[1], *largest)
    # With all, the central face is the first and the largest one the second.
    assert with_number["score"] == pytest.approx(json.loads(out)["score"], abs=1e-6)


def test_doubtful_faces_are_told_and_scored(run: Run, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    with Image.open(resource_path("sample", "Eileen Collins", "collins_1.jpg")) as image:
        image.save(photos / "large.png")
        image.reduce(3).save(photos / "small.png")
    _, out, err = run("score", photos, "-o", tmp_path / "scores.csv", "--json")
    said = json.loads(out)
    assert said["faces"] == 2 and said["pairs"] == 1 and said["problems"] == []
    assert [warning["file"] for warning in said["warnings"]] == ["small.png"]
    assert "pixels between the eyes" in said["warnings"][0]["reason"]
    assert "xcos: warning: " in err and "small.png" in err
    code, out, _ = run("score", photos, "--filter", "not doubtful", "-o", tmp_path / "few.csv")
    assert code == 0 and len((tmp_path / "few.csv").read_text().splitlines()) == 1


def test_crops_stay_in_their_folder_and_apart() -> None:
    photos = [
        "a/x.jpg",
        "a/x.png",
        "../b/y.jpg",
        str(Path("/b/y.png").absolute()),
        "b/y.png",
        "z.jpg",
    ]
    places = crop_places(photos)
    assert len(set(places.values())) == len(photos)
    assert not any(place.is_absolute() or ".." in place.parts for place in places.values())
    assert places["z.jpg"] == Path("z") and places["a/x.jpg"] == Path("a/x.jpg")
    thrice = crop_places(["b/y.jpg", "../b/y.jpg", "/b/y.jpg"])
    assert [*thrice.values()] == [*map(Path, ("b/y.jpg", "b/y.jpg (2)", "b/y.jpg (3)"))]


def test_align_leaves_the_users_files_alone(run: Run, tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "crops"
    photos.mkdir()
    Image.open(resource_path("sample", "Grace Hopper", "hopper_1.jpg")).save(photos / "h.png")
    before = (photos / "h.png").read_bytes()
    (photos / "list.csv").write_text(f"path\n{photos / 'h.png'}\n")
    code, _, _ = run("align", photos / "list.csv", "-o", out)
    assert code == 0 and (photos / "h.png").read_bytes() == before
    assert [Image.open(path).size for path in out.rglob("*.png")] == [(112, 112)]

    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "h.png").write_bytes(b"mine")
    code, _, err = run("align", photos / "h.png", "-o", mine)
    assert code == 1 and "left as it is" in err and (mine / "h.png").read_bytes() == b"mine"

    for _ in range(2):  # a second run finds its own crops and is content
        code, told, _ = run("align", photos, "-o", tmp_path / "again")
        assert code == 0 and "1 crop in" in told
    code, _, err = run("align", photos, "-o", mine / "h.png")
    assert code == 1 and "h.png is a file, and crops go into a folder" in err
    code, _, err = run("align", photos, "-o", photos / "below")
    assert code == 1 and "choose another folder" in err and not (photos / "below").exists()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_without_a_names_characters_does_not_stop_half_way(
    crops: Path,
    tmp_path: Path,
    tiny_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
) -> None:
    (crops / "bob").rename(crops / "李四")
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding=encoding))
    options = ["--aligned", "--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    assert main(["score", str(crops), *options]) == 0
    lines = shown.getvalue().decode(encoding).splitlines()
    assert len(lines) == 1 + 15 and any("\\u674e\\u56db/1.png" in line for line in lines)


def test_a_table_of_formulas_is_escaped_and_names_its_pairs_again(
    run: Run, crops: Path, tmp_path: Path
) -> None:
    (crops / "bob").rename(crops / "=1+1")
    code, _, _ = run("score", crops, "--aligned", "-o", tmp_path / "scores.csv")
    table = (tmp_path / "scores.csv").read_text()
    assert code == 0 and ",'=1+1," in table and "\n=" not in table and ",=" not in table
    with (tmp_path / "scores.csv").open(newline="") as file:
        assert all(float(row["score"]) <= 1 for row in csv.DictReader(file))
    asked = ["patterns", crops, "--pairs", tmp_path / "scores.csv", "--aligned", "--json"]
    code, _, err = run(*asked, "--cache", tmp_path / "c.sqlite", model=None)
    assert code == 0, err


@pytest.mark.parametrize("count", [1, 2])
def test_a_command_on_pairs_takes_two_faces_and_one_on_faces_takes_one(
    run: Run, crops: Path, tmp_path: Path, tiny_weights: Path, count: int
) -> None:
    for photo in ("ann/1.png", "ann/2.png")[:count]:
        (tmp_path / "few" / "ann").mkdir(parents=True, exist_ok=True)
        shutil.copy(crops / photo, tmp_path / "few" / photo)
    shared = ("--aligned", "--cache", tmp_path / "c.sqlite", "--model", tiny_weights)
    code, out, err = run("fragile", tmp_path / "few", *shared, "--threshold", 0.1)
    if count == 2:
        assert code == 0 and "fragile pairs: TP 0 of 1" in err
    else:
        assert code == 1 and "gives no pair of faces; it takes two photos" in err
    code, out, _ = run("conditions", tmp_path / "few", *shared, "--threshold", 0.1)
    assert code == 0 and len(out.splitlines()) == 1 + count
