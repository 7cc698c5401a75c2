"""Tabs on evidence: ranks counted anew, curves in their places, cells of ranges and groups, who follows what."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)
pytest.importorskip("lir", reason="the extra evidence is not installed")

from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QListWidgetItem
from pytestqt.qtbot import QtBot

from tests.gui.tools.test_evidence import evidence, said  # noqa: F401
from tests.living import make_crops
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.evidence import conditions, groups
from xcos_gui.tools.evidence.tab import RateTable
from xcos_gui.tools.evidence.window import EvidenceWindow
from xcos_gui.widgets.outcomes import GENUINE, IMPOSTOR

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
PEOPLE = ["ann", "ann", "ann", "bob", "bob", "cem"]


def texts(table: RateTable) -> list[list[str]]:
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]  # type: ignore[union-attr]
        for row in range(table.rowCount())
    ]


@pytest.mark.parametrize("fusion", ["best", "mean"])
def test_probes_are_ranked_by_their_people_s_scores(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot, fusion: str  # noqa: F811
) -> None:  # fmt: skip
    session, tab = window.session, evidence.identification
    tab.fusion.setCurrentIndex(tab.fusion.findData(fusion))
    evidence.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: tab.found is not None, timeout=60_000)
    assert session.matrix is not None and session.loaded is not None
    scores = session.matrix.scores.astype(float)
    keys = [face.key for face in session.loaded.gallery.faces]
    wanted: dict[str, list[str]] = {}
    ranks: list[int] = []
    for probe in range(6):
        of: dict[str, float] = {}
        for name in ("ann", "bob", "cem"):
            own = [scores[probe, k] for k in range(6) if PEOPLE[k] == name and k != probe]
            if own:
                of[name] = max(own) if fusion == "best" else float(np.mean(own))
        order = sorted(of, key=lambda name: -of[name])
        known = PEOPLE[probe] in of
        rank = order.index(PEOPLE[probe]) + 1 if known else 0
        ranks += [rank] if known else []
        cells = [str(rank) if known else DASH]
        for name in order[:2]:
            cells += [name, f"{of[name]:.4f}".replace("-", MINUS)]
        wanted[keys[probe]] = cells
    found = {row[0]: row[1:] for row in texts(tab.table)}
    assert found.keys() == wanted.keys()
    for key, cells in wanted.items():
        for mine, shown in zip(cells, found[key], strict=True):
            if "." in mine:
                assert float(shown.replace(MINUS, "-")) == pytest.approx(
                    float(mine.replace(MINUS, "-")), abs=2e-4
                )
            else:
                assert shown == mine, key
    x, y = tab.cmc.plotItem.listDataItems()[0].getData()
    assert x.tolist() == [1, 2, 3]
    assert y.tolist() == pytest.approx([100 * np.mean([r <= k for r in ranks]) for k in (1, 2, 3)])
    # Enter asks as a click does.
    tab.table.setCurrentCell(2, 0)
    QTest.keyClick(tab.table, Qt.Key.Key_Return)
    first, second = tab.table.item(2, 2).text(), tab.table.item(2, 4).text()  # type: ignore[union-attr]
    assert tab.why_shown.filled and tab.why.title.text().startswith(f"{first} less {second}")
    assert tab.why.values is not None
    assert tab.why.bar._high == -tab.why.bar._low == pytest.approx(np.abs(tab.why.values).max())
    tab.fusion.activated.emit(0)
    qtbot.waitUntil(lambda: not tab.why_shown.filled, timeout=60_000)  # of another answer


def test_curves_of_the_reference_are_drawn_each_in_its_plot(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    strength = evidence.strength
    window.session.select_pair(0, 3)
    strength.use_reference(
        make_crops(tmp_path / "others", dict.fromkeys(("fay", "gil", "hal", "ida", "jon"), 3))
    )
    qtbot.waitUntil(lambda: strength.found is not None, timeout=60_000)
    assert strength.found is not None and strength.found.curves is not None
    curves, held = strength.found.curves, strength.found.reference.ratios.held_out
    assert held is not None
    at, genuine, impostor = curves.tippett
    shown = strength.tippett.plotItem.listDataItems()
    assert [i.name() for i in shown] == ["same person", "different people"]
    assert [i.opts["pen"].color() for i in shown] == [GENUINE, IMPOSTOR]
    for item, values in zip(shown, (genuine, impostor), strict=True):
        np.testing.assert_allclose(item.getData(), [at, 100 * values])
    assert genuine[0] == impostor[0] == 1 and (genuine >= impostor - 1e-9).mean() > 0.9
    pav, calibrated = strength.pav.plotItem.listDataItems()
    np.testing.assert_allclose(pav.getData(), curves.pav)
    ends = [curves.pav[0][0], curves.pav[0][-1]]
    np.testing.assert_allclose(calibrated.getData(), [ends, ends])
    priors, *lines = curves.ece
    ece = strength.ece.plotItem.listDataItems()
    assert [i.name() for i in ece] == ["LRs", "after PAV", "no evidence"]
    for item, values in zip(ece, lines, strict=True):
        np.testing.assert_allclose(item.getData(), [priors, values])
    dashed = [i.opts["pen"].style() == Qt.PenStyle.DashLine for i in ece]
    assert dashed == [False, True, False]
    ratios = strength.found.reference.ratios
    words = strength.words.text()
    assert (
        f"{ratios.people} people, {ratios.genuine} genuine and {ratios.impostor} impostor pairs"
        in words
    )
    assert ratios.people == 5 and ratios.genuine == 15 and ratios.impostor == 90
    assert (strength.prior.minimum(), strength.prior.maximum(), strength.prior.decimals()) == (
        1e-6,
        0.999999,
        6,
    )
    assert (strength.cost.minimum(), strength.cost.maximum()) == (0.01, 1_000_000)
    # A dearer false accept, or a rarer same person, never lowers the threshold.
    found = []
    for prior, cost in ((0.5, 1), (0.5, 3), (0.2, 3)):
        strength.prior.setValue(prior)
        strength.cost.setValue(cost)
        assert strength.decision is not None
        found.append(strength.decision.threshold)
    known = [t for t in found if t is not None]
    assert known == sorted(known) and strength.use.isEnabled() == (found[-1] is not None)
    assert strength._scored is not None
    scored = strength._scored[1]
    window.session.select_pair(1, 4)  # another pair: the reference is not scored again
    qtbot.waitUntil(lambda: strength.found is not None and strength.found.reference.ratios is not ratios
                    and not evidence.job.running, timeout=60_000)  # fmt: skip
    assert strength._scored[1] is scored
    assert f"Score {window.session.explanation.score:.4f}" in strength.words.text()  # type: ignore[union-attr]


def test_references_are_offered_and_a_closed_dialog_keeps_the_choice(
    evidence: EvidenceWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    strength = evidence.strength

    def offered() -> list[str]:
        return [strength.reference.itemText(k) for k in range(strength.reference.count())]

    assert offered() == ["The open gallery", "What ships with the model", "Another gallery…"]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    strength.reference.activated.emit(2)
    assert len(offered()) == 3 and strength.reference.currentIndex() == 0
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "known"))
    strength.reference.activated.emit(2)
    assert (
        offered()[2:] == ["known", "Another gallery…"]
        and strength.reference.currentData() == tmp_path / "known"
    )
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    strength.reference.activated.emit(3)
    assert strength.reference.currentIndex() == 2
    strength.reference.setCurrentIndex(1)
    strength.reference.activated.emit(1)
    strength.reference.setCurrentIndex(3)
    strength.reference.activated.emit(3)
    assert strength.reference.currentText() == "What ships with the model"
    strength.reference.setCurrentIndex(0)
    strength._show_for_all()
    assert not strength.for_all.isEnabled() and "their own people" in strength.for_all.toolTip()


def test_only_what_a_tab_hangs_on_computes_it_anew(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    asked: list[str] = []
    monkeypatch.setattr(evidence, "ask_refresh", lambda *_: asked.append(evidence.tab.title))
    session = window.session
    for tab, pair, edits in (
        (evidence.strength, True, False),
        (evidence.groups, False, True),
        (evidence.conditions, False, True),
    ):
        monkeypatch.undo()
        evidence.tabs.setCurrentWidget(tab)
        asked.clear()
        monkeypatch.setattr(evidence, "ask_refresh", lambda *_: asked.append("asked"))
        session.pair_changed.emit(session.pair)
        assert bool(asked) == pair
        asked.clear()
        session.edits_changed.emit()
        assert bool(asked) == edits


def test_a_range_s_cells() -> None:
    worth = SimpleNamespace(interval=(0.0, 2.0), log10_lr=1.0)
    one = SimpleNamespace(
        worth=worth, threshold=0.25, threshold_interval=(0.125, 0.5), impostor=12_345, genuine=67, fmr=0.01,
        fmr_interval=(0.005, 0.02), fnmr=0.2, fnmr_interval=None, cllr=0.4567, cllr_pooled=None,
    )  # fmt: skip
    cells = conditions._texts(one)  # type: ignore[arg-type]
    assert cells[:5] == [
        ("12,345", 12_345), ("1.00 % (0.50 to 2.00)", 0.01), ("67", 67), ("20.00 %", 0.2), ("0.250 (0.125 to 0.500)", 0.25)
    ]  # fmt: skip
    assert cells[5][1] == 1.0 and "10" in cells[5][0] and "100" in cells[5][0]
    assert cells[6:] == [("0.457", 0.4567), (DASH, -np.inf)]
    one.worth = one.threshold_interval = one.fmr = None
    cells = conditions._texts(one)  # type: ignore[arg-type]
    assert cells[1] == (DASH, -np.inf) and cells[4][0] == DASH and cells[5] == (DASH, -np.inf)


def test_a_group_s_cells() -> None:
    rate = SimpleNamespace(value=0.01, interval=(0.005, 0.02), ratio=1.234)
    unknown = SimpleNamespace(value=None, interval=None, ratio=None)
    regions = {"nose": 0.1, "mouth": 0.3, "left eye": -0.4}
    group = SimpleNamespace(
        people=1200, fmr=rate, fnmr=unknown, failed=2, photos=3000, regions=regions
    )
    assert groups._texts(group) == [  # type: ignore[arg-type]
        ("1,200", 1200), ("1.00 % (0.50 to 2.00)", 0.01), ("1.23", 1.234), (DASH, -np.inf), (DASH, -np.inf),
        ("2 of 3,000", 2), "mouth",
    ]  # fmt: skip
    group.regions = None
    assert groups._texts(group)[-1] == DASH  # type: ignore[arg-type]


def test_slices_list_their_pairs(
    evidence: EvidenceWindow, window: MainWindow, qtbot: QtBot  # noqa: F811
) -> None:  # fmt: skip
    window.session.set_threshold(
        float(np.median(window.session.matrix.scores[np.triu_indices(6, 1)]))
    )  # type: ignore[union-attr]
    tab = evidence.conditions
    evidence.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: tab.found is not None and not evidence.job.running, timeout=60_000)
    assert tab.found is not None
    lists: list[tuple[str, int]] = []
    tab.pairs_chosen.connect(lambda title, pairs, _: lists.append((title, len(pairs))))
    lines = [tab.slices.item(k) for k in range(tab.slices.count())]
    found = tab.found.slices
    assert [line.text() for line in lines[: len(found)]] == [one.words for one in found]
    for place, line in enumerate(lines):
        tab.slices.itemClicked.emit(line)
        if place < len(found):
            assert lists[-1] == (
                found[place].words.split(" pairs with ")[-1],
                len(found[place].pairs),
            )
    assert len(lists) == len(found)  # a line that only says something lists nothing
    if not found:
        assert lines[0].text().startswith("No slice")
    tab.show_nothing("Nothing. Do something.")
    assert tab.slices.count() == 0 and tab.table.rowCount() == 0 and said(tab).startswith("Nothing")
    tab.slices.itemActivated.emit(QListWidgetItem("x"))
    assert len(lists) == len(found)
