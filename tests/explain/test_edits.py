"""Edits of a face: where they land, what they cover, and what they must not change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import XCosError
from core.explain.editing.edits import (
    EDIT_KINDS,
    GEOMETRIC,
    SETTINGS,
    Edit,
    EditKind,
    apply_edits,
    parse_edit,
    predicted_change,
    usual,
)
from core.faces.align import TEMPLATE, align, similarity
from core.faces.face import SIDE

CROP = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)


@st.composite
def any_edit(draw: st.DrawFn) -> Edit:
    kind: EditKind = draw(st.sampled_from(EDIT_KINDS))
    values = {s.name: draw(st.floats(s.low, s.high, width=32)) for s in SETTINGS[kind]}
    place = st.floats(-20, 130, width=32)
    points = draw(st.lists(st.tuples(place, place), min_size=1, max_size=5))
    return Edit(kind, **values, points=tuple(points) if kind == "mask" else ())


@given(st.lists(any_edit(), max_size=4))
def test_what_is_not_covered_is_the_moved_face(edits: list[Edit]) -> None:
    made = apply_edits(CROP, edits)
    moved = apply_edits(CROP, [e for e in edits if e.kind in GEOMETRIC])
    assert made.crop.shape == CROP.shape and made.crop.dtype == np.uint8
    assert made.covered.min() >= 0 and made.covered.max() <= 1
    assert not moved.covered.any()
    if not any(e.kind in ("sunglasses", "scarf") for e in edits):  # whose edges are soft
        same = (made.crop == moved.crop).all(axis=2).reshape(7, 16, 7, 16).all(axis=(1, 3))
        assert same[made.covered == 0].all()


@given(any_edit())
def test_the_text_of_an_edit_tells_it(edit: Edit) -> None:
    again = parse_edit(edit.text)
    assert again.kind == edit.kind and again.text == edit.text
    assert np.allclose(np.array(again.points), np.array(edit.points), rtol=1e-5)


def test_a_patch_covers_the_cells_beneath_it() -> None:
    made = apply_edits(CROP, [Edit("patch", 16, 32, 24, 16)])
    wanted = np.zeros((7, 7))
    wanted[2, 1], wanted[2, 2] = 1, 0.5
    assert np.array_equal(made.covered, wanted)
    assert (made.crop[32:48, 16:40] == 127).all()
    assert np.array_equal(np.delete(made.crop, np.s_[32:48], 0), np.delete(CROP, np.s_[32:48], 0))


def test_a_shift_moves_pixels_and_repeats_the_edge() -> None:
    made = apply_edits(CROP, [Edit("shift", 3, -2)])
    assert np.array_equal(made.crop[:-2, 3:], CROP[2:, :-3])
    assert np.array_equal(made.crop[:-2, 0], CROP[2:, 0])
    assert np.allclose(made.landmarks, TEMPLATE + [3, -2], atol=1e-4)


def test_a_quarter_turn_and_a_mirror_are_exact() -> None:
    assert np.array_equal(apply_edits(CROP, [Edit("turn", strength=90)]).crop, np.rot90(CROP, -1))
    mirrored = apply_edits(CROP, [Edit("mirror")])
    assert np.array_equal(mirrored.crop, CROP[:, ::-1])
    assert mirrored.landmarks[0, 0] == pytest.approx(SIDE - 1 - TEMPLATE[1, 0], abs=1e-4)


def test_a_move_and_its_reverse_change_nothing() -> None:
    edits = [Edit("shift", 5, 0), Edit("mirror"), Edit("mirror"), Edit("shift", -5, 0)]
    assert np.array_equal(apply_edits(CROP, edits).crop, CROP)


def test_with_the_photo_the_border_shows_what_was_beside_the_crop() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    landmarks = TEMPLATE + 40
    crop, to_crop = align(photo, landmarks), similarity(landmarks)
    made = apply_edits(crop, [Edit("shift", 10, 4)], None, photo, to_crop)
    assert np.abs(made.crop.astype(int) - photo[36:148, 30:142]).max() <= 1


def test_glasses_cover_the_eyes_and_a_scarf_the_mouth() -> None:
    glasses = apply_edits(CROP, [Edit("sunglasses")])
    scarf = apply_edits(CROP, [Edit("scarf")])
    for x, y in TEMPLATE[:2]:
        assert (glasses.crop[round(y), round(x)] < 30).all()
    assert glasses.covered[3].sum() > 1 and not glasses.covered[6].any()
    assert (scarf.covered[5:] > 0.8).all() and not scarf.covered[:4].any()
    nose, mouth = TEMPLATE[2, 1], TEMPLATE[3:, 1].mean()
    start = round(nose + 0.28 * (mouth - nose))  # a quarter of the way to the mouth
    assert np.array_equal(scarf.crop[start - 3], CROP[start - 3])
    assert (scarf.crop[start + 3] != CROP[start + 3]).any(axis=1)[5:-5].all()
    wide = 0.22 * np.linalg.norm(TEMPLATE[1] - TEMPLATE[0])  # a stripe, of wool white, then of red
    for stripe in range(4):
        red, green, blue = scarf.crop[round(start + (stripe + 0.5) * wide), 56].astype(int)
        assert (red > 2 * green and red > 2 * blue) if stripe % 2 else min(red, green, blue) > 190


def test_blur_darkness_and_a_stroke() -> None:
    blurred = apply_edits(CROP, [Edit("blur", 0, 0, 56, 112, 4)])
    assert blurred.crop[:, :50].std() < CROP.std() / 3
    assert np.array_equal(blurred.crop[:, 56:], CROP[:, 56:])
    dark = apply_edits(CROP, [Edit("dark", strength=0.5)])
    assert np.abs(dark.crop.astype(float) - CROP / 2).max() <= 0.5 and dark.covered.all()
    stroke = apply_edits(CROP, [Edit("mask", strength=8, points=((8, 56), (104, 56)))])
    assert (stroke.crop[53:60, 8:104] == 127).all()
    assert (stroke.covered[3] >= 0.2).all() and not stroke.covered[:3, :].any(axis=0)[3:].all()
    assert not apply_edits(CROP, [Edit("blur", strength=0)]).covered.any()


def test_the_prediction_is_the_loss_of_what_is_covered() -> None:
    contribution = np.arange(49).reshape(7, 7) / 1000
    covered = apply_edits(CROP, [Edit("patch", 16, 32, 24, 16)]).covered
    assert predicted_change(contribution, covered) == pytest.approx(-(0.015 + 0.5 * 0.016))
    assert predicted_change(contribution, np.ones((7, 7))) == pytest.approx(-contribution.sum())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hat", "'hat' is no edit"),
        ("blur:99", "the sigma 99 px must be from 0 to 20"),
        ("patch:a,b", "patch:LEFT-EDGE,TOP-EDGE,WIDTH,HEIGHT"),
        ("turn:1,2", "turn:CLOCKWISE"),
        ("mask:5", "mask:PEN-WIDTH,X,Y,X,Y..."),
        ("blur:nan", "must be from 0 to 20"),
    ],
)
def test_a_wrong_edit_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(XCosError, match=said.replace(".", r"\.")):
        parse_edit(text)


def test_an_edit_starts_within_its_ranges() -> None:
    assert [usual(kind).kind for kind in EDIT_KINDS] == list(EDIT_KINDS)
    assert parse_edit("patch:10,20").width == 32
