"""What is not known is null in JSON and empty in CSV, in whichever way a command writes it."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Ask
from tests.weights import other_weights

COMMANDS = {
    "score": "",
    "fragile": "",
    "people": "",
    "identify": "--fusion mean",
    "groups": "--by sex",
    "conditions": "",
    "conditions by a condition": "--by sharpness",
    "slices": "",
    "worth": "--thresholds eer",
    "two-models": "--other {other}",
    "labels": "",
    "report": "",
}

LINES = ("score", "fragile", "report")  # whose JSON is a line a row


@pytest.fixture
def gallery(crops: Path, tmp_path: Path) -> Path:
    """cem is alone in her group, has one photo, and a face has no name and no group."""
    sexes = {"ann": "f", "bob": "f", "cem": "m"}
    photos = sorted(crops.rglob("*.png"))
    lines = [f"{photo},{photo.parent.name},{sexes[photo.parent.name]}" for photo in photos]
    lines[0] = f"{photos[0]},,"
    path = tmp_path / "gallery.csv"
    path.write_text("\n".join(["path,identity,sex", *lines, ""]))
    return path


def cells(value: Any) -> Iterator[Any]:
    """All plain values in one."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from cells(inner)
    else:
        yield value


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_not_known_is_null_in_json_and_empty_in_csv(
    ask_for: Ask, gallery: Path, tmp_path: Path, name: str
) -> None:
    command, *more = name.split()[0], *COMMANDS[name].split()
    other = other_weights(tmp_path / "other.safetensors")
    asked = [command, gallery, *(word.format(other=other) for word in more)]
    listed = tmp_path / f"out.{'jsonl' if command in LINES else 'json'}"
    for path in (tmp_path / "out.csv", listed):
        assert ask_for(*asked, "-o", path).code == 0
    text = listed.read_text()
    told = [*map(json.loads, text.splitlines())] if command in LINES else json.loads(text)
    assert "" not in [*cells(told)]
    with (tmp_path / "out.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert not {"nan", "None"} & {cell for row in table for cell in row.values()}
    if isinstance(told, list):
        gone = [{key for key, value in row.items() if value is None} for row in told]
        assert gone == [{key for key, value in row.items() if value == ""} for row in table]
