"""InsightFace's RecordIO (train.rec, train.idx), read without MXNet, every length checked."""

import codecs
import mmap
import struct
from pathlib import Path

import numpy as np

from core.errors import XCosError
from core.faces.photo import decode_photo
from core.lfs import refuse_pointer

MAGIC = 0xCED7230A
RECORD = struct.Struct("<II")  # magic; three bits of continuation, 29 of length
HEADER = struct.Struct("<IfQQ")  # flag, label, id, id2; flag labels of float32 follow
LENGTH = (1 << 29) - 1
WHOLE_OR_LAST = (0, 3)  # continuations: the whole record, its first, middle and last part


class RecordSource:
    """The images of a folder with train.rec and train.idx, and the identities of their labels.

    The index is read whole, images are read when asked for, from the file mapped into memory.
    Without train.idx, or with an empty one, the records are numbered from 0, in their order in train.rec.
    labelled: whether the identities are taken as known
    Raises XCosError for a file that is cut off or no RecordIO.
    """

    def __init__(self, folder: Path, labelled: bool = True) -> None:
        self._path = folder / "train.rec"
        index = folder / "train.idx"
        try:
            with self._path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            state = self._path.stat()
            refuse_pointer(self._path)
            listed = index.read_bytes() if index.exists() else b""
            listed = listed.removeprefix(codecs.BOM_UTF8)
            if listed.strip():
                numbers = np.array(listed.split(), np.int64).reshape(-1, 2)
            else:
                numbers = self._counted()
        except OSError as error:
            raise XCosError(
                f"{error.filename or folder} cannot be read: {error.strerror or error}; "
                "get train.rec and train.idx anew."
            ) from error
        except (ValueError, OverflowError) as error:
            raise XCosError(f"{index} or {self._path} is damaged; get both anew.") from error
        order = np.argsort(numbers[:, 0], kind="stable")
        self._index, self._offsets = numbers[order, 0], numbers[order, 1]
        twice = self._index[1:][np.diff(self._index) == 0]
        if len(twice):
            raise XCosError(
                f"{index} names record {twice[0]} twice; remove it, and train.rec is read without it."
            )
        self.stamp = f"{self._path}\0{state.st_size}\0{state.st_mtime_ns}\n"
        self._keys, identities = self._labels()
        self.identities = identities if labelled else np.full(len(identities), "")

    def name(self, number: int) -> str:
        """Its place in the file."""
        return f"{self._path}, record {self._keys[number]}"

    def read(self, number: int) -> np.ndarray:
        """Pixels (H, W, 3) uint8. Raises XCosError."""
        _, image = self._record(int(self._keys[number]))
        return decode_photo(image, self.name(number))

    def _labels(self) -> tuple[np.ndarray, np.ndarray]:
        """Keys of the images, and the identity of each.

        Record 0 may be a head without image. Of InsightFace it tells which records hold an
        identity's range of images; where there are none, each image's own label tells.
        """
        if len(self._index) == 0:
            raise XCosError(f"{self._path} has no records; get it anew.")
        last = np.inf
        if self._index[0] == 0:
            labels, image = self._record(0)
            if len(labels) == 2 and not image and labels[0] != labels[1]:
                return self._ranges(labels)
            last = labels[0] if not image and labels[0] > 1 else last  # one past the images
        keys, codes = [], []
        for key in self._index[self._index < last].tolist():
            labels, image = self._record(key)
            if image:
                keys.append(key)
                codes.append(self._whole(key, labels[0]))
        return self._known(np.array(keys, np.int64), np.array(codes, np.int64))

    def _ranges(self, labels: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        keys = [np.empty(0, np.int64)]
        for key in self._between(0, labels, "of identities"):
            span, _ = self._record(key)
            if len(span) != 2:
                raise self._damaged(key, "it is an identity without a range")
            keys.append(self._between(key, span, "of images"))
        sizes = [len(part) for part in keys[1:]]
        return self._known(np.concatenate(keys), np.repeat(np.arange(len(sizes)), sizes))

    def _between(self, key: int, span: tuple[float, ...], what: str) -> np.ndarray:
        """Keys of the records from span[0] up to span[1]. Raises XCosError where one is not there."""
        if not all(0 <= end < 2**31 and end == int(end) for end in span) or span[0] > span[1]:
            raise self._damaged(key, f"its range {what} is impossible")
        keys = np.unique(self._index[(self._index >= span[0]) & (self._index < span[1])])
        if len(keys) != span[1] - span[0]:
            raise self._damaged(key, f"its range {what} names records that train.idx lacks")
        return keys

    def _known(self, keys: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(keys):
            raise XCosError(f"{self._path} has no images; get it anew.")
        return keys, np.char.zfill(codes.astype(str), 6)

    def _whole(self, key: int, label: float) -> int:
        if not 0 <= label < 2**31 or label != int(label):
            raise self._damaged(key, f"its label is {label:g}")
        return int(label)

    def _counted(self) -> np.ndarray:
        """Number and place of each record, (n, 2), by walking through the file."""
        starts, at, begun = [], 0, True
        while at < len(self._data):
            if begun:
                starts.append(at)
            length, more = self._head(len(starts) - 1, at)
            begun = more in WHOLE_OR_LAST
            at += RECORD.size + (length + 3) // 4 * 4
        return np.stack([np.arange(len(starts)), np.array(starts, np.int64)], axis=1)

    def _record(self, key: int) -> tuple[tuple[float, ...], bytes]:
        """Labels and content of a record."""
        content = self._content(key)
        if len(content) < HEADER.size:
            raise self._damaged(key, "it is too short")
        flag, label, _, _ = HEADER.unpack_from(content)
        if flag == 0:
            return (label,), content[HEADER.size :]
        end = HEADER.size + 4 * flag
        if end > len(content):
            raise self._damaged(key, f"it lacks some of its {flag} labels")
        return struct.unpack_from(f"<{flag}f", content, HEADER.size), content[end:]

    def _content(self, key: int) -> bytes:
        place = int(np.searchsorted(self._index, key))
        if place == len(self._index) or self._index[place] != key:
            raise self._damaged(key, "train.idx lacks it")
        at = int(self._offsets[place])
        parts: list[bytes] = []
        while True:
            length, more = self._head(key, at)
            start = at + RECORD.size
            parts.append(self._data[start : start + length])
            if more in WHOLE_OR_LAST:
                # A record is cut where its content happens to hold the magic number.
                return struct.pack("<I", MAGIC).join(parts)
            at = start + (length + 3) // 4 * 4

    def _head(self, key: int, at: int) -> tuple[int, int]:
        """Length and continuation of the record, or part of one, that begins at a place."""
        if at < 0 or at + RECORD.size > len(self._data):
            raise self._damaged(key, "it lies beyond the file's end")
        magic, word = RECORD.unpack_from(self._data, at)
        length = word & LENGTH
        if magic != MAGIC:
            raise self._damaged(key, "it does not begin as a record")
        if at + RECORD.size + length > len(self._data):
            raise self._damaged(key, "the file ends within it")
        return length, word >> 29

    def _damaged(self, key: int, why: str) -> XCosError:
        return XCosError(f"{self._path}, record {key} is damaged: {why}; get the file anew.")
