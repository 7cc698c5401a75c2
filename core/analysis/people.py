"""Who is hard to match and who is matched by strangers: the biometric menagerie of a gallery.

Classes are by quarters of the people, as Yager & Dunstone define them (The biometric menagerie,
IEEE TPAMI 32(2), 2010): a person's mean genuine score g and impostor score i are each in the
lowest quarter of all people's, in the highest, or between.

worm       g lowest, i highest: is rejected, and strangers are taken for them
phantom    g lowest, i lowest: matches nobody, themselves included
chameleon  g highest, i highest: matches everybody
dove       g highest, i lowest: the best to have

Where only one of the two stands out, the names are Doddington's (Sheep, goats, lambs and wolves,
ICSLP 1998), by the same quarters instead of the tests there:

goat       g lowest
lamb       i highest as the one compared with (in the gallery; the matrix's column)
wolf       i highest as the one who comes (a probe; the matrix's row)
sheep      all others

Within one gallery each pair is counted once, whoever stands left: lambs and wolves are the same
people there, and are called lambs.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from core.errors import Stopped
from core.explain.maps import PairMaps, maps_of
from core.progress import QUIET, Task
from core.scoring.lists import PairList, pairs_with
from core.scoring.matrix import ScoreMatrix, at_most
from core.scoring.scored import ScoredGallery

Animal = Literal["worm", "goat", "phantom", "lamb", "wolf", "chameleon", "dove", "sheep"]
ANIMALS: tuple[Animal, ...] = get_args(Animal)
Measure = Literal["mean", "highest"]
LEAST_PEOPLE = 20  # quarters of fewer would be of a handful of people
WORST = 200  # pairs listed of a person
MEAN_OF = 500  # genuine pairs in a mean map
CLOSEST = 50  # impostor pairs in a mean map


@dataclass(frozen=True)
class Person:
    """One identity's scores with itself and with strangers.

    faces:          in gallery and probes together
    genuine_mean:   over the genuine pairs; None without any, that is with one photo
    genuine_worst:  the lowest of them
    impostor_mean:  over all pairs with another known identity; None without any
    impostor_highest: mean over the faces of each face's highest impostor score
    impostor_worst: the highest of them
    as_gallery, as_probe: the (mean, highest) impostor scores in that role alone; within one
                    gallery both are the same
    false_rejects, false_accepts: pairs with this person on the wrong side of the threshold
    animal:         see the module; None where there are no genuine pairs and the impostor scores
                    do not stand out, or where fewer than twenty people can be compared
    """

    identity: str
    faces: int
    genuine_pairs: int
    genuine_mean: float | None
    genuine_worst: float | None
    impostor_pairs: int
    impostor_mean: float | None
    impostor_highest: float | None
    impostor_worst: float | None
    as_gallery: tuple[float | None, float | None]
    as_probe: tuple[float | None, float | None]
    false_rejects: int
    false_accepts: int
    animal: Animal | None = None

    def impostor(self, measure: Measure) -> float | None:
        """The impostor score that classes are by."""
        return self.impostor_mean if measure == "mean" else self.impostor_highest


@dataclass(frozen=True)
class People:
    """All people of a matrix, in the order of their identity numbers.

    measure:         which impostor score the classes are by
    genuine_quarters, impostor_quarters: the two scores that bound the lowest and the highest
                     quarter; None with fewer than twenty people, or where all score the same
    unknown:         faces without an identity, which are not counted in any pair
    """

    persons: tuple[Person, ...]
    threshold: float
    measure: Measure
    genuine_quarters: tuple[float, float] | None
    impostor_quarters: tuple[float, float] | None
    unknown: int


@dataclass(frozen=True, eq=False)
class PersonMaps:
    """What one person's pairs look like.

    pairs:    the worst first, at most 200
    genuine:  maps of the genuine pairs, at most 500 evenly drawn; None without any
    impostor: maps of the 50 highest impostor pairs; None without any
    """

    pairs: PairList
    genuine: PairMaps | None
    impostor: PairMaps | None


def people(
    scored: ScoredGallery,
    threshold: float,
    measure: Measure = "mean",
    task: Task = QUIET,
) -> People:
    """Measure everybody, tile by tile. Raises Stopped."""
    matrix, names = scored.matrix, scored.identities
    known = sorted(names)
    persons = _measured(matrix, threshold, names, known, task)
    every = [matrix.columns] if matrix.square else [matrix.rows, matrix.columns]
    unknown = sum(int((codes < 0).sum()) for codes in every)
    return classified(People(persons, threshold, measure, None, None, unknown), measure)


def classified(everyone: People, measure: Measure) -> People:
    """The same people with classes by one of the two impostor measures."""
    which = ("mean", "highest").index(measure)
    genuine = _quarters([p.genuine_mean for p in everyone.persons])
    impostor = _quarters([p.impostor(measure) for p in everyone.persons])
    lambs = _quarters([p.as_gallery[which] for p in everyone.persons])
    wolves = _quarters([p.as_probe[which] for p in everyone.persons])
    persons = tuple(
        replace(
            p,
            animal=_animal(
                _quarter(p.genuine_mean, genuine),
                _quarter(p.impostor(measure), impostor),
                _quarter(p.as_gallery[which], lambs) > 0,
                _quarter(p.as_probe[which], wolves) > 0,
                compared=genuine is not None and p.genuine_mean is not None,
            ),
        )
        for p in everyone.persons
    )
    return People(persons, everyone.threshold, measure, genuine, impostor, everyone.unknown)


def person_maps(
    scored: ScoredGallery, identity: str, threshold: float, task: Task = QUIET
) -> PersonMaps:
    """A person's worst pairs, and the maps of their pairs. Raises XCosError, Stopped."""
    matrix = scored.matrix
    code = next(code for code, name in scored.identities.items() if name == identity)

    def maps(pairs: PairList) -> PairMaps | None:
        return maps_of(scored, pairs, task) if len(pairs) else None

    genuine = _genuine_pairs(matrix, code)
    closest = pairs_with(matrix, code, 0.0, CLOSEST, genuine=False)
    worst = pairs_with(matrix, code, threshold, WORST)
    return PersonMaps(worst, maps(genuine), maps(closest))


def _genuine_pairs(matrix: ScoreMatrix, code: int) -> PairList:
    i, j = np.flatnonzero(matrix.rows == code), np.flatnonzero(matrix.columns == code)
    left, right = (part.ravel() for part in np.meshgrid(i, j, indexing="ij"))
    if matrix.square:
        left, right = left[left < right], right[left < right]
    if len(left) > MEAN_OF:
        drawn = np.linspace(0, len(left) - 1, MEAN_OF).round().astype(int)
        left, right = left[drawn], right[drawn]
    return PairList(left, right, matrix.scores[left, right])


class _Strangers:
    """Sums over the impostor pairs of each face of one side."""

    def __init__(self, size: int) -> None:
        self.sums = np.zeros(size)
        self.pairs = np.zeros(size, np.int64)
        self.accepts = np.zeros(size, np.int64)
        self.highest = np.full(size, -np.inf)

    def add(
        self,
        part: slice,
        scores: np.ndarray,
        impostor: np.ndarray,
        same: np.ndarray,
        lowest: np.ndarray,
        axis: int,
    ) -> None:
        """A tile's pairs; lowest: the scores with -inf in place of all other pairs."""
        self.sums[part] += np.where(impostor, scores, 0).sum(axis=axis, dtype=np.float64)
        self.pairs[part] += impostor.sum(axis=axis)
        self.accepts[part] += (impostor & same).sum(axis=axis)
        np.maximum(self.highest[part], lowest.max(axis=axis), out=self.highest[part])

    def merged(self, other: "_Strangers") -> "_Strangers":
        """Of the same faces in both roles."""
        both = _Strangers(len(self.sums))
        both.sums, both.pairs = self.sums + other.sums, self.pairs + other.pairs
        both.accepts = self.accepts + other.accepts
        both.highest = np.maximum(self.highest, other.highest)
        return both


class _Genuine:
    """Sums over the genuine pairs of each identity."""

    def __init__(self, size: int) -> None:
        self.sums, self.lowest = np.zeros(size), np.full(size, np.inf)
        self.pairs, self.rejects = np.zeros(size, np.int64), np.zeros(size, np.int64)

    def add(self, codes: np.ndarray, scores: np.ndarray, rejected: np.ndarray) -> None:
        """Some pairs: their identity numbers, scores, and which are called different."""
        size = len(self.sums)
        self.sums += np.bincount(codes, scores, size)
        self.pairs += np.bincount(codes, minlength=size)
        self.rejects += np.bincount(codes[rejected], minlength=size)
        np.minimum.at(self.lowest, codes, scores)


def _measured(
    matrix: ScoreMatrix,
    threshold: float,
    names: dict[int, str],
    known: list[int],
    task: Task,
) -> tuple[Person, ...]:
    n, m = matrix.scores.shape
    size = max(known, default=-1) + 1
    genuine, probes, gallery = _Genuine(size), _Strangers(n), _Strangers(m)
    for tile in matrix.tiles():
        if task.stopped():
            raise Stopped("Measuring people")
        task.report("Measuring people", tile.start, n)
        # The cells left of the diagonal's tile are no pairs of their own.
        there = slice(tile.start if matrix.square else 0, m)
        scores = matrix.scores[tile, there]
        counted = matrix.counted(tile, there)
        same = scores > at_most(threshold)
        true = matrix.genuine(tile, there) & counted
        r, c = np.nonzero(true)
        genuine.add(matrix.rows[tile][r], scores[r, c].astype(np.float64), ~same[r, c])
        impostor = matrix.known(tile, there) & counted & ~true
        lowest = np.where(impostor, scores, -np.inf)
        probes.add(tile, scores, impostor, same, lowest, 1)
        gallery.add(there, scores, impostor, same, lowest, 0)
    task.report("Measuring people", n, n)
    if matrix.square:
        sides = [(matrix.columns, probes.merged(gallery))]
        roles = sides * 2
    else:
        sides = roles = [(matrix.columns, gallery), (matrix.rows, probes)]
    both = _joined(sides, size)
    as_gallery, as_probe = (_joined([role], size) for role in roles)
    return tuple(
        Person(
            names[k],
            int(both.faces[k]),
            int(genuine.pairs[k]),
            _over(genuine.sums[k], genuine.pairs[k]),
            float(genuine.lowest[k]) if genuine.pairs[k] else None,
            int(both.pairs[k]),
            _over(both.sums[k], both.pairs[k]),
            _over(both.highest[k], both.matched[k]),
            float(both.worst[k]) if both.pairs[k] else None,
            as_gallery.scores(k),
            as_probe.scores(k),
            int(genuine.rejects[k]),
            int(both.accepts[k]),
        )
        for k in known
    )


class _Joined:
    """Sums of _Strangers by identity."""

    def __init__(self, size: int) -> None:
        self.sums, self.highest = np.zeros(size), np.zeros(size)
        self.pairs, self.accepts, self.matched, self.faces = np.zeros((4, size), np.int64)
        self.worst = np.full(size, -np.inf)

    def scores(self, code: int) -> tuple[float | None, float | None]:
        """The mean impostor score, and the mean of the faces' highest."""
        mean = _over(self.sums[code], self.pairs[code])
        return mean, _over(self.highest[code], self.matched[code])


def _joined(sides: list[tuple[np.ndarray, _Strangers]], size: int) -> _Joined:
    joined = _Joined(size)
    for codes, faces in sides:
        named = codes >= 0
        at, met = codes[named], named & np.isfinite(faces.highest)
        joined.faces += np.bincount(at, minlength=size)
        joined.sums += np.bincount(at, faces.sums[named], size)
        joined.pairs += np.bincount(at, faces.pairs[named], size).astype(np.int64)
        joined.accepts += np.bincount(at, faces.accepts[named], size).astype(np.int64)
        joined.highest += np.bincount(codes[met], faces.highest[met], size)
        joined.matched += np.bincount(codes[met], minlength=size)
        np.maximum.at(joined.worst, codes[met], faces.highest[met])
    return joined


def _over(total: float, count: int) -> float | None:
    return float(total / count) if count else None


def _quarters(values: list[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    if len(known) < LEAST_PEOPLE:
        return None
    low, high = np.quantile(known, (0.25, 0.75))
    return (float(low), float(high)) if low < high else None


def _quarter(value: float | None, quarters: tuple[float, float] | None) -> int:
    """-1 in the lowest quarter, 1 in the highest, else 0."""
    if value is None or quarters is None:
        return 0
    return -1 if value <= quarters[0] else int(value >= quarters[1])


def _animal(genuine: int, impostor: int, lamb: bool, wolf: bool, compared: bool) -> Animal | None:
    corners: dict[tuple[int, int], Animal] = {
        (-1, 1): "worm",
        (-1, -1): "phantom",
        (1, 1): "chameleon",
        (1, -1): "dove",
    }
    if (genuine, impostor) in corners:
        return corners[genuine, impostor]
    if genuine < 0:
        return "goat"
    if lamb or wolf:
        return "lamb" if lamb else "wolf"
    return "sheep" if compared else None
