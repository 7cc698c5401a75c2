"""Which group each face of a gallery belongs to: by a column of its CSV, or by a tag."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import XCosError, quoted, shown
from core.faces.face import Face
from core.gallery.folder import scan
from core.gallery.gallery import Gallery
from core.project.edits import Edits, face_subject, identity_subject
from core.project.sides import EditsOfSides, all_tags

GroupOf = Callable[[Face], str | None]  # the group of a face, or None
MOST_GROUPS = 50
LISTED = 5  # columns or tags that a message names


@dataclass(frozen=True, eq=False)
class Grouping:
    """Faces by group.

    by:      the column or tag
    names:   of the groups, in alphabetical order
    rows, columns: (n,), (m,) int place of each face's group in names, -1 for none
    failed:  by group, photos that gave no face
    photos:  by group, photos, but those that the user set aside
    """

    by: str
    names: tuple[str, ...]
    rows: np.ndarray
    columns: np.ndarray
    failed: dict[str, int]
    photos: dict[str, int]


def group_by(
    by: str,
    galleries: Sequence[Gallery],
    edits: EditsOfSides,
) -> Grouping:
    """Groups by a column of the gallery's CSV, else by a tag: those with it and those without.

    Tags of the form "BY:value" or "BY=value" are groups by value.
    galleries: the gallery, and the probes where there are any, grouped alike
    Raises XCosError where there is no such column or tag, fewer than two groups, or too many.
    """
    known = column_names(galleries)
    tags = {} if by in known else _tags_of(by, edits)
    if by not in known and not tags:
        raise XCosError(_nothing(by, galleries[0], known, edits))
    own = edits[::-1][: len(galleries)]  # of the gallery first, as the galleries
    tellers = [_by_column(by) if by in known else _by_tag(by, tags, each) for each in own]
    told = list(zip(galleries, own, tellers, strict=True))
    faces = [[group_of(face) for face in gallery.faces] for gallery, _, group_of in told]
    names = tuple(sorted({name for side in faces for name in side if name is not None}))
    _check(by, names)
    places = {name: place for place, name in enumerate(names)}
    sides = [
        np.array([-1 if name is None else places[name] for name in side], np.int64)
        for side in faces
    ]
    failed: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for gallery, each, group_of in told:
        problems = {problem.file for problem in gallery.problems}
        aside = {face.key for face in gallery.aside}
        for listed in scan(gallery.source, gallery.root).photos:
            if listed.photo in aside:
                continue
            columns = dict(listed.columns)
            identity = each.identities.get(listed.photo, listed.identity)
            name = group_of(Face(listed.photo, 1, identity, None, "", columns=columns))
            if name in places:
                every[name] += 1
                failed[name] += listed.photo in problems
    return Grouping(by, names, sides[-1], sides[0], dict(failed), dict(every))


def column_names(galleries: Sequence[Gallery]) -> tuple[str, ...]:
    """The columns beside photo and identity in which the faces of some galleries have a value."""
    faces = (face for gallery in galleries for face in gallery.faces)
    return tuple(dict.fromkeys(name for face in faces for name in face.columns))


def _by_column(by: str) -> GroupOf:
    return lambda face: face.columns.get(by)


def _by_tag(by: str, tags: dict[str, str], edits: Edits) -> GroupOf:
    def group_of(face: Face) -> str | None:
        own = edits.tags.get(face_subject(face.key), ())
        named = () if face.identity is None else edits.tags.get(identity_subject(face.identity), ())
        groups = [tags[tag] for tag in (*own, *named) if tag in tags]
        if groups:
            return groups[0]
        return None if by not in tags else f"not {by}"

    return group_of


def _tags_of(by: str, edits: EditsOfSides) -> dict[str, str]:
    """Tags that make groups, and the groups' names: the tag itself, or values of "BY:value"."""
    every = all_tags(edits)
    if by in every:
        return {by: by}
    starts = (f"{by}:", f"{by}=")
    return {tag: tag[len(by) + 1 :].strip() for tag in every if tag.startswith(starts)}


def _nothing(by: str, gallery: Gallery, columns: Sequence[str], edits: EditsOfSides) -> str:
    known = [*dict.fromkeys(columns), *all_tags(edits)]
    if not known:
        return (
            f"{gallery.source} has no tags and no column {quoted(by)}; tag its faces or people, "
            "or list it as a CSV of path, identity and further columns."
        )
    some = ", ".join(shown(name) for name in known[:LISTED])
    more = " and others" if len(known) > LISTED else ""
    return f"There is no column or tag {quoted(by)}; choose one of {some}{more}."


def _check(by: str, names: Sequence[str]) -> None:
    if len(names) > MOST_GROUPS:
        raise XCosError(
            f"{quoted(by)} has {len(names):,} values, and groups can be at most {MOST_GROUPS}; "
            "choose another column, or put its values into ranges."
        )
    if not names:
        raise XCosError(f"No face has a value of {quoted(by)}; choose another column or tag.")
    if len(names) == 1:
        raise XCosError(
            f"All faces are in one group of {quoted(by)}, {quoted(names[0])}; "
            "choose a column or tag that tells faces apart."
        )
