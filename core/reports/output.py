"""Writing a report whole or not at all, as a page, a PDF or a table."""

from collections.abc import Sequence
from pathlib import Path

from core.errors import Stopped, XCosError
from core.files import refuse_form, written_whole
from core.progress import QUIET, Task
from core.reports.report import GalleryReport
from core.reports.rows import table_columns, table_row
from core.scoring.tables import SUFFIXES, write_table
from core.version import version

PAGES = (".html", ".pdf")
FORMS = (*PAGES, *SUFFIXES)


def refuse_lost_record(paths: Sequence[Path], record: bool) -> None:
    """Raise XCosError where a record is asked for and no page is written that could hold it."""
    if record and not any(path.suffix.lower() in PAGES for path in paths):
        raise XCosError(
            f"{paths[0]} is a table, which holds no record; write a {' or '.join(PAGES)} too, or "
            "leave the record out."
        )


def write_report(
    path: Path,
    report: GalleryReport,
    task: Task = QUIET,
    cells: bool = False,
) -> None:
    """Write a report; the name's ending tells the form. Raises XCosError and Stopped.

    cells: tables hold S and W of each cell too
    """
    refuse_form(path, FORMS)
    if path.suffix.lower() in PAGES:
        _write_pages(path, report, task)
        return
    if task.stopped():
        raise Stopped("The report")
    rows = (table_row(pair, cells) for pair in report.pairs)
    write_table(path, rows, table_columns(cells))


def _write_pages(path: Path, report: GalleryReport, task: Task) -> None:
    """Write a .html or .pdf; what was there before stays until the new one is whole.

    Raises XCosError when the disk refuses, and Stopped.
    """
    try:
        with written_whole(path) as part:
            if path.suffix.lower() == ".pdf":
                from core.reports.pdf import write_pdf

                write_pdf(part, report, version(), task)
            else:
                from core.reports.page import write_page

                write_page(part, report, version(), task)
    except OSError as error:
        raise unwritable(path, error) from error


def refuse_unwritable(path: Path) -> None:
    """Raise XCosError now, not after long work, where a file cannot be written."""
    try:
        if path.is_dir():
            raise XCosError(f"{path} is a folder; give the name of a file.")
        with written_whole(path) as part:
            part.write_bytes(b"")
            raise _Tried
    except _Tried:
        return
    except OSError as error:
        raise unwritable(path, error) from error


class _Tried(Exception):
    """Takes the trial's file away again."""


def unwritable(path: Path, error: OSError) -> XCosError:
    """The sentence on a file that the disk refused."""
    return XCosError(f"{path} cannot be written: {error.strerror or error}; choose another place.")
