"""Features that a process of its own computes."""

from collections.abc import Iterator
from contextlib import closing
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest

from core.errors import Stopped, XCosError
from core.faces.choose import GallerySettings
from core.gallery import pipeline_process as worker
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import open_gallery
from core.gallery.pipeline_process import MakerProcess
from core.model.verifier import Verifier
from core.progress import Task


@pytest.fixture(scope="module")
def process() -> Iterator[MakerProcess]:
    found = MakerProcess()
    yield found
    found.close()


def opened(
    process: MakerProcess, crops: Path, weights: Path, cache: str = "c.sqlite", **more: object
) -> LoadedGallery:
    return open_gallery(
        crops,
        verifier=Verifier(weights, "cpu"),
        cache=Cache(crops.parent / cache),
        settings=GallerySettings(aligned=True),
        make=process.make,
        **more,  # type: ignore[arg-type]
    )


def test_another_process_computes_the_same(
    process: MakerProcess, crops: Path, tiny_weights: Path
) -> None:
    (crops / "cem" / "bad.png").write_bytes(b"no picture")
    found = opened(process, crops, tiny_weights)
    here = open_gallery(
        crops,
        verifier=Verifier(tiny_weights, "cpu"),
        cache=Cache(crops.parent / "here.sqlite"),
        settings=GallerySettings(aligned=True),
    )
    assert [f.key for f in found.gallery.faces] == [f.key for f in here.gallery.faces]
    assert found.gallery.problems == here.gallery.problems and len(found.gallery.problems) == 1
    np.testing.assert_allclose(found.features.grid, here.features.grid, atol=1e-6)
    cache = Cache(crops.parent / "c.sqlite")
    assert any(cache.crop(face.digest) is not None for face in here.gallery.faces)


def test_stop_ends_it_and_it_goes_on(
    process: MakerProcess, crops: Path, tiny_weights: Path
) -> None:
    asked = 0

    def later() -> bool:
        nonlocal asked
        asked += 1
        return asked > 7  # after the six photos' digests

    for number in range(200):
        (crops / "ann" / f"more{number}.png").write_bytes(
            (crops / "ann" / "1.png").read_bytes() + bytes([number])
        )
    with pytest.raises(Stopped, match=r"^Loading the gallery was stopped\.$"):
        opened(process, crops, tiny_weights, task=Task(stopped=later))
    assert len(opened(process, crops / "bob", tiny_weights)) == 2


def test_errors_arrive_as_they_are(
    process: MakerProcess, crops: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.safetensors"
    gone.write_bytes(tiny_weights.read_bytes())
    verifier = Verifier(gone, "cpu")
    gone.unlink()
    with pytest.raises(XCosError, match=r"gone\.safetensors"):
        open_gallery(
            crops,
            verifier=verifier,
            cache=Cache(tmp_path / "e.sqlite"),
            settings=GallerySettings(aligned=True),
            make=process.make,
        )


def test_a_process_that_dies_is_told_and_replaced(
    process: MakerProcess, crops: Path, tiny_weights: Path
) -> None:
    opened(process, crops, tiny_weights)
    assert process._process is not None

    def kill() -> bool:
        assert process._process is not None
        process._process.kill()
        return False

    with pytest.raises(XCosError, match="has ended, perhaps since the memory was full"):
        opened(process, crops, tiny_weights, "killed.sqlite", task=Task(stopped=kill))
    assert len(opened(process, crops, tiny_weights, "killed.sqlite")) == 6


def test_a_process_that_cannot_start_is_told_in_a_sentence(
    process: MakerProcess, crops: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    process.close()
    with monkeypatch.context() as patch:
        patch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
        with pytest.raises(XCosError, match="has ended, perhaps since the memory was full"):
            opened(process, crops, tiny_weights, "refused.sqlite")
    assert len(opened(process, crops, tiny_weights, "refused.sqlite")) == 6


def test_the_memory_is_freed_after_many_photos(
    process: MakerProcess, crops: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "KEPT_TO", 3)
    opened(process, crops / "bob", tiny_weights)
    assert process._process is not None
    opened(process, crops, tiny_weights)
    assert process._process is None


def test_a_stop_does_not_wait_for_a_process_that_never_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a window whose process is stuck could not be closed, nor interrupted."""
    ours, theirs = Pipe()
    monkeypatch.setattr(MakerProcess, "_started", lambda self: ours)
    monkeypatch.setattr("core.gallery.pipeline_process.GRACE", 0.2)
    with closing(MakerProcess()) as process:
        with pytest.raises(Stopped):
            list(process.make(None, [], Task(stopped=lambda: True)))  # type: ignore[arg-type]
        assert theirs.recv() == (None, []) and theirs.recv() == "stop"
        assert not process._lock.locked()
    theirs.close()
