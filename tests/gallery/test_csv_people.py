"""Who a list's photos show: by which columns, and by which words nobody, or one person twice."""

from pathlib import Path

import pytest

from core.errors import XCosError
from core.gallery.folder import scan
from tests.gallery.test_csv_gallery import listed

FOLDER = "put the photos of somebody who is called so into a folder of that name, or write the whole name."


@pytest.mark.parametrize(
    "word",
    ["NA", "nan", "NaN", "None", "NULL", "null", "#N/A", "#NV", "#NAME?", "#¡REF!", "#DIV/0!", "<NA>",
     "N/A", "n/a", "unknown", "Unknown", "unbekannt", "?", "???", "-", "—"],
)  # fmt: skip
def test_words_for_nobody_are_no_person_and_are_told_once(photos: Path, word: str) -> None:
    text = f"path,identity\nAnn/1.jpg,Ann\nAnn/2.jpg,{word}\nBob/1.jpg,{word}\n"
    found, wrong = listed(photos, text)
    assert [identity for _, identity in found] == ["Ann", None, None]
    told = (
        f"{photos / 'list.csv'}, line 3 and 1 other: '{word}' is taken for nobody's name; {FOLDER}"
    )
    assert wrong == [told]


@pytest.mark.parametrize("name", ["Na", "Nan", "Null", "Nil", "unknown 2", "#7", "N", "-x"])
def test_names_that_are_near_a_word_for_nobody_are_names(photos: Path, name: str) -> None:
    assert listed(photos, f"path,identity\nAnn/1.jpg,{name}\n") == ([("Ann/1.jpg", name)], [])


def test_noise_of_a_clustering_is_nobody_among_numbers_alone(photos: Path) -> None:
    for noise, one in (("-1", "4"), ("-1.0", "4.0")):
        found, (told,) = listed(
            photos, f"path,label\nAnn/1.jpg,{one}\nAnn/2.jpg,{noise}\nBob/1.jpg,{noise}\n"
        )
        assert [identity for _, identity in found] == [one, None, None]
        assert told.startswith(f"{photos / 'list.csv'}, line 3 and 1 other: '{noise}' is taken for")
    found, wrong = listed(photos, "path,label\nAnn/1.jpg,Ann\nBob/1.jpg,-1\n")
    assert [identity for _, identity in found] == ["Ann", "-1"] and wrong == []


def test_missing_values_of_further_columns_are_empty_cells(photos: Path) -> None:
    (photos / "list.csv").write_text(
        "path,identity,sex,glasses,smile\nAnn/1.jpg,Ann,NA,none,-1\nBob/1.jpg,Bob,m,unknown,NaN\n"
    )
    found = scan(photos / "list.csv")
    assert [dict(p.columns) for p in found.photos] == [
        {"glasses": "none", "smile": "-1"},
        {"sex": "m", "glasses": "unknown"},
    ]
    assert [reason for _, reason in found.skipped] == [
        f"{photos / 'list.csv'}, line 2 and 1 other: 'NA', 'NaN' are taken for an empty cell; write it "
        "otherwise if it is a value."
    ]


ALIKE = [
    "Ann\u00a0Lee",
    "Ann  Lee",
    "Ann \u200bLee",
    "Ann\u2009Lee",
    "\u202aAnn Lee\u202c",
    "Ann Le\u00ade",
]


@pytest.mark.parametrize("name", ALIKE)
def test_names_that_look_alike_are_one_person(photos: Path, name: str) -> None:
    found, wrong = listed(photos, f"path,identity\nAnn/1.jpg,Ann Lee\nAnn/2.jpg,{name}\n")
    assert [identity for _, identity in found] == ["Ann Lee", "Ann Lee"] and wrong == []


@pytest.mark.parametrize("name", ["👩\u200d🚀 Ann", "علی\u200cرضا", "Ann_Lee", "ann lee"])
def test_names_that_look_different_stay_apart(photos: Path, name: str) -> None:
    assert listed(photos, f"path,identity\nAnn/1.jpg,{name}\n") == ([("Ann/1.jpg", name)], [])


@pytest.mark.parametrize(
    "text",
    [
        "Name;Vorname;Foto\nLee;Ann;Ann/1.jpg\nLee;Bob;Bob/1.jpg\n",
        "path,name,surname\nAnn/1.jpg,Ann,Lee\nBob/1.jpg,Bob,Lee\n",
        "path,last_name,first_name\nAnn/1.jpg,Lee,Ann\nBob/1.jpg,Lee,Bob\n",
        "path,id,givenName,familyName\nAnn/1.jpg,7,Ann,Lee\nBob/1.jpg,8,Bob,Lee\n",
        "Nom;Prénom;Photo\nLee;Ann;Ann/1.jpg\nLee;Bob;Bob/1.jpg\n",
        "photo,nome,cognome\nAnn/1.jpg,Ann,Lee\nBob/1.jpg,Bob,Lee\n",
        "Foto;Imię;Nazwisko\nAnn/1.jpg;Ann;Lee\nBob/1.jpg;Bob;Lee\n",
        "Имя,Фамилия,photo\nAnn,Lee,Ann/1.jpg\nBob,Lee,Bob/1.jpg\n",
        "path,first_name,middle_name,last_name\nAnn/1.jpg,Ann,,Lee\nBob/1.jpg,Bob,NA,Lee\n",
    ],
)
def test_the_parts_of_a_name_are_the_person_together(photos: Path, text: str) -> None:
    found, wrong = listed(photos, text)
    assert found == [("Ann/1.jpg", "Ann Lee"), ("Bob/1.jpg", "Bob Lee")]
    assert [reason for reason in wrong if "nobody's name" not in reason] == []


@pytest.mark.parametrize(
    "head",
    ["path,identity,name,surname", "path,full_name,name,surname", "path,name,vorname,nachname"],
)
def test_a_whole_name_is_taken_rather_than_its_parts(photos: Path, head: str) -> None:
    assert listed(photos, f"{head}\nAnn/1.jpg,Ann Lee,Ann,Lee\n") == (
        [("Ann/1.jpg", "Ann Lee")],
        [],
    )


def test_a_name_beside_what_may_be_its_other_part_is_told(photos: Path) -> None:
    rows = "Ann/1.jpg,Lee,Ann\nAnn/2.jpg,Lee,Ann\n"
    assert listed(photos, f"path,name,call_name\n{rows}")[1] == []
    found, wrong = listed(photos, f"path,name,call_name\n{rows}Bob/1.jpg,Lee,Bob\n")
    assert {identity for _, identity in found} == {"Lee"}
    assert wrong == [
        f"{photos / 'list.csv'}, line 1: column 'name' is taken for the identity, as no column is called "
        "so; call it identity, or add one that is if it says something else."
    ]


@pytest.mark.parametrize(
    "head, row, sides",
    [
        ("img1,img2,label", "{0},{1},{2}", "img1 and img2, "),
        ("image1,image2,same", "{0},{1},{2}", "image1 and image2, "),
        ("Probe;Reference;is_match", "{0};{1};{2}", "Probe and Reference, "),
        ("photo_a,photo_b", "{0},{1}", "photo_a and photo_b, "),
        ("", "{0},{1},{2}", ""),
        ("", "{0},{1}", ""),
        ("", "{2},{0},{1}", ""),
        ("first,second,verdict", "{0},{1},{2}", ""),
        ("verdict,first,second", "{2},{0},{1}", ""),
        ("image,other,label", "{0},{1},{2}", ""),
        ("probe_file,reference_crop,label", "{0},{1},{2}", ""),
    ],
)
def test_a_list_of_pairs_is_no_gallery(photos: Path, head: str, row: str, sides: str) -> None:
    pairs = [("Ann/1.jpg", "Ann/2.jpg", 1), ("Ann/1.jpg", "Bob/1.jpg", 0)]
    with pytest.raises(XCosError) as error:
        listed(photos, "\n".join([head, *(row.format(*pair) for pair in pairs)]))
    told = f"{photos / 'list.csv'} lists pairs, {sides}not photos; choose a gallery."
    assert str(error.value) == told


@pytest.mark.parametrize(
    "text, identity",
    [
        ("path,name,person\nAnn/1.jpg,1.jpg,Ann\n", "Ann"),
        ("path,name\nAnn/1.jpg,1.jpg\n", None),
        ("path,crop,label\nAnn/1.jpg,c/1.jpg,1\n", "1"),
        ("path,left,top,right,bottom,name\nAnn/1.jpg,1,2,3,4,Ann\n", "Ann"),
        ("photo,reference,name\nAnn/1.jpg,Ann/2.jpg,Ann\n", "Ann"),
        ("Ann/1.jpg,Ann,thumbs/1.jpg\n", "Ann"),
    ],
)
def test_a_second_column_of_photos_is_no_identity(
    photos: Path, text: str, identity: str | None
) -> None:
    assert listed(photos, text) == ([("Ann/1.jpg", identity)], [])


def test_a_head_shorter_by_the_row_numbers_is_as_r_writes_it(photos: Path) -> None:
    table = '"path","identity","sex"\n"1","Ann/1.jpg","Ann","f"\n"2","Bob/1.jpg","Bob","m"\n'
    found, wrong = listed(photos, table)
    assert found == [("Ann/1.jpg", "Ann"), ("Bob/1.jpg", "Bob")] and wrong == []
    assert scan(photos / "list.csv").photos[1].columns == (("sex", "m"),)
    commas = "path,identity\nAnn/1.jpg,Lee, Ann\nBob/1.jpg,Ray, Bob\n"
    assert "put cells with a comma within into quotation marks" in listed(photos, commas)[1][0]
