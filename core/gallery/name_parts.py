"""Columns of a list that together say what a person is called."""

import re
from collections.abc import Collection, Sequence

from core.csv_files import Row

GIVEN = {
    "ad", "adı", "etunimi", "firstname", "fname", "forename", "fornavn", "förnamn", "givenname",
    "imie", "imię", "jmeno", "jméno", "nombre", "nombres", "nome", "prenom", "prénom", "utónév",
    "voornaam", "vorname", "имя"
}  # fmt: skip
MIDDLE = {"infix", "middlename", "mname", "patronymic", "tussenvoegsel", "отчество"}
SURNAME = {
    "achternaam", "apelido", "apellido", "apellidos", "cognome", "efternamn", "efternavn",
    "etternavn", "familienname", "familyname", "lastname", "lname", "nachname",
    "nazwisko", "nom", "nomdefamille", "prijmeni", "primerapellido", "příjmení", "segundoapellido",
    "sobrenome", "soyad", "soyadı", "sukunimi", "surname", "vezetéknév", "zuname", "фамилия"
}  # fmt: skip
NAME = "name"  # the whole one, or the part that stands beside the other
PERHAPS = re.compile("name|naam|namn|navn")  # within a head that may be of a part


def name_parts(head: Row, photos: Collection[int]) -> tuple[int, ...]:
    """Places of the parts of a person's name, the given name first; empty where not both are there."""
    given, middle, surname, whole = (
        [at for at, word in enumerate(map(_word, head.cells)) if at not in photos and word in words]
        for words in (GIVEN, MIDDLE, SURNAME, {NAME})
    )
    if whole and given and surname:  # a whole name beside its parts
        return ()
    if whole and not given:
        given = whole[:1]
    elif whole:
        surname = whole[:1]
    return (*given, *middle, *surname) if given and surname else ()


def may_be_part(head: Row, rows: Sequence[Row], name: int, used: Collection[int]) -> bool:
    """Whether a column beside a plain `name` may be of another part: people of one name differ in it."""
    if _word(head.cell(name)) != NAME:
        return False
    others = [
        at
        for at, word in enumerate(map(_word, head.cells))
        if at not in used and word != NAME and PERHAPS.search(word)
    ]
    for at in others:
        first: dict[str, str] = {}
        if any(first.setdefault(row.cell(name), row.cell(at)) != row.cell(at) for row in rows):
            return True
    return False


def _word(head: str) -> str:
    """A head without joints and a number behind: Apellido_2 is an apellido."""
    return re.sub(r"[\W\d_]+", "", head.casefold())
