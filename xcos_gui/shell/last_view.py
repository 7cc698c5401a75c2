"""Where the user was when the window closed, for the gallery that opens again with the next start.

A project keeps this itself; what is kept here is for galleries without one.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xcos_gui.shell.workspace import Workspace

KEY = "last"


def keep_view(window: "Workspace") -> None:
    """Remember pair, colours, list and zoom of the open gallery."""
    session = window.session
    if session.source is None or session.project_file is not None:
        return
    pair = session.wanted_pair
    if session.pair is not None:
        pair = tuple(face.key for face in session.faces_of(session.pair))  # type: ignore[assignment]
    view = {
        "source": str(session.source),
        "pair": pair,
        "outcomes": window.matrix.colouring.currentIndex() == 1,
        "list": window.pairs.own_list,
        "matrix": window.matrix.view_state(),
    }
    session.settings.store.setValue(KEY, json.dumps(view))


def restore_view(window: "Workspace", source: Path) -> None:
    """Show a gallery that is being opened as it was left; what cannot be read is passed over."""
    try:
        view: Any = json.loads(str(window.session.settings.store.value(KEY, "{}")))
    except ValueError:
        return
    if not isinstance(view, dict) or view.get("source") != str(source.absolute()):
        return
    pair, listed = view.get("pair"), view.get("list")
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(key, str) for key in pair):
        window.session.wanted_pair = pair[0], pair[1]
    window.matrix.colouring.setCurrentIndex(1 if view.get("outcomes") is True else 0)
    if isinstance(listed, int) and 0 <= listed < window.pairs.own_lists:
        window.pairs.choice.setCurrentIndex(listed)
    window.matrix.restore_view(view.get("matrix"))
