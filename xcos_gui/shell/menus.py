"""The menus, their shortcuts, and which entries can be used now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from core.errors import shown
from core.faces.choose import FACE_POLICIES, GallerySettings
from core.model.card import shipped_weights
from core.model.kinds import ATTENTION_KINDS
from xcos_gui.shell.file_actions import FileActions
from xcos_gui.shell.help import (
    about_page,
    model_page,
    reading_page,
    shortcuts_page,
    show_page,
    words_page,
)
from xcos_gui.shell.projects import Projects
from xcos_gui.shell.tool_menu import GALLERY_TOOLS, PAIR_TOOLS
from xcos_gui.shell.workspace import Workspace
from xcos_gui.state.settings import THEMES
from xcos_gui.widgets.elided import literal

POLICY_TEXTS = {
    "central": "The most central face",
    "largest": "The largest face",
    "all": "All faces",
}


class Menus:
    """Fills the window's menu bar."""

    def __init__(self, window: Workspace, actions: FileActions, projects: Projects) -> None:
        self.window, self.session = window, window.session
        self._actions, self._projects = actions, projects
        self.actions: dict[str, QAction] = {}  # those of the toolbar, by their icons
        self._make_menus()

    def show_state(self) -> None:
        """Enable and check what fits the session."""
        session = self.session
        card = session.card
        project = session.project
        self._undo.setEnabled(project is not None and project.can_undo)
        self._redo.setEnabled(project is not None and project.can_redo)
        for action, verb, words in (
            (self._undo, "&Undo", "" if project is None else project.undo_words),
            (self._redo, "&Redo", "" if project is None else project.redo_words),
        ):
            action.setText(f"{verb} {literal(shown(words))}".rstrip())
        self.actions["back"].setEnabled(self.window.history.can_go_back)
        self.actions["forward"].setEnabled(self.window.history.can_go_forward)
        self._no_probes.setEnabled(session.probes is not None)
        self._no_target.setEnabled((session.target or session.models.lost_target) is not None)
        self._show_face_choice()
        for action in self._kinds.actions():
            action.setChecked(action.data() == session.kind)
            action.setEnabled(card is None or action.data() in card.kinds)

    def _action(
        self,
        menu: QMenu,
        text: str,
        slot: Callable[[], object],
        key: str | QKeySequence.StandardKey = "",
    ) -> QAction:
        action = menu.addAction(text)
        tip = text.replace("&", "").rstrip("…")
        if key:
            action.setShortcut(QKeySequence(key))
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            tip += f" ({keys})" if keys else ""  # a desktop may have no key for it
        action.setToolTip(tip)
        action.triggered.connect(lambda _=False: slot())
        return action

    def _make_menus(self) -> None:
        bar = self.window.menuBar()
        file, edit, view = (
            bar.addMenu("&File"),
            bar.addMenu("&Edit"),
            bar.addMenu("&View"),
        )
        analyse = bar.addMenu("&Analyse")
        model, helping = bar.addMenu("&Model"), bar.addMenu("&Help")
        self.actions["open"] = self._action(
            file, "&Open gallery folder…", self._actions.ask_gallery, "Ctrl+O"
        )
        self._action(file, "Open photos or &CSV…", self._actions.ask_photos, "Ctrl+Shift+O")
        self.recents = file.addMenu("Open &recent")
        self.recents.aboutToShow.connect(self._fill_recents)
        self._action(file, "Open &sample gallery", self._actions.open_sample)
        file.addSeparator()
        self._action(file, "Open pro&ject…", self._projects.ask_open, "Ctrl+J")
        self._action(file, "Save project &as…", self._projects.ask_save, "Ctrl+Shift+S")
        self._action(file, "Find mo&ved photos…", self._projects.ask_find)
        file.addSeparator()
        self._action(file, "Open &probes folder…", self._actions.ask_probes, "Ctrl+P")
        self._no_probes = self._action(
            file, "Re&move probes", lambda: self.session.open_probes(None)
        )
        self._make_face_choice(file)
        file.addSeparator()
        file.addActions(self.window.inspector.saver.menu.actions())
        self._action(file, "&Export all scores…", self._actions.ask_export, "Ctrl+E")
        file.addSeparator()
        self._action(file, "&Forget this gallery…", self._actions.forget)
        self._action(file, "&Quit", self.window.close, QKeySequence.StandardKey.Quit)
        self._undo = self._action(edit, "&Undo", self.session.undo, "Ctrl+Z")
        self._redo = self._action(edit, "&Redo", self.session.redo, "Ctrl+Shift+Z")
        edit.addSeparator()
        edit.addActions(self.window.gallery.face_actions)
        edit.addSeparator()
        self._action(edit, "&Search the gallery", self.window.focus_search, "Ctrl+F")
        self._action(edit, "&Notes and tags", self.window.show_notes, "Ctrl+N")
        self._action(edit, "Filter &pairs", self.window.focus_filter, "Ctrl+K")
        self._action(edit, "Clear the field, or s&top what runs", self._actions.escape, "Esc")
        self._make_view_menu(view)
        self._make_analyse_menu(analyse)
        self._make_model_menu(model)
        self._action(
            helping,
            "&How to read a pair",
            self._help_reading,
            QKeySequence.StandardKey.HelpContents,
        )
        self._action(helping, "The &sample in four steps", self.window.story.begin)
        self._action(helping, "&Words", lambda: self._page("Words", words_page()))
        self._action(helping, "&Keys", lambda: self._page("Keys", shortcuts_page(self._keys())))
        self._action(
            helping,
            "&About xCos Studio",
            lambda: self._page("About", about_page(self.session.card)),
        )

    def _make_face_choice(self, file: QMenu) -> None:
        menu = file.addMenu("Faces of a p&hoto")
        menu.aboutToShow.connect(self._show_face_choice)
        self._policies = QActionGroup(self.window)
        for policy in FACE_POLICIES:
            action = menu.addAction(POLICY_TEXTS[policy])
            action.setCheckable(True)
            action.setData(policy)
            action.triggered.connect(lambda _=False, p=policy: self._choose_faces(faces=p))
            self._policies.addAction(action)
        menu.addSeparator()
        aligned = self._aligned = menu.addAction("Photos are aligned 112×112 crops")
        aligned.setCheckable(True)
        # By the user only: it follows the session otherwise.
        aligned.triggered.connect(lambda on: self._choose_faces(aligned=on))

    def _choose_faces(self, **chosen: Any) -> None:
        settings = self.session.changing_settings
        if settings is not None:
            self.session.set_gallery_settings(replace(settings, **chosen))

    def _show_face_choice(self) -> None:
        """How photos become faces of what is being opened, else of what is open, if anything is."""
        settings = self.session.changing_settings
        shown = settings or GallerySettings()
        self._aligned.setChecked(shown.aligned)
        for action in self._policies.actions():
            action.setChecked(action.data() == shown.faces)
        for action in (*self._policies.actions(), self._aligned):
            action.setEnabled(settings is not None)

    def _make_view_menu(self, view: QMenu) -> None:
        for dock in self.window.docks.values():
            view.addAction(dock.toggleViewAction())
        self._action(view, "&Reset layout", self.window.reset_layout)
        view.addSeparator()
        self._kinds = QActionGroup(self.window)
        for number, kind in enumerate(ATTENTION_KINDS, start=1):
            action = self._action(
                view,
                f"{kind.capitalize()} attention",
                lambda k=kind: self.session.set_kind(k),  # type: ignore[misc]
                f"Ctrl+{number}",
            )
            action.setCheckable(True)
            action.setData(kind)
            self._kinds.addAction(action)
        self._action(view, "S&wap left and right", self.session.swap_pair, "Ctrl+R")
        colour = self._action(view, "Colour matrix by &outcome", self._toggle_colouring, "Ctrl+B")
        colour.setToolTip("Switch between colours by score and by outcome (Ctrl+B)")
        colour.setCheckable(True)
        self.window.matrix.colouring.currentIndexChanged.connect(
            lambda place: colour.setChecked(place == 1)
        )
        self.actions["outcome"] = colour
        matrix = self.window.matrix
        for text, slot, key in (
            ("Zoom matrix &in", lambda: matrix.zoom(0.5), "Ctrl++"),
            ("Zoom matrix o&ut", lambda: matrix.zoom(2.0), "Ctrl+-"),
            ("Show &all of the matrix", matrix.fit, "Ctrl+0"),
            ("&Next listed pair", lambda: self.window.step_listed(1), "F3"),
            ("Listed pair be&fore", lambda: self.window.step_listed(-1), "Shift+F3"),
        ):
            self._action(view, text, slot, key)
        history = self.window.history
        self.actions["back"] = self._action(view, "Pair &before", history.back, "Alt+Left")
        self.actions["forward"] = self._action(view, "Pair aft&er", history.forward, "Alt+Right")
        view.addSeparator()
        themes = view.addMenu("&Theme")
        group = QActionGroup(self.window)
        for theme in THEMES:
            action = themes.addAction(theme.capitalize())
            action.setCheckable(True)
            action.setChecked(theme == self.session.settings.theme)
            action.triggered.connect(lambda _=False, t=theme: self.window.set_theme(t))
            group.addAction(action)

    def _make_analyse_menu(self, analyse: QMenu) -> None:
        for tools in (PAIR_TOOLS, GALLERY_TOOLS):
            for tool in tools:
                action = self._action(
                    analyse,
                    tool.text,
                    lambda t=tool: self.window.show_tool(t),  # type: ignore[misc]
                    tool.key,
                )
                self.actions.setdefault(tool.icon, action)  # of two with one icon, the pair's
            analyse.addSeparator()

    def _make_model_menu(self, model: QMenu) -> None:
        for path in shipped_weights():
            self._action(model, f"Use {path.stem}", lambda p=path: self.session.set_model(p))  # type: ignore[misc]
        self._action(model, "Use &weights from a file…", self._actions.ask_model)
        self._action(model, "&Import foreign weights…", self._actions.ask_import)
        model.addSeparator()
        self._action(model, "&Evaluate…", self.window.show_evaluation, "Ctrl+Shift+E")
        self.actions["train"] = self._action(model, "&Train…", self.window.show_training, "Ctrl+T")
        model.addSeparator()
        self._action(model, "Tar&get model…", self._actions.ask_target)
        self._no_target = self._action(
            model, "&No target model", lambda: self.session.set_target(None)
        )
        model.addSeparator()
        self._action(
            model,
            "About this &model",
            lambda: self._page("Model", model_page(self.session.card)),
        )

    def _toggle_colouring(self) -> None:
        self.window.matrix.colouring.setCurrentIndex(
            1 - self.window.matrix.colouring.currentIndex()
        )

    def _keys(self) -> list[tuple[str, str]]:
        """Every key of the menus with its entry's text."""
        form = QKeySequence.SequenceFormat.NativeText
        return [
            (action.shortcut().toString(form), action.text().replace("&", "").rstrip("…"))
            for menu in self.window.menuBar().findChildren(QMenu)
            for action in menu.actions()
            if not action.shortcut().isEmpty()
        ]

    def _page(self, title: str, page: str) -> None:
        show_page(title, page, self.window)

    def _help_reading(self) -> None:
        self._page("How to read a pair", reading_page(self.session.report()))

    def _fill_recents(self) -> None:
        self.recents.clear()
        for path in self.session.settings.recents:
            self._action(
                self.recents,
                literal(str(path)),
                lambda p=path: self._actions.open_paths([p]),  # type: ignore[misc]
            )
        if self.recents.isEmpty():
            self.recents.addAction("Nothing opened yet").setEnabled(False)
