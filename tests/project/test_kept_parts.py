"""Small things that a project keeps, and what of a damaged one is passed over."""

from pathlib import Path
from typing import Any

import pytest

from core.faces.choose import GallerySettings
from core.project.edits import edits_from
from core.project.kept_settings import keep_settings, settings_of
from core.project.photo_print import PhotoPrint
from core.project.project import Project
from tests.living import make_crops


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.open(make_crops(tmp_path / "g", {"ann": 1}), tmp_path / "own")


def test_how_photos_become_faces_is_kept_with_the_gallery(project: Project, tmp_path: Path) -> None:
    assert settings_of(project) is None
    for settings in (GallerySettings("all", True), GallerySettings("largest", False)):
        keep_settings(project, settings)
        again = Project.open(tmp_path / "g", tmp_path / "own")
        assert settings_of(again) == settings


@pytest.mark.parametrize(
    ("state", "settings"),
    [
        ({"faces": "all"}, None),
        ({"aligned": True}, GallerySettings("central", True)),
        ({"aligned": 1, "faces": "some"}, GallerySettings("central", False)),
        ({"aligned": False, "faces": "all"}, GallerySettings("all", False)),
    ],
)
def test_settings_that_nobody_could_choose_are_the_usual_ones(
    state: dict[str, Any], settings: GallerySettings | None, project: Project
) -> None:
    project.remember(state)
    assert settings_of(project) == settings


POINTS = [[10.0, 10], [30, 11], [20, 20], [12, 30], [28, 31]]


@pytest.mark.parametrize(
    ("points", "sound"),
    [
        (POINTS, True),
        ([[x, 5] for x in (1, 1, 1, 1, 2)], True),  # a whole pixel apart in one direction
        ([[5, y] for y in (1, 1, 1, 1, 1.99)], False),
        ([[5.5, 1.5]] * 5, False),
        (POINTS[:4], False),
        ([*POINTS[:4], [1, 2, 3]], False),
        ([*POINTS[:4], [1, None]], False),
        ([*POINTS[:4], [1, True]], False),
    ],
)
def test_corrected_landmarks_are_five_points_that_are_apart(points: list, sound: bool) -> None:
    left_out: list[str] = []
    edits = edits_from({"landmarks": {"a.png": points}}, left_out)
    assert (edits.landmarks != {}) == sound
    assert any("a.png" in told for told in left_out) != sound
    if sound:
        assert edits.landmarks["a.png"] == [[float(x), float(y)] for x, y in points]


@pytest.mark.parametrize(
    ("stored", "known"),
    [
        ([5, "d", "ann"], PhotoPrint(5, "d", "ann")),
        ([5, "d", None], PhotoPrint(5, "d", None)),
        ([-7, "d", None], PhotoPrint(-1, "d", None)),
        ([True, "d", None], PhotoPrint(-1, "", None)),
        ([5, 6, None], PhotoPrint(-1, "", None)),
        ([5, "d", 6], PhotoPrint(-1, "", None)),
        ([5, "d"], PhotoPrint(-1, "", None)),
        ([5, "d", "ann", 1], PhotoPrint(-1, "", None)),
        ("d", PhotoPrint(-1, "", None)),
    ],
)
def test_a_print_that_cannot_be_read_fits_no_photo(stored: Any, known: PhotoPrint) -> None:
    assert PhotoPrint.from_json(stored) == known
    assert PhotoPrint.from_json(known.to_json()) == known
