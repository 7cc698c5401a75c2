"""Photos that moved are found again by content, and what is known of them goes with them."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import XCosError
from core.gallery.cache import Cache
from core.gallery.face_selection import content_digest
from core.gallery.folder import scan
from core.gallery.moved import find_again, missing_photos, photo_prints
from core.project.edits import (
    Edits,
    face_subject,
    identity_subject,
    pair_subject,
    renamed,
)
from core.project.photo_print import PhotoPrint


@pytest.fixture
def prints(crops: Path, tmp_path: Path) -> dict[str, PhotoPrint]:
    """Of the crops, as the cache knows them after they were loaded."""
    cache = Cache(tmp_path / "cache.sqlite")
    listing = scan(crops)
    rows = []
    for photo in listing.photos:
        path = (crops / photo.photo).absolute()
        content = path.read_bytes()
        rows.append((str(path), len(content), path.stat().st_mtime_ns, content_digest(content)))
    cache.put_files(rows)
    return photo_prints(crops, cache)


def test_folder_that_moved_as_a_whole_is_the_gallery(crops: Path, prints, tmp_path: Path) -> None:
    assert len(prints) == 6 and missing_photos(crops, prints) == []
    new = tmp_path / "disk" / "new"
    new.parent.mkdir()
    shutil.move(crops, new)
    assert len(missing_photos(crops, prints)) == 6
    found = find_again(crops, prints, tmp_path / "disk", tmp_path / "x.csv")
    assert (found.source, found.renamed, found.missing) == (new, {}, ())
    assert not (tmp_path / "x.csv").exists()


def test_photos_renamed_in_the_folder_keep_it(crops: Path, prints) -> None:
    (crops / "ann" / "1.png").rename(crops / "bob" / "was ann.png")
    found = find_again(crops, prints, crops, crops.parent / "x.csv")
    assert found.source == crops and found.renamed == {"ann/1.png": "bob/was ann.png"}


def test_scattered_photos_become_a_csv_with_their_identities(
    crops: Path, prints, tmp_path: Path
) -> None:
    heap = tmp_path / "heap" / "deep"
    heap.mkdir(parents=True)
    for number, path in enumerate(sorted(crops.rglob("*.png"))):
        shutil.move(path, heap / f"{number}, odd.png")
    (heap / "5, odd.png").unlink()  # cem's
    (heap / "other.png").write_bytes(b"x" * 9)
    csv_file = tmp_path / "again.csv"
    found = find_again(crops, prints, tmp_path / "heap", csv_file)
    assert found.source == csv_file and found.missing == ("cem/1.png",)
    listed = {photo.photo: photo.identity for photo in scan(csv_file).photos}
    where = heap.absolute().as_posix()
    assert listed == {f"{where}/{n}, odd.png": "ann" if n < 3 else "bob" for n in range(5)}
    assert found.renamed["bob/2.png"] == f"{where}/4, odd.png"


def test_a_list_of_moved_photos_keeps_the_columns_of_the_list_before(
    crops: Path, prints, tmp_path: Path
) -> None:
    source = crops / "list.csv"
    source.write_text("path,age,who,path\nann/1.png,31,Ann,ann/1.png\nbob/1.png,,Bob,bob/1.png\n")
    heap = tmp_path / "heap"
    heap.mkdir()
    for name in ("ann", "bob"):
        shutil.move(crops / name / "1.png", heap / f"{name} moved.png")
    mine = {f"{name}/1.png": prints[f"{name}/1.png"] for name in ("ann", "bob")}
    found = find_again(source, mine, heap, tmp_path / "again.csv")
    listing = scan(found.source)
    assert listing.skipped == ()
    assert {Path(one.photo).name: (one.identity, one.columns) for one in listing.photos} == {
        "ann moved.png": ("ann", (("age", "31"),)),
        "bob moved.png": ("bob", ()),
    }


def test_copies_of_one_photo_are_shared_out(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    for name in ("p.png", "q.png"):
        (tmp_path / "new" / name).write_bytes(b"same")
    known = PhotoPrint(4, content_digest(b"same"), None)
    prints = {"a.png": known, "b.png": known}
    found = find_again(tmp_path / "old", prints, tmp_path / "new", tmp_path / "x.csv")
    assert len({*found.renamed.values()}) == 2


def test_a_copy_that_was_deleted_is_missing_and_takes_no_other_photos_edits(tmp_path: Path) -> None:
    gallery, heap = tmp_path / "gallery", tmp_path / "heap"
    known = PhotoPrint(4, content_digest(b"same"), None)
    prints = {"a.png": known, "b.png": known}
    for folder, name in ((gallery, "b.png"), (heap, "c.png")):
        folder.mkdir()
        (folder / name).write_bytes(b"same")
    found = find_again(gallery, prints, gallery, tmp_path / "x.csv")
    assert (found.source, found.renamed, found.missing) == (gallery, {}, ("a.png",))
    gone = find_again(tmp_path / "old", prints, heap, tmp_path / "x.csv")
    assert list(gone.renamed) == ["a.png"] and gone.missing == ("b.png",)
    assert len(scan(gone.source).photos) == 1 and scan(gone.source).skipped == ()


def test_one_photo_as_a_gallery_stays_one_photo(tmp_path: Path) -> None:
    for name, content in (("ann.png", b"mine"), ("other.png", b"others")):
        (tmp_path / name).write_bytes(content)
    prints = {"x.png": PhotoPrint(4, content_digest(b"mine"), None)}
    for place in (tmp_path, tmp_path / "old"):  # renamed beside it, and moved from elsewhere
        found = find_again(place / "x.png", prints, tmp_path, tmp_path / "x.csv")
        assert found.source == tmp_path / "ann.png" and found.missing == ()
        assert found.renamed == {"x.png": "ann.png"}
        assert [one.photo for one in scan(found.source).photos] == ["ann.png"]


def test_nothing_found_is_told_and_writes_nothing(crops: Path, prints, tmp_path: Path) -> None:
    shutil.rmtree(crops)
    (tmp_path / "empty").mkdir()
    with pytest.raises(XCosError, match="None of the 6 photos"):
        find_again(crops, prints, tmp_path / "empty", tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()


KEYS = st.sampled_from(["a.png", "a.png#2", "b/#1.png", "b/#1.png#3", "c.png"])


@given(st.dictionaries(KEYS, st.just("Ann")), st.lists(KEYS), KEYS, KEYS)
def test_renaming_photos_and_back_changes_nothing(
    identities: dict, aside: list[str], one: str, other: str
) -> None:
    edits = Edits(
        identities,
        tuple(sorted({*aside})),
        {"a.png": 2},
        {"b/#1.png": [[0.0, 1.0]] * 5},
        {face_subject(one): ("x",), pair_subject(one, other): ("y",), identity_subject(one): ("z",)},
        {face_subject(other): "note"},
        {pair_subject(other, one): "reject"},
    )  # fmt: skip
    there = {"a.png": "new/a.png", "b/#1.png": "q#2.png"}
    moved = renamed(edits, there)
    assert renamed(moved, {new: old for old, new in there.items()}) == edits
    assert moved.picked == {"new/a.png": 2} and {*moved.landmarks} == {"q#2.png"}
    for old, new in (("a.png#2", "new/a.png#2"), ("b/#1.png", "q#2.png"), ("c.png", "c.png")):
        assert (old in identities) == (new in moved.identities)
        assert moved.faces_tagged("x") != {new} or one == old
