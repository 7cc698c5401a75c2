"""Who a gallery's faces show by their folders, CSV or file names, before anybody renamed one."""

from core.gallery.folder import scan
from core.gallery.gallery import Gallery


def told_identities(gallery: Gallery) -> list[str | None]:
    """An identity or None for each face, in the faces' order. Raises XCosError where the source is gone."""
    listed = scan(gallery.source, gallery.root).photos
    identities = {one.photo: one.identity for one in listed}
    # A photo's further faces show somebody else than the folder says.
    return [identities.get(face.photo) if face.number == 1 else None for face in gallery.faces]
