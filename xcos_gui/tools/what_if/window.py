"""What if: edit the two faces of the pair looked at, and see maps, score and verdict follow."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from core.errors import XCosError
from core.explain.colours import MapName
from core.explain.editing.edits import EDIT_KINDS, Edit, EditKind
from core.explain.editing.what_if import (
    SIDES,
    Faithfulness,
    PairEditor,
    Question,
    Side,
    WhatIf,
    faithfulness,
)
from core.explain.editing.what_if_output import change_words, faithfulness_words, write_what_if
from core.explain.explanation import PairExplanation
from core.explain.output import PAIR_SUFFIXES
from xcos_gui.state.jobs import LatestJob
from xcos_gui.state.pair_editor import editor_work
from xcos_gui.state.session import Session
from xcos_gui.tools.what_if.edit_panel import Chosen, EditPanel
from xcos_gui.tools.what_if.edit_steps import (
    History,
    dragged,
    grabbed,
    pressed,
    wheeled,
    with_edits,
)
from xcos_gui.tools.what_if.edit_view import EditView
from xcos_gui.widgets.elided import ElidedLabel, PlainLabel
from xcos_gui.widgets.map_view import MapView
from xcos_gui.widgets.tool_window import ToolWindow

REST = 600  # milliseconds without an edit before faithfulness is measured on
EMPTY = "Choose a pair in the main window; then edit its faces here."
MAPS: tuple[tuple[MapName, str], ...] = (
    ("cosine", "Cosine map S"),
    ("attention", "Attention W"),
    ("evidence", "Evidence before"),
    ("evidence", "Evidence now"),
)
TIP = (
    "Agreement: 1 where the score changed by what the covered cells contributed, 0 where it did not "
    "change so at all. Faithfulness: the correlation of both changes over grey patches all over both "
    "faces; near 1 the explanation tells what the score hangs on."
)


class WhatIfWindow(ToolWindow):
    """Edits of the session's pair; each pair keeps its own while the window lives."""

    title = "What if"
    empty_words = EMPTY
    size_in_lines = (72, 50)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.editor: PairEditor | None = None
        self.answer: WhatIf | None = None
        self.faithfulness: Faithfulness | None = None
        self.history = History()
        self._histories: dict[tuple[str, str], History] = {}  # by the faces' digests
        self._prepared: PairExplanation | None = None
        self._chosen: Chosen | None = None
        self._like: dict[EditKind, Edit] = {}
        self._at = (0.0, 0.0)
        self._drag = 0
        self.live = LatestJob(self)
        self.live.finished.connect(self._on_answer)
        self.live.failed.connect(self._on_failed)
        self._rest = QTimer(self, singleShot=True, interval=REST)
        self._rest.timeout.connect(self._measure)
        self.faces: dict[Side, EditView] = {
            "left": EditView("Left face"),
            "right": EditView("Right face"),
        }
        row = QHBoxLayout()
        row.addLayout(self._make_main(), 1)
        self.panel = EditPanel()
        row.addWidget(self.panel)
        self.body.addLayout(row)
        self._connect()
        session.explanation_changed.connect(self._on_explanation)
        session.threshold_changed.connect(self._on_threshold)
        self._show_state()

    # Making.

    def _make_main(self) -> QVBoxLayout:
        column, faces, maps = QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self._names = {side: ElidedLabel(align=Qt.AlignmentFlag.AlignHCenter) for side in SIDES}
        for side, view in self.faces.items():
            one = QVBoxLayout()
            one.addWidget(view, 1)
            one.addWidget(self._names[side])
            faces.addLayout(one)
            view.pressed.connect(lambda x, y, side=side: self._on_pressed(side, x, y))
            view.dragged.connect(lambda x, y, side=side: self._on_dragged(side, x, y))
            view.nudged.connect(lambda dx, dy, side=side: self._on_nudged(side, dx, dy))
            view.wheeled.connect(lambda notches, side=side: self._on_wheeled(side, notches))
            view.added.connect(lambda side=side: self._on_pressed(side, 56.0, 56.0))
        self.maps = [MapView(name, title) for name, title in MAPS]
        for shown in self.maps:
            maps.addWidget(shown)
        font = self.words.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.words.setFont(font)
        self.words.setMinimumHeight(3 * self.fontMetrics().height())
        self.trust = PlainLabel(toolTip=TIP)
        self.words.setToolTip(TIP)
        column.addLayout(faces, 5)
        column.addWidget(self.words)
        column.addWidget(self.trust)
        column.addLayout(maps, 3)
        return column

    def _connect(self) -> None:
        for keys, slot in (
            ("Ctrl+Z", lambda: self._move(-1)),
            ("Ctrl+Shift+Z", lambda: self._move(1)),
            ("Ctrl+Y", lambda: self._move(1)),
            ("Ctrl+R", lambda: self._change(Question())),
            ("Ctrl+W", self.panel.swap.click),
            ("Ctrl+S", self.ask_where),
            ("Del", self._delete),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)
        for place in range(len(EDIT_KINDS)):
            key = QShortcut(QKeySequence(str((place + 1) % 10)), self)
            key.activated.connect(lambda place=place: self.panel.set_tool(EDIT_KINDS[place]))
        panel = self.panel
        panel.undo.clicked.connect(lambda: self._move(-1))
        panel.redo.clicked.connect(lambda: self._move(1))
        panel.reset.clicked.connect(lambda: self._change(Question()))
        panel.swap.clicked.connect(self._on_swap)
        panel.save.clicked.connect(self.ask_where)
        panel.tool_changed.connect(lambda: self._choose(None))
        panel.setting_changed.connect(self._on_setting)
        panel.edit_chosen.connect(self._on_edit_chosen)

    # The pair.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_explanation(self.session.explanation)
        if self.answer is not None:
            self._rest.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._rest.stop()
        self.job.stop()
        super().hideEvent(event)

    def close_job(self) -> None:
        self._rest.stop()
        self.live.close()
        super().close_job()

    def _on_explanation(self, explanation: PairExplanation | None) -> None:
        if not self.isVisible() or explanation is self._prepared:
            return
        self._prepared = explanation
        self._take(None)  # no word or map of the former pair stays
        work = None if explanation is None else editor_work(self.session)
        if work is None:
            self.job.drop()
            self.progress.hide()
        else:
            report, pair = self.session.report(), self.session.pair
            if report is not None and pair is not None:  # only the maps need the model
                for side, face in zip(SIDES, self.session.faces_of(pair), strict=True):
                    self._names[side].setText(face.key)
                self.faces["left"].set_crop(report.left_crop)
                self.faces["right"].set_crop(report.right_crop)
            self.compute("Preparing the pair", work, self._take)

    def _on_threshold(self, _: float) -> None:
        if self.answer is not None:
            self._show(self.answer)

    def _take(self, editor: PairEditor | None) -> None:
        self.editor, self.answer, self.faithfulness, self._chosen = editor, None, None, None
        self.live.drop()
        if editor is None:
            self.history = History()
        else:
            both = editor.face("left").digest, editor.face("right").digest
            self.history = self._histories.setdefault(both, History())
        self._show_state()
        self._ask()

    # Edits.

    def _on_pressed(self, side: Side, x: float, y: float) -> None:
        if self.editor is None:
            return
        kind, edits = self.panel.tool, self.history.question.of(side)
        place = grabbed(edits, kind, x, y)
        self._drag, self._at = self._drag + 1, (x, y)
        if place is None:
            edit = pressed(kind, x, y, self._like.get(kind))
            place = len(edits)
            self._set(side, (*edits, edit), ("drag", self._drag))
        elif kind == "mirror":
            self._set(side, edits[:place] + edits[place + 1 :], None)
            self._choose(None)
            return
        self._choose((side, place))

    def _on_dragged(self, side: Side, x: float, y: float) -> None:
        if self._chosen is None or self._chosen[0] != side or self.editor is None:
            return
        dx, dy = x - self._at[0], y - self._at[1]
        self._at = (x, y)
        self._set_chosen(dragged(self._edit(), dx, dy, (x, y)), ("drag", self._drag))

    def _on_nudged(self, side: Side, dx: float, dy: float) -> None:
        if self._chosen is not None and self._chosen[0] == side:
            self._set_chosen(dragged(self._edit(), dx, dy), ("keys", self._chosen))

    def _on_wheeled(self, side: Side, notches: float) -> None:
        if self._chosen is not None and self._chosen[0] == side:
            self._set_chosen(wheeled(self._edit(), notches), ("wheel", self._chosen))

    def _on_setting(self, name: str, edit: Edit) -> None:
        if self._chosen is not None:
            self._set_chosen(edit, (name, self._chosen))

    def _on_swap(self) -> None:
        question = self.history.question
        self._change(replace(question, swapped=not question.swapped))

    def _delete(self) -> None:
        if self._chosen is not None:
            side, place = self._chosen
            edits = self.history.question.of(side)
            self._chosen = None
            self._set(side, edits[:place] + edits[place + 1 :], None)

    def _edit(self) -> Edit:
        assert self._chosen is not None
        return self.history.question.of(self._chosen[0])[self._chosen[1]]

    def _set_chosen(self, edit: Edit, source: object) -> None:
        assert self._chosen is not None
        side, place = self._chosen
        edits = self.history.question.of(side)
        if edit.kind in ("patch", "mask"):
            self._like[edit.kind] = edit
        self._set(side, (*edits[:place], edit, *edits[place + 1 :]), source)

    def _set(self, side: Side, edits: tuple[Edit, ...], source: object) -> None:
        self._change(with_edits(self.history.question, side, edits), source)

    def _change(self, question: Question, source: object = None) -> None:
        if self.editor is None or question == self.history.question:
            return
        self.history.change(question, source)
        self._changed()

    def _move(self, steps: int) -> None:
        if self.editor is not None:
            self.history.move(steps)
            self._changed()

    def _changed(self) -> None:
        self.job.stop()  # what faithfulness has so far is kept
        self._show_state()
        self._ask()

    def _choose(self, chosen: Chosen | None) -> None:
        self._chosen = chosen
        self._show_state()

    def _on_edit_chosen(self, chosen: Chosen) -> None:
        self.panel.set_tool(self.history.question.of(chosen[0])[chosen[1]].kind)
        self._choose(chosen)

    def _every(self) -> list[Chosen]:
        question = self.history.question
        return [(side, place) for side in SIDES for place in range(len(question.of(side)))]

    # Answers.

    def _ask(self) -> None:
        """Ask about the edits as they are now, or once what runs has answered."""
        editor, question = self.editor, self.history.question
        if editor is None:
            return
        for side, view in self.faces.items():
            # The faces follow at once; the maps as soon as the features are there.
            view.set_crop(editor.faces[side].edited(question.of(side)).crop)
        self._rest.stop()
        if not self.live.running:
            self.live.start(lambda _: editor.ask(question))

    def _on_answer(self, answer: WhatIf) -> None:
        self._show(answer)
        if answer.question != self.history.question:
            self._ask()
        else:
            self._rest.start()

    def _show(self, answer: WhatIf) -> None:
        """Show an answer as the threshold of now decides it."""
        limits, threshold = self.session.colour_limits, self.session.threshold
        self.answer = answer = replace(answer, threshold=threshold)
        now = answer.after
        evidence = (one.evidence(threshold) for one in (answer.before, now))
        values = (now.cosine, now.attention, *evidence)
        for view, shown in zip(self.maps, values, strict=True):
            limit = limits.attention if view.name == "attention" else limits.contribution
            view.show_map(shown, threshold, limit)
        self.words.setText(change_words(answer))

    def _measure(self) -> None:
        """Go on measuring faithfulness while nobody edits."""
        editor, known = self.editor, self.faithfulness
        whole = known is not None and len(known.real) == known.total
        if editor is None or whole or self.live.running or not self.isVisible():
            return

        def then(faithful: Faithfulness) -> None:
            if editor is self.editor:
                self.faithfulness = faithful
                self._show_trust()
                if len(faithful.real) < faithful.total:
                    self._rest.start()

        self.compute(
            "Measuring faithfulness",
            lambda running: faithfulness(editor, known, running),
            then,
        )

    # Showing.

    def _show_state(self) -> None:
        ready = self.editor is not None
        if self._chosen is not None and self._chosen not in self._every():
            self._chosen = None
        self.panel.show_state(self.history, self._chosen, ready)
        for side, view in self.faces.items():
            mine = self._chosen is not None and self._chosen[0] == side
            view.set_chosen(self._edit() if mine else None)
            view.setEnabled(ready)
        if not ready:
            self.words.setText(EMPTY)
            for shown in self.maps:
                shown.show_map(None, 0.0, 1.0)
        self._show_trust()

    def _show_trust(self) -> None:
        faithful = self.faithfulness
        if self.editor is None:
            self.trust.clear()
        else:
            self.trust.setText(
                "Faithfulness of this pair: measured while nothing is edited."
                if faithful is None or faithful.correlation is None
                else faithfulness_words(faithful)
            )

    # Saving.

    def ask_where(self) -> None:
        """Ask for a file, and save the edited faces and the numbers."""
        if self.answer is None:
            self.tell(EMPTY)
            return
        forms = " ".join(f"*{suffix}" for suffix in (".json", *PAIR_SUFFIXES))
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the edited faces and their numbers", "what-if.json", f"What if ({forms})"
        )
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write what is shown; .json has the edited faces beside it."""
        if self.answer is None:
            return
        try:
            written = write_what_if(path, self.answer, self.faithfulness)
        except XCosError as error:
            self.tell(str(error))
        else:
            self.tell(f"Saved {', '.join(file.name for file in written)} in {path.parent}.")
