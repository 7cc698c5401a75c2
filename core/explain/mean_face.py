"""The mean of some faces' crops: what lies behind mean maps."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.errors import XCosError
from core.faces.face import Face
from core.gallery.cache import Cache
from core.gallery.opening import crop_of

AVERAGED = 96  # faces; more look the same


def mean_face(faces: Iterable[tuple[Face, Path]], cache: Cache) -> np.ndarray | None:
    """Mean crop (112, 112, 3) uint8 of faces with their galleries' roots, at most AVERAGED evenly spread.

    Photos that are gone are left out; None when none is there.
    """
    every = list(faces)
    places = np.linspace(0, len(every) - 1, min(AVERAGED, len(every))).round().astype(int)
    crops = []
    for place in places:
        face, root = every[place]
        try:
            crops.append(crop_of(face, root, cache).astype(np.float32))
        except XCosError:
            continue
    return None if not crops else np.mean(crops, axis=0).round().astype(np.uint8)
