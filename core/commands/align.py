"""xcos align: photos to aligned 112x112 crops."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.commands.shared import ProgressBar, warn
from core.commands.spared import spare_photos
from core.errors import XCosError, counted
from core.faces.choose import FACE_POLICIES, choose
from core.faces.detect import Detector
from core.faces.photo import photo_bytes, read_photo
from core.faces.searched import photo_file, search
from core.files import written_whole
from core.gallery.face_selection import NO_FACE
from core.gallery.folder import scan
from core.json_text import json_text
from core.workarounds import keep_memory

EXAMPLES = """examples:
  xcos align photos -o crops              a PNG of each photo's face, sub-folders kept
  xcos align group.jpg -o crops --faces all"""


def add(commands: Any) -> None:
    """Add the command's parser, with its options and examples, to the sub-parsers."""
    parser = commands.add_parser(
        "align",
        help="cut out and align the faces of photos",
        description="Find the faces of photos and write them as aligned 112x112 PNG files.",
        epilog=EXAMPLES,
    )
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="folder, CSV or photo")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the crops; other than the photos' own",
    )
    parser.add_argument(
        "--faces",
        choices=FACE_POLICIES,
        default="central",
        help="which faces of a photo with several (default: %(default)s)",
    )
    parser.add_argument(
        "--device",
        default="cpu",
        metavar="DEVICE",
        help="cpu or cuda (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do it; exit code 0, or XCosError when no photo gave a crop."""
    keep_memory()
    listing = scan(options.photos)
    output: Path = options.output
    spare_photos(output, listing.root, "crops", below=options.photos.is_dir())
    if output.exists() and not output.is_dir():
        raise XCosError(f"{output} is a file, and crops go into a folder; choose another name.")
    places = crop_places([listed.photo for listed in listing.photos])
    detector, progress = Detector(options.device), ProgressBar()
    problems = [{"file": file, "reason": reason} for file, reason in listing.skipped]
    written = 0
    for place, listed in enumerate(listing.photos):
        progress.report("Aligning photos", place, len(listing.photos))
        path = listing.root / listed.photo
        try:
            written += _align_one(
                path,
                output / places[listed.photo],
                detector,
                options.faces,
            )
        except XCosError as error:
            problems.append({"file": listed.photo, "reason": str(error)})
    progress.close()
    if options.json:
        print(json_text({"crops": written, "problems": problems}))
    else:
        print(f"{counted(written, 'crop')} in {output}")
        for problem in problems:
            warn(f"problem: {problem['reason']}")
    if not written:
        raise XCosError(f"No photo of {options.photos} gave a crop; see the problems listed.")
    return 0


def crop_places(photos: Sequence[str]) -> dict[str, Path]:
    """Where each photo's crop goes below the output folder, without its ending.

    A photo outside the list's folder keeps only its names, so that every crop stays inside;
    photos that would share a place keep their endings, then get a number.
    """
    inside = {photo: _inside(Path(photo)) for photo in photos}
    stems = Counter(path.with_suffix("") for path in inside.values())
    places: dict[str, Path] = {}
    for photo, path in inside.items():
        wanted = path.with_suffix("") if stems[path.with_suffix("")] == 1 else path
        place, number = wanted, 2
        while place in places.values():
            place, number = wanted.with_name(f"{wanted.name} ({number})"), number + 1
        places[photo] = place
    return places


def _inside(photo: Path) -> Path:
    return Path(*(part for part in photo.parts if part not in ("..", photo.anchor)))


def _holds(path: Path, crop: Image.Image) -> bool:
    """Whether a file already is that crop, from an earlier run."""
    try:
        return np.array_equal(read_photo(path), np.asarray(crop))
    except XCosError:
        return False


def _align_one(path: Path, stem: Path, detector: Detector, faces: Any) -> int:
    photo = photo_file(photo_bytes(path), str(path))
    detected = search([photo], detector)[0]
    if not detected:
        raise XCosError(NO_FACE.format(path))
    chosen = choose(detected, photo.seen.size, faces)
    for number, index in enumerate(chosen, start=1):
        crop = Image.fromarray(photo.crop(detected[index].landmarks))
        name = stem.name if number == 1 else f"{stem.name}#{number}"
        target = stem.with_name(name + ".png")
        try:
            if target.exists() and not _holds(target, crop):
                raise XCosError(
                    f"{target} exists already and is left as it is; choose another folder."
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(target) as part:
                crop.save(part, format="PNG")
        except OSError as error:
            above = Path(error.filename or target)  # a file may lie where a folder is to be
            at = above if above in target.parents else target
            raise XCosError(
                f"{at} cannot be written: {error.strerror or error}; choose another folder."
            ) from error
    return len(chosen)
