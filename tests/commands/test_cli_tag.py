"""xcos tag: what it changes, lists and refuses."""

import json
from pathlib import Path

import pytest

from core.cli import main


@pytest.fixture
def tag(crops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run(*more: str) -> tuple[int, str, str]:
        code = main(["tag", str(crops), *more, "--cache", str(tmp_path / "kept" / "c.sqlite")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_tags_notes_and_decisions_are_listed(tag, crops: Path) -> None:
    before = {path: path.read_bytes() for path in crops.rglob("*.png")}
    assert tag("ann/1.png", "bob/2.png", "--add", "a, b", "--add", "old")[0] == 0
    tag("--pair", "bob/1.png", "ann/1.png", "--note", "twins?", "--decide", "unsure")
    tag("--identity", "cem", "--add", "old")
    tag("bob/2.png", "--remove", "old")
    listed = json.loads(tag("--list", "--json")[1])
    assert listed == [
        {"kind": "face", "names": ["ann/1.png"], "tags": ["a, b", "old"], "note": None, "decision": None},
        {"kind": "face", "names": ["bob/2.png"], "tags": ["a, b"], "note": None, "decision": None},
        {"kind": "identity", "names": ["cem"], "tags": ["old"], "note": None, "decision": None},
        {"kind": "pair", "names": ["ann/1.png", "bob/1.png"], "tags": [], "note": "twins?", "decision": "unsure"},
    ]  # fmt: skip
    assert tag("bob/2.png", "--undo")[1] == ""
    assert tag("bob/2.png")[1] == 'face bob/2.png: "a, b", old\n'
    assert {path: path.read_bytes() for path in crops.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody.png", "--add", "x"), "nobody.png is no photo"),
        (("--identity", "dan", "--add", "x"), "dan is no identity"),
        (("--pair", "ann/1.png", "b.png", "--add", "x"), "b.png is no photo"),
        (("--add", "x"), "--identity"),
        (("ann/1.png#1", "--add", "x"), "is no photo"),
    ],
)
def test_mistakes_are_one_sentence_and_change_nothing(tag, arguments, said: str) -> None:
    code, out, err = tag(*arguments)
    assert code == 1 and out == "" and said in err and len(err.splitlines()) == 1
    assert json.loads(tag("--list", "--json")[1]) == []


def test_a_gallery_that_is_not_there_has_no_tags_to_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["tag", str(tmp_path / "nowhere"), "--list", "--cache", str(tmp_path / "c.sqlite")]
    assert main(asked) == 1
    assert capsys.readouterr().err == (
        f"xcos: {tmp_path / 'nowhere'} does not exist; choose another folder, photo or CSV.\n"
    )
