"""Writing patterns to a file by its ending."""

from collections.abc import Sequence
from pathlib import Path

from core.analysis.patterns.report import PatternReport, as_dict, to_csv
from core.faces.face import Face
from core.files import refuse_form, write_whole
from core.json_text import json_text

PATTERN_SUFFIXES = (".png", ".svg", ".pdf", ".json", ".csv")


def write_patterns(
    path: Path, report: PatternReport, rows: Sequence[Face], columns: Sequence[Face]
) -> None:
    """Write the report; the name's ending tells the form. Raises XCosError."""
    refuse_form(path, PATTERN_SUFFIXES)
    suffix = path.suffix.lower()
    if suffix == ".json":
        content = json_text(as_dict(report, rows, columns)).encode()
    elif suffix == ".csv":
        content = to_csv(report).encode()
    else:
        from core.analysis.patterns.figure import pattern_figure
        from core.explain.drawing import figure_bytes

        content = figure_bytes(pattern_figure(report), suffix[1:], 130)
    write_whole(path, content)
