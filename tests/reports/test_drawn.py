"""What a report draws: the strips of faces and maps, and the lines of the PDF's table."""

import shutil
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from core.explain.colours import map_rgba
from core.faces.choose import GallerySettings
from core.gallery.opening import open_gallery
from core.reports.figures import STRIP, pair_strip
from core.reports.pdf import PAIRS as PAIRS_A_PAGE
from core.reports.pdf import _pages, _pairs, _table
from core.reports.report import Chosen, GalleryReport, ReportOptions, ReportSource, collect
from core.reports.rows import figures, signed
from core.scoring.lists import PairList
from core.scoring.scored import score_gallery
from tests.explain.test_what_if import World
from tests.living import PROBES, make_crops

PAIRS = ((0, 2), (1, 4), (1, 0), (3, 5), (0, 3))  # of the probes ann, bob, dan, dan
THRESHOLD = 0.46


@pytest.fixture(scope="module")
def made(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> GalleryReport:
    """Some pairs of four probes with six faces."""
    folder = tmp_path_factory.mktemp("report")
    world = World(tiny_weights, make_crops(folder / "crops"), folder)
    probes = make_crops(folder / "probes", PROBES, first=4)
    shutil.copy(probes / "dan" / "4.png", probes / "IMG_0001.png")  # of nobody known
    others = open_gallery(
        probes,
        verifier=world.verifier,
        cache=world.cache,
        settings=GallerySettings(aligned=True),
    )
    scored = score_gallery(world.model, world.loaded, others)
    rows, columns = np.array(PAIRS).T
    pairs = PairList(rows, columns, scored.matrix.scores[rows, columns])
    source = ReportSource(scored, THRESHOLD, world.cache)
    return collect(source, Chosen(pairs, "these", False, len(pairs)), ReportOptions())


@pytest.mark.parametrize(("side", "step"), [(2, 3), (3, 2), (5, 2), (6, 1), (600, 1)])
def test_a_large_matrix_is_thinned_to_what_a_picture_holds(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int, step: int
) -> None:
    world = World(tiny_weights, make_crops(tmp_path / "crops"), tmp_path)
    scored = score_gallery(world.model, world.loaded)
    monkeypatch.setattr("core.reports.report.MATRIX_SIDE", side)
    rows, columns = np.array([0]), np.array([1])
    pairs = PairList(rows, columns, scored.matrix.scores[rows, columns])
    source = ReportSource(scored, THRESHOLD, world.cache)
    whole = collect(source, Chosen(pairs, "all pairs", True, 15), ReportOptions())
    np.testing.assert_array_equal(whole.matrix, scored.matrix.scores[::step, ::step])
    part = collect(source, Chosen(pairs, "these", False, 1), ReportOptions())
    assert part.matrix is None


def lines(page: Figure) -> list[list[str]]:
    """The texts of a page from its top down, each line from left to right."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for text in page.texts:
        x, y = text.get_position()
        rows.setdefault(round(y, 4), []).append((x, text.get_text()))
    return [[text for _, text in sorted(rows[y])] for y in sorted(rows, reverse=True)]


def test_a_table_s_lines_are_the_pairs_with_their_outcomes(made: GalleryReport) -> None:
    head, *rows = lines(_table(made, 0))
    assert head == ["#", "left", "right", "score", "margin", "outcome"]
    people = ["ann", "bob", "dan", "dan"], ["ann"] * 3 + ["bob"] * 2 + ["cem"]
    for number, (row, pair, (i, j)) in enumerate(zip(rows, made.pairs, PAIRS, strict=True), 1):
        own, other = people[0][i], people[1][j]
        score = pair.explanation.score
        outcome = ("F", "T")[(own == other) == (score > THRESHOLD)] + "NP"[score > THRESHOLD]
        assert row[0] == str(number) and row[1].startswith(f"{own}/") and row[2].startswith(other)
        assert row[3:] == [signed(score), signed(score - THRESHOLD), outcome]
        assert pair.people == (own, other)
    assert {row[5] for row in rows} >= {"TP", "TN"}


def test_counts_of_some_pairs_with_probes_are_theirs(made: GalleryReport) -> None:
    assert (made.faces, made.people, made.title) == (6 + 5, 4, "crops")
    same = np.array([True, True, False, False, False])
    scores = np.array([pair.explanation.score for pair in made.pairs])
    np.testing.assert_allclose(made.statistics.genuine, np.sort(scores[same]), atol=1e-6)
    np.testing.assert_allclose(made.statistics.impostor, np.sort(scores[~same]), atol=1e-6)


@pytest.mark.parametrize("over", [None, 0.5])
def test_a_strip_has_both_faces_then_the_maps(made: GalleryReport, over: float | None) -> None:
    pair, limits = made.pairs[1], made.limits
    left, right = pair.pictures
    assert left is not None and right is not None
    strip = pair_strip(pair, (left, right), limits, over, gap=8)
    assert strip.shape == (112, 6 * 112 + 5 * 8, 3)
    parts = [strip[:, 120 * k : 120 * k + 112] for k in range(6)]
    assert np.array_equal(parts[0], left) and np.array_equal(parts[1], right)
    for k in range(5):
        assert (strip[:, 120 * k + 112 : 120 * k + 120] == 255).all()
    for part, name in zip(parts[2:], STRIP, strict=True):
        limit = limits.attention if name == "attention" else limits.contribution
        values = pair.map_of(name)
        assert values is not None
        colours = map_rgba(name, values, threshold=THRESHOLD, limit=limit)[..., :3]
        large = colours.repeat(16, 0).repeat(16, 1).astype(float)
        wanted = large if over is None else (large + left) / 2
        assert np.abs(part - wanted).max() <= 2, name


def test_maps_of_the_pdf_are_headed_by_what_they_sum_to(made: GalleryReport) -> None:
    page = _pairs(made, 0)
    for place, pair in enumerate(made.pairs[:PAIRS_A_PAGE]):
        heads = [text.get_text() for text in page.axes[place].texts]
        e = pair.explanation
        evidence = e.score - THRESHOLD
        assert heads == [
            "left", "right", "cosine map S",
            f"attention map W, {signed(1.0, 3)}",
            f"contribution W·S, {signed(e.score, 3)}",
            f"evidence, {signed(evidence, 3)}",
        ]  # fmt: skip


def test_nothing_on_a_page_of_the_pdf_lies_over_another_thing_or_beyond_the_page(
    made: GalleryReport,
) -> None:
    whole = replace(made, whole=True, matrix=np.random.default_rng(0).random((9, 12)))
    shapes, pages = [], list(_pages(whole, "1.0"))
    for page in pages:
        renderer = FigureCanvasAgg(page).get_renderer()
        boxes = [
            (thing, thing.get_window_extent(renderer).transformed(page.transFigure.inverted()))
            for thing in (*page.texts, *page.axes)
            if not isinstance(thing, Text) or thing.get_text()
        ]
        for thing, box in boxes:
            assert 0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1, thing
        for (one, a), (other, b) in combinations(boxes, 2):
            across = min(a.x1, b.x1) - max(a.x0, b.x0)
            down = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert across <= 0.003 or down <= 0.003, (one, other)
        shapes.append(len(page.axes))
    # The first page with the matrix and three scales, two plots, the table, and the pairs' strips.
    assert shapes == [4, 1, 1, 0, PAIRS_A_PAGE]
    first, _, _, table, pairs = pages
    assert first.get_size_inches().tolist() == pytest.approx([8.27, 11.69])
    left, top = next(text for text in first.texts if text.get_text() == whole.title).get_position()
    assert (left, top) == pytest.approx((0.08, 0.95))
    scales = [axes.get_position() for axes in first.axes[-3:]]
    assert [round(b.x0 - a.x0, 6) for a, b in pairwise(scales)] == [0.3, 0.3]
    heights = [axes.get_position().y1 for axes in pairs.axes]
    assert [round(a - b, 6) for a, b in pairwise(heights)] == [0.186] * (PAIRS_A_PAGE - 1)
    for axes in pairs.axes:  # as wide as the page but for its edges, and not squeezed
        box = axes.get_position(original=True)
        assert (box.x0, box.x1) == pytest.approx((0.08, 0.92))
        picture = axes.images[0].get_array()
        assert picture is not None
        rows, columns = picture.shape[:2]
        assert (box.height * 11.69) / (box.width * 8.27) == pytest.approx(rows / columns)
        strips = np.array([text.get_position()[0] for text in axes.texts])
        assert strips.tolist() == pytest.approx([120 * k + 56 for k in range(6)])
    assert len({text.get_position()[1] for text in table.texts}) == 1 + len(made.pairs)


def test_columns_of_the_pdf_end_or_begin_at_one_line(made: GalleryReport) -> None:
    """Names begin at one place and numbers end at one, so that their digits stand in columns."""
    first, *_, table, _ = _pages(replace(made, whole=True), "1.0")

    def edges(page: Figure, texts: list[Text]) -> list[tuple[float, float]]:
        renderer = FigureCanvasAgg(page).get_renderer()
        boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
        return [(box.x0, box.x1) for box in boxes]

    named = dict(figures(made))
    values = [text for text in first.texts if text.get_text() in {*named.values()}]
    names = [text for text in first.texts if text.get_text() in named]
    assert len(names) == len(named) > 3 and len(values) >= len(named)
    ends = [right for _, right in edges(first, values)]
    assert np.ptp([left for left, _ in edges(first, names)]) < 1.5 and np.ptp(ends) < 1.5
    rows = 1 + len(made.pairs)
    for column, ends_there in enumerate((True, False, False, True, True, False)):
        found = edges(table, table.texts[column :: len(table.texts) // rows])
        assert np.ptp([edge[ends_there] for edge in found]) < 1.5, column
        assert np.ptp([edge[not ends_there] for edge in found]) > 1.5, column
