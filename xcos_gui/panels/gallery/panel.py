"""The gallery: thumbnails by identity, photos set aside, and problems."""

from collections.abc import Callable

from PySide6.QtCore import (
    QModelIndex,
    QPoint,
    Qt,
    QTimer,
    QUrl,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QDesktopServices,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QListView,
    QMenu,
    QSlider,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import counted, these
from core.faces.conditions import CONDITIONS
from core.faces.face import Face
from core.faces.photo_files import person_name
from core.project.edits import face_subject, identity_subject
from xcos_gui.panels.gallery.delegate import LARGEST_FACE, SMALLEST_FACE, FaceDelegate
from xcos_gui.panels.gallery.groups import GroupedFaces
from xcos_gui.panels.gallery.model import FACE_ROLE, GalleryModel, Order, ProblemsModel
from xcos_gui.state.session import Session
from xcos_gui.widgets.empty import EmptyState
from xcos_gui.widgets.tags import ask_tags
from xcos_gui.widgets.thumbnails import Thumbnails

ORDERS: tuple[tuple[str, Order], ...] = (
    ("By identity", "identity"),
    ("By photo's name", "name"),
    ("Doubtful first", "doubt"),
    *((f"By {c.title.lower()}, worst first", c.name) for c in CONDITIONS),
)
FOLLOWS = 60  # ms after another pair is chosen


class GalleryPanel(QWidget):
    """Tabs of faces, faces set aside and problems, with a search line above."""

    edit_alignment = Signal(object)  # Face
    open_asked = Signal(str)  # folder, sample, or aligned: the open one, of aligned crops

    def __init__(
        self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._search = QLineEdit(placeholderText="Search names, identities and tags (Ctrl+F)")
        self._search.setClearButtonEnabled(True)
        self._search.setAccessibleName("Search the gallery")
        self.model = GalleryModel(session, thumbnails, False, self)
        self.aside_model = GalleryModel(session, thumbnails, True, self)
        self.grouped = GroupedFaces(self.model, self)
        self._aside_grouped = GroupedFaces(self.aside_model, self)
        self.view = self._list(self.grouped, "Faces of the gallery")
        self._aside = self._list(self._aside_grouped, "Faces set aside")
        self.problems_model = ProblemsModel(session, self)
        self.problems = QListView(wordWrap=True, layoutMode=QListView.LayoutMode.Batched)
        self.problems.setModel(self.problems_model)
        self.problems.setAccessibleName("Photos that gave no face or a doubtful one, and why")
        self.problems.activated.connect(self._open_folder_of)
        self.empty = EmptyState("face")
        self._tabs = QTabWidget(documentMode=True)
        self._tabs.addTab(self.view, "Faces")
        self._tabs.addTab(self._aside, "Aside")
        self._tabs.addTab(self.problems, "Problems")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self._search)
        layout.addLayout(self._make_order())
        layout.addWidget(self.empty, 1)
        layout.addWidget(self._tabs, 1)
        self._make_actions()
        self._search.textChanged.connect(self._on_search)
        self._source = session.source
        self.view.activated.connect(self._on_activated)
        session.gallery_changed.connect(self._on_gallery_changed)
        session.edits_changed.connect(self._on_edits)
        session.conditions.changed.connect(self._on_measured)
        # After the pair's maps, which the user looks at first.
        self._following = QTimer(self, singleShot=True, interval=FOLLOWS)
        self._following.timeout.connect(self._follow)
        session.pair_changed.connect(lambda _: self._following.start())
        session.busy_changed.connect(self._show_empty)
        session.idle.connect(self._show_empty)
        self._on_gallery_changed()

    def selected(self) -> list[Face]:
        """The faces selected in the tab that is shown."""
        view = self._tabs.currentWidget()
        if view not in (self.view, self._aside):
            return []
        assert isinstance(view, QListView)
        chosen = (index.data(FACE_ROLE) for index in view.selectionModel().selectedIndexes())
        return [face for face in chosen if face is not None]

    def focus_search(self) -> None:
        """Let the user type a search."""
        self._search.setFocus()
        self._search.selectAll()

    def rename(self) -> None:
        """Ask for the selected faces' identity: renames one, or merges several."""
        faces = self.selected()
        if not faces:
            self._session.message.emit("Select faces in the gallery first.")
            return
        if self._session.faces_so_far is not None:
            self._session.message.emit(
                "Photos are still being read; rename once all faces are there, or name only the selected "
                "ones (Shift+F2)."
            )
            return
        names = sorted({face.identity or "" for face in faces})
        title = "Merge identities" if len(names) > 1 else "Rename identity"
        known = {face.identity for face in faces}
        if len(names) == 1 and self._session.loaded is not None and names[0]:
            gallery = self._session.loaded.gallery
            faces = [f for f in (*gallery.faces, *gallery.aside) if f.identity in known]
        who = f"{'does' if len(faces) == 1 else 'do'} {these(len(faces), 'face')} show"
        project = self._session.project
        text, given = QInputDialog.getText(
            self, title, f"Who {who}? (empty: unknown)", text=names[0]
        )
        if given:
            self._session.rename(faces, person_name(text) or None, project)

    def name_selected(self) -> None:
        """Ask for the identity of just the selected faces."""
        faces = self.selected()
        if not faces:
            self._session.message.emit("Select faces in the gallery first.")
            return
        project = self._session.project
        text, given = QInputDialog.getText(
            self, "Identity of the selection", "Who do the selected faces show?"
        )
        if given:
            self._session.rename(faces, person_name(text) or None, project)

    def set_aside(self) -> None:
        """Leave the selected faces out, or bring them back from the other tab."""
        keys = [face.key for face in self.selected()]
        if not keys:
            self._session.message.emit("Select faces in the gallery first.")
        elif self._tabs.currentWidget() is self._aside:
            self._session.edit(lambda project: project.bring_back(keys))
        else:
            self._session.edit(lambda project: project.set_aside(keys))

    def tag_selected(self) -> None:
        """Ask for the selected faces' tags."""
        faces = self.selected()
        what = faces[0].key if len(faces) == 1 else these(len(faces), "face")
        ask_tags(self, self._session, [face_subject(face.key) for face in faces], what)

    def note_selected(self) -> None:
        """Ask for the note on the first selected face."""
        faces, project = self.selected(), self._session.project
        if not faces or project is None:
            self._session.message.emit("Select a face in the gallery first.")
            return
        subject = face_subject(faces[0].key)
        had = project.edits.notes.get(subject, "")
        text, given = QInputDialog.getMultiLineText(self, "Note", f"Note on {faces[0].key}:", had)
        if given:
            self._session.edit(lambda project: project.note(subject, text), project)

    def tag_identities(self) -> None:
        """Ask for the tags of the selected faces' identities."""
        names = sorted({f.identity for f in self.selected() if f.identity is not None})
        what = names[0] if len(names) == 1 else these(len(names), "identity", "identities")
        ask_tags(self, self._session, [identity_subject(name) for name in names], what)

    def align_selected(self) -> None:
        """Ask for the alignment of the first selected face, or of a photo that gave none."""
        index = self.problems.currentIndex()
        if self._tabs.currentWidget() is self.problems and index.isValid():
            if self.problems_model.is_probe(index):
                self._session.message.emit(
                    "Landmarks of probes are set where they are the gallery; open them as one."
                )
                return
            file, loaded = self.problems_model.problem(index).file, self._session.loaded
            place = None if loaded is None else loaded.gallery.index().get(file)
            doubtful = None if loaded is None or place is None else loaded.gallery.faces[place]
            self.edit_alignment.emit(doubtful or Face(file, 1, None, None, ""))
            return
        faces = self.selected()
        if faces:
            self.edit_alignment.emit(faces[0])
        else:
            self._session.message.emit("Select a face in the gallery first.")

    def compare(self) -> None:
        """Look at the pair of the two selected faces."""
        faces = self.selected()
        loaded = self._session.columns
        if len(faces) != 2 or loaded is None:
            self._session.message.emit("Select two faces in the gallery to compare them.")
            return
        place = loaded.gallery.index()
        if not self._session.shows_open:
            self._session.message.emit(
                "The gallery that was opened is not scored yet; compare its faces once it is."
            )
        elif self._session.probes is not None:
            self._session.message.emit("With probes loaded, choose the pair in the matrix.")
        elif all(face.key in place for face in faces):
            self._session.select_pair(*sorted(place[face.key] for face in faces))
        else:
            self._session.message.emit(
                "Only faces of the matrix can be compared; bring those set aside back first (Del)."
            )

    def _make_actions(self) -> None:
        entries: list[tuple[str, str, Callable[[], None]]] = [
            ("Compare the two selected faces", "Return", self.compare),
            ("Rename or merge identities…", "F2", self.rename),
            ("Identity of the selected faces only…", "Shift+F2", self.name_selected),
            ("Set aside, or bring back", "Del", self.set_aside),
            ("Tags of the selected faces…", "Ctrl+Shift+T", self.tag_selected),
            ("Tags of their identities…", "", self.tag_identities),
            ("Note on the selected face…", "", self.note_selected),
            ("Alignment and other faces…", "Ctrl+L", self.align_selected),
        ]
        self.face_actions: list[QAction] = []
        for text, key, slot in entries:
            action = QAction(text, self, shortcut=QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(slot)
            self.addAction(action)
            self.face_actions.append(action)

    def _make_order(self) -> QHBoxLayout:
        self.order = QComboBox(toolTip="Order of the faces", accessibleName="Order of the faces")
        for text, order in ORDERS:
            self.order.addItem(text, order)
        self.order.activated.connect(self._on_order)
        self.side = QSlider(Qt.Orientation.Horizontal, minimum=SMALLEST_FACE, maximum=LARGEST_FACE)
        self.side.setToolTip("Size of the thumbnails")
        self.side.setAccessibleName("Size of the thumbnails")
        self.side.setValue(self._session.settings.thumbnail_side)
        self.side.valueChanged.connect(self._on_size)
        row = QHBoxLayout()
        row.addWidget(self.order, 1)
        row.addWidget(self.side, 1)
        return row

    def _on_order(self, _: int) -> None:
        for model in (self.model, self.aside_model):
            model.order_by(self.order.currentData())

    def _on_size(self, side: int) -> None:
        self._session.settings.thumbnail_side = side
        for view in (self.view, self._aside):
            delegate = view.itemDelegate()
            assert isinstance(delegate, FaceDelegate)
            delegate.side = side
            view.scheduleDelayedItemsLayout()

    def _list(self, model: GroupedFaces, name: str) -> QListView:
        view = QListView(
            viewMode=QListView.ViewMode.IconMode,
            resizeMode=QListView.ResizeMode.Adjust,
            movement=QListView.Movement.Static,
            selectionMode=QAbstractItemView.SelectionMode.ExtendedSelection,
            layoutMode=QListView.LayoutMode.Batched,
        )
        view.setBatchSize(2000)
        view.setModel(model)
        delegate = FaceDelegate(view)
        delegate.side = self._session.settings.thumbnail_side
        view.setItemDelegate(delegate)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setAccessibleName(name)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(lambda at: self._menu(view, at))
        return view

    def _menu(self, view: QListView, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addActions(self.face_actions)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # the panel would keep it
        menu.popup(view.viewport().mapToGlobal(at))

    def _on_gallery_changed(self) -> None:
        if self._source != self._session.source:
            self._source = self._session.source
            self._search.clear()  # it was for the faces of another gallery
            for view in (self.view, self._aside):
                view.selectionModel().clear()
        self._refresh_faces()
        self.problems_model.refresh()
        loaded = self._session.loaded
        self._show_empty()
        if loaded is None:
            return
        counts = (
            len(loaded.gallery.faces),
            len(loaded.gallery.aside),
            self.problems_model.rowCount(),
        )
        for tab, (name, count) in enumerate(
            zip(("Faces", "Aside", "Problems"), counts, strict=True)
        ):
            self._tabs.setTabText(tab, f"{name} {count:,}")

    def _on_measured(self) -> None:
        if self.model.by_condition:
            self._refresh_faces()

    def _refresh_faces(self) -> None:
        self.grouped.keep_chosen(self.view, self.model.refresh)
        self._aside_grouped.keep_chosen(self._aside, self.aside_model.refresh)

    def _show_empty(self, *_: object) -> None:
        """What there is to do while there is no face: open something, wait, or see why not."""
        session = self._session
        loaded, ask = session.loaded, self.open_asked.emit
        faces = 0 if loaded is None else len(loaded.gallery.faces) + len(loaded.gallery.aside)
        problems = 0 if loaded is None else len(loaded.gallery.problems)
        self.empty.setVisible(not faces)
        self._tabs.setVisible(bool(faces or problems))
        if faces:
            return
        if session.opening is not None or (session.faces_so_far is not None):
            self.empty.say("Reading photos…", "Faces appear here as they are found.")
        elif problems:
            self.empty.say(
                f"{counted(problems, 'photo')}, no face found",
                "The reasons stand below. Photos that are cut out and aligned already need no search.",
                (
                    ("They are aligned crops", lambda: ask("aligned")),
                    ("Open another folder…", lambda: ask("folder")),
                ),
            )
            self._tabs.setCurrentWidget(self.problems)
        else:
            self.empty.say(
                "No gallery is open",
                "Open a folder (Ctrl+O) or drop one here; each sub-folder is an identity.",
                (
                    ("Open a folder…", lambda: ask("folder")),
                    ("Open the sample", lambda: ask("sample")),
                ),
            )

    def _on_search(self, text: str) -> None:
        self.model.set_filter(text)
        self.aside_model.set_filter(text)

    def _on_edits(self) -> None:
        for model in (self.model, self.aside_model):
            model.search_again()

    def _on_activated(self, index: QModelIndex) -> None:
        row = self.grouped.face_row(index)
        if row is None:
            return
        face = self.model.face(self.model.index(row))
        shown, pair = self._session.columns, self._session.pair
        if not self._session.shows_open:
            return
        if shown is not None and pair is not None and len(self.selected()) == 1:
            column = shown.gallery.index().get(face.key)
            if column is not None:
                self._session.select_pair(pair[0], column)

    def _follow(self) -> None:
        """Mark the pair's faces, and show the second one."""
        self.view.viewport().update()
        pair = self._session.pair
        if pair is None or self.view.hasFocus():
            return
        row = self.model.row_of(self._session.faces_of(pair)[1].key)
        if row is not None:
            self.view.scrollTo(self.grouped.place_of(row))

    def _open_folder_of(self, index: QModelIndex) -> None:
        folder = self.problems_model.file(index).parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
