"""A protocol's pairs: read in any published form, opened, and scored."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.csv_files import csv_bytes
from core.errors import XCosError, quoted
from core.evaluation.insightface_bin import picture_name, unpack_bin
from core.evaluation.pair_lists import (
    labelled_pairs,
    read_labelled_csv,
    read_splits,
    read_unlabelled_csv,
    rows_of_photos,
    seeded_folds,
    unlabelled_pairs,
)
from core.evaluation.published import ArPart, ar_pairs, ar_person, cfp_pairs, is_cfp
from core.evaluation.verification import ProtocolPairs, read_lfw_pairs
from core.explain.explain import pair_cosines
from core.faces.photo_files import find_photos
from core.files import written_whole
from core.gallery.finder import PhotoFinder
from core.gallery.folder import identity_by_name, identity_in_folder, scan
from core.gallery.gallery import Gallery, LoadedGallery
from core.model.features import FaceFeatures
from core.model.kinds import ATTENTION_KINDS, Order
from core.model.verifier import unit
from core.progress import Task
from core.scoring.kernels.prepared import PreparedPairs
from core.scoring.scored import ScoringModel

AR_PAIRS = 6000  # genuine ones, and as many impostor ones (paper, section 5)
Opener = Callable[[Path], LoadedGallery]
CHUNK = 256  # pairs whose maps are computed at once


def read_protocol(path: Path, folder: Path, part: ArPart | None = None) -> ProtocolPairs:
    """The pairs of a file or folder in any of the forms that evaluations are published in.

    LFW's `pairs.txt` and `pairsDevTest.txt`; a text or CSV of left, right, same; InsightFace's `.bin`,
    whose images are written into `folder`; YouTube Faces' `splits.txt`; a folder with a
    sub-folder an identity (the AR protocol); CFP's Protocol/Split/FF or FP.
    part: of AR's photos, told by their names. Raises XCosError.
    """
    if part is not None:
        if not path.is_dir():
            raise XCosError(f"{path} is no folder of AR's photos; leave the part out.", "part")
        pairs = ar_pairs(path, part, AR_PAIRS)
        return replace(pairs, folds=seeded_folds(pairs.same))
    if path.is_dir():
        return cfp_pairs(path) if is_cfp(path) else identity_pairs(path)
    if path.suffix.lower() == ".bin":
        return unpack_bin(path, folder)
    if path.suffix.lower() == ".csv":
        return read_labelled_csv(path)
    if path.stem.startswith("splits"):
        return read_splits(path)
    rows = rows_of_photos(path)
    return read_lfw_pairs(path) if rows is None else labelled_pairs(path, rows)


def read_any_pairs(path: Path, folder: Path) -> ProtocolPairs:
    """As read_protocol, but a CSV, or a text with a pair of photos a line, may list any number of pairs, and needs no third column.

    Without one, `same` is False for all. Raises XCosError.
    """
    if path.suffix.lower() == ".csv":
        return read_unlabelled_csv(path)
    by_photos = (
        path.is_file() and path.suffix.lower() != ".bin" and not path.stem.startswith("splits")
    )
    rows = rows_of_photos(path) if by_photos else None
    return read_protocol(path, folder) if rows is None else unlabelled_pairs(path, rows)


def identity_pairs(root: Path, count: int = AR_PAIRS, seed: int = 0) -> ProtocolPairs:
    """Seeded genuine and impostor pairs of an identity folder, as the paper takes of the AR set.

    At most `count` of each, none twice; all genuine ones where there are fewer, and as many
    impostor pairs. Raises XCosError for a folder without two identities or genuine pairs.
    """
    root = root.absolute()
    listed = [p for p in scan(root).photos if p.identity is not None]
    names = [str(root / item.photo) for item in listed]
    codes = np.unique([str(item.identity) for item in listed], return_inverse=True)[1]
    rows, columns = np.triu_indices(len(names), 1)
    same = codes[rows] == codes[columns]
    if not same.any() or same.all():
        raise XCosError(
            f"{root} needs two identities, one of them with two photos; sort its photos into "
            "a sub-folder an identity."
        )
    rng = np.random.default_rng(seed)
    genuine = rng.permutation(np.flatnonzero(same))[:count]
    impostor = rng.permutation(np.flatnonzero(~same))[: min(count, len(genuine))]
    chosen = np.concatenate([genuine, impostor])
    left = tuple(names[i] for i in rows[chosen])
    right = tuple(names[i] for i in columns[chosen])
    return ProtocolPairs(left, right, same[chosen], seeded_folds(same[chosen]))


@dataclass(frozen=True, eq=False)
class OpenedPairs:
    """A list's pairs, ready to be scored.

    features:    of m photos or videos
    left, right: (n,) places among them
    pairs:       the n pairs whose photos gave a face; paths are those of the gallery
    gallery:     the photos' gallery, with the problems
    groups:      for each of the m, its faces' places in the gallery
    """

    features: FaceFeatures
    left: np.ndarray
    right: np.ndarray
    pairs: ProtocolPairs
    gallery: Gallery
    groups: list[list[int]]

    def with_features(self, features: FaceFeatures) -> "OpenedPairs":
        """The same pairs by other features of the gallery's faces."""
        return replace(self, features=_averaged(features, self.groups))


@dataclass(frozen=True)
class PairsGallery:
    """A gallery of some pairs' photos: a CSV that can be opened, and the keys of the pairs in it."""

    path: Path
    pairs: list[tuple[str, str]]


def write_gallery(
    opened: OpenedPairs, chosen: np.ndarray, folder: Path, protocol: Path
) -> PairsGallery:
    """Write a gallery of the photos of some pairs (k,) of a protocol, to look at them further.

    Identities are those that the protocol's names tell: LFW's NAME_0001, the folders of an
    identity folder or of CFP, or AR's NNN_MM. The images of a .bin are copied beside it.
    Raises XCosError.
    """
    stamp = hashlib.sha256(f"{protocol.absolute()}\0{chosen.tolist()}".encode()).hexdigest()[:12]
    place = folder / f"{protocol.stem}-{stamp}"
    source = place / f"{protocol.stem}.csv"
    keys: dict[str, str] = {}
    try:
        place.mkdir(parents=True, exist_ok=True)
        for path in (side[i] for i in chosen for side in (opened.pairs.left, opened.pairs.right)):
            if protocol.suffix.lower() == ".bin" and path not in keys:
                shutil.copyfile(path, place / Path(path).name)
                keys[path] = (place / Path(path).name).absolute().as_posix()
            keys.setdefault(path, path)
        rows = [[key, _identity(Path(key), protocol)] for key in dict.fromkeys(keys.values())]
        with written_whole(source) as part:
            part.write_bytes(csv_bytes([["path", "identity"], *rows]))
    except OSError as error:
        raise XCosError(
            f"{place} cannot be written: {error.strerror or error}; make room."
        ) from error
    left, right = opened.pairs.left, opened.pairs.right
    return PairsGallery(source, [(keys[left[i]], keys[right[i]]) for i in chosen])


def _identity(photo: Path, protocol: Path) -> str:
    """Who a photo shows, as the protocol's pairs take it; nothing where its name does not tell."""
    if not protocol.is_dir():
        return identity_by_name(photo.name) or ""
    if is_cfp(protocol):
        return photo.parent.parent.name  # Images/NNN/frontal/01.jpg
    root = protocol.absolute()
    place = photo.relative_to(root).as_posix() if photo.is_relative_to(root) else photo.name
    return identity_in_folder(place) or ar_person(photo) or ""


def open_pairs(pairs: ProtocolPairs, photos: Path, opener: Opener) -> OpenedPairs:
    """Load the faces that a list names; pairs whose photo is a problem are left out.

    Raises XCosError for a photo that is not there, or when no pair is left.
    """
    files = _files(pairs, photos)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "pairs.csv"
        rows = [[str(path), ""] for paths in files.values() for path in paths]
        source.write_bytes(csv_bytes([["path", "identity"], *rows]))
        loaded = opener(source)
    known = loaded.gallery.index()
    places = {
        name: [known[path.as_posix()] for path in paths if path.as_posix() in known]
        for name, paths in files.items()
    }
    number = {name: place for place, name in enumerate(name for name in files if places[name])}
    both = zip(pairs.left, pairs.right, strict=True)
    chosen = np.array([a in number and b in number for a, b in both]).nonzero()[0]
    gallery = _told_by_number(loaded.gallery, pairs)
    gallery = replace(gallery, problems=(*gallery.problems, *pairs.problems))
    if not len(chosen):
        where, (first, *_) = _unpacked(pairs) or photos, gallery.problems
        raise XCosError(f"None of the pairs' photos in {where} gives a face. {first.reason}")
    kept = replace(
        pairs,
        left=tuple(files[pairs.left[i]][0].as_posix() for i in chosen),
        right=tuple(files[pairs.right[i]][0].as_posix() for i in chosen),
        same=pairs.same[chosen],
        folds=None if pairs.folds is None else pairs.folds[chosen],
    )
    groups = [places[name] for name in number]
    return OpenedPairs(
        _averaged(loaded.features, groups),
        np.array([number[pairs.left[i]] for i in chosen]),
        np.array([number[pairs.right[i]] for i in chosen]),
        kept,
        gallery,
        groups,
    )


def _unpacked(pairs: ProtocolPairs) -> Path | None:
    """The .bin that the pairs' photos were unpacked from, or None."""
    source = pairs.source
    return source if source is not None and source.suffix.lower() == ".bin" else None


def _told_by_number(gallery: Gallery, pairs: ProtocolPairs) -> Gallery:
    """The gallery, with the problems of a .bin's pictures told by their numbers."""
    packed = _unpacked(pairs)
    if packed is None:
        return gallery
    problems = []
    for problem in gallery.problems:
        name = picture_name(packed, problem.file)
        problems.append(
            replace(problem, reason=problem.reason.replace(str(Path(problem.file)), name))
        )
    return replace(gallery, problems=tuple(problems))


def _averaged(features: FaceFeatures, groups: list[list[int]]) -> FaceFeatures:
    """Mean features of each group of faces: a video's are the mean over its frames."""

    def mean(rows: np.ndarray | None) -> np.ndarray | None:
        if rows is None:
            return None
        return np.stack([rows[g].mean(axis=0) if len(g) > 1 else rows[g[0]] for g in groups])

    grid, embedding, target = (
        mean(rows) for rows in (features.grid, features.embedding, features.target)
    )
    assert grid is not None
    return FaceFeatures(
        grid,
        None if embedding is None else unit(embedding),
        None if target is None else unit(target),
    )


def pair_scores(
    opened: OpenedPairs, model: ScoringModel, order: Order, task: Task
) -> dict[str, np.ndarray | None]:
    """Scores (n,) of a list's pairs by each attention kind, `fc` and `target`; None without one."""
    left, right = opened.left, opened.right
    faces = model.engine.prepare(opened.features.grid)
    pairs = PreparedPairs(faces, left, faces, right)
    scores: dict[str, np.ndarray | None] = dict.fromkeys(ATTENTION_KINDS)
    for kind in model.card.kinds:
        scores[kind] = model.engine.scores_of(pairs, kind, order, task)
    target, fc = pair_cosines(opened.features, left, opened.features, right)
    return scores | {"fc": fc, "target": target}


def _files(pairs: ProtocolPairs, photos: Path) -> dict[str, list[Path]]:
    """The photos, or a video's frames, of each name in a list. Raises XCosError for those not there."""
    names = sorted({*pairs.left, *pairs.right})
    finder = PhotoFinder(photos)
    if pairs.frames:
        return {name: _frames(finder, photos, pairs, name) for name in names}
    files = {name: finder.photo(name) for name in names}
    missing = {name for name, path in files.items() if path is None}
    if missing:
        both = zip(pairs.left, pairs.right, strict=True)
        first = next(name for pair in both for name in pair if name in missing)
        others = f" and {len(missing) - 1:,} of the {len(names) - 1:,} others are"
        raise XCosError(
            f"{pairs.place(first)}The photo {quoted(first)}{others if len(missing) > 1 else ' is'} "
            f"not in {photos}; name the folder of the photos.",
            "photos",
        )
    return {name: [path.absolute()] for name, path in files.items() if path is not None}


def _frames(finder: PhotoFinder, photos: Path, pairs: ProtocolPairs, name: str) -> list[Path]:
    folder = finder.folder(name)
    if folder is None:
        raise XCosError(
            f"{pairs.place(name)}The video {quoted(name)} is not a folder in {photos}; name the "
            "folder of the videos.",
            "photos",
        )
    frames = find_photos(folder, below=False).files
    if not frames:
        raise XCosError(f"The video {folder} has no frames; put them there as photos.")
    return [path.absolute() for path in frames]
