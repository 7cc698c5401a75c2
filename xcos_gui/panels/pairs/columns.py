"""Which further columns the list of pairs has."""

import json

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QTableView, QToolButton

from core.faces.conditions import CONDITIONS
from xcos_gui.panels.pairs.model import FIRST_CONDITION, LR
from xcos_gui.state.session import Session

KEY = "table/pairs/columns"
NAMES = {"lr": LR} | {c.name: FIRST_CONDITION + k for k, c in enumerate(CONDITIONS)}
TITLES = {"lr": "Likelihood ratio"} | {c.name: c.title for c in CONDITIONS}
DEFAULT = ["lr"]


class ColumnsButton(QToolButton):
    """A menu of columns to show; the choice is kept. Conditions are measured once one is shown."""

    changed = Signal()

    def __init__(self, table: QTableView, session: Session) -> None:
        super().__init__(text="Col&umns", popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip("Show the likelihood ratio and conditions of the worse face as columns")
        self._session = session
        menu = QMenu(self)
        kept = self._kept()
        self.actions_by_name: dict[str, QAction] = {}
        for name, title in TITLES.items():
            action = QAction(title, menu, checkable=True, checked=name in kept)
            action.toggled.connect(self._on_toggled)
            menu.addAction(action)
            self.actions_by_name[name] = action
        self.setMenu(menu)
        for column in NAMES.values():
            table.setColumnHidden(column, True)
        self._ask()

    @property
    def shown(self) -> dict[int, bool]:
        """By column, whether it was chosen."""
        return {NAMES[name]: action.isChecked() for name, action in self.actions_by_name.items()}

    def _kept(self) -> list[str]:
        try:
            names = json.loads(str(self._session.settings.store.value(KEY, json.dumps(DEFAULT))))
        except ValueError:
            return DEFAULT
        if not isinstance(names, list):
            return DEFAULT
        return [name for name in names if isinstance(name, str) and name in NAMES]

    def _on_toggled(self, _: bool) -> None:
        chosen = [name for name, action in self.actions_by_name.items() if action.isChecked()]
        self._session.settings.store.setValue(KEY, json.dumps(chosen))
        self._ask()
        self.changed.emit()

    def _ask(self) -> None:
        if any(self.shown[NAMES[c.name]] for c in CONDITIONS):
            self._session.conditions.ask()
