"""What a report stands on, so that it can be checked: digests, versions, settings, who decided what."""

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version

import numpy as np

from core.analysis.conditions.measured import Measurer
from core.analysis.evidence.ratios import LikelihoodRatios
from core.analysis.evidence.shipped import shipped_ratios
from core.analysis.evidence.words import strength_words
from core.digests import file_digest
from core.errors import XCosError, counted
from core.faces.conditions import CONDITIONS
from core.faces.face import Face
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.progress import QUIET, Task
from core.project.edits import Edits, pair_subject
from core.project.readings import RATING_WORDS, readings_of
from core.project.sides import EditsOfSides, cells_of_pair
from core.scoring.lists import PairList
from core.scoring.scored import ScoredGallery
from core.version import version

PACKAGES = ("torch", "numpy", "lir")
GONE = "its photo is gone"


@dataclass(frozen=True)
class Record:
    """What a report can be checked by.

    about:  name and value: program, weights, project, settings, threshold, reference
    pairs:  for each pair shown, lines on its photos, strength, conditions and decisions
    """

    about: tuple[tuple[str, str], ...]
    pairs: tuple[tuple[str, ...], ...]


def make_record(
    scored: ScoredGallery,
    pairs: PairList,
    threshold: float | None,
    edits: EditsOfSides,
    cache: Cache,
    task: Task = QUIET,
) -> Record:
    """The record of some pairs: the same content gives the same record. Raises Stopped."""
    ratios: LikelihoodRatios | None
    try:
        ratios = shipped_ratios(scored.card, scored.kind, scored.order)
        reference = (
            f"{ratios.reference}: {counted(ratios.people, 'person', 'people')}, {ratios.genuine:,} genuine and "
            f"{counted(ratios.impostor, 'impostor pair')}, {ratios.method}, Cllr {ratios.cllr:.3f}"
        )
    except XCosError as error:
        ratios, reference = None, f"none; {error}"
    measurer = Measurer(cache)
    of_left = _conditions(measurer, scored.rows, pairs.rows, task)
    of_right = _conditions(measurer, scored.columns, pairs.columns, task)
    rows, columns = scored.rows.gallery.index(), scored.columns.gallery.index()
    lines = []
    for k, (row, column) in enumerate(
        zip(pairs.rows.tolist(), pairs.columns.tolist(), strict=True)
    ):
        task.report("Recording pairs", k, len(pairs))
        left, right = scored.faces(row, column)
        told = cells_of_pair((left.key, right.key), rows, columns, scored.square)
        lines.append(
            (
                f"left: {_photo(left, scored.rows)}; {of_left[k]}",
                f"right: {_photo(right, scored.columns)}; {of_right[k]}",
                *_strength(ratios, float(pairs.scores[k])),
                *(_decisions(edits[1], left, right) if told else ()),
            )
        )
    return Record(_about(scored, threshold, edits, reference), tuple(lines))


def _about(
    scored: ScoredGallery, threshold: float | None, edits: EditsOfSides, reference: str
) -> tuple[tuple[str, str], ...]:
    own = scored.card.threshold(scored.kind)
    if threshold is None:
        limit = "none"
    elif threshold == own:
        limit = f"{threshold:.6f}, the weights' own for {scored.kind} attention"
    else:
        beside = "none" if own is None else f"{own:.6f}"
        limit = f"{threshold:.6f}, set by the user; the weights' own: {beside}"
    told = asdict(edits[1]) if scored.square else [asdict(own) for own in edits]
    text = json.dumps(told, sort_keys=True)
    return (
        ("Program", f"xCos Studio {version()}, Python {platform.python_version()}, {_packages()}"),
        ("Weights", f"{scored.card.name}, SHA-256 {scored.card.fingerprint}"),
        ("Project's edits", f"SHA-256 {hashlib.sha256(text.encode()).hexdigest()}"),
        ("Attention, order", f"{scored.kind}, {scored.order}"),
        ("Threshold", limit),
        ("Reference of likelihood ratios", reference),
    )


def _packages() -> str:
    packages = []
    for name in PACKAGES:
        try:
            packages.append(f"{name} {package_version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(packages)


def _photo(face: Face, loaded: LoadedGallery) -> str:
    try:
        return f"{face.key}, SHA-256 of the photo {file_digest(loaded.gallery.photo_path(face))}"
    except OSError:
        return f"{face.key}, {GONE}"


def _conditions(
    measurer: Measurer, loaded: LoadedGallery, places: np.ndarray, task: Task
) -> list[str]:
    """For each of some faces (k,), its conditions in words."""
    chosen, back = np.unique(places, return_inverse=True)
    values = measurer.faces(loaded.part(chosen), task)
    known = [c for c in CONDITIONS if c.name in values]
    words = []
    for place in range(len(chosen)):
        measured = ((c, float(values[c.name][place])) for c in known)
        words.append(", ".join(f"{c.title.lower()} {c.text(v)}" for c, v in measured if v == v))
    return [words[place] for place in back.tolist()]


def _strength(ratios: LikelihoodRatios | None, score: float) -> tuple[str, ...]:
    if ratios is None:
        return ()
    return (f"strength: {strength_words(ratios.strength(score))}",)


def _decisions(edits: Edits, left: Face, right: Face) -> tuple[str, ...]:
    subject = pair_subject(left.key, right.key)
    decisions = []
    if subject in edits.decisions:
        decisions.append(f"decision: {edits.decisions[subject]}")
    keys = sorted((left.key, right.key))
    for one in readings_of(edits.readings):
        if [one.left, one.right] == keys:
            form = "; ".join(
                f"{region} {likeness}" for region, likeness in sorted(one.form.items())
            )
            beside = f" ({form})" if form else ""
            decisions.append(
                f"read by {one.reader} at {one.time}: {one.rating:+d}, "
                f"{RATING_WORDS[one.rating]}{beside}"
            )
    return tuple(decisions)
