"""Panels in docks, and the tools' windows beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

from xcos_gui.panels.curves.panel import CurvesPanel
from xcos_gui.panels.gallery.panel import GalleryPanel
from xcos_gui.panels.matrix.panel import MatrixPanel
from xcos_gui.panels.notes import NotesPanel
from xcos_gui.panels.pair.panel import InspectorPanel
from xcos_gui.panels.pairs.panel import PairsPanel
from xcos_gui.shell.help import show_page, tool_page
from xcos_gui.shell.story import Story
from xcos_gui.state.pair_history import PairHistory
from xcos_gui.state.session import Session
from xcos_gui.state.threshold_watch import ThresholdWatch
from xcos_gui.widgets.icons import icon
from xcos_gui.widgets.placing import Scrolled, bring_up
from xcos_gui.widgets.quiet_wheel import quiet_wheel
from xcos_gui.widgets.theme import apply_theme
from xcos_gui.widgets.thumbnails import Thumbnails

if TYPE_CHECKING:
    from xcos_gui.shell.tool_menu import Tool
    from xcos_gui.tools.evaluation.window import EvaluationDialog
    from xcos_gui.tools.training.window import TrainingDialog
    from xcos_gui.widgets.tool_window import ToolWindow


@runtime_checkable
class OfListed(Protocol):
    """A tool that can be about the pairs that the list shows."""

    def use_listed(self) -> None: ...


SHARE_BELOW = 0.31  # of a window's height, at most, for what lies below the matrix
SMALL = 600  # pixels of height below which docks are stacked
WIDE = 1150  # pixels of width from which nothing lies below the matrix, which is as wide as high
TALL = 880  # pixels of height from which gallery and list stand above each other in a wide window


class Workspace(QMainWindow):
    """Holds the panels and the tools; what they share is in the session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.thumbnails = Thumbnails(session, self)
        self.history = PairHistory(session)
        self.threshold_watch = ThresholdWatch(session)
        self.training: TrainingDialog | None = None
        self.evaluation: EvaluationDialog | None = None
        self.tools: dict[Tool, ToolWindow] = {}
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        self.matrix = MatrixPanel(session, self.thumbnails)
        self.gallery = GalleryPanel(session, self.thumbnails)
        self.inspector = InspectorPanel(session)
        self.notes = NotesPanel(session)
        self.curves = CurvesPanel(session)
        self.pairs = PairsPanel(session, self.thumbnails)
        self.matrix.tool_asked.connect(self.show_tool_of_list)
        self.docks: dict[str, QDockWidget] = {}
        self.story = Story(session, self.matrix, self.docks)
        self.setCentralWidget(self.matrix)
        session.tool_asked.connect(self.show_named)
        session.pairs_listed.connect(self._show_list)
        session.listed_outcome_changed.connect(self._show_list)
        self.docks |= {
            "gallery": self._dock("Gallery", "gallery", self.gallery),
            "inspector": self._dock("Pair", "inspector", self.inspector),
            "notes": self._dock("Notes", "notes", self.notes),
            "curves": self._dock("Threshold and curves", "curves", self.curves),
            "pairs": self._dock("Pairs", "pairs", self.pairs),
        }

    def _dock(self, title: str, name: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        quiet_wheel(widget)
        dock.setWidget(Scrolled(widget))
        return dock

    def _show_list(self, *_: object) -> None:
        """Bring the list of pairs to the front: something was listed in it."""
        self._bring("pairs")

    def _bring(self, name: str) -> None:
        """Show a dock, before the others that share its place."""
        self.docks[name].show()
        self.docks[name].raise_()

    def reset_layout(self) -> None:
        """Put every dock where it was at first."""
        left, right = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
        )
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.setCorner(Qt.Corner.BottomLeftCorner, bottom)
        small, wide = self._shape()
        below = left if wide else bottom
        for area, name in (
            (right if small else left, "gallery"),
            (right, "inspector"),
            (right, "notes"),
            (below, "curves"),
            (below, "pairs"),
        ):
            dock = self.docks[name]
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        # The matrix keeps its room: what stands beside it is stacked.
        if small:
            self.tabifyDockWidget(self.docks["curves"], self.docks["pairs"])
            self.tabifyDockWidget(self.docks["gallery"], self.docks["inspector"])
            self.docks["curves"].raise_()
        elif wide:
            down = Qt.Orientation.Vertical
            tall = self.height() >= TALL
            above = "pairs" if tall else "gallery"
            if tall:
                self.splitDockWidget(self.docks["gallery"], self.docks["pairs"], down)
            self.splitDockWidget(self.docks[above], self.docks["curves"], down)
            if not tall:
                self.tabifyDockWidget(self.docks["gallery"], self.docks["pairs"])
                self.docks["gallery"].raise_()
        else:
            self.splitDockWidget(
                self.docks["curves"], self.docks["pairs"], Qt.Orientation.Horizontal
            )
        self.tabifyDockWidget(self.docks["inspector"], self.docks["notes"])
        self.docks["inspector"].raise_()
        self.share_room()

    def _shape(self) -> tuple[bool, bool]:
        """Whether the window is small all over, and whether it is wide enough for all beside the matrix."""
        small = self.height() < SMALL
        return small, not small and self.width() >= WIDE

    def share_room(self) -> None:
        """Give every dock its share of the window as large as it is now."""
        unit, docks = self.fontMetrics().height(), self.docks
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        small, wide = self._shape()
        if wide:
            widths = [max(least * unit, round(0.23 * self.width())) for least in (26, 28)]
            self.resizeDocks([docks["gallery"], docks["inspector"]], widths, across)
            tall = self.height() >= TALL
            names = ("gallery", "pairs", "curves") if tall else ("gallery", "curves")
            shares = (0.3, 0.3, 0.4) if tall else (0.4, 0.6)
            parts = [round(share * self.height()) for share in shares]
            self.resizeDocks([docks[name] for name in names], parts, down)
            return
        if small:
            self.resizeDocks([docks["inspector"]], [23 * unit], across)
        else:
            sides = [docks["gallery"], docks["inspector"]]
            self.resizeDocks(sides, [21 * unit, 30 * unit], across)
            self.resizeDocks([docks["curves"], docks["pairs"]], [33 * unit, 27 * unit], across)
        high = 10 * unit if small else min(17 * unit, round(SHARE_BELOW * self.height()))
        self.resizeDocks([docks["curves"]], [high], down)

    def show_notes(self) -> None:
        """Let the user tag the pair looked at."""
        self._bring("notes")
        self.notes.focus()

    def keep_typed(self) -> None:
        """Save tags and notes that are half typed."""
        self.notes.keep()
        self.inspector.judging.keep()

    def focus_filter(self) -> None:
        """Let the user type a filter of pairs."""
        self._bring("pairs")
        self.pairs.filter.focus()

    def focus_search(self) -> None:
        """Let the user type a search of the gallery."""
        self._bring("gallery")
        self.gallery.focus_search()

    def step_listed(self, step: int) -> None:
        """Look at the next pair of the list, or the one before: the next error where errors are listed."""
        session, listed = self.session, self.session.listed
        if listed is None or not len(listed):
            session.message.emit("The list of pairs is empty; click a count, such as FP.")
            return
        both = list(zip(listed.rows.tolist(), listed.columns.tolist(), strict=True))
        pair = session.pair
        if pair is not None and pair not in both and session.rows is session.columns:
            pair = pair[1], pair[0]  # it lies in two cells
        at = both.index(pair) if pair in both else (-1 if step > 0 else len(both))
        if 0 <= at + step < len(both):
            session.select_pair(*both[at + step])
        else:
            session.message.emit(
                "That was the last of the list." if step > 0 else "That was the first of the list."
            )

    def set_theme(self, theme: str) -> None:
        """Switch and remember the theme."""
        self.session.settings.theme = theme  # type: ignore[assignment]
        app = QGuiApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, self.session.settings.theme)

    def show_training(self) -> None:
        """The training dialog, beside the window."""
        from xcos_gui.tools.training.window import TrainingDialog

        if self.training is None:
            self.training = TrainingDialog(self.session, self.session.settings.runs, self)
            self.training.compare_asked.connect(self.compare_with)
        bring_up(self.training)

    def compare_with(self, weights: Path) -> None:
        """Hold other weights against the session's on the open gallery."""
        from xcos_gui.shell.tool_menu import TWO_MODELS
        from xcos_gui.tools.two_models.window import TwoModelsWindow

        window = self.show_tool(TWO_MODELS)
        assert isinstance(window, TwoModelsWindow)
        window.compare_with(weights)

    def show_evaluation(self) -> None:
        """The evaluation dialog, beside the window."""
        from xcos_gui.tools.evaluation.window import EvaluationDialog

        if self.evaluation is None:
            self.evaluation = EvaluationDialog(self.session, self)
        bring_up(self.evaluation)

    def show_video(self, path: Path) -> None:
        """The window on videos, which finds the tracks of this one."""
        from xcos_gui.shell.tool_menu import VIDEO
        from xcos_gui.tools.video.window import VideoWindow

        window = self.show_tool(VIDEO)
        assert isinstance(window, VideoWindow)
        window.open_video(path)

    def show_tool(self, tool: Tool) -> ToolWindow:
        """A window of the Analyse menu, made when first asked for."""
        if tool not in self.tools:
            tool_window = self.tools[tool] = tool.load()(self.session, self)
            tool_window.setWindowIcon(icon(tool.icon, self.palette()))
            key = QKeySequence(QKeySequence.StandardKey.HelpContents)
            QShortcut(
                key, tool_window, lambda: show_page(tool_window.title, tool_page(tool), tool_window)
            )
        window = self.tools[tool]
        bring_up(window)
        return window

    def show_tool_of_list(self, name: str) -> None:
        """A tool by its module, about the pairs that the list shows."""
        from xcos_gui.shell.tool_menu import GALLERY_TOOLS

        window = self.show_tool(next(t for t in GALLERY_TOOLS if t.place[0] == name))
        assert isinstance(window, OfListed)
        window.use_listed()

    def show_named(self, name: str) -> None:
        """A tool that a panel or another tool asks for by its module's name."""
        from xcos_gui.shell.tool_menu import ALL_TOOLS

        self.show_tool(next(tool for tool in ALL_TOOLS if tool.place[0].split(".")[0] == name))

    def close_tools(self) -> None:
        """End the background work of tools and panels, and let go of the tools."""
        for dialog in (self.evaluation, self.training):
            if dialog is not None:
                dialog.close_job()
        for tool in self.tools.values():
            tool.close_job()
            tool.close()
        self.threshold_watch.close()
        self.pairs.close_job()
        self.matrix.close_job()
        self.curves.close_job()
        self.inspector.close_job()
        self.thumbnails.close()
