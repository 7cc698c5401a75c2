"""Galleries and pairs as tables, and photos packed into files."""

import pickle
import struct
from pathlib import Path
from random import Random

import numpy as np

from core.errors import XCosError
from core.evaluation.protocol import read_any_pairs, read_protocol
from core.gallery.folder import scan
from core.training.recordio import MAGIC
from core.training.sources import open_source
from tests.fuzz.harness import Reader, Wrong
from tests.fuzz.mutation import mutated, with_other_cells
from tests.fuzz.photos import pictures

TABLES = {
    "gallery.csv": b'path,identity\na/1.jpg,Ann\nb/2.png,"Bob, jr"\nc.jpg,\n/etc/x.jpg,Z\n',
    "pairs.csv": b"left,right,same\n"
    + b"".join(b"a/%d.jpg,b/%d.jpg,%d\n" % (n, n, n % 2) for n in range(24)),
    "pairs.txt": b"2\t2\n" + b"Ann\t1\t2\nAnn\t1\t3\nAnn\t1\tBob\t2\nAnn\t1\tCem\t1\n" * 2,
    "pairsDevTest.txt": b"2\nAnn\t1\t2\nAnn\t1\t3\nAnn\t1\tBob\t2\nAnn\t1\tCem\t1\n",
    "splits.txt": b"split number, first name, second name, is same\n1, Ann/0, Ann/1, 1\n"
    b"1, Ann/0, Bob/1, 0\n2, Ann/0, Ann/2, 1\n2, Cem/0, Bob/1, 0\n",
}


class Tables(Reader):
    """CSV galleries and pairs, LFW's and YouTube Faces' lists."""

    name = "tables"
    quick = 300

    def mutant(self, rng: Random) -> bytes:
        name = rng.choice([*TABLES])
        self.path = self.folder / name
        change = mutated if rng.random() < 0.5 else with_other_cells
        return change(TABLES[name], rng)

    def read(self) -> None:
        if self.path.name == "gallery.csv":
            scan(self.path)
            return
        pairs = read_protocol(self.path, self.folder)
        if not len(pairs.left) == len(pairs.right) == len(pairs.same) > 0:
            raise Wrong("left, right and same are of different lengths")
        if self.path.suffix == ".csv":
            read_any_pairs(self.path, self.folder)


class Bins(Reader):
    """InsightFace's .bin: pickles of pictures, some of which carry code."""

    name = "bins"
    quick = 200

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path, self._canary, self._out = folder / "x.bin", folder / "canary", folder / "out"
        self._out.mkdir()
        coded = pictures(16)[".jpg"][:2] * 2
        arrays = [np.frombuffer(one, np.uint8) for one in coded]
        pixels = [np.full((112, 112, 3), n, np.uint8) for n in range(4)]
        same = [True, False]
        self._seeds = [pickle.dumps((coded, same), protocol) for protocol in (2, 4, 5)]
        self._seeds += [pickle.dumps((arrays, same), 4), pickle.dumps((pixels, same), 4)]
        self._seeds += [pickle.dumps(([bytearray(c) for c in coded], np.array(same)), 5)]
        tiny = [b"\xff\xd8\xff", b"abc"] * 2
        self._seeds += [pickle.dumps((tiny, same), protocol) for protocol in (0, 1, 2, 4)]
        for what in (_Code(self._canary), ([_Code(self._canary)] * 4, same), {"a": 1}, 5, "ab",
                     (tiny, "ab"), (tiny, [float("nan"), None]), ([np.zeros(0, np.uint8)] * 2, [True]),
                     ([np.zeros((4, 4, 5), np.uint8)] * 2, [True])):  # fmt: skip
            self._seeds.append(pickle.dumps(what))

    def mutant(self, rng: Random) -> bytes:
        seed = rng.choice(self._seeds)
        return seed if rng.random() < 0.1 else mutated(seed, rng)

    def read(self) -> None:
        try:
            pairs = read_protocol(self.path, self._out)
        finally:
            if self._canary.exists():
                self._canary.unlink()
                raise Wrong("code of a pickle was run")
            for made in self._out.iterdir():
                made.unlink()
        if not len(pairs.left) == len(pairs.right) == len(pairs.same) or pairs.same.dtype != bool:
            raise Wrong("left, right and same do not fit")


class _Code:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self._path), "w")


class RecordIO(Reader):
    """train.rec and train.idx, with and without ranges of people."""

    name = "recordio"
    quick = 150
    names = False  # it may be either file

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._coded = pictures(16)[".jpg"]
        self._seeds = [self._plain(), self._ranged()]

    def mutant(self, rng: Random) -> bytes:
        records, index = rng.choice(self._seeds)
        which = rng.random()
        if which < 0.6:
            records = mutated(records, rng)
        if which > 0.5:
            index = mutated(index, rng)
        return struct.pack("<I", len(index)) + index + records

    def place(self, data: bytes) -> None:
        (length,) = struct.unpack("<I", data[:4])
        (self.folder / "train.idx").write_bytes(data[4 : 4 + length])
        (self.folder / "train.rec").write_bytes(data[4 + length :])

    def read(self) -> None:
        source = open_source(self.folder, True)
        if len(source.identities) > 100:
            raise Wrong("far more images than records")
        unread = None
        for number in range(len(source.identities)):
            try:
                pixels = source.read(number)
            except XCosError as error:  # the others are read all the same
                unread = error
                continue
            if pixels.dtype != np.uint8 or pixels.ndim != 3:
                raise Wrong("pixels of a record")
        if unread is not None:
            raise unread

    def _plain(self) -> tuple[bytes, bytes]:
        records, index = b"", b""
        for number, coded in enumerate(self._coded):
            index += b"%d\t%d\n" % (number + 1, len(records))
            records += _record(struct.pack("<IfQQ", 0, number // 2, number, 0) + coded)
        return records, index

    def _ranged(self) -> tuple[bytes, bytes]:
        count = len(self._coded)
        contents = [struct.pack("<IfQQ2f", 2, 0, 0, 0, count + 1, count + 3)]
        for number, coded in enumerate(self._coded):
            contents.append(struct.pack("<IfQQ", 0, number // 2, number, 0) + coded)
        for person in range(2):
            first = 1 + 2 * person
            contents.append(struct.pack("<IfQQ2f", 2, 0, 0, 0, first, first + 2))
        records, index = b"", b""
        for key, content in enumerate(contents):
            index += b"%d\t%d\n" % (key, len(records))
            records += _record(content)
        return records, index


def _record(content: bytes) -> bytes:
    return struct.pack("<II", MAGIC, len(content)) + content + b"\0" * (-len(content) % 4)
