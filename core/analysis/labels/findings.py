"""What in a gallery's labels is likely wrong, and what two galleries share; nothing is changed here.

wrong-identity  a face whose mean score with another identity is above the threshold, and above
                its mean score with the other faces of its own identity by a margin
same-person     two identities whose mean cross score is above the threshold
near-duplicate  two faces above the threshold whose crops show one picture: the correlation of
                their grey values, averaged over blocks of 4x4 pixels, is at least a limit
shared-person   a person of the probes and one of the gallery whose mean cross score is above the
                threshold, or who have one name; a face without an identity stands for itself
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from core.errors import Stopped
from core.faces.face import SIDE, Face
from core.gallery.gallery import Gallery
from core.progress import QUIET, Task
from core.scoring.matrix import ScoreMatrix, at_most

FindingKind = Literal["wrong-identity", "same-person", "near-duplicate", "shared-person"]
FINDING_KINDS: tuple[FindingKind, ...] = get_args(FindingKind)
MARGIN = 0.1  # of a score: what another identity must be better by
SAME_PICTURE = 0.95  # correlation of two crops' grey values
BLOCK = 4  # pixels
LIMIT = 1000  # findings a kind
ROWS = 256


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    names:    what it is about, and with the kind its key: wrong-identity: the face's key, its
              identity, the likelier one; same-person: the name to keep, the other; near-duplicate:
              the face to keep, the other; shared-person: names or keys in probes and gallery
    left, right: keys of the two faces to compare; of a shared person, left is a probe
    own:      key of the likest face of the own identity, for wrong-identity only
    score:    what was measured: a mean score, or a correlation; in [-1, 1] for U and L
    limit:    what it is above
    evidence: how far, or by how much another identity is better; the larger, the likelier
    """

    kind: FindingKind
    names: tuple[str, ...]
    left: str
    right: str
    score: float
    limit: float
    evidence: float
    own: str | None = None

    @property
    def key(self) -> str:
        """What a decision hangs on; the same every time."""
        return json.dumps((self.kind, *self.names), ensure_ascii=False, separators=(",", ":"))

    @property
    def sentence(self) -> str:
        """What it says, in words."""
        if self.kind == "wrong-identity":
            return (
                f"{self.names[0]} is called {self.names[1]}, but its mean score with "
                f"{self.names[2]} is {self.score:z.3f}, with {self.names[1]} "
                f"{self.score - self.evidence:z.3f}."
            )
        if self.kind == "same-person":
            return f"{self.names[0]} and {self.names[1]} are likely one person."
        if self.kind == "near-duplicate":
            return f"{self.names[0]} and {self.names[1]} show one picture."
        return f"{self.names[0]} of the probes is likely {self.names[1]} of the gallery."


def wrong_identities(
    matrix: ScoreMatrix,
    gallery: Gallery,
    threshold: float,
    margin: float = MARGIN,
    task: Task = QUIET,
) -> list[Finding]:
    """Faces that are likelier somebody else, the likeliest first; leave-one-out. Raises Stopped."""
    groups = _Groups(matrix.columns)
    faces = gallery.faces
    findings: list[Finding] = []
    for rows, scores in _tiles(matrix, "Looking for wrong identities", task):
        places = np.flatnonzero(matrix.rows[rows] >= 0)
        if not len(places) or len(groups.codes) < 2:
            continue
        part, i = scores[places], places + rows.start
        own = np.searchsorted(groups.codes, matrix.rows[i])
        sums, counts = groups.sums(part), np.broadcast_to(groups.sizes, (len(i), len(groups.sizes)))
        line = np.arange(len(i))
        alone = counts[line, own] - 1
        mean_own = (sums[line, own] - part[line, i]) / np.maximum(alone, 1)
        means = sums / counts
        means[line, own] = -np.inf
        other = means.argmax(axis=1)
        best = means[line, other]
        wrong = (alone > 0) & (best > threshold) & (best - mean_own > margin)
        for k in np.flatnonzero(wrong).tolist():
            mine = groups.members(own[k])
            mine = mine[mine != i[k]]
            theirs = groups.members(other[k])
            like, near = theirs[part[k, theirs].argmax()], mine[part[k, mine].argmax()]
            names = (faces[i[k]].key, str(faces[i[k]].identity), str(faces[like].identity))
            evidence = float(best[k] - mean_own[k])
            findings.append(
                Finding(
                    "wrong-identity",
                    names,
                    faces[i[k]].key,
                    faces[like].key,
                    float(best[k]),
                    threshold,
                    evidence,
                    faces[near].key,
                )
            )
    return _likeliest(findings)


def same_people(
    matrix: ScoreMatrix,
    gallery: Gallery,
    threshold: float,
    task: Task = QUIET,
) -> list[Finding]:
    """Identities that are likely one person, the likeliest first. Raises Stopped."""
    codes = matrix.columns
    sizes = np.bincount(codes[codes >= 0], minlength=1)
    findings = []
    for a, b, mean, left, right in _like_groups(
        matrix,
        codes,
        codes,
        threshold,
        False,
        "Looking for people under two names",
        task,
    ):
        if a >= b:
            continue
        one, other = gallery.faces[left], gallery.faces[right]
        if sizes[b] > sizes[a]:
            one, other = other, one
        names = (str(one.identity), str(other.identity))
        findings.append(
            Finding("same-person", names, one.key, other.key, mean, threshold, mean - threshold)
        )
    return _likeliest(findings)


def shared_people(
    matrix: ScoreMatrix,
    probes: Gallery,
    gallery: Gallery,
    threshold: float,
    task: Task = QUIET,
) -> list[Finding]:
    """People of the probes (rows) who are likely in the gallery (columns) too. Raises Stopped."""
    findings = []
    for _, _, mean, left, right in _like_groups(
        matrix,
        _each_unknown_alone(matrix.rows, 1 << 29),
        _each_unknown_alone(matrix.columns, 1 << 30),
        threshold,
        True,
        "Looking for shared people",
        task,
    ):
        one, other = probes.faces[left], gallery.faces[right]
        names = (one.identity or one.key, other.identity or other.key)
        findings.append(
            Finding("shared-person", names, one.key, other.key, mean, threshold, mean - threshold)
        )
    return _likeliest(findings)


def near_duplicates(
    matrix: ScoreMatrix,
    gallery: Gallery,
    threshold: float,
    crop: Callable[[Face], np.ndarray],
    limit: float = SAME_PICTURE,
    task: Task = QUIET,
) -> list[Finding]:
    """Pairs of faces that show one picture, the likest first. Raises XCosError, Stopped.

    crop: a face's crop, (112, 112, 3) uint8
    """
    pictures: dict[int, np.ndarray] = {}

    def picture(place: int) -> np.ndarray:
        if place not in pictures:
            pictures[place] = small_picture(crop(gallery.faces[place]))
        return pictures[place]

    findings: list[Finding] = []
    for rows, scores in _tiles(matrix, "Looking for near-duplicates", task):
        wanted = (scores > at_most(threshold)) & matrix.counted(rows, slice(None))
        for r in np.flatnonzero(wanted.any(axis=1)).tolist():
            if task.stopped():
                raise Stopped("Looking for near-duplicates")
            i, others = r + rows.start, np.flatnonzero(wanted[r])
            like = np.stack([picture(j) for j in others.tolist()]) @ picture(i)
            for j, value in zip(others[like >= limit].tolist(), like[like >= limit], strict=True):
                one, other = gallery.faces[i], gallery.faces[j]
                same = 1.0 if one.digest == other.digest else min(1.0, float(value))
                names = (one.key, other.key)
                findings.append(Finding("near-duplicate", names, *names, same, limit, same - limit))
    return _likeliest(findings)


def small_picture(crop: np.ndarray) -> np.ndarray:
    """A crop (112, 112, 3) as (784,) float32 grey values of blocks, with mean 0 and length 1."""
    grey = crop.astype(np.float32).mean(axis=2)
    side = SIDE // BLOCK
    small = grey.reshape(side, BLOCK, side, BLOCK).mean(axis=(1, 3)).ravel()
    small -= small.mean()
    length = float(np.linalg.norm(small))
    return small / length if length > 1e-6 else small


def _likeliest(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (-finding.evidence, finding.key))[:LIMIT]


class _Groups:
    """Faces of known identity, gathered by it: codes (k,) ascending, sizes (k,)."""

    def __init__(self, codes: np.ndarray) -> None:
        known = np.flatnonzero(codes >= 0)
        self._order = known[np.argsort(codes[known], kind="stable")]
        self.codes, self._starts, self.sizes = np.unique(
            codes[self._order], return_index=True, return_counts=True
        )

    def members(self, group: int) -> np.ndarray:
        """Places of a group's faces."""
        start = self._starts[group]
        return self._order[start : start + self.sizes[group]]

    def sums(self, scores: np.ndarray) -> np.ndarray:
        """Scores (r, m) to their sums over each group, (r, k) float64."""
        gathered = scores[:, self._order].astype(np.float64)
        sums: np.ndarray = np.add.reduceat(gathered, self._starts, axis=1)
        return sums


def _like_groups(
    matrix: ScoreMatrix,
    rows: np.ndarray,
    columns: np.ndarray,
    threshold: float,
    also_of_one_name: bool,
    what: str,
    task: Task,
) -> Iterator[tuple[int, int, float, int, int]]:
    """Numbers of two groups, their mean cross score, and the places of their likest two faces."""
    left, right = _Groups(rows), _Groups(columns)
    for g, code in enumerate(left.codes.tolist()):
        if task.stopped():
            raise Stopped(what)
        if g % 64 == 0:
            task.report(what, g, len(left.codes))
        places = left.members(g)
        sums = np.zeros(len(right.codes))
        for start in range(0, len(places), ROWS):
            sums += right.sums(matrix.lines(places[start : start + ROWS])).sum(axis=0)
        means = sums / (len(places) * right.sizes)
        wanted = means > threshold
        if also_of_one_name:
            wanted |= right.codes == code
        for h in np.flatnonzero(wanted).tolist():
            other = int(right.codes[h])
            if matrix.square and other <= code:
                continue
            theirs = right.members(h)
            block = matrix.lines(places)[:, theirs]
            a, b = np.unravel_index(block.argmax(), block.shape)
            yield code, other, float(means[h]), int(places[a]), int(theirs[b])


def _tiles(matrix: ScoreMatrix, what: str, task: Task) -> Iterator[tuple[slice, np.ndarray]]:
    n = len(matrix.scores)
    for rows in matrix.tiles(ROWS):
        if task.stopped():
            raise Stopped(what)
        task.report(what, rows.start, n)
        yield rows, matrix.lines(np.arange(rows.start, min(rows.stop, n)))
    task.report(what, n, n)


def _each_unknown_alone(codes: np.ndarray, first: int) -> np.ndarray:
    alone: np.ndarray = np.where(codes >= 0, codes, first + np.arange(len(codes)))
    return alone
