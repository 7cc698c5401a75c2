"""The image that the matrix panel shows: in which order, of what groups, and what is opened of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import Stopped, XCosError
from core.explain.arranged import image_of
from core.explain.difference_image import DifferenceImage
from core.explain.matrix_image import MADE_AT_ONCE, MatrixImage, Part, Passing
from core.gallery.gallery import LoadedGallery
from core.progress import Task
from core.project.sides import EditsOfSides
from core.scoring.against import OtherScores, other_scores, other_threshold
from core.scoring.blocks import worst_pair
from core.scoring.matrix import ScoreMatrix
from core.scoring.orders import CONDITION, Asked, FaceValues, arrange, block_labels
from core.scoring.refine import Region
from core.scoring.scored import ScoredGallery
from core.scoring.sides import Arrangement, Side
from xcos_gui.panels.matrix.axis import Named, named_blocks
from xcos_gui.state.jobs import Running
from xcos_gui.state.session import Session

KEPT_ARRANGEMENTS = 8
SETTLE = 200  # milliseconds that a threshold must rest before an order or a difference follows


@dataclass(frozen=True, eq=False)
class Opened:
    """A cell of groups that is looked into: both groups' names, and the image to go back to."""

    names: tuple[str, str]
    back: MatrixImage

    @property
    def title(self) -> str:
        """What is open, in words."""
        return " \N{MULTIPLICATION SIGN} ".join(self.names)

    def cell_in(self, shown: Arrangement) -> tuple[int, int] | None:
        """The cell of these groups in another arrangement; None where one of them is gone."""
        sides = zip((shown.rows.names, shown.columns.names), self.names, strict=True)
        places = [names.index(name) if name in names else None for names, name in sides]
        row, column = places
        return None if row is None or column is None else (row, column)


class Arranger(QObject):
    """Makes the image in the background as it is asked for; until then the last one is shown."""

    changed = Signal()  # another image
    made = Signal()  # that which was asked for
    recoloured = Signal()  # the same image, drawn otherwise

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.asked = Asked()
        self.image: MatrixImage | None = None
        self._of: ScoreMatrix | None = None  # what the image is of
        self.opened: Opened | None = None
        self._shown_as = self.asked  # what the image was asked for as
        self._keeps_open = False  # whether what is opened stays so in the image that is being made
        self._labels: dict[int, tuple[np.ndarray, list[Named]]] = {}  # of the image
        self._missed: list[Region] = []  # refined while an image was made
        self._job = session.activity.job(self)
        self._job.finished.connect(self._on_made)
        self._job.failed.connect(self._on_failed)
        self._passing = session.activity.job(self)
        self._passing.finished.connect(self._on_passing)
        self._counting = session.activity.job(self)
        self._counting.finished.connect(self._on_counted)
        self.given: OtherScores | None = None  # another model's scores, to compare with
        self._other: tuple[object, str, OtherScores] | None = None  # of which scores, and what
        self._arrangements: tuple[ScoredGallery, list[tuple[object, Arrangement]]] | None = None
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(lambda: self._make(keeps_open=True))
        session.threshold_changed.connect(self._on_threshold)
        session.edits_changed.connect(self._on_edits)
        session.other_scores_shown.connect(self._on_given)
        session.matrix_changed.connect(self._on_matrix_changed)
        session.matrix_refined.connect(self._on_refined)

    @property
    def running(self) -> bool:
        """Whether another image is being made."""
        return self._job.running

    def ask(self, asked: Asked) -> None:
        """Show another level or order."""
        faces = None
        if "score" in (asked.rows, asked.columns) and self._session.pair is not None:
            one, other = self._session.faces_of(self._session.pair)
            faces = asked.faces or (one.key, other.key)
        self.asked = replace(asked, faces=faces)
        self._make()

    def open_cell(self, row: int, column: int) -> bool:
        """Look into a cell of groups; False where it holds no pairs, or is a pair itself."""
        image = self.image
        if image is None or image.shown.cells_are_pairs:
            return False
        if image.blocks(slice(row, row + 1), slice(column, column + 1)).pairs[0, 0] == 0:
            return False
        rows, columns = image.shown.rows, image.shown.columns
        inside = Arrangement(Side.of_faces(rows.faces(row)), Side.of_faces(columns.faces(column)))
        self.opened = Opened((self.name(0, row), self.name(1, column)), image)
        if isinstance(image, DifferenceImage):
            self._show(DifferenceImage(image.scored, image.found, inside))
        else:
            self._show(MatrixImage(image.matrix, inside))
        return True

    def back(self) -> bool:
        """Leave the opened cell; False where none is open."""
        if self.opened is None:
            return False
        image, self.opened = self.opened.back, None
        self._show(image)
        return True

    def labels(self, which: int) -> tuple[np.ndarray, list[Named]]:
        """Numbers of the rows' (0) or columns' (1) items, equal for neighbours of one name, and names."""
        if which not in self._labels:
            side, loaded = self._side(which)
            if side is None or loaded is None:
                return np.empty(0, np.int64), []
            if which == 1 and self._side(0) == (side, loaded):
                return self.labels(0)
            codes, names = block_labels(side, loaded)
            self._labels[which] = codes, named_blocks(codes, names)
        return self._labels[which]

    def worst(self, cell: tuple[int, int]) -> tuple[int, int] | None:
        """The pair of a cell that is farthest on the wrong side, of a difference farthest apart."""
        image = self.image
        assert image is not None
        if isinstance(image, DifferenceImage):
            return image.in_cell(cell)[2]
        return worst_pair(image.counted, image.shown, cell, self._session.threshold)

    def name(self, which: int, item: int) -> str:
        """What an item of the rows (0) or columns (1) is called."""
        naming = self.naming(which)
        assert naming is not None
        return naming(item)

    def naming(self, which: int) -> Callable[[int], str] | None:
        """The names of the items that are shown now, also when others are shown later; None for none."""
        side, loaded = self._side(which)
        if side is None or loaded is None:
            return None
        if side.single:
            faces, places = loaded.gallery.faces, side.places
            return lambda item: faces[int(places[item])].key
        return side.names.__getitem__

    def show_passing(self, paper: tuple[int, int, int]) -> None:
        """Fade the pairs that do not pass the filter, of many as soon as their blocks are made."""
        image, mask = self.image, self._session.filter.mask
        self._passing.drop()
        if image is None:
            return
        image.fade_to(paper)
        if image.passes(mask):
            pass
        elif mask is None or mask.size <= MADE_AT_ONCE:
            image.show_passing(mask, image.passing(mask))
        else:

            def work(_: Running) -> tuple[MatrixImage, np.ndarray, Passing | None]:
                passing = image.passing(mask)
                if passing is not None:
                    passing.prepare()
                return image, mask, passing

            self._passing.start(work)
        self.recoloured.emit()

    def close(self) -> None:
        """End the background work."""
        self._job.close()
        self._passing.close()
        self._counting.close()

    def _side(self, which: int) -> tuple[Side | None, LoadedGallery | None]:
        session = self._session
        if self.image is None:
            return None, None
        shown = self.image.shown
        return (shown.rows, session.rows) if which == 0 else (shown.columns, session.columns)

    def _on_matrix_changed(self) -> None:
        matrix = self._session.matrix
        if self.image is not None and matrix is self._of:  # its estimates have become exact
            self._make(keeps_open=True)
            return
        self.opened = self.given = None
        if self.asked.against == "model":
            self.asked = replace(self.asked, against=None)
        self._job.drop()
        self._of, self._shown_as = matrix, Asked()
        self._show(self._session.image)
        if self.image is not None and not self.asked.plain:
            self._make()

    def _make(self, keeps_open: bool = False) -> None:
        """Make what was asked for; keeps_open: only its order may change, so an opened cell stays."""
        session, asked = self._session, self.asked
        scored, threshold = session.scored, session.threshold
        edits = session.edits
        own, measurer = session.own_threshold, session.measurer
        self._missed, self._keeps_open = [], keeps_open
        self._timer.stop()
        if scored is None or session.image is None:
            return
        if scored.square:  # with probes the columns had an order of their own
            asked = replace(asked, columns=asked.rows)
        if asked.plain:
            self._job.drop()
            self._take(session.image)
            return
        limits, given = session.image.limits, self.given
        mask = session.filter.mask
        known, thresholds = self._other, session.moved_thresholds.of(scored.card)

        def work(running: Running) -> MatrixImage:
            values = None
            if any(order.startswith(CONDITION) for order in (asked.rows, asked.columns)):
                values = measurer.table(scored, own, running).of
            shown = self._arranged(scored, asked, threshold, edits, running, values)

            def other(against: str) -> OtherScores:
                if against == "model" and given is not None:
                    scores = given
                elif known is not None and known[:2] == (scored, against):
                    limit = other_threshold(scored, against, thresholds)
                    scores = replace(known[2], threshold=limit)
                else:
                    scores = other_scores(scored, against, thresholds, running)
                self._other = scored, against, scores
                return scores

            image = image_of(scored, shown, asked.against, threshold, other)
            if asked.against is None:
                image.limits = limits
            image.show_passing(mask, image.passing(mask))
            image.prepare()
            return image

        self._job.start(work)

    def _arranged(
        self,
        scored: ScoredGallery,
        asked: Asked,
        threshold: float,
        edits: EditsOfSides,
        task: Task,
        values: FaceValues | None,
    ) -> Arrangement:
        """An arrangement, or the one that was made of the same before."""
        plain = replace(asked, against=None)
        key = plain, threshold if _goes_by_threshold(asked) else None, edits
        if self._arrangements is None or self._arrangements[0] is not scored:
            self._arrangements = scored, []
        known = self._arrangements[1]
        arranged = next((shown for other, shown in known if other == key), None)
        if arranged is None:
            arranged = arrange(scored, plain, threshold, edits, task, values)
            known.insert(0, (key, arranged))
            del known[KEPT_ARRANGEMENTS:]
        return arranged

    def _on_made(self, image: MatrixImage) -> None:
        of = image.scored if isinstance(image, DifferenceImage) else image.matrix
        if of is self._session.matrix:
            for region in self._missed:
                image.refresh(*region)
            self._take(image)
            self.made.emit()

    def _take(self, image: MatrixImage) -> None:
        """Show what was asked for, or the cell of it that is open."""
        opened, self.opened = self.opened, None
        self._shown_as = self.asked
        cell = opened.cell_in(image.shown) if opened is not None and self._keeps_open else None
        if cell is not None:
            before, self.image = self.image, image
            if self.open_cell(*cell):
                return
            self.image = before
        self._show(image)

    def _on_passing(self, faded: tuple[MatrixImage, np.ndarray, Passing | None]) -> None:
        image, mask, passing = faded
        if image is self.image and mask is self._session.filter.mask:
            image.show_passing(mask, passing)
            self.recoloured.emit()

    def _on_failed(self, error: BaseException) -> None:
        self.asked = self._shown_as
        if isinstance(error, Stopped):
            error = XCosError("Ordering the matrix was stopped; it is as before.")
        self._session.tell(error)
        self._show(self.image)

    def _show(self, image: MatrixImage | None) -> None:
        self.image = image
        self._labels.clear()
        if image is not None:
            image.on_uncounted = None if isinstance(image, DifferenceImage) else self._count
        self.changed.emit()

    def _on_refined(self, regions: list[Region]) -> None:
        own = self._session.image
        images = {id(i): i for i in (own, self.image, self.opened.back if self.opened else None)}
        for image in images.values():
            if image is not None:
                for region in regions:
                    image.refresh(*region)
        if self._job.running:
            self._missed += regions
        if self._passing.running and self.image is not None:  # it may have read what was before
            self.show_passing(self.image.paper)
        self.recoloured.emit()

    def _on_threshold(self, _: float) -> None:
        # Which pairs changed side depends on it, too.
        if self.asked.against is not None or _goes_by_threshold(self.asked):
            self._timer.start()

    def _on_edits(self) -> None:
        if "tags" in (self.asked.level, self.asked.rows, self.asked.columns):
            self._make(keeps_open=True)

    def _on_given(self, name: str, scores: np.ndarray, threshold: float) -> None:
        """Compare with another model's scores."""
        self.given = OtherScores(name, scores, threshold)
        self.ask(replace(self.asked, against="model"))

    def _count(self, part: Part, threshold: float) -> None:
        image = self.image
        if image is None:
            return
        self._counting.start(lambda _: (image, part, threshold, image.count(part, threshold)))

    def _on_counted(self, counted: tuple[MatrixImage, Part, float, np.ndarray]) -> None:
        image, part, threshold, errors = counted
        if image is self.image:
            image.take_count(part, threshold, errors)
            self.recoloured.emit()


def _goes_by_threshold(asked: Asked) -> bool:
    """Whether the threshold has a say in an order, as in which cells are unlike."""
    return bool({"hardness", f"{CONDITION}unlike"} & {asked.rows, asked.columns})


def matrix_region(shown: Arrangement, seen: Region) -> Region:
    """The part of the matrix from the first to the last of the faces that are in sight."""
    ends = []
    for side, part in zip((shown.rows, shown.columns), seen, strict=True):
        faces = side.faces(part.start, part.stop)
        ends.append(slice(int(faces.min()), int(faces.max()) + 1))
    return ends[0], ends[1]
