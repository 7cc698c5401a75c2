"""What the program keeps: projects and the cache."""

import json
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from core.faces.choose import GallerySettings
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of, open_gallery
from core.model.verifier import Verifier
from core.project.edits import (
    face_subject,
    identity_subject,
    pair_subject,
    renamed,
    subject_parts,
)
from core.project.project import Project, project_path
from core.project.state import ProjectState, state_of
from tests.fuzz.harness import Reader, Wrong
from tests.fuzz.models import tiny_weights
from tests.fuzz.mutation import confused, mutated

FAR = 10_000  # steps back or forth that no project of ours has


def _project(path: Path) -> bytes:
    """A project file with one of everything."""
    made = Project(path.with_name("made.json"))
    made.tag(pair_subject("A/1.jpg", "B/2.jpg"), "x", "y,z")
    made.note(face_subject("A/1.jpg"), "hello")
    made.decide(identity_subject("A"), "accept")
    made.set_identity(["A/1.jpg"], "Bob")
    made.set_aside(["C/3.jpg"])
    made.pick_face("A/1.jpg", 1)
    made.correct_landmarks("B/2.jpg", np.arange(10.0).reshape(5, 2))
    made.undo()
    state = ProjectState(
        path.parent, thresholds={"learned": 0.3}, filter="score > 0.4", pair=("A/1.jpg", "B/2.jpg")
    ).to_json(path)
    state["photos"] = {"A/1.jpg": {"size": 5, "digest": "ab", "identity": "A"}}
    made.saved_as(path, state)
    return path.read_bytes()


class Projects(Reader):
    """Project files that the user names: read, used, taken back and forth, and saved."""

    name = "projects"
    quick = 60

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "x.xcos"
        self._seed = _project(self.path)
        self._document = json.loads(self._seed)

    def mutant(self, rng: Random) -> bytes:
        how = rng.random()
        if how < 0.3:
            return mutated(self._seed, rng)
        if how < 0.33:
            return rng.choice((b"[" * 100_000, b'{"a":' * 100_000, b"null", b"\xef\xbb\xbf{}", b""))
        return confused(self._document, rng)

    def read(self) -> None:
        project = Project.read(self.path)
        state = state_of(project)
        if not all(map(math.isfinite, state.thresholds.values())):
            raise Wrong("a threshold is not finite")
        state.to_json(self.path)
        self.use(project)
        project.tag(face_subject("q"), "new")
        if Project.read(self.path).edits != project.edits:
            raise Wrong("saved edits are others")

    def use(self, project: Project) -> None:
        """What the program does with edits. Raises Wrong."""
        edits = project.edits
        for tag in edits.all_tags():
            edits.faces_tagged(tag), edits.pairs_tagged(tag), edits.identities_tagged(tag)
        for subject in (*edits.tags, *edits.notes, *edits.decisions):
            subject_parts(subject)
        renamed(edits, {"A/1.jpg": "Z/1.jpg"})
        for points in edits.landmarks.values():
            if np.shape(points) != (5, 2) or not np.isfinite(points).all():
                raise Wrong("landmarks that are no five points")
        if any(picked < 0 for picked in edits.picked.values()):
            raise Wrong("a face that is picked by a negative number")
        for step in (project.undo, project.redo):
            for _ in range(FAR):
                if not (project.can_undo if step == project.undo else project.can_redo):
                    break
                step()


class OwnProjects(Projects):
    """The same files where the program keeps them: whatever they hold, the gallery opens."""

    name = "own-projects"
    quick = 60

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._source = folder / "gallery"
        self.path = project_path(self._source, folder)

    def read(self) -> None:
        project = Project.open(self._source, self.folder)
        self.use(project)
        for kept in self.folder.glob("project-*"):
            kept.unlink()


class Caches(Reader):
    """A cache with damaged bytes or odd columns: the gallery's features are the same."""

    name = "caches"
    quick = 30
    names = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "cache.sqlite"
        self._verifier = Verifier(tiny_weights(folder / "tiny.safetensors"), "cpu")
        self._gallery = folder / "gallery"
        rng = np.random.default_rng(0)
        for name in ("ann", "bob"):
            (self._gallery / name).mkdir(parents=True)
            for number in range(2):
                pixels = rng.integers(0, 256, (7, 7, 3), np.uint8)
                crop = Image.fromarray(pixels).resize((112, 112))
                crop.save(self._gallery / name / f"{number}.png")
        self._whole = self._open()[0]
        self._seed = self.path.read_bytes()
        self._columns = self._texts()

    def mutant(self, rng: Random) -> bytes:
        data, how = bytearray(self._seed), rng.randrange(6)
        if how == 0:
            return mutated(self._seed, rng)
        if how == 1:
            data[rng.randrange(100)] = rng.randrange(256)
        elif how == 2:
            page = 4096 * rng.randrange(len(data) // 4096)
            data[page : page + 4096] = rng.choice((bytes(4096), rng.randbytes(4096), data[:4096]))
        else:
            return self._with_odd_column(rng)
        return bytes(data)

    def place(self, data: bytes) -> None:
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        super().place(data)

    def read(self) -> None:
        loaded, crops, warnings = self._open()
        if [f.key for f in loaded.gallery.faces] != [f.key for f in self._whole.gallery.faces]:
            raise Wrong("other faces")
        if not np.allclose(loaded.features.grid, self._whole.features.grid, atol=1e-3):
            raise Wrong(f"other features, {'told' if warnings else 'without a word'}")
        if any(crop.shape != (112, 112, 3) for crop in crops):
            raise Wrong("crops")

    def _open(self) -> tuple[LoadedGallery, list[np.ndarray], list[str]]:
        cache = Cache(self.path)
        try:
            settings = GallerySettings(aligned=True)
            loaded = open_gallery(
                self._gallery, verifier=self._verifier, cache=cache, settings=settings
            )
            faces, root = loaded.gallery.faces, loaded.gallery.root
            return loaded, [crop_of(face, root, cache) for face in faces], cache.warnings
        finally:
            cache.close()

    def _texts(self) -> list[tuple[str, str]]:
        """Tables and their columns."""
        with closing(sqlite3.connect(self.path)) as base:
            tables = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return [
                (table, column[1])
                for (table,) in tables
                for column in base.execute(f'PRAGMA table_info("{table}")')
            ]

    def _with_odd_column(self, rng: Random) -> bytes:
        self.place(self._seed)
        table, column = rng.choice(self._columns)
        number = np.float32(rng.choice((np.nan, np.inf, 1e38)))
        odd = rng.choice(
            (None, "x", "", 1e308, -1, b"", b"\0", "[" * 100_000, np.full(1568, number).tobytes())
        )
        with closing(sqlite3.connect(self.path)) as base:
            base.execute("PRAGMA journal_mode=DELETE")
            try:
                base.execute(f'UPDATE "{table}" SET "{column}" = ?', (odd,))
            except sqlite3.Error:
                base.execute(f'DROP TABLE "{table}"')
            base.commit()
        return self.path.read_bytes()
