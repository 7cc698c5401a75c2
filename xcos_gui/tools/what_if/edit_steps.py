"""How mouse and keys change the edits of a pair, and the way back; no widgets."""

from collections.abc import Hashable
from dataclasses import replace
from math import exp

from core.explain.editing.edits import MOST_POINTS, SETTINGS, Edit, EditKind, usual
from core.explain.editing.what_if import Question, Side
from core.faces.face import SIDE

DEGREES_A_PIXEL, SIGMA_A_PIXEL = 0.5, 0.05
WHEEL = {"blur": 0.5, "dark": 0.05, "turn": 1.0, "mask": 1.0}  # a notch, added
GROWTH = 1.08  # a notch, multiplied


class History:
    """Questions one after another; a change goes on from where undo stopped."""

    def __init__(self) -> None:
        self._steps = [Question()]
        self._at = 0
        self._source: Hashable = None

    @property
    def question(self) -> Question:
        """Where it stands."""
        return self._steps[self._at]

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at + 1 < len(self._steps)

    def change(self, question: Question, source: Hashable = None) -> None:
        """Go on to a question; changes of one source, such as one drag, are one step."""
        if question == self.question:
            return
        if source is None or source != self._source:
            self._at += 1
        self._source = source
        self._steps[self._at :] = [question]

    def move(self, steps: int) -> None:
        """Undo (-1) or redo (1)."""
        self._at = min(max(0, self._at + steps), len(self._steps) - 1)
        self._source = None


def with_edits(question: Question, side: Side, edits: tuple[Edit, ...]) -> Question:
    """The question with other edits of one face."""
    return replace(question, left=edits) if side == "left" else replace(question, right=edits)


def grabbed(edits: tuple[Edit, ...], kind: EditKind, x: float, y: float) -> int | None:
    """The place of the edit that a press with a tool takes hold of; None: it makes a new one."""
    if kind == "mask":
        return None
    for place in range(len(edits) - 1, -1, -1):
        edit = edits[place]
        inside = edit.x <= x <= edit.x + edit.width and edit.y <= y <= edit.y + edit.height
        if edit.kind == kind and (kind != "patch" or inside):
            return place
    return None


def pressed(kind: EditKind, x: float, y: float, like: Edit | None = None) -> Edit:
    """A new edit where a tool was pressed, of the size of one made before."""
    edit = usual(kind) if like is None else like
    if kind == "mask":
        return replace(edit, points=((x, y),))
    if kind == "patch":
        return limited(edit, x=x - edit.width / 2, y=y - edit.height / 2)
    return usual(kind)


def dragged(edit: Edit, dx: float, dy: float, at: tuple[float, float] | None = None) -> Edit:
    """The edit after the mouse went on by (dx, dy) pixels of the crop, to the point `at`."""
    if edit.kind == "mask":
        if at is None:
            return replace(edit, points=tuple((x + dx, y + dy) for x, y in edit.points))
        return replace(edit, points=(*edit.points, at)[:MOST_POINTS])
    if edit.kind == "turn":
        return limited(edit, strength=edit.strength + DEGREES_A_PIXEL * dx)
    if edit.kind == "scale":
        return limited(edit, strength=edit.strength * exp(dx / SIDE))
    if edit.kind in ("blur", "dark") and edit.width == edit.height == SIDE:
        step = SIGMA_A_PIXEL if edit.kind == "blur" else 1 / SIDE
        return limited(edit, strength=edit.strength + step * dx)
    if edit.kind == "mirror":
        return edit
    return limited(edit, x=edit.x + dx, y=edit.y + dy)


def wheeled(edit: Edit, notches: float) -> Edit:
    """The edit larger (above 0) or smaller by some notches of the wheel."""
    if edit.kind in WHEEL:
        return limited(edit, strength=edit.strength + notches * WHEEL[edit.kind])
    factor = GROWTH**notches
    if edit.kind == "patch":
        width, height = edit.width * factor, edit.height * factor
        moved = limited(edit, width=width, height=height)
        return limited(
            moved,
            x=edit.x + (edit.width - moved.width) / 2,
            y=edit.y + (edit.height - moved.height) / 2,
        )
    if edit.kind in ("sunglasses", "scarf", "scale"):
        return limited(
            edit, strength=edit.strength * (factor if edit.kind != "scale" else 1 + notches / 100)
        )
    return edit


def limited(edit: Edit, **values: float) -> Edit:
    """The edit with other numbers, kept inside their ranges."""
    ranges = {setting.name: (setting.low, setting.high) for setting in SETTINGS[edit.kind]}
    kept = {
        name: round(min(max(value, ranges[name][0]), ranges[name][1]), 3)
        for name, value in values.items()
        if name in ranges
    }
    return replace(edit, **kept)  # type: ignore[arg-type]


def described(edit: Edit) -> str:
    """An edit in a list: patch 43, 53, 32 by 32 px."""
    if edit.kind == "mask":
        return f"mask, {edit.strength:g} px wide"
    values = {setting.name: getattr(edit, setting.name) for setting in SETTINGS[edit.kind]}
    unit = SETTINGS[edit.kind][0].unit if values else ""
    parts = [f"{values['strength']:.3g} {unit}"] if "strength" in values and not _worn(edit) else []
    if "width" in values and (edit.width, edit.height) != (SIDE, SIDE):
        parts.append(f"{edit.x:.0f}, {edit.y:.0f}, {edit.width:.0f} by {edit.height:.0f} px")
    elif "x" in values and "width" not in values and (edit.x or edit.y or edit.kind == "shift"):
        parts.append(f"{edit.x:.3g}, {edit.y:.3g} px")
    if _worn(edit) and edit.strength != 1:
        parts.append(f"{edit.strength:.3g} times")
    return " ".join([edit.kind, ", ".join(parts)]).strip().replace("-", "\N{MINUS SIGN}")


def _worn(edit: Edit) -> bool:
    return edit.kind in ("sunglasses", "scarf")
