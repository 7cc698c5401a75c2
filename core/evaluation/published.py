"""Protocols that are published as folders: CFP's splits, and AR's photos by what they show."""

import re
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from core.errors import XCosError
from core.evaluation.verification import ProtocolPairs
from core.faces.photo_files import find_photos

ArPart = Literal["all", "plain", "sunglasses", "scarf", "occluded"]
AR_PARTS: tuple[ArPart, ...] = get_args(ArPart)
# Photos 14 to 26 repeat 1 to 13 two weeks later (Martinez and Benavente, 1998).
AR_PHOTOS: dict[str, tuple[int, ...]] = {
    "plain": (1, 2, 3, 4, 5, 6, 7),
    "sunglasses": (8, 9, 10),
    "scarf": (11, 12, 13),
}
AR_NAME = re.compile(r"(?:[MWmw]-)?(\d{3})[-_](\d{2})")
CFP_PAIRS = ("FF", "FP")  # frontal with frontal, frontal with profile


def is_cfp(folder: Path) -> bool:
    """Whether a folder is CFP's Protocol/Split/FF or FP."""
    lists = folder.parent.parent / "Pair_list_F.txt"
    return folder.name in CFP_PAIRS and lists.is_file()


def cfp_pairs(folder: Path) -> ProtocolPairs:
    """The pairs of CFP's Protocol/Split/FF or FP (Sengupta et al., 2016), a fold a split.

    Splits are those that are there: all ten, or some of them. Raises XCosError.
    """
    root = folder.parent.parent
    left_of = _photo_list(root / "Pair_list_F.txt")
    right_of = left_of if folder.name == "FF" else _photo_list(root / "Pair_list_P.txt")
    splits = sorted(part for part in folder.iterdir() if part.is_dir() and part.name.isdigit())
    left, right, same, folds = [], [], [], []
    for split in splits:
        for name, truth in (("same", True), ("diff", False)):
            file = split / f"{name}.txt"
            for number, (one, other) in enumerate(_number_pairs(file), start=1):
                if one not in left_of or other not in right_of:
                    raise XCosError(
                        f"{file}, line {number}: photo {one} or {other} is in no list beside "
                        f"{folder.parent}; get CFP's Protocol folder anew."
                    )
                left.append(left_of[one])
                right.append(right_of[other])
                same.append(truth)
                folds.append(int(split.name))
    if not same:
        raise XCosError(f"{folder} has no splits 01 to 10; name CFP's Protocol/Split/FF or FP.")
    return ProtocolPairs(tuple(left), tuple(right), np.array(same), np.array(folds))


def _photo_list(file: Path) -> dict[int, str]:
    """A line of Pair_list_F.txt or Pair_list_P.txt: a number, and a path from the list's folder."""
    photos = {}
    for number, line in enumerate(_lines(file), start=1):
        parts = line.split(maxsplit=1)
        if len(parts) != 2 or not parts[0].isdecimal():
            raise XCosError(f"{file}, line {number}: write a number and a photo's path.")
        photos[int(parts[0])] = str((file.parent / parts[1].strip()).resolve())
    return photos


def _number_pairs(file: Path) -> list[tuple[int, int]]:
    pairs = []
    for number, line in enumerate(_lines(file), start=1):
        parts = [part.strip() for part in line.split(",")]
        if len(parts) != 2 or not all(part.isdecimal() for part in parts):
            raise XCosError(f"{file}, line {number}: write a,b, the numbers of two photos.")
        pairs.append((int(parts[0]), int(parts[1])))
    return pairs


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise XCosError(
            f"{file} cannot be read: {error}; get CFP's Protocol folder anew."
        ) from error
    return [line for line in text.splitlines() if line.strip()]


def ar_pairs(root: Path, part: ArPart, count: int, seed: int = 0) -> ProtocolPairs:
    """Seeded genuine and impostor pairs of AR: plain faces, or occluded ones against plain ones.

    part:  plain: both faces plain; sunglasses, scarf, occluded (either): the left face so, the
           right one plain; all: any two photos
    count: at most so many genuine pairs, and as many impostor ones; none twice
    Raises XCosError for a folder whose photos are not named as AR's are (NNN_MM).
    """
    photos = _ar_photos(root)
    wanted = {"all": (1, 14), "occluded": (8, 14)}.get(part)
    numbers = set(range(*wanted)) if wanted else set(AR_PHOTOS[part])
    others = numbers if part in ("all", "plain") else set(AR_PHOTOS["plain"])
    shown = np.array([(number - 1) % 13 + 1 for _, number, _ in photos])
    people = np.unique([person for person, _, _ in photos], return_inverse=True)[1]
    lefts = np.flatnonzero(np.isin(shown, list(numbers)))
    rights = np.flatnonzero(np.isin(shown, list(others)))
    rows, columns = (grid.ravel() for grid in np.meshgrid(lefts, rights, indexing="ij"))
    if numbers == others:
        rows, columns = rows[rows < columns], columns[rows < columns]
    same = people[rows] == people[columns]
    if not same.any() or same.all():
        raise XCosError(f"{root} needs photos of two people of the kind {part!r}; choose another.")
    rng = np.random.default_rng(seed)
    genuine = rng.permutation(np.flatnonzero(same))[:count]
    impostor = rng.permutation(np.flatnonzero(~same))[: len(genuine)]
    chosen = np.concatenate([genuine, impostor])
    names = [str(path) for _, _, path in photos]
    return ProtocolPairs(
        tuple(names[i] for i in rows[chosen]),
        tuple(names[i] for i in columns[chosen]),
        same[chosen],
        None,
    )


def ar_person(photo: Path) -> str | None:
    """Who a photo named as AR's are (NNN_MM) shows; None for another name."""
    named = AR_NAME.fullmatch(photo.stem)
    return None if named is None else photo.stem[: -len(named[2]) - 1]


def _ar_photos(root: Path) -> list[tuple[str, int, Path]]:
    """Person, number 1 to 26, and path of each photo named as AR's are, in order."""
    photos = []
    for path in sorted(find_photos(root.absolute()).files):
        named = AR_NAME.fullmatch(path.stem)
        if named and 1 <= int(named[2]) <= 26:
            photos.append((path.stem[: -len(named[2]) - 1], int(named[2]), path))
    if not photos:
        raise XCosError(
            f"{root} has no photo named as AR's are, NNN_MM with MM from 01 to 26; leave the part out.",
            "part",
        )
    return photos
