"""Thresholds that are offered, counts beside them, and when either can be used."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from itertools import combinations
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QBoxLayout
from pytestqt.qtbot import QtBot

from core.scoring.statistics import WANTED_FARS
from tests.gui.resting import settled
from tests.living import make_crops
from tests.weights import raw_weights
from xcos_gui.panels.curves.panel import BESIDE
from xcos_gui.shell.window import MainWindow

PEOPLE = [0, 0, 0, 1, 1, 2]  # ann, bob, cem


def scores_of(window: MainWindow) -> tuple[np.ndarray, np.ndarray]:
    """Genuine and impostor scores of the gallery of six."""
    assert window.session.matrix is not None
    scores, pairs = window.session.matrix.scores, list(combinations(range(6), 2))
    found = np.array([scores[p] for p in pairs], float)
    same = np.array([PEOPLE[i] == PEOPLE[j] for i, j in pairs])
    return found[same], found[~same]


def offered(window: MainWindow) -> dict[str, tuple[bool, object]]:
    menu = window.curves.menu
    menu.aboutToShow.emit()
    return {action.text(): (action.isEnabled(), action) for action in menu.actions()}


def test_a_threshold_is_set_from_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    session, panel = window.session, window.curves
    genuine, impostor = scores_of(window)
    session.set_threshold(0.321)
    texts = offered(window)
    own = next(text for text in texts if text.startswith("The weights' own: "))
    assert own == "The weights' own: 0.4600"
    too_few = [text for text, (enabled, _) in texts.items() if not enabled]
    assert too_few == [
        f"FAR {far:g}: too few impostor pairs to say" for far in WANTED_FARS if far * 11 < 3
    ]
    texts[own][1].trigger()  # type: ignore[attr-defined]
    assert session.threshold == panel.spin.value() == 0.46
    equal = next(text for text in texts if text.startswith("Equal error rate: "))
    texts[equal][1].trigger()  # type: ignore[attr-defined]
    assert equal == f"Equal error rate: {session.threshold:.4f}"
    # No threshold brings the two rates nearer to each other.
    apart = [abs((genuine <= t).mean() - (impostor > t).mean()) for t in (*genuine, *impostor)]
    here = abs((genuine <= session.threshold).mean() - (impostor > session.threshold).mean())
    assert here <= min(apart) + 0.1


def test_a_wanted_rate_is_the_rate_of_the_gallery(
    empty: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    session = empty.session
    folder = make_crops(tmp_path / "many", dict.fromkeys(("ann", "bob", "cem", "dan", "eve"), 5))
    session.open_gallery(folder)
    qtbot.waitUntil(lambda: session.matrix is not None and not session.busy, timeout=60_000)
    assert session.matrix is not None
    i, j = np.triu_indices(25, 1)
    impostor = session.matrix.scores[i, j][i // 5 != j // 5].astype(float)
    for far in WANTED_FARS:
        texts = offered(empty)
        text = next(t for t in texts if t.startswith((f"FAR {far:g} in", f"FAR {far:g}:")))
        enabled, action = texts[text]
        assert enabled == (far * len(impostor) >= 3), text
        if enabled:
            action.trigger()  # type: ignore[attr-defined]
            assert text == f"FAR {far:g} in this gallery: {session.threshold:.4f}"
            assert (impostor > session.threshold).mean() <= far
            assert (impostor > session.threshold - 1e-6).mean() > far  # and no smaller one


def test_counts_and_rates_follow_the_box(window: MainWindow) -> None:
    session, panel = window.session, window.curves
    genuine, impostor = scores_of(window)
    assert (panel.spin.minimum(), panel.spin.maximum(), panel.spin.decimals()) == (-1, 1, 4)
    for threshold in (-1.0, float(np.median(impostor)), 1.0):
        panel.spin.setValue(threshold)
        t = session.threshold
        assert t == pytest.approx(threshold, abs=1e-4)
        counts = {
            "TP": (genuine > t, "TAR"), "FN": (genuine <= t, "FRR"), "FP": (impostor > t, "FAR"), "TN": (impostor <= t, "TRR"),
        }  # fmt: skip
        for outcome, (chosen, rate) in counts.items():
            button = panel.counts[outcome]  # type: ignore[index]
            number, told = button.text().split("\n")
            assert number == f"{outcome}  {chosen.sum()}" and told.split()[0] == rate
            assert float(told.split()[1]) == pytest.approx(100 * chosen.mean(), abs=0.01)
            assert button.isEnabled()
        right = (genuine > t).sum() + (impostor <= t).sum()
        assert (
            f"accuracy {100 * right / 15:.2f} % of 4 genuine and 11 impostor pairs"
            in panel.summary.text()
        )
    auc = (genuine[:, None] > impostor).mean()
    assert panel.summary.text().startswith(f"AUC {auc:.4f}, EER ")


def test_without_pairs_there_is_nothing_to_click(
    empty: MainWindow, qtbot: QtBot, crops: Path
) -> None:
    panel, session = empty.curves, empty.session
    assert not any(button.isEnabled() for button in panel.counts.values())
    assert [button.text() for button in panel.counts.values()] == [*panel.counts]
    assert panel.summary.text().startswith("Counts and curves appear")
    session.open_gallery(crops / "ann" / "1.png")
    qtbot.waitUntil(lambda: session.matrix is not None and not session.busy, timeout=60_000)
    assert not any(button.isEnabled() for button in panel.counts.values())
    assert panel.summary.text().startswith("There is one face")
    flat = crops.parent / "flat"
    flat.mkdir()
    for name in ("1", "2"):
        (flat / f"{name}.png").write_bytes((crops / "ann" / f"{name}.png").read_bytes())
    session.open_gallery(flat)
    qtbot.waitUntil(lambda: session.source == flat and not session.busy, timeout=60_000)
    assert "No identities are known" in panel.summary.text()
    assert not any(button.isEnabled() for button in panel.counts.values())


def test_curves_go_below_where_it_is_narrow(window: MainWindow) -> None:
    panel = window.curves
    dock, directions = window.docks["curves"], QBoxLayout.Direction
    dock.setFloating(True)
    line = panel.fontMetrics().height()
    for lines, wanted in (
        (BESIDE + 8, directions.LeftToRight),
        (BESIDE - 4, directions.TopToBottom),
    ):
        panel.resize(lines * line, panel.height())
        assert panel._layout.direction() == wanted, lines


def test_scores_of_a_raw_map_can_be_the_threshold(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, tiny_weights: Path
) -> None:
    """A correlation map that does not sum to 1 gives scores beyond it."""
    session, panel = window.session, window.curves
    session.set_model(raw_weights(tmp_path / "raw.safetensors", tiny_weights))
    session.set_kind("correlation")
    qtbot.waitUntil(lambda: session.scored is not None and session.scored.card.name == "raw")
    qtbot.waitUntil(lambda: session.scored is not None and session.scored.kind == "correlation")
    settled(window, qtbot)
    assert session.matrix is not None
    best = float(np.sort(session.matrix.scores[np.triu_indices(6, 1)])[-1])
    assert best > 1.2
    panel.plots.line.setValue(best - 0.01)
    assert session.threshold == pytest.approx(best - 0.01)
    assert panel.spin.value() == pytest.approx(best - 0.01, abs=1e-4)
    assert panel.counts["TP"].text().startswith("TP  1\n")
    assert panel.spin.maximum() == -panel.spin.minimum() == pytest.approx(4, abs=1e-4)
    session.set_kind("uniform")
    settled(window, qtbot)
    assert panel.spin.maximum() == -panel.spin.minimum() == 1
