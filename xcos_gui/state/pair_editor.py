"""The session's pair made ready to be edited, in the background."""

from collections.abc import Callable

import numpy as np

from core.explain.editing.what_if import PairEditor
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session


def editor_work(session: Session) -> Callable[[Running], PairEditor] | None:
    """Work whose answer edits the pair looked at as it is explained; None without a pair."""
    pair, scored, verifier = session.pair, session.scored, session.scored_verifier
    if pair is None or scored is None or verifier is None or session.explanation is None:
        return None
    cache = session.cache
    both = scored.part(*(np.array([place]) for place in pair))

    def work(_: Running) -> PairEditor:
        editor = PairEditor(verifier, both, cache)
        editor.warm_up()
        return editor

    return work
