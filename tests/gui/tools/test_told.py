"""People, findings, runs, tracks and numbers as the tools tell them, from some made up here."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from core.analysis.labels.findings import Finding
from core.analysis.people import People, Person
from core.faces.face import SIDE
from core.training.verdict import ChangedPair
from xcos_gui.tools.labels.model import FindingsModel
from xcos_gui.tools.people.model import ANIMAL_COLOURS, NONE_COLOUR, PeopleModel
from xcos_gui.tools.people.plot import PeoplePlot, _places, _standing_out
from xcos_gui.tools.people.words import legend, person_words
from xcos_gui.tools.training.changed_pairs import _icon, _line
from xcos_gui.tools.training.inputs import _NumberBox
from xcos_gui.tools.video.model import TracksModel, track_colour
from xcos_gui.tools.video.plot import VideoPlot
from xcos_gui.tools.what_if.many import _signed
from xcos_gui.widgets.tables import ValueItem

MINUS, DASH, ARROW = "\N{MINUS SIGN}", "\N{EN DASH}", "\N{RIGHTWARDS ARROW}"
Role = Qt.ItemDataRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


# People.


def person(
    name: str, genuine: float | None, impostor: float | None, animal: str | None = None
) -> Person:
    return Person(
        name, 3, 3, genuine, None if genuine is None else genuine - 0.1, 1200, impostor, 0.6, 0.7,
        (impostor, 0.7), (impostor, 0.7), 1, 1000, animal,  # type: ignore[arg-type]
    )  # fmt: skip


PERSONS = (
    person("Cem", 0.5, 0.2), person("ann", 0.9, 0.1, "dove"), person("bob", 0.1, 0.4, "goat"), person("dan", None, 0.3),
    person("eve", 0.5, None),
)  # fmt: skip


def test_people_are_sorted_and_found(qapp: object) -> None:
    model = PeopleModel()
    model.show(PERSONS)

    def names() -> list[str]:
        return [model.index(row, 0).data() for row in range(model.rowCount())]

    model.sort(3, Qt.SortOrder.AscendingOrder)
    assert names() == ["bob", "Cem", "eve", "ann", "dan"]  # who has none comes last
    model.sort(3, Qt.SortOrder.DescendingOrder)
    assert names() == ["ann", "Cem", "eve", "bob", "dan"]
    model.sort(5, Qt.SortOrder.DescendingOrder)
    assert names() == ["bob", "dan", "Cem", "ann", "eve"]
    model.set_filter(" EM ")
    assert names() == ["Cem"]
    model.set_filter("")
    assert (
        model.row_of("ann") == 3
        and model.row_of("zoe") is None
        and model.person(0).identity == "bob"
    )
    row = [model.index(0, column).data() for column in range(9)]
    assert row == ["bob", "goat", "3", "0.100", "0.000", "0.400", "0.600", "1", "1000"]
    assert model.index(1, 3).data() == DASH
    aligned = [model.index(0, c).data(Role.TextAlignmentRole) for c in range(9)]
    assert [a is not None and Qt.AlignmentFlag(a) == RIGHT for a in aligned] == [False] * 2 + [
        True
    ] * 7
    assert model.index(0, 1).data(Role.DecorationRole) == ANIMAL_COLOURS["goat"]
    assert model.index(2, 1).data(Role.DecorationRole) == NONE_COLOUR
    assert model.index(0, 0).data(Role.DecorationRole) is None
    assert model.index(2, 4).data(Role.ToolTipRole) == "Cem"


def test_what_is_told_of_people() -> None:
    found = People(PERSONS, 0.4, "mean", (0.2, 0.8), (0.15, 0.35), 0)
    said = legend(found)
    assert said.count("●") == 3 and "goat&nbsp;1" in said and "dove&nbsp;1" in said
    assert f"color:{NONE_COLOUR.name()}'>●</span>&nbsp;no&nbsp;class&nbsp;3" in said
    assert f"color:{ANIMAL_COLOURS['goat'].name()}'>●</span>&nbsp;goat" in said
    assert person_words(PERSONS[2]) == (
        "bob; goat: hard to match: the mean genuine score is in the lowest quarter; 1 of 3 genuine "
        "pairs are rejected; 1,000 of 1,200 impostor pairs accepted."
    )
    assert person_words(PERSONS[3]) == (
        "dan; one photo, so there is no genuine pair; 1,000 of 1,200 impostor pairs accepted."
    )


def test_people_stand_by_their_scores(qtbot: QtBot) -> None:
    found = People(PERSONS, 0.4, "mean", (0.2, 0.8), (0.15, 0.35), 0)
    points, lone = _places(found)
    # The strip of those without a genuine pair: 12 % of the others' range left of the least.
    assert lone == pytest.approx(0.1 - 0.12 * 0.8)
    np.testing.assert_allclose(points[:4], [[0.5, 0.2], [0.9, 0.1], [0.1, 0.4], [lone, 0.3]])
    assert points[4, 0] == 0.5 and np.isnan(points[4, 1])
    assert _places(People(PERSONS[:3], 0.4, "mean", None, None, 0))[1] is None
    assert _places(People(PERSONS[3:4], 0.4, "mean", None, None, 0))[1] == pytest.approx(-0.12)
    highest = _places(People(PERSONS[:2], 0.4, "highest", None, None, 0))[0]
    np.testing.assert_allclose(highest, [[0.5, 0.6], [0.9, 0.6]])
    # Far from the middle first, and none beside another that has its face there already.
    spread = np.array(
        [[0.5, 0.5], [1.0, 0.5], [0.0, 0.52], [0.95, 0.51], [0.5, 0.9], [np.nan, 0.1]]
    )
    few = SimpleNamespace(persons=(None,) * 6)
    assert _standing_out(spread, few) == [4, 1, 2, 0]  # type: ignore[arg-type]
    plot = PeoplePlot()
    qtbot.addWidget(plot)
    plot.resize(500, 400)
    plot.show()
    plot.show_people(found, lambda _: None)
    plot.grab()
    chosen: list[str] = []
    plot.chosen.connect(chosen.append)
    box = plot.plotItem.vb
    for name, at in (("Cem", (0.5, 0.2)), ("ann", (0.9, 0.1)), ("dan", (lone, 0.3))):
        scene = box.mapViewToScene(QPointF(*at))
        plot.choose_at(scene + QPointF(9, 9))
        assert chosen[-1] == name
        plot.choose_at(scene + QPointF(0, 15))
    assert len(chosen) == 3
    plot.mark("bob")
    assert [part.tolist() for part in plot._ring.getData()] == [[0.1], [0.4]]
    plot.mark("eve")
    assert not len(plot._ring.getData()[0])
    lines = [item for item in plot.plotItem.items if isinstance(item, pg.InfiniteLine)]
    assert sorted((line.angle, line.value()) for line in lines) == [
        (0, 0.15),
        (0, 0.35),
        (90, 0.2),
        (90, 0.8),
    ]


# Labels, training, video, many pairs.


def test_findings_say_what_to_accept(qapp: object) -> None:
    model = FindingsModel()
    findings = (
        Finding(
            "wrong-identity", ("a/1.png", "ann", "bob"), "a/1.png", "b/1.png", 0.61254, 0.4, 0.2
        ),
        Finding("same-person", ("ann", "anna"), "a/1.png", "c/1.png", 0.7, 0.5, 0.12345),
    )
    model.show(findings)
    model.mark({findings[1].key: "unsure"})
    assert [model.index(0, c).data() for c in range(4)] == [
        f"a/1.png {ARROW} bob",
        "0.613",
        "0.200",
        "",
    ]
    assert [model.index(1, c).data() for c in range(4)] == [
        f"anna {ARROW} ann",
        "0.700",
        "0.123",
        "unsure",
    ]
    assert model.decision(0) is None and model.decision(1) == "unsure"
    assert model.index(1, 3).data(Role.DecorationRole) == QColor(230, 159, 0)
    assert model.index(1, 2).data(Role.DecorationRole) is None
    horizontal = Qt.Orientation.Horizontal
    assert model.headerData(1, horizontal) == "mean score"
    model.show(
        (Finding("near-duplicate", ("a/1.png", "a/2.png"), "a/1.png", "a/2.png", 0.99, 0.9, 0.09),)
    )
    assert (
        model.headerData(1, horizontal) == "likeness"
        and model.index(0, 0).data() == "a/1.png × a/2.png"
    )
    assert "no score of the model" in model.headerData(1, horizontal, Role.ToolTipRole)
    aligned = [model.index(0, c).data(Role.TextAlignmentRole) is not None for c in range(4)]
    assert aligned == [False, True, True, False]


def test_pairs_judged_differently(qapp: object) -> None:
    pair = ChangedPair(Path("l"), Path("r"), "", "", True, 0.1234, -0.5, False)
    assert _line(pair) == f"spoilt: TP {ARROW} FN, one person, score 0.123 {ARROW} {MINUS}0.500"
    pair = ChangedPair(Path("l"), Path("r"), "", "", False, 0.6, 0.25, True)
    assert _line(pair) == f"mended: FP {ARROW} TN, two people, score 0.600 {ARROW} 0.250"
    crops = (
        np.full((SIDE, SIDE, 3), (200, 0, 0), np.uint8),
        np.full((SIDE, SIDE, 3), (0, 0, 200), np.uint8),
    )
    picture = _icon(crops).pixmap(2 * SIDE, SIDE).toImage()
    assert (picture.width(), picture.height()) == (2 * SIDE, SIDE)
    assert picture.pixelColor(SIDE - 2, 5) == QColor(200, 0, 0)
    assert picture.pixelColor(SIDE + 2, 100) == QColor(0, 0, 200)
    assert picture.pixelColor(2 * SIDE - 2, 60) == QColor(0, 0, 200)


@pytest.mark.parametrize(
    ("whole", "low", "high", "text", "steps", "wanted"),
    [
        (True, 0, None, "3000", 1, "3100"), (True, 0, None, "3000", 10, "4000"), (True, 0, None, "3000", -2, "2800"),
        (True, 4, None, "5", -3, "4"), (True, 0, 9, "5", 10, "9"), (True, 0, None, "0", 1, "1"),
        (True, 0, None, "15", 3, "18"), (False, 0, 1, "0.5", 2, "0.52"), (False, 0, 1, "0", 1, "0.01"),
        (False, None, None, "-20", -1, "-21.0"), (False, 0, 1, "0,25", 1, "0.26"), (False, 0, 1, "0.99", 5, "1.0"),
    ],
)  # fmt: skip
def test_numbers_step_by_their_second_digit(
    qtbot: QtBot,
    whole: bool,
    low: float | None,
    high: float | None,
    text: str,
    steps: int,
    wanted: str,
) -> None:
    box = _NumberBox(whole, low, high)
    qtbot.addWidget(box)
    box.lineEdit().setText(text)
    box.stepBy(steps)
    assert box.lineEdit().text() == wanted


def test_numbers_step_within_their_range(qtbot: QtBot) -> None:
    box = _NumberBox(False, 0, 1)
    qtbot.addWidget(box)
    up, down = box.StepEnabledFlag.StepUpEnabled, box.StepEnabledFlag.StepDownEnabled
    for text, enabled in (
        ("0", up),
        ("1", down),
        ("0.5", up | down),
        ("many", box.StepEnabledFlag.StepNone),
    ):
        box.lineEdit().setText(text)
        assert box.stepEnabled() == enabled, text


def track(
    number: int, seconds: tuple[float | None, ...], frames: tuple[int, ...]
) -> SimpleNamespace:
    faces = tuple(
        SimpleNamespace(seconds=s, frame=f, crop=np.full((SIDE, SIDE, 3), 40 * k, np.uint8))
        for k, (s, f) in enumerate(zip(seconds, frames, strict=True))
    )
    times = np.array([f if s is None else s for s, f in zip(seconds, frames, strict=True)], float)

    class Track(SimpleNamespace):
        def __len__(self) -> int:
            return len(faces)

    return Track(number=number, name=f"track {number}", faces=faces, times=times)


def test_tracks_are_told_by_time_or_frame(qtbot: QtBot) -> None:
    model = TracksModel()
    tracks = track(1, (0.0, 1.25, 61.5), (0, 30, 1476)), track(8, (None, None), (7, 1200))
    model.show(tracks)  # type: ignore[arg-type]
    assert [model.index(0, c).data() for c in range(7)] == [
        None,
        "track 1",
        "3",
        "0.0 s",
        "61.5 s",
        "",
        "",
    ]
    scores = [
        SimpleNamespace(track=tracks[0], score=0.5, scores=np.array([0.1, 0.9, 0.4]), running=np.array([0.1, 0.6, 0.5])),
        SimpleNamespace(track=tracks[1], score=-0.25, scores=np.array([0.2, -0.3]), running=np.array([0.2, -0.25])),
    ]  # fmt: skip
    model.show_scores(scores, 0.5)  # type: ignore[arg-type]
    assert [model.index(0, c).data() for c in (5, 6)] == ["0.5000", "different"]  # not above
    assert [model.index(1, c).data() for c in range(7)] == [
        None, "track 8", "2", "frame 7", "frame 1,200", f"{MINUS}0.2500", "different",
    ]  # fmt: skip
    model.show_scores(scores, 0.49)  # type: ignore[arg-type]
    assert model.index(0, 6).data() == "same"
    model.show_scores(scores, None)  # type: ignore[arg-type]
    assert model.index(0, 6).data() == ""
    assert track_colour(1) == QColor("#0072b2") == track_colour(8) != track_colour(2)
    icon = model.index(0, 0).data(Role.DecorationRole).pixmap(SIDE, SIDE).toImage()
    assert icon.pixelColor(5, 5) == QColor(40, 40, 40)  # the face in the middle
    dot = model.index(1, 1).data(Role.DecorationRole).toImage()
    assert dot.pixelColor(6, 6) == track_colour(8) and dot.pixelColor(0, 0).alpha() == 0
    for column in range(7):
        aligned = model.index(0, column).data(Role.TextAlignmentRole)
        assert (aligned is not None) == (column in (2, 3, 4, 5))
    plot = VideoPlot()
    qtbot.addWidget(plot)
    plot.resize(600, 400)
    plot.show()
    plot.show_scores(scores[:1], 0.3)  # type: ignore[arg-type]
    plot.grab()
    assert (
        plot.getAxis("bottom").labelText == "seconds"
        and plot.line.value() == 0.3
        and plot.line.angle == 0
    )
    running, own = plot.plotItem.listDataItems()[:2]
    np.testing.assert_allclose(running.getData(), [[0, 1.25, 61.5], [0.1, 0.6, 0.5]])
    np.testing.assert_allclose(own.getData(), [[0, 1.25, 61.5], [0.1, 0.9, 0.4]])
    chosen: list[tuple[int, int]] = []
    plot.chosen.connect(lambda *place: chosen.append(place))
    for k in (2, 1):
        scene = plot.plotItem.vb.mapViewToScene(QPointF(own.xData[k], own.yData[k]))
        plot.choose_at(scene + QPointF(10, -10) if k == 2 else scene)
        assert chosen[-1] == (0, k)
        plot.choose_at(scene + QPointF(0, -19 if k == 2 else -40))
    assert len(chosen) == 2
    dot = plot.mapFromScene(plot.plotItem.vb.mapViewToScene(QPointF(61.5, 0.4)))
    beside = (dot + QPoint(4, 2), dot + QPoint(8, 0))  # within the ring, and on it
    plain = [plot.grab().toImage().pixelColor(place).lightness() for place in beside]
    plot.mark(0, 2)
    assert [part.tolist() for part in plot._ring.getData()] == [[61.5], [0.4]]
    ringed = [plot.grab().toImage().pixelColor(place).lightness() for place in beside]
    assert abs(ringed[0] - plain[0]) < 5 and abs(ringed[1] - plain[1]) > 40
    plot.mark(3, 0)
    plot.show_scores(scores[1:], None)  # type: ignore[arg-type]
    assert plot.getAxis("bottom").labelText == "frame" and plot.line not in plot.plotItem.items


def test_cells_sort_by_their_values(qapp: object) -> None:
    assert _signed(-0.1239, ".3f") == f"{MINUS}0.124" and _signed(0.5, "+.3f") == "+0.500"
    assert ValueItem(f"{MINUS}0.200", -0.2) < ValueItem("0.100", 0.1) and not ValueItem(
        "9", 9.0
    ) < ValueItem("10", 9.0)
    assert ValueItem("x", "x").toolTip() == "x"
    sides = [Qt.AlignmentFlag(ValueItem("1", v).textAlignment()) == RIGHT for v in (1.0, 2, "1")]
    assert sides == [True, True, False]
