"""What a file holds, by its digest."""

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.digests import digest_is_known, file_digest


def test_a_digest_is_that_of_the_bytes_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    assert not digest_is_known(path)
    for content in (b"one", b"another"):
        path.write_bytes(content)
        assert not digest_is_known(path)
        assert file_digest(path) == hashlib.sha256(content).hexdigest()
        assert digest_is_known(path)
    with pytest.raises(OSError, match="nothing"):
        file_digest(tmp_path / "nothing")


def test_files_of_one_size_that_were_written_at_once_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk's clock ticks some hundred times a second: two files may have all their times alike."""
    same = SimpleNamespace(st_size=3, st_mtime_ns=7, st_ctime_ns=8)
    monkeypatch.setattr(os, "fstat", lambda _: same)
    for content in (b"one", b"two"):
        (tmp_path / content.decode()).write_bytes(content)
    found = [file_digest(tmp_path / name) for name in ("one", "two")]
    assert found == [hashlib.sha256(content).hexdigest() for content in (b"one", b"two")]
