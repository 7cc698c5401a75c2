"""What can be done to a face to see what its score makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from core.errors import XCosError
from core.faces.align import TEMPLATE, apply, compose, cut, invert
from core.faces.face import SIDE
from core.faces.occluders import painted, scarf, sunglasses
from core.model.features import CELLS

EditKind = Literal[
    "patch", "sunglasses", "scarf", "blur", "dark", "mask", "shift", "turn", "scale", "mirror"
]
EDIT_KINDS: tuple[EditKind, ...] = get_args(EditKind)
GEOMETRIC: tuple[EditKind, ...] = ("shift", "turn", "scale", "mirror")
GREY = 127  # of a patch or mask: about the mean that networks' inputs are centred on
MOST_POINTS = 2000  # of one stroke
MIRRORED = [1, 0, 2, 4, 3]  # landmarks that trade places


@dataclass(frozen=True)
class Setting:
    """A number of an edit.

    name: the field of Edit; low, high: its range, inclusive; usual: where it starts
    """

    name: str
    text: str
    unit: str
    low: float
    high: float
    usual: float


def _box(usual: tuple[float, float, float, float]) -> tuple[Setting, ...]:
    return (
        Setting("x", "left edge", "px", -SIDE, SIDE, usual[0]),
        Setting("y", "top edge", "px", -SIDE, SIDE, usual[1]),
        Setting("width", "width", "px", 1, SIDE, usual[2]),
        Setting("height", "height", "px", 1, SIDE, usual[3]),
    )


def _moved(size: tuple[Setting, ...]) -> tuple[Setting, ...]:
    right = Setting("x", "to the right", "px", -SIDE / 2, SIDE / 2, 0)
    return (right, Setting("y", "down", "px", -SIDE / 2, SIDE / 2, 0), *size)


WHOLE = (0.0, 0.0, float(SIDE), float(SIDE))
WORN = (Setting("strength", "size", "times", 0.5, 2, 1),)
SETTINGS: dict[EditKind, tuple[Setting, ...]] = {
    "patch": _box((40, 40, 32, 32)),
    "sunglasses": _moved(WORN),
    "scarf": _moved(WORN),
    "blur": (Setting("strength", "sigma", "px", 0, 20, 3), *_box(WHOLE)),
    "dark": (Setting("strength", "light taken", "share", 0, 1, 0.6), *_box(WHOLE)),
    "mask": (Setting("strength", "pen width", "px", 1, 60, 12),),
    "shift": _moved(()),
    "turn": (Setting("strength", "clockwise", "degrees", -180, 180, 10),),
    "scale": (Setting("strength", "size", "times", 0.5, 2, 1.1),),
    "mirror": (),
}
"""The numbers of each kind, in the order of its text form."""


@dataclass(frozen=True)
class Edit:
    """One change of a face, in pixels and degrees of the 112x112 crop; ranges are in SETTINGS.

    patch:   a grey rectangle: left and top edge x, y; width, height
    sunglasses, scarf: drawn by the landmarks, moved by x, y; strength: its size
    blur:    Gaussian of sigma `strength` in the rectangle; dark: its light less the share `strength`
    mask:    a grey stroke through `points` (x, y), `strength` pixels wide
    shift:   the face moves by x to the right and y down
    turn:    the face turns by `strength` degrees clockwise; scale: it is `strength` times as large
    mirror:  left and right trade places
    Raises XCosError when a number is outside its range.
    """

    kind: EditKind
    x: float = 0.0
    y: float = 0.0
    width: float = SIDE
    height: float = SIDE
    strength: float = 1.0
    points: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for setting in SETTINGS[self.kind]:
            value = getattr(self, setting.name)
            if not setting.low <= value <= setting.high:
                raise XCosError(
                    f"{self.kind}: the {setting.text} {value:g} {setting.unit} must be from "
                    f"{setting.low:g} to {setting.high:g}."
                )
        if self.kind == "mask":
            there = np.abs(np.array(self.points, np.float64)).max(initial=0) <= 10 * SIDE
            if not 1 <= len(self.points) <= MOST_POINTS or not there:
                raise XCosError(f"mask: give 1 to {MOST_POINTS} points x,y of the crop's pixels.")

    @property
    def text(self) -> str:
        """The form that parse_edit reads: patch:40,40,32,32."""
        numbers = [f"{getattr(self, s.name):.6g}" for s in SETTINGS[self.kind]]
        numbers += [f"{value:.6g}" for point in self.points for value in point]
        return ":".join([self.kind, ",".join(numbers)]) if numbers else self.kind


@dataclass(frozen=True, eq=False)
class EditedFace:
    """A face after its edits.

    crop:      (112, 112, 3) uint8
    covered:   (7, 7) float64 in [0, 1], the share of each cell's pixels that a patch, glasses, a
               scarf, a mask, blur or darkness touched; shift, turn, scale and mirror cover nothing
    landmarks: (5, 2) in the crop's pixels, where the edits brought them
    """

    crop: np.ndarray
    covered: np.ndarray
    landmarks: np.ndarray


def usual(kind: EditKind) -> Edit:
    """An edit as it starts; a mask is a dot in the middle."""
    points = ((SIDE / 2, SIDE / 2),) if kind == "mask" else ()
    return _edit_of(kind, {s.name: s.usual for s in SETTINGS[kind]}, points)


def parse_edit(text: str) -> Edit:
    """An edit from KIND or KIND:NUMBERS; numbers left out are as usual. Raises XCosError."""
    kind, _, rest = text.strip().partition(":")
    if kind not in EDIT_KINDS:
        raise XCosError(f"{kind!r} is no edit; choose one of {', '.join(EDIT_KINDS)}.")
    try:
        numbers = [float(part) for part in rest.split(",")] if rest else []
    except ValueError:
        raise XCosError(f"{text!r} must have numbers after {kind}: {form(kind)}.") from None
    settings = SETTINGS[kind]
    values = {s.name: s.usual for s in settings}
    values |= {s.name: number for s, number in zip(settings, numbers, strict=False)}
    further = numbers[len(settings) :]
    if kind == "mask" and further and len(further) % 2 == 0:
        return _edit_of(kind, values, tuple(zip(further[::2], further[1::2], strict=True)))
    if further or kind == "mask":
        raise XCosError(f"{text!r} must have the form {form(kind)}.")
    return _edit_of(kind, values)


def _edit_of(
    kind: EditKind, values: dict[str, float], points: tuple[tuple[float, float], ...] = ()
) -> Edit:
    box = dict(zip(("x", "y", "width", "height"), WHOLE, strict=True)) | {"strength": 1.0} | values
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    return Edit(kind, x, y, width, height, box["strength"], points)


def form(kind: EditKind) -> str:
    """How parse_edit wants a kind written: patch:LEFT-EDGE,TOP-EDGE,WIDTH,HEIGHT."""
    names = [s.text.upper().replace(" ", "-") for s in SETTINGS[kind]]
    names += ["X,Y,X,Y..."] if kind == "mask" else []
    return f"{kind}:{','.join(names)}" if names else kind


def apply_edits(
    crop: np.ndarray,
    edits: Sequence[Edit],
    landmarks: np.ndarray | None = None,
    photo: np.ndarray | None = None,
    photo_to_crop: np.ndarray | None = None,
) -> EditedFace:
    """Edit a face: first all geometric edits together, as another alignment would, then the others.

    crop:      (112, 112, 3) uint8; landmarks: (5, 2) in it, None: the template's
    photo, photo_to_crop: the photo (H, W, 3) uint8 and the (2, 3) transform that gave the crop, so
    that what comes in at the borders is the photo; without them the crop's edge is repeated.
    """
    marks = (TEMPLATE if landmarks is None else landmarks).astype(np.float64)
    moved = geometry(edits)
    pixels = crop
    if moved is not None:
        marks = apply(moved, marks)
        if np.linalg.det(moved[:, :2]) < 0:
            marks = marks[MIRRORED]
        if photo is not None and photo_to_crop is not None:
            pixels = cut(photo, compose(moved, photo_to_crop))
        else:
            pixels = _resampled(crop, moved)
    touched = np.zeros((SIDE, SIDE), bool)
    image = Image.fromarray(pixels)
    for edit in edits:
        if edit.kind not in GEOMETRIC:
            image, where = _covered(image, edit, marks)
            touched |= where
    cell = SIDE // CELLS
    covered = touched.reshape(CELLS, cell, CELLS, cell).mean(axis=(1, 3))
    return EditedFace(np.array(image), covered, marks.astype(np.float32))


def predicted_change(contribution: np.ndarray, covered: np.ndarray) -> float:
    """The change of the score that an explanation predicts: what was covered gives nothing more.

    contribution, covered: (7, 7)
    """
    return -float((covered * contribution).sum())


def geometry(edits: Sequence[Edit]) -> np.ndarray | None:
    """Where the geometric edits bring the crop's points, (2, 3); None: nowhere else."""
    moved: np.ndarray | None = None
    for edit in edits:
        if edit.kind in GEOMETRIC:
            step = _step(edit)
            moved = step if moved is None else compose(step, moved)
    still = moved is None or np.allclose(moved, np.eye(2, 3), atol=1e-12)
    return None if still else moved


def _step(edit: Edit) -> np.ndarray:
    if edit.kind == "shift":
        return np.array([[1, 0, edit.x], [0, 1, edit.y]], np.float64)
    square = np.array([[-1, 0], [0, 1]], np.float64)
    if edit.kind == "turn":
        # The y axis points down, so this turns clockwise.
        cos, sin = np.cos(np.radians(edit.strength)), np.sin(np.radians(edit.strength))
        square = np.array([[cos, -sin], [sin, cos]])
    elif edit.kind == "scale":
        square = np.eye(2) * edit.strength
    middle = np.full(2, (SIDE - 1) / 2)
    return np.column_stack([square, middle - square @ middle])


def _resampled(crop: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """The crop moved, its edge repeated where it ends."""
    corners = np.array([[0, 0], [SIDE, 0], [0, SIDE], [SIDE, SIDE]], np.float64)
    seen = apply(invert(moved), corners)
    beyond = max(0.0, -float(seen.min()), float(seen.max()) - SIDE)
    pad = min(int(np.ceil(beyond)) + 4, 4 * SIDE)
    wide = np.pad(crop, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    return cut(wide, compose(moved, np.array([[1, 0, -pad], [0, 1, -pad]], np.float64)))


def _covered(
    image: Image.Image, edit: Edit, landmarks: np.ndarray
) -> tuple[Image.Image, np.ndarray]:
    """The face with an edit that covers, and which pixels it touched, (112, 112) bool."""
    if edit.kind in ("sunglasses", "scarf"):
        worn = sunglasses if edit.kind == "sunglasses" else scarf
        middle = (landmarks[:2] if edit.kind == "sunglasses" else landmarks[2:]).mean(axis=0)
        sized = middle + edit.strength * (landmarks - middle)
        return painted(image, worn(sized + [edit.x, edit.y]))
    if edit.kind == "mask":
        where = _stroke(edit)
        cover = Image.new("RGB", image.size, (GREY, GREY, GREY))
    else:
        where = _rectangle(edit)
        cover = _treated(image, edit)
    return Image.composite(cover, image, Image.fromarray((255 * where).astype(np.uint8))), where


def _treated(image: Image.Image, edit: Edit) -> Image.Image:
    if edit.kind == "blur":
        return image.filter(ImageFilter.GaussianBlur(edit.strength))
    if edit.kind == "dark":
        return image.point(lambda value: value * (1 - edit.strength))
    return Image.new("RGB", image.size, (GREY, GREY, GREY))


def _rectangle(edit: Edit) -> np.ndarray:
    """Pixels whose centres lie in the edit's rectangle; none where it changes nothing."""
    where = np.zeros((SIDE, SIDE), bool)
    if edit.kind in ("blur", "dark") and edit.strength == 0:
        return where
    left, top = round(edit.x), round(edit.y)
    right, bottom = round(edit.x + edit.width), round(edit.y + edit.height)
    where[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return where


def _stroke(edit: Edit) -> np.ndarray:
    """Pixels that a round pen passes over."""
    picture = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(picture)
    if len(edit.points) > 1:
        pen.line(edit.points, 255, max(1, round(edit.strength)), "curve")
    radius = edit.strength / 2
    for x, y in (edit.points[0], edit.points[-1]):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return np.asarray(picture, bool)
