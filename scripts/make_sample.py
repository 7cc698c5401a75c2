"""Makes the sample gallery's variants from its base photos; the same files every time.

    python -m scripts.make_sample                  variants of the base photos in resources/sample
    python -m scripts.make_sample --originals DIR  first cut the base photos out of the originals

resources/sample/SOURCES.md says where the originals are from.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from core.faces import occluders
from core.faces.choose import choose
from core.faces.detect import Detector
from core.faces.occluders import around, eye_distance
from core.faces.photo import read_photo
from core.resources import resource_path

SIDE = 400  # pixels of a photo
SHARE = 0.36  # of it that the face's box takes
QUALITY = 88
ORIGINALS = {
    "biden.jpg": "Joe Biden/biden_1.jpg",
    "obama.jpg": "Barack Obama/obama_1.jpg",
    "obama2.jpg": "Barack Obama/obama_2.jpg",
    "obama3.jpg": "Barack Obama/obama_3.jpg",
    "astronaut.png": "Eileen Collins/collins_1.jpg",
    "grace_hopper.jpg": "Grace Hopper/hopper_1.jpg",
}
Variant = Callable[[Image.Image, np.ndarray], Image.Image]


def main() -> None:
    """Read the arguments and make the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--originals", type=Path, help="folder with the original photos")
    options = parser.parse_args()
    folder = resource_path("sample")
    detector = Detector()
    if options.originals is not None:
        for name, place in ORIGINALS.items():
            cut_out(options.originals / name, folder / place, detector)
        helmet(
            options.originals / "astronaut.png",
            folder / "Eileen Collins/collins_helmet.jpg",
        )
    for place in ORIGINALS.values():
        base = folder / place
        image = Image.fromarray(read_photo(base))
        landmarks = _landmarks(image, detector)[1]
        for name, make in VARIANTS.items():
            if (base.stem, name) not in LEFT_OUT:
                variant = base.with_name(f"{base.stem}_{name}.jpg")
                make(image, landmarks).save(variant, quality=QUALITY)


def cut_out(original: Path, place: Path, detector: Detector) -> None:
    """Cut head and shoulders out of an original, scaled to 400x400."""
    image = Image.fromarray(read_photo(original))
    box, _ = _landmarks(image, detector)
    side = float(max(box[2] - box[0], box[3] - box[1])) / SHARE
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    left, top = x - side / 2, y - side / 2
    side = min(side, image.width, image.height)
    left = min(max(left, 0), image.width - side)
    top = min(max(top, 0), image.height - side)
    part = image.resize(
        (SIDE, SIDE), Image.Resampling.LANCZOS, (left, top, left + side, top + side)
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    part.save(place, quality=92)


def helmet(original: Path, place: Path) -> None:
    """A part of the astronaut's photo without a face: what a problem looks like."""
    image = Image.fromarray(read_photo(original))
    image.crop((250, 300, 512, 512)).resize((SIDE, 324)).save(place, quality=QUALITY)


def patch(image: Image.Image, landmarks: np.ndarray) -> Image.Image:
    """A hand-sized patch over one eye and cheek."""
    eye, mouth = landmarks[1], landmarks[4]
    width = eye_distance(landmarks)
    centre = (eye + mouth) / 2 + [0.1 * width, 0]
    box = around(centre, 0.62 * width, 0.85 * width)
    return occluders.painted(image, lambda pen: pen.ellipse(box, (196, 150, 120)))[0]


def sunglasses(image: Image.Image, landmarks: np.ndarray) -> Image.Image:
    """Dark glasses with a bridge and arms."""
    return occluders.painted(image, occluders.sunglasses(landmarks))[0]


def scarf(image: Image.Image, landmarks: np.ndarray) -> Image.Image:
    """A striped scarf over mouth and chin."""
    return occluders.painted(image, occluders.scarf(landmarks))[0]


def dark(image: Image.Image, landmarks: np.ndarray) -> Image.Image:
    """Night: a fifth of the light, and a sensor's noise."""
    noise = np.random.default_rng(0).normal(0, 4, (image.height, image.width, 1))
    pixels = np.asarray(image, np.float64) * 0.18 + 4 + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def blur(image: Image.Image, landmarks: np.ndarray) -> Image.Image:
    """Out of focus by a tenth of the distance between the eyes."""
    return image.filter(ImageFilter.GaussianBlur(0.1 * eye_distance(landmarks)))


def small(image: Image.Image, landmarks: np.ndarray) -> Image.Image:
    """As from a distant camera: the eyes nine pixels apart."""
    factor = 9 / eye_distance(landmarks)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)


def turn(image: Image.Image, landmarks: np.ndarray) -> Image.Image:
    """The head tilted by 25 degrees, and seen a little from the side."""
    w, h = image.size
    # Corners of the picture that land in the corners of the result: a trapezium.
    quad = (0, 0, 0, h, w * 0.98, h * 0.84, w * 0.98, h * 0.16)
    seen = image.transform(image.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
    return seen.rotate(25, Image.Resampling.BICUBIC, fillcolor=(120, 120, 120))


VARIANTS: dict[str, Variant] = {
    "patch": patch,
    "sunglasses": sunglasses,
    "scarf": scarf,
    "dark": dark,
    "blur": blur,
    "small": small,
    "turn": turn,
}
# Hopper wears glasses, and two tilts of one person's photos are enough.
LEFT_OUT = {
    ("hopper_1", "sunglasses"),
    ("obama_3", "turn"),
    ("obama_2", "dark"),
    ("obama_3", "patch"),
}


def _landmarks(image: Image.Image, detector: Detector) -> tuple[np.ndarray, np.ndarray]:
    found = detector.detect([np.asarray(image)])[0]
    face = found[choose(found, image.size, "largest")[0]]
    return face.box, face.landmarks.astype(np.float64)


if __name__ == "__main__":
    main()
