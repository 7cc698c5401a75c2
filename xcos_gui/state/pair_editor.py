"""The session's pair made ready to be edited, in the background."""

from collections.abc import Callable

from core.explain.editing.what_if import PairEditor
from core.explain.explanation import PairExplanation
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session


def editor_work(session: Session) -> Callable[[Running], PairEditor] | None:
    """Work whose answer edits the pair looked at as it is explained; None without a pair."""
    pair, rows, columns, engine, card, verifier = (
        session.pair, session.rows, session.columns, session.engine, session.card, session.verifier
    )  # fmt: skip
    if not (pair and rows and columns and engine and card and verifier and session.explanation):
        return None
    kind, order, threshold = session.kind, session.order, session.explanation.threshold
    both, cache = (rows, columns), session.cache

    def work(_: Running) -> PairEditor:
        editor = PairEditor(verifier, engine, card, both, pair, cache, kind, order, threshold)
        editor.warm_up()
        return editor

    return work


def differ_by_threshold(one: PairExplanation | None, other: PairExplanation | None) -> bool:
    """Whether two explanations are of one pair, model, kind and order."""
    names = ("left", "right", "model", "kind", "order")
    if one is None or other is None:
        return False
    return all(getattr(one, name) == getattr(other, name) for name in names)
