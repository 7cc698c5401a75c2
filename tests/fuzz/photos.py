"""Photos, folders of them, and videos."""

import io
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from core.faces.choose import GallerySettings
from core.faces.photo import PHOTO_SUFFIXES, read_photo
from core.gallery.cache import Cache
from core.gallery.opening import open_gallery
from core.model.verifier import Verifier
from core.video.frames import Frames
from tests.fuzz.harness import Reader, Wrong
from tests.fuzz.models import tiny_weights
from tests.fuzz.mutation import mutated


def pictures(side: int = 80) -> dict[str, list[bytes]]:
    """Small photos of each kind that Pillow writes here, by the ending of their names."""
    noise = np.random.default_rng(0).integers(0, 256, (7, 7, 3), np.uint8)
    image = Image.fromarray(noise).resize((side, side))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "x" * 50

    def coded(form: str, of: Image.Image = image, **options: object) -> bytes:
        out = io.BytesIO()
        of.save(out, form, **options)
        return out.getvalue()

    deep = Image.fromarray((np.arange(side * side) * 9 % 65536).reshape(side, side).astype("u2"))
    found = {
        ".jpg": [coded("JPEG", exif=exif), coded("JPEG", progressive=True),
                 coded("JPEG", image.convert("CMYK")), coded("JPEG", image.convert("L"))],
        ".png": [coded("PNG", exif=exif), coded("PNG", image.convert("P")),
                 coded("PNG", image.convert("LA")), coded("PNG", deep)],
        ".webp": [coded("WEBP", exif=exif), coded("WEBP", lossless=True)],
        ".tif": [coded("TIFF", exif=exif), coded("TIFF", compression="tiff_lzw"),
                 coded("TIFF", image.convert("F")), coded("TIFF", deep)],
        ".bmp": [coded("BMP"), coded("BMP", image.convert("P"))],
        ".gif": [coded("GIF"), coded("GIF", save_all=True, append_images=[image.rotate(9)])],
    }  # fmt: skip
    with suppress(KeyError, OSError):  # a Pillow without it
        found[".avif"] = [coded("AVIF", exif=exif)]
    return found


class Photos(Reader):
    """Photos of all kinds, some under another kind's name."""

    name = "photos"
    quick = 150

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._seeds = pictures()

    def mutant(self, rng: Random) -> bytes:
        kind = rng.choice([*self._seeds])
        suffix = rng.choice([*PHOTO_SUFFIXES]) if kind == ".gif" or rng.random() < 0.05 else kind
        self.path = self.folder / f"photo{suffix}"
        return mutated(rng.choice(self._seeds[kind]), rng)

    def read(self) -> None:
        pixels = read_photo(self.path)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise Wrong(f"pixels {pixels.dtype}, {pixels.ndim} axes")


class Galleries(Reader):
    """Folders of aligned crops, one of which is damaged: the others open in any case."""

    name = "galleries"
    quick = 25
    names = False  # what is wrong with a photo is among the problems

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._seeds = pictures(112)
        self._verifier = Verifier(tiny_weights(folder / "tiny.safetensors"), "cpu")
        self._gallery = folder / "gallery"
        for number, name in enumerate(("ann", "bob")):
            (self._gallery / name).mkdir(parents=True)
            crop = np.full((112, 112, 3), 60 + 90 * number, np.uint8)
            Image.fromarray(crop).save(self._gallery / name / "whole.png")

    def mutant(self, rng: Random) -> bytes:
        kind = rng.choice([*self._seeds])
        self.path = self._gallery / "ann" / f"damaged{'.png' if kind == '.gif' else kind}"
        return mutated(rng.choice(self._seeds[kind]), rng)

    def read(self) -> None:
        cache = Cache(self.folder / "cache.sqlite")
        try:
            loaded = open_gallery(
                self._gallery,
                verifier=self._verifier,
                cache=cache,
                settings=GallerySettings(aligned=True),
            )
        finally:
            cache.close()
            self.path.unlink()
        gallery = loaded.gallery
        if len(gallery.faces) + len(gallery.problems) != 3 or len(gallery.problems) > 1:
            raise Wrong(f"{len(gallery.faces)} faces, {len(gallery.problems)} problems of 3 photos")
        if not np.isfinite(loaded.features.grid).all():
            raise Wrong("features are not finite")
        for problem in gallery.problems:
            if self.path.name not in problem.reason or "Error" in problem.reason:
                raise Wrong("a problem that does not say which file and why")


class FrameFolders(Reader):
    """Folders of frames, one of which is damaged."""

    name = "frames"
    quick = 100
    names = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._seeds = pictures()
        self._frames = folder / "frames"
        self._frames.mkdir()
        (self._frames / "0.jpg").write_bytes(self._seeds[".jpg"][0])

    def mutant(self, rng: Random) -> bytes:
        kind = rng.choice([*self._seeds])
        self.path = self._frames / f"1{'.png' if kind == '.gif' else kind}"
        return mutated(rng.choice(self._seeds[kind]), rng)

    def read(self) -> None:
        try:
            look_at(self._frames)
        finally:
            self.path.unlink()


class Videos(Reader):
    """Video files; none without PyAV."""

    name = "videos"
    quick = 40

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from tests.videos import noisy_frames, write_video

        self._seeds = {
            suffix: write_video(folder / f"seed{suffix}", noisy_frames(3)).read_bytes()
            for suffix in (".mp4", ".avi", ".mkv")
        }

    def mutant(self, rng: Random) -> bytes:
        suffix = rng.choice([*self._seeds])
        self.path = self.folder / f"x{suffix}"
        return mutated(self._seeds[suffix], rng)

    def read(self) -> None:
        look_at(self.path)


def look_at(source: Path) -> None:
    """Take every frame. Raises XCosError and Wrong."""
    frames = Frames(source, 1)
    try:
        for frame in frames:
            if frame.pixels.dtype != np.uint8 or frame.pixels.ndim != 3:
                raise Wrong("pixels of a frame")
    finally:
        frames.close()
