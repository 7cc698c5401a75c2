"""What a run came to in a table without all its figures, and many sentences on settings."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from core.training.verdict import Difference, Figure, Figures, HeldOut, Verdict
from tests.gui.tools.test_training_verdict import texts
from xcos_gui.tools.training.figures import FiguresTable
from xcos_gui.tools.training.problems import ProblemsLabel

NONE = "\N{EN DASH}"
AFTER = Figures(
    Figure(0.876, 0.8, 0.9), Figure(0.95), {"0.01": Figure(0.5, None, 0.6), "0.001": Figure(None)}
)


def verdict(before: Figures | None, changes: dict[str, Difference], lacking: str = "") -> Verdict:
    held_out = HeldOut(3, 9, 27, lacking)
    return Verdict(
        "better", "Better.", held_out, before, AFTER, {"learned": AFTER}, changes, (), Path("a"), Path("b"), 1.0,
    )  # fmt: skip


@pytest.fixture
def table(qtbot: QtBot) -> FiguresTable:
    made = FiguresTable("Figures")
    qtbot.addWidget(made)
    return made


def test_figures_that_nobody_knows_are_dashes(table: FiguresTable) -> None:
    table.show_verdict(verdict(None, {}))
    shown = texts(table)
    assert shown["Accuracy"] == [NONE, "87.6 %  (80.0 to 90.0)", NONE]
    told = "too few people for an interval"
    assert shown["AUC"] == [NONE, f"95.0 %  ({told})", NONE]
    assert shown["TAR at FAR 0.01"] == [NONE, f"50.0 %  ({told})", NONE]
    assert shown["TAR at FAR 0.001"] == [NONE] * 3
    faithful = next(row for name, row in shown.items() if "aithful" in name)
    assert faithful == [NONE] * 3


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [(0.41, 0.36, "\N{MINUS SIGN}0.05"), (None, 0.36, NONE), (0.41, None, NONE), (-0.1, 0.25, "+0.35")],
)  # fmt: skip
def test_faithfulness_changes_where_both_were_measured(
    table: FiguresTable, before: float | None, after: float | None, change: str
) -> None:
    of = verdict(replace(AFTER, faithfulness=before), {})
    table.show_verdict(replace(of, after=replace(AFTER, faithfulness=after)))
    faithful = next(row for name, row in texts(table).items() if "aithful" in name)
    words = [
        NONE if one is None else f"{one:.2f}".replace("-", "\N{MINUS SIGN}")
        for one in (before, after)
    ]
    assert faithful == [*words, change]


def test_a_change_has_its_interval_where_people_are_enough(table: FiguresTable) -> None:
    changes = {
        "accuracy": Difference(-0.0123, -0.03, 0.004),
        "auc": Difference(0.02, None, None),
        "TAR at FAR 0.01": Difference(0.02, 0.01, None),
    }
    table.show_verdict(verdict(AFTER, changes))
    shown = texts(table)
    minus = "\N{MINUS SIGN}"
    assert shown["Accuracy"][2] == f"{minus}1.2  ({minus}3.0 to +0.4)"
    told = "(too few people for an interval)"
    assert shown["AUC"][2] == f"+2.0  {told}"
    assert shown["TAR at FAR 0.01"][2] == f"+2.0  {told}"
    table.show_verdict(verdict(AFTER, changes, "Too few people."))
    shown = texts(table)
    assert [shown[name][2] for name in ("Accuracy", "AUC")] == [f"{minus}1.2", "+2.0"]
    assert shown["Accuracy"][:2] == ["87.6 %"] * 2


@pytest.mark.parametrize(("count", "last"), [(4, "Sentence 3."), (5, "and 1 more."), (9, "and 5 more.")])  # fmt: skip
def test_of_many_sentences_the_first_four_are_shown(qtbot: QtBot, count: int, last: str) -> None:
    label = ProblemsLabel(lambda _: [])
    qtbot.addWidget(label)
    label.show_sentences([f"Sentence {k}." for k in range(count)])
    lines = label.text().split("<br>")
    assert lines[:4] == [f"Sentence {k}." for k in range(4)] and lines[-1] == last
    assert len(lines) == min(count, 5) and len(label.sentences) == count
