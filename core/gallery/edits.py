"""What a user may change in a gallery, what it is about, and changes as data."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

from core.faces.face import Face

Decision = Literal["accept", "reject", "unsure"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
SubjectKind = Literal["face", "pair", "identity"]

# By field of Edits and key: what was there before and after, [] for nothing, [value] else.
Change = dict[str, dict[str, tuple[list[Any], list[Any]]]]


def face_subject(key: str) -> str:
    """What notes and tags of a face hang on, from the face's key."""
    return _subject("face", key)


def pair_subject(left: str, right: str) -> str:
    """What notes, tags and decisions of a pair hang on, from both faces' keys in any order."""
    return _subject("pair", *sorted((left, right)))


def identity_subject(name: str) -> str:
    """What notes and tags of an identity hang on."""
    return _subject("identity", name)


def face_subjects(face: Face) -> list[str]:
    """What is told of a face: the face, and its identity where it is known."""
    known = [] if face.identity is None else [identity_subject(face.identity)]
    return [face_subject(face.key), *known]


def pair_subjects(left: Face, right: Face) -> list[str]:
    """What is told of a pair: the pair, its faces, and their identities where they are known."""
    names = dict.fromkeys(f.identity for f in (left, right) if f.identity is not None)
    faces = dict.fromkeys((left.key, right.key))
    return [
        pair_subject(left.key, right.key),
        *(face_subject(key) for key in faces),
        *(identity_subject(name) for name in names),
    ]


def subject_parts(subject: str) -> tuple[SubjectKind, tuple[str, ...]]:
    """The kind of a subject, and the key, the two keys, or the name that it was made from."""
    kind, *names = json.loads(subject)
    return kind, tuple(names)


def tags_text(tags: Iterable[str]) -> str:
    """Tags as one line with commas between; those with commas or quotation marks are quoted."""
    parts = []
    for tag in tags:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([tag])
        parts.append(line.getvalue())
    return ", ".join(parts)


def tags_from(text: str) -> tuple[str, ...]:
    """The tags of such a line, each once."""
    rows = csv.reader([text], skipinitialspace=True)
    return tuple(dict.fromkeys(tag.strip() for row in rows for tag in row if tag.strip()))


def _subject(*parts: str) -> str:
    # JSON, so that no character of a name can be taken for a separator.
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Edits:
    """All changes to a gallery, by the key of a face or the path of a photo; never mutated.

    identities: face key to identity, None for unknown
    aside:      keys of faces set aside
    picked:     photo to the detection that the user picked, counted from 0
    landmarks:  photo to five corrected points (x, y) in the photo's pixels
    tags:       subject (see face_subject) to its tags, in the order they were given
    notes:      subject to a note, any text
    decisions:  subject to accept, reject or unsure
    """

    identities: dict[str, str | None] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    picked: dict[str, int] = field(default_factory=dict)
    landmarks: dict[str, list[list[float]]] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)

    def same_faces(self, other: "Edits") -> bool:
        """Whether both make the same gallery: they differ in tags, notes and decisions at most."""
        names = ("identities", "aside", "picked", "landmarks")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def all_tags(self) -> list[str]:
        """Every tag in use, in alphabetical order."""
        return sorted({tag for tags in self.tags.values() for tag in tags}, key=str.casefold)

    def tags_among(self, subjects: Iterable[str]) -> list[str]:
        """Tags of several subjects, each once."""
        return list(dict.fromkeys(tag for s in subjects for tag in self.tags.get(s, ())))

    def faces_tagged(self, tag: str) -> frozenset[str]:
        """Keys of the faces with a tag."""
        return frozenset(names[0] for names in self._tagged("face", tag))

    def pairs_tagged(self, tag: str) -> frozenset[tuple[str, str]]:
        """The pairs with a tag: both faces' keys, in alphabetical order."""
        return frozenset((names[0], names[1]) for names in self._tagged("pair", tag))

    def identities_tagged(self, tag: str) -> frozenset[str]:
        """Names of the identities with a tag."""
        return frozenset(names[0] for names in self._tagged("identity", tag))

    def _tagged(self, kind: SubjectKind, tag: str) -> Iterable[tuple[str, ...]]:
        for subject, tags in self.tags.items():
            if tag in tags:
                found, names = subject_parts(subject)
                if found == kind:
                    yield names


def moved(edits: Edits, old: Iterable[str], new: str) -> Edits:
    """Tags, notes and a decision of some subjects given to another, which keeps its own."""
    tags, notes, decisions = edits.tags, edits.notes, edits.decisions
    for subject in old:
        more = (*tags.get(new, ()), *tags.get(subject, ()))
        tags = with_entry(with_entry(tags, new, tuple(dict.fromkeys(more))), subject, None)
        both = [note for note in (notes.get(new), notes.get(subject)) if note]
        notes = with_entry(with_entry(notes, new, "\n".join(both)), subject, None)
        kept = decisions.get(new, decisions.get(subject))
        decisions = with_entry(with_entry(decisions, new, kept), subject, None)
    return replace(edits, tags=tags, notes=notes, decisions=decisions)


def renamed(edits: Edits, photos: dict[str, str]) -> Edits:
    """Edits of photos that have other paths now; photos maps the old ones to the new ones."""

    def key(old: str) -> str:
        if old in photos:
            return photos[old]
        photo, mark, number = old.rpartition("#")
        return f"{photos[photo]}#{number}" if mark and photo in photos else old

    def subject(old: str) -> str:
        kind, names = subject_parts(old)
        if kind == "identity":
            return old
        return face_subject(key(names[0])) if kind == "face" else pair_subject(*map(key, names))

    return Edits(
        {key(k): v for k, v in edits.identities.items()},
        tuple(sorted(key(k) for k in edits.aside)),
        {photos.get(k, k): v for k, v in edits.picked.items()},
        {photos.get(k, k): v for k, v in edits.landmarks.items()},
        {subject(k): v for k, v in edits.tags.items()},
        {subject(k): v for k, v in edits.notes.items()},
        {subject(k): v for k, v in edits.decisions.items()},
    )


def with_entry(entries: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Entries with one changed; an empty value takes it out."""
    kept = {k: v for k, v in entries.items() if k != key}
    return kept | {key: value} if value else kept


def difference(before: Edits, after: Edits) -> Change:
    """What changed from one to the other."""
    change: Change = {}
    old, new = _maps(before), _maps(after)
    for name in old:
        keys = {k for k in (*old[name], *new[name]) if _at(old[name], k) != _at(new[name], k)}
        if keys:
            change[name] = {k: (_at(old[name], k), _at(new[name], k)) for k in sorted(keys)}
    return change


def changed(edits: Edits, change: Change, forward: bool = True) -> Edits:
    """Edits with a change done, or taken back; keys that it does not name stay as they are."""
    maps = _maps(edits)
    for name, entries in change.items():
        for key, sides in entries.items():
            value = sides[1 if forward else 0]
            maps[name].pop(key, None)
            if value:
                maps[name][key] = value[0]
    return replace(edits, **{name: _field(name, maps[name]) for name in change})


def edits_from(said: dict[str, Any]) -> Edits:
    """Edits as a file has them, checked. Raises ValueError, KeyError, TypeError, AttributeError."""
    decisions = {str(k): str(v) for k, v in said.get("decisions", {}).items()}
    if not {*decisions.values()} <= {*DECISIONS}:
        raise ValueError("a decision is none of " + ", ".join(DECISIONS))
    tags = {str(k): tuple(map(str, v)) for k, v in said.get("tags", {}).items()}
    notes = {str(k): str(v) for k, v in said.get("notes", {}).items()}
    for subject in (*tags, *notes, *decisions):
        subject_parts(subject)
    return Edits(
        {str(k): None if v is None else str(v) for k, v in said["identities"].items()},
        tuple(map(str, said["aside"])),
        {str(k): int(v) for k, v in said["picked"].items()},
        {str(k): [[float(x), float(y)] for x, y in v] for k, v in said["landmarks"].items()},
        tags,
        notes,
        decisions,  # type: ignore[arg-type]
    )


def change_from(said: dict[str, Any]) -> Change:
    """A change as a file has it, checked. Raises as edits_from does."""
    known = {f.name for f in fields(Edits)}
    if not {*said} <= known:
        raise ValueError("an unknown sort of change")
    return {
        name: {str(k): (list(before), list(after)) for k, (before, after) in entries.items()}
        for name, entries in said.items()
    }


def _maps(edits: Edits) -> dict[str, dict[str, Any]]:
    maps = {f.name: getattr(edits, f.name) for f in fields(Edits)}
    maps["aside"] = dict.fromkeys(edits.aside, True)
    return {name: dict(entries) for name, entries in maps.items()}


def _field(name: str, entries: dict[str, Any]) -> Any:
    if name == "aside":
        return tuple(sorted(entries))
    if name == "tags":  # a file has lists
        return {key: tuple(tags) for key, tags in entries.items()}
    return entries


def _at(entries: dict[str, Any], key: str) -> list[Any]:
    return [entries[key]] if key in entries else []
