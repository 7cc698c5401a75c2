"""The report's form: what each form of file may have, and that what is asked reaches the file."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import csv
from pathlib import Path

import numpy as np
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.scoring.lists import PairList
from tests.gui.tools.test_report import opened
from xcos_gui.shell.window import MainWindow
from xcos_gui.tools.report import EMPTY, ReportWindow


def written(report: ReportWindow, qtbot: QtBot, path: Path) -> str:
    report.write(path)
    qtbot.waitUntil(lambda: report.written == path, timeout=60_000)
    return path.read_text(encoding="utf-8")


def test_a_form_offers_what_it_can_hold(window: MainWindow) -> None:
    report = opened(window)
    for suffix, table in ((".html", False), (".csv", True), (".pdf", False), (".parquet", True)):
        report.form.setCurrentIndex(report.form.findData(suffix))
        assert report.suffix == suffix
        pages = report.pictures, report.record, report.heading
        assert [w.isEnabled() for w in pages] == [
            not table
        ] * 3 and report.cells.isEnabled() == table
        for recorded in (True, False):
            report.record.setChecked(recorded)
            assert report.by.isEnabled() == (recorded and not table)
    assert (report.most.minimum(), report.most.maximum()) == (1, 100_000)


def test_a_page_has_its_heading_and_no_more_pairs_than_asked(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    report = opened(window)
    text = written(report, qtbot, tmp_path / "all.html")
    assert text.count("image/jpeg") > 4 and "<title>crops" in text.replace("\n", "")
    report.most.setValue(2)
    report.heading.setText("  Ann & others ")
    few = written(report, qtbot, tmp_path / "few.html")
    assert "Ann &amp; others" in few and few.count("image/jpeg") == 4
    report.record.setChecked(True)
    report.by.setText(" sharpness ,, border")
    said = written(report, qtbot, tmp_path / "by.html").lower()
    assert "sharpness" in said and "border" in said and "sha-256" in said


def test_a_table_has_all_cells_where_they_are_asked_for(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    report = opened(window)
    report.form.setCurrentIndex(report.form.findData(".csv"))
    heads = []
    for asked in (False, True):
        report.cells.setChecked(asked)
        rows = list(csv.reader(written(report, qtbot, tmp_path / f"{asked}.csv").splitlines()))
        heads.append(rows[0])
    assert len(heads[1]) == len(heads[0]) + 98 and "S_0_0" in heads[1] and "S_0_0" not in heads[0]


def test_the_pair_and_the_list_are_those_of_the_window(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    report, session = opened(window), window.session
    assert session.matrix is not None
    rows, columns = np.array([1, 2]), np.array([4, 5])
    session.list_pairs("two", PairList(rows, columns, session.matrix.scores[rows, columns]))
    report.form.setCurrentIndex(report.form.findData(".csv"))
    session.select_pair(0, 3)
    names = [face.key for face in session.loaded.gallery.faces]  # type: ignore[union-attr]

    def pairs(path: Path) -> set[frozenset[str]]:
        found = csv.reader(written(report, qtbot, path).splitlines())
        return {frozenset(cell for cell in row if cell in names) for row in found} - {frozenset()}

    report.use_listed()
    assert report.what.currentData() == "listed"
    assert pairs(tmp_path / "l.csv") == {
        frozenset((names[1], names[4])),
        frozenset((names[2], names[5])),
    }
    report.what.setCurrentIndex(report.what.findData("pair"))
    assert pairs(tmp_path / "p.csv") == {frozenset((names[0], names[3]))}


def test_the_file_is_asked_for_and_opened(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = opened(window)
    report.what.setCurrentIndex(report.what.findData("pair"))
    window.session.select_pair(0, 3)
    proposed: list[str] = []
    answers = iter([str(tmp_path / "one"), str(tmp_path / "two.html"), ""])

    def ask(_: object, __: str, name: str, ___: str) -> tuple[str, str]:
        proposed.append(name)
        return next(answers), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    opened_files: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: opened_files.append(url.toLocalFile())
    )
    report._open()
    assert opened_files == []
    for name in ("one.html", "two.html"):  # the ending is that of the form, where none was given
        report.write_button.click()
        qtbot.waitUntil(lambda n=name: report.written == tmp_path / n, timeout=60_000)  # type: ignore[misc]
        report.open_button.click()
        assert opened_files[-1] == str(tmp_path / name)
    report.write_button.click()
    assert report.written == tmp_path / "two.html" and not report.job.running
    assert proposed == ["crops-report.html"] * 3


def test_a_list_without_pairs_and_no_gallery_are_refused(empty: MainWindow, tmp_path: Path) -> None:
    report = opened(empty)
    assert not report.write_button.isEnabled()
    report.tell("")
    report.write(tmp_path / "a.html")
    assert report.note.text() == EMPTY and not (tmp_path / "a.html").exists()
