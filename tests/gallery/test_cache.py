"""The cache gives back what was put in, or nothing: whatever happened to the file."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.faces.face import Detection
from core.gallery.cache import Cache, PhotoRecord, default_cache, packed_crop
from core.gallery.cache_rows import checksum

PATHS = ["/g/a.jpg", os.fsdecode(b"/g/\xe9\xff.jpg")]
LATE = 2**63  # ns; a file of the year 2262


def found(number: int) -> Detection:
    box = np.arange(4, dtype=np.float32) + number
    return Detection(box, np.arange(10, dtype=np.float32).reshape(5, 2) + number, 0.75)


class Kept:
    """Two rows of each sort."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.crops = {d: rng.integers(0, 256, (112, 112, 3), np.uint8) for d in "ab"}
        self.grids = {d: rng.normal(size=(32, 7, 7)).astype(np.float32) for d in "ab"}
        self.vectors = {d: rng.normal(size=8).astype(np.float32) for d in "ab"}

    def put(self, cache: Cache) -> None:
        cache.put_files([(path, 5, LATE + n, "ab"[n]) for n, path in enumerate(PATHS)])
        cache.put_photos({d: PhotoRecord(9, 8, (found(n),)) for n, d in enumerate("ab")})
        cache.put_crops({d: packed_crop(crop) for d, crop in self.crops.items()})
        cache.put_features("m", [(d, self.grids[d], self.vectors[d]) for d in "ab"])
        cache.put_targets("m", self.vectors.items())

    def count_right(self, cache: Cache) -> dict[str, int]:
        """How many rows of each table come back, all of them as they were put."""
        files = cache.files(PATHS)
        for n, path in enumerate(PATHS):
            assert files.get(path, (5, LATE + n, "ab"[n])) == (5, LATE + n, "ab"[n])
        photos = cache.photos(["a", "b"])
        for digest, record in photos.items():
            assert (record.width, record.height, len(record.detections)) == (9, 8, 1)
            for name in ("box", "landmarks", "probability"):
                wanted = getattr(found("ab".index(digest)), name)
                np.testing.assert_array_equal(getattr(record.detections[0], name), wanted)
        crops = {d: crop for d in "ab" if (crop := cache.crop(d)) is not None}
        features, targets = cache.features("m", ["a", "b"]), cache.targets("m", ["a", "b"])
        for digest, (grid, vector) in features.items():
            np.testing.assert_array_equal(grid, self.grids[digest])
            np.testing.assert_array_equal(vector, self.vectors[digest])
        for digest in crops:
            np.testing.assert_array_equal(crops[digest], self.crops[digest])
        for digest in targets:
            np.testing.assert_array_equal(targets[digest], self.vectors[digest])
        several = {"files": files, "photos": photos, "crops": crops, "features": features}
        return {name: len(rows) for name, rows in several.items()} | {"targets": len(targets)}


KEPT = Kept()
ALL = dict.fromkeys(("files", "photos", "crops", "features", "targets"), 2)
DEEP = "[" * 100_000
COLUMNS = [
    (table, column)
    for table, columns in {
        "files": ("path", "size", "mtime", "digest", "checksum"),
        "photos": ("width", "height", "detections", "checksum"),
        "crops": ("png", "checksum"),
        "features": ("grid", "embedding", "checksum"),
        "targets": ("embedding", "checksum"),
    }.items()
    for column in columns
]


def filled(path: Path) -> Path:
    cache = Cache(path)
    KEPT.put(cache)
    cache.close()
    return path


def test_the_user_s_own_cache_is_a_file_in_a_folder_of_ours() -> None:
    path = default_cache()
    assert path.name == "cache.sqlite" and not path.exists()
    KEPT.put(Cache(path))
    assert path.is_file()


def test_all_comes_back(tmp_path: Path) -> None:
    cache = Cache(filled(tmp_path / "c.sqlite"))
    assert KEPT.count_right(cache) == ALL and cache.warnings == []


@pytest.mark.parametrize(("table", "column"), COLUMNS)
@pytest.mark.parametrize("value", [None, "x", b"\0", b"\xff\xfe", -1, 1e300, DEEP, "", "NaN"])
def test_a_damaged_value_is_not_there_and_can_be_put_anew(
    tmp_path: Path, table: str, column: str, value: Any
) -> None:
    path = filled(tmp_path / "c.sqlite")
    with sqlite3.connect(path) as file:
        first = f"SELECT min({'path' if table == 'files' else 'digest'}) FROM {table}"
        key = "path" if table == "files" else "digest"
        file.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ({first})", (value,))
    file.close()
    cache = Cache(path)
    assert KEPT.count_right(cache) == ALL | {table: 1}
    KEPT.put(cache)
    assert KEPT.count_right(cache) == ALL and cache.warnings == []


def test_values_of_other_rows_are_not_taken(tmp_path: Path) -> None:
    path = filled(tmp_path / "c.sqlite")
    with sqlite3.connect(path) as file:
        file.execute("UPDATE crops SET png = (SELECT png FROM crops WHERE digest = 'a')")
        file.execute("UPDATE features SET grid = (SELECT grid FROM features WHERE digest = 'a')")
        file.execute("UPDATE photos SET detections = '[]' WHERE digest = 'b'")
    file.close()
    count = KEPT.count_right(Cache(path))
    assert count == ALL | {"crops": 1, "features": 1, "photos": 1}


BOX, MARKS = [1.0, 2.0, 3.0, 4.0], [[1.0, 2.0]] * 5


@pytest.mark.parametrize(
    ("table", "row"),
    [
        *[
            ("photos", ("b", 9, 8, json.dumps(said)))
            for said in (
                None,
                [[]],
                [[BOX[:2], MARKS, 0.9]],
                [[BOX, MARKS[:1], 0.9]],
                [[[float("nan"), *BOX[1:]], MARKS, 0.9]],
                [[BOX, [[1.0, float("inf")]] * 5, 0.9]],
                [[BOX, MARKS, 1.5]],
                [[BOX, MARKS, None]],
                {"a": 1},
            )
        ],
        ("photos", ("b", 9, 8, DEEP)),
        ("photos", ("b", 0, 8, "[]")),
        ("photos", ("b", 9, -8, "[]")),
        ("crops", ("b", b"\0")),
        ("crops", ("b", packed_crop(np.zeros((8, 8, 3), np.uint8)))),
        ("features", ("b", "m", np.full(1568, np.nan, np.float32).tobytes(), None)),
        ("features", ("b", "m", b"\0" * 100, None)),
        ("features", ("b", "m", np.zeros(1568, np.float32).tobytes(), b"\0" * 3)),
        ("features", ("b", "m", None, None)),
        ("targets", ("b", "m", np.full(8, np.inf, np.float32).tobytes())),
        ("targets", ("b", "m", b"")),
        ("targets", ("b", "m", None)),
    ],
)
def test_rows_that_hold_but_are_of_no_use_are_not_there(
    tmp_path: Path, table: str, row: tuple
) -> None:
    """As a program with a fault of its own, or a model without finite numbers, would write them."""
    path = filled(tmp_path / "c.sqlite")
    with sqlite3.connect(path) as file:
        whole = (*row, checksum(row))
        marks = ", ".join("?" * len(whole))
        file.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", whole)
    file.close()
    assert KEPT.count_right(Cache(path)) == ALL | {table: 1}


def test_embeddings_of_another_length_than_most_are_not_there(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "c.sqlite")
    grid, vector = KEPT.grids["a"], KEPT.vectors["a"]
    cache.put_targets("m", [("a", vector), ("b", vector), ("c", vector[:4])])
    cache.put_features("m", [("a", grid, vector), ("b", grid, vector), ("c", grid, None)])
    assert cache.targets("m", list("abc")).keys() == {"a", "b"}
    assert cache.features("m", list("abc")).keys() == {"a", "b"}
    cache.put_features("n", [("a", grid, None)])  # a model without a fully connected head
    assert cache.features("n", ["a"])["a"][1] is None


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE crops",
        "DROP TABLE about",
        "DELETE FROM about",
        "INSERT INTO about VALUES (1)",
        "ALTER TABLE features DROP COLUMN embedding",
        "ALTER TABLE files ADD COLUMN more",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER t BEFORE INSERT ON crops BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
)
def test_other_tables_are_made_anew_once(tmp_path: Path, change: str) -> None:
    path = filled(tmp_path / "c.sqlite")
    with sqlite3.connect(path) as file:
        file.execute(change)
    file.close()
    cache = Cache(path)
    assert len(cache.warnings) == 1 and "built anew" in cache.warnings[0]
    KEPT.put(cache)
    cache.close()
    again = Cache(path)
    assert again.warnings == [] and KEPT.count_right(again) == ALL


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(st.data())
def test_any_damage_of_the_file_is_survived(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "c.sqlite"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    content = bytearray(filled(path).read_bytes())
    pages = len(content) // 4096
    kind = data.draw(st.sampled_from(["cut", "header", "page's head", "page", "bytes"]))
    if kind == "cut":
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    elif kind == "header":
        content[data.draw(st.integers(0, 99))] = data.draw(st.integers(0, 255))
    elif kind == "page's head":
        at = 4096 * data.draw(st.integers(0, pages - 1)) + data.draw(st.integers(0, 11))
        content[at] = data.draw(st.integers(0, 255))
    elif kind == "page":
        at = 4096 * data.draw(st.integers(0, pages - 1))
        content[at : at + 4096] = data.draw(st.sampled_from([bytes(4096), content[:4096]]))
    else:
        for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=20)):
            content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    cache = Cache(path)
    KEPT.count_right(cache)  # nothing wrong comes back
    KEPT.put(cache)  # where damage is found only now, all is made anew
    KEPT.put(cache)
    assert KEPT.count_right(cache) == ALL
    cache.close()


@pytest.mark.parametrize(("byte", "value"), [(3, 1), (4, 0), (4, 5), (5, 255), (8, 1)])
def test_a_page_that_counts_its_rows_wrong_is_found_when_opened(
    tmp_path: Path, byte: int, value: int
) -> None:
    """Writing over such a page does not mend it: a row would be missed for ever."""
    path = tmp_path / "c.sqlite"
    content = filled(path).read_bytes()
    for page in range(1, len(content) // 4096):
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        damaged = bytearray(content)
        damaged[4096 * page + byte] = value
        path.write_bytes(damaged)
        cache = Cache(path)
        KEPT.count_right(cache)
        KEPT.put(cache)
        assert KEPT.count_right(cache) == ALL, page
        cache.close()


def test_grid_features_may_have_more_channels(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.sqlite")
    grid = np.random.default_rng(0).normal(size=(96, 7, 7)).astype(np.float32)
    odd = grid[:40]
    cache.put_features("wide", [("a", grid, None), ("b", grid, None), ("c", odd, None)])
    found = cache.features("wide", ["a", "b", "c"])
    assert sorted(found) == ["a", "b"]  # 40 channels no model has
    np.testing.assert_array_equal(found["a"][0], grid)
    cache.close()


def _sqlite_of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE bookmarks (address TEXT)")
        file.execute("INSERT INTO bookmarks VALUES ('here')")
    file.close()


@pytest.mark.parametrize("name", ["scores.csv", "photo.png", "places.sqlite", "short", "long.txt"])
def test_a_file_that_is_no_cache_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    """`--cache` with a wrong name must not cost the user a photo, a table or another's database."""
    path = tmp_path / name
    if name == "places.sqlite":
        _sqlite_of_another_program(path)
    elif name == "photo.png":
        Image.new("RGB", (8, 8)).save(path)
    else:
        path.write_text(
            {"scores.csv": "a,b\n1,2\n", "short": "x"}.get(name, "CREATE TABLE\n" * 999)
        )
    before = path.read_bytes()
    cache = Cache(path)
    assert len(cache.warnings) == 1
    assert str(path) in cache.warnings[0] and "name another file" in cache.warnings[0]
    KEPT.put(cache)
    assert KEPT.count_right(cache) == ALL  # from memory
    cache.close()
    assert path.read_bytes() == before
    assert [kept.name for kept in tmp_path.iterdir()] == [name]


def test_a_cache_whose_tables_stand_only_in_the_log_is_shared(tmp_path: Path) -> None:
    first = Cache(tmp_path / "c.sqlite")
    KEPT.put(first)
    second = Cache(tmp_path / "c.sqlite")
    assert second.warnings == [] and KEPT.count_right(second) == ALL
    second.close()
    first.close()


def test_the_program_s_own_file_is_made_anew_whatever_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.gallery.cache.default_cache", lambda: tmp_path / "cache.sqlite")
    (tmp_path / "cache.sqlite").write_text("rubbish")
    assert "built anew" in Cache().warnings[0]


def test_a_cache_whose_tables_have_garbled_names_is_built_anew(tmp_path: Path) -> None:
    """SQLite quotes the name in its sentence, which Python cannot decode then."""
    path = tmp_path / "c.sqlite"
    Cache(path).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = DELETE")
    content = path.read_bytes()
    for name in (b"CREATE TABLE about", b"CREATE TABLE files"):
        assert content.count(name) == 1
        path.write_bytes(content.replace(name, name[:-4] + b"\xd4 \xd4)"))
        with closing(Cache(path)) as cache:
            (told,) = cache.warnings
            assert told.startswith(f"The cache {path} was built anew, since ")
        with closing(Cache(path)) as cache:
            assert cache.warnings == []
