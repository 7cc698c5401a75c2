"""A report as a PDF, drawn by matplotlib without a window, a page at a time."""

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from core.errors import Stopped, counted
from core.explain.colours import centred_table, table
from core.explain.drawing import new_figure
from core.explain.words import verdict
from core.faces.face import SIDE
from core.faces.photo_files import readable
from core.progress import QUIET, Task
from core.reports.figures import (
    STRIP,
    TITLES,
    histogram_figure,
    matrix_picture,
    pair_strip,
    roc_figure,
)
from core.reports.record import Record
from core.reports.report import GalleryReport, ReportedPair
from core.reports.rows import figures, signed

A4 = (8.27, 11.69)
LINES = 46  # of the table, a page
PAIRS = 5  # with maps, a page
LEFT = 0.08


def write_pdf(
    path: Path,
    report: GalleryReport,
    version: str,
    task: Task = QUIET,
) -> None:
    """Write the PDF page by page. Raises OSError and Stopped."""
    total = 1 + -(-len(report.pairs) // LINES) + -(-len(report.pairs) // PAIRS)
    # Without a date: the same content gives the same bytes.
    about = {
        "Title": report.title,
        "Creator": f"xCos Studio {version}",
        "CreationDate": None,
        "ModDate": None,
    }
    # In memory: on a full disk PdfPages closes with an error of its own, which hides the disk's.
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        # A sign that the font lacks is a box on the page; a warning a sign would be noise.
        warnings.filterwarnings("ignore", message="Glyph")
        with PdfPages(drawn, metadata=about) as pages:
            for number, figure in enumerate(_pages(report, version)):
                if task.stopped():
                    raise Stopped("The report")
                task.report("Drawing pages", number, total)
                FigureCanvasPdf(figure)
                pages.savefig(figure)
    path.write_bytes(drawn.getvalue())
    task.report("Drawing pages", total, total)


def _pages(report: GalleryReport, version: str) -> Iterator[Figure]:
    yield _first(report, version)
    if report.whole:
        for figure in (histogram_figure(report), roc_figure(report)):
            if figure is not None:
                figure.set_size_inches(A4[0], A4[0] * 0.68)
                yield figure
    if len(report.pairs) > 1:
        for start in range(0, len(report.pairs), LINES):
            yield _table(report, start)
    for start in range(0, len(report.pairs), PAIRS):
        yield _pairs(report, start)
    if report.record is not None:
        yield from _lines("What this report stands on", _record_lines(report.record), 110)
    if report.problems:
        problems = [f"{problem.file}: {problem.reason}" for problem in report.problems]
        yield from _lines("Photos that gave no face", problems, 110)


def _first(report: GalleryReport, version: str) -> Figure:
    page = new_figure(A4)
    _text(page, LEFT, 0.95, report.title, fontsize=18)
    lines = [
        report.caption,
        f"made by xCos Studio {version}",
        f"{counted(report.faces, 'face')} of {counted(report.people, 'known person', 'known people')}; shown are {report.shown}.",
        *report.remarks,
    ]
    if report.options.pictures != "shown":
        how = "blurred" if report.options.pictures == "blurred" else "left out"
        lines.append(f"Faces are {how} for sharing.")
    if report.options.anonymous:
        lines.append("People and photos are called by numbers.")
    wrapped = [part for line in lines for part in textwrap.wrap(line, 95)]
    _text(page, LEFT, 0.92, "\n".join(wrapped), fontsize=9, va="top", linespacing=1.6)
    y = 0.9 - 0.017 * len(wrapped)
    for name, value in figures(report):
        _text(page, LEFT, y, name, fontsize=9)
        _text(page, 0.5, y, value, fontsize=9, ha="right")
        y -= 0.02
    matrix = matrix_picture(report)
    if matrix is not None:
        side = min(0.5, y - 0.2)
        axes = page.add_axes((LEFT, y - side * 0.72 - 0.01, side, side * 0.71))
        axes.imshow(matrix)
        axes.set_axis_off()
        axes.set_title("scores of all pairs, blue above the threshold", fontsize=8)
    _scales(page, report)
    return page


def _scales(page: Figure, report: GalleryReport) -> None:
    limits = report.limits
    scales = (
        (TITLES["cosine"], centred_table(report.threshold or 0.0), (-1.0, 1.0)),
        (TITLES["attention"], table("sequential"), (0.0, limits.attention)),
        (
            f"{TITLES['contribution']}, {TITLES['evidence']}",
            table("diverging"),
            (-limits.contribution, limits.contribution),
        ),
    )
    for place, (name, colours, ends) in enumerate(scales):
        axes = page.add_axes((LEFT + 0.3 * place, 0.07, 0.24, 0.012))
        scale: Any = ScalarMappable(Normalize(*ends), ListedColormap(colours / 255.0))
        bar = page.colorbar(scale, cax=axes, orientation="horizontal")
        bar.set_label(name, fontsize=8)
        axes.tick_params(labelsize=7)
    note = "Evidence: blue speaks for the same person, red against; it sums to score − threshold."
    _text(page, LEFT, 0.1, note, fontsize=8)


def _table(report: GalleryReport, start: int) -> Figure:
    page = new_figure(A4)
    head = ("#", "left", "right", "score", "margin", "outcome")
    places = (LEFT + 0.03, LEFT + 0.05, 0.41, 0.8, 0.88, 0.9)
    aligned = ("right", "left", "left", "right", "right", "left")
    rows = [head] + [
        (
            str(number),
            _ending(pair.explanation.left),
            _ending(pair.explanation.right),
            signed(pair.explanation.score),
            "" if pair.threshold is None else signed(pair.explanation.score - pair.threshold),
            pair.outcome or "",
        )
        for number, pair in enumerate(report.pairs[start : start + LINES], start=start + 1)
    ]
    for line, row in enumerate(rows):
        for text, x, side in zip(row, places, aligned, strict=True):
            weight = "bold" if line == 0 else "normal"
            _text(page, x, 0.95 - 0.0195 * line, text, fontsize=7.5, ha=side, weight=weight)
    return page


def _pairs(report: GalleryReport, start: int) -> Figure:
    page = new_figure(A4)
    height = 0.93 / PAIRS
    for place, pair in enumerate(report.pairs[start : start + PAIRS]):
        _pair(page, report, start + place + 1, pair, 0.965 - place * height)
    return page


def _pair(page: Figure, report: GalleryReport, number: int, pair: ReportedPair, top: float) -> None:
    e = pair.explanation
    title = f"{number}. {_ending(e.left, 52)} and {_ending(e.right, 52)}"
    _text(page, LEFT, top, title, fontsize=8.5, weight="bold")
    words = verdict(e, pair.threshold, pair.regions) or f"score {e.score:z.4f}, no threshold"
    if pair.outcome is not None:
        words = f"{pair.outcome}. {words}"
    _text(page, LEFT, top - 0.008, "\n".join(textwrap.wrap(words, 125)), fontsize=7, va="top")
    strip = pair_strip(pair, pair.pictures, report.limits)
    width = 1 - 2 * LEFT
    high = width * A4[0] / A4[1] * strip.shape[0] / strip.shape[1]
    axes = page.add_axes((LEFT, top - 0.045 - high, width, high))
    axes.imshow(strip, interpolation="nearest")
    axes.set_axis_off()
    step = (strip.shape[1] + 8) / (2 + len(STRIP))
    names = ["left", "right"] + [
        TITLES[name]
        if name == "cosine" or values is None
        else f"{TITLES[name]}, {signed(float(values.sum()), 3)}"
        for name, values in ((name, pair.map_of(name)) for name in STRIP)
    ]
    for column, name in enumerate(names):
        axes.text(
            column * step + SIDE / 2, strip.shape[0] + 4, name, fontsize=6, ha="center", va="top"
        )


def _record_lines(record: Record) -> list[str]:
    texts = [f"{name}: {value}" for name, value in record.about]
    for number, lines in enumerate(record.pairs, start=1):
        texts += [f"{number}. {line}" for line in lines]
    return texts


def _lines(title: str, texts: Sequence[str], width: int) -> Iterator[Figure]:
    lines = [part for line in texts for part in textwrap.wrap(line, width)]
    for start in range(0, len(lines), 60):
        page = new_figure(A4)
        _text(page, LEFT, 0.95, title, fontsize=12)
        shown = "\n".join(lines[start : start + 60])
        _text(page, LEFT, 0.93, shown, fontsize=7.5, va="top", linespacing=1.5)
        yield page


def _text(page: Figure, x: float, y: float, text: str, **how: Any) -> None:
    page.text(x, y, readable(text), parse_math=False, **how)  # names may hold a $


def _ending(name: str, longest: int = 44) -> str:
    return name if len(name) <= longest else "\N{HORIZONTAL ELLIPSIS}" + name[1 - longest :]
