"""Photos that change while they are loaded, and names that are no text."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.gallery import opening, pipeline
from core.gallery.cache import Cache
from core.gallery.moved import photo_prints
from core.gallery.opening import crop_of, known_record, open_gallery
from core.gallery.pipeline import FaceMaker, PhotoResult, make_here
from core.progress import Task
from tests.gallery.test_opening import ALIGNED, CountingVerifier, FakeDetector, opened, photos

Making = Callable[..., Iterator[PhotoResult]]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache" / "cache.sqlite")


def swapping(old: Path, new: Path) -> Making:
    """Makes faces after a photo was replaced by another one."""

    def make(maker: FaceMaker, wanted: object, task: Task) -> Iterator[PhotoResult]:
        shutil.copy(new, old)
        yield from make_here(maker, wanted, task)  # type: ignore[arg-type]

    return make


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("hashed_before", [True, False])
def test_a_photo_replaced_before_it_is_decoded_poisons_nothing(
    crops: Path, tmp_path: Path, cache: Cache, aligned: bool, hashed_before: bool
) -> None:
    how = {"settings": GallerySettings(aligned=aligned), "detector": FakeDetector()}
    source = crops if aligned else photos(tmp_path / "photos")
    first, second = sorted(path for path in source.rglob("*.*g") if "dark" not in path.name)[:2]
    other = tmp_path / "other" / "Eve"
    other.mkdir(parents=True)
    shutil.copy(first, other / "same.jpg")
    if hashed_before:  # as what has the size of a known file may be known, too
        cache.put_files([("elsewhere", first.stat().st_size, 0, "a digest")])
    loaded = opened(source, cache, make=swapping(first, second), **how)
    problems = [p for p in loaded.gallery.problems if p.file.startswith("ann/")]
    if hashed_before:
        (problem,) = problems
        assert "changed" in problem.reason and str(first) in problem.reason
    else:
        assert not problems  # what was decoded is what it is now
    from_cache = opened(other.parent, cache, **how)
    anew = opened(other.parent, Cache(tmp_path / "fresh" / "cache.sqlite"), **how)
    np.testing.assert_array_equal(from_cache.features.grid, anew.features.grid)
    again = opened(source, cache, **how)  # the new photo is read next time
    by_photo = dict(zip(again.gallery.index(), again.features.grid, strict=True))
    old, new = (path.relative_to(source).as_posix() for path in (first, second))
    np.testing.assert_array_equal(by_photo[old], by_photo[new])


@pytest.mark.parametrize("damaged", [False, True])
def test_a_new_photo_is_read_once(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    folder = tmp_path / "g" / "Ann"
    folder.mkdir(parents=True)
    for number, colour in enumerate(("red", "green", "blue")):
        Image.new("RGB", (112, 112), colour).save(folder / f"{number}.png")
        with (folder / f"{number}.png").open("ab") as file:
            file.write(bytes(number))  # each has its own size
    if damaged:
        os.truncate(folder / "1.png", 60)
    read: list[str] = []

    def counted(path: Path) -> bytes:
        read.append(path.name)
        return path.read_bytes()

    monkeypatch.setattr(opening, "photo_bytes", counted)
    monkeypatch.setattr(pipeline, "photo_bytes", counted)
    assert len(opened(folder.parent, cache)) == 3 - damaged
    assert sorted({*read}) == ["0.png", "1.png", "2.png"] and len(read) == 3 + damaged
    read.clear()
    opened(folder.parent, cache)
    assert {*read} <= {"1.png"} and len(read) <= 2 * damaged
    prints = photo_prints(folder.parent, cache)
    assert prints.keys() == {f"Ann/{number}.png" for number in range(3)}


def test_copies_among_new_photos_are_computed_once(tmp_path: Path, cache: Cache) -> None:
    verifier = CountingVerifier()
    (tmp_path / "g" / "Ann").mkdir(parents=True)
    Image.new("RGB", (112, 112), "red").save(tmp_path / "g" / "Ann" / "1.png")
    shutil.copy(tmp_path / "g" / "Ann" / "1.png", tmp_path / "g" / "Ann" / "2.png")
    assert len(opened(tmp_path / "g", cache, verifier)) == 2 and verifier.crops == 1


def test_a_change_that_keeps_size_and_time_is_found_in_the_end(
    tmp_path: Path, cache: Cache
) -> None:
    path = tmp_path / "g" / "Ann" / "1.bmp"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (112, 112), "red").save(path)
    opened(tmp_path / "g", cache)
    state = path.stat()
    Image.new("RGB", (112, 112), "blue").save(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    other = CountingVerifier()
    other.fingerprint = "another model"
    first = opened(tmp_path / "g", cache, other)
    assert not len(first) and "changed" in first.gallery.problems[0].reason
    again = opened(tmp_path / "g", cache, other)
    assert not again.gallery.problems
    np.testing.assert_allclose(again.features.grid[0, :3, 0, 0], [-127, -127, 128])


def test_a_crop_is_not_made_of_another_photo(tmp_path: Path, cache: Cache) -> None:
    folder = photos(tmp_path / "photos")
    loaded = opened(folder, cache, settings=GallerySettings(), detector=FakeDetector())
    face = loaded.gallery.faces[0]
    kept = Cache(tmp_path / "other" / "cache.sqlite")
    expected = crop_of(face, folder, cache)
    np.testing.assert_array_equal(crop_of(face, folder, kept), expected)
    shutil.copy(folder / "bob" / "b.jpg", folder / face.photo)
    with pytest.raises(XCosError, match="changed after loading"):
        crop_of(face, folder, Cache(tmp_path / "third" / "cache.sqlite"))
    with pytest.raises(XCosError, match="is not there"):
        known_record(folder / "gone.jpg", cache)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have text only as names")
def test_a_name_that_is_no_utf8_loses_nothing(crops: Path, cache: Cache) -> None:
    os.rename(os.fsencode(crops / "ann"), os.fsencode(crops) + b"/Jos\xe9")
    os.rename(os.fsencode(crops / "cem" / "1.png"), os.fsencode(crops / "cem") + b"/K\xf6ln.png")
    verifier = CountingVerifier()
    for _ in range(2):
        loaded = opened(crops, cache, verifier)
        assert not loaded.gallery.problems
        assert [face.identity for face in loaded.gallery.faces] == [
            "bob", "bob", "cem", "José", "José", "José"
        ]  # fmt: skip
    assert verifier.crops == 6
    for face in loaded.gallery.faces:
        assert crop_of(face, crops, cache).shape == (112, 112, 3)
    inside = open_gallery(
        Path(os.fsdecode(os.fsencode(crops) + b"/Jos\xe9")),
        verifier=verifier,
        cache=cache,
        settings=ALIGNED,
    )
    assert len(inside) == 3 and verifier.crops == 6


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
def test_a_pipe_among_photos_is_a_problem(crops: Path, cache: Cache) -> None:
    os.mkfifo(crops / "ann" / "pipe.jpg")
    loaded = opened(crops, cache)
    (problem,) = loaded.gallery.problems
    assert problem.file == "ann/pipe.jpg" and "pipe" in problem.reason and len(loaded) == 6
