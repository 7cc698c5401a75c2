"""Configs with anything in them: read and written alike, or refused in a short sentence."""

import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import XCosError
from core.training.checks import contradiction
from core.training.config import (
    DataConfig,
    ModelConfig,
    TrainConfig,
    missing_paths,
    parse_config,
    read_config,
    write_config,
)

PATH = Path("/runs/c.toml")
LONG = "a" * 5000
DEFAULTS = TrainConfig()
SETTINGS = [
    (group.name, setting.name)
    for group in fields(TrainConfig)
    if hasattr(getattr(DEFAULTS, group.name), "__dataclass_fields__")
    for setting in fields(getattr(DEFAULTS, group.name))
]
VALUES = [
    "0", "-1", "1e308", "1e400", "nan", "inf", "-inf", "true", '""', '"x"', "[]", "[[1]]", "{}",
    "{a=1}", "9" * 30, "9" * 400, "9" * 5000, f'"{LONG}"', f'["{LONG}"]', "1979-05-27T07:32:00Z",
    "[1979-05-27]", '[1, "a"]', '"../../etc"', '"\\u0000"', '["a\\u0000b"]', '"~nobody-at-all/x"',
    '["~nobody-at-all"]', '"a\\nb"', "[" * 300 + "]" * 300, "[" * 50_000 + "]" * 50_000,
    '{ "a b" = 1, "c.d" = [07:32:00] }', '{ "" = { x = nan } }', '"\\u007f\U0001f600"',
]  # fmt: skip


@pytest.mark.parametrize(("group", "name"), SETTINGS)
def test_any_value_is_kept_or_refused_in_one_short_sentence(group: str, name: str) -> None:
    for value in VALUES:
        try:
            config = parse_config(f"[{group}]\n{name} = {value}", PATH)
        except XCosError as error:
            said = str(error)
            assert said.startswith(str(PATH)) and len(said) < 300 and "\n" not in said, value
            assert f"{group}.{name}" in said or "TOML" in said or "deep" in said or "digits" in said
            continue
        text = write_config(config)
        assert write_config(parse_config(text, Path("/elsewhere/d.toml"))) == text
        for sentence in missing_paths(config):
            assert len(sentence) < 400 and "\n" not in sentence
        contradiction(config, 1)


def kind_of(group: str, name: str) -> type:
    return type(getattr(getattr(DEFAULTS, group), name))


NUMBERS = [(group, name) for group, name in SETTINGS if kind_of(group, name) in (int, float)]
# A part of something, so never more than all of it.
SHARES = [
    "losses.hard", "locality.hidden", "augmentation.grey", "augmentation.blur",
    "augmentation.occlusion", "augmentation.mix", "optimisation.labelled_share",
    "optimisation.partner_share", "optimisation.average",
]  # fmt: skip
COSINE = ("losses", "alike")


@pytest.mark.parametrize(("group", "name"), NUMBERS)
def test_no_setting_is_negative_and_a_cosine_is_one(group: str, name: str) -> None:
    values = ("-1", "-1e-9") if kind_of(group, name) is float else ("-1",)
    for value in ("-1.001", "1.001") if (group, name) == COSINE else values:
        with pytest.raises(XCosError, match=f"{group}.{name}"):
            parse_config(f"[{group}]\n{name} = {value}", PATH)


@pytest.mark.parametrize("share", SHARES)
def test_no_share_is_more_than_all(share: str) -> None:
    group, name = share.split(".")
    parse_config(f"[{group}]\n{name} = 1.0", PATH)
    with pytest.raises(XCosError, match=share):
        parse_config(f"[{group}]\n{name} = 1.0001", PATH)


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG} = 1",
        f'["{LONG}"]\n["{LONG}"]',
        '"a\\nb" = 1',
        "[" + "a." * 3000 + "a]",
        "\0",
        "x = 1\nx = 2",
        "name = " + "{a=" * 5000 + "1" + "}" * 5000,
    ],
)
def test_any_text_is_refused_in_one_short_sentence(text: str) -> None:
    with pytest.raises(XCosError) as caught:
        parse_config(text, PATH)
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[data]\nexclude = "a\\u0000b"', "data.exclude is 'a\\x00b', which no file can be called"),
        ('[target]\nweights = "~nobody-at-all/x"', "there is no such user"),
        ("[locality]\nlaw = 5", "locality.law is 5; choose one of additive, robust"),
        ("[locality]\nhidden = 1.5", "locality.hidden is 1.5; give at least 0 and at most 1"),
        ("[losses]\nmap_weight = " + "9" * 400, "losses.map_weight is inf; give a finite number"),
        ("[optimisation]\nsteps = " + "9" * 30, "give at most 9223372036854775807"),
        ("[optimisation]\nmilestones = [" + "9" * 30 + "]", "give at most 9223372036854775807"),
        ("name = " + "9" * 5000, "has a number of too many digits"),
        ("a = " + "[" * 50_000, "brackets too deep"),
        ("[model]\noptions = {a = " + "[" * 40 + "]" * 40 + "}", "model.options has brackets"),
        ("[model]\noptions = {a = [1, " + "[" * 40 + "]" * 40 + "]}", "model.options has brackets"),
    ],
)
def test_what_is_wrong_is_said(text: str, wanted: str) -> None:
    with pytest.raises(XCosError) as caught:
        parse_config(text, PATH)
    assert wanted in str(caught.value)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = TEXT.filter(
    lambda text: text.strip() not in ("", ".", "..") and not set(text) & set("/\\\0")
)
OPTIONS = st.dictionaries(
    TEXT,
    st.recursive(
        st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | TEXT
        | st.dates() | st.times() | st.datetimes(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)  # fmt: skip


@given(NAMES, OPTIONS)
def test_what_is_written_is_read_as_the_same(name: str, options: dict[str, Any]) -> None:
    config = TrainConfig(name=name, model=ModelConfig(options=options))
    assert parse_config(write_config(config), PATH) == config
    assert tomllib.loads(write_config(config))["model"]["options"] == options


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b", "a\\\\b", "/tmp/x"])
def test_a_run_s_name_is_that_of_a_file(name: str) -> None:
    with pytest.raises(XCosError, match=r"name is .*, which no file can be called"):
        parse_config(f'name = "{name}"', PATH)


def test_a_mark_of_the_encoding_is_read_over(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('name = "x"', encoding="utf-8-sig")
    assert read_config(file).name == "x"


def test_a_path_that_is_no_text_is_told() -> None:
    config = TrainConfig(data=DataConfig(exclude=Path(os.fsdecode(b"/a/\xe9.txt"))))
    with pytest.raises(XCosError, match="no text"):
        write_config(config)


def test_a_loop_of_links_is_no_folder_that_exists(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    config = TrainConfig(data=DataConfig(exclude=loop))
    assert str(loop) in write_config(config)
    assert f"data.exclude names {loop}, which does not exist." in missing_paths(config)
