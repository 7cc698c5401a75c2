"""Things worn before a face, drawn over a photo or a crop by its five landmarks."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Drawing = Callable[[ImageDraw.ImageDraw], None]


def sunglasses(landmarks: np.ndarray) -> Drawing:
    """Dark glasses with a bridge and arms; landmarks (5, 2) in the picture's pixels."""
    left, right = landmarks[0], landmarks[1]
    width = eye_distance(landmarks)
    along = (right - left) / width

    def draw(pen: ImageDraw.ImageDraw) -> None:
        line = (*(left - 0.9 * width * along), *(right + 0.9 * width * along))
        pen.line(tuple(map(float, line)), (20, 20, 22), round(0.09 * width))
        for eye in (left, right):
            pen.ellipse(around(eye, 0.42 * width, 0.36 * width), (16, 16, 18))

    return draw


def scarf(landmarks: np.ndarray) -> Drawing:
    """A striped scarf over mouth and chin; landmarks (5, 2) in the picture's pixels."""
    nose, mouth = landmarks[2], landmarks[3:].mean(axis=0)
    width = eye_distance(landmarks)
    down = (mouth - nose) / np.linalg.norm(mouth - nose)
    across = np.array([down[1], -down[0]])
    top = nose + 0.28 * (mouth - nose)

    def draw(pen: ImageDraw.ImageDraw) -> None:
        for stripe in range(8):
            near, far = (
                top + stripe * 0.22 * width * down,
                top + (stripe + 1) * 0.22 * width * down,
            )
            corners = [near - 1.5 * width * across, near + 1.5 * width * across]
            corners += [far + 1.5 * width * across, far - 1.5 * width * across]
            colour = (150, 30, 40) if stripe % 2 else (225, 215, 200)
            pen.polygon([tuple(map(float, corner)) for corner in corners], colour)

    return draw


def painted(image: Image.Image, draw: Drawing) -> tuple[Image.Image, np.ndarray]:
    """The image with something drawn over it, its edges a little soft, and where: (H, W) bool.

    No drawing here uses pure black, which marks what was not touched.
    """
    blank = Image.new("RGB", image.size)
    draw(ImageDraw.Draw(blank))
    touched: np.ndarray = np.asarray(blank).max(axis=2) > 0
    layer = Image.composite(blank, image, _mask(touched))
    return Image.composite(
        layer, image, _mask(touched).filter(ImageFilter.GaussianBlur(1))
    ), touched


def eye_distance(landmarks: np.ndarray) -> float:
    """Pixels between the eyes."""
    return float(np.linalg.norm(landmarks[1] - landmarks[0]))


def around(centre: np.ndarray, x: float, y: float) -> tuple[float, float, float, float]:
    """The box of an ellipse by its centre and half axes."""
    return (
        float(centre[0] - x),
        float(centre[1] - y),
        float(centre[0] + x),
        float(centre[1] + y),
    )


def _mask(touched: np.ndarray) -> Image.Image:
    return Image.fromarray((255 * touched).astype(np.uint8))
