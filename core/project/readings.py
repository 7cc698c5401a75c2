"""What readers said of pairs: ratings on seven points, by whom and when, as a project keeps them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

Likeness = Literal["alike", "unlike", "not comparable"]
LIKENESSES: tuple[Likeness, ...] = get_args(Likeness)
RATINGS = (-3, -2, -1, 0, 1, 2, 3)
RATING_WORDS = {
    -3: "surely different",
    -2: "likely different",
    -1: "perhaps different",
    0: "cannot tell",
    1: "perhaps same",
    2: "likely same",
    3: "surely same",
}
KIND = "reading"


@dataclass(frozen=True)
class Reading:
    """One reader's answer on one pair.

    left, right: keys of the faces, in alphabetical order
    rating:      -3, surely different people, to 3, surely one person
    time:        when it was given, ISO 8601 with its offset from UTC
    form:        by region of the face, whether it is alike, where the reader said so
    """

    reader: str
    left: str
    right: str
    rating: int
    time: str
    form: dict[str, Likeness] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What a project keeps it under: a later reading of the same pair takes its place."""
        return reading_key(self.reader, self.left, self.right)

    @property
    def value(self) -> dict[str, Any]:
        """What a project keeps there."""
        return {"rating": self.rating, "time": self.time, "form": self.form}


def reading_key(reader: str, left: str, right: str) -> str:
    """The key of a reader's answer on a pair, whichever face is left."""
    parts = [KIND, reader, *sorted((left, right))]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def readings_of(kept: dict[str, dict[str, Any]]) -> tuple[Reading, ...]:
    """All readings of a project's edits, the earliest first."""
    readings = []
    for key, value in kept.items():
        _, reader, left, right = json.loads(key)
        readings.append(Reading(reader, left, right, value["rating"], value["time"], value["form"]))
    return tuple(sorted(readings, key=lambda one: (datetime.fromisoformat(one.time), one.key)))


def sound_reading(key: str, value: Any) -> dict[str, Any]:
    """A kept reading's value, checked. Raises ValueError."""
    try:
        kind, reader, left, right = json.loads(key)
    except (TypeError, RecursionError) as error:
        raise ValueError("no reading") from error
    texts = (reader, left, right)
    if kind != KIND or not all(isinstance(text, str) for text in texts) or not reader.strip():
        raise ValueError("no reading")
    if key != reading_key(*texts) or not isinstance(value, dict):
        raise ValueError("no reading")
    rating, time, form = value.get("rating"), value.get("time"), value.get("form", {})
    if type(rating) is not int or rating not in RATINGS:
        raise ValueError("no rating")
    if not isinstance(time, str) or datetime.fromisoformat(time).tzinfo is None:
        raise ValueError("no time")
    if not isinstance(form, dict) or not all(likeness in LIKENESSES for likeness in form.values()):
        raise ValueError("no form")
    return {"rating": rating, "time": time, "form": dict(form)}


def renamed_reading(key: str, renamed: Callable[[str], str]) -> str:
    """The key once faces have other keys."""
    _, reader, left, right = json.loads(key)
    return reading_key(reader, renamed(left), renamed(right))
