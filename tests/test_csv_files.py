"""Lists as text: every dialect gives the same cells, and what is written no spreadsheet runs."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.csv_files import (
    UNSEEN,
    csv_bytes,
    csv_text,
    read_lines,
    read_rows,
    read_text,
    whole_number,
)
from core.errors import XCosError, quoted

ROWS = [("path", "identity"), ("a/1.jpg", "Müller"), ("b/2.jpg", "Ann")]


def text(delimiter: str = ",", end: str = "\r\n") -> str:
    return "".join(delimiter.join(row) + end for row in ROWS)


@pytest.mark.parametrize(
    "content",
    [
        text().encode(),
        text(end="\n").encode(),
        text(end="\r").encode(),
        text().encode("utf-8-sig"),
        text(";").encode("utf-8-sig"),
        text("\t").encode("utf-16"),
        text("\t").encode("utf-16-le"),
        text("\t").encode("utf-16-be"),
        text().encode("utf-32"),
        text(";").encode("cp1252"),
        text(" , ").encode(),
        text("\t").rstrip().encode(),
        ("sep=;\r\n" + text(";")).encode(),
        (text() + ",\r\n\r\n , \r\n").encode(),
        ("\ufeff" + text()).encode("utf-8-sig"),
        text("|").encode(),
        text("\u200b,\u200f").encode(),
        (text() + "\x1a").encode(),
        "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in ROWS).encode(),
        "".join(" ; ".join(f'"{cell}"' for cell in row) + " \n" for row in ROWS).encode(),
    ],
)
def test_every_dialect_gives_the_same_cells(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert [row.cells for row in read_rows(path) if any(row.cells)] == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_other_delimiters_within_cells_part_nothing(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "list.csv"
    others = "".join({",", ";", "|"} - {delimiter})
    rows = [("path", "identity"), ("a.jpg", f"Bob{others} jr"), ("b.jpg", "Ann")]
    path.write_text("\n".join(delimiter.join(row) for row in rows))
    assert [row.cells for row in read_rows(path)] == rows


def test_rows_know_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('sep=,\na,b\n\n"c\nd",e\n,\nf,g\n')
    assert [(row.line, row.cells[0]) for row in read_rows(path)] == [
        (2, "a"),
        (4, "c\nd"),
        (7, "f"),
    ]


@pytest.mark.parametrize(
    "content, told",
    [
        (b'a,b\n"c,d\ne,f\n', "line 2: a quotation mark is not closed"),
        (b'a,b\n"c"d,e\n', "line 2: a quotation mark stands within a cell"),
        (b"a,b\n\nx," + b"y" * 140_000 + b"\n", "line 3: a cell is longer than 131,072"),
        (b"a,b\nc,\0d\n", "line 2: there is a NUL"),
        (b"version https://git-lfs.github.com/spec/v1\n", " is a Git LFS pointer"),
        (b"\xff\xfea", "utf-16.* ends or breaks at byte 0"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(XCosError, match=rf"list\.csv.*{told}") as error:
        read_rows(path)
    assert len(str(error.value)) < len(str(path)) + 200 and "\n" not in str(error.value)


def test_a_folder_or_a_missing_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(XCosError, match="is no file"):
        read_text(tmp_path)
    with pytest.raises(XCosError, match="No such file"):
        read_text(tmp_path / "gone.csv")


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("a\u2028b\x0bc\rd\r\ne\nf".encode())
    assert read_lines(path) == ["a\u2028b\x0bc", "d", "e", "f"]


def test_names_that_are_no_utf_8_among_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = [("path", "identity"), ("m\udcfcller.jpg", "李四")]
    path.write_bytes(csv_bytes(rows))
    assert b"m\xfcller" in path.read_bytes()
    assert [row.cells for row in read_rows(path)] == rows


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", " =", "'="]
)
def test_no_spreadsheet_runs_a_cell(start: str) -> None:
    cell = f"{start}HYPERLINK(1)"
    ((written,),) = csv.reader(io.StringIO(csv_text([(cell,)]), newline=""))
    assert written == "'" + cell


@pytest.mark.parametrize("cell", ["-0.25", "+3", "-1e-05", "-inf", "a=b", "'tis", "李四", ""])
def test_numbers_and_other_texts_stay(cell: str) -> None:
    assert csv_text([(cell, 1)]) == f"{cell},1\n"


@given(
    st.lists(
        st.tuples(
            *[
                st.text(
                    st.characters(exclude_characters="\0" + UNSEEN, exclude_categories=["Cs"]),
                    max_size=9,
                )
                | st.from_regex(r"['=+@\-][ '=\w]{0,5}", fullmatch=True)
            ]
            * 2
        ),
        min_size=1,
    )
)
def test_what_was_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "list.csv"
    wanted = [tuple(cell.strip() for cell in row) for row in cells]
    path.write_bytes(csv_bytes([("path", "identity"), *wanted]))
    assert [row.cells for row in read_rows(path)][1:] == [row for row in wanted if any(row)]


def test_digits_of_any_script_are_counts_and_others_are_none() -> None:
    assert [whole_number(cell) for cell in ("12", "٣", "１", "007")] == [12, 3, 1, 7]
    for cell in ("²", "-1", "1.5", "", "9" * 5000, "1e9"):
        assert whole_number(cell) is None


@given(st.text())
def test_messages_quote_on_one_short_line(said: str) -> None:
    shown = quoted(said * 40)
    assert len(shown.splitlines()) == 1 and len(shown) < 700 and shown.isprintable()


@pytest.mark.parametrize(
    "encoding, name",
    [("gbk", "李小龙"), ("cp932", "山田太郎"), ("big5", "李小龍"), ("euc-kr", "김연아"),
     ("cp1251", "Юрий"), ("cp1253", "Μαρία")],
)  # fmt: skip
def test_letters_that_would_come_out_as_others_are_refused(
    tmp_path: Path, encoding: str, name: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(f"path,identity\na/1.jpg,{name}\n".encode(encoding))
    with pytest.raises(XCosError, match=r"list\.csv is neither in UTF-8 .* save it as UTF-8"):
        read_rows(path)
    path.write_text(f"path,identity\na/1.jpg,{name}\n", encoding="utf-8")
    assert read_rows(path)[1].cells == ("a/1.jpg", name)


@pytest.mark.parametrize("name", ["Müller", "José Núñez", "Françoise Daniélou", "Ærø", "Größe"])
def test_western_accents_are_read_in_windows_1252(tmp_path: Path, name: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(f"path,identity\na/1.jpg,{name}\n".encode("cp1252"))
    assert read_rows(path)[1].cells == ("a/1.jpg", name)


def test_a_long_word_is_looked_at_once(tmp_path: Path) -> None:
    """Tried anew from each of its letters, it would take hours."""
    path = tmp_path / "list.csv"
    path.write_bytes(b"path,identity\n" + b"a" * 2_000_000 + b",Ren\xe9\n")
    assert read_text(path).endswith("a,René\n")


@pytest.mark.parametrize("sign", "|,;\t:")
def test_blanks_may_stand_between_a_quotation_mark_and_any_delimiter(
    tmp_path: Path, sign: str
) -> None:
    path = tmp_path / "list.csv"
    told = "sep=:\n" if sign == ":" else ""
    path.write_text(f'{told}"a" {sign}"b; c" {sign}d\n' + f"e{sign}f{sign}g\n")
    assert [row.cells for row in read_rows(path)] == [("a", "b; c", "d"), ("e", "f", "g")]


@pytest.mark.parametrize(
    "name, encoding",
    [
        *((name, "cp1250") for name in (
            "Łukasz Żółć", "Paweł Nowak", "Michał", "Jan Kamiński", "Wałęsa", "Róża Bieńkowska", "Świderski",
            "Petrović", "Karel Čapek", "Jiří Dvořák", "Ionuţ Popa", "Ştefan", "Muşat", "Milan Kovačević",
            "Černý", "Jaś Zając",
        )),
        *((name, "cp1254") for name in (
            "Işık", "Yıldız", "Çağlar", "Barış", "İbrahim Şahin", "Yılmaz", "Davutoğlu", "Tuğçe", "Gülşen",
        )),
        *((name, "cp850") for name in (
            "Müller", "José", "Jäger", "Françoise", "Köln", "Núñez", "García", "Noël", "Anaïs", "Hélène", "Österreich",
        )),
        *((name, "mac_roman") for name in ("Müller", "José", "Jäger", "Hélène", "François")),
        ("Łukasz", "iso8859-2"), ("Wąsik", "iso8859-2"), ("Świeca", "iso8859-2"),
    ],
)  # fmt: skip
def test_other_european_encodings_are_refused_rather_than_misread(
    tmp_path: Path, name: str, encoding: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(f"path,identity\na/1.jpg,{name}\nb/1.jpg,Ann Lee\n".encode(encoding))
    with pytest.raises(XCosError, match=r"list\.csv is neither in UTF-8 .* save it as UTF-8"):
        read_rows(path)


def test_lines_as_old_macs_end_them_are_not_in_windows_1252(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("path,identity\ra/1.jpg,Köln\r".encode("mac_roman"))
    with pytest.raises(XCosError, match="save it as UTF-8"):
        read_rows(path)


WESTERN = """Jürgen Groß|Käthe Weiß-Müller|Çelik Ümit|Zoë d’Aubigné|François Œuvrard|Lætitia Cœur|Ève|Noël|Anaïs
Hélène Benoît|Ñíguez Muñoz|Mª José Peña|Mª. Ángeles|Nº 5|1ª Dª Ana|¿Quién?|¡Olé!|João Simões|Conceição|Ângela Brandão
Ærø Sørensen|Åse Bjørnstad|Håkon Mæhle|Øystein|Åström|Jörgen Sjö|Fæ|Guðrún Þórðardóttir|Þýskaland|Jón Þ. Þór
Sigþór Steinþórsson|Hallþrúður|Höskuldur Nýbýlavegur|Ýmir Ýr|Sýn|Guðlaugur Aðalsteinn|Böðvar|Jákup Sørvágur|Høgni
Fañch|Müller–Lüdenscheid|„Karl“|‚Karl‘|“Ann”|« Été »|50 €|€ 5|£5|100 m³|20 cm³|20 °C|Marca®|Marca™|§ 5|½ Liter
col·lega|L·lull|O´Brien|foo…bär|Mícheál Ó Séaghdha|Siân|Novotný|Dvorák|Šárka|Ženíšek|ŽIŽEK|ŠÁRKA|Ÿ|LŒTITIA
perché|È vero|caffè|città|Niccolò|Gesù|sì|Tõnis Õunapuu|Piñata|Begoña|España|Iñigo|Ibáñez|Nuñez"""


@pytest.mark.parametrize("name", [n for n in WESTERN.replace("\n", "|").split("|") if n])
def test_what_western_people_write_is_read_in_windows_1252(tmp_path: Path, name: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(f"path;identity\na/1.jpg;{name}\n".encode("cp1252"))
    assert read_rows(path)[1].cells == ("a/1.jpg", name)
