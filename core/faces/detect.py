"""Finding faces and their five landmarks with facenet-pytorch's MTCNN."""

from collections import defaultdict
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.faces.face import Detection

if TYPE_CHECKING:
    from core.faces.cascade import Networks

WORKING_SIDE = 640  # photos are shrunk to this longer side before the search
SMALLEST_SHARE = 0.1  # of the shorter side: a face below this is looked for only if none is found
SMALLEST_FACE = 20  # pixels, what MTCNN can find at least
GROWN_SIDE = 160  # tiny photos are enlarged to this
LEAST_PROBABILITY = 0.9
BATCH = 8  # of 250x250 photos this keeps maps in the cache; 16 takes a fifth longer


class Detector:
    """MTCNN, its weights inside the package. Cheap to make: loaded at first use.

    A photo is searched at a working size for faces of at least a tenth of its shorter side; where
    none is found, again at its own size for small ones, and with a margin for cut-off ones.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._networks: Networks | None = None
        self._loading = Lock()  # several threads may search at once

    def __reduce__(self) -> tuple[type["Detector"], tuple[str]]:
        return Detector, (self._device,)  # loaded anew elsewhere

    def detect(self, photos: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Faces of (H, W, 3) uint8 photos, each photo's largest first; photos may differ in size."""
        found: list[list[Detection]] = [[] for _ in photos]
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        scaled: list[tuple[np.ndarray, float]] = []
        for index, photo in enumerate(photos):
            small, scale = _working_size(photo)
            scaled.append((small, scale))
            groups[small.shape[:2]].append(index)
        for (height, width), members in groups.items():
            smallest = max(SMALLEST_FACE, int(SMALLEST_SHARE * min(height, width)))
            for start in range(0, len(members), BATCH):
                part = members[start : start + BATCH]
                answers = self._search(np.stack([scaled[i][0] for i in part]), smallest)
                for index, answer in zip(part, answers, strict=True):
                    found[index] = [_rescaled(d, scaled[index][1], 0) for d in answer]
        for index, photo in enumerate(photos):
            if not found[index]:
                found[index] = self._search_harder(photo)
        return found

    def _search_harder(self, photo: np.ndarray) -> list[Detection]:
        height, width = photo.shape[:2]
        if max(height, width) > WORKING_SIDE:
            large, scale = _working_size(photo, 3 * WORKING_SIDE)
            answer = self._search(large[None], SMALLEST_FACE)[0]
            if answer:
                return [_rescaled(d, scale, 0) for d in answer]
        small, scale = _working_size(photo)
        margin = max(small.shape[:2]) // 4
        padded = np.pad(small, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
        answer = self._search(padded[None], SMALLEST_FACE)[0]
        return [_rescaled(d, scale, margin) for d in answer]

    def _search(self, photos_BHWC: np.ndarray, smallest: int) -> list[list[Detection]]:
        import torch

        from core.faces.cascade import find_faces

        with torch.inference_mode():
            photos = torch.from_numpy(photos_BHWC).to(self._device)
            answers = find_faces(photos, smallest, self._load())
        results: list[list[Detection]] = []
        for answer in answers:
            faces = [
                Detection(box, marks, float(probability))
                for box, marks, probability in zip(
                    answer.boxes, answer.landmarks, answer.probabilities, strict=True
                )
                if probability >= LEAST_PROBABILITY
            ]
            faces.sort(key=lambda d: -float((d.box[2] - d.box[0]) * (d.box[3] - d.box[1])))
            results.append(faces)
        return results

    def _load(self) -> "Networks":
        with self._loading:
            if self._networks is None:
                from facenet_pytorch import MTCNN

                from core.faces.cascade import Networks

                found = MTCNN(keep_all=True, post_process=False, device=self._device)
                self._networks = Networks(found.pnet, found.rnet, found.onet)
            return self._networks


def _working_size(photo: np.ndarray, longest: int = WORKING_SIDE) -> tuple[np.ndarray, float]:
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


def _rescaled(detection: Detection, scale: float, margin: int) -> Detection:
    box = ((detection.box - margin) / scale).astype(np.float32)
    landmarks = ((detection.landmarks - margin) / scale).astype(np.float32)
    return Detection(box, landmarks, detection.probability)
