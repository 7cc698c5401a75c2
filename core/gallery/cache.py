"""What was computed once, in one SQLite file: detections, crops, features.

Every row carries a checksum. What does not hold, or is not what it should be, counts as not
there, so that it is computed anew.
"""

import io
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import platformdirs
from PIL import Image

from core.errors import XCosError
from core.faces.face import CELLS, SIDE, Detection
from core.gallery.cache_file import TABLES, is_cache, is_whole
from core.gallery.cache_rows import (
    alike,
    checksum,
    detections_from,
    numbers_from,
    packed_detections,
)
from core.model.features import CHANNELS

CHECKED = 2**25  # bytes of a file up to which all pages are checked when it is opened
# A cache of another version is rebuilt: one more where its tables change, or where a photo gives
# other faces, landmarks or crops than before.
VERSION = 5
CHUNK = 500  # parameters of one query
GRID = CHANNELS * CELLS * CELLS  # numbers that the least grid features have
GARBLED = "its tables have garbled names"
FOREIGN = "it is no cache of xCos Studio; name another file"
# What SQLite says of a file that is damaged, and not merely busy, full or out of reach.
DAMAGE = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_INTERNAL,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_NOTADB,
}


class _Damaged(sqlite3.DatabaseError):
    """What is wrong with a file that SQLite itself would take."""


@dataclass(frozen=True, eq=False)
class PhotoRecord:
    """What detection found in a photo's bytes; width and height in pixels, upright."""

    width: int
    height: int
    detections: tuple[Detection, ...]


class Cache:
    """One SQLite file, shared by windows; when it fails, work goes on from memory.

    path: the file, or None for the user's own cache folder
    warnings: sentences on what was wrong with the file
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_cache()
        self.warnings: list[str] = []
        self._lock = RLock()
        self._broken = False
        self._connection = self._open()

    @property
    def folder(self) -> Path:
        """Where the file lies; project files lie beside it."""
        return self.path.parent

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    # Photos: content by path, detections by content.

    def files(self, paths: Sequence[str]) -> dict[str, tuple[int, int, str]]:
        """Size, modification time in ns and digest of files that were seen before."""
        rows = self._rows("files WHERE path", [os.fsencode(path) for path in paths])
        return {os.fsdecode(path): (size, int(mtime), digest) for path, size, mtime, digest in rows}

    def known_sizes(self, sizes: Sequence[int]) -> set[int]:
        """Which of these bytes some file has that was seen before."""
        return {size for _, size, _, _ in self._rows("files WHERE size", sizes)}

    def put_files(self, rows: Iterable[tuple[str, int, int, str]]) -> None:
        """Remember path, size, modification time and digest of files."""
        packed = [(os.fsencode(path), size, str(mtime), d) for path, size, mtime, d in rows]
        self._put("files", packed)

    def photos(self, digests: Sequence[str]) -> dict[str, PhotoRecord]:
        """What detection found, by the photo's digest."""
        rows = self._rows("photos WHERE digest", digests)
        records = {}
        for digest, width, height, text in rows:
            detections = detections_from(text)
            if detections is not None and width > 0 and height > 0:
                records[digest] = PhotoRecord(width, height, detections)
        return records

    def put_photos(self, records: dict[str, PhotoRecord]) -> None:
        """Remember what detection found, by the photo's digest."""
        rows = [
            (digest, record.width, record.height, packed_detections(record.detections))
            for digest, record in records.items()
        ]
        self._put("photos", rows)

    # Faces: crops and features by the face's digest.

    def crop(self, digest: str) -> np.ndarray | None:
        """The aligned crop (112, 112, 3) uint8, or None."""
        for _, png in self._rows("crops WHERE digest", [digest]):
            try:
                with Image.open(io.BytesIO(png)) as image:
                    if image.size == (SIDE, SIDE):
                        return np.array(image.convert("RGB"))
            except Exception:  # whatever a decoder raises, it is made anew
                continue
        return None

    def put_crops(self, crops: dict[str, bytes]) -> None:
        """Keep crops, as `packed_crop` makes them."""
        self._put("crops", crops.items())

    def features(
        self, model: str, digests: Sequence[str]
    ) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
        """Grid features (C, 7, 7) and embedding of faces, as a model computed them."""
        grids: dict[str, np.ndarray] = {}
        embeddings: dict[str, np.ndarray | None] = {}
        for digest, _, blob, embedding in self._rows(
            "features WHERE model = ? AND digest", digests, model
        ):
            grid, vector = numbers_from(blob), numbers_from(embedding)
            if (
                grid is not None
                and grid.size % GRID == 0
                and (vector is not None or embedding is None)
            ):
                grids[digest], embeddings[digest] = grid.reshape(-1, CELLS, CELLS), vector
        usual = alike(grids)
        return {
            digest: (usual[digest], vector)
            for digest, vector in alike(embeddings).items()
            if digest in usual
        }

    def put_features(
        self, model: str, rows: Iterable[tuple[str, np.ndarray, np.ndarray | None]]
    ) -> None:
        """Keep a model's grid features and embeddings of faces, by digest."""
        packed = [
            (
                digest,
                model,
                grid.tobytes(),
                None if embedding is None else embedding.tobytes(),
            )
            for digest, grid, embedding in rows
        ]
        self._put("features", packed)

    def targets(self, model: str, digests: Sequence[str]) -> dict[str, np.ndarray]:
        """Embeddings of faces, as a target gave them."""
        rows = self._rows("targets WHERE model = ? AND digest", digests, model)
        vectors = {digest: numbers_from(blob) for digest, _, blob in rows}
        return alike({digest: vector for digest, vector in vectors.items() if vector is not None})

    def put_targets(self, model: str, rows: Iterable[tuple[str, np.ndarray]]) -> None:
        """Keep a target's embeddings of faces, by digest."""
        self._put("targets", [(digest, model, vector.tobytes()) for digest, vector in rows])

    # Galleries.

    def put_members(self, gallery: str, digests: Iterable[str]) -> None:
        """Remember which faces a gallery has, so that it can be forgotten."""
        rows = [(gallery, digest) for digest in digests]
        self._write("INSERT OR IGNORE INTO members VALUES (?, ?)", rows)

    def forget(self, gallery: str, paths: Sequence[str]) -> None:
        """Delete what is known of a gallery's faces, but what other galleries share.

        Raises XCosError when the cache cannot be written.
        """
        own = (
            "(SELECT digest FROM members WHERE gallery = ?1 AND digest NOT IN "
            "(SELECT digest FROM members WHERE gallery != ?1))"
        )
        try:
            with self._lock, self._connection:
                for table in ("crops", "features", "targets"):
                    self._connection.execute(
                        f"DELETE FROM {table} WHERE digest IN {own}", (gallery,)
                    )
                self._connection.execute("DELETE FROM members WHERE gallery = ?", (gallery,))
                self._connection.executemany(
                    "DELETE FROM files WHERE path = ?", [(os.fsencode(p),) for p in paths]
                )
            with self._lock:
                self._connection.execute("VACUUM")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise XCosError(
                f"The cache {self.path} could not be changed ({error}); close other windows and retry."
            ) from error

    # The file.

    def _open(self) -> sqlite3.Connection:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and not self.path.is_file():
                return self._from_memory("it is no file")  # SQLite waits at a pipe for good
            if not self._own():
                return self._from_memory(FOREIGN)
            if self.path.exists() and not is_whole(self.path):
                raise _Damaged("it is cut off")
            return self._prepared()
        except sqlite3.Error as error:
            return self._replaced(error)
        except OSError as error:
            return self._from_memory(error.strerror or str(error))

    def _prepared(self, path: str = "") -> sqlite3.Connection:
        """Connect and make the tables where there are none. Raises sqlite3.Error."""
        connection = sqlite3.connect(path or str(self.path), timeout=10, check_same_thread=False)
        # Damaged text must not end the reading: its row's checksum tells.
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            # Immediate, so that of two windows that start at once only one makes the tables.
            connection.execute("BEGIN IMMEDIATE")
            if not _schema(connection):
                _make_tables(connection)
            connection.execute("COMMIT")
            wanted = sqlite3.connect(":memory:")
            _make_tables(wanted)
            _check_pages(connection)
            known = _schema(connection) == _schema(wanted)
            if not known or connection.execute("SELECT * FROM about").fetchall() != [(VERSION,)]:
                raise _Damaged("its tables are those of another version")
        except sqlite3.Error:
            connection.close()
            raise
        except (
            UnicodeDecodeError
        ) as error:  # of SQLite's own sentence, which quotes what is damaged
            connection.close()
            raise _Damaged(GARBLED) from error
        return connection

    def _replaced(self, error: sqlite3.Error) -> sqlite3.Connection:
        """What to use instead of a file that fails: damaged ones are rebuilt, others left alone."""
        damaged = isinstance(error, _Damaged) or (
            getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE
        )
        return self._rebuilt(str(error)) if damaged else self._from_memory(str(error))

    def _own(self) -> bool:
        """Whether the file may be deleted. Raises OSError where it cannot be read."""
        return self.path == default_cache() or is_cache(self.path)

    def _rebuilt(self, reason: str) -> sqlite3.Connection:
        try:
            if not self._own():
                return self._from_memory(FOREIGN)
        except OSError as error:
            return self._from_memory(error.strerror or str(error))
        self.warnings.append(f"The cache {self.path} was built anew, since {reason}.")
        try:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            return self._prepared()
        except (OSError, sqlite3.Error) as error:
            return self._from_memory(str(error))

    def _from_memory(self, reason: str) -> sqlite3.Connection:
        self._broken = True
        self.warnings.append(
            f"The cache {self.path} cannot be used ({reason}); nothing is kept after closing."
        )
        return self._prepared(":memory:")

    def _rows(self, where: str, keys: Sequence[str | bytes | int], *first: str) -> list[tuple]:
        """Rows of a table by their keys, without the checksum; those that it fits."""
        rows: list[tuple] = []
        with self._guarded():
            for start in range(0, len(keys), CHUNK):
                part = list(keys[start : start + CHUNK])
                query = f"SELECT * FROM {where} IN ({', '.join('?' * len(part))})"
                rows += self._connection.execute(query, [*first, *part]).fetchall()
            return [row[:-1] for row in rows if row[-1] == checksum(row[:-1])]
        return []

    def _put(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows with their checksums."""
        whole = [(*row, checksum(row)) for row in rows]
        if whole:
            marks = ", ".join("?" * len(whole[0]))
            self._write(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", whole)

    def _write(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        rows = list(rows)
        with self._guarded(), self._connection:
            self._connection.executemany(query, rows)
            return
        with (
            self._lock,
            self._connection,
        ):  # the file failed: this goes to what replaced it
            self._connection.executemany(query, rows)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Replace a file that fails while in use."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, UnicodeDecodeError) as error:
                if self._broken:
                    raise
                self._connection.close()
                told = error if isinstance(error, sqlite3.Error) else _Damaged(GARBLED)
                self._connection = self._replaced(told)


def packed_crop(crop: np.ndarray) -> bytes:
    """A crop (112, 112, 3) uint8 as a PNG file, without loss."""
    buffer = io.BytesIO()
    Image.fromarray(crop).save(buffer, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def default_cache() -> Path:
    """The user's own cache file."""
    return Path(platformdirs.user_cache_dir("xcos-studio", False)) / "cache.sqlite"


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO about VALUES (?)", (VERSION,))


def _schema(connection: sqlite3.Connection) -> list[tuple]:
    return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def _check_pages(connection: sqlite3.Connection) -> None:
    """Raise _Damaged where pages contradict each other; large files are trusted, since it reads all.

    What such a page loses is missed at each reading, and writing it again may not bring it back.
    """
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    if pages * size <= CHECKED:
        verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _Damaged(f"its pages contradict each other ({verdict})")
