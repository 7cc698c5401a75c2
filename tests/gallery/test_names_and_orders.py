"""In which order faces stand, and which column of a list says what."""

from pathlib import Path

import numpy as np
import pytest

from core.faces.face import Face
from core.gallery.csv_gallery import read_csv_gallery
from core.gallery.gallery import Gallery, LoadedGallery, identity_codes, natural, sort_key
from core.gallery.told import told_identities
from core.model.features import FaceFeatures
from tests.living import make_crops


def face(photo: str, identity: str | None, number: int = 1) -> Face:
    return Face(photo, number, identity, None, f"{photo}#{number}")


def test_numbers_within_names_count_as_numbers_and_stand_before_letters() -> None:
    names = ["b1", "A10", "a2", "10", "9", "a", "a2b", "a02"]
    assert sorted(names, key=natural) == ["9", "10", "a", "a2", "a02", "a2b", "A10", "b1"]


def test_known_people_come_first_then_photos_then_faces_of_one() -> None:
    faces = [
        face("z/1.png", None),
        face("a/10.png", "Bob 10"),
        face("a/2.png", "Bob 10", 2),
        face("a/2.png", "Bob 10", 1),
        face("x/1.png", "Bob 9"),
        face("a/1.png", None),
    ]
    ordered = [(f.identity, f.photo, f.number) for f in sorted(faces, key=sort_key)]
    assert ordered == [
        ("Bob 9", "x/1.png", 1),
        ("Bob 10", "a/2.png", 1),
        ("Bob 10", "a/2.png", 2),
        ("Bob 10", "a/10.png", 1),
        (None, "a/1.png", 1),
        (None, "z/1.png", 1),
    ]


def test_no_two_faces_are_level_and_people_do_not_mix() -> None:
    faces = [
        face("Ann/01.png", "Ann"),
        face("Ann/1.png", "Ann"),
        face("Ann/B.png", "Ann"),
        face("Ann/b.png", "Ann"),
        face("ann/1.png", "ann"),
        face("ann/2.png", "ann"),
        face("01/1.png", None),
        face("1/1.png", None),
    ]
    for seed in range(5):
        mixed = [faces[k] for k in np.random.default_rng(seed).permutation(len(faces))]
        assert sorted(mixed, key=sort_key) == faces


def test_a_name_has_one_number_in_two_galleries() -> None:
    one = Gallery(Path(), Path(), (face("1", "bob"), face("2", None), face("3", "ann")))
    other = Gallery(Path(), Path(), (face("4", "cem"), face("5", "ann")))
    first, second = identity_codes(one, other)
    assert first.tolist() == [1, -1, 0] and second.tolist() == [2, 0]
    assert first.dtype == np.int32
    assert identity_codes(other)[0].tolist() == [1, 0]


def test_a_part_of_a_gallery_has_the_faces_and_their_features_in_the_order_asked() -> None:
    faces = tuple(face(str(k), "ann") for k in range(4))
    rows = np.arange(4.0)[:, None]
    features = FaceFeatures(rows[:, :, None, None] + np.zeros((4, 32, 7, 7)), rows, rows + 10)
    part = LoadedGallery(Gallery(Path(), Path(), faces), features).part(np.array([3, 1]))
    assert [f.photo for f in part.gallery.faces] == ["3", "1"] and len(part) == 2
    assert part.features.grid[:, 0, 0, 0].tolist() == [3, 1]
    assert part.features.embedding is not None and part.features.target is not None
    assert part.features.embedding[:, 0].tolist() == [3, 1]
    assert part.features.target[:, 0].tolist() == [13, 11]


def test_a_photo_s_further_faces_are_nobody_that_its_folder_names(tmp_path: Path) -> None:
    crops = make_crops(tmp_path / "crops", {"ann": 1, "bob": 1})
    faces = (face("bob/1.png", "x"), face("ann/1.png", "y", 2), face("ann/1.png", None))
    assert told_identities(Gallery(crops, crops, faces)) == ["bob", None, "ann"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path,identity\na/1.png,ann\nb/2.png,\n", [("a/1.png", "ann"), ("b/2.png", None)]),
        ("who,photo\nann,a/1.png\n", [("a/1.png", "ann")]),
        ("Photo Path,Person\na/1.png,ann\n", [("a/1.png", "ann")]),
        # Without a head, names stand behind the photos, or before them where nothing is behind.
        ("a/1.png,ann\nb/2.png,bob\n", [("a/1.png", "ann"), ("b/2.png", "bob")]),
        ("ann,a/1.png\nbob,b/2.png\n", [("a/1.png", "ann"), ("b/2.png", "bob")]),
        ("7,a/1.png,ann\n8,b/2.png,bob\n", [("a/1.png", "ann"), ("b/2.png", "bob")]),
        ("a/1.png\nb/2.png\n", [("a/1.png", None), ("b/2.png", None)]),
        # A head in another language names no column, and is a head all the same.
        ("foto\na/1.png\n", [("a/1.png", None)]),
        ("path\na/1.png\n", [("a/1.png", None)]),
        ("a/1.png,ann\na/1.png,\na/1.png,ann\n", [("a/1.png", "ann")]),
        ("a/1.png,\na/1.png,ann\n", [("a/1.png", "ann")]),
    ],
)
def test_columns_are_told_by_their_heads_or_by_where_the_photos_are(
    text: str, told: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(text)
    photos, wrong = read_csv_gallery(tmp_path / "list.csv", tmp_path)
    assert [(one.photo, one.identity) for one in photos] == told and wrong == []


def test_further_columns_keep_their_first_value_and_what_differs_is_told(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "age,path,who,sex,age\n31,a/1.png,ann,,9\n31,a/1.png,bob,f,\n32,a/1.png,ann,m,\n,b.txt,,,\n"
    )
    (photo,), wrong = read_csv_gallery(path, tmp_path)
    assert (photo.photo, photo.identity, photo.line) == ("a/1.png", "ann", 2)
    assert photo.columns == {"age": "31", "sex": "f"}
    told = [(place, reason.removeprefix(f"{path}, ")) for place, reason in wrong]
    assert told == [
        (
            "list.csv, line 1",
            "line 1: columns 1 and 5 are both called 'age', of which the first is taken; rename the "
            "other.",
        ),
        (
            "list.csv, line 3",
            "line 3: 'a/1.png' is listed as 'bob' here and as 'ann' in line 2, which it stays; take "
            "one line out.",
        ),
        (
            "list.csv, line 4",
            "line 4: 'a/1.png' is listed as '32' in column 'age' here and '31', which it stays; "
            "take one line out.",
        ),
        (
            "list.csv, line 4",
            "line 4: 'a/1.png' is listed as 'm' in column 'sex' here and 'f', which it stays; take "
            "one line out.",
        ),
        ("b.txt", "line 5: 'b.txt' is no photo; mend that line."),
    ]
