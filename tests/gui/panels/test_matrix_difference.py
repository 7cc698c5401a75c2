"""The matrix of two scorings: what is drawn, told and listed is who changed side, and how far."""

from pathlib import Path

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)


import numpy as np
from pytestqt.qtbot import QtBot

from core.errors import XCosError
from core.explain.difference_image import DifferenceImage
from core.explain.matrix_image import Look
from core.scoring.difference import changed_side, difference
from core.scoring.matrix import ScoreMatrix
from core.scoring.sides import Arrangement, Side
from tests.gui.panels.test_matrix_orders import choose, click, rest
from tests.weights import other_weights
from xcos_gui.shell.window import MainWindow


def two(size: int = 24) -> tuple[ScoreMatrix, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = (np.arange(size) // 2).astype(np.int32)
    scores, other = (rng.uniform(0, 1, (size, size)).astype(np.float32) for _ in range(2))
    return ScoreMatrix(scores, True, codes, codes, "learned", "both"), other


def test_who_changed_side_the_farthest_apart_first() -> None:
    matrix, other = two()
    other[3, 5] = np.nan  # a pair that the second scoring lacks
    found = difference(matrix, 0.6, other, 0.4, "another")
    wanted = {}
    for i in range(24):
        for j in range(i + 1, 24):
            one, two_ = float(matrix.scores[i, j]), float(other[i, j])
            if not np.isnan(two_) and (one > 0.6) != (two_ > 0.4):
                wanted[i, j] = abs((one - 0.6) - (two_ - 0.4))
    pairs = changed_side(matrix, found)
    listed = list(zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True))
    assert set(listed) == set(wanted) and len(listed) == len(wanted)
    apart = [wanted[pair] for pair in listed]
    assert np.allclose(apart, sorted(apart, reverse=True), atol=1e-6)


def test_a_cell_of_groups_tells_how_many_changed_and_the_farthest_apart() -> None:
    matrix, other = two()
    found = difference(matrix, 0.6, other, 0.4, "another")
    people = Side.of_groups([(str(k), np.arange(2 * k, 2 * k + 2)) for k in range(12)])
    image = DifferenceImage(matrix, found, Arrangement(people, people))
    apart = np.abs((matrix.scores - 0.6) - (other - 0.4))
    changed = (matrix.scores > 0.6) != (other > 0.4)
    for a, b in ((0, 0), (2, 7), (7, 2), (5, 5), (3, 9)):
        cells = [(i, j) for i in (2 * a, 2 * a + 1) for j in (2 * b, 2 * b + 1) if i != j]
        pairs, differing, farthest = image.in_cell((a, b))
        assert (pairs, differing) == (len(cells), sum(changed[cell] for cell in cells))
        assert farthest == max(cells, key=lambda cell: (changed[cell], apart[cell]))
    plain = DifferenceImage(matrix, found, Arrangement.plain(24, 24))
    assert plain.in_cell((4, 4)) == (0, 0, None)  # a face with itself


def test_nothing_that_changed_vanishes_far_away() -> None:
    matrix, other = two()
    other[:] = matrix.scores
    other[2, 9], other[2, 8], other[17, 3] = 0.0, 1.0, 1.0
    matrix.scores[2, 9], matrix.scores[2, 8], matrix.scores[17, 3] = 0.9, 0.3, 0.4
    found = difference(matrix, 0.5, other, 0.5, "another")
    order = Side.of_faces(np.random.default_rng(1).permutation(24))
    for shown in (Arrangement.plain(24, 24), Arrangement(order, order)):
        image = DifferenceImage(matrix, found, shown)
        image.set_passing(None, (255, 255, 255))
        every = slice(0, 24)
        colours, *_, step = image.draw(every, every, Look(0.5, True, "worst"), 8)
        rgb = np.stack([colours >> k & 255 for k in (16, 8, 0)], -1).astype(int)
        strong = (255 - rgb.min(axis=-1) > 60) & (np.ptp(rgb, axis=-1) > 0)
        cells = [shown.cell_of(pair) for pair in ((2, 9), (2, 8), (17, 3))]
        wanted = {(cell[0] // step, cell[1] // step) for cell in cells if cell}
        assert {(int(a), int(b)) for a, b in np.argwhere(strong)} == wanted
        assert image.in_cell(shown.cell_of((2, 9)) or (0, 0)) == (1, 1, (2, 9))


def test_a_part_is_drawn_as_it_is_within_the_whole() -> None:
    matrix, other = two()
    found = difference(matrix, 0.6, other, 0.4, "another")
    image = DifferenceImage(matrix, found, Arrangement.plain(24, 24))
    image.set_passing(None, (255, 255, 255))
    every = slice(0, 24)
    whole, *_, step = image.draw(every, every, Look(0.5, False, "worst"))
    part, *_ = image.draw(slice(2, 9), slice(10, 20), Look(0.5, False, "worst"))
    assert step == 1 and part.shape == (7, 10)
    assert np.array_equal(part, whole[2:9, 10:20])
    assert len(np.unique(part)) > 20 and not np.array_equal(part, whole[10:20, 10:20][:7])


def test_a_matrix_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, other = two()
    monkeypatch.setattr("core.scoring.difference.MOST_CELLS", 100)
    with pytest.raises(XCosError, match="open fewer photos"):
        difference(matrix, 0.5, other, 0.5, "another")


def test_learned_less_uniform_attention(window: MainWindow, qtbot: QtBot) -> None:
    panel, session = window.matrix, window.session
    assert session.matrix is not None and session.card is not None
    learned = session.matrix.scores.copy()
    session.set_kind("uniform")
    rest(window, qtbot)
    uniform = session.matrix.scores.copy()
    session.set_kind("learned")
    rest(window, qtbot)
    session.set_threshold(float(np.median(learned)))
    choose(window, qtbot, panel.bar.against, "attention:uniform")
    image = panel.item.image
    assert isinstance(image, DifferenceImage)
    limit = session.card.threshold("uniform")
    assert limit is not None
    wanted = (learned - session.threshold) - (uniform - limit)
    np.testing.assert_allclose(image.found.values, wanted, atol=1e-5)
    click(window, qtbot, 1, 4)
    assert f"{wanted[1, 4]:+.3f} apart" in panel.readout.text()
    assert not panel.bar.changed.isHidden()
    panel.bar.changed.click()
    upper = np.triu_indices(6, 1)
    changed = ((learned > session.threshold) != (uniform > limit))[upper].sum()
    assert window.pairs.model.rowCount() == changed
    session.set_threshold(0.99)  # who changed side follows
    qtbot.waitUntil(lambda: not panel.arranger._timer.isActive() and not session.busy)
    image = panel.item.image
    assert isinstance(image, DifferenceImage)
    assert image.found.changed[upper].sum() == ((learned > 0.99) != (uniform > limit))[upper].sum()
    choose(window, qtbot, panel.bar.level, "people")
    assert isinstance(panel.item.image, DifferenceImage)
    assert panel.item.image.shown.shape == (3, 3)
    choose(window, qtbot, panel.bar.against, "scores")
    assert not isinstance(panel.item.image, DifferenceImage) and panel.bar.changed.isHidden()


def test_two_models_in_the_matrix(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.compare_with(other_weights(tmp_path / "other.safetensors"))
    tool = next(iter(window.tools.values()))
    qtbot.waitUntil(lambda: getattr(tool, "found", None) is not None, timeout=60_000)
    comparison = tool.found.comparison  # type: ignore[attr-defined]
    tool.in_matrix.click()  # type: ignore[attr-defined]
    rest(window, qtbot)
    image = window.matrix.item.image
    assert isinstance(image, DifferenceImage) and image.found.name == "other"
    np.testing.assert_array_equal(image.found.scores, comparison.models.b.scored.matrix.scores)
    assert window.matrix.bar.against.currentText() == "Scores less other"


def test_outcomes_that_new_names_have_changed(window: MainWindow, qtbot: QtBot) -> None:
    panel, session = window.matrix, window.session
    assert panel.bar.against.findData("labels") < 0  # nobody has another name yet
    faces = session.columns.gallery.faces if session.columns else ()
    session.rename([faces[2]], "bob")
    rest(window, qtbot)
    choose(window, qtbot, panel.bar.against, "labels")
    image = panel.item.image
    assert isinstance(image, DifferenceImage) and session.rows is not None
    keys = [face.key for face in session.rows.gallery.faces]
    changed = {tuple(sorted((keys[i], keys[j]))) for i, j in np.argwhere(image.found.changed)}
    told = {key: key.split("/")[0] for key in keys}
    now = told | {"ann/3.png": "bob"}
    wanted = {
        (one, other)
        for k, one in enumerate(sorted(keys))
        for other in sorted(keys)[k + 1 :]
        if (told[one] == told[other]) != (now[one] == now[other])
    }
    assert changed == wanted and len(wanted) == 4  # with ann's two and bob's two
    panel.bar.changed.click()
    assert window.pairs.model.rowCount() == 4
    assert "names as found" in window.pairs.choice.currentText()
    row, column = keys.index("ann/1.png"), keys.index("ann/3.png")
    click(window, qtbot, row, column)
    assert "by the names as found" in panel.readout.text()
