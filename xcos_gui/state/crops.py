"""Crops of faces that were shown lately."""

from collections import OrderedDict
from pathlib import Path

import numpy as np

from core.faces.face import Face
from core.gallery.cache import Cache
from core.gallery.opening import crop_of

KEPT = 256


class Crops:
    """Crops by face, of which the ones used last are kept."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()

    def get(self, face: Face, root: Path) -> np.ndarray:
        """A face's crop (112, 112, 3) uint8. Raises XCosError when its photo is gone."""
        if face.digest not in self._kept:
            self._kept[face.digest] = crop_of(face, root, self._cache)
        self._kept.move_to_end(face.digest)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[face.digest]

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
