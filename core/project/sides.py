"""Whose edits tell of which faces: those of a matrix's rows, and those of its columns."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.project.edits import Edits, subject_parts

# Edits of the rows' faces and of the columns'; those of pairs are the columns'.
EditsOfSides = tuple[Edits, Edits]


def edits_of_sides(gallery: Edits, probes: Edits | None = None) -> EditsOfSides:
    """Edits that tell of probes and of a gallery; without probes rows and columns are the gallery.

    A face is told of by its own gallery's edits alone: paths may be the same in both. A name is
    one person in both, so what hangs on it in either holds on both sides.
    """
    if probes is None:
        return gallery, gallery
    return _with_people_of(probes, gallery), _with_people_of(gallery, probes)


def all_tags(edits: EditsOfSides) -> list[str]:
    """The tags of both sides, each once, the gallery's first."""
    return list(dict.fromkeys(tag for own in reversed(edits) for tag in own.all_tags()))


def cells_of_pair(
    pair: tuple[str, str], rows: Mapping[str, int], columns: Mapping[str, int], square: bool
) -> list[tuple[int, int]]:
    """Cells of two faces' keys, by the places of keys down and across; of one gallery both.

    Beside probes, two faces that the gallery has are its own pair, and no probe's.
    """
    if not square and all(key in columns for key in pair):
        return []
    both = pair, pair[::-1]
    return [(rows[one], columns[two]) for one, two in both if one in rows and two in columns]


def _with_people_of(edits: Edits, other: Edits) -> Edits:
    tags = {
        subject: tuple(dict.fromkeys((*edits.tags.get(subject, ()), *tags)))
        for subject, tags in _of_people(other.tags).items()
    }
    return replace(
        edits,
        tags=edits.tags | tags,
        notes=_of_people(other.notes) | edits.notes,
        decisions=_of_people(other.decisions) | edits.decisions,
    )


def _of_people(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if subject_parts(key)[0] == "identity"}
