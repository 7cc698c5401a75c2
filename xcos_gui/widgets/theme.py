"""Light and dark, through Qt's own style hints, so that the system's choice is the default."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QProxyStyle, QTableView

from xcos_gui.state.settings import Theme

SCHEMES: dict[Theme, Qt.ColorScheme] = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}
DARK = {
    QPalette.ColorRole.Window: "#2b2b2e",
    QPalette.ColorRole.WindowText: "#e8e8e8",
    QPalette.ColorRole.Base: "#1f1f22",
    QPalette.ColorRole.AlternateBase: "#2b2b2e",
    QPalette.ColorRole.ToolTipBase: "#3a3a3e",
    QPalette.ColorRole.ToolTipText: "#e8e8e8",
    QPalette.ColorRole.PlaceholderText: "#9a9a9e",
    QPalette.ColorRole.Text: "#e8e8e8",
    QPalette.ColorRole.Button: "#38383c",
    QPalette.ColorRole.ButtonText: "#e8e8e8",
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.Link: "#6db3f2",
    QPalette.ColorRole.Highlight: "#2f6fb0",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Light: "#505055",
    QPalette.ColorRole.Midlight: "#45454a",
    QPalette.ColorRole.Mid: "#55555a",
    QPalette.ColorRole.Dark: "#18181a",
    QPalette.ColorRole.Shadow: "#000000",
}
DISABLED = "#7d7d82"
DARK_BOX = "#5c5c62"  # within a box that is not checked
CHECKABLE = ("QCheckBox", "QRadioButton")  # not QGroupBox: what stands in one would take it on


class PlainStyle(QProxyStyle):
    """Fusion, in which a label guesses nothing: names in tooltips and message boxes are no markup.

    Only what says that it is rich text is; Qt alone would take <b> in a file's name for bold. Tab
    leaves a table, which it would walk through cell by cell.
    """

    def __init__(self) -> None:
        super().__init__("Fusion")

    def polish(self, what: Any) -> Any:
        """Called before a widget is first shown; a tooltip is a label of Qt's own."""
        if isinstance(what, QLabel) and what.textFormat() == Qt.TextFormat.AutoText:
            what.setTextFormat(Qt.TextFormat.PlainText)
        if isinstance(what, QTableView):  # its cells are walked by arrow keys
            what.setTabKeyNavigation(False)
        return super().polish(what)


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Switch all windows to a theme."""
    hints = app.styleHints()
    hints.setColorScheme(SCHEMES[theme])
    # Some platforms, such as offscreen, know no colour schemes: there the palette is set by hand.
    by_hand = theme == "dark" and hints.colorScheme() != Qt.ColorScheme.Dark
    app.setPalette(dark_palette() if by_hand else app.style().standardPalette())
    boxes = QPalette()  # says nothing
    if app.palette().color(QPalette.ColorRole.Window).lightness() < 128:
        # Fusion draws their outline darker than the window, which a dark one hardly shows.
        boxes.setColor(QPalette.ColorRole.Base, QColor(DARK_BOX))
        boxes.setColor(
            QPalette.ColorGroup.Disabled,
            QPalette.ColorRole.Base,
            app.palette().color(QPalette.ColorRole.Button),
        )
    for name in CHECKABLE:
        app.setPalette(boxes, name)  # type: ignore[arg-type]


def dark_palette() -> QPalette:
    """Colours of the dark theme where Qt has none of its own."""
    palette = QPalette()
    for role, colour in DARK.items():
        palette.setColor(role, QColor(colour))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(DISABLED))
    return palette


def paint_axes(plot: Any, palette: QPalette) -> None:
    """Give a pyqtgraph plot's title, axes and legend the palette's text colour."""
    text = palette.color(QPalette.ColorRole.WindowText)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(text)
        axis.setTextPen(text)
        # Switching prefixes off would itself scale the numbers once: so no range allows them.
        if hasattr(axis, "setSIPrefixEnableRanges"):
            axis.setSIPrefixEnableRanges(())
        axis.enableAutoSIPrefix(False)
    item = getattr(plot, "plotItem", plot)
    if item.titleLabel.text.strip():
        item.titleLabel.setText(item.titleLabel.text, color=text.name())
    legend = item.legend
    if legend is not None:
        legend.setLabelTextColor(text)
        for _, label in legend.items:
            label.setText(label.text)  # takes the colour only then
