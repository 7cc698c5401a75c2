"""A person's mean maps, in one range of colours; clicks on faces and points; what is said of all."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QModelIndex, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPixmap
from pytestqt.qtbot import QtBot

from core.analysis.patterns.groups import MeanMaps
from core.analysis.people import LEAST_PEOPLE, People
from core.explain.colours import map_rgba
from tests.gui.tools.test_people import opened
from tests.gui.tools.test_told import PERSONS
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.people.model import ANIMAL_COLOURS, NONE_COLOUR
from xcos_gui.tools.people.plot import PeoplePlot
from xcos_gui.tools.people.window import PeopleWindow
from xcos_gui.widgets.cell_view import CellView

SORTS, NAMES = ("genuine", "impostor"), ("cosine", "attention", "evidence")


@pytest.fixture
def tool(window: MainWindow, qtbot: QtBot) -> PeopleWindow:
    window.session.set_threshold(0.3)
    made = opened(window, qtbot)
    qtbot.waitUntil(lambda: made.found is not None and made.found.threshold == 0.3)
    return made


def colours(view: CellView) -> np.ndarray:
    assert view._overlay is not None
    image = view._overlay.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.array([image.pixelColor(k % 7, k // 7).getRgb() for k in range(49)]).reshape(7, 7, 4)


def chosen(tool: PeopleWindow, qtbot: QtBot, name: str) -> None:
    tool.looked_at = None
    tool.choose(name)
    qtbot.waitUntil(lambda: tool.looked_at is not None and not tool.job.running)


def test_mean_maps_share_their_colours(tool: PeopleWindow, qtbot: QtBot) -> None:
    chosen(tool, qtbot, "ann")
    assert tool.looked_at is not None and tool.shown.filled
    means = {
        (sort, name): getattr(MeanMaps.of(getattr(tool.looked_at, sort), 0.3), name)
        for sort in SORTS
        for name in NAMES
    }
    for name in NAMES:
        limit = max(np.abs(means[sort, name]).max() for sort in SORTS)
        assert np.abs(means["genuine", name] - means["impostor", name]).max() > 0
        for sort in SORTS:
            view, mean = tool.maps[sort, name], means[sort, name]
            wanted = map_rgba(name, mean, threshold=0.3, limit=limit)  # type: ignore[arg-type]
            assert np.abs(colours(view) - wanted.astype(int)).max() <= 2, (sort, name)
            np.testing.assert_array_equal(view._numbers, mean)  # type: ignore[arg-type]
    assert tool.counts["genuine"].text() == "with\nthemselves\n3 pairs"
    strangers = len(tool.looked_at.impostor)  # type: ignore[arg-type]
    assert tool.counts["impostor"].text() == f"with closest\nstrangers\n{strangers} pairs"
    # Evidence is the contribution of the mean, less the threshold's share; it sums to score less 0.3.
    genuine = tool.looked_at.pairs
    session = tool.session
    assert session.loaded is not None and session.matrix is not None
    people = [face.identity for face in session.loaded.gallery.faces]
    same = [people[i] == people[j] for i, j in zip(genuine.rows, genuine.columns, strict=True)]
    scores = np.array(genuine.scores)[same]
    assert means["genuine", "evidence"].sum() == pytest.approx(scores.mean() - 0.3, abs=1e-4)
    chosen(tool, qtbot, "cem")  # of one photo
    assert tool.maps["genuine", "cosine"]._overlay is None
    assert tool.counts["genuine"].text() == "with\nthemselves" and tool.shown.filled
    assert tool.maps["impostor", "cosine"]._overlay is not None


def test_the_chosen_person_is_marked_wherever_they_stand(
    window: MainWindow, tool: PeopleWindow, qtbot: QtBot
) -> None:
    chosen(tool, qtbot, "bob")
    assert tool.found is not None
    place = [p.identity for p in tool.found.persons].index("bob")
    ring = [float(part[0]) for part in tool.plot._ring.getData()]
    assert ring == pytest.approx(tool.plot._points[place].tolist())
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        tool.table.sortByColumn(0, order)
        row = tool.table.currentIndex().row()
        assert tool.model.person(row).identity == "bob"
    lists: list[str] = []
    window.session.pairs_listed.connect(lambda title, _: lists.append(title))
    tool.table.setCurrentIndex(QModelIndex())
    tool.table.selectRow(row)  # who is looked at already
    assert lists == [] and not tool.job.running
    other = tool.model.row_of("ann")
    assert other is not None
    tool.table.selectRow(other)
    qtbot.waitUntil(lambda: lists == ["Worst pairs of ann"])
    tool.measure.setCurrentIndex(1)  # who is chosen stays so
    assert tool._chosen == "ann" and len(tool.plot._ring.getData()[0]) == 1
    assert tool.model.person(tool.table.currentIndex().row()).identity == "ann"
    tool.choose("nobody")
    assert tool._chosen == "ann"
    tool._on_measured(
        replace(tool.found, persons=tuple(p for p in tool.found.persons if p.identity != "ann"))
    )
    assert tool._chosen is None and not tool.shown.filled and tool.looked_at is None


def test_all_people_in_a_sentence(tool: PeopleWindow) -> None:
    assert tool.summary.text() == (
        f"3 people; 1 with one photo, so without a genuine pair, stand apart; "
        f"classes need {LEAST_PEOPLE} people with two photos each; "
        "in one gallery lambs and wolves are the same people."
    )
    quarters = (0.1, 0.2)
    everyone = People(PERSONS[:1], 0.4, "mean", quarters, quarters, 2)
    assert tool._summary(everyone) == (
        "1 person; 2 faces without an identity not counted; in one gallery lambs and wolves are the same people."
    )  # fmt: skip


def test_a_hidden_window_measures_when_it_is_seen(
    window: MainWindow, tool: PeopleWindow, qtbot: QtBot
) -> None:
    tool.close()
    before = tool.found
    window.session.set_threshold(0.35)
    qtbot.waitUntil(lambda: not tool._timer.isActive())
    assert not tool.job.running and tool.found is before
    tool.show()
    qtbot.waitUntil(lambda: tool.found is not None and tool.found.threshold == 0.35)
    tool.close()
    tool.show()
    assert not tool.job.running  # nothing has changed since


def test_dots_have_their_class_s_colour_and_faces_lie_beside_them(qtbot: QtBot) -> None:
    plot = PeoplePlot()
    qtbot.addWidget(plot)
    plot.resize(600, 500)
    plot.show()
    found = People(PERSONS, 0.4, "mean", None, None, 0)
    pictures: dict[str, QPixmap] = {}
    plot.show_people(found, lambda person: pictures.get(person.identity))
    seen = {}
    for dots in plot.plotItem.items:
        if hasattr(dots, "points") and dots is not plot._ring:
            for point in dots.points():
                seen[point.data()] = (point.brush().color(), (point.pos().x(), point.pos().y()))
    wanted = {
        p.identity: ANIMAL_COLOURS[p.animal] if p.animal else NONE_COLOUR
        for p, place in zip(PERSONS, plot._points, strict=True)
        if np.isfinite(place).all()
    }
    assert {name: colour for name, (colour, _) in seen.items()} == wanted
    for person, place in zip(PERSONS, plot._points, strict=True):
        if person.identity in seen:
            assert seen[person.identity][1] == pytest.approx(tuple(place))
    assert all(item.pixmap().isNull() for item in plot._pictures.values())
    for person in PERSONS:
        picture = QPixmap(112, 112)
        picture.fill(QColor("red"))
        pictures[person.identity] = picture
    plot.fill_pictures(lambda person: pictures.get(person.identity))
    picked: list[str] = []
    plot.chosen.connect(picked.append)
    plot.grab()
    for place, item in plot._pictures.items():
        assert item.toolTip() == PERSONS[place].identity
        assert (item.pos().x(), item.pos().y()) == pytest.approx(tuple(plot._points[place]))
        side = item.pixmap().height() / item.pixmap().devicePixelRatio()
        assert item.offset().x() == 5 and item.offset().y() == pytest.approx(-side / 2)
        point = plot.plotItem.vb.mapViewToScene(QPointF(*plot._points[place]))
        plot.choose_at(point + QPointF(side, side / 3))  # on the face, far from the point
        assert picked[-1] == PERSONS[place].identity
    count = len(picked)
    plot.choose_at(plot.plotItem.vb.mapViewToScene(QPointF(50, 50)))
    assert len(picked) == count
