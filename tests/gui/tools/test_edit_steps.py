"""What mouse, wheel and keys make of an edit, and how it is told: numbers alone, without a window."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from math import e

from core.explain.editing.edits import EDIT_KINDS, MOST_POINTS, SETTINGS, Edit, EditKind, usual
from core.explain.editing.what_if import Question
from xcos_gui.tools.what_if.edit_steps import (
    History,
    described,
    dragged,
    grabbed,
    limited,
    pressed,
    wheeled,
    with_edits,
)

MINUS = "\N{MINUS SIGN}"
PATCH = Edit("patch", 40, 50, 20, 10)
WHOLE = 112.0


def asked(degrees: float) -> Question:
    return Question(left=(Edit("turn", strength=degrees),))


def test_undo_and_redo_go_through_the_steps_and_a_change_forgets_what_was_undone() -> None:
    history = History()
    assert history.question == Question() and not history.can_undo and not history.can_redo
    for degrees in (1, 2, 3):
        history.change(asked(degrees))
    assert history.can_undo and not history.can_redo
    history.move(-1)
    assert history.question == asked(2) and history.can_undo and history.can_redo
    history.move(-1)
    history.move(-1)
    assert history.question == Question() and not history.can_undo and history.can_redo
    history.move(-1)  # nothing is left to undo
    assert history.question == Question()
    for _ in range(5):
        history.move(1)
    assert history.question == asked(3) and not history.can_redo
    history.move(-1)
    history.change(asked(9))
    assert history.question == asked(9) and not history.can_redo
    history.move(-1)
    assert history.question == asked(2)


def test_changes_of_one_drag_are_one_step() -> None:
    history = History()
    for degrees in (1, 2):
        history.change(asked(degrees), ("drag", 1))
    history.change(asked(2), ("drag", 2))  # the same question: no step, and the drag goes on
    history.change(asked(3), ("drag", 1))
    history.change(asked(4), ("drag", 2))
    history.change(asked(5))
    history.change(asked(6))  # changes without a source are steps of their own
    undone = []
    while history.can_undo:
        history.move(-1)
        undone.append(history.question)
    assert undone == [asked(5), asked(4), asked(3), Question()]
    history.move(1)
    history.change(asked(7), ("drag", 1))  # after a way back the same drag is a new step
    history.move(-1)
    assert history.question == asked(3)


def test_edits_belong_to_their_side() -> None:
    both = Question(left=(PATCH,), right=(usual("blur"),), swapped=True)
    other = (usual("turn"),)
    assert with_edits(both, "left", other) == Question(other, both.right, True)
    assert with_edits(both, "right", other) == Question(both.left, other, True)


def test_a_press_takes_hold_of_the_uppermost_edit_of_its_kind() -> None:
    below, turn = Edit("patch", 30, 30, 60, 60), usual("turn")
    edits = (below, turn, PATCH)
    for x, y in ((40, 50), (60, 60), (50, 55)):  # corners belong to the patch
        assert grabbed(edits, "patch", x, y) == 2
    for x, y in ((39, 55), (61, 55), (50, 49), (50, 61)):  # beside it lies the other one
        assert grabbed(edits, "patch", x, y) == 0
    for x, y in ((29, 60), (91, 60), (60, 29), (60, 91)):
        assert grabbed(edits, "patch", x, y) is None
    assert grabbed(edits, "turn", 0, 0) == 1  # wherever it is pressed
    assert grabbed(edits, "blur", 45, 55) is None
    assert grabbed((*edits, Edit("mask", points=((5, 5),))), "mask", 5, 5) is None
    assert grabbed((), "turn", 5, 5) is None


def test_a_press_makes_a_patch_about_the_mouse_of_the_last_size() -> None:
    assert pressed("patch", 56, 60) == Edit("patch", 40, 44, 32, 32)
    assert pressed("patch", 56, 60, PATCH) == Edit("patch", 46, 55, 20, 10)
    assert pressed("patch", -200, 300, PATCH) == Edit("patch", -112, 112, 20, 10)
    pen = Edit("mask", strength=30, points=((1, 1), (2, 2)))
    assert pressed("mask", 7, 8, pen) == Edit("mask", strength=30, points=((7, 8),))
    assert pressed("mask", 7, 8) == Edit("mask", strength=12, points=((7, 8),))
    for kind in EDIT_KINDS:
        if kind not in ("patch", "mask"):
            assert pressed(kind, 7, 8) == usual(kind)


def test_a_drag_does_what_the_hint_of_its_tool_says() -> None:
    assert dragged(PATCH, 3, -4) == Edit("patch", 43, 46, 20, 10)
    assert dragged(Edit("shift", 1, 2), 3, -4) == Edit("shift", 4, -2)
    assert dragged(Edit("shift", 50, -50), 30, -30) == Edit("shift", 56, -56)
    for kind in ("sunglasses", "scarf"):
        assert dragged(Edit(kind, 1, 2), 3, -4) == Edit(kind, 4, -2)
    # Sideways alone: half a degree a pixel, a twentieth of a pixel of blur, e times over the face.
    assert dragged(Edit("turn", strength=10), 8, 50) == Edit("turn", strength=14)
    assert dragged(Edit("scale", strength=0.7), WHOLE, 9).strength == pytest.approx(0.7 * e, 1e-3)
    assert dragged(Edit("blur", strength=3), 20, 9) == Edit("blur", strength=4)
    assert dragged(Edit("dark", strength=0.5), -28, 9) == Edit("dark", strength=0.25)
    assert dragged(Edit("blur", strength=3), -80, 0).strength == 0
    # A blur of a part is moved like a patch, however small that part is.
    for box in ((1, 2, 30, 112), (1, 2, 112, 30), (1, 2, 30, 30)):
        for kind in ("blur", "dark"):
            part = Edit(kind, *box, strength=0.5)
            assert dragged(part, 3, 4) == Edit(kind, 4, 6, *box[2:], strength=0.5)
    assert dragged(Edit("mirror"), 9, 9) == Edit("mirror")


def test_a_stroke_grows_by_the_mouse_and_moves_by_keys() -> None:
    stroke = Edit("mask", strength=5, points=((1, 2), (3, 4)))
    assert dragged(stroke, 9, 9, (8, 7)).points == ((1, 2), (3, 4), (8, 7))
    assert dragged(stroke, 10, -1).points == ((11, 1), (13, 3))
    full = Edit("mask", points=((1, 2),) * MOST_POINTS)
    assert dragged(full, 1, 1, (8, 7)).points == full.points


@pytest.mark.parametrize(
    ("edit", "larger", "smaller"),
    [
        (Edit("blur", strength=3), 3.5, 2.5), (Edit("dark", strength=0.5), 0.55, 0.45),
        (Edit("turn", strength=10), 11, 9), (Edit("mask", strength=12, points=((1, 1),)), 13, 11),
        (Edit("sunglasses", strength=1), 1.08, 0.926), (Edit("scarf", strength=1.5), 1.62, 1.389),
        (Edit("scale", strength=1.5), 1.515, 1.485), (Edit("shift", 3, 4), 1, 1), (Edit("mirror"), 1, 1),
    ],
)  # fmt: skip
def test_a_notch_of_the_wheel(edit: Edit, larger: float, smaller: float) -> None:
    assert wheeled(edit, 1).strength == pytest.approx(larger)
    assert wheeled(edit, -1).strength == pytest.approx(smaller)


def test_notches_of_a_scale_are_hundredths_of_its_size() -> None:
    assert wheeled(Edit("scale", strength=1.5), 20).strength == pytest.approx(1.8)


def test_the_wheel_keeps_the_middle_of_a_patch() -> None:
    grown = wheeled(PATCH, 2)
    assert (grown.width, grown.height) == pytest.approx((20 * 1.1664, 10 * 1.1664), abs=1e-3)
    shrunk, widest = wheeled(PATCH, -60), wheeled(PATCH, 60)
    assert (shrunk.width, shrunk.height) == (1, 1) and (widest.width, widest.height) == (112, 112)
    for edit in (grown, shrunk, widest):
        middle = edit.x + edit.width / 2, edit.y + edit.height / 2
        assert middle == pytest.approx((50, 55), abs=2e-3)


@pytest.mark.parametrize("kind", EDIT_KINDS)
def test_numbers_stay_in_their_ranges(kind: EditKind) -> None:
    edit = usual(kind)
    for setting in SETTINGS[kind]:
        assert getattr(limited(edit, **{setting.name: 1e6}), setting.name) == setting.high
        assert getattr(limited(edit, **{setting.name: -1e6}), setting.name) == setting.low
    assert limited(edit, seconds=3.0) == edit  # no number of it


def test_numbers_are_kept_to_a_thousandth() -> None:
    assert limited(PATCH, x=1.23456, y=-1.23444) == Edit("patch", 1.235, -1.234, 20, 10)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (PATCH, "patch 40, 50, 20 by 10 px"), (Edit("patch", -3, 2, 112, 5), f"patch {MINUS}3, 2, 112 by 5 px"),
        (Edit("patch", 0, 2, 5, 112), "patch 0, 2, 5 by 112 px"), (usual("sunglasses"), "sunglasses"),
        (Edit("sunglasses", 2.5, 0, strength=1.25), "sunglasses 2.5, 0 px, 1.25 times"),
        (Edit("scarf", 0, -4), f"scarf 0, {MINUS}4 px"), (Edit("scarf", strength=0.5), "scarf 0.5 times"),
        (usual("blur"), "blur 3 px"), (Edit("blur", 1, 2, 3, 4, strength=2), "blur 2 px, 1, 2, 3 by 4 px"),
        (usual("dark"), "dark 0.6 share"), (Edit("mask", strength=12.5, points=((1, 1),)), "mask, 12.5 px wide"),
        (Edit("shift"), "shift 0, 0 px"), (Edit("shift", 3, -4.25), f"shift 3, {MINUS}4.25 px"),
        (Edit("turn", strength=-10), f"turn {MINUS}10 degrees"), (Edit("scale", strength=1.1), "scale 1.1 times"),
        (Edit("mirror"), "mirror"),
    ],
)  # fmt: skip
def test_an_edit_is_told_in_words(edit: Edit, text: str) -> None:
    assert described(edit) == text
