"""What a user may change in a gallery, what it is about, and changes as data."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

import numpy as np

from core.errors import counted, shown
from core.faces.face import Face
from core.project.readings import renamed_reading, sound_reading

Decision = Literal["accept", "reject", "unsure"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
SubjectKind = Literal["face", "pair", "identity"]

# By field of Edits and key: what was there before and after, [] for nothing, [value] else.
Change = dict[str, dict[str, tuple[list[Any], list[Any]]]]

MOST = 1_000_000  # pixels of a photo's side, and faces in it
# The fields of Edits, as a message calls an entry of each.
WORDS = {
    "identities": "the identity",
    "aside": "the setting aside",
    "picked": "the picked face",
    "landmarks": "the landmarks",
    "tags": "the tags",
    "notes": "the note",
    "decisions": "the decision",
    "readings": "the reading",
}
NOUNS = {
    "pair": ("pair", "pairs"),
    "identity": ("person", "people"),
    "picked": ("photo", "photos"),
    "readings": ("pair", "pairs"),
    **dict.fromkeys(("face", "identities", "aside", "landmarks"), ("face", "faces")),
}
MIXED = ("entry", "entries")
WRITTEN_ALWAYS = ("identities", "aside", "picked", "landmarks")  # the others came later


def is_face_of(key: str, photo: str) -> bool:
    """Whether a key is that of a face of a photo."""
    before, _, number = key.rpartition("#")
    return key == photo or (before == photo and number.isdecimal())


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
    landmarks:  face key to five corrected points (x, y) in the photo's pixels
    tags:       subject (see face_subject) to its tags, in the order they were given
    notes:      subject to a note, any text
    decisions:  subject to accept, reject or unsure
    readings:   what readers said of pairs, see core.project.readings
    """

    identities: dict[str, str | None] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    picked: dict[str, int] = field(default_factory=dict)
    landmarks: dict[str, list[list[float]]] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    readings: dict[str, dict[str, Any]] = field(default_factory=dict)

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
                subject_kind, names = subject_parts(subject)
                if subject_kind == kind:
                    yield names


def moved(edits: Edits, old: Iterable[str], new: str) -> Edits:
    """Tags, notes and a decision of some subjects given to another, which keeps its own."""
    tags, notes, decisions = edits.tags, edits.notes, edits.decisions
    for subject in old:
        more = (*tags.get(new, ()), *tags.get(subject, ()))
        tags = with_entry(with_entry(tags, new, tuple(dict.fromkeys(more))), subject, None)
        both = dict.fromkeys(note for note in (notes.get(new), notes.get(subject)) if note)
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

    moved_edits = renumbered(edits, key)
    return replace(moved_edits, picked={photos.get(k, k): v for k, v in edits.picked.items()})


def renumbered(edits: Edits, key: Callable[[str], str]) -> Edits:
    """Edits of faces that have other keys now, as key answers of each old one."""

    def subject(old: str) -> str:
        kind, names = subject_parts(old)
        if kind == "identity":
            return old
        if kind not in get_args(SubjectKind):  # a finding about labels, of photos and identities
            return _subject(kind, *map(key, names))
        return face_subject(key(names[0])) if kind == "face" else pair_subject(*map(key, names))

    return Edits(
        {key(k): v for k, v in edits.identities.items()},
        tuple(sorted(key(k) for k in edits.aside)),
        edits.picked,
        {key(k): v for k, v in edits.landmarks.items()},
        {subject(k): v for k, v in edits.tags.items()},
        {subject(k): v for k, v in edits.notes.items()},
        {subject(k): v for k, v in edits.decisions.items()},
        {renamed_reading(k, key): v for k, v in edits.readings.items()},
    )


def with_picked(
    edits: Edits,
    photo: str,
    detection: int,
    keys: Mapping[str, str],
    marks: np.ndarray | None = None,
) -> Edits:
    """Edits by which another detection stands for a photo, by marks (5, 2); see Project.pick_face."""
    edits = renumbered(edits, lambda key: keys.get(key, key))
    landmarks = {k: v for k, v in edits.landmarks.items() if keys or not is_face_of(k, photo)}
    own = {} if marks is None else {photo: marks.astype(np.float64).tolist()}
    return replace(edits, picked=edits.picked | {photo: detection}, landmarks=landmarks | own)


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


def change_words(change: Change) -> str:
    """What a change is about, in a few words: the tags of ann/1.jpg and bob/2.jpg."""
    parts = []
    for name, entries in change.items():
        keys = list(entries)
        of_subjects = name in ("tags", "notes", "decisions")
        if len(keys) == 1:
            about = " and ".join(subject_parts(keys[0])[1]) if of_subjects else keys[0]
        else:
            kinds = {subject_parts(key)[0] for key in keys} if of_subjects else {name}
            about = counted(len(keys), *NOUNS.get(kinds.pop() if len(kinds) == 1 else "", MIXED))
        parts.append(f"{WORDS[name]} of {about}")
    return ", ".join(parts)


def edits_from(stored: Any, left_out: list[str]) -> Edits:
    """The edits that a file has, without what is not sound; that is named in left_out."""
    if not isinstance(stored, dict):
        left_out.append("all edits")
        return Edits()
    left_out += [f"all under '{name}'" for name in WRITTEN_ALWAYS if name not in stored]
    maps: dict[str, dict[str, Any]] = {name: {} for name in WORDS}
    for name, given in stored.items():
        entries = given
        if name == "aside" and isinstance(given, list):
            entries = {key: True for key in given if isinstance(key, str)}
            left_out += ["a face set aside" for key in given if not isinstance(key, str)]
        if name not in WORDS or not isinstance(entries, dict):
            left_out.append(f"all under '{shown(name)}'")
            continue
        for key, value in entries.items():
            try:
                maps[name][key] = _sound(name, key, value)
            except ValueError:
                left_out.append(f"{WORDS[name]} of {shown(key)}")
    return Edits(**{name: _field(name, entries) for name, entries in maps.items()})


def change_from(stored: Any) -> Change:
    """A change as a file has it. Raises ValueError where any of it is not sound."""
    if not isinstance(stored, dict) or not stored or not {*stored} <= {*WORDS}:
        raise ValueError("no change")
    change: Change = {}
    for name, entries in stored.items():
        if not isinstance(entries, dict):
            raise ValueError("no entries")
        change[name] = {key: _sides(name, key, sides) for key, sides in entries.items()}
    return change


def _sides(name: str, key: str, couple: Any) -> tuple[list[Any], list[Any]]:
    if not isinstance(couple, list) or len(couple) != 2:
        raise ValueError("not before and after")
    for side in couple:
        if not isinstance(side, list) or len(side) > 1:
            raise ValueError("no value or one")
    before, after = ([_sound(name, key, value) for value in side] for side in couple)
    return before, after


def _sound(name: str, key: str, value: Any) -> Any:
    """An entry's value as Edits has it. Raises ValueError."""
    _text(key)
    if name in ("tags", "notes", "decisions"):
        _subject_of(key, findings=name == "decisions")
    if name == "aside" and value is True:
        return True
    if name == "identities" and value is None:
        return None
    if name in ("identities", "notes"):
        return _text(value)
    if name == "picked" and type(value) is int and 0 <= value < MOST:
        return value
    if name == "landmarks" and isinstance(value, list) and len(value) == 5:
        return _apart([[_pixels(x) for x in _couple(point)] for point in value])
    if name == "tags" and isinstance(value, list) and value and "" not in value:
        return tuple(dict.fromkeys(map(_text, value)))
    if name == "readings":
        return sound_reading(key, value)
    if name == "decisions" and isinstance(value, str) and value in DECISIONS:
        return value
    raise ValueError(f"no {name}")


def _apart(points: list[list[float]]) -> list[list[float]]:
    if all(max(side) - min(side) < 1 for side in zip(*points, strict=True)):
        raise ValueError("all within a pixel, which aligns no face")
    return points


def _couple(couple: Any) -> list[Any]:
    if not isinstance(couple, list) or len(couple) != 2:
        raise ValueError("no point")
    return couple


def _pixels(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) < MOST:  # NaN is not
        raise ValueError("no place in a photo")
    return float(value)


def _text(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError("no text")
    text.encode("utf-8", "surrogateescape")  # lone surrogates cannot be written anywhere
    return text


def _subject_of(key: str, findings: bool) -> None:
    """Raises ValueError for what no function here made; findings: nor is a finding about labels."""
    try:
        kind, names = subject_parts(key)
    except (TypeError, RecursionError) as error:
        raise ValueError("no subject") from error
    if findings and isinstance(kind, str) and kind not in get_args(SubjectKind) and names:
        if key != _subject(kind, *map(_text, names)):
            raise ValueError("no finding")
        return
    if kind not in get_args(SubjectKind) or len(names) != (2 if kind == "pair" else 1):
        raise ValueError("no subject")
    wanted = pair_subject(*map(_text, names)) if kind == "pair" else _subject(kind, _text(names[0]))
    if key != wanted:
        raise ValueError("no subject")


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
