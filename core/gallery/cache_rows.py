"""What the cache's rows hold, written and checked: numbers, detections, a checksum."""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from core.faces.face import Detection

V = TypeVar("V", np.ndarray, np.ndarray | None)


def checksum(row: Sequence[object]) -> int:
    """CRC-32 of a row's values, with the kind and length of each."""
    total = 0
    for value in row:
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        total = zlib.crc32(f"{type(value).__name__} {len(data)} ".encode(), total)
        total = zlib.crc32(data, total)
    return total


def packed_detections(detections: Iterable[Detection]) -> str:
    """Detections as text."""
    return json.dumps([[d.box.tolist(), d.landmarks.tolist(), d.probability] for d in detections])


def detections_from(text: Any) -> tuple[Detection, ...] | None:
    """The detections of such a text; None for what is none."""
    try:
        return tuple(_detection(*numbers) for numbers in json.loads(text))
    except (TypeError, ValueError, RecursionError):
        return None


def _detection(box: Any, landmarks: Any, probability: Any) -> Detection:
    detection = Detection(
        np.array(box, np.float32), np.array(landmarks, np.float32), float(probability)
    )
    shaped = detection.box.shape == (4,) and detection.landmarks.shape == (5, 2)
    finite = np.isfinite(detection.box).all() and np.isfinite(detection.landmarks).all()
    if not (shaped and finite and 0 <= detection.probability <= 1):
        raise ValueError("no detection")
    return detection


def numbers_from(blob: Any) -> np.ndarray | None:
    """Finite float32 numbers, or None."""
    if not isinstance(blob, bytes) or not blob or len(blob) % 4:
        return None
    values = np.frombuffer(blob, np.float32)
    return values if np.isfinite(values).all() else None


def alike(vectors: dict[str, V]) -> dict[str, V]:
    """Those that are as long as most are; None counts as no length."""
    lengths = {digest: -1 if v is None else len(v) for digest, v in vectors.items()}
    usual = Counter(lengths.values()).most_common(1)
    return {digest: v for digest, v in vectors.items() if lengths[digest] == usual[0][0]}
