"""What the window tells of probes: their own tags, and none of the gallery's photos that are called alike."""

from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from pytestqt.qtbot import QtBot

from core.project.edits import face_subject, identity_subject, pair_subject
from core.project.project import Project
from tests.gui.resting import score_probes
from tests.living import make_crops
from xcos_gui.shell.window import MainWindow
from xcos_gui.widgets import tags as tag_widgets

SCORED = 60_000


@pytest.fixture
def beside(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """The gallery with probes: another ann/1.png, tagged in none, and ann/9.png, tagged mask."""
    probes = make_crops(tmp_path / "p1", {"ann": 2}, first=8)
    (probes / "ann" / "8.png").rename(probes / "ann" / "1.png")
    session = window.session
    Project.open(probes, session.cache.folder).tag(face_subject("ann/9.png"), "mask")
    assert session.project is not None
    session.edit(lambda project: project.tag(face_subject("ann/1.png"), "blurred"))
    session.edit(lambda project: project.tag(identity_subject("ann"), "tall"))
    session.edit(lambda project: project.tag(pair_subject("ann/1.png", "bob/1.png"), "own"))
    session.open_probes(probes)
    qtbot.waitUntil(
        lambda: session.matrix is not None and session.matrix.scores.shape == (2, 6), timeout=SCORED
    )
    return window


def test_probes_without_a_face_stand_below_the_gallery_s_problems(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, panel = window.session, window.gallery
    told: list[str] = []
    opened: list[str] = []
    aligned: list[object] = []
    session.message.connect(told.append)
    panel.edit_alignment.connect(aligned.append)
    (crops / "bob" / "7.png").write_bytes(b"no picture")
    probes = make_crops(tmp_path / "p1", {"ann": 2}, first=8)
    (probes / "ann" / "10.png").write_bytes(b"none either")
    session.reload()
    score_probes(window, qtbot, probes, 2)
    model = panel.problems_model
    rows = [model.index(row) for row in range(model.rowCount())]
    first, second = (row.data() for row in rows)
    assert first.startswith(str(crops / "bob" / "7.png"))
    assert second.startswith(f"Probe: {probes / 'ann' / '10.png'}")
    assert panel._tabs.tabText(2) == "Problems 2"
    monkeypatch.setattr(
        "xcos_gui.panels.gallery.panel.QDesktopServices.openUrl",
        lambda url: opened.append(url.toLocalFile()),
    )
    for row in rows:
        panel.problems.activated.emit(row)
    assert opened == [str(crops / "bob"), str(probes / "ann")]
    panel._tabs.setCurrentWidget(panel.problems)
    panel.problems.setCurrentIndex(rows[1])
    told.clear()
    panel.align_selected()
    assert aligned == []
    assert told == ["Landmarks of probes are set where they are the gallery; open them as one."]
    panel.problems.setCurrentIndex(rows[0])
    panel.align_selected()
    assert len(aligned) == 1
    session.open_probes(None)
    qtbot.waitUntil(lambda: session.matrix is not None and session.matrix.square, timeout=SCORED)
    assert model.rowCount() == 1 and panel._tabs.tabText(2) == "Problems 1"


def test_probes_without_names_are_what_is_said_to_lack_them(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    probes = make_crops(tmp_path / "p1", {"ann": 2}, first=8)
    for number, photo in enumerate(sorted(probes.rglob("*.png"))):
        photo.rename(probes / f"IMG_000{number}.png")
    (probes / "ann").rmdir()
    score_probes(window, qtbot, probes, 2)
    assert window.curves.summary.text() == (
        "No pair is of two faces whose identities are known, so there is nothing to count. Put each "
        "person's photos, of probes too, in a folder of their own."
    )


def test_each_side_s_faces_have_their_own_tags(beside: MainWindow, qtbot: QtBot) -> None:
    session = beside.session
    assert session.tags_of((0, 0)) == ["blurred", "tall"]  # the gallery's ann/1.png beside another
    assert session.tags_of((0, 3)) == ["tall"]  # and not what hangs on the gallery's own pair
    assert session.tags_of((1, 3)) == ["tall", "mask"]
    for text, passing in (("tag = blurred", [(0, 0), (1, 0)]), ("tag = own", []),
                          ("tag = mask", [(1, column) for column in range(6)])):  # fmt: skip
        session.filter.use(text)
        qtbot.waitUntil(lambda: session.filter.mask is not None, timeout=SCORED)
        mask = session.filter.mask
        assert mask is not None
        cells = [(i, j) for i in range(2) for j in range(6) if mask[i, j]]
        assert cells == passing
        session.filter.use("")


def test_what_a_probe_and_a_photo_share_a_name_for_is_not_written_on_the_photo(
    beside: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, notes = beside.session, beside.notes
    beside.show_notes()
    session.select_pair(1, 3)  # ann/9.png beside bob/1.png
    shown = [section.subject for section in notes.sections if not section.isHidden()]
    assert shown == [
        pair_subject("ann/9.png", "bob/1.png"),
        face_subject("bob/1.png"),
        identity_subject("ann"),
        identity_subject("bob"),
    ]
    session.select_pair(0, 3)  # the probe is called as a photo of the gallery
    shown = [section.subject for section in notes.sections if not section.isHidden()]
    assert shown == [
        face_subject("bob/1.png"), identity_subject("ann"), identity_subject("bob")
    ]  # fmt: skip
    assert session.pair_subject_of((0, 3)) is None
    asked: list[list[str]] = []
    monkeypatch.setattr(
        tag_widgets, "ask_tags", lambda parent, of, subjects, what: asked.append(list(subjects))
    )
    said: list[str] = []
    session.message.connect(said.append)
    tag_widgets.ask_tags_of_pairs(beside, session, [(1, 3)], "this pair")
    tag_widgets.ask_tags_of_pairs(beside, session, [(1, 3), (0, 3)], "these pairs")
    assert asked == [[pair_subject("ann/9.png", "bob/1.png")]]
    assert len(said) == 1 and "called as a photo of the gallery" in said[0]
