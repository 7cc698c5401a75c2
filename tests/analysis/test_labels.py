"""Planted label errors are found, decided on, taken back and exported; the photos stay as they are."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.analysis.labels.export import copy_photos, write_labels
from core.analysis.labels.findings import (
    Finding,
    near_duplicates,
    same_people,
    shared_people,
    wrong_identities,
)
from core.analysis.labels.review import decided, quality, taken_back
from core.analysis.labels.search import bare_edits
from core.cli import main
from core.errors import XCosError
from core.faces.face import Face
from core.gallery.folder import scan
from core.gallery.gallery import Gallery, LoadedGallery, identity_codes
from core.model.features import FaceFeatures
from core.project.edits import Edits, edits_from, renamed
from core.project.project import Project
from core.scoring.matrix import ScoreMatrix

T = 0.3


def gallery_of(names: list[str | None]) -> Gallery:
    faces = tuple(Face(f"{k}.png", 1, name, None, f"d{k}") for k, name in enumerate(names))
    return Gallery(Path("g"), Path("g"), faces)


def matrix_of(truth: list[int], gallery: Gallery, seed: int = 0) -> ScoreMatrix:
    """Scores near 0.7 for one person and near 0 for two, whatever the labels say."""
    rng = np.random.default_rng(seed)
    people = np.array(truth)
    noise = rng.normal(0, 0.05, (len(people), len(people)))
    scores = np.where(people[:, None] == people, 0.7, 0.0) + (noise + noise.T) / 2
    np.fill_diagonal(scores, 1)
    codes = identity_codes(gallery)[0]
    return ScoreMatrix(scores.astype(np.float32), True, codes, codes, "uniform", "both")


def test_a_face_in_the_wrong_folder_is_found_and_no_other() -> None:
    gallery = gallery_of(["ann", "ann", "ann", "bob", "bob", "bob", "cem", None])
    matrix = matrix_of([0, 0, 1, 1, 1, 1, 2, 0], gallery)
    (found,) = wrong_identities(matrix, gallery, T)
    assert found.names == ("2.png", "ann", "bob")
    others = matrix.scores[2, [3, 4, 5]].mean() - matrix.scores[2, [0, 1]].mean()
    assert found.evidence == pytest.approx(others, abs=1e-6)
    assert found.left == "2.png" and found.right in ("3.png", "4.png", "5.png")
    assert found.own in ("0.png", "1.png")
    assert wrong_identities(matrix, gallery, 0.9) == []


def test_one_person_under_two_names_keeps_the_larger_one_s() -> None:
    gallery = gallery_of(["ann", "anna", "anna", "bob", "bob"])
    even = matrix_of([0, 0, 0, 1, 1], gallery)
    even.scores[:] = 0.5  # a mean at the threshold is no "same", as a score is none
    assert same_people(even, gallery, 0.5) == []
    assert len(same_people(even, gallery, 0.499)) == 1 + 2
    (found,) = same_people(matrix_of([0, 0, 0, 1, 1], gallery), gallery, T)
    assert found.evidence == pytest.approx(found.score - T)
    assert found.names == ("anna", "ann")


@pytest.mark.parametrize("order", ["both", "left-right"])
def test_people_of_two_galleries(order: str) -> None:
    probes, gallery = gallery_of(["x", "x", None, "bob"]), gallery_of(["ann", "bob", "cem", None])
    scores = np.zeros((4, 4), np.float32)
    scores[:2, 0] = 0.8  # x is ann
    scores[2, 3] = 0.9  # two faces without names
    codes = identity_codes(probes, gallery)
    matrix = ScoreMatrix(scores, False, *codes, "uniform", order)  # type: ignore[arg-type]
    found = shared_people(matrix, probes, gallery, T)
    assert {f.names for f in found} == {("x", "ann"), ("2.png", "3.png"), ("bob", "bob")}
    assert found[0].names == ("2.png", "3.png")
    for one in found:
        assert one.evidence == pytest.approx(one.score - T)


def test_near_duplicates_are_one_picture_not_one_person() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (112, 112, 3)).astype(np.uint8)
    smooth = np.repeat(np.repeat(picture[::4, ::4], 4, 0), 4, 1)
    darker = (smooth * 0.6 + rng.normal(0, 3, smooth.shape)).clip(0, 255).astype(np.uint8)
    other = rng.integers(0, 256, (112, 112, 3)).astype(np.uint8)
    crops = {"0.png": smooth, "1.png": other, "2.png": darker}
    gallery = gallery_of([None, None, None])
    matrix = matrix_of([0, 0, 0], gallery)
    (found,) = near_duplicates(matrix, gallery, T, lambda face: crops[face.key])
    assert found.names == ("0.png", "2.png") and found.score > 0.95
    one = gallery_of(["ann"])
    assert near_duplicates(matrix_of([0], one), one, T, lambda face: smooth) == []


def finding(kind: str, *names: str) -> Finding:
    return Finding(kind, names, "0.png", "1.png", 0.5, T, 0.2)  # type: ignore[arg-type]


def test_decisions_are_edits_that_can_be_taken_back() -> None:
    names = {"0.png": "ann", "1.png": "ann", "2.png": "bob", "3.png": "bobby"}
    wrong = finding("wrong-identity", "1.png", "ann", "bob")
    merge = finding("same-person", "bobby", "bob")
    twice = finding("near-duplicate", "2.png", "3.png")
    edits = Edits(aside=("9.png",))
    edits = decided(edits, wrong, "accept", names)
    assert edits.identities == {"1.png": "bob"} and edits.aside == ("9.png",)
    edits = decided(edits, merge, "accept", names)
    assert edits.identities == {"1.png": "bobby", "2.png": "bobby"}
    edits = decided(edits, twice, "accept", names)
    assert edits.aside == ("3.png", "9.png")
    bare = taken_back(edits, names)
    assert bare.identities.get("1.png") == "ann" and bare.identities.get("2.png") == "bob"
    assert bare.aside == ("9.png",)
    edits = decided(edits, merge, "reject", names)
    assert edits.identities["1.png"] == "bob" and edits.identities.get("2.png", "bob") == "bob"
    assert edits.decisions == {wrong.key: "accept", twice.key: "accept", merge.key: "reject"}
    edits = decided(edits, wrong, None, names)
    assert edits.identities.get("1.png") == "ann" and wrong.key not in edits.decisions
    said = {"identities": {}, "aside": [], "picked": {}, "landmarks": {}}
    left_out: list[str] = []
    kept = edits_from(said | {"decisions": edits.decisions}, left_out)
    assert kept.decisions == edits.decisions and left_out == []
    # A finding follows its photos where they go, and people's names stay.
    moved = renamed(edits, {"2.png": "new/2.png"})
    assert moved.decisions[finding("near-duplicate", "new/2.png", "3.png").key] == "accept"
    assert moved.decisions[merge.key] == "reject"


def test_what_was_accepted_is_taken_back_by_the_names_of_photos_that_lie_elsewhere(
    tmp_path: Path,
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    on_disk, in_list = "Jos\u00e9.png", "Jose\u0301.png"  # one accent, spelled in two ways
    for name in (on_disk, "2.png"):
        (photos / name).write_bytes(b"a photo")
    table = tmp_path / "lists" / "people.csv"
    table.parent.mkdir()
    table.write_text(f"path,identity\n{in_list},bob\n2.png,bobby\n", encoding="utf-8")
    listing = scan(table, photos)
    names = {one.photo: one.identity for one in listing.photos}
    assert names == {on_disk: "bob", "2.png": "bobby"}
    merge = finding("same-person", "bobby", "bob")
    edits = decided(Edits(), merge, "accept", names)
    assert edits.identities == {on_disk: "bobby"}
    faces = tuple(Face(photo, 1, "bobby", None, photo) for photo in names)
    features = FaceFeatures(np.zeros((2, 32, 7, 7), np.float32))
    bare = bare_edits(edits, LoadedGallery(Gallery(table, photos, faces), features))
    assert bare.identities.get(on_disk, "bob") == "bob"


def test_correcting_a_label_lowers_the_errors() -> None:
    gallery = gallery_of(["ann", "ann", "ann", "bob", "bob", "bob"])
    matrix = matrix_of([0, 0, 1, 1, 1, 1], gallery)
    before = quality(matrix, [f.identity for f in gallery.faces], T)
    assert before.errors == 2 + 3 and before.eer is not None and before.eer > 0
    after = quality(matrix, ["ann", "ann", "bob", "bob", "bob", "bob"], T)
    assert after.errors == 0 and after.eer == 0


def planted(crops: Path) -> Path:
    """A photo of bob's among ann's, and one of ann's twice."""
    shutil.copy(crops / "bob" / "1.png", crops / "ann" / "bob1.png")
    shutil.copy(crops / "ann" / "1.png", crops / "ann" / "twice.png")
    return crops


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_command_and_its_exports(
    crops: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted(crops)
    photos = contents(crops)
    cache = tmp_path / "c.sqlite"
    common = ["--aligned", "--model", str(tiny_weights), "--cache", str(cache), "--json"]
    assert main(["labels", str(crops), *common]) == 0
    said = json.loads(capsys.readouterr().out)
    twice = [f["names"] for f in said["findings"] if f["kind"] == "near-duplicate"]
    assert ["ann/1.png", "ann/twice.png"] in twice and ["ann/bob1.png", "bob/1.png"] in twice
    project = Project.open(crops, tmp_path)
    names = {"ann/bob1.png": "ann", "ann/1.png": "ann", "ann/twice.png": "ann"}
    for found in (
        finding("near-duplicate", "ann/1.png", "ann/twice.png"),
        finding("wrong-identity", "ann/bob1.png", "ann", "bob"),
    ):
        project.change(lambda edits, f=found: decided(edits, f, "accept", names))  # type: ignore[misc]
    table, folder = tmp_path / "corrected.csv", tmp_path / "mended"
    more = ["--export", str(table), "--copy-to", str(folder), "--with", str(crops / "bob")]
    assert main(["labels", str(crops), *common, *more]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["faces"] == 8  # searched without what was accepted
    assert said["counts"]["near-duplicate"]["accept"] == 1
    assert said["counts"]["shared-person"]["open"] > 0
    assert said["after"]["counts"]["TP"] + said["after"]["counts"]["FN"] == 3 + 3
    assert said["before"]["counts"]["TP"] + said["before"]["counts"]["FN"] == 10 + 1
    head, *rows = table.read_text().splitlines()
    assert head == "path,identity" and len(rows) == 7
    assert f"{(crops / 'ann' / 'bob1.png').as_posix()},bob" in rows
    copied = contents(folder)
    assert len(copied) == 7 and copied["bob/bob1.png"] == photos["ann/bob1.png"]
    assert contents(crops) == photos
    assert main(["labels", str(crops), *common, "--copy-to", str(folder)]) == 1
    assert "is not empty" in capsys.readouterr().err


def test_nothing_is_written_among_the_photos(crops: Path) -> None:
    gallery = Gallery(crops, crops, (Face("ann/1.png", 1, "a/b", None, "d"),))
    for write in (write_labels, copy_photos):
        with pytest.raises(XCosError, match="outside of it"):
            write(crops / "new", gallery)
    assert copy_photos(crops.parent / "out", gallery) == 1
    assert (crops.parent / "out" / "a_b" / "1.png").exists()
