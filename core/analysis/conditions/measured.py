"""The conditions of a gallery's faces, measured once a face."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import Stopped, XCosError
from core.faces.conditions import CONDITIONS, OF_PHOTO, measure_face
from core.faces.face import Face
from core.faces.photo import photo_size
from core.faces.pose import yaw_range
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of
from core.model.features import CELLS
from core.progress import QUIET, Task
from core.scoring.scored import ScoredGallery

Values = dict[str, np.ndarray]
Columns = tuple[tuple[str, type], ...]
COLUMNS: Columns = (
    ("path", str),
    ("identity", str),
    *((condition.name, float) for condition in CONDITIONS),
    ("yaw_low", float),
    ("yaw_high", float),
)


@dataclass(frozen=True, eq=False)
class ConditionTable:
    """Conditions of the row and the column faces of a scored gallery.

    rows, columns: by condition, (n,) and (m,) float64, NaN where not known; one object in a
                   square matrix
    """

    rows: Values
    columns: Values

    def of(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """One condition of both."""
        return self.rows[name], self.columns[name]


@dataclass(eq=False)
class Measurer:
    """Measures faces by their crops and photos, and keeps what it has measured.

    The photo's head is read for its size; where it is gone, what needs it is not known.
    """

    cache: Cache
    _known: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)

    def table(
        self, scored: ScoredGallery, threshold: float | None, task: Task = QUIET
    ) -> ConditionTable:
        """The conditions of all faces; without a threshold no cell is unlike. Raises Stopped."""
        columns = self.faces(scored.columns, task)
        rows = columns if scored.square else self.faces(scored.rows, task)
        unlike = unlike_cells(scored, threshold)
        right = {**columns, "unlike": unlike[1]}
        return ConditionTable(right if scored.square else {**rows, "unlike": unlike[0]}, right)

    def faces(self, loaded: LoadedGallery, task: Task = QUIET) -> Values:
        """The conditions that need no model, by name, (n,) each. Raises Stopped."""
        faces = loaded.gallery.faces
        values = np.full((len(faces), len(OF_PHOTO)), np.nan)
        for place, face in enumerate(faces):
            if task.stopped():
                raise Stopped("Measuring conditions")
            task.report("Measuring conditions", place, len(faces))
            measured = self._face(face, loaded)
            values[place] = [measured[name] for name in OF_PHOTO]
        return dict(zip(OF_PHOTO, values.T, strict=True))

    def _face(self, face: Face, loaded: LoadedGallery) -> dict[str, float]:
        key = (face.digest, face.photo)
        if key not in self._known:
            try:
                crop = crop_of(face, loaded.gallery.root, self.cache)
            except XCosError:  # neither in the cache nor to be made anew
                return dict.fromkeys(OF_PHOTO, float("nan"))
            size = None
            if face.detection is not None:
                try:
                    size = photo_size(loaded.gallery.photo_path(face))
                except XCosError:
                    size = None
            self._known[key] = measure_face(crop, face.detection, size)
        return self._known[key]


def unlike_cells(scored: ScoredGallery, threshold: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Per cent of each face's cells that are unlike the person's other photos, (n,) and (m,).

    A cell is unlike where its mean cosine with the same cell of the person's other photos is not
    above the threshold. NaN for people of one photo, unknown people, and without a threshold.
    """
    n, m = scored.matrix.scores.shape
    if threshold is None:
        return np.full(n, np.nan), np.full(m, np.nan)
    right = scored.engine.prepare(scored.columns.features.grid).cells.astype(np.float64)
    if scored.square:
        shares = _unlike(right, scored.matrix.columns, right, scored.matrix.columns, threshold)
        return shares, shares
    left = scored.engine.prepare(scored.rows.features.grid).cells.astype(np.float64)
    sides = (left, scored.matrix.rows), (right, scored.matrix.columns)
    return _unlike(*sides[0], *sides[1], threshold), _unlike(*sides[1], *sides[0], threshold)


def _unlike(
    cells: np.ndarray, own: np.ndarray, others: np.ndarray, codes: np.ndarray, threshold: float
) -> np.ndarray:
    """Of faces (n, 49, 32) with people (n,) against others (m, 49, 32) with people (m,)."""
    shares = np.full(len(cells), np.nan)
    itself = cells is others
    for code in np.unique(own[own >= 0]):
        mine, theirs = np.flatnonzero(own == code), codes == code
        count = int(theirs.sum()) - itself
        if count < 1:
            continue
        total = others[theirs].sum(axis=0)
        cosines = np.einsum("kcd,cd->kc", cells[mine], total)
        if itself:
            cosines -= np.einsum("kcd,kcd->kc", cells[mine], cells[mine])
        shares[mine] = 100 * (cosines / count <= threshold).sum(axis=1) / CELLS**2
    return shares


def condition_rows(scored: ScoredGallery, table: ConditionTable) -> Iterator[tuple[Any, ...]]:
    """A row a face in the order of COLUMNS, the gallery's first; None where a value is not known."""
    sides = [(scored.columns, table.columns)]
    if not scored.square:
        sides.append((scored.rows, table.rows))
    for loaded, values in sides:
        columns = [values[condition.name] for condition in CONDITIONS]
        numbers = np.stack([*columns, *yaw_range(values["yaw"])], axis=1).tolist()
        for face, row in zip(loaded.gallery.faces, numbers, strict=True):
            yield (face.key, face.identity, *(None if v != v else v for v in row))
