"""The gallery's and the pairs' lists: what each row says, and the orders in which rows stand."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPixmap

from core.faces.face import Face, Problem
from core.gallery.gallery import Gallery
from core.project.edits import Edits, face_subject, pair_subject, pair_subjects
from core.scoring.lists import PairList
from core.scoring.matrix import ScoreMatrix
from xcos_gui.panels.gallery.groups import GroupedFaces
from xcos_gui.panels.gallery.model import FACE_ROLE, PAIR_ROLE, GalleryModel
from xcos_gui.panels.matrix.hints import hint_of
from xcos_gui.panels.pairs.model import (
    FIRST_CONDITION,
    FRAGILE,
    LEFT,
    LR,
    OUTCOME,
    RIGHT,
    SCORE,
    TAGS,
    KeptPairs,
    PairsModel,
)

Role = Qt.ItemDataRole
DOWN, UP = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
MINUS = "\N{MINUS SIGN}"


class Pictures(QObject):
    """Thumbnails that are there or not."""

    ready = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, bool]] = []
        self.arrived: frozenset[str] = frozenset()
        self.known: dict[str, QPixmap] = {}

    def get(self, face: Face, probe: bool = False) -> QPixmap | None:
        self.asked.append((face.key, probe))
        return self.known.get(face.digest)


def face(key: str, identity: str | None, doubt: str | None = None) -> Face:
    return Face(key, 1, identity, None, f"d-{key}", doubt)


FACES = (
    face("ann/10.png", "ann"), face("ann/9.png", "ann", "is small"), face("bob/2.png", "bob"),
    face("cem/1.png", "cem"), face("x/3.png", None),
)  # fmt: skip
YAW = {"ann/10.png": -30.0, "ann/9.png": 5.0, "bob/2.png": None, "cem/1.png": 12.0, "x/3.png": 20.0}


class Conditions:
    def __init__(self) -> None:
        self.asks = 0

    def ask(self) -> None:
        self.asks += 1

    def value(self, face: Face, name: str) -> float | None:
        assert name == "yaw"
        return YAW[face.key]

    def words(self, face: Face) -> str:
        return f"Yaw {YAW[face.key]}" if face.key == "cem/1.png" else ""


def gallery_session() -> SimpleNamespace:
    edits = dataclasses.replace(Edits(), tags={face_subject("cem/1.png"): ("hat", "a, b")})
    gallery = Gallery(Path("g"), Path("g"), FACES, (), (face("zoe/1.png", "zoe"),))
    return SimpleNamespace(
        loaded=SimpleNamespace(gallery=gallery), project=SimpleNamespace(edits=edits),
        rows=gallery, columns=gallery,
        conditions=Conditions(), pair=None, faces_of=lambda _: (FACES[3], FACES[0]),
    )  # fmt: skip


def shown(model: GalleryModel) -> list[str]:
    return [model.index(row).data(FACE_ROLE).key for row in range(model.rowCount())]


def test_faces_stand_in_each_order(qapp: object) -> None:
    session, pictures = gallery_session(), Pictures()
    model = GalleryModel(session, pictures, False)  # type: ignore[arg-type]
    grouped = GroupedFaces(model)
    model.refresh()
    keys = [one.key for one in FACES]
    assert shown(model) == keys and session.conditions.asks == 0
    heads = [
        "ann  ·  2 faces", "10.png", "9.png", "bob  ·  1 face", "2.png", "cem  ·  1 face", "1.png",
        "Unknown  ·  1 face", "3.png",
    ]  # fmt: skip
    assert [grouped.index(row).data() for row in range(grouped.rowCount())] == heads
    assert [grouped.face_row(grouped.index(row)) for row in range(9)] == [
        None, 0, 1, None, 2, None, 3, None, 4,
    ]  # fmt: skip
    assert [grouped.place_of(row).row() for row in range(5)] == [1, 2, 4, 6, 8]
    for row in range(9):
        chosen = bool(grouped.flags(grouped.index(row)) & Qt.ItemFlag.ItemIsSelectable)
        assert chosen == (row not in (0, 3, 5, 7))
    model.order_by("name")
    assert shown(model) == ["cem/1.png", "bob/2.png", "x/3.png", "ann/9.png", "ann/10.png"]
    assert grouped.rowCount() == 5 and not model.by_condition
    model.order_by("doubt")
    assert shown(model) == ["ann/9.png", *(key for key in keys if key != "ann/9.png")]
    model.order_by("yaw")  # the farthest turned first, whichever way; unknown last
    assert shown(model) == ["ann/10.png", "x/3.png", "cem/1.png", "ann/9.png", "bob/2.png"]
    assert session.conditions.asks == 1 and model.by_condition
    captions = [model.index(row).data() for row in range(5)]
    assert captions[1:] == ["20", "12", "5", "not known"]
    aside = GalleryModel(session, pictures, True)  # type: ignore[arg-type]
    aside.refresh()
    assert shown(aside) == ["zoe/1.png"]
    session.loaded = None
    model.refresh()
    assert model.rowCount() == 0


def test_faces_are_found_and_told(qapp: object) -> None:
    session, pictures = gallery_session(), Pictures()
    model = GalleryModel(session, pictures, False)  # type: ignore[arg-type]
    model.refresh()
    for text, found in (
        ("ANN", [0, 1]), ("  10 ", [0]), ("Hat", [3]), ("a, B", [3]), ("x/", [4]), ("nobody", []), ("", [0, 1, 2, 3, 4])
    ):  # fmt: skip
        model.set_filter(text)
        assert shown(model) == [FACES[k].key for k in found], text
    assert model.row_of("bob/2.png") == 2 and model.row_of("zoe/1.png") is None
    tips = [model.index(row).data(Role.ToolTipRole) for row in range(5)]
    assert tips[2] == "bob\nbob/2.png" and tips[4] == "unknown identity\nx/3.png"
    assert tips[3] == 'cem\ncem/1.png\nTags: hat, "a, b"\n\nYaw 12.0'
    assert model.index(3).data(Role.AccessibleTextRole) == tips[3]
    assert [model.index(row).data(PAIR_ROLE) for row in range(5)] == [False] * 5
    session.pair = (3, 0)
    assert [model.index(row).data(PAIR_ROLE) for row in range(5)] == [
        True,
        False,
        False,
        True,
        False,
    ]
    changed: list[int] = []
    model.dataChanged.connect(lambda first, last, roles: changed.append(first.row()))
    pictures.arrived = frozenset({"d-bob/2.png", "d-x/3.png"})
    pictures.ready.emit()
    assert changed == [2, 4]
    session.project.edits = Edits()
    model.set_filter("hat")
    assert model.rowCount() == 0


def test_hints_say_what_to_do() -> None:
    def loaded(faces: int, problems: int) -> SimpleNamespace:
        class Loaded(SimpleNamespace):
            def __len__(self) -> int:
                return faces

        return Loaded(gallery=SimpleNamespace(problems=[Problem("a", "b")] * problems))

    def hint(faces: int, problems: int = 0, reading: bool = False) -> str:
        return hint_of(loaded(faces, problems), reading)  # type: ignore[arg-type]

    assert hint_of(None).startswith("The matrix of all pairs appears here.\nOpen a gallery with at")
    assert hint_of(None, True) == hint(3, 0, True)
    assert hint(3, 0, True) == "The matrix of all pairs appears here once photos have been read."
    assert hint(1234) == "1,234 faces; the matrix of all their pairs appears here in a moment."
    assert hint(2) == "2 faces; the matrix of all their pairs appears here in a moment."
    assert hint(1, 4).startswith("One face: a pair needs a second one.")
    assert hint(0, 1).startswith("1 photo gave no face;")
    assert hint(0, 2000).startswith("2,000 photos gave no face;")
    assert hint(0) == hint_of(None)


# Pairs.

SCORES = np.array(
    [[1, 0.5, 0.3, -0.2, 0.1], [0.5, 1, 0.4375, 0.7, 0.2], [0.3, 0.4375, 1, 0.4, 0.6], [-0.2, 0.7, 0.4, 1, 0.15],
     [0.1, 0.2, 0.6, 0.15, 1]],
    np.float32,
)  # fmt: skip


class Worse:
    """Yaws of faces as a measured table."""

    def of(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        assert name == "yaw"
        values = np.array([YAW[one.key] if YAW[one.key] is not None else np.nan for one in FACES])
        return values, values


def pairs_session() -> SimpleNamespace:
    codes = np.array([0, 0, 1, 2, -1], np.int32)
    matrix = ScoreMatrix(SCORES, True, codes, codes, "learned", "both")
    tags = {pair_subject("ann/10.png", "cem/1.png"): ("zz",), face_subject("bob/2.png"): ("aa",)}
    fragile = np.zeros((5, 5), bool)
    fragile[0, 1] = fragile[1, 0] = True
    return SimpleNamespace(
        matrix=matrix, threshold=0.4375, listed=None, scored="scored",
        tags_of=lambda cell: dataclasses.replace(Edits(), tags=tags).tags_among(
            pair_subjects(FACES[cell[0]], FACES[cell[1]])
        ),
        fragile=SimpleNamespace(fragile=fragile), faces_of=lambda cell: (FACES[cell[0]], FACES[cell[1]]),
        conditions=SimpleNamespace(table=lambda scored: Worse() if scored == "scored" else None),
    )  # fmt: skip


ROWS, COLUMNS = np.array([3, 0, 1, 0]), np.array([1, 1, 2, 3])  # cem-ann, ann-ann, ann-bob, ann-cem


@pytest.fixture
def model(qapp: object) -> PairsModel:
    made = PairsModel(pairs_session(), Pictures())  # type: ignore[arg-type]
    made.show(PairList(ROWS, COLUMNS, SCORES[ROWS, COLUMNS]))
    return made


def cells(model: PairsModel) -> list[tuple[int, int]]:
    return [model.cell(row) for row in range(model.rowCount())]


def test_a_pair_s_row_says_its_faces_score_outcome_and_more(model: PairsModel) -> None:
    def texts(row: int) -> list[str]:
        return [model.index(row, column).data() for column in range(FIRST_CONDITION + 1)]

    assert texts(0) == ["cem\n1", "ann\n9", "0.7000\n+0.2625", "FP", "", "", "", "12"]
    assert texts(1)[:6] == ["ann\n10", "ann\n9", "0.5000\n+0.0625", "TP", "fragile", ""]
    # What lies at the threshold is called different.
    assert texts(2)[2:6] == ["0.4375\n+0.0000", "TN", "", "aa"]
    assert texts(3)[2:6] == [f"{MINUS}0.2000\n{MINUS}0.6375", "TN", "", "zz"]
    assert model.index(2, FIRST_CONDITION).data() == "5"  # bob's is not known
    tip = model.index(0, LEFT).data(Role.ToolTipRole)
    assert tip.lower() == "cem/1.png\nann/9.png\nfalse accept"
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for column in range(FIRST_CONDITION + 1):
        aligned = model.index(0, column).data(Role.TextAlignmentRole)
        numbers = column in (SCORE, LR, FIRST_CONDITION)
        assert (aligned is not None and Qt.AlignmentFlag(aligned) == right) == numbers, column
        assert (model.index(0, column).data(Role.DecorationRole) is not None) == (column == OUTCOME)
    asked = model._thumbnails.asked  # type: ignore[attr-defined]
    assert ("cem/1.png", True) in asked and ("ann/9.png", False) in asked
    assert ("cem/1.png", False) not in asked
    horizontal = Qt.Orientation.Horizontal
    assert model.headerData(SCORE, horizontal) == "score"
    assert model.headerData(RIGHT, horizontal, Role.ToolTipRole) == "The face of the column"
    assert model.headerData(0, Qt.Orientation.Vertical) is None
    assert model.headerData(0, horizontal, Role.DecorationRole) is None


@pytest.mark.parametrize(
    ("column", "rising"),
    [
        (SCORE, [3, 2, 1, 0]), (LR, [3, 2, 1, 0]), (LEFT, [2, 1, 3, 0]), (RIGHT, [0, 1, 2, 3]),
        (OUTCOME, [0, 2, 3, 1]), (FRAGILE, [0, 2, 3, 1]), (TAGS, [0, 1, 2, 3]),
        (FIRST_CONDITION, [2, 0, 1, 3]),
    ],
)  # fmt: skip
def test_pairs_are_sorted_by_each_column(model: PairsModel, column: int, rising: list[int]) -> None:
    """ann's photo 9 comes before her photo 10; what is equal stays in the order listed."""
    given = list(zip(ROWS.tolist(), COLUMNS.tolist(), strict=True))
    model.sort(column, UP)
    assert cells(model) == [given[k] for k in rising]
    assert model._session.listed is model.pairs
    model.sort(column, DOWN)
    keys = [model._key(k) for k in range(4)]
    assert cells(model) == [given[k] for k in sorted(range(4), key=keys.__getitem__, reverse=True)]
    model.sort(-1, UP)
    assert cells(model) == given


def test_pairs_of_another_matrix_say_nothing(model: PairsModel) -> None:
    assert model.row_of((0, 1)) == 1 and model.row_of((1, 0)) is None and model.row_of((0, 3)) == 3
    session = model._session
    session.fragile = SimpleNamespace(fragile=np.ones((4, 5), bool))
    assert model.index(0, FRAGILE).data() == ""
    session.scored = None
    assert model.index(0, FIRST_CONDITION).data() == ""
    session.tags_of = lambda cell: []  # of no project
    assert model.index(3, TAGS).data() == ""
    changed: list[tuple[int, int, int, int]] = []
    model.dataChanged.connect(
        lambda a, b, _: changed.append((a.row(), a.column(), b.row(), b.column()))
    )
    model.renew()
    model._thumbnails.ready.emit()  # type: ignore[attr-defined]
    assert changed == [(0, 0, 3, model.columnCount() - 1), (0, 0, 3, RIGHT)]
    session.matrix = ScoreMatrix(SCORES[:3], False, np.zeros(3, np.int32), np.zeros(5, np.int32), "learned", "both")  # fmt: skip
    assert model.index(0, SCORE).data() is None and model.index(1, SCORE).data() is not None
    model.show(None)
    assert model.rowCount() == 0 and session.listed is None and model.row_of((0, 1)) is None


def test_kept_pairs_are_found_in_a_gallery_of_another_order() -> None:
    def loaded(*keys: str) -> SimpleNamespace:
        faces = tuple(face(key, None) for key in keys)
        return SimpleNamespace(gallery=Gallery(Path("g"), Path("g"), faces))

    rows, columns = loaded("a", "b", "c"), loaded("x", "y")
    pairs = PairList(np.array([0, 2, 1]), np.array([1, 0, 0]), np.array([0.1, 0.2, 0.3]))
    kept = KeptPairs.of(pairs, rows, columns)  # type: ignore[arg-type]
    assert kept.keys == (("a", "y"), ("c", "x"), ("b", "x"))
    scores = np.arange(6, dtype=np.float32).reshape(2, 3)
    matrix = ScoreMatrix(
        scores, False, np.zeros(2, np.int32), np.zeros(3, np.int32), "learned", "both"
    )
    found = kept.places(loaded("c", "a"), loaded("new", "x", "y"), matrix)  # type: ignore[arg-type]
    assert list(zip(found.rows, found.columns, found.scores, strict=True)) == [
        (1, 2, 5.0),
        (0, 1, 1.0),
    ]
    assert len(kept.places(loaded("q"), loaded("x"), matrix)) == 0  # type: ignore[arg-type]
