"""What a project file holds, as text and read from it: all that is sound, and what is not."""

import errno
import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.errors import XCosError, shown
from core.faces.choose import FACE_POLICIES
from core.model.kinds import ATTENTION_KINDS, ORDERS
from core.model.target_choice import stored_choice
from core.project.edits import Change, Edits, change_from, difference, edits_from
from core.project.photo_print import PhotoPrint

VERSION = 2  # 1 had no tags, notes, decisions or state, and whole edits in its undo stacks
FIELDS = ("version", "revision", "edits", "undo", "redo", "state")
KEPT_UNDOS = 200  # in the file; a running window keeps all
DEEPEST = 32  # lists in lists that a state may hold
LONGEST_NUMBER = 18  # digits; longer ones are no integers that anything here counts


class NewerVersion(ValueError):
    """A newer program wrote the file."""


class NoProject(ValueError):
    """The file is another one."""


@dataclass
class ProjectDocument:
    """What a project file holds; state is what a window keeps there, by name.

    left_out: what the file had beside it and could not be read
    """

    edits: Edits = field(default_factory=Edits)
    undo: list[Change] = field(default_factory=list)
    redo: list[Change] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    revision: str = ""
    left_out: tuple[str, ...] = ()


def document_text(document: ProjectDocument, revision: str) -> str:
    """A document as a file has it. Raises ValueError for a number that JSON does not know."""
    fields: dict[str, Any] = {
        "version": VERSION,
        "revision": revision,
        "edits": asdict(document.edits),
        "undo": document.undo[-KEPT_UNDOS:],
        "redo": document.redo[-KEPT_UNDOS:],
        "state": document.state,
    }
    # Escaped, since a file's name may hold bytes that are no text.
    return json.dumps(fields, allow_nan=False)


def document_from(content: bytes) -> ProjectDocument:
    """What is sound of a file's content.

    Raises json.JSONDecodeError for a file that is cut off, NoProject, and NewerVersion.
    """
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        raise NoProject("it is no text") from error
    try:
        fields = json.loads(text, parse_int=_integer)
    except RecursionError:
        fields = json.loads(_pruned(text), parse_int=_integer)
    if (
        not isinstance(fields, dict)
        or type(version := fields.get("version")) is not int
        or version < 1
    ):
        raise NoProject("it tells no version")
    if version > VERSION:
        raise NewerVersion(f"version {version}")
    left_out: list[str] = []
    edits = edits_from(fields.get("edits"), left_out)
    stacks = _first_version(fields, edits, left_out) if version == 1 else _stacks(fields, left_out)
    state = fields.get("state", {})
    if not isinstance(state, dict):
        left_out.append("all under 'state'")
        state = {}
    left_out += [f"all under '{shown(name)}'" for name in fields if name not in FIELDS]
    revision = fields.get("revision")
    return ProjectDocument(
        edits,
        *stacks,
        _sound_state(state, left_out),
        revision if isinstance(revision, str) and revision.isascii() else "",
        tuple(left_out),
    )


def _stacks(fields: dict[str, Any], left_out: list[str]) -> tuple[list[Change], list[Change]]:
    undo: list[Change] = []
    redo: list[Change] = []
    for name, stack in (("undo", undo), ("redo", redo)):
        given = fields.get(name)
        if not isinstance(given, list):
            left_out.append(f"all under '{name}'")
            continue
        for one in given:
            try:
                stack.append(change_from(one))
            except ValueError:
                left_out.append(f"a step to {name}")
    return undo, redo


def _first_version(
    fields: dict[str, Any], edits: Edits, left_out: list[str]
) -> tuple[list[Change], list[Change]]:
    earlier, later = (
        [edits_from(e, left_out) for e in entries] if isinstance(entries, list) else []
        for entries in (fields.get("undo"), fields.get("redo"))
    )
    done, undone = [*earlier, edits], [edits, *reversed(later)]
    return (
        [change for a, b in pairwise(done) if (change := difference(a, b))],
        [change for a, b in pairwise(undone) if (change := difference(a, b))][::-1],
    )


def _sound_state(state: dict[str, Any], left_out: list[str]) -> dict[str, Any]:
    kept = _sound_table(state, "", left_out)
    for name, fits in STATE.items():
        if kept.get(name) is not None and not fits(kept[name]):
            left_out.append(f"'{name}'")
            del kept[name]
    for kind, threshold in [*(kept.get("thresholds") or {}).items()]:
        if kind not in ATTENTION_KINDS or type(threshold) not in (int, float):
            left_out.append(f"the threshold of '{shown(kind)}'")
            del kept["thresholds"][kind]
    for photo, stored in (kept.get("photos") or {}).items():
        known = PhotoPrint.from_json(stored).to_json()
        if known != stored:
            left_out.append(f"what {shown(photo)} is known by")
            kept["photos"][photo] = known
    return kept


def _sound_table(
    table: dict[str, Any], prefix: str, left_out: list[str], deep: int = 0
) -> dict[str, Any]:
    """A table without the entries that are no finite numbers, text, or lists and tables of such."""
    kept: dict[str, Any] = {}
    for name, value in table.items():
        where = f"{prefix}{name}"
        if isinstance(value, dict) and deep < DEEPEST and _is_text(name):
            kept[name] = _sound_table(value, f"{where}.", left_out, deep + 1)
        elif _is_text(name) and _is_sound(value, deep):
            kept[name] = value
        else:
            left_out.append(f"'{shown(where)}'")
    return kept


def _is_sound(value: Any, deep: int) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return _is_text(value)
    if isinstance(value, (list, dict)) and deep >= DEEPEST:
        return False
    if isinstance(value, dict):
        return all(_is_text(k) and _is_sound(v, deep + 1) for k, v in value.items())
    return not isinstance(value, list) or all(_is_sound(item, deep + 1) for item in value)


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _is_path(value: Any) -> bool:
    """Whether a file may have such a name."""
    try:
        os.lstat(value)
    except OSError as error:
        return value != "" and error.errno != errno.ENAMETOOLONG
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and [type(key) for key in value] == [str, str]


def _is_target_input(value: Any) -> bool:
    try:
        return isinstance(value, dict) and stored_choice(Path(), value) is not None
    except XCosError:
        return False


# What a state's values must be where they are not null; a window's own go by other names.
STATE: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("gallery", "probes", "model", "target"), _is_path),
    **dict.fromkeys(("fingerprint", "filter"), lambda value: isinstance(value, str)),
    **dict.fromkeys(("thresholds", "photos", "view"), lambda value: isinstance(value, dict)),
    "target_input": _is_target_input,
    "faces": lambda value: value in FACE_POLICIES,
    "attention": lambda value: value in ATTENTION_KINDS,
    "order": lambda value: value in ORDERS,
    "aligned": lambda value: isinstance(value, bool),
    "pair": _is_pair,
}


def _pruned(text: str) -> str:
    """JSON with NaN, which is left out later, for what lies in too many brackets."""
    kept, start, cut, depth = [], 0, 0, 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[][{}]', text, re.DOTALL):
        if token[0] in "[{":
            depth += 1
            if depth == 2 * DEEPEST:
                cut = token.start()
        elif token[0] in "]}":
            if depth == 2 * DEEPEST:
                kept.append(text[start:cut])
                start = token.end()
            depth -= 1
    end = cut if depth >= 2 * DEEPEST else len(text)  # brackets that nothing closes
    return "NaN".join((*kept, text[start:end]))


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else float(digits)
