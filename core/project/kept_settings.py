"""How the photos of a gallery become faces, kept in its project."""

from core.faces.choose import FACE_POLICIES, GallerySettings
from core.project.project import Project


def settings_of(project: Project) -> GallerySettings | None:
    """What a project keeps; None where nobody chose settings for its gallery."""
    stored = project.state
    if "aligned" not in stored:
        return None
    faces = stored.get("faces")
    return GallerySettings(
        faces if faces in FACE_POLICIES else "central", stored["aligned"] is True
    )


def keep_settings(project: Project, settings: GallerySettings) -> None:
    """Let a gallery open with these settings again. Raises XCosError when they cannot be saved."""
    project.remember({"faces": settings.faces, "aligned": settings.aligned})
    project.save()
