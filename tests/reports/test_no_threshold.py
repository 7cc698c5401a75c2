"""Reports of weights without a threshold, of estimated scores, and of faces whose photos are gone."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from core.errors import Stopped, XCosError
from core.gallery.cache import Cache
from core.progress import Task
from core.reports.choice import of_outcome, whole_gallery
from core.reports.faces import Names, as_shown
from core.reports.figures import histogram_figure, map_colours, pair_strip, roc_figure
from core.reports.output import write_report
from core.reports.pdf import _pages
from core.reports.report import Chosen, GalleryReport, ReportOptions, ReportSource, collect
from core.reports.rows import figures, percent, strongest, table_columns, table_row
from core.scoring.lists import PairList
from core.scoring.scored import ScoredGallery, score_gallery
from core.scoring.statistics import PairStatistics
from tests.explain.test_what_if import World
from tests.living import crop, make_crops

GONE = "Grey squares stand for faces whose photos are gone."
ROWS, COLUMNS = np.array([0, 0, 3]), np.array([1, 3, 5])  # ann and ann, ann and bob, bob and cem


@pytest.fixture(scope="module")
def world(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("gallery")
    return World(tiny_weights, make_crops(folder / "crops"), folder)


@pytest.fixture(scope="module")
def scored(world: World) -> ScoredGallery:
    return score_gallery(world.model, world.loaded)


def some(scored: ScoredGallery, whole: bool = False) -> Chosen:
    pairs = PairList(ROWS, COLUMNS, scored.matrix.scores[ROWS, COLUMNS])
    return Chosen(pairs, "these", whole, scored.matrix.pairs if whole else len(pairs))


@pytest.fixture(scope="module")
def whole(world: World, scored: ScoredGallery) -> GalleryReport:
    """A report on all pairs without a threshold."""
    return collect(ReportSource(scored, None, world.cache), some(scored, True))


@pytest.fixture(scope="module")
def decided(world: World, scored: ScoredGallery) -> GalleryReport:
    """The same at a threshold of 0.46."""
    return collect(ReportSource(scored, 0.46, world.cache), some(scored, True))


def texts(page: Figure) -> list[str]:
    return [text.get_text() for text in page.texts]


def test_no_pair_has_an_outcome_or_evidence(whole: GalleryReport) -> None:
    assert [pair.outcome for pair in whole.pairs] == [None] * 3
    assert [pair.region_evidence for pair in whole.pairs] == [{}] * 3
    assert strongest(whole.pairs[0]) == ("", "")
    names = [name for name, _ in table_columns(False)]
    row = dict(zip(names, table_row(whole.pairs[0], False), strict=True))
    assert (row["left"], row["right"]) == ("ann/1.png", "ann/2.png")
    assert row["outcome"] is None and row["threshold"] is None
    evidence = [value for name, value in row.items() if name.startswith("evidence ")]
    assert len(evidence) > 5 and evidence == [None] * len(evidence)
    assert whole.remarks == ("tiny has no threshold, so there are no decisions.",)
    assert whole.caption == "tiny, learned attention, order both, no threshold"


def test_a_report_with_a_threshold_has_no_such_remark(decided: GalleryReport) -> None:
    assert decided.remarks == () and decided.pairs[0].region_evidence


def test_an_outcome_needs_a_threshold(world: World, scored: ScoredGallery) -> None:
    with pytest.raises(XCosError, match=r"^tiny has no threshold; set one\.$") as raised:
        of_outcome(ReportSource(scored, None, world.cache), "FP", 9)
    assert raised.value.option == "threshold"


def test_without_a_threshold_the_worst_pairs_are_those_on_the_wrong_side_of_0(
    world: World, scored: ScoredGallery
) -> None:
    chosen = whole_gallery(ReportSource(scored, None, world.cache), 4)
    codes, scores = scored.matrix.rows, scored.matrix.scores
    wrong = {
        (i, j): float(scores[i, j]) * (-1 if codes[i] == codes[j] else 1)
        for i in range(6)
        for j in range(i + 1, 6)
    }
    worst = sorted(wrong, key=lambda pair: -wrong[pair])[:4]
    assert [*zip(chosen.pairs.rows, chosen.pairs.columns, strict=True)] == worst
    assert (chosen.total, chosen.whole, chosen.words) == (15, True, "all pairs, worst first")


def test_figures_without_a_threshold_count_pairs_of_each_sort(whole: GalleryReport) -> None:
    told = dict(figures(whole))
    assert list(told) == ["genuine pairs", "impostor pairs", "of unknown identities", "AUC", "EER"]
    assert [*told.values()][:3] == ["4", "11", "0"]
    genuine, impostor = whole.statistics.genuine, whole.statistics.impostor
    above = [(g > i) + 0.5 * (g == i) for g in genuine for i in impostor]
    assert told["AUC"] == f"{np.mean(above):.4f}"
    part = figures(replace(whole, whole=False))
    assert part == list(told.items())[:3]


def test_figures_tell_the_tar_at_each_far_that_has_impostor_pairs_enough(
    whole: GalleryReport,
) -> None:
    impostor = np.arange(300) / 1000  # 0 to 0.299
    genuine = np.array([0.1, 0.2695, 0.298, 0.3])
    made = replace(whole, statistics=PairStatistics(genuine, impostor, 7))
    told = dict(figures(made))
    # At most 30 impostor pairs lie above 0.269, and at most 3 above 0.296.
    assert told["TAR at FAR 0.1"] == "75.00 %" and told["TAR at FAR 0.01"] == "50.00 %"
    assert "TAR at FAR 0.001" not in told and told["of unknown identities"] == "7"
    alone = replace(whole, statistics=PairStatistics(genuine[:0], impostor, 0))
    assert list(dict(figures(alone))) == [
        "genuine pairs",
        "impostor pairs",
        "of unknown identities",
    ]
    assert percent(0.12345) == "12.35 %"


def test_plots_mark_a_threshold_only_where_there_is_one(
    whole: GalleryReport, decided: GalleryReport
) -> None:
    for report, marks in ((whole, 0), (decided, 1)):
        (histogram,) = histogram_figure(report).axes
        assert len(histogram.lines) == marks
        roc = roc_figure(report)
        assert roc is not None
        (axes,) = roc.axes
        assert len(axes.lines) == 1 + marks
    (line,) = histogram_figure(decided).axes[0].lines
    assert np.asarray(line.get_xdata()).tolist() == [0.46, 0.46]
    roc = roc_figure(decided)
    assert roc is not None
    point = roc.axes[0].lines[1]
    genuine, impostor = decided.statistics.genuine, decided.statistics.impostor
    assert np.asarray(point.get_xdata()).tolist() == [(impostor > 0.46).mean()]
    assert np.asarray(point.get_ydata()).tolist() == [(genuine > 0.46).mean()]


@pytest.mark.parametrize(("genuine", "impostor"), [([], [0.1, 0.3]), ([0.4, 0.6], [])])
def test_pairs_of_one_sort_have_no_roc(
    decided: GalleryReport, genuine: list[float], impostor: list[float]
) -> None:
    one = replace(decided, statistics=PairStatistics(np.array(genuine), np.array(impostor), 0))
    assert roc_figure(one) is None
    # The first page, one plot, the table, the pairs.
    pages = list(_pages(one, "1.0"))
    assert len(pages) == 4 and len(list(_pages(decided, "1.0"))) == 5
    assert pages[1].axes[0].get_xlabel() == "score"


def test_a_strip_is_white_where_there_is_no_evidence_or_no_face(whole: GalleryReport) -> None:
    pair = whole.pairs[0]
    assert map_colours(pair, "evidence", whole.limits) is None
    assert map_colours(pair, "cosine", whole.limits) is not None
    strip = pair_strip(pair, (None, pair.pictures[1]), whole.limits, gap=8)
    assert strip.shape == (112, 6 * 112 + 5 * 8, 3)
    blank = [(strip[:, 120 * k : 120 * k + 112] == 255).all() for k in range(6)]
    assert blank == [True, False, False, False, False, True]


def test_a_pdf_without_a_threshold_gives_the_bare_score(
    whole: GalleryReport, decided: GalleryReport
) -> None:
    page = list(_pages(whole, "1.0"))[-1]
    score = whole.pairs[0].explanation.score
    assert texts(page)[:2] == [
        "1. ann/1.png and ann/2.png",
        f"score {score:.4f}, no threshold",
    ]
    same = list(_pages(decided, "1.0"))[-1]
    outcome = "TP" if score > 0.46 else "FN"
    assert texts(same)[1].startswith(f"{outcome}. ")


def test_a_report_of_one_pair_has_no_table(decided: GalleryReport) -> None:
    def shown(count: int) -> int:
        return len(list(_pages(replace(decided, whole=False, pairs=decided.pairs[:count]), "1")))

    assert (shown(1), shown(2)) == (2, 3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (ReportOptions(), []),
        (ReportOptions(pictures="blurred"), ["Faces are blurred for sharing."]),
        (ReportOptions(pictures="none"), ["Faces are left out for sharing."]),
        (ReportOptions(anonymous=True), ["People and photos are called by numbers."]),
    ],
)
def test_the_first_page_says_what_is_hidden(
    decided: GalleryReport, options: ReportOptions, said: list[str]
) -> None:
    first = next(_pages(replace(decided, options=options), "1.0"))
    title, under, *_ = texts(first)
    lines = under.split("\n")
    assert title == "crops" and lines[1] == "made by xCos Studio 1.0"
    assert lines[2].startswith("6 faces of 3 known people; shown are these: the first 3 of 15")
    assert lines[3:] == said


def test_photos_that_gave_no_face_end_the_pdf(decided: GalleryReport) -> None:
    from core.faces.face import Problem

    problems = (Problem("a.png", "It is no picture."), Problem("b.png", "It has no face."))
    pages = list(_pages(replace(decided, problems=problems), "1.0"))
    assert len(pages) == 6
    assert texts(pages[-1]) == [
        "Photos that gave no face",
        "a.png: It is no picture.\nb.png: It has no face.",
    ]


def test_a_face_is_shown_blurred_or_not_at_all() -> None:
    face = crop("ann", 1)
    assert as_shown(face, "none") is None and as_shown(face, "shown") is face
    flat = np.full((112, 112, 3), 77, np.uint8)
    flat[:, 56:] = 201
    blurred = as_shown(flat, "blurred")
    assert blurred is not None and blurred.shape == (112, 112, 3)
    assert (blurred[:, 0] == 77).all() and (blurred[:, -1] == 201).all()
    assert abs(int(blurred[56, 56, 0]) - 139) <= 3  # the middle column of cells is half and half


def test_faces_of_nobody_known_are_numbered_too(world: World, tmp_path: Path) -> None:
    folder = make_crops(tmp_path / "crops", {"ann": 1, "bob": 2})
    for number in (1, 2):
        shutil.copy(folder / "bob" / f"{number}.png", folder / f"IMG_{number}.png")
    loaded = World(world.verifier.card.path, folder, tmp_path).loaded
    assert [face.key for face in loaded.gallery.faces][2:] == [
        "bob/2.png",
        "IMG_1.png",
        "IMG_2.png",
    ]
    names = Names(loaded, loaded, True)
    assert [names.face(loaded, place) for place in range(5)] == [
        "person 1, photo 1", "person 2, photo 1", "person 2, photo 2",
        "unknown, photo 1", "unknown, photo 2",
    ]  # fmt: skip
    assert [names.person(loaded, place) for place in range(5)] == [
        "person 1", "person 2", "person 2", None, None,
    ]  # fmt: skip


def test_estimated_scores_are_replaced_by_exact_ones_in_what_is_shown(
    world: World, scored: ScoredGallery
) -> None:
    exact = scored.matrix.scores
    signs = np.where(np.add.outer(np.arange(6), np.arange(6)) % 2, 0.5, -0.5)
    guessed = replace(scored.matrix, scores=(exact + signs).astype(np.float32))
    unsure = replace(scored, matrix=guessed, refinement=object())  # type: ignore[arg-type]
    report = collect(ReportSource(unsure, 0.46, world.cache), some(unsure))
    assert report.remarks == (
        "Counts, rates and curves are of estimated scores: they were not all computed yet. "
        "The pairs shown are exact.",
    )
    wanted = exact[ROWS, COLUMNS]
    told = ["TP" if wanted[0] > 0.46 else "FN", *("FP" if s > 0.46 else "TN" for s in wanted[1:])]
    assert [pair.outcome for pair in report.pairs] == told
    assert [pair.people for pair in report.pairs] == [
        ("ann", "ann"),
        ("ann", "bob"),
        ("bob", "cem"),
    ]
    np.testing.assert_allclose(report.statistics.genuine, wanted[:1], atol=1e-6)
    np.testing.assert_allclose(report.statistics.impostor, np.sort(wanted[1:]), atol=1e-6)
    known = collect(ReportSource(scored, 0.46, world.cache), some(scored))
    assert known.remarks == ()


def test_a_face_whose_photo_is_gone_is_a_grey_square(world: World, tmp_path: Path) -> None:
    crops = make_crops(tmp_path / "crops")
    other = World(world.verifier.card.path, crops, tmp_path)
    scored = score_gallery(other.model, other.loaded)
    (crops / "bob" / "1.png").unlink()
    report = collect(ReportSource(scored, 0.46, Cache(tmp_path / "new.sqlite")), some(scored))
    assert report.remarks == (GONE,)
    lost = report.pairs[1].pictures[1], report.pairs[2].pictures[0]
    for face in lost:
        assert face is not None and face.shape == (112, 112, 3) and (face == 128).all()
    there = report.pairs[0].pictures[0]
    assert there is not None
    np.testing.assert_array_equal(there, np.asarray(Image.open(crops / "ann" / "1.png")))


def test_collecting_stops_where_it_is_asked_to(world: World, scored: ScoredGallery) -> None:
    seen: list[tuple[int, int]] = []

    def report(what: str, done: int, total: int) -> None:
        if what == "Collecting pairs":
            seen.append((done, total))

    task = Task(report, lambda: (1, 3) in seen)
    with pytest.raises(Stopped, match=r"^The report was stopped\.$"):
        collect(ReportSource(scored, 0.46, world.cache), some(scored), task=task)
    assert seen == [(0, 3), (1, 3)]


@pytest.mark.parametrize("form", [".html", ".pdf", ".csv"])
def test_writing_stops_and_leaves_the_earlier_file(
    decided: GalleryReport, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"r{form}"
    path.write_text("earlier")
    with pytest.raises(Stopped, match=r"^The report was stopped\.$"):
        write_report(path, decided, Task(stopped=lambda: True))
    assert path.read_text() == "earlier" and [*tmp_path.iterdir()] == [path]
    if form == ".csv":
        write_report(path, decided)
        assert len(list(csv.DictReader(path.open(newline="")))) == 3
