"""Pairs whose truth is known, from which scores become likelihood ratios."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.errors import XCosError, shown, some_of
from core.progress import QUIET, Task
from core.scoring.lists import drawn
from core.scoring.scored import ScoredGallery


@dataclass(frozen=True, eq=False)
class Reference:
    """k scored pairs of known people.

    name:        what the pairs are of, such as the gallery's path
    scores:      (k,) float64
    same:        (k,) bool, whether a pair is of one person
    left, right: (k,) int numbers of the two people
    left_out:    people who were held out, by name
    """

    name: str
    scores: np.ndarray
    same: np.ndarray
    left: np.ndarray
    right: np.ndarray
    left_out: tuple[str, ...] = ()

    @property
    def people(self) -> int:
        """How many people the pairs are of."""
        return len(np.union1d(self.left, self.right))

    @property
    def genuine(self) -> int:
        """How many pairs are of one person."""
        return int(self.same.sum())

    @property
    def impostor(self) -> int:
        """How many pairs are of two people."""
        return len(self.same) - self.genuine

    def at(self, chosen: np.ndarray) -> "Reference":
        """Some of the pairs, by places or a mask; a pair may be named several times."""
        return Reference(
            self.name,
            self.scores[chosen],
            self.same[chosen],
            self.left[chosen],
            self.right[chosen],
            self.left_out,
        )

    @property
    def tells(self) -> bool:
        """Whether likelihood ratios can be made of the pairs."""
        return bool(self.genuine and self.impostor and np.ptp(self.scores) > 0)

    def check(self) -> None:
        """Raise XCosError where no likelihood ratio can be made of the pairs."""
        if not self.genuine:
            raise XCosError(
                f"The reference {self.name} has no pair of one person; "
                "choose one with several photos of each person."
            )
        if not self.impostor:
            raise XCosError(
                f"The reference {self.name} has no pair of two people; "
                "choose one with photos of several people."
            )
        if np.ptp(self.scores) == 0:
            raise XCosError(
                f"All scores of the reference {self.name} are equal, so they tell nothing; "
                "choose another reference or model."
            )

    @property
    def words(self) -> str | None:
        """Who was held out, in a sentence; None where nobody was."""
        if not self.left_out:
            return None
        names = some_of(self.left_out)
        return f"Held out of the reference {self.name}, since the pair may show them: {names}."


def reference_of(
    scored: ScoredGallery,
    most: int,
    hold_out: Collection[str] = (),
    task: Task = QUIET,
) -> Reference:
    """At most so many genuine and so many impostor pairs of a gallery, drawn at random (seeded).

    hold_out: identities none of whose pairs count
    Raises XCosError where what is left has no genuine or no impostor pair, and Stopped.
    """
    matrix = scored.matrix
    name = shown(str(scored.columns.gallery.source))
    left_out = sorted({*hold_out} & {*scored.identities.values()})
    out = [code for code, identity in scored.identities.items() if identity in left_out]
    rows, columns = (np.isin(codes, out) for codes in (matrix.rows, matrix.columns))
    every = slice(0, matrix.scores.shape[1])

    def wanted(genuine: bool, tile: slice) -> np.ndarray:
        known = matrix.known(tile, every) & ~(rows[tile, None] | columns[None])
        return known & (matrix.genuine(tile, every) == genuine)

    lists = [
        drawn(matrix, partial(wanted, genuine), most, task=task)[0] for genuine in (True, False)
    ]
    same = np.repeat([True, False], [len(pairs) for pairs in lists])
    places = [np.concatenate([getattr(p, side) for p in lists]) for side in ("rows", "columns")]
    reference = Reference(
        name,
        np.concatenate([pairs.scores for pairs in lists]).astype(np.float64),
        same,
        matrix.rows[places[0]],
        matrix.columns[places[1]],
        tuple(left_out),
    )
    if left_out and not (reference.genuine and reference.impostor):
        raise XCosError(
            f"The reference {name} has too few people beside those of the pair, who are held out; "
            "choose a reference of other people."
        )
    reference.check()
    return reference
