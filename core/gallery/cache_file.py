"""The file of the cache from outside: its tables, whether it is one, and whether it is whole."""

import struct
from pathlib import Path

# Paths are bytes, since a file's name may be no text; a time may be too large for an integer.
TABLES = """
CREATE TABLE about (version INTEGER);
CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER, mtime TEXT, digest TEXT,
    checksum INTEGER);
CREATE TABLE photos (digest TEXT PRIMARY KEY, width INTEGER, height INTEGER, detections TEXT,
    checksum INTEGER);
CREATE TABLE crops (digest TEXT PRIMARY KEY, png BLOB, checksum INTEGER);
CREATE TABLE features (digest TEXT, model TEXT, grid BLOB, embedding BLOB, checksum INTEGER,
    PRIMARY KEY (digest, model)) WITHOUT ROWID;
CREATE TABLE targets (digest TEXT, model TEXT, embedding BLOB, checksum INTEGER,
    PRIMARY KEY (digest, model)) WITHOUT ROWID;
CREATE TABLE members (gallery TEXT, digest TEXT, PRIMARY KEY (gallery, digest)) WITHOUT ROWID;
"""
MAGIC = b"SQLite format 3\0"
SCHEMA_BYTES = 2**16  # of a file, in which SQLite has the text of its first tables
TABLE_HEADS = [
    statement.strip().split(",")[0].encode()
    for statement in TABLES.split(";")
    if "digest" in statement
]


def is_cache(path: Path) -> bool:
    """Whether a file is a cache, sound or damaged, or holds nothing yet; not a file of the user's."""
    if not path.exists():
        return True
    with path.open("rb") as file:
        beginning = file.read(SCHEMA_BYTES)
    if beginning and not beginning.startswith(MAGIC):
        return False
    log = Path(f"{path}-wal")  # tables that were just made stand only here
    if log.exists():
        with log.open("rb") as file:
            beginning += file.read(SCHEMA_BYTES)
    return b"CREATE " not in beginning or any(head in beginning for head in TABLE_HEADS)


def is_whole(path: Path) -> bool:
    """Whether a SQLite file has all pages that its header counts."""
    with path.open("rb") as file:
        header = file.read(100)
    if not header:
        return True  # another window has just made it
    if len(header) < 100 or not header.startswith(MAGIC):
        return False
    if not {header[18], header[19]} <= {1, 2}:  # the format's version: SQLite would only read it
        return False
    page = struct.unpack(">H", header[16:18])[0]
    pages = struct.unpack(">I", header[28:32])[0]
    return path.stat().st_size >= pages * (65536 if page == 1 else page)
