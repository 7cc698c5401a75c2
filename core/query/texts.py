"""How a filter compares texts."""

import fnmatch
import re
from collections.abc import Callable

from core.faces.photo_files import readable
from core.query.language import Operator


def compare_text(operator: Operator, value: str) -> Callable[[str], bool]:
    """What "=" or "~" says of a text; "!=" is the opposite of "=", which the caller negates.

    "=" is the same text; "~" contains it in any case or, with * or ?, is all of that pattern.
    Accents may be spelled in either of Unicode's ways on both sides.
    """
    wanted = readable(value)
    if operator != "~":
        return lambda text: readable(text) == wanted
    wanted = wanted.casefold()
    if "*" not in wanted and "?" not in wanted:
        return lambda text: wanted in readable(text).casefold()
    # fnmatch merges stars and never tries one again; a bracket means nothing here.
    pattern = re.compile(fnmatch.translate(wanted.replace("[", "[[]")))
    return lambda text: pattern.match(readable(text).casefold()) is not None
