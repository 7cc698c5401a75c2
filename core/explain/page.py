"""One explained pair as a page of HTML."""

import html
from typing import Any

from core.explain.drawing import figure_bytes
from core.explain.figure import pair_figure
from core.explain.report import NO_DECISION, PairReport, cell_rows


def to_html(report: PairReport) -> str:
    """A page that needs no other file: the figure, the words and the table of cells."""
    e = report.explanation
    picture = figure_bytes(pair_figure(report), "svg").decode()
    picture = picture[picture.index("<svg") :]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in cell_rows(report)[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{_shown(value)}</td>" for value in row.values()) + "</tr>"
        for row in cell_rows(report)
    )
    title = html.escape(f"{e.left} and {e.right}")
    others = [
        f"{name} {value:z.3f}"
        for name, value in (
            ("Target cosine", e.target_cosine),
            ("FC cosine", e.fc_cosine),
        )
        if value is not None
    ]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }}
svg {{ max-width: 100%; height: auto; }} table {{ border-collapse: collapse; }}
td, th {{ padding: 0.1em 0.8em; text-align: right; border-bottom: 1px solid #ccc; }}
</style></head><body>
<h1>{title}</h1>
<p>{html.escape(report.words or NO_DECISION)}</p>
<p>{html.escape(report.caption)}. {html.escape(". ".join(others))}</p>
{picture}
<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>
</body></html>
"""


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:z.4f}"
    return "" if value is None else html.escape(str(value))
