"""Writing files whole or not at all, and a pair's report by its file's ending."""

from pathlib import Path

from core.explain.colours import ColourLimits
from core.explain.report import PairReport, to_csv, to_json
from core.faces.photo_files import readable
from core.files import refuse_form, write_whole

PAIR_SUFFIXES = (".png", ".svg", ".pdf", ".json", ".csv", ".html")


def write_pair(path: Path, report: PairReport, limits: ColourLimits | None = None) -> None:
    """Write a pair's report; the name's ending tells the form. Raises XCosError."""
    refuse_form(path, PAIR_SUFFIXES)
    suffix = path.suffix.lower()
    if suffix in (".png", ".svg", ".pdf"):
        from core.explain.drawing import figure_bytes
        from core.explain.figure import pair_figure

        content = figure_bytes(pair_figure(report, limits), suffix[1:])
    elif suffix == ".json":
        content = readable(to_json(report)).encode()
    elif suffix == ".csv":
        content = to_csv(report).encode("utf-8", "surrogateescape")
    else:
        from core.explain.page import to_html

        content = readable(to_html(report)).encode()
    write_whole(path, content)
