"""What the window remembers between starts; a bad value is replaced by its default."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar, get_args

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from core.errors import XCosError
from core.model.kinds import ATTENTION_KINDS, ORDERS, AttentionKind, Order
from core.model.target_choice import AUTO, TargetChoice, stored_choice

log = logging.getLogger(__name__)

Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
RECENTS = 10
SIDE = 64  # pixels of a thumbnail at first
INPUT = ("channels", "normalisation")  # of a target, as TargetChoice.to_json names them
FILTERS = 30

Choice = TypeVar("Choice", bound=str)


class Settings:
    """Typed access to a QSettings store."""

    def __init__(self, store: QSettings) -> None:
        self.store = store

    @property
    def theme(self) -> Theme:
        return self._choice("theme", THEMES, "system")

    @theme.setter
    def theme(self, theme: Theme) -> None:
        self.store.setValue("theme", theme)

    @property
    def kind(self) -> AttentionKind:
        return self._choice("attention", ATTENTION_KINDS, "learned")

    @kind.setter
    def kind(self, kind: AttentionKind) -> None:
        self.store.setValue("attention", kind)

    @property
    def order(self) -> Order:
        return self._choice("order", ORDERS, "both")

    @order.setter
    def order(self, order: Order) -> None:
        self.store.setValue("order", order)

    @property
    def recents(self) -> list[Path]:
        """Galleries opened lately, the last one first."""
        return [Path(text) for text in self._texts("recents")]

    def remember_gallery(self, path: Path) -> None:
        recents = [path, *(other for other in self.recents if other != path)]
        self.store.setValue("recents", [str(other) for other in recents[:RECENTS]])

    def forget_recent(self, path: Path) -> None:
        self.store.setValue("recents", [str(other) for other in self.recents if other != path])

    @property
    def filters(self) -> list[str]:
        """Filters used lately, the last one first."""
        return self._texts("filters")

    def remember_filter(self, text: str) -> None:
        filters = [text, *(other for other in self.filters if other != text)]
        self.store.setValue("filters", filters[:FILTERS])

    @property
    def model(self) -> Path | None:
        """The weights chosen last, or None for the ones that ship."""
        return self._path("model")

    @model.setter
    def model(self, path: Path | None) -> None:
        self.store.setValue("model", "" if path is None else str(path))

    @property
    def target(self) -> TargetChoice | None:
        path = self._path("target")
        if path is None:
            return None
        try:
            return stored_choice(path, {k: self.store.value(f"target_{k}") or AUTO for k in INPUT})
        except XCosError as error:
            log.warning("the target's input is unreadable: %s", error)
            return TargetChoice(path)

    @target.setter
    def target(self, choice: TargetChoice | None) -> None:
        self.store.setValue("target", "" if choice is None else str(choice.path))
        stored = {} if choice is None else choice.to_json()
        for key in INPUT:
            self.store.setValue(f"target_{key}", stored.get(key, AUTO))

    @property
    def thumbnail_side(self) -> int:
        """Pixels of the gallery's thumbnails."""
        try:
            return int(str(self.store.value("gallery/side", SIDE)))
        except ValueError:
            log.warning("setting gallery/side unreadable; using %s", SIDE)
            return SIDE

    @thumbnail_side.setter
    def thumbnail_side(self, side: int) -> None:
        self.store.setValue("gallery/side", side)

    @property
    def story_seen(self) -> bool:
        """Whether the sample's story was shown or closed once."""
        return self.store.value("story") is not None

    def remember_story(self) -> None:
        self.store.setValue("story", "seen")

    @property
    def runs(self) -> Path:
        """Where training runs are kept."""
        return self._path("runs") or platformdirs.user_data_path("xcos-studio", False) / "runs"

    def recent_paths(self, what: str) -> list[Path]:
        """Files or folders chosen lately for a purpose, the last one first."""
        return [Path(text) for text in self._texts(f"paths/{what}")]

    def remember_path(self, what: str, path: Path) -> None:
        recents = [path, *(other for other in self.recent_paths(what) if other != path)]
        self.store.setValue(f"paths/{what}", [str(other) for other in recents[:RECENTS]])

    def note(self, what: str) -> str:
        """A text that a tool keeps, such as the values of a form; empty where there is none."""
        value = self.store.value(f"notes/{what}")
        return value if isinstance(value, str) else ""

    def keep_note(self, what: str, text: str) -> None:
        self.store.setValue(f"notes/{what}", text)

    def layout(self, name: str) -> QByteArray:
        """A remembered window geometry or arrangement of docks; empty where there is none."""
        value = self.store.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def remember_layout(self, name: str, value: QByteArray) -> None:
        self.store.setValue(f"layout/{name}", value)

    def _choice(self, key: str, choices: Sequence[Choice], default: Choice) -> Choice:
        value = self.store.value(key, default)
        for choice in choices:
            if choice == value:
                return choice
        log.warning("setting %s unreadable; using %s", key, default)
        return default

    def _texts(self, key: str) -> list[str]:
        value = self.store.value(key)
        if isinstance(value, str):  # QSettings turns a list of one into its element
            value = [value]
        if not isinstance(value, list):
            return []
        return [text for text in value if isinstance(text, str) and text]

    def _path(self, key: str) -> Path | None:
        value = self.store.value(key)
        return Path(value) if isinstance(value, str) and value else None
