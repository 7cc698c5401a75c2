"""How a report shows faces and names, so that it can be shared."""

from collections import Counter
from typing import Literal, get_args

import numpy as np
from PIL import Image

from core.faces.face import SIDE
from core.gallery.gallery import LoadedGallery
from core.model.features import CELLS

Pictures = Literal["shown", "blurred", "none"]
PICTURES: tuple[Pictures, ...] = get_args(Pictures)


def as_shown(crop: np.ndarray, pictures: Pictures) -> np.ndarray | None:
    """A crop (112, 112, 3) uint8 as it is, blurred, or None where faces are left out.

    Blurred means the 49 cells' mean colours: unlike a soft blur, nothing finer can be got back.
    """
    if pictures == "none":
        return None
    if pictures == "shown":
        return crop
    small = Image.fromarray(crop).resize((CELLS, CELLS), Image.Resampling.BOX)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


class Names:
    """What faces and people are called in a report: as in the gallery, or by numbers.

    A number is the same wherever a face or a person comes up. rows, columns: the galleries of
    left and right faces, which may be the same object.
    """

    def __init__(self, rows: LoadedGallery, columns: LoadedGallery, anonymous: bool) -> None:
        self.anonymous = anonymous
        self._people: dict[str, str] = {}
        self._faces: dict[tuple[int, str], str] = {}
        galleries = [columns.gallery] if rows is columns else [columns.gallery, rows.gallery]
        seen: Counter[str] = Counter()
        for gallery in galleries if anonymous else ():
            for face in gallery.faces:
                person = "unknown"
                if face.identity is not None:
                    number = len(self._people) + 1
                    person = self._people.setdefault(face.identity, f"person {number}")
                seen[person] += 1
                self._faces[id(gallery), face.key] = f"{person}, photo {seen[person]}"

    def face(self, of: LoadedGallery, place: int) -> str:
        """The name of a gallery's face."""
        key = of.gallery.faces[place].key
        return self._faces[id(of.gallery), key] if self.anonymous else key

    def person(self, of: LoadedGallery, place: int) -> str | None:
        """Who a gallery's face shows, or None where unknown."""
        identity = of.gallery.faces[place].identity
        return self._people[identity] if self.anonymous and identity is not None else identity
