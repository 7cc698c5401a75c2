"""Free-form masks that hide a share of the face, as in the paper's section 5.1."""

import numpy as np
from PIL import Image, ImageDraw

from core.faces.face import SIDE


def free_form_mask(share: float, rng: np.random.Generator) -> np.ndarray:
    """Draw brush strokes until they cover a share of the crop.

    share: wanted part of the 112x112 pixels, in [0, 1]
    Returns (112, 112) bool, True where hidden; covers at least the share, and less than one
    step of a stroke (1.5 % of the crop) more.
    """
    picture = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(picture)
    hidden = np.asarray(picture, bool)
    x, y = rng.uniform(0, SIDE, 2)
    angle, width = rng.uniform(0, 2 * np.pi), float(rng.uniform(8, 18))
    while hidden.mean() < share:
        if rng.random() < 0.05:  # lift the brush
            x, y = rng.uniform(0, SIDE, 2)
            width = float(rng.uniform(8, 18))
        angle += rng.normal(0, 0.6)
        end_x = float(np.clip(x + 6 * np.cos(angle), 0, SIDE - 1))
        end_y = float(np.clip(y + 6 * np.sin(angle), 0, SIDE - 1))
        if end_x in (0.0, SIDE - 1) or end_y in (0.0, SIDE - 1):
            angle += np.pi / 2
        pen.line((x, y, end_x, end_y), 255, round(width))
        radius = width / 2
        pen.ellipse((end_x - radius, end_y - radius, end_x + radius, end_y + radius), 255)
        x, y = end_x, end_y
        hidden = np.asarray(picture, bool)
    return hidden
