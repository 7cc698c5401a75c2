"""Files appear whole or not at all, under names that nobody can lay a link for."""

import os
import stat
import time
from pathlib import Path

import pytest

from core.files import folder_written_whole, kept_aside, written_whole


def test_an_earlier_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(KeyboardInterrupt), written_whole(file) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert file.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]
    with written_whole(file) as part:
        part.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new" and os.listdir(tmp_path) == ["a.txt"]


def test_part_is_new_of_an_unforeseeable_name_in_the_same_folder(tmp_path: Path) -> None:
    seen = set()
    for _ in range(3):
        with written_whole(tmp_path / "a.txt") as part:
            assert part.parent == tmp_path and part.stat().st_size == 0
            seen.add(part.name)
    assert len(seen) == 3


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
@pytest.mark.parametrize("laid", ["a.txt.part", ".xcos-{pid}-{token}.part"])
def test_a_link_laid_for_the_part_is_never_followed(
    tmp_path: Path, laid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.files.secrets.token_hex", lambda _: "0" * 16)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / laid.format(pid=os.getpid(), token="0" * 16)).symlink_to(precious)
    try:
        with written_whole(tmp_path / "a.txt") as part:
            part.write_text("other")
    except FileExistsError:
        pass
    assert precious.read_text() == "precious"


@pytest.mark.skipif(os.name == "nt", reason="a system with permission bits")
def test_permissions_of_what_is_replaced_stay(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("secret")
    for mode in (0o600, 0o444, 0o640):
        file.chmod(mode)
        with written_whole(file) as part:
            part.write_text("more")
        assert stat.S_IMODE(file.stat().st_mode) == mode and file.read_text() == "more"


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    dead = 2**22 + 1  # above the largest process id of any Linux
    left = tmp_path / f".xcos-{dead}-{'0' * 16}.part"
    fresh = tmp_path / f".xcos-{dead}-{'1' * 16}.part"
    living = tmp_path / f".xcos-{os.getpid()}-{'2' * 16}.part"
    others = tmp_path / "photo.part"
    for path in (left, fresh, living, others):
        path.write_text("x")
        if path != fresh:
            os.utime(path, (time.time() - 3600,) * 2)
    with written_whole(tmp_path / "a.txt") as part:
        part.write_text("new")
    assert not left.exists() and fresh.exists() and living.exists() and others.exists()


def test_long_names_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / ("a" * 251 + ".txt")
    with written_whole(file) as part:
        part.write_text("x")
    assert file.read_text() == "x"


def test_each_damaged_content_is_kept_once(tmp_path: Path) -> None:
    file = tmp_path / "p.xcos"
    for content in (b"one", b"one", b"two", b"two", b"three"):
        assert kept_aside(file, content) == tmp_path / "p.damaged.xcos"
        assert (tmp_path / "p.damaged.xcos").read_bytes() == content
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert kept == {
        "p.damaged-2.xcos": b"one",
        "p.damaged-3.xcos": b"two",
        "p.damaged.xcos": b"three",
    }


def test_folders_appear_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    with pytest.raises(ValueError, match="no"), folder_written_whole(folder) as part:
        (part / "a").write_text("x")
        raise ValueError("no")
    assert os.listdir(folder.parent) == []
    folder.mkdir()  # an empty one may be there
    with folder_written_whole(folder) as part:
        (part / "a").write_text("x")
    assert os.listdir(folder.parent) == ["out"] and (folder / "a").read_text() == "x"
