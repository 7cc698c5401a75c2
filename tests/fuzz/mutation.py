"""Changes that files suffer, and values of every type where one of them is expected."""

import copy
import json
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

INTS = (0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**400, -(10**30), 2**63, float("nan"), float("inf"),
    "", "x", "NaN", "\x00", "\ud800", "a" * 100_000, "../../etc/passwd", "~nobody/x",
    [], {}, [[]], [None], [1, 2, 3], [1e9] * 3, {"a": None}, {"": {}},
)  # fmt: skip
KEYS = ("x", "", "\ud800", "[]", "null", '["face"]', '["pair","a"]', "[1,2]", "[" * 2000)
CELLS = (
    b"", b" ", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'"""', b"a" * 140_000, b"1e9", b"-1",
    b"nan", "\N{SUPERSCRIPT TWO}".encode(), "\N{ARABIC-INDIC DIGIT THREE}".encode(), b"9" * 30,
    b"=cmd()", b"../../x.jpg", b"\r", b"\n\n\n", b",,,,", b";", b"\t\t", b"\x80abc", b"0x10",
)  # fmt: skip


def mutated(data: bytes, rng: Random) -> bytes:
    """Bytes after one to three changes: flipped, cut, left out, doubled, moved, overwritten."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if made:
            rng.choice(CHANGES)(made, rng)
    return bytes(made)


def _flip(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 1, 4, 16, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _head(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 2, 8))):
        data[rng.randrange(min(len(data), 64))] = rng.randrange(256)


def _cut(data: bytearray, rng: Random) -> None:
    del data[rng.randrange(len(data)) :]


def _leave_out(data: bytearray, rng: Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.choice((1, 2, 4, 100, 1000))]


def _double(data: bytearray, rng: Random) -> None:
    start, to = rng.randrange(len(data)), rng.randrange(len(data))
    data[to:to] = data[start : start + rng.choice((1, 4, 32, 512))]


def _move(data: bytearray, rng: Random) -> None:
    start, to, length = rng.randrange(len(data)), rng.randrange(len(data)), rng.choice((4, 32, 512))
    data[to : to + length] = data[start : start + length]


def _int(data: bytearray, rng: Random) -> None:
    start = rng.randrange(rng.choice((len(data), min(len(data), 256))))
    data[start : start + 4] = rng.choice(INTS).to_bytes(4, rng.choice(("big", "little")))


def _insert(data: bytearray, rng: Random) -> None:
    start = rng.randrange(len(data))
    data[start:start] = rng.randbytes(rng.choice((1, 3, 40)))


CHANGES = (_flip, _head, _cut, _leave_out, _double, _move, _int, _insert)


def with_other_cells(table: bytes, rng: Random) -> bytes:
    """Lines of a table in which cells have other values, or are missing."""
    lines = table.split(b"\n")
    for _ in range(rng.choice((1, 1, 3))):
        place = rng.randrange(len(lines))
        between = b"," if b"," in lines[place] else b"\t"
        cells = lines[place].split(between)
        cells[rng.randrange(len(cells))] = rng.choice(CELLS)
        if rng.random() < 0.2:
            cells = cells[: rng.randrange(len(cells) + 1)]
        lines[place] = between.join(cells)
    return b"\n".join(lines)


def confused(document: Any, rng: Random) -> bytes:
    """JSON of a document with values of other types, other keys, and lists in lists."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20 * limit)
    try:
        said = json.dumps(_confuse(copy.deepcopy(document), rng))
    finally:
        sys.setrecursionlimit(limit)
    return said.encode("utf-8", "surrogatepass")


def _confuse(document: Any, rng: Random) -> Any:
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        places = [place for place in _places(document) if place]
        if not places:
            break
        *way, last = rng.choice(places)
        node = document
        for key in way:
            node = node[key]
        how = rng.random()
        if how < 0.6:
            node[last] = copy.deepcopy(rng.choice(VALUES))
        elif how < 0.75:
            del node[last]
        elif how < 0.9 and isinstance(node, dict):
            node[rng.choice(KEYS)] = node[last]
        else:
            node[last] = nested(rng.choice((10, 300, 900)))
    return document


def nested(depth: int) -> list[Any]:
    """Lists in lists."""
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


def _places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    if isinstance(node, dict | list):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _places(child, (*way, key))
