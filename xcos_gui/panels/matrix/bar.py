"""Above the matrix: what is shown, in which order and colours, and what the colours mean."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.explain.colours import SELF_COLOUR, centred_table, outcome_colours
from core.explain.difference_image import DifferenceImage
from core.explain.matrix_image import Far, Look, MatrixImage, error_colours
from core.faces.conditions import CONDITIONS
from core.scoring.against import LABELS
from core.scoring.matrix import OUTCOMES
from core.scoring.orders import COLUMN, CONDITION, LEVELS, ORDERS, Asked
from xcos_gui.panels.matrix.margins import RATES_TIP
from xcos_gui.panels.matrix.selecting import DRAG_TIP
from xcos_gui.widgets.checked import CheckedLook
from xcos_gui.widgets.colour_bar import ColourBar
from xcos_gui.widgets.design import is_dark
from xcos_gui.widgets.elided import ElidedLabel, GivingBox

SCORES = "scores"
LEAST_BOX = 36  # pixels
FAINT = 40  # of 255, from which lightness on a square stands out from its ground
AGAINST_TIP = (
    "The scores, or how far they are above those of another attention or order, each from its own "
    "threshold; or which outcomes your new names of faces have changed. Another model is compared by "
    "Analyse, Two models."
)
FIT = "Show all (0)"
FARS: dict[Far, str] = {"mean": "Mean", "worst": "Worst", "errors": "Errors"}
FAR_TIPS = (
    "What a point shows that stands for many pairs. Mean: their mean score. Worst: the pair that is "
    "farthest on the wrong side of the threshold. Errors: the share of pairs on the wrong side."
)
LEVEL_TIP = (
    "What a cell is: a pair of faces, or all pairs of two people, tags or values of a column"
)
ORDER_TIP = (
    "The order of rows and columns. By similarity puts look-alikes side by side; hardest first "
    "goes by the share of errors at the threshold of now; by a condition, its worst faces come first."
)


class MatrixBar(QWidget):
    """Choices about the matrix; what they are is read from `asked` and `look`."""

    arrangement_chosen = Signal()
    colours_chosen = Signal()
    zoom_asked = Signal(float)
    fit_asked = Signal()
    back_asked = Signal()
    changed_asked = Signal()
    outcome_asked = Signal(str)  # one in the legend was clicked

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colouring = _box("Colour of the matrix", ["Colour by score", "Colour by outcome"])
        self.colouring.setToolTip(
            "By score: white at the threshold, blue above. By outcome: four colours."
        )
        self._fars: dict[bool, Far] = {False: "mean", True: "worst"}  # by outcomes
        self.far = _box("What a point of many pairs shows", [])
        self.far.setToolTip(FAR_TIPS)
        self.level = _box("What a cell of the matrix is", [])
        self.level.setToolTip(LEVEL_TIP)
        self.rows, self.columns = _box("Order of the rows", []), _box("Order of the columns", [])
        for box in (self.rows, self.columns):
            box.setToolTip(ORDER_TIP)
        self.selects = QToolButton(text="Choose", checkable=True, toolTip=DRAG_TIP)
        self.selects.setAccessibleName("Dragging chooses pairs")
        self.against = _box("Scores, or what they are compared with", [])
        self.against.setToolTip(AGAINST_TIP)
        self.changed = QToolButton(text="Changed", hidden=True)
        self.changed.setToolTip(
            "List the pairs on which the two do not agree, the farthest apart first"
        )
        self.rates = QToolButton(text="Rates", checkable=True, checked=True)
        self.rates.setToolTip(RATES_TIP)
        for button in (self.selects, self.rates):
            CheckedLook(button)
        self.place = ElidedLabel()
        self.back = QToolButton(text="\N{LEFTWARDS ARROW} Back", toolTip="Back to the groups (Esc)")
        self._legend = QLabel(textFormat=Qt.TextFormat.RichText)
        self._legend.setToolTip("Click an outcome to fade all others; once more to show all")
        self._legend.linkActivated.connect(self.outcome_asked)
        self._legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = ColourBar()
        self._explained: tuple[MatrixImage | None, float] = None, 0.0  # by the legend
        self._far_away = False  # whether a point is many cells
        self._lay_out()
        self.colouring.currentIndexChanged.connect(self._on_colouring)
        self.far.activated.connect(self._on_far)
        for box in (self.level, self.rows, self.columns, self.against):
            box.activated.connect(lambda _: self.arrangement_chosen.emit())
        self.back.clicked.connect(self.back_asked)
        self.fill((), True, Asked(), {})
        self._fill_far()
        self.show_place("")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        first, second = QHBoxLayout(), QHBoxLayout()
        self.changed.clicked.connect(self.changed_asked)
        for widget in (self.level, self.rows, self.columns, self.against, self.changed):
            first.addWidget(widget)
        first.addStretch(1)
        first.addWidget(self.selects)
        first.addWidget(self.rates)
        for text, tip, factor in (
            ("+", "Zoom in (+)", 0.5),
            ("\N{MINUS SIGN}", "Zoom out (-)", 2.0),
        ):
            button = QToolButton(text=text, toolTip=tip, accessibleName=tip)
            button.clicked.connect(lambda _=False, f=factor: self.zoom_asked.emit(f))
            first.addWidget(button)
        self.fit = QToolButton(text="Fit", toolTip=FIT, accessibleName=FIT)
        self.fit.clicked.connect(self.fit_asked)
        first.addWidget(self.fit)
        second.addWidget(self.colouring)
        second.addWidget(self.far)
        second.addWidget(self._bar, 1)
        second.addWidget(self._legend, 1)
        opened = QHBoxLayout()
        opened.addWidget(self.back)
        opened.addWidget(self.place, 1)
        for row in (first, second, opened):
            layout.addLayout(row)

    # What is chosen.

    @property
    def outcomes(self) -> bool:
        """Whether pairs are coloured by outcome."""
        return self.colouring.currentIndex() == 1

    def look(self, threshold: float) -> Look:
        """How the matrix is coloured at a threshold."""
        # The application's: when a theme changes, widgets hear of it one after the other.
        dark = is_dark(QGuiApplication.palette())
        return Look(threshold, self.outcomes, self._fars[self.outcomes], dark)

    @property
    def asked(self) -> Asked:
        """The level and orders chosen."""
        rows = self.rows.currentData()
        columns = rows if self.columns.isHidden() else self.columns.currentData()
        against = self.against.currentData()
        return Asked(
            self.level.currentData(),
            rows,
            columns,
            against=None if against in (SCORES, None) else against,
        )

    @property
    def fars(self) -> dict[str, Far]:
        """What points of many pairs show, by score and by outcome."""
        return {"score": self._fars[False], "outcome": self._fars[True]}

    def set_fars(self, fars: object) -> None:
        """Take over such choices; what is none of them is left as it is."""
        if not isinstance(fars, dict):
            return
        for name, outcomes in (("score", False), ("outcome", True)):
            far = fars.get(name)
            if far in FARS and not (outcomes and far == "mean"):
                self._fars[outcomes] = far
        self._fill_far()
        self.colours_chosen.emit()

    def fill(
        self, columns: tuple[str, ...], square: bool, asked: Asked, others: dict[str, str]
    ) -> None:
        """Offer what a gallery has: columns of its CSV, and orders of both sides where they differ.

        others: what its scores can be compared with, by what Asked.against says
        """
        offered = {SCORES: "Scores"} | {
            key: f"Outcomes less {name}" if key == LABELS else f"Scores less {name}"
            for key, name in others.items()
        }
        _fill(self.against, offered, asked.against or SCORES)
        self.changed.setHidden(asked.against is None)
        further = {f"{COLUMN}{name}": name for name in columns}
        _fill(self.level, LEVELS | further, asked.level)
        orders = ORDERS | {key: f"By {name}" for key, name in further.items()}
        orders |= {f"{CONDITION}{c.name}": f"By {c.title.lower()}, worst first" for c in CONDITIONS}
        _fill(self.rows, orders if square else _prefixed("Rows ", orders), asked.rows)
        _fill(self.columns, _prefixed("Columns ", orders), asked.columns)
        self.columns.setHidden(square)

    def show_place(self, title: str) -> None:
        """Say which cell of groups is open; empty: none."""
        self.place.setText(title)
        self.place.setToolTip(title)
        self.place.setHidden(not title)
        self.back.setHidden(not title)

    def show_zoom(self, pixels: float) -> None:
        """Say how near the matrix is: pixels a cell is wide."""
        near = (
            f"{pixels:.0f} points a cell" if pixels >= 1 else f"{1 / pixels**2:.0f} cells a point"
        )
        self.fit.setToolTip(f"{FIT}; now {near}")
        if (pixels < 1) != self._far_away:
            self._far_away = pixels < 1
            self.show_legend(*self._explained)

    # What the colours mean.

    def show_legend(self, image: MatrixImage | None, threshold: float) -> None:
        """Explain the colours of an image."""
        look, self._explained = self.look(threshold), (image, threshold)
        blocks = image is not None and (self._far_away or not image.shown.cells_are_pairs)
        errors = blocks and look.far == "errors"
        compared = isinstance(image, DifferenceImage)
        scale = image is not None and (errors or compared or not look.outcomes)
        self.colouring.setDisabled(compared)
        self._bar.setVisible(scale)
        self._legend.setVisible(not scale)
        if image is None:
            self._legend.clear()
        elif isinstance(image, DifferenceImage) and not errors:
            low, high = image.limits
            names = image.found.outcomes is not None
            tip = (
                "Pairs whose outcome another name changed: green above the threshold, purple below; "
                "all others are pale"
                if names
                else f"Score less threshold, and from it the same by {image.found.name}: green is higher "
                "here, purple there; pairs with the same decision are pale"
            )
            self._bar.show_table(image.score_colours(0.0), low, high, 0.0, tip)
        elif errors:
            tip = "Share of pairs on the wrong side of the threshold; grey: none"
            self._bar.show_table(error_colours(look.dark), 0.0, 1.0, None, tip)
        elif look.outcomes:
            self._legend.setText(_outcome_legend(image, look.dark, self.palette()))
        else:
            low, high = image.scale(threshold)
            tip = f"Score from {low:.2f} to {high:.2f}; white and the mark are the threshold {threshold:.3f}"
            self._bar.show_table(centred_table(threshold, low, high), low, high, threshold, tip)

    def _on_colouring(self, _: int) -> None:
        self._fill_far()
        self.colours_chosen.emit()

    def _on_far(self, _: int) -> None:
        self._fars[self.outcomes] = self.far.currentData()
        self.colours_chosen.emit()

    def _fill_far(self) -> None:
        # A mean has a score, but no outcome.
        offered = {far: name for far, name in FARS.items() if far != "mean" or not self.outcomes}
        _fill(
            self.far,
            {k: f"Far away: {v.lower()}" for k, v in offered.items()},
            self._fars[self.outcomes],
        )


def _square(colour: QColor, palette: QPalette) -> str:
    """A square of a colour, as rich text; one that is nearly the ground is drawn as an empty square."""
    ground = palette.color(QPalette.ColorRole.Window).lightness()
    sign = "\N{BLACK SQUARE}"
    if abs(colour.lightness() - ground) < FAINT:
        colour, sign = palette.color(QPalette.ColorRole.WindowText), "\N{WHITE SQUARE}"
    return f'<span style="color:{colour.name()}">{sign}</span> '


def _outcome_legend(image: MatrixImage, dark: bool, palette: QPalette) -> str:
    matrix = image.matrix
    unknown = bool((matrix.rows < 0).any() or (matrix.columns < 0).any())
    parts: list[tuple[tuple[int, int, int], str]] = [
        (outcome_colours(dark)[o], o) for o in OUTCOMES if o != "unknown" or unknown
    ]
    if matrix.square:
        parts.append((SELF_COLOUR, "itself"))
    text = palette.color(QPalette.ColorRole.WindowText).name()
    squares = (
        _square(QColor(*colour), palette)
        + (
            name
            if name not in OUTCOMES
            else f'<a href="{name}" style="color:{text}; text-decoration:none">{name}</a>'
        )
        for colour, name in parts
    )
    return " &nbsp; ".join(squares)


def _box(name: str, texts: list[str]) -> QComboBox:
    box = GivingBox()
    box.setAccessibleName(name)
    box.addItems(texts)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(max(map(len, texts), default=10))
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.setMinimumWidth(
        LEAST_BOX
    )  # in a narrow window its text is cut, and the matrix keeps its room
    return box


def _prefixed(word: str, texts: dict[str, str]) -> dict[str, str]:
    return {key: f"{word}{text[0].lower()}{text[1:]}" for key, text in texts.items()}


def _fill(box: QComboBox, texts: dict[str, str], chosen: str) -> None:
    box.blockSignals(True)
    box.clear()
    for key, text in texts.items():
        box.addItem(text, key)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
