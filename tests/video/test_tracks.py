"""Tracks of a video and their scores, on a little film of the sample gallery."""

import csv
import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.errors import XCosError
from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.gallery.opening import open_gallery
from core.model.attention_weights import read_head
from core.model.card import find_weights, read_card
from core.model.verifier import Verifier
from core.progress import Task
from core.resources import resource_path
from core.scoring.engine import PairEngine
from core.video.track_scores import score_tracks
from core.video.tracks import VideoTracks, follow, write_tracks
from tests.living import crop
from tests.videos import story, write_video

OBAMA = resource_path("sample", "Barack Obama", "obama_1.jpg")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> VideoTracks:
    path = write_video(tmp_path_factory.mktemp("film") / "film.mkv", story())
    return follow(path, Verifier(find_weights(), "cpu"), every=3)


def test_one_track_a_person_across_cuts(film: VideoTracks) -> None:
    obama, biden = film.tracks
    assert [face.frame for face in obama.faces] == [0, 3, 6, 9, 12, 15]
    assert [face.frame for face in biden.faces] == [6, 9]
    assert biden.faces[0].seconds == pytest.approx(0.6)
    for face in biden.faces:  # he stands on the left
        assert face.detection is not None and face.detection.box[0] < 160 < 320
    assert film.frames == 6 and not film.problems


def test_scores_are_those_of_the_faces_and_of_their_mean(film: VideoTracks, tmp_path: Path) -> None:
    verifier = Verifier(find_weights(), "cpu")
    engine = PairEngine(read_head(find_weights()), verifier.card.correlation)
    photo = open_gallery(OBAMA, verifier=verifier, cache=Cache(tmp_path / "c.sqlite"))
    found = score_tracks(engine, film.tracks, photo, 0, "learned", "both")
    threshold = read_card(find_weights()).threshold("learned")
    assert threshold is not None
    assert found[0].score > threshold > found[1].score
    for scores in found:
        grid = scores.track.features.grid
        right = engine.prepare(photo.features.grid)
        for place in range(len(grid)):
            for made, features in (
                (scores.scores, grid[place : place + 1]),
                (scores.running, grid[: place + 1].mean(axis=0, keepdims=True)),
            ):
                s, w = engine.maps(engine.prepare(features), 0, right, 0, "learned")
                assert made[place] == pytest.approx(float((s * w).sum()), abs=1e-5)


def test_tracks_become_a_gallery(film: VideoTracks, tmp_path: Path, tiny_weights: Path) -> None:
    folder = tmp_path / "tracks"
    write_tracks(film, folder)
    loaded = open_gallery(
        folder,
        verifier=Verifier(tiny_weights, "cpu"),
        cache=Cache(tmp_path / "c.sqlite"),
        settings=GallerySettings(aligned=True),
    )
    assert [face.identity for face in loaded.gallery.faces] == ["track 1"] * 6 + ["track 2"] * 2
    with Image.open(folder / "track 1" / "000003.png") as image:
        assert np.array_equal(np.asarray(image), film.tracks[0].faces[1].crop)
    with pytest.raises(XCosError, match="is not empty"):
        write_tracks(film, folder)


def test_a_full_disk_leaves_no_half_gallery(
    film: VideoTracks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Image.Image.save

    def full(self: Image.Image, path: Any, *rest: Any, **more: Any) -> None:
        if "000009" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        saved(self, path, *rest, **more)

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(XCosError, match="tracks cannot be written: No space left"):
        write_tracks(film, tmp_path / "tracks")
    assert not list(tmp_path.glob("tracks*"))


def test_a_stop_keeps_the_tracks_so_far(crops: Path, tiny_weights: Path) -> None:
    folder = crops / "ann"
    found = follow(
        folder, Verifier(tiny_weights, "cpu"), aligned=True, task=Task(stopped=lambda: True)
    )
    assert sum(map(len, found.tracks)) == 1
    assert "stopped at frame 0; the tracks so far are kept" in found.problems[0].reason


@pytest.mark.parametrize(("count", "every"), [(17, 1), (16, 1), (16, 2), (5, 3)])
def test_every_frame_is_looked_at_once_and_told(
    tmp_path: Path, tiny_weights: Path, count: int, every: int
) -> None:
    for number in range(count):
        Image.fromarray(crop("ann", 1)).save(tmp_path / f"{number}.png")
    told: list[tuple[int, int]] = []
    task = Task(lambda what, done, total: told.append((done, total)))
    found = follow(tmp_path, Verifier(tiny_weights, "cpu"), every=every, aligned=True, task=task)
    seen = [face.frame for track in found.tracks for face in track.faces]
    looked = len(range(0, count, every))
    assert found.frames == looked and sorted(seen) == [*range(0, count, every)]
    mine = [row for row in told if row[1] == count]
    assert mine == sorted(mine) and mine[-1] == (count, count)
    assert [done for done, _ in mine[:-1]] == [8 * every * k for k in range(1, looked // 8 + 1)]


def test_a_cut_film_is_told_by_the_command(
    tmp_path: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_video(tmp_path / "film.mkv", story())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    shared = ["--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite")]
    assert main(["video", str(path), "--every", "6", *shared]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("track 1: ") and "film.mkv is cut off" in err


def test_the_command_writes_scores_over_time(
    crops: Path, tmp_path: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, plot = tmp_path / "scores.csv", tmp_path / "scores.png"
    shared = ["--model", str(tiny_weights), "--cache", str(tmp_path / "c.sqlite"), "--aligned"]
    outputs = ["-o", str(table), "-o", str(plot), "--as-gallery", str(tmp_path / "tracks")]
    outputs += ["-o", str(tmp_path / "tracks" / "beside.csv")]
    (tmp_path / "tracks").mkdir()  # empty, with a table to come
    photo = str(crops / "bob" / "1.png")
    assert main(["video", str(crops / "ann"), photo, "--json", *outputs, *shared]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = list(csv.DictReader(table.open()))
    assert sum(track["faces"] for track in said["tracks"]) == len(rows) == 3
    for row in rows:
        assert row["verdict"] == ("same" if float(row["score"]) > 0.46 else "different")
    last = {row["track"]: row for row in rows}
    for track in said["tracks"]:
        assert float(last[track["track"]]["mean_score"]) == pytest.approx(track["score"], abs=1e-6)
        assert track["first_seconds"] is None
    assert plot.stat().st_size > 5000 and len(list((tmp_path / "tracks").rglob("*.png"))) == 3
    kept = table.read_bytes()
    assert main(["video", str(crops / "ann"), "-o", str(plot), *shared]) == 1
    assert "name a PHOTO" in capsys.readouterr().err
    assert main(["video", str(tmp_path / "no.mp4"), photo, "-o", str(table), *shared]) == 1
    assert "does not exist" in capsys.readouterr().err and table.read_bytes() == kept
