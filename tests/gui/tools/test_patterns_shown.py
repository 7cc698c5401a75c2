"""The maps of patterns: their colours' range over all groups, the mean face, and what a cell says."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import numpy as np
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from core.analysis.patterns.groups import MOST_GROUPS
from core.explain.colours import map_rgba
from core.faces.align import TEMPLATE
from core.faces.regions import face_regions
from tests.gui.tools.test_patterns import patterns, refreshed  # noqa: F401
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.patterns import PatternsWindow
from xcos_gui.widgets.cell_view import CellView

MINUS = "\N{MINUS SIGN}"


def colours(view: CellView) -> np.ndarray:
    assert view._overlay is not None
    image = view._overlay.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.array([image.pixelColor(k % 7, k // 7).getRgb() for k in range(49)]).reshape(7, 7, 4)


@pytest.fixture
def two(patterns: PatternsWindow, qtbot: QtBot) -> PatternsWindow:  # noqa: F811
    """Two groups of false accepts."""
    patterns.count.setCurrentIndex(patterns.count.findData(2))
    return refreshed(patterns, qtbot)


def test_groups_share_one_range_of_colours(two: PatternsWindow) -> None:
    assert two.found is not None and two.found.report.groups is not None
    report = two.found.report
    means = [report.mean, *(g.mean for g in report.groups.groups)]
    assert two.groups.count() == 3 and two.save_button.isEnabled()
    assert two.groups.item(0).text() == f"All together: {report.of.counted}"
    for row, mean in enumerate(means):
        two.groups.setCurrentRow(row)
        for name, view in two.maps.items():
            limit = max(float(np.abs(getattr(m, name)).max()) for m in means)
            values = getattr(mean, name)
            wanted = map_rgba(name, values, threshold=report.threshold, limit=limit)
            if name != "evidence":  # which fades where it is small
                assert np.abs(colours(view.view) - wanted.astype(int)).max() <= 2, (row, name)
            np.testing.assert_array_equal(view.values, values)  # type: ignore[arg-type]
        limit = max(float(np.abs(m.evidence).max()) for m in means)
        wanted = map_rgba("evidence", mean.evidence, limit=limit, opacity=0.35)
        assert np.abs(colours(two.face) - wanted.astype(int)).max() <= 2
        face, shown = two.found.faces[row], two.face._crop
        assert face is not None and shown is not None
        for x, y in ((5, 9), (70, 40)):
            assert shown.pixelColor(x, y).getRgb()[:3] == tuple(face[y, x].tolist())
        icon = two.groups.item(row).icon().pixmap(two.groups.iconSize()).toImage()
        small = map_rgba("evidence", mean.evidence, limit=limit)
        side = icon.width()
        for r, c in ((0, 0), (3, 5), (6, 1)):
            found = icon.pixelColor(
                round((c + 0.5) * side / 7), round((r + 0.5) * side / 7)
            ).getRgb()
            if small[r, c, 3] == 255:
                assert np.abs(np.array(found[:3]) - small[r, c, :3]).max() <= 3, (row, r, c)
    titles = [view.title.text().split(" (")[0].strip() for view in two.maps.values()]
    assert titles == ["Mean S", "Mean W", "Mean evidence"]


def test_a_cell_under_the_mouse_is_marked_in_every_map(two: PatternsWindow) -> None:
    views = [two.face, *(shown.view for shown in two.maps.values())]
    two.groups.setCurrentRow(1)
    s, w, e = (view.values for view in two.maps.values())
    assert s is not None and w is not None and e is not None
    for view, cell in zip(views, ((0, 6), (3, 3), (5, 1), (6, 2)), strict=True):
        view.cell_changed.emit(cell)
        assert [v._cell for v in views] == [cell] * 4
        region = face_regions(TEMPLATE)[cell]
        assert two.cell_text.text() == (
            f"Row {cell[0] + 1}, column {cell[1] + 1}, {region}: S {s[cell]:.3f}, W {w[cell]:.4f}, "
            f"evidence {e[cell]:.4f}"
        ).replace("-", MINUS)
    views[0].cell_changed.emit(None)
    assert [v._cell for v in views] == [None] * 4 and two.cell_text.text() == ""
    views[0].cell_changed.emit((1, 1))
    two.groups.setCurrentRow(0)  # other maps: nothing is pointed at
    assert [v._cell for v in views] == [None] * 4 and two.cell_text.text() == ""


def test_lines_list_their_pairs(window: MainWindow, two: PatternsWindow) -> None:
    assert two.found is not None and two.found.report.groups is not None
    lists: list[tuple[str, int]] = []
    window.session.pairs_listed.connect(lambda title, pairs: lists.append((title, len(pairs))))
    for row in range(3):
        two.groups.activated.emit(two.groups.model().index(row, 0))
    sizes = [len(group.pairs) for group in two.found.report.groups.groups]
    at = f", at threshold {window.session.threshold:z.4f}".replace(" -", " \N{MINUS SIGN}")
    assert lists == [
        (f"False accepts{at}", 11),
        (f"False accepts, group 1{at}", sizes[0]),
        (f"False accepts, group 2{at}", sizes[1]),
    ]
    assert sum(sizes) == 11
    choices = [(two.count.itemText(k), two.count.itemData(k)) for k in range(two.count.count())]
    assert choices[:3] == [("Groups: automatic", None), ("One group", 1), ("Groups: 2", 2)]
    assert choices[-1] == (f"Groups: {MOST_GROUPS}", MOST_GROUPS)


def test_one_group_is_one_line_and_a_difference_is_told(
    patterns: PatternsWindow, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    patterns.count.setCurrentIndex(patterns.count.findData(1))
    refreshed(patterns, qtbot)
    assert patterns.found is not None and patterns.found.report.groups is not None
    report = patterns.found.report
    (group,) = patterns.found.report.groups.groups
    assert patterns.groups.count() == 1
    assert patterns.groups.item(0).text() == f"All together: {report.of.counted}. {group.sentence}"
    patterns.with_less.setChecked(True)
    patterns.less.choose("TP")
    patterns.of.choose("FP")
    refreshed(patterns, qtbot)
    titles = [view.title.text() for view in patterns.maps.values()]
    assert [t.split(" (")[0].strip() for t in titles] == [
        "Difference: S",
        "Difference: W",
        "Difference: evidence",
    ]
    report = patterns.found.report
    assert report.base is not None
    less = report.mean.less(report.base)
    values = patterns.maps["evidence"].values
    np.testing.assert_allclose(values, less.evidence)  # type: ignore[arg-type]
    wanted = map_rgba(
        "evidence", less.evidence, limit=float(np.abs(less.evidence).max()), opacity=0.35
    )
    assert np.abs(colours(patterns.face) - wanted.astype(int)).max() <= 2
    patterns.with_less.setChecked(False)
    assert not patterns.less.isEnabled()
