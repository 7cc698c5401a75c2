"""CFP's and AR's own folders, read as pairs."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.evaluation.protocol import OpenedPairs, read_protocol, write_gallery
from core.evaluation.published import ar_pairs
from core.evaluation.run import protocol_name
from core.evaluation.verification import ProtocolPairs
from core.gallery.gallery import Gallery
from core.model.features import FaceFeatures


@pytest.fixture
def cfp(tmp_path: Path) -> Path:
    """CFP's Protocol folder with splits 02 and 07 and no photos."""
    root = tmp_path / "cfp" / "Protocol"
    for kind, letter in (("frontal", "F"), ("profile", "P")):
        root.mkdir(parents=True, exist_ok=True)
        lines = [f"{n} ../Data/Images/{n:03d}/{kind}/01.jpg" for n in range(1, 5)]
        (root / f"Pair_list_{letter}.txt").write_text("\r\n".join(lines) + "\r\n")
    for pairs in ("FF", "FP"):
        for split, same in (("02", "1,1\n2,2\n"), ("07", "3,3\n")):
            (root / "Split" / pairs / split).mkdir(parents=True)
            (root / "Split" / pairs / split / "same.txt").write_text(same)
            (root / "Split" / pairs / split / "diff.txt").write_text("1,4\n\n")
    return root


def test_cfp_pairs_are_of_the_lists_that_they_name(cfp: Path, tmp_path: Path) -> None:
    (cfp / "Split" / "FP" / "notes").mkdir()  # no split: its name is no number
    pairs = read_protocol(cfp / "Split" / "FP", tmp_path)
    images = (cfp.parent / "Data" / "Images").resolve()
    assert pairs.left == tuple(
        str(images / n / "frontal/01.jpg") for n in ("001", "002", "001", "003", "001")
    )
    assert pairs.right == tuple(
        str(images / n / "profile/01.jpg") for n in ("001", "002", "004", "003", "004")
    )
    assert pairs.same.tolist() == [True, True, False, True, False]
    assert pairs.folds is not None and pairs.folds.tolist() == [2, 2, 2, 7, 7]
    frontal = read_protocol(cfp / "Split" / "FF", tmp_path)
    assert all("/frontal/" in Path(p).as_posix() for p in (*frontal.left, *frontal.right))
    assert protocol_name(cfp / "Split" / "FP") == "CFP-FP"


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("same.txt", "1,9\n", r"same\.txt, line 1: photo 1 or 9"),
        ("same.txt", "1,1\n1;2\n", r"same\.txt, line 2: write a,b"),
        ("diff.txt", "1,\N{SUPERSCRIPT TWO}\n", r"diff\.txt, line 1: write a,b"),
    ],
)
def test_a_bad_line_is_named(cfp: Path, tmp_path: Path, file: str, text: str, told: str) -> None:
    (cfp / "Split" / "FF" / "02" / file).write_text(text, encoding="utf-8")
    with pytest.raises(XCosError, match=told):
        read_protocol(cfp / "Split" / "FF", tmp_path)


def test_a_missing_list_is_named(cfp: Path, tmp_path: Path) -> None:
    (cfp / "Split" / "FP" / "07" / "diff.txt").unlink()
    with pytest.raises(XCosError, match=r"diff\.txt cannot be read"):
        read_protocol(cfp / "Split" / "FP", tmp_path)
    (cfp / "Split" / "FP" / "07" / "diff.txt").write_text("1,4\n")
    (cfp / "Pair_list_P.txt").unlink()
    with pytest.raises(XCosError, match=r"Pair_list_P\.txt cannot be read"):
        read_protocol(cfp / "Split" / "FP", tmp_path)


@pytest.fixture
def ar(tmp_path: Path) -> Path:
    """Photos of three people by their names alone, all 26 of each."""
    for person in ("001", "002", "007"):
        (tmp_path / "ar" / person).mkdir(parents=True)
        for number in range(1, 27):
            (tmp_path / "ar" / person / f"{person}_{number:02d}.jpg").touch()
    (tmp_path / "ar" / "notes.txt").touch()
    return tmp_path / "ar"


def number(name: str) -> int:
    return (int(Path(name).stem[-2:]) - 1) % 13 + 1


def test_parts_of_ar(ar: Path, tmp_path: Path) -> None:
    shown = {"sunglasses": {8, 9, 10}, "scarf": {11, 12, 13}, "occluded": set(range(8, 14))}
    for part, wanted in shown.items():
        pairs = ar_pairs(ar, part, 6000)  # type: ignore[arg-type]
        assert {number(name) for name in pairs.left} == wanted
        assert {number(name) for name in pairs.right} == set(range(1, 8))
        # Three people, each with 6 or 12 occluded photos and 14 plain ones.
        assert pairs.same.sum() == 3 * (2 * len(wanted)) * 14 == (~pairs.same).sum()
        truth = [
            Path(a).parent == Path(b).parent for a, b in zip(pairs.left, pairs.right, strict=True)
        ]
        assert np.array_equal(truth, pairs.same)
        assert len({*zip(pairs.left, pairs.right, strict=True)}) == len(pairs.same)
    plain = ar_pairs(ar, "plain", 6000)
    assert {number(n) for n in (*plain.left, *plain.right)} == set(range(1, 8))
    assert plain.same.sum() == 3 * 14 * 13 / 2
    assert ar_pairs(ar, "all", 100).same.sum() == 100
    read = read_protocol(ar, tmp_path, "scarf")
    assert read.left == ar_pairs(ar, "scarf", 6000).left
    assert read.folds is not None and set(read.folds.tolist()) == set(range(10))


def test_the_drawn_pairs_of_ar_are_always_the_same(ar: Path) -> None:
    def named(wanted: range) -> list[str]:
        files = sorted(str(path) for path in ar.rglob("*.jpg"))
        return [name for name in files if number(name) in wanted]

    every = [
        (covered, plain, Path(covered).parent == Path(plain).parent)
        for covered in named(range(11, 14))
        for plain in named(range(1, 8))
    ]
    rng = np.random.default_rng(3)
    genuine = rng.permutation([n for n, (*_, same) in enumerate(every) if same])[:20]
    impostor = rng.permutation([n for n, (*_, same) in enumerate(every) if not same])[:20]
    pairs = ar_pairs(ar, "scarf", 20, seed=3)
    assert list(zip(pairs.left, pairs.right, pairs.same.tolist(), strict=True)) == [
        every[n] for n in (*genuine, *impostor)
    ]


def test_photos_are_found_from_any_folder(
    ar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = ar_pairs(Path("ar"), "plain", 10)
    assert {*pairs.left, *pairs.right} <= {str(path) for path in ar.rglob("*.jpg")}


def test_links_to_people_are_followed_and_the_system_s_files_passed_over(
    ar: Path, tmp_path: Path
) -> None:
    some = tmp_path / "some"
    some.mkdir()
    for person in ("001", "007"):
        (some / person).symlink_to(ar / person, target_is_directory=True)
    (ar / "001" / "._001_01.jpg").touch()
    pairs = ar_pairs(some, "plain", 6000)
    names = {Path(name) for name in (*pairs.left, *pairs.right)}
    assert {path.parent.name for path in names} == {"001", "007"} and len(names) == 28


def test_a_part_needs_ars_names(tmp_path: Path) -> None:
    (tmp_path / "ann.jpg").touch()
    with pytest.raises(XCosError, match="no photo named as AR's"):
        read_protocol(tmp_path, tmp_path, "scarf")
    with pytest.raises(XCosError, match="leave the part out"):
        read_protocol(tmp_path / "pairs.txt", tmp_path, "scarf")


def test_photos_of_a_protocol_are_opened_under_the_names_that_its_pairs_go_by(
    cfp: Path, tmp_path: Path
) -> None:
    """Not under their innermost folder, a camera's name or the protocol's own folder."""
    people = tmp_path / "people"
    for photo in ("ann/first/IMG_0001.png", "ann/IMG_0002.png", "bob/1.png"):
        (people / photo).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (112, 112)).save(people / photo)
    for name in ("M-001-01", "M-001-02", "W-002-01"):
        (tmp_path / "ar").mkdir(exist_ok=True)
        Image.new("RGB", (112, 112)).save(tmp_path / "ar" / f"{name}.png")
    camera, lfw = (str(tmp_path / "x" / name) for name in ("IMG_0001.jpg", "Ann_Lee_0002.jpg"))
    listed = ProtocolPairs((camera,), (lfw,), np.array([False]), None)
    faces = cfp / "Split" / "FP"
    for protocol, pairs in (
        (people, read_protocol(people, tmp_path)),
        (tmp_path / "ar", read_protocol(tmp_path / "ar", tmp_path, "plain")),
        (faces, read_protocol(faces, tmp_path)),
    ):
        codes = _named(protocol, pairs, tmp_path)
        same = [codes[a] == codes[b] != "" for a, b in zip(pairs.left, pairs.right, strict=True)]
        assert same == pairs.same.tolist()
    assert _named(tmp_path / "list.csv", listed, tmp_path) == {camera: "", lfw: "Ann_Lee"}


def _named(protocol: Path, pairs: ProtocolPairs, folder: Path) -> dict[str, str]:
    """The identity of each photo of a protocol's pairs in the gallery that is made of them."""
    grid = FaceFeatures(np.zeros((0, 32, 7, 7), np.float32))
    every, none = np.arange(len(pairs.same)), np.empty(0, np.int64)
    found = OpenedPairs(grid, none, none, pairs, Gallery(protocol, protocol, ()), [])
    source = write_gallery(found, every, folder / "made", protocol).path
    with source.open(newline="") as file:
        return {row["path"]: row["identity"] for row in csv.DictReader(file)}
