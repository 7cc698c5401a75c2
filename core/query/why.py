"""Why a filter passes no pair: how far its parts get, one after the other."""

from core.progress import QUIET, Task
from core.query.evaluate import passing
from core.query.given import FilterInput
from core.query.language import Both, Expression


def why_none(expression: Expression, given: FilterInput, task: Task = QUIET) -> str:
    """A sentence on the part that lets no pair through, for a filter that passes none.

    Raises Stopped.
    """
    if not isinstance(expression, Both):
        return f"no pair passes {expression}"
    kept = ""
    for end in range(1, len(expression.parts) + 1):
        part = expression.parts[end - 1]
        mask = passing(Both(expression.parts[:end]), given, task)
        count = int(mask.sum()) // (2 if given.scored.matrix.square else 1)
        if not count:
            return f"{kept}none passes {part}" if kept else f"no pair passes {part}"
        so_far = Both(expression.parts[:end]) if end > 1 else part
        kept = f"{count:,} {'pair passes' if count == 1 else 'pairs pass'} {so_far}, of which "
    return "no pair passes"
