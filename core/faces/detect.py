"""Finding faces and their five landmarks with facenet-pytorch's MTCNN."""

from collections import defaultdict
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.faces.face import Detection
from core.faces.plausible import LEAST_PROBABILITY, is_tight, plausibility
from core.faces.scaled import SEARCH_SIDE
from core.workarounds import without_compiler

if TYPE_CHECKING:
    from core.faces.cascade import Networks

LARGEST_SIDE = 3 * SEARCH_SIDE  # photos without a face are searched again, at most this large
SMALLEST_SHARE = 0.1  # of the shorter side: a face below this is looked for only if none is found
SMALLEST_FACE = 20  # pixels, what MTCNN can find at least
USUAL_SEARCH = (
    SMALLEST_FACE / SMALLEST_SHARE
)  # pixels of the shorter side: no smaller face is there
GROWN_SIDE = 160  # tiny photos are enlarged to this
AT_ONCE = 8 * 250 * 250  # pixels: this keeps maps in the cache; twice as many take a fifth longer

# The padded search. Black is what MTCNN was trained with beyond a photo, and can show no second face.
PADDING_SHARE = 0.5  # of the longer side, on every side
SMALLEST_TIGHT = 0.2  # of the shorter side: only a large face is tight
FINE_STEP = 0.709**0.5  # between two scales: of a face behind a scarf one scale alone is often sure
LEAST_TIGHT = (
    0.7  # probability where nothing else is found; what is below the usual one is doubtful
)

# Where no face is large, it is a photo of a group: others that are not much smaller are looked for.
GROUP_SHARE = 0.25  # of the shorter side, by the largest face
COMPANION = 0.3  # of the largest face; what is smaller belongs to the background
COMPANION_PIXELS = 24  # of such a face where it is looked for
CLOSE = 96  # pixels of a searched face's longer side, twice what the last network takes

GRID = np.float32(
    64
)  # places of landmarks and corners a pixel; batches differ by a thousandth of one
# Of LFW's faces 99 in 100 have more; what the detector takes for an upright face in one that lies on
# its side or stands on its head mostly has less.
SURE = 0.995  # probability
CLEARLY = 0.1  # plausibility by which a turned photo's face may be worse
SAME_FACE = 0.4  # of the smaller box that lies in the other one
SAME_SIZE = 0.25  # the smaller area over the larger one
PLAIN_AHEAD = (
    1.5  # times the plausibility: less, and the padded search is believed, which sees more
)


class Detector:
    """MTCNN, its weights inside the package. Cheap to make: loaded at first use.

    A photo is searched at a working size for faces of at least a tenth of its shorter side.
    Where none is a quarter of it, others of a third of the largest one's size are looked for too.
    Where a large face is tight, the photo is searched again with black around it, and the more
    plausible answer is kept. Where nothing is found, small faces are looked for at the photo's own
    size; where the largest face is not sure, faces that are turned by 90, 180 or 270 degrees.
    Landmarks of a face that is small where it was searched are found in all the photo's pixels.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._networks: Networks | None = None
        self._loading = Lock()  # several threads may search at once

    def __reduce__(self) -> tuple[type["Detector"], tuple[str]]:
        return Detector, (self._device,)  # loaded anew elsewhere

    def detect(self, photos: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Faces of (H, W, 3) uint8 photos, each photo's largest first; photos may differ in size."""
        scaled = [_working_size(photo) for photo in photos]
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, (small, _) in enumerate(scaled):
            groups[small.shape].append(index)
        detections: list[list[Detection]] = [[] for _ in photos]
        for (height, width, _), members in groups.items():
            batch = max(1, AT_ONCE // (height * width))
            for start in range(0, len(members), batch):
                part = members[start : start + batch]
                answers = self._search(np.stack([scaled[i][0] for i in part]))
                for index, answer in zip(part, answers, strict=True):
                    detections[index] = answer
        return [
            self._seen_whole(photo, scale, self._second_look(photo, small, scale, faces))
            for photo, (small, scale), faces in zip(photos, scaled, detections, strict=True)
        ]

    def closer(self, photo: np.ndarray, face: Detection) -> Detection:
        """The same face by all pixels of a photo (H, W, 3) uint8, if it was found in fewer.

        As it was where the photo does not show it as plausibly.
        """
        from core.faces.cascade import look_closer

        low, high = face.box.reshape(2, 2)
        middle, half = (low + high) / 2, (high - low).max() / 2
        start = np.floor(middle - half).astype(int).clip(min=0)
        end = np.ceil(middle + half).astype(int) + 1
        window = photo[start[1] : end[1], start[0] : end[0]]
        size, quarters = _size(window), _quarters(face)
        square = np.concatenate([middle - half - start, middle + half - start])
        if quarters:
            window = np.rot90(window, quarters)
            square = _turned_box(square, 4 - quarters, _size(window))
        found = look_closer(window, square, self._load(), self._device)
        if found is None:
            return face
        box, marks, probability = found
        seen = Detection(box, marks, probability)
        if quarters:
            seen = _turned_back(seen, quarters, size)
        seen = _on_grid(_rescaled(seen, 1, -start))
        whole = _size(photo)
        less = plausibility(face, whole) - plausibility(seen, whole)
        return seen if less < CLEARLY else face

    def _seen_whole(
        self, photo: np.ndarray, scale: float, faces: list[Detection]
    ) -> list[Detection]:
        return [
            self.closer(photo, face) if scale < 1 and is_small(face, scale) else _on_grid(face)
            for face in faces
        ]

    def _second_look(
        self, photo: np.ndarray, small: np.ndarray, scale: float, faces: list[Detection]
    ) -> list[Detection]:
        """Faces of the photo, from those that were found in the small one."""
        faces = self._with_tight(small, faces)
        if not faces or faces[0].probability < SURE:
            turned = self._turned(small)
            if _best(turned, _size(small)) > _best(faces[:1], _size(small)) - CLEARLY:
                faces = turned
        if not faces or faces[0].probability < LEAST_PROBABILITY:
            smaller = self._small_faces(photo)
            if smaller:
                return smaller
        found = [_rescaled(face, scale, 0) for face in faces]
        return self._with_companions(photo, scale, found)

    def _with_tight(self, small: np.ndarray, faces: list[Detection]) -> list[Detection]:
        """The same faces, those that fill the photo or leave it as a padded search sees them."""
        size = _size(small)
        large = [face for face in faces if _area(face) >= SAME_SIZE * _area(faces[0])]
        if faces and not any(is_tight(face, size) for face in large):
            return faces
        margin = round(PADDING_SHARE * max(size))
        padded = np.pad(small, ((margin, margin), (margin, margin), (0, 0)))
        smallest = max(SMALLEST_FACE, int(SMALLEST_TIGHT * min(size)))
        least = LEAST_PROBABILITY if faces else LEAST_TIGHT
        again = self._search(padded[None], smallest, least, FINE_STEP)[0]
        return _merged(faces, [_rescaled(face, 1, margin) for face in again], size)

    def _with_companions(
        self, photo: np.ndarray, scale: float, faces: list[Detection]
    ) -> list[Detection]:
        """The same faces, and others of a group that are too small for the first search."""
        shorter = min(photo.shape[:2])
        largest = max(map(longer_side, faces), default=shorter)
        least = COMPANION * largest
        searched = max(SMALLEST_FACE / scale, SMALLEST_SHARE * shorter)
        if largest >= GROUP_SHARE * shorter or least >= searched:
            return faces
        wanted = int(max(photo.shape[:2]) * COMPANION_PIXELS / least)
        large, scale = _working_size(photo, min(max(wanted, SEARCH_SIDE), LARGEST_SIDE))
        again = self._search(large[None], max(SMALLEST_FACE, int(least * scale)), SURE)[0]
        more = [_rescaled(face, scale, 0) for face in again]
        more = [face for face in more if not any(_same_face(face, other) for other in faces)]
        return sorted([*faces, *more], key=_area, reverse=True)

    def _turned(self, small: np.ndarray) -> list[Detection]:
        """Faces by the most plausible of three turns that show one the detector is sure of."""
        answers = []
        for quarters in (1, 2, 3):
            photo = np.rot90(small, quarters)
            faces = self._with_tight(photo, self._search(photo[None])[0])
            if faces and faces[0].probability >= SURE:
                answers.append([_turned_back(face, quarters, _size(small)) for face in faces])
        return max(answers, key=lambda faces: _best(faces[:1], _size(small)), default=[])

    def _small_faces(self, photo: np.ndarray) -> list[Detection]:
        """Faces too small for the first search, at up to three times its size."""
        if max(photo.shape[:2]) <= SEARCH_SIDE and min(photo.shape[:2]) <= USUAL_SEARCH:
            return []
        large, scale = _working_size(photo, LARGEST_SIDE)
        answer = self._search(large[None], SMALLEST_FACE)[0]
        return [_rescaled(face, scale, 0) for face in answer]

    def _search(
        self,
        photos_BHWC: np.ndarray,
        smallest: int | None = None,
        least: float = LEAST_PROBABILITY,
        step: float | None = None,
    ) -> list[list[Detection]]:
        """Faces of photos of one size; smallest: pixels, None for the usual share of the photo."""
        import torch

        from core.faces.cascade import FACTOR, find_faces

        if smallest is None:
            smallest = max(SMALLEST_FACE, int(SMALLEST_SHARE * min(photos_BHWC.shape[1:3])))
        with torch.inference_mode():
            # A copy: torch takes no negative strides, which views that are turned or mirrored have.
            photos = torch.from_numpy(photos_BHWC.copy()).to(self._device)
            answers = find_faces(photos, smallest, self._load(), step or FACTOR)
        results: list[list[Detection]] = []
        for answer in answers:
            faces = [
                Detection(box, marks, float(probability))
                for box, marks, probability in zip(
                    answer.boxes, answer.landmarks, answer.probabilities, strict=True
                )
                if probability >= least
            ]
            results.append(sorted(faces, key=_area, reverse=True))
        return results

    def _load(self) -> "Networks":
        with self._loading:
            if self._networks is None:
                with without_compiler():
                    from facenet_pytorch import MTCNN

                from core.faces.cascade import Networks

                mtcnn = MTCNN(keep_all=True, post_process=False, device=self._device)
                self._networks = Networks(mtcnn.pnet, mtcnn.rnet, mtcnn.onet)
            return self._networks


def is_small(face: Detection, scale: float = 1.0) -> bool:
    """Whether landmarks are coarse that were found where a face's pixels are as many times `scale`."""
    return longer_side(face) * scale < CLOSE


def longer_side(face: Detection) -> float:
    """Of its box, in pixels."""
    return float((face.box[2:] - face.box[:2]).max())


def _quarters(face: Detection) -> int:
    """How often np.rot90 has to turn a photo so that a face of it stands upright, 0 to 3."""
    across, down = face.landmarks[3:].mean(axis=0) - face.landmarks[:2].mean(axis=0)
    if abs(across) > abs(down):
        return 3 if across > 0 else 1
    return 0 if down >= 0 else 2


def _merged(
    plain: list[Detection], padded: list[Detection], size: tuple[int, int]
) -> list[Detection]:
    """Of each tight face the more plausible answer of two searches; all others as they are."""
    kept = list(plain)
    for face in padded:
        same = [other for other in kept if _same_face(face, other)]
        ahead = PLAIN_AHEAD * plausibility(face, size)
        if any(not is_tight(o, size) or plausibility(o, size) > ahead for o in same):
            continue
        if not same and not is_tight(face, size):
            continue  # the plain search would have found it
        kept = [other for other in kept if other not in same] + [face]
    return sorted(kept, key=_area, reverse=True)


def _same_face(one: Detection, other: Detection) -> bool:
    low = np.maximum(one.box[:2], other.box[:2])
    high = np.minimum(one.box[2:], other.box[2:])
    smaller, larger = sorted((_area(one), _area(other)))
    inner = float(np.prod((high - low).clip(min=0)))
    return inner > SAME_FACE * smaller and smaller > SAME_SIZE * larger


def _best(faces: Sequence[Detection], size: tuple[int, int]) -> float:
    return max((plausibility(face, size) for face in faces), default=0.0)


def _area(face: Detection) -> float:
    return float(np.prod((face.box[2:] - face.box[:2]).clip(min=0)))


def _size(photo: np.ndarray) -> tuple[int, int]:
    return photo.shape[1], photo.shape[0]


def _turned_back(face: Detection, quarters: int, size: tuple[int, int]) -> Detection:
    """A face of a photo that np.rot90 turned, in the pixels of the photo of this size."""
    box = _turned_box(face.box, quarters, size)
    return Detection(box, _turned_points(face.landmarks, quarters, size), face.probability)


def _turned_box(box: np.ndarray, quarters: int, size: tuple[int, int]) -> np.ndarray:
    corners = _turned_points(box.reshape(2, 2), quarters, size)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def _turned_points(points: np.ndarray, quarters: int, size: tuple[int, int]) -> np.ndarray:
    right, bottom = size[0] - 1, size[1] - 1
    x, y = points[:, 0], points[:, 1]
    places = {1: (right - y, x), 2: (right - x, bottom - y), 3: (y, bottom - x)}
    return np.stack(places[quarters], axis=1)


def _working_size(photo: np.ndarray, longest: int = SEARCH_SIDE) -> tuple[np.ndarray, float]:
    """The photo scaled for the search, and what its pixels are to be divided by."""
    height, width = photo.shape[:2]
    scale = min(1.0, longest / max(height, width))
    if max(height, width) < GROWN_SIDE:
        scale = GROWN_SIDE / max(height, width)
    if scale == 1.0:
        return photo, 1.0
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(photo).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.array(small), size[0] / width


def _on_grid(face: Detection) -> Detection:
    """A face without digits that depend on which photos were searched with it."""
    box, landmarks = (np.round(part * GRID) / GRID for part in (face.box, face.landmarks))
    return Detection(box, landmarks, face.probability)


def _rescaled(detection: Detection, scale: float, margin: int | np.ndarray) -> Detection:
    """A face in a photo that was scaled, then framed by a margin: pixels, or those of x and y."""
    corners = (detection.box.reshape(2, 2) - margin) / scale
    landmarks = (detection.landmarks - margin) / scale
    box, landmarks = corners.reshape(4).astype(np.float32), landmarks.astype(np.float32)
    return Detection(box, landmarks, detection.probability)
