"""The window on the map of faces: points, lasso, thumbnails, and what is done with a selection."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from collections import Counter

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from core.analysis.face_map import face_map
from core.errors import XCosError
from core.faces.face import Face
from core.project.edits import face_subject
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.face_map.plot import MapPlot, coloured, inside
from xcos_gui.tools.face_map.window import FaceMapWindow, _by_badness, _named


def opened(window: MainWindow, qtbot: QtBot) -> FaceMapWindow:
    window.session.tool_asked.emit("face_map")
    tool = next(t for t in window.tools.values() if isinstance(t, FaceMapWindow))
    qtbot.waitUntil(lambda: tool.found is not None, timeout=20_000)
    return tool


def test_points_are_the_faces_and_a_click_shows_one(window: MainWindow, qtbot: QtBot) -> None:
    tool, session = opened(window, qtbot), window.session
    assert session.columns is not None and tool.found is not None
    wanted = face_map(session.columns.features.grid).places
    np.testing.assert_allclose(tool.plot.points, wanted)
    assert "6 faces" in tool.words.text() and "% of their variance" in tool.words.text()
    for place in range(6):
        scene = tool.plot._box.mapViewToScene(QPointF(*wanted[place]))
        assert tool.plot.nearest(scene) == place
    tool.look_at(3)
    assert tool.name.text() == "bob\nbob/1.png"
    tool.choose_pair()
    assert session.pair is not None and 3 in session.pair
    tool.close()


def test_names_stand_at_their_people_and_words_say_what_colours_mean(
    window: MainWindow, qtbot: QtBot
) -> None:
    tool = opened(window, qtbot)
    people = [face.identity for face in tool._faces]

    def named() -> dict[str, pg.TextItem]:
        items = tool.plot.getPlotItem().items
        return {i.toPlainText(): i for i in items if isinstance(i, pg.TextItem)}

    assert [*named()] == ["ann", "bob", "cem"]  # those with most faces first
    for name, item in named().items():
        place = tool.plot.nearest(tool.plot._box.mapViewToScene(item.pos()))
        assert place is not None and people[place] == name
        hue = QColor(*tool.plot._colours[place].tolist()).hslHue()
        assert abs(item.color.hslHue() - hue) <= 6  # darkened until it can be read
    for what, words in (("hardness", "its worst pair is wrong"), ("identity", "of their variance")):
        tool.colour.setCurrentIndex(tool.colour.findData(what))
        tool.colour.activated.emit(tool.colour.currentIndex())
        assert words in tool.words.text()
        assert len(named()) == (3 if what == "identity" else 0)
    tool.close()


def test_a_name_that_would_lie_on_another_waits_for_room(qtbot: QtBot) -> None:
    plot = MapPlot(lambda _: None)
    qtbot.addWidget(plot)
    plot.resize(600, 400)
    plot.show()
    plot.show_points(np.array([[0.0, 0.0], [0.1, 0.02], [9.0, 5.0]]))
    plot.name({"Aaliyah": np.array([0]), "Bartholomew": np.array([1]), "Cem": np.array([2])})

    def named() -> list[str]:
        return [item.toPlainText() for item in plot._names.values() if item.isVisible()]

    assert named() == ["Aaliyah", "Cem"]  # the first one stays
    plot._box.setRange(QRectF(-0.1, -0.1, 0.3, 0.2), padding=0)
    qtbot.waitUntil(lambda: named() == ["Aaliyah", "Bartholomew", "Cem"])
    plot.fit()
    qtbot.waitUntil(lambda: named() == ["Aaliyah", "Cem"])


def test_only_the_people_with_most_faces_are_named() -> None:
    faces = [
        Face(f"{k}.png", 1, None if k % 29 == 28 else f"p{min(k % 29, 27 - k % 3):02d}", None, "d")
        for k in range(200)
    ]
    counts = Counter(face.identity for face in faces if face.identity)
    found = _named(faces)
    assert len(found) == 12
    least = min(counts[name] for name in found)
    assert all(count <= least for name, count in counts.items() if name not in found)
    for name, places in found.items():
        assert [faces[k].identity for k in places] == [name] * counts[name]


def test_a_lasso_selects_and_its_pairs_are_listed(window: MainWindow, qtbot: QtBot) -> None:
    tool, session = opened(window, qtbot), window.session
    everything = np.array([[-9, -9], [9, -9], [9, 9], [-9, 9]])
    tool.plot._on_lasso(everything)
    assert tool.plot.picked.tolist() == [0, 1, 2, 3, 4, 5]
    assert tool.selection.text() == "6 faces of 3 identities"
    tool.select(np.array([0, 3, 4]))
    assert tool.selection.text() == "3 faces of 2 identities"
    tool.list_selected()
    assert window.pairs.choice.currentText() == "Among 3 faces of the map"
    listed = {window.pairs.model.cell(row) for row in range(window.pairs.model.rowCount())}
    assert listed == {(0, 3), (0, 4), (3, 4)}
    session.edit(lambda project: project.tag(face_subject("cem/1.png"), "odd"))
    tool.colour.setCurrentIndex(tool.colour.findText("Tag: odd"))
    tool._paint()
    grey = (tool.plot._colours[:, :3] == 128).all(axis=1)
    assert grey.tolist() == [True] * 5 + [False]
    tool.colour.setCurrentIndex(1)  # hardness
    tool._paint()
    hard = tool.found.hardness  # type: ignore[union-attr]
    red = tool.plot._colours[:, 0].astype(int) - tool.plot._colours[:, 2]
    np.testing.assert_array_equal(np.sign(red), np.sign(hard))
    tool.close()


def test_the_outer_faces_thumbnails_are_in_sight(window: MainWindow, qtbot: QtBot) -> None:
    """They hang right of their points and below them; the lowest ones were once cut in half."""
    tool = opened(window, qtbot)
    qtbot.waitUntil(lambda: all(map(tool.plot._pixmap, range(6))), timeout=20_000)
    qtbot.keyClick(tool.plot, Qt.Key.Key_0)
    tool.plot.grab()
    tool.plot.show_pictures()
    assert tool.plot.pictured == set(range(6))
    inside_of = tool.plot._box.sceneBoundingRect()
    for item in tool.plot._pictures.values():
        corner, size = item.scenePos() + item.offset(), item.pixmap().size()
        assert inside_of.contains(
            QRectF(corner, QPointF(corner.x() + size.width(), corner.y() + size.height()))
        )
    tool.close()


def test_a_layout_that_fails_is_not_going_on(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise XCosError("No map; try PCA.")

    monkeypatch.setattr("xcos_gui.tools.face_map.window.face_map", fails)
    window.session.tool_asked.emit("face_map")
    tool = next(t for t in window.tools.values() if isinstance(t, FaceMapWindow))
    qtbot.waitUntil(lambda: tool.note.text() == "No map; try PCA.", timeout=20_000)
    assert tool.words.text() == tool.empty_words
    tool.close()


def test_thumbnails_come_when_near(window: MainWindow, qtbot: QtBot) -> None:
    tool = opened(window, qtbot)
    points = np.concatenate([tool.plot.points, np.random.default_rng(0).uniform(5, 6, (200, 2))])
    tool.plot._pixmap = lambda place: tool._thumbnails.get(tool._faces[place % 6])
    tool.plot.show_points(points)
    tool.plot.show_pictures()
    assert not tool.plot.pictured  # too many are in sight
    tool.plot._box.setRange(QRectF(-2, -2, 4, 4), padding=0)
    qtbot.waitUntil(lambda: tool.plot.pictured == set(range(6)), timeout=10_000)
    tool.close()


def test_inside_a_lasso() -> None:
    points = np.array([[0.5, 0.5], [2, 2], [0.1, 0.9], [0.9, 0.95]])
    triangle = np.array([[0, 0], [1, 0], [0, 1.05]])
    assert inside(points, triangle).tolist() == [0, 2]
    assert inside(np.empty((0, 2)), triangle).tolist() == []


def test_hues_are_grey_where_unknown() -> None:
    made = coloured(np.array([0.0, 0.33, np.nan, 0.0]), dark=False)
    assert made[2].tolist() == [128, 128, 128, 220]
    assert (made[0] == made[3]).all() and (made[0] != made[1]).any()


def test_a_condition_runs_from_blue_through_white_to_red() -> None:
    colours = _by_badness(np.append(np.linspace(2.0, 4.0, 101), np.nan)).astype(int)
    red_over_blue = colours[:101, 0] - colours[:101, 2]
    assert red_over_blue[0] < -60 and red_over_blue[100] > 60
    assert abs(red_over_blue[50]) < 10 and colours[50, :3].min() > 230
    assert (colours[101, :3] == 128).all()
