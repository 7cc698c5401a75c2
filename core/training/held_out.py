"""People kept out of training, whole, on whom weights are tried that have not seen them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import XCosError, counted
from core.faces.face import SIDE
from core.training.config import TrainConfig
from core.training.gallery_source import GallerySource
from core.training.sources import FaceSource, SomeFaces

LEAST_GENUINE, LEAST_IMPOSTOR = 40, 200  # pairs that figures need
LEAST_PEOPLE = 5  # by fewer identities an interval says nothing
LEAST_SPLIT = 4  # people with two photos: two to learn from, two to try
MOST_PHOTOS = 24  # of a person that are tried, so that no single one decides
MOST_GENUINE, MOST_IMPOSTOR = 4_000, 12_000
SEED = 97  # added to the run's, so that it is no other draw's


@dataclass(frozen=True, eq=False)
class HeldOutFaces:
    """n faces of people who are not trained on, and the pairs by which weights are judged.

    crops:       (n, 112, 112, 3) uint8
    people:      (n,) int64, number of each face's person
    photos:      (n,) where each face comes from; keys: (n,) in its gallery, empty without one
    left, right: (p,) int64 faces of each pair; same: (p,) bool
    """

    crops: np.ndarray
    people: np.ndarray
    photos: tuple[Path, ...]
    keys: tuple[str, ...]
    left: np.ndarray
    right: np.ndarray
    same: np.ndarray

    @property
    def counts(self) -> tuple[int, int, int]:
        """People, genuine and impostor pairs."""
        genuine = int(self.same.sum())
        return len(np.unique(self.people)), genuine, len(self.same) - genuine

    @property
    def one_sort(self) -> bool:
        """Whether all pairs are genuine, or none."""
        return bool(self.same.all() or not self.same.any())

    @property
    def lacking(self) -> str:
        """What is missing for figures that can tell anything; empty: nothing."""
        return lacking(*self.counts)


def lacking(people: int, genuine: int, impostor: int) -> str:
    """What held-out people lack for figures that can tell anything, in a sentence; empty: nothing."""
    missing = []
    if people < LEAST_PEOPLE:
        missing.append(f"{LEAST_PEOPLE} people")
    if genuine < LEAST_GENUINE:
        missing.append(f"{LEAST_GENUINE} genuine pairs")
    if impostor < LEAST_IMPOSTOR:
        missing.append(f"{LEAST_IMPOSTOR} impostor pairs")
    if not missing:
        return ""
    wanted = " and ".join(missing)
    if not people:
        return (
            f"nobody could be held out: {LEAST_SPLIT} people with two photos each are needed for it"
        )
    return (
        f"{counted(people, 'person was', 'people were')} held out, with {genuine:,} genuine and "
        f"{counted(impostor, 'impostor pair')}, and it takes {wanted} at least"
    )


def chosen_people(identities: np.ndarray, wanted: float, seed: int) -> list[str]:
    """Names of the people to hold out: of those with two photos, drawn by a seed.

    identities: (n,) the name of each face, "" unknown; wanted: a share below 1, or a number
    More are taken, up to half of them, where their pairs are too few; none where there are not
    four such people.
    """
    names, counts = np.unique(identities[identities != ""], return_counts=True)
    names, counts = names[counts > 1], counts[counts > 1]
    if wanted <= 0 or len(names) < LEAST_SPLIT:
        return []
    most = len(names) // 2
    share = round(wanted * len(names)) if wanted < 1 else round(wanted)
    count = min(max(2, share), len(names) - 2 if wanted >= 1 else most)
    order = np.random.default_rng([seed, SEED]).permutation(len(names))
    while count < most and lacking(count, *_pairs(counts[order[:count]])):
        count += 1
    return sorted(names[order[:count]].tolist())


def _pairs(photos: np.ndarray) -> tuple[int, int]:
    """Genuine and impostor pairs of people with so many photos each, as far as they are tried."""
    tried = np.minimum(photos, MOST_PHOTOS)
    genuine = int((tried * (tried - 1) // 2).sum())
    return genuine, int(tried.sum() * (tried.sum() - 1) // 2) - genuine


def people_held_out(config: TrainConfig, identities: np.ndarray) -> list[str]:
    """Names of the people that a run holds out: none where a list of pairs chooses its weights.

    identities: (n,) of every face of all its sources
    """
    if config.data.validation is not None:
        return []
    return chosen_people(identities, config.data.held_out, config.hardware.seed)


def without_people(
    sources: Sequence[FaceSource], identities: np.ndarray, people: list[str]
) -> tuple[FaceSource, ...]:
    """Sources without the faces of some people; one that has no others goes.

    identities: (n,) of every face of all sources
    """
    if not people:
        return tuple(sources)
    rest: list[FaceSource] = []
    stays, start = ~np.isin(identities, people), 0
    for source in sources:
        count = len(source.identities)
        kept = np.flatnonzero(stays[start : start + count])
        if len(kept):
            rest.append(source if len(kept) == count else SomeFaces(source, kept))
        start += count
    return tuple(rest)


def split(
    sources: Sequence[FaceSource], identities: np.ndarray, people: list[str], seed: int
) -> tuple[tuple[FaceSource, ...], HeldOutFaces | None]:
    """Sources without the people held out, and those people's faces; None where there are none.

    identities: (n,) of every face of all sources. Damaged faces of theirs are left out.
    """
    rest = without_people(sources, identities, people)
    if not people:
        return rest, None
    out = np.isin(identities, people)
    crops, photos, keys, names = [], [], [], []
    start = 0
    for source in sources:
        count = len(source.identities)
        here = slice(start, start + count)
        for number in _tried(identities[here], out[here], seed):
            crop = _read(source, int(number))
            if crop is not None:
                crops.append(crop)
                photos.append(_photo(source, int(number)))
                keys.append(source.keys[number] if isinstance(source, GallerySource) else "")
                names.append(identities[here][number])
        start += count
    if not crops:
        return rest, None
    codes = np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)
    pairs = pairs_of(codes, seed)
    return rest, HeldOutFaces(np.stack(crops), codes, tuple(photos), tuple(keys), *pairs)


def pairs_of(people: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of n faces by their people's numbers (n,), or so many drawn by a seed.

    left, right (p,) int64 and same (p,) bool
    """
    left, right = np.triu_indices(len(people), 1)
    same = people[left] == people[right]
    rng = np.random.default_rng([seed, SEED + 1])
    some = []
    for kind, most in ((same, MOST_GENUINE), (~same, MOST_IMPOSTOR)):
        places = np.flatnonzero(kind)
        some.append(
            places if len(places) <= most else np.sort(rng.choice(places, most, replace=False))
        )
    kept = np.concatenate(some)
    return left[kept], right[kept], same[kept]


def _tried(identities: np.ndarray, out: np.ndarray, seed: int) -> np.ndarray:
    """Numbers of the faces that are tried: at most so many of each person held out."""
    rng = np.random.default_rng([seed, SEED + 2])
    places = [np.empty(0, np.int64)]
    for name in np.unique(identities[out]):
        of_one = np.flatnonzero(identities == name)
        if len(of_one) > MOST_PHOTOS:
            of_one = np.sort(rng.choice(of_one, MOST_PHOTOS, replace=False))
        places.append(of_one)
    return np.concatenate(places)


def _read(source: FaceSource, number: int) -> np.ndarray | None:
    try:
        crop = source.read(number)
    except XCosError:
        return None
    return crop if crop.shape == (SIDE, SIDE, 3) else None


def _photo(source: FaceSource, number: int) -> Path:
    return source.photos[number] if isinstance(source, GallerySource) else Path(source.name(number))
