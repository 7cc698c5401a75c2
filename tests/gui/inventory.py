"""What a window is made of, as lines of text: its widgets, what they say, take and do, and its plots.

Sizes and places are left out as far as they follow the font; so is what Qt makes by itself.
"""

from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QDate, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QColor, QKeySequence, QTextDocument
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QBoxLayout,
    QComboBox,
    QFormLayout,
    QGraphicsView,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QListWidget,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QSizeGrip,
    QSizePolicy,
    QSplitter,
    QTabBar,
    QTableView,
    QTabWidget,
    QTextBrowser,
    QToolButton,
    QWidget,
)

from xcos_gui.widgets.progress import ProgressRow

# Of every widget; they follow the font, the place on the screen, or what is asked for elsewhere here.
UNSAID = """
objectName geometry frameGeometry normalGeometry x y pos frameSize size width height rect
childrenRect childrenRegion sizeIncrement baseSize palette font cursor windowIcon icon iconSize
locale visible isActiveWindow focus underMouse minimizedMaximized sizeHint minimumSizeHint
minimumSize maximumSize minimumWidth minimumHeight maximumWidth maximumHeight minimized
maximized fullScreen modal sizePolicy updatesEnabled windowModified windowOpacity
inputMethodHints styleSheet autoFillBackground html displayText cleanText selectedText
currentText currentIndex count lineCount frameRect frameWidth markdown remainingTime
remainingTimeAsDuration intervalAsDuration cursorPosition plainText undoAvailable redoAvailable
blockCount hasSelectedText acceptableInput undoEnabled accessibleDescription toolTipDuration
windowIconText windowFilePath layoutDirection sizeGripEnabled backgroundVisible overwriteMode
down autoRepeat autoRepeatDelay autoRepeatInterval pixmap movie dateTime time date
verticalDirection statusTip whatsThis windowModality maximumBlockCount selectionStart
centerOnScroll tabStopDistance cursorWidth extraSelections documentTitle contentsRect sceneRect
foregroundBrush backgroundBrush dockOptions tabShape selectedDate menuRole iconText acceptDrops
mouseTracking showDropIndicator dragEnabled dragDropOverwriteMode dragDropMode defaultDropAction
layoutMode batchSize modelColumn isWrapping active pageStep floating dockLocation sliderPosition
tabletTracking frameShape
"""
LEFT_OUT = frozenset(UNSAID.split())
SAID_OF_PLOTS = ("toolTip", "accessibleName", "enabled", "focusPolicy")
# Their parts are Qt's own, or are told otherwise.
WHOLE = (QComboBox, QAbstractSpinBox, QAbstractItemView, QGraphicsView, QTabBar, QScrollBar, QLineEdit, QMenu, QPlainTextEdit, QTextBrowser)  # fmt: skip


MOST_ROWS = 12  # of a table


def lines(widget: QWidget) -> list[str]:
    """A line for each part of a widget, set in by how deep it lies; other windows are left out."""
    return [line.rstrip() for line in _lines(widget, 0)]


def _lines(part: QObject, depth: int) -> Iterator[str]:
    said = [f"{name}: {value}" for name, value in _said(part)]
    hidden = isinstance(part, QWidget) and depth and part.isHidden()
    yield f"{'  ' * depth}{type(part).__name__}{' (hidden)' if hidden else ''}  {'; '.join(said)}"
    inset = "  " * (depth + 1)
    if isinstance(part, QWidget):
        own = [part.menuAction()] if isinstance(part, QMenu) else []
        shown = part.defaultAction() if isinstance(part, QToolButton) else None
        for action in part.actions():
            if action not in own and action is not shown:
                yield from _action(action, inset)
    if isinstance(part, QComboBox):
        for place in range(part.count()):
            yield f"{inset}- {part.itemText(place)!r} {_plain(part.itemData(place))} {_tip(part, place)}"
    if isinstance(part, QListWidget):
        for place in range(part.count()):
            item = part.item(place)
            yield f"{inset}- {item.text()!r} {item.toolTip()!r}"
    if isinstance(part, QTableView):
        yield from _columns(part, inset)
    if isinstance(part, pg.GraphicsLayoutWidget | pg.PlotWidget):
        for item in part.scene().items():
            if isinstance(item, pg.PlotItem):
                yield from _plot(item, inset)
    if isinstance(part, WHOLE):
        return
    for child in _children(part):
        yield from _lines(child, depth + 1)


def _children(part: QObject) -> Iterator[QObject]:
    if isinstance(part, ProgressRow) and part.isHidden():
        return  # what it last said depends on how fast work was
    if isinstance(part, QTabWidget):
        yield from (part.widget(place) for place in range(part.count()))
    for child in part.children():
        if isinstance(part, QScrollArea) and child is part.viewport():
            yield part.widget()
        own_window = isinstance(child, QWidget) and child.isWindow()
        made_by_qt = child.objectName().startswith("qt_") or isinstance(child, QSizeGrip)
        if isinstance(child, QWidget | QTimer) and not own_window and not made_by_qt:
            yield child


def _said(part: QObject) -> Iterator[tuple[str, str]]:
    default = _default(_qt_class(type(part)))
    about = part.metaObject()
    for number in range(about.propertyCount()):
        name = about.property(number).name()
        if name in LEFT_OUT or (isinstance(part, QGraphicsView) and name not in SAID_OF_PLOTS):
            continue
        value = _plain(part.property(name))
        if value is not None and (default is None or value != _plain(default.property(name))):
            yield name, value
    if isinstance(part, QTimer) and not part.isSingleShot():
        yield "runs", str(part.isActive())
    if not isinstance(part, QWidget):
        return
    policy = _policy(part.sizePolicy())
    if default is not None and policy != _policy(default.sizePolicy()):  # type: ignore[attr-defined]
        yield "policy", policy
    where = _where(part)
    if where:
        yield "at", where
    if isinstance(part, QComboBox | QTabWidget):
        yield "current", str(part.currentIndex())
    if isinstance(part, QAbstractItemView) and part.iconSize().isValid():
        line, icon = part.fontMetrics().height(), part.iconSize()
        yield "icons", f"{icon.width() / line:.1f} x {icon.height() / line:.1f} lines"
    if isinstance(part, QLabel) and part.buddy() is not None:
        yield "leads to", type(part.buddy()).__name__
    if isinstance(part, QTabWidget):
        yield "tabs", str([(part.tabText(k), part.tabToolTip(k)) for k in range(part.count())])


@cache
def _default(kind: type) -> QObject | None:
    try:
        made: QObject = kind()
    except (TypeError, NotImplementedError):
        return None
    if isinstance(made, QWidget):
        made.ensurePolished()  # as every widget that is shown
    return made


def _qt_class(kind: type) -> type:
    return next(base for base in kind.__mro__ if base.__module__.startswith("PySide6."))


def _policy(policy: QSizePolicy) -> str:
    stretch = policy.horizontalStretch(), policy.verticalStretch()
    return f"{policy.horizontalPolicy().name} {policy.verticalPolicy().name} {stretch}"


def _where(widget: QWidget) -> str:
    """The place in the layout or splitter that a widget lies in, with its stretch."""
    parent = widget.parentWidget()
    if parent is None:
        return ""
    if isinstance(parent, QSplitter):
        return f"{parent.indexOf(widget)} of a splitter"
    for layout in parent.findChildren(QLayout):
        place = layout.indexOf(widget)
        if place < 0:
            continue
        if isinstance(layout, QGridLayout):
            return str(layout.getItemPosition(place))
        if isinstance(layout, QFormLayout):
            row, role = layout.getItemPosition(place)  # type: ignore[misc]
            return f"{row} {role.name}"
        if isinstance(layout, QBoxLayout):
            return f"{place}" + (f" x{layout.stretch(place)}" if layout.stretch(place) else "")
    return ""


def _action(action: QAction, inset: str) -> Iterator[str]:
    if action.isSeparator():
        yield f"{inset}---"
        return
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.PortableText)
    state = [name for name, on in (
        ("disabled", not action.isEnabled()), ("hidden", not action.isVisible()),
        ("checkable", action.isCheckable()), ("checked", action.isChecked()),
    ) if on]  # fmt: skip
    tip = action.toolTip()
    menu = action.menu()
    yield f"{inset}> {action.text()!r} [{keys}] {' '.join(state)} {tip if tip != action.iconText() else ''}"
    if isinstance(menu, QMenu):
        for inside in menu.actions():
            yield from _action(inside, inset + "  ")


def _columns(table: QTableView, inset: str) -> Iterator[str]:
    header, model, unit = table.horizontalHeader(), table.model(), table.fontMetrics().height()
    if model is None:
        return
    across = Qt.Orientation.Horizontal
    for column in range(header.count()):
        mode = header.sectionResizeMode(column)
        free = mode == QHeaderView.ResizeMode.Interactive and not header.isSectionHidden(column)
        wide = f"{header.sectionSize(column) / unit:.2f} lines" if free else mode.name
        text = model.headerData(column, across, Qt.ItemDataRole.DisplayRole)
        tip = model.headerData(column, across, Qt.ItemDataRole.ToolTipRole)
        shown = " hidden" if header.isSectionHidden(column) else ""
        yield f"{inset}| {text!r} {wide}{shown}: {tip or ''}"
    high = table.verticalHeader().defaultSectionSize() / unit
    yield f"{inset}| rows {high:.1f} lines"
    order = header.sortIndicatorSection(), header.sortIndicatorOrder().name
    yield f"{inset}| sorted by {order if header.isSortIndicatorShown() else 'nothing'}"
    for row in range(min(model.rowCount(), MOST_ROWS)):
        head = model.headerData(row, Qt.Orientation.Vertical, Qt.ItemDataRole.DisplayRole)
        cells = [_cell(model.index(row, column)) for column in range(header.count())]
        yield f"{inset}| {head}: {' | '.join(cells)}"


def _cell(index: QModelIndex) -> str:
    text, tip = index.data(), index.data(Qt.ItemDataRole.ToolTipRole)
    side = index.data(Qt.ItemDataRole.TextAlignmentRole)
    right = side is not None and bool(Qt.AlignmentFlag(side) & Qt.AlignmentFlag.AlignRight)
    marks = ">" * right + "*" * (index.data(Qt.ItemDataRole.DecorationRole) is not None)
    return f"{marks}{text!r}" + (f" ({tip!r})" if tip and tip != text else "")


def _plot(plot: pg.PlotItem, inset: str) -> Iterator[str]:
    view = plot.getViewBox()
    state = view.state
    yield (
        f"{inset}plot mouse {state['mouseEnabled']} inverted {state['xInverted']} {state['yInverted']} "
        f"aspect {state['aspectLocked']} limits {state['limits']} menu {plot.menuEnabled()} "
        f"auto {plot.buttonsHidden} log {plot.ctrl.logXCheck.isChecked()} {plot.ctrl.logYCheck.isChecked()} "
        f"legend {plot.legend is not None and plot.legend.opts['offset']}"
    )
    for side in ("left", "bottom", "right", "top"):
        axis = plot.getAxis(side)
        if axis.isVisible():
            yield f"{inset}  {side} {axis.labelText!r} {axis.labelUnits!r} grid {axis.grid} log {axis.logMode}"
    for item in plot.items:
        yield f"{inset}  {type(item).__name__} {_item(item)}"


def _item(item: Any) -> str:
    said = [f"z {item.zValue():g}"]
    if isinstance(item, pg.InfiniteLine):
        form = item.label.format if getattr(item, "label", None) is not None else None
        said += [f"angle {item.angle} moves {item.movable} {_pen(item.pen)} {form!r}"]
    elif isinstance(item, pg.PlotDataItem):
        opts = item.opts
        said += [
            f"{item.name()!r} pen {_pen(opts['pen'])} symbol {opts['symbol']} {opts['symbolSize']}"
        ]
        said += [f"{_pen(opts['symbolBrush'])} fill {opts['fillLevel']} step {opts['stepMode']}"]
    elif isinstance(item, pg.ScatterPlotItem):
        said += [f"size {item.opts['size']} {_pen(item.opts['pen'])} {_pen(item.opts['brush'])}"]
    elif isinstance(item, pg.TextItem):
        said += [repr(item.toPlainText())]
    return " ".join(said)


def _pen(pen: Any) -> str:
    if pen is None or isinstance(pen, str):
        return str(pen)
    if isinstance(pen, tuple | list):
        return str(tuple(pen))
    colour = pen if isinstance(pen, QColor) else pen.color()
    wide = f" {pen.widthF():g} {pen.style().name}" if hasattr(pen, "widthF") else ""
    return colour.name(QColor.NameFormat.HexArgb) + wide


def _tip(box: QComboBox, place: int) -> str:
    return box.itemData(place, Qt.ItemDataRole.ToolTipRole) or ""


def _plain(value: Any) -> str | None:
    """A value as text; None for what tells nothing or is another object."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bool | int | float | str | bytes | list | tuple):
        return repr(value)
    if isinstance(value, QKeySequence):
        return value.toString(QKeySequence.SequenceFormat.PortableText)
    if value is None or isinstance(value, QObject | QTextDocument | QDate):
        return None
    return None if type(value).__module__.startswith("PySide6") else repr(value)
