"""Galleries listed in CSV: photos are found however they are spelled, and nothing is dropped silently."""

import os
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from core.errors import XCosError
from core.gallery.finder import PhotoFinder
from core.gallery.folder import scan

LISTED = [("Ann/1.jpg", "Ann"), ("Ann/2.jpg", "Ann"), ("Bob/1.jpg", "Bob")]


def listed(folder: Path, text: str) -> tuple[list[tuple[str, str | None]], list[str]]:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    found = scan(path)
    return [(p.photo, p.identity) for p in found.photos], [reason for _, reason in found.skipped]


@pytest.mark.parametrize(
    "head, row",
    [
        ("path,identity", "{photo},{name}"),
        ("", "{photo},{name}"),
        ("identity,path", "{name},{photo}"),
        ("Name;Image Path", "{name};{photo}"),
        (",path,identity", "{number},{photo},{name}"),
        ("", "{number},{photo},{name}"),
        ("", "{name},{photo}"),
        ("file,width,person", "{photo},112,{name}"),
        ("path,identity", ".\\{back},{name}"),
        ("path,identity", "{upper},{name},,"),
        ("path,identity", "{root}/{photo},{name}"),
    ],
)
def test_columns_in_any_order_and_paths_in_any_spelling(photos: Path, head: str, row: str) -> None:
    rows = [
        row.format(
            photo=photo,
            name=name,
            number=number,
            back=photo.replace("/", "\\"),
            upper=photo.upper(),
            root=photos.as_posix(),
        )
        for number, (photo, name) in enumerate(LISTED)
    ]
    found, wrong = listed(photos, "\n".join([head, *rows]))
    assert wrong == []
    assert [(Path(photos, photo).name, name) for photo, name in found] == [
        (Path(photo).name, name) for photo, name in LISTED
    ]
    assert all((photos / photo).is_file() for photo, _ in found)


PERSONS = "Ann/1.jpg,Ann,31\nBob/1.jpg,Bob,30\n"


@pytest.mark.parametrize("comment", ["# my list", "#by Ann, 2026", "# a; b\n\n# Photo, 2026\n#"])
@pytest.mark.parametrize("head", ["path,identity,age\n", "# path,identity,age\n", ""])
def test_comments_above_a_list_are_no_part_of_it(photos: Path, comment: str, head: str) -> None:
    found, wrong = listed(photos, f"{comment}\n{head}{PERSONS}")
    assert found == [("Ann/1.jpg", "Ann"), ("Bob/1.jpg", "Bob")] and wrong == []


def test_a_comment_leaves_the_head_its_columns(photos: Path) -> None:
    found, wrong = listed(photos, "# mine\npath,age,identity\nAnn/1.jpg,31,Ann\nBob/1.jpg,30,Bob\n")
    assert found == [("Ann/1.jpg", "Ann"), ("Bob/1.jpg", "Bob")] and wrong == []
    found, _ = listed(photos, "# age,identity,path\n31,Ann,Ann/1.jpg\n30,Bob,Bob/1.jpg\n")
    assert found == [("Ann/1.jpg", "Ann"), ("Bob/1.jpg", "Bob")]
    found, (told,) = listed(photos, "Staff 2026,\npath,age,identity\nAnn/1.jpg,31,Ann\n")
    assert found == [("Ann/1.jpg", "Ann")]
    assert told == f"{photos / 'list.csv'}, line 1: 'Staff 2026' is no photo; mend that line."


def test_a_photo_or_a_column_that_begins_with_a_number_sign_is_no_comment(photos: Path) -> None:
    (photos / "#c.jpg").touch()
    assert listed(photos, "#c.jpg,Cem\n") == ([("#c.jpg", "Cem")], [])
    numbered = "#,path,identity\n1,Ann/1.jpg,Ann\n2,#c.jpg,Cem\n"
    assert listed(photos, numbered) == ([("Ann/1.jpg", "Ann"), ("#c.jpg", "Cem")], [])


@pytest.mark.parametrize(
    "text, identities",
    [
        ("path,age,sex\nAnn/1.jpg,30,F\nBob/1.jpg,41,M\n", [None, None]),
        ("path,sex,age\nAnn/1.jpg,F,30\nBob/1.jpg,M,41\n", [None, None]),
        ("path,Image Width,taken_on\nAnn/1.jpg,30,1\nBob/1.jpg,41,2\n", [None, None]),
        ("date,path\n2026,Ann/1.jpg\n2025,Bob/1.jpg\n", [None, None]),
        (",path\n0,Ann/1.jpg\n1,Bob/1.jpg\n", [None, None]),
        ("Unnamed: 0,path\n0,Ann/1.jpg\n1,Bob/1.jpg\n", [None, None]),
        ("path,\nAnn/1.jpg,\nBob/1.jpg,\n", [None, None]),
        ("id,path,person_name\n1,Ann/1.jpg,Ann\n2,Bob/1.jpg,Bob\n", ["Ann", "Bob"]),
        ("id,age,path,FullName\n1,30,Ann/1.jpg,Ann\n2,41,Bob/1.jpg,Bob\n", ["Ann", "Bob"]),
        ("label,path,Person ID\n1,Ann/1.jpg,Ann\n1,Bob/1.jpg,Bob\n", ["Ann", "Bob"]),
        ("name,label\nAnn/1.jpg,Ann\nBob/1.jpg,Bob\n", ["Ann", "Bob"]),
        ("id,path\n1,Ann/1.jpg\n2,Bob/1.jpg\n", ["1", "2"]),
        ("path,camera,id\nAnn/1.jpg,x,1\nBob/1.jpg,y,2\n", ["1", "2"]),
        ("path,shade,id\nAnn/1.jpg,x,7\nAnn/2.jpg,y,7\n", ["7", "7"]),
    ],
)
def test_no_column_is_the_identity_that_says_something_else(
    photos: Path, text: str, identities: list[str | None]
) -> None:
    found, wrong = listed(photos, text)
    assert [identity for _, identity in found] == identities and wrong == []


def test_what_is_no_identity_stays_a_column(photos: Path) -> None:
    (photos / "list.csv").write_text("path,age,sex\nAnn/1.jpg,30,F\n")
    (photo,) = scan(photos / "list.csv").photos
    assert photo.columns == (("age", "30"), ("sex", "F"))


@pytest.mark.parametrize(
    "text, taken",
    [
        ("Datei,Wer\nAnn/1.jpg,Ann\n", "column 'Wer'"),
        ("Wer,Datei\nAnn,Ann/1.jpg\n", "column 'Wer'"),
        ("celebrity,path,age\nAnn,Ann/1.jpg,30\n", "column 'celebrity'"),
        ("id,path,celebrity\n1,Ann/1.jpg,Ann\n", "column 'celebrity'"),
        ("path,celebrity_name\nAnn/1.jpg,Ann\n", "column 'celebrity_name'"),
        ("path,first_name,nick\nAnn/1.jpg,Ann,Lee\n", "column 'first_name'"),
        ("path,\nAnn/1.jpg,Ann\n", "column 2, which has no head,"),
        ("path\nAnn/1.jpg,Ann\n", "column 2, which has no head,"),
    ],
)
def test_a_column_of_an_unknown_head_is_taken_for_the_identity_with_a_warning(
    photos: Path, text: str, taken: str
) -> None:
    found, wrong = listed(photos, text)
    assert found == [("Ann/1.jpg", "Ann")]
    assert wrong == [
        f"{photos / 'list.csv'}, line 1: {taken} is taken for the identity, as no column is called "
        "so; call it identity, or add one that is if it says something else."
    ]


@pytest.mark.parametrize(
    "head, named",
    [("path,path,identity", "path"), ("Image Path,image_path,name", "Image Path")],
)
def test_two_columns_of_photos_that_differ_are_refused(photos: Path, head: str, named: str) -> None:
    alike = f"{head}\nAnn/1.jpg,Ann/1.jpg,Ann\n"
    assert listed(photos, alike) == ([("Ann/1.jpg", "Ann")], [])
    with pytest.raises(XCosError) as error:
        listed(photos, f"{alike}Ann/2.jpg,Bob/1.jpg,Ann\n")
    assert str(error.value) == (
        f"{photos / 'list.csv'}, line 1: columns 1 and 2 are both called '{named}', and differ; "
        "rename the one that is not meant."
    )


@pytest.mark.parametrize("head", ["path,identity,identity", "path,Name,name", "Datei,Wer,wer"])
def test_two_columns_of_names_that_differ_are_refused(photos: Path, head: str) -> None:
    found, _ = listed(photos, f"{head}\nAnn/1.jpg,Ann,Ann\n")
    assert found == [("Ann/1.jpg", "Ann")]
    with pytest.raises(XCosError, match=r"list\.csv, line 1: columns 2 and 3 are both called"):
        listed(photos, f"{head}\nAnn/1.jpg,Ann,Ann\nBob/1.jpg,,Bob\n")


def test_cells_that_no_head_stands_above_are_told_once(photos: Path) -> None:
    text = "path,identity,age\nAnn/1.jpg,Ann,,\nAnn/2.jpg,Lee, Ann,30\n"
    found, wrong = listed(photos, f"{text}Bob/1.jpg,Ray, Bob,41\n")
    assert found == [("Ann/1.jpg", "Ann"), ("Ann/2.jpg", "Lee"), ("Bob/1.jpg", "Ray")]
    told = (
        "'30' stands under no head and is left out; put cells with a comma within into quotation "
        "marks, or write a head above it."
    )
    assert wrong == [f"{photos / 'list.csv'}, line 3 and 1 other: {told}"]
    assert listed(photos, text)[1] == [f"{photos / 'list.csv'}, line 3: {told}"]


def test_a_head_of_photos_with_digits_beside_is_a_head(photos: Path) -> None:
    found, wrong = listed(photos, "image_id,Male,5_o_Clock,name\nAnn/1.jpg,-1,1,Ann\n")
    assert found == [("Ann/1.jpg", "Ann")] and wrong == []


def test_a_photo_with_two_names_keeps_the_first_with_a_warning(photos: Path) -> None:
    text = (
        "path,identity\nAnn/1.jpg,Ann\nAnn/2.jpg,Ann\nBob/1.jpg,\nAnn\\1.jpg,Bob\nBob/1.jpg,Bob\n"
    )
    found, wrong = listed(photos, text)
    assert found == LISTED
    (told,) = wrong
    assert "line 5" in told and "'Bob' here and as 'Ann' in line 2" in told


def test_one_photo_by_two_ways_is_one(photos: Path) -> None:
    (photos / "link").symlink_to(photos / "Ann", target_is_directory=True)
    ways = ("Ann/1.jpg", "./Bob/../Ann/1.jpg", "link/1.jpg", f"{photos}/Ann/1.jpg")
    found, wrong = listed(photos, "".join(f"{way},Ann\n" for way in ways))
    assert found == [("Ann/1.jpg", "Ann")] and wrong == []


@pytest.mark.parametrize("first", ["Ann/1.txt,Ann", "Ann/1,Ann", "photo_1,Ann", "²,Ann"])
def test_a_first_row_that_is_data_is_told_not_taken_for_a_head(photos: Path, first: str) -> None:
    found, wrong = listed(photos, f"{first}\nAnn/2.jpg,Ann\n,Bob\n")
    assert found == [("Ann/2.jpg", "Ann")]
    assert len(wrong) == 2 and "line 1" in wrong[0] and "line 3: no photo is named" in wrong[1]


def test_composed_and_decomposed_names_are_one(tmp_path: Path) -> None:
    for form, other in (("NFD", "NFC"), ("NFC", "NFD")):
        folder = tmp_path / form
        name = unicodedata.normalize(form, "José")
        (folder / name).mkdir(parents=True)
        (folder / name / "1.jpg").touch()
        found, wrong = listed(folder, f"{unicodedata.normalize(other, 'José')}/1.jpg,José\n")
        assert wrong == [] and (folder / found[0][0]).is_file()
        assert found[0][1] == unicodedata.normalize("NFC", "José")


def test_an_exact_name_comes_before_other_spellings(tmp_path: Path) -> None:
    for name in ("a\\b.jpg", "A.jpg", "a.jpg", "a.JPG"):
        (tmp_path / name).touch()
    if len(os.listdir(tmp_path)) < 4:
        pytest.skip("this file system does not tell upper from lower case")
    finder = PhotoFinder(tmp_path)
    assert finder.file("a\\b.jpg") == "a\\b.jpg" and finder.file("a.jpg") == "a.jpg"
    assert finder.file("A.JPG") is None  # three would fit
    assert finder.file("a\0.jpg") is None and finder.file("x" * 5000 + ".jpg") is None


def test_photos_of_a_list_without_endings(tmp_path: Path) -> None:
    for name in ("Ann/Ann_0001.JPG", "Ann/Ann_2.jpg", "Ann/Ann_0003_0.png", "Bob_0001.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    finder = PhotoFinder(tmp_path)
    asked = ("Ann/Ann_0001", "Ann/Ann_0002", "Ann/Ann_0003", "Bob/Bob_0001", "ann\\ann_0001")
    names = [path.name if (path := finder.photo(name)) else None for name in asked]
    assert names == ["Ann_0001.JPG", "Ann_2.jpg", "Ann_0003_0.png", "Bob_0001.webp", "Ann_0001.JPG"]
    assert finder.photo("Ann/Ann_0004") is None and finder.photo("Ann_" + "9" * 5000) is None


def test_names_in_windows_1252_find_files_named_in_its_bytes(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"m\xfcller.jpg")).touch()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 alone")
    path = tmp_path / "list.csv"
    path.write_bytes("path,identity\nmüller.jpg,Müller\n".encode("cp1252"))
    (photo,) = scan(path).photos
    assert photo.identity == "Müller" and (tmp_path / photo.photo).is_file()


def test_a_table_of_scores_is_no_gallery(photos: Path) -> None:
    with pytest.raises(XCosError, match=r"list\.csv lists pairs"):
        listed(photos, "left,right,score\nAnn/1.jpg,Ann/2.jpg,0.5\n")
    for column in ("left", "right"):  # one of them alone is a column of the photos
        found, _ = listed(photos, f"path,identity,{column}\nAnn/1.jpg,Ann,x\n")
        assert found == [("Ann/1.jpg", "Ann")]


def test_long_and_odd_cells_are_told_shortly(photos: Path) -> None:
    found, wrong = listed(photos, f"path,identity\n{'a' * 100_000},Ann\nAnn/1.jpg,Ann\n")
    assert found == [("Ann/1.jpg", "Ann")] and len(wrong[0]) < len(str(photos)) + 150
    with pytest.raises(XCosError, match=r"list\.csv has no photos \(.*line 2") as error:
        listed(photos, f"path,identity\n{'b' * 100_000},Ann\n")
    assert len(str(error.value)) < 2 * len(str(photos)) + 250


@pytest.mark.parametrize(
    "named, why",
    [
        ("https://x.org/a.png", "is an address, which is not followed; download the photo and write its path."),
        ("S3://x/a.png?x=1", "is an address, which is not followed; download the photo and write its path."),
        ("file:///gone/a.png", "names no photo of this machine; write the photo's path."),
        ("file://server/Ann/1.jpg", "names no photo of this machine; write the photo's path."),
        ("file://[/a.png", "names no photo of this machine; write the photo's path."),
        ("~/a.png", "begins with ~, which is not followed; write the whole path."),
        ("~ann\\a.png", "begins with ~, which is not followed; write the whole path."),
        ("C:\\Users\\a.png", "is a path of Windows; write the path that the photo has on this machine."),
        ("d:/a.png", "is a path of Windows; write the path that the photo has on this machine."),
        ("\\\\nas\\a.png", "is a path of Windows; write the path that the photo has on this machine."),
        ("~a.png", ""),
        ("gone/a.png", ""),
    ],
)  # fmt: skip
@pytest.mark.skipif(os.name == "nt", reason="Windows has drives")
def test_what_is_elsewhere_is_told_as_the_list_has_it(photos: Path, named: str, why: str) -> None:
    found, wrong = listed(photos, f"path,identity\n{named},Ann\nBob/1.jpg,Bob\n")
    told = [f"{photos / 'list.csv'}, line 2: '{named}' {why}"] if why else []
    assert wrong == told and found[-1] == ("Bob/1.jpg", "Bob")
    assert found[:-1] == (
        [] if why else [(named, "Ann")]
    )  # a photo that is missing is told when read


def test_an_address_of_a_file_of_this_machine_is_followed(photos: Path) -> None:
    (photos / "Ann" / "é 3#.jpg").touch()
    folder = photos.as_uri()
    here = folder.replace("file://", "FILE://localhost")
    text = f"{folder}/Ann/%C3%A9%203%23.jpg,Ann\n{here}/Bob/1.jpg,Bob\nBob/1.jpg,Bob\n"
    found, wrong = listed(photos, f"path,identity\n{text}")
    assert wrong == [] and [(Path(photo), name) for photo, name in found] == [
        (photos / "Ann" / "é 3#.jpg", "Ann"),
        (photos / "Bob" / "1.jpg", "Bob"),
    ]


def test_photos_of_a_list_are_told_by_what_they_hold_whatever_their_ending(photos: Path) -> None:
    for name in ("subject01.glasses", "noending", "group.jpg", "group.jpg#2"):
        Image.new("RGB", (8, 8), "red").save(photos / name, "GIF")
    (photos / "notes.md").write_text("no photo")
    (photos / "raw.nef").write_bytes(b"no picture")
    names = ("subject01.glasses", "noending", "group.jpg", "group.jpg#2", "notes.md", "raw.nef")
    rows = "".join(f"{name},Ann\n" for name in (*names, "gone"))
    found, wrong = listed(photos, f"path,identity\n{rows}")
    assert [name for name, _ in found] == ["subject01.glasses", "noending", "group.jpg"]
    line = f"{photos / 'list.csv'}, line "
    assert wrong == [
        f"{line}6: 'notes.md' is no photo; mend that line.",
        f"{line}7: {photos / 'raw.nef'} is a camera's RAW file, which is not read; export it as JPEG.",
        f"{line}8: 'gone' is no photo; mend that line.",
        f"{photos / 'group.jpg#2'} is called as face 2 of group.jpg is; rename it, so that both can "
        "be told apart.",
    ]
