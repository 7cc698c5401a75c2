"""What was computed once, in one SQLite file: detections, crops, features."""

import io
import json
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

import numpy as np
import platformdirs
from PIL import Image

from core.errors import XCosError
from core.faces.face import Detection

VERSION = 2  # a cache of another version is rebuilt
CHUNK = 500  # parameters of one query
TABLES = """
CREATE TABLE about (version INTEGER);
CREATE TABLE files (path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, digest TEXT);
CREATE TABLE photos (digest TEXT PRIMARY KEY, width INTEGER, height INTEGER, detections TEXT);
CREATE TABLE crops (digest TEXT PRIMARY KEY, png BLOB);
CREATE TABLE features (digest TEXT, model TEXT, grid BLOB, embedding BLOB,
    PRIMARY KEY (digest, model)) WITHOUT ROWID;
CREATE TABLE targets (digest TEXT, model TEXT, embedding BLOB, PRIMARY KEY (digest, model))
    WITHOUT ROWID;
CREATE TABLE members (gallery TEXT, digest TEXT, PRIMARY KEY (gallery, digest)) WITHOUT ROWID;
"""


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
        rows = self._read("SELECT path, size, mtime, digest FROM files WHERE path IN ({})", paths)
        return {path: (size, mtime, digest) for path, size, mtime, digest in rows}

    def put_files(self, rows: Iterable[tuple[str, int, int, str]]) -> None:
        """Remember path, size, modification time and digest of files."""
        self._write("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)

    def photos(self, digests: Sequence[str]) -> dict[str, PhotoRecord]:
        """What detection found, by the photo's digest."""
        rows = self._read(
            "SELECT digest, width, height, detections FROM photos WHERE digest IN ({})",
            digests,
        )
        return {digest: PhotoRecord(w, h, _detections(text)) for digest, w, h, text in rows}

    def put_photos(self, records: dict[str, PhotoRecord]) -> None:
        """Remember what detection found, by the photo's digest."""
        rows = [
            (digest, record.width, record.height, _packed(record.detections))
            for digest, record in records.items()
        ]
        self._write("INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?)", rows)

    # Faces: crops and features by the face's digest.

    def crop(self, digest: str) -> np.ndarray | None:
        """The aligned crop (112, 112, 3) uint8, or None."""
        rows = self._read("SELECT png, 0 FROM crops WHERE digest IN ({})", [digest])
        if not rows:
            return None
        with Image.open(io.BytesIO(rows[0][0])) as image:
            return np.array(image.convert("RGB"))

    def crops_known(self, digests: Sequence[str]) -> set[str]:
        """Which of these faces have a crop."""
        rows = self._read("SELECT digest, 0 FROM crops WHERE digest IN ({})", digests)
        return {row[0] for row in rows}

    def put_crops(self, crops: dict[str, bytes]) -> None:
        """Keep crops, as `packed_crop` makes them."""
        self._write("INSERT OR REPLACE INTO crops VALUES (?, ?)", crops.items())

    def features(
        self, model: str, digests: Sequence[str]
    ) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
        """Grid features (32, 7, 7) and embedding of faces, as a model computed them."""
        rows = self._read(
            "SELECT digest, grid, embedding FROM features WHERE model = ? AND digest IN ({})",
            digests,
            model,
        )
        found: dict[str, tuple[np.ndarray, np.ndarray | None]] = {}
        for digest, grid, embedding in rows:
            if len(grid) == 32 * 49 * 4:
                values = np.frombuffer(grid, np.float32).reshape(32, 7, 7)
                found[digest] = (
                    values,
                    None if embedding is None else _vector(embedding),
                )
        return found

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
        self._write("INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?)", packed)

    def targets(self, model: str, digests: Sequence[str]) -> dict[str, np.ndarray]:
        """Embeddings of faces, as a target gave them."""
        query = "SELECT digest, embedding FROM targets WHERE model = ? AND digest IN ({})"
        return {digest: _vector(blob) for digest, blob in self._read(query, digests, model)}

    def put_targets(self, model: str, rows: Iterable[tuple[str, np.ndarray]]) -> None:
        """Keep a target's embeddings of faces, by digest."""
        packed = [(digest, model, embedding.tobytes()) for digest, embedding in rows]
        self._write("INSERT OR REPLACE INTO targets VALUES (?, ?, ?)", packed)

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
                    "DELETE FROM files WHERE path = ?", [(p,) for p in paths]
                )
            with self._lock:
                self._connection.execute("VACUUM")
        except sqlite3.Error as error:
            raise XCosError(
                f"The cache {self.path} could not be changed ({error}); close other windows and retry."
            ) from error

    # The file.

    def _open(self) -> sqlite3.Connection:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and not _whole(self.path):
                raise sqlite3.DatabaseError("it is cut off")
            connection = self._connect(str(self.path))
            self._prepare(connection)
            return connection
        except sqlite3.OperationalError as error:
            return self._from_memory(str(error))
        except sqlite3.DatabaseError as error:
            return self._rebuilt(str(error))
        except OSError as error:
            return self._from_memory(error.strerror or str(error))

    def _connect(self, path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=10, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # Immediate, so that of two windows that start at once only one makes the tables.
        connection.execute("BEGIN IMMEDIATE")
        made = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not made:
            for statement in TABLES.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO about VALUES (?)", (VERSION,))
        connection.execute("COMMIT")
        version = connection.execute("SELECT version FROM about").fetchone()
        if version != (VERSION,):
            connection.close()
            raise sqlite3.DatabaseError("another version wrote it")

    def _rebuilt(self, reason: str) -> sqlite3.Connection:
        self.warnings.append(f"The cache {self.path} was built anew, since {reason}.")
        try:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            connection = self._connect(str(self.path))
            self._prepare(connection)
            return connection
        except (OSError, sqlite3.Error) as error:
            return self._from_memory(str(error))

    def _from_memory(self, reason: str) -> sqlite3.Connection:
        self._broken = True
        self.warnings.append(
            f"The cache {self.path} cannot be used ({reason}); nothing is kept after closing."
        )
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._prepare(connection)
        return connection

    def _read(self, query: str, keys: Sequence[str], *first: str) -> list[tuple]:
        rows: list[tuple] = []
        with self._guarded():
            for start in range(0, len(keys), CHUNK):
                part = list(keys[start : start + CHUNK])
                marks = ", ".join("?" * len(part))
                rows += self._connection.execute(query.format(marks), [*first, *part]).fetchall()
            return rows
        return []

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
        """Replace a file that fails while in use: damaged ones are rebuilt, others left alone."""
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                if self._broken:
                    raise
                self._connection.close()
                self._connection = self._from_memory(str(error))
            except sqlite3.DatabaseError as error:
                if self._broken:
                    raise
                self._connection.close()
                self._connection = self._rebuilt(str(error))


def packed_crop(crop: np.ndarray) -> bytes:
    """A crop (112, 112, 3) uint8 as a PNG file, without loss."""
    buffer = io.BytesIO()
    Image.fromarray(crop).save(buffer, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def default_cache() -> Path:
    """The user's own cache file."""
    return Path(platformdirs.user_cache_dir("xcos-studio", False)) / "cache.sqlite"


def _whole(path: Path) -> bool:
    """Whether a SQLite file has all pages that its header counts."""
    with path.open("rb") as file:
        header = file.read(100)
    if not header:
        return True  # another window has just made it
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        return False
    page = struct.unpack(">H", header[16:18])[0]
    pages = struct.unpack(">I", header[28:32])[0]
    return path.stat().st_size >= pages * (65536 if page == 1 else page)


def _packed(detections: Iterable[Detection]) -> str:
    return json.dumps([[d.box.tolist(), d.landmarks.tolist(), d.probability] for d in detections])


def _detections(text: str) -> tuple[Detection, ...]:
    return tuple(
        Detection(np.array(box, np.float32), np.array(marks, np.float32), float(probability))
        for box, marks, probability in json.loads(text)
    )


def _vector(blob: bytes) -> np.ndarray:
    return np.frombuffer(blob, np.float32)
