"""What a notebook handles: models, galleries, matrices and pairs."""

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import XCosError, counted
from core.explain.colours import ColourLimits, around, overlay_rgba, table
from core.explain.explain import pair_report
from core.explain.explanation import PairExplanation
from core.explain.output import write_pair
from core.explain.report import PairReport, cell_rows
from core.faces.choose import FacePolicy, GallerySettings
from core.files import refuse_overwriting
from core.gallery.cache import Cache
from core.gallery.gallery import LoadedGallery
from core.gallery.opening import crop_of
from core.gallery.opening import open_gallery as load_gallery
from core.model.attention_weights import read_head
from core.model.card import ModelCard, find_weights
from core.model.kinds import AttentionKind, Order
from core.model.target import Target
from core.model.target_choice import TargetChoice
from core.model.verifier import Verifier
from core.notebook.edited import edited_source
from core.notebook.evidence import Evidence, pandas_or_error
from core.scoring.engine import PairEngine
from core.scoring.scored import ScoredGallery, ScoringModel, one_pair, score_gallery
from core.scoring.statistics import Counts, PairStatistics
from core.scoring.tables import COLUMNS, table_rows
from core.workarounds import keep_memory

if TYPE_CHECKING:
    import pandas as pd

    from core.analysis.evidence.ratios import Method, Strength
    from core.explain.matrix_image import Far, MatrixImage

SHOWN_SIDE = 420  # pixels of a matrix's picture, at least
Face = int | str  # by its place in the gallery, or by its key: ann/1.jpg


@dataclass(frozen=True, eq=False)
class Model:
    """Weights, and what scores pairs with them."""

    verifier: Verifier
    engine: PairEngine
    target: Target | None = None

    @property
    def card(self) -> ModelCard:
        """What the weights say of themselves."""
        return self.verifier.card

    @property
    def scoring(self) -> ScoringModel:
        """What scores pairs with them."""
        return ScoringModel(self.card, self.engine)

    def __repr__(self) -> str:
        thresholds = ", ".join(f"{k} {v:.4f}" for k, v in self.card.thresholds.items())
        return f"Model({self.card.name!r}, thresholds: {thresholds or 'none'})"


def load_model(
    weights: str | Path | None = None,
    target: str | Path | TargetChoice | None = None,
    device: str = "auto",
) -> Model:
    """Weights by name or file, None: those that ship; target: another model shown beside.

    Raises XCosError for a file that is not there, or holds no xCos model.
    """
    keep_memory()
    path = find_weights(weights)
    verifier = Verifier(path, device)
    if verifier.card.kind != "xcos":
        raise XCosError(f"{path} is a target model without grid features; give it as target.")
    beside = None if target is None else Target(target, device)
    engine = PairEngine(read_head(path), verifier.card.correlation, device)
    return Model(verifier, engine, beside)


def open_gallery(
    source: str | Path,
    model: Model | None = None,
    *,
    faces: FacePolicy | None = None,
    aligned: bool | None = None,
    cache: str | Path | None = None,
) -> "Gallery":
    """Load a folder, a CSV of path and identity, a photo or a project, with names as corrected in the window.

    model: None: the weights that ship; faces, aligned: None: as the window kept them, else central and
    not; cache: its file, None: your own cache folder. What was computed once is cached.
    Raises XCosError for a source without photos.
    """
    model = model or load_model()
    kept = Cache(None if cache is None else Path(cache))
    photos, project, own = edited_source(Path(source), kept.folder)
    loaded = load_gallery(
        photos,
        verifier=model.verifier,
        target=model.target,
        cache=kept,
        settings=GallerySettings(faces or own.faces, own.aligned if aligned is None else aligned),
        project=project,
    )
    return Gallery(loaded, model, kept)


def explain_pair(
    left: str | Path,
    right: str | Path,
    model: Model | None = None,
    *,
    kind: AttentionKind = "learned",
    order: Order = "both",
    threshold: float | None = None,
    aligned: bool = False,
    cache: str | Path | None = None,
) -> "Pair":
    """Why two photos scored as they did. Raises XCosError for a photo without a face."""
    model = model or load_model()
    one, other = (
        open_gallery(photo, model, aligned=aligned, cache=cache) for photo in (left, right)
    )
    for gallery in (one, other):
        if not len(gallery):
            raise XCosError(gallery.loaded.gallery.problems[0].reason)
    pair = one_pair(model.scoring, (one.loaded, 0), (other.loaded, 0), kind, order)
    return _explained(pair, threshold, one.cache)


@dataclass(frozen=True, eq=False)
class Gallery:
    """n faces with their features. As the last line of a cell it shows its first faces."""

    loaded: LoadedGallery
    model: Model
    cache: Cache

    def __len__(self) -> int:
        return len(self.loaded)

    @property
    def keys(self) -> list[str]:
        """The faces' keys, in their order."""
        return [face.key for face in self.loaded.gallery.faces]

    def frame(self) -> "pd.DataFrame":
        """A row a face: its key, identity and photo. Raises XCosError without pandas."""
        rows = [(f.key, f.identity, f.photo, f.number) for f in self.loaded.gallery.faces]
        return pandas_or_error().DataFrame(rows, columns=["face", "identity", "photo", "number"])

    def crop(self, face: Face) -> np.ndarray:
        """A face's aligned crop, (112, 112, 3) uint8."""
        chosen = self.loaded.gallery.faces[self._place(face)]
        return crop_of(chosen, self.loaded.gallery.root, self.cache)

    def matrix(
        self,
        kind: AttentionKind = "learned",
        order: Order = "both",
        threshold: float | None = None,
    ) -> "Matrix":
        """Scores of all pairs; threshold None: the weights' own. Raises XCosError without a face."""
        if not len(self):
            raise XCosError(self.loaded.gallery.problems[0].reason)
        limit = self.model.card.threshold(kind) if threshold is None else threshold
        scored = score_gallery(self.model.scoring, self.loaded, None, kind, order)
        return Matrix(scored, self, limit)

    def explain(
        self,
        left: Face,
        right: Face,
        kind: AttentionKind = "learned",
        order: Order = "both",
        threshold: float | None = None,
    ) -> "Pair":
        """Why two faces scored as they did. Raises XCosError for a face that is not there."""
        one, other = ((self.loaded, self._place(face)) for face in (left, right))
        pair = one_pair(self.model.scoring, one, other, kind, order)
        return _explained(pair, threshold, self.cache)

    def _place(self, face: Face) -> int:
        if isinstance(face, int):
            if not -len(self) <= face < len(self):
                raise XCosError(f"There is no face {face}; the gallery has {len(self)} faces.")
            return face % len(self)
        place = self.loaded.gallery.index().get(face)
        if place is None:
            raise XCosError(f"{face} is no face of this gallery; its keys are in .keys.")
        return place

    def __repr__(self) -> str:
        gallery = self.loaded.gallery
        people = len({face.identity for face in gallery.faces} - {None})
        return (
            f"Gallery({str(gallery.source)!r}: {counted(len(self), 'face')} of {counted(people, 'person', 'people')}, "
            f"{counted(len(gallery.problems), 'problem')}, {self.model.card.name})"
        )

    def _repr_html_(self) -> str:
        shown = "".join(_image(self.crop(k), 64) for k in range(min(len(self), 12)))
        return f"<p>{html.escape(repr(self))}</p>{shown}"


@dataclass(frozen=True, eq=False)
class Matrix(Evidence):
    """All pairs of a gallery. As the last line of a cell it is drawn, white at the threshold.

    threshold: None for weights without one
    """

    scored: ScoredGallery
    gallery: Gallery
    threshold: float | None

    @property
    def scores(self) -> np.ndarray:
        """(n, n) float32; the diagonal is no pair."""
        return self.scored.matrix.scores

    @property
    def statistics(self) -> PairStatistics:
        """Counts, rates and curves at any threshold."""
        return self.scored.statistics

    @property
    def counts(self) -> Counts:
        """Pairs by outcome. Raises XCosError without a threshold."""
        if self.threshold is None:
            raise XCosError("These weights have no threshold; give one to matrix().")
        return self.statistics.counts(self.threshold)

    def strength(self, left: Face, right: Face, method: "Method" = "logistic") -> "Strength":
        """What a pair's score is worth by all other people of the gallery.

        Raises XCosError, also without lir, and for a face that is not there.
        """
        row, column = (self.gallery._place(face) for face in (left, right))
        fitted = self.ratios(row, column, method=method)
        return fitted.strength(float(self.scores[row, column]))

    @property
    def _cache(self) -> Cache:
        return self.gallery.cache

    def arranged(
        self,
        level: str = "faces",
        sort: str = "name",
        far: "Far" = "worst",
        against: str | None = None,
    ) -> "Arranged":
        """The matrix in an order, or of people, tags or columns; see `xcos matrix --help` for the words.

        against: shown less another scoring, such as attention:uniform. Raises XCosError for
        words that are none, and without a threshold.
        """
        from core.explain.arranged import arranged_image
        from core.project.sides import edits_of_sides
        from core.scoring.orders import CONDITION, Asked

        if self.threshold is None:
            raise XCosError("These weights have no threshold; give one to matrix().")
        asked = Asked(level, sort, sort, against=against)
        edits = edits_of_sides(self._edits())
        values = self._measured().of if sort.startswith(CONDITION) else None
        image = arranged_image(self.scored, asked, self.threshold, edits, values=values)
        return Arranged(image, self.threshold, far)

    def frame(self) -> "pd.DataFrame":
        """A row an unordered pair, with the columns of `xcos score`."""
        rows = table_rows(self.scored, self.threshold)
        return pandas_or_error().DataFrame(list(rows), columns=[name for name, _ in COLUMNS])

    def _repr_png_(self) -> bytes:
        return _png(self._pixels())

    def _repr_html_(self) -> str:
        n, setting = len(self.scores), f"{self.scored.kind} attention, order {self.scored.order}"
        limit = "no threshold" if self.threshold is None else f"threshold {self.threshold:.4f}"
        text = (
            f"{counted(n, 'face')}, {counted(self.scored.matrix.pairs, 'pair')}, {setting}, {limit}"
        )
        return f"<p>{html.escape(text)}</p>{_image(self._pixels())}"

    def _pixels(self) -> np.ndarray:
        centred = around(self.scores, self.threshold or 0.0)
        pixels = overlay_rgba(centred, table("diverging"), -1, 1, 1.0)[..., :3]
        size = max(1, SHOWN_SIDE // max(1, len(pixels)))
        return pixels.repeat(size, 0).repeat(size, 1)


@dataclass(frozen=True, eq=False)
class Arranged:
    """A matrix in an order, or of groups. As the last line of a cell it is drawn.

    far: what stands for many pairs: mean, worst or errors
    """

    image: "MatrixImage"
    threshold: float
    far: "Far"

    def frame(self) -> "pd.DataFrame":
        """A row a cell of groups: its pairs, mean, worst and errors, as `xcos matrix -o FILE.csv` has them."""
        from core.explain.arranged import CELL_COLUMNS, cells
        from core.explain.difference_image import DifferenceImage

        if isinstance(self.image, DifferenceImage):
            raise XCosError("A difference has no rows; draw it, or leave against out.")
        if not self.image.shown.rows.names:
            raise XCosError("Cells are pairs here; Matrix.frame() has a row for each of them.")
        return pandas_or_error().DataFrame(
            list(cells(self.image, self.threshold)), columns=list(CELL_COLUMNS)
        )

    def _repr_png_(self) -> bytes:
        from core.explain.arranged import picture
        from core.explain.matrix_image import Look

        return _png(picture(self.image, Look(self.threshold, False, self.far), SHOWN_SIDE))


@dataclass(frozen=True, eq=False)
class Pair:
    """One explained pair. As the last line of a cell it shows its faces, maps and words.

    made_from: its photos and the lists that name them, which are never written over
    """

    report: PairReport
    made_from: tuple[Path, ...] = ()

    @property
    def explanation(self) -> PairExplanation:
        """Its maps and score."""
        return self.report.explanation

    @property
    def score(self) -> float:
        """The sum of W*S."""
        return self.explanation.score

    @property
    def words(self) -> str | None:
        """The decision in words; None for weights without a threshold."""
        return self.report.words

    def frame(self) -> "pd.DataFrame":
        """A row a cell, the largest contribution first."""
        return pandas_or_error().DataFrame(cell_rows(self.report))

    def save(self, path: str | Path, limits: ColourLimits | None = None) -> None:
        """Write .png, .svg, .pdf, .json, .csv or .html, by the name's ending. Raises XCosError."""
        refuse_overwriting(Path(path), *self.made_from)
        write_pair(Path(path), self.report, limits)

    def __repr__(self) -> str:
        e = self.explanation
        return f"Pair({e.left!r}, {e.right!r}: {self.report.caption})"

    def _repr_png_(self) -> bytes:
        from core.explain.drawing import figure_bytes
        from core.explain.figure import pair_figure

        return figure_bytes(pair_figure(self.report), "png")

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self._repr_png_()).decode()
        words = html.escape(self.words or self.report.caption)
        return f'<p>{words}</p><img style="max-width:100%" src="data:image/png;base64,{picture}">'


def _image(pixels: np.ndarray, side: int | None = None) -> str:
    size = "" if side is None else f' width="{side}"'
    return f'<img{size} src="data:image/png;base64,{base64.b64encode(_png(pixels)).decode()}">'


def _explained(pair: ScoredGallery, threshold: float | None, cache: Cache) -> Pair:
    sides = pair.rows.gallery, pair.columns.gallery
    made_from = (path for side in sides for path in (side.source, side.photo_path(side.faces[0])))
    return Pair(pair_report(pair, 0, 0, threshold, cache), tuple(made_from))


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return buffer.getvalue()
