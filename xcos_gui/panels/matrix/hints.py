"""What stands in the matrix's place while there is none."""

from core.gallery.gallery import LoadedGallery

EMPTY = "The matrix of all pairs appears here.\nOpen a gallery with at least two faces (Ctrl+O)."
READING = "The matrix of all pairs appears here once photos have been read."
COMING = "{:,} faces; the matrix of all their pairs appears here in a moment."
ONE = "One face: a pair needs a second one.\nOpen a gallery with more photos (Ctrl+O)."
NO_FACE = (
    "{} no face; why is told under Problems in the gallery.\n"
    "Are they aligned crops? See File, Faces of a photo. Or open others (Ctrl+O)."
)


def hint_of(loaded: LoadedGallery | None, reading: bool = False) -> str:
    """What to do, or to wait for, before there is a matrix; reading: whether photos are being read."""
    if reading:
        return READING
    faces = 0 if loaded is None else len(loaded)
    problems = 0 if loaded is None else len(loaded.gallery.problems)
    if faces > 1:
        return COMING.format(faces)
    if faces == 1:
        return ONE
    if problems:
        return NO_FACE.format("1 photo gave" if problems == 1 else f"{problems:,} photos gave")
    return EMPTY
