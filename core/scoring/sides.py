"""What stands along the two sides of a shown matrix: faces or groups of faces, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Side:
    """Items in the order shown, each of one or more faces; the matrix itself keeps its order.

    places: (k,) int32 places of faces in the matrix, item after item
    starts: (items + 1,) int32, where each item's faces start among the places
    names:  of the items; empty where each is a single face, which has its own name
    """

    places: np.ndarray
    starts: np.ndarray
    names: tuple[str, ...] = ()

    @staticmethod
    def of_faces(places: np.ndarray) -> "Side":
        """Single faces in an order."""
        return Side(places.astype(np.int32), np.arange(len(places) + 1, dtype=np.int32))

    @staticmethod
    def of_groups(groups: Sequence[tuple[str, np.ndarray]]) -> "Side":
        """Groups, each a name and the places of at least one face; a face may be in several."""
        sizes = [len(places) for _, places in groups]
        places = np.concatenate([np.empty(0, np.int32), *(p for _, p in groups)]).astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int32)
        return Side(places, starts, tuple(name for name, _ in groups))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def single(self) -> bool:
        """Whether each item is one face."""
        return len(self) == len(self.places) and not self.names

    def in_order(self, items: np.ndarray) -> "Side":
        """The same items in another order, by their places (items,) among these."""
        if self.single:
            return Side.of_faces(self.places[items])
        return Side.of_groups([(self.names[item], self.faces(int(item))) for item in items])

    def faces(self, first: int, stop: int | None = None) -> np.ndarray:
        """Places of the faces of an item, or of the items from `first` to before `stop`."""
        stop = first + 1 if stop is None else stop
        return self.places[self.starts[first] : self.starts[stop]]

    def edges(self, step: int) -> np.ndarray:
        """Where each `step` items start among the places, and the end."""
        edges: np.ndarray = np.append(self.starts[:-1:step], self.starts[-1])
        return edges

    @cached_property
    def items(self) -> np.ndarray:
        """The item of each of the places, (k,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @cached_property
    def _first_items(self) -> dict[int, int]:
        return dict(zip(self.places[::-1].tolist(), self.items[::-1].tolist(), strict=True))

    def item_of(self, place: int) -> int | None:
        """The first item that has a face, or None where none has."""
        return self._first_items.get(place)

    def items_touched(self, faces: slice) -> np.ndarray:
        """Which items have one of some faces of the matrix, by their places among the items."""
        here = (self.places >= faces.start) & (self.places < faces.stop)
        return np.unique(self.items[here])


@dataclass(frozen=True, eq=False)
class Arrangement:
    """What is shown of a matrix, and in which order."""

    rows: Side
    columns: Side

    @staticmethod
    def plain(rows: int, columns: int) -> "Arrangement":
        """Every face, in the order of the matrix."""
        return Arrangement(Side.of_faces(np.arange(rows)), Side.of_faces(np.arange(columns)))

    @property
    def shape(self) -> tuple[int, int]:
        """Items down and across."""
        return len(self.rows), len(self.columns)

    @property
    def cells_are_pairs(self) -> bool:
        """Whether each cell is one pair of faces."""
        return self.rows.single and self.columns.single

    def pair_at(self, row: int, column: int) -> tuple[int, int]:
        """The matrix's pair in a cell; of groups that of their first faces."""
        return int(self.rows.faces(row)[0]), int(self.columns.faces(column)[0])

    def cell_of(self, pair: tuple[int, int]) -> tuple[int, int] | None:
        """The cell that shows a pair of the matrix; None where it is left out."""
        row, column = self.rows.item_of(pair[0]), self.columns.item_of(pair[1])
        return None if row is None or column is None else (row, column)

    @cached_property
    def own_cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells (q,), (q,) that hold a face with itself, one entry a face, for a square matrix."""
        order = np.argsort(self.columns.places, kind="stable")
        along = self.columns.places[order]
        first = np.searchsorted(along, self.rows.places, "left")
        number = np.searchsorted(along, self.rows.places, "right") - first
        steps = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        across = order[np.repeat(first, number) + steps]
        return np.repeat(self.rows.items, number), self.columns.items[across]
