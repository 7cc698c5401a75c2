"""What a user may do in the window, chosen at random."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QMenu,
    QSpinBox,
    QWidget,
)

from core.faces.choose import GallerySettings
from core.faces.face import Face
from core.project.edits import face_subject, identity_subject, pair_subject
from core.project.project import Project
from core.resources import resource_path
from xcos_gui.shell.tool_menu import GALLERY_TOOLS, PAIR_TOOLS
from xcos_gui.shell.window import MainWindow

TOOLS = (*PAIR_TOOLS, *GALLERY_TOOLS)
FILTERS = (
    "", "score > 0,4", "outcome = FP", "region(mouth) > 30 %", "identity ~ a*", "score >", "((",
    "tag = x or not genuine", "fragile", "margin < 0 and genuine", 'note ~ "q"', "fc > 0.3",
    "kind = impostor and region(nose) < 10 %", "target > 0.2", '"', "photo ~ *1*",
)  # fmt: skip
LEFT_OUT = ("quit", "close", "forget")  # entries of menus that end what the others need
KEYS = (
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home,
    Qt.Key.Key_End, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Escape,
)  # fmt: skip
OFTEN = {"select": 10, "tool": 9, "threshold": 5, "filter": 5, "tag": 4, "kind": 4, "menu": 4}


def make_galleries(folder: Path) -> list[tuple[Path, GallerySettings]]:
    """The sample, crops of 60, 40 and 8 made people, and a CSV of some of them."""
    made = [(resource_path("sample"), GallerySettings())]
    for name, people in (("a", 60), ("b", 40), ("c", 8)):
        rng = np.random.default_rng(people)
        for person in range(people):
            place = folder / name / f"person {person}"
            place.mkdir(parents=True)
            pattern = rng.integers(0, 256, (14, 14, 3)).repeat(8, 0).repeat(8, 1)
            for photo in range(2):
                noisy = (pattern + rng.normal(0, 25, pattern.shape)).clip(0, 255)
                Image.fromarray(noisy.astype(np.uint8)).save(place / f"{photo}.png")
        made.append((folder / name, GallerySettings(aligned=True)))
    lines = [f"{path},X{n % 5}\n" for n, path in enumerate(sorted((folder / "c").rglob("*.png")))]
    (folder / "list.csv").write_text("path,identity\n" + "".join(lines))
    (folder / "broken.csv").write_text("neither,nor\n")
    made.append((folder / "list.csv", GallerySettings(aligned=True)))
    made.append((folder / "broken.csv", GallerySettings()))
    return made


class Actions:
    """Acts on a window; `last` says how, for what goes wrong then."""

    def __init__(self, window: MainWindow, folder: Path, rng: Random) -> None:
        self.window, self.session, self.rng = window, window.session, rng
        self.folder, self.galleries = folder, make_galleries(folder)
        self.last = "start"
        self._all: dict[str, Callable[[], object]] = {
            name.removeprefix("do_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("do_")
        }

    def act(self) -> None:
        """Do one thing."""
        names = [*self._all]
        weights = [OFTEN.get(name, 2) for name in names]
        self.last = self.rng.choices(names, weights)[0]
        self._all[self.last]()

    def open(self, number: int) -> None:
        """Open a gallery."""
        self.session.open_gallery(*self.galleries[number])

    # Galleries and projects.

    def do_gallery(self) -> None:
        self.open(self.rng.randrange(len(self.galleries)))

    def do_two_galleries(self) -> None:
        self.do_gallery()
        self.do_gallery()

    def do_probes(self) -> None:
        self.session.open_probes(self.rng.choice([None, self.folder / "c", self.folder / "no"]))

    def do_cancel(self) -> None:
        self.window.commands.cancel()

    def do_save(self) -> None:
        self.window.projects.save_as(self.folder / f"p{self.rng.randrange(3)}.xcos")

    def do_open(self) -> None:
        path = self.folder / f"p{self.rng.randrange(3)}.xcos"
        if path.exists():
            self.window.projects.open(path)

    def do_export(self) -> None:
        if self.session.matrix is not None:
            self.window.commands.export(self.folder / "scores.csv")

    def do_model(self) -> None:
        self.session.set_model(None)

    # What is looked at.

    def do_select(self) -> None:
        if self.session.matrix is not None:
            rows, columns = self.session.matrix.scores.shape
            if rows and columns:
                self.session.select_pair(self.rng.randrange(rows), self.rng.randrange(columns))

    def do_threshold(self) -> None:
        self.window.curves.spin.setValue(self.rng.uniform(-0.5, 1))

    def do_line(self) -> None:
        self.window.curves.plots.line.setValue(self.rng.uniform(-0.5, 1))

    def do_kind(self) -> None:
        self.session.set_kind(self.rng.choice(("learned", "uniform", "correlation")))

    def do_order(self) -> None:
        self.session.set_order(self.rng.choice(("both", "left-right", "right-left")))

    def do_colouring(self) -> None:
        self.window.matrix.colouring.setCurrentIndex(self.rng.randrange(2))

    def do_swap(self) -> None:
        self.session.swap_pair()

    def do_outcome(self) -> None:
        self.window.curves.counts[self.rng.choice(("TP", "FP", "FN", "TN"))].click()

    def do_row(self) -> None:
        rows = self.window.pairs.model.rowCount()
        if rows:
            self.window.pairs.table.selectRow(self.rng.randrange(min(rows, 50)))

    def do_filter(self) -> None:
        line = self._filter_line()
        line.setText(self.rng.choice(FILTERS))
        QTest.keyClick(line, Qt.Key.Key_Return)

    def do_type(self) -> None:
        QTest.keyClicks(self._filter_line(), self.rng.choice(("sco", " > 0", "and ", "(", "%")))

    def do_search(self) -> None:
        self.window.gallery._search.setText(self.rng.choice(("", "a", "B", "zzz", "1")))

    def do_key(self) -> None:
        QTest.keyClick(self.window.matrix, self.rng.choice(KEYS))

    def _filter_line(self) -> QLineEdit:
        self.window.focus_filter()
        return self.window.pairs.filter.edit

    # Edits.

    def _faces(self) -> list[Face]:
        loaded = self.session.loaded
        return [] if loaded is None else list(loaded.gallery.faces)

    def _subject(self) -> str | None:
        faces = self._faces()
        if len(faces) < 2:
            return None
        one, other = self.rng.sample(faces, 2)
        pair, identity = pair_subject(one.key, other.key), identity_subject(one.identity or "?")
        return self.rng.choice((face_subject(one.key), pair, identity))

    def do_tag(self) -> None:
        subject, tag = self._subject(), self.rng.choice(("x", "y, z", "<b>", '"q"'))
        if subject is not None:
            away = self.rng.random() < 0.3
            self.session.edit(lambda p: (p.untag if away else p.tag)(subject, tag))

    def do_note(self) -> None:
        subject, text = self._subject(), self.rng.choice(("hello <i>", "", "q" * 300))
        if subject is not None:
            self.session.edit(lambda p: p.note(subject, text))

    def do_decide(self) -> None:
        subject, decision = self._subject(), self.rng.choice(("accept", "reject", "unsure", None))
        if subject is not None:
            self.session.edit(lambda p: p.decide(subject, decision))

    def do_rename(self) -> None:
        faces = self._faces()
        if faces:
            self.session.rename([self.rng.choice(faces)], self.rng.choice(("New", "Ann", None)))

    def do_aside(self) -> None:
        faces = self._faces()
        if len(faces) > 5:
            key = self.rng.choice(faces).key
            self.session.edit(lambda p: p.set_aside([key]))

    def do_back(self) -> None:
        loaded = self.session.loaded
        if loaded is not None and loaded.gallery.aside:
            key = self.rng.choice(loaded.gallery.aside).key
            self.session.edit(lambda p: p.bring_back([key]))

    def do_undo(self) -> None:
        self.session.edit(Project.undo)

    def do_redo(self) -> None:
        self.session.edit(Project.redo)

    # Windows.

    def do_theme(self) -> None:
        self.window.set_theme(self.rng.choice(("light", "dark", "system")))

    def do_dock(self) -> None:
        dock = self.rng.choice(list(self.window.docks.values()))
        dock.setVisible(not dock.isVisible())

    def do_layout(self) -> None:
        self.window.reset_layout()

    def do_resize(self) -> None:
        self.window.resize(self.rng.randint(600, 1700), self.rng.randint(400, 1000))

    def do_tool(self) -> None:
        tool = self.rng.choice(TOOLS)
        shown = self.window.show_tool(tool)
        for _ in range(self.rng.randrange(6)):
            self._poke(shown, tool.place[0].split(".")[0])
        if self.rng.random() < 0.8:
            shown.close()

    def do_evaluation(self) -> None:
        self.window.show_evaluation()
        assert self.window.evaluation is not None
        self._poke(self.window.evaluation, "evaluation")
        self.window.evaluation.close()

    def do_training(self) -> None:
        self.window.show_training()
        assert self.window.training is not None
        self.window.training.close()

    def do_menu(self) -> None:
        found = [
            action
            for menu in self.window.menuBar().findChildren(QMenu)
            for action in menu.actions()
            if action.isEnabled() and not action.isSeparator() and action.menu() is None
            and not any(word in action.text().lower().replace("&", "") for word in LEFT_OUT)
        ]  # fmt: skip
        action = self.rng.choice(found)
        self.last = f"menu {action.text()}"
        action.trigger()

    def _poke(self, window: QWidget, name: str) -> None:
        kinds = QAbstractButton, QComboBox, QAbstractSpinBox, QAbstractItemView
        parts = [
            part
            for part in window.findChildren(QObject)
            if isinstance(part, kinds) and part.isVisible() and part.isEnabled()
        ]
        if not parts:
            return
        part = self.rng.choice(parts)
        self.last = f"{name} {type(part).__name__}"
        if isinstance(part, QAbstractButton):
            self.last += f" {part.text()}"
            part.click()
        elif isinstance(part, QComboBox):
            if part.count():
                part.setCurrentIndex(self.rng.randrange(part.count()))
        elif isinstance(part, QDoubleSpinBox):
            part.setValue(self.rng.uniform(max(part.minimum(), -9), min(part.maximum(), 9)))
        elif isinstance(part, QSpinBox):
            part.setValue(self.rng.randint(part.minimum(), min(part.maximum(), 60)))
        elif isinstance(part, QAbstractItemView) and part.model() and part.model().rowCount():
            row = self.rng.randrange(part.model().rowCount())
            part.setCurrentIndex(part.model().index(row, 0))

    def close(self) -> None:
        """Remove the galleries."""
        shutil.rmtree(self.folder, ignore_errors=True)
