"""Decisions on findings as edits of the project: what accepting does, and how it is taken back.

Accepting a wrong identity gives the face its likelier name, accepting two names of one person
gives the second one's faces the first name, accepting near-duplicates sets the second aside, and
accepting a shared person only marks. The photos themselves are never touched.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.analysis.labels.findings import FINDING_KINDS, Finding
from core.gallery.gallery import Gallery
from core.project.edits import Decision, Edits, with_entry
from core.scoring.matrix import ScoreMatrix
from core.scoring.statistics import Counts, PairStatistics

Names = Mapping[str, str | None]  # by face key, without what was accepted


@dataclass(frozen=True)
class LabelQuality:
    """How well the scores agree with the labels: counts at the threshold, and EER in [0, 1]."""

    counts: Counts
    eer: float | None

    @property
    def errors(self) -> int:
        """Pairs whose verdict contradicts the labels."""
        return self.counts.fp + self.counts.fn


def decided(edits: Edits, finding: Finding, decision: Decision | None, names: Names) -> Edits:
    """Edits with a decision and all that follows from it.

    names: identities of the gallery's faces without what was accepted
    """
    bare = taken_back(edits, names)
    decisions = with_entry(edits.decisions, finding.key, decision)
    return _applied(replace(bare, decisions=decisions), names)


def taken_back(edits: Edits, names: Names) -> Edits:
    """Edits without what accepted findings did; the decisions stay."""
    identities, aside = dict(edits.identities), {*edits.aside}
    targets = {
        subjects[-1] if kind == "wrong-identity" else subjects[0]
        for kind, subjects in _accepted(edits)
    }
    for kind, subjects in _accepted(edits):
        if kind == "wrong-identity" and identities.get(subjects[0]) in targets:
            _restore(identities, subjects[0], subjects[1])
        elif kind == "same-person":
            for key, name in list(identities.items()):
                if name == subjects[0] and names.get(key) == subjects[1]:
                    _restore(identities, key, subjects[1])
        elif kind == "near-duplicate":
            aside.discard(subjects[1])
    return replace(edits, identities=identities, aside=tuple(sorted(aside)))


def identities_after(edits: Edits, gallery: Gallery) -> list[str | None]:
    """Who each face of a gallery shows by some edits; None too for what is set aside."""
    aside = {*edits.aside}
    return [
        None if face.key in aside else edits.identities.get(face.key, face.identity)
        for face in gallery.faces
    ]


def quality(matrix: ScoreMatrix, identities: list[str | None], threshold: float) -> LabelQuality:
    """Counts and EER of one gallery's matrix under some labels; unknown ones are not counted."""
    numbers = {name: k for k, name in enumerate(sorted({n for n in identities if n is not None}))}
    codes = np.array([-1 if n is None else numbers[n] for n in identities], np.int32)
    statistics = PairStatistics.of(replace(matrix, rows=codes, columns=codes))
    eer = statistics.eer()
    return LabelQuality(statistics.counts(threshold), None if eer is None else eer[0])


def _applied(edits: Edits, names: Names) -> Edits:
    identities, aside = dict(edits.identities), {*edits.aside}
    for kind, subjects in _accepted(edits):
        if kind == "wrong-identity":
            identities[subjects[0]] = subjects[2]
        elif kind == "near-duplicate":
            aside.add(subjects[1])
    for kind, subjects in _accepted(edits):  # after the faces have moved
        if kind == "same-person":
            for key, name in names.items():
                if identities.get(key, name) == subjects[1]:
                    identities[key] = subjects[0]
    return replace(edits, identities=identities, aside=tuple(sorted(aside)))


def _restore(identities: dict[str, str | None], key: str, name: str) -> None:
    # Said outright, since who the folder says is not known here.
    identities[key] = name


def _accepted(edits: Edits) -> Iterator[tuple[str, list[str]]]:
    for key, decision in edits.decisions.items():
        kind, *subjects = json.loads(key)
        if kind in FINDING_KINDS and decision == "accept":
            yield kind, subjects
