"""A matrix in another order, of people, tags or columns, or as a difference: its picture and its cells."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from core.explain.difference_image import DifferenceImage
from core.explain.matrix_image import Look, MatrixImage
from core.progress import QUIET, Task
from core.project.sides import EditsOfSides
from core.scoring.against import LABELS, OtherScores, compare, compare_names, other_scores
from core.scoring.blocks import BlockPyramid
from core.scoring.matrix import at_most
from core.scoring.orders import Asked, FaceValues, arrange
from core.scoring.scored import ScoredGallery
from core.scoring.sides import Arrangement, Side

CELL_COLUMNS = (
    "row", "column", "pairs", "mean", "worst", "worst_is", "errors", "share",
)  # fmt: skip


def arranged_image(
    scored: ScoredGallery,
    asked: Asked,
    threshold: float,
    edits: EditsOfSides,
    task: Task = QUIET,
    values: FaceValues | None = None,
) -> MatrixImage:
    """The matrix as it was asked for; values: see `arrange`. Raises XCosError, Stopped."""
    shown = arrange(scored, asked, threshold, edits, task, values)
    other = partial(other_scores, scored, thresholds={}, task=task)
    image = image_of(scored, shown, asked.against, threshold, other)
    image.prepare()
    return image


def image_of(
    scored: ScoredGallery,
    shown: Arrangement,
    against: str | None,
    threshold: float,
    other: Callable[[str], OtherScores],
) -> MatrixImage:
    """The scores in an arrangement, or their difference; other: the scores of what it is against."""
    if against is None:
        return MatrixImage(scored.matrix, shown)
    difference = (
        compare_names(scored, threshold)
        if against == LABELS
        else compare(scored, threshold, other(against))
    )
    return DifferenceImage(scored.matrix, difference, shown)


def picture(image: MatrixImage, look: Look, side: int) -> np.ndarray:
    """An image's colours (h, w, 3) uint8, at most `side` pixels a side, cells of few enlarged to it."""
    rows, columns = (slice(0, size) for size in image.shown.shape)
    colours = image.draw(rows, columns, look, side)[0]
    pixels = np.stack([colours >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(np.uint8)
    times = max(1, side // max(1, *colours.shape))
    return pixels.repeat(times, 0).repeat(times, 1)


def cells(
    image: MatrixImage, threshold: float
) -> Iterator[tuple[str, str, int, float, float, str, int, float]]:
    """A row for each cell of groups that has pairs, in the order of CELL_COLUMNS.

    worst: the score farthest on the wrong side, else nearest to it; worst_is: of which outcome it is
    share: of errors, of all pairs, each once; those of two groups of one gallery lie in two cells
    """
    shown = image.shown
    rows, columns = (slice(0, size) for size in shown.shape)
    blocks, errors = image.blocks(rows, columns), image.errors(rows, columns, threshold)
    worst, genuine = blocks.worst(threshold)
    shared = shown.own_cells if image.matrix.square else ()
    overlapping = {*zip(*(side.tolist() for side in shared), strict=True)}
    same = worst > at_most(threshold)
    for i, j in np.argwhere(blocks.pairs > 0).tolist():
        if not blocks.known[i, j]:
            outcome = "unknown"
        elif genuine[i, j]:
            outcome = "TP" if same[i, j] else "FN"
        else:
            outcome = "FP" if same[i, j] else "TN"
        pairs, mean, wrong = int(blocks.pairs[i, j]), float(blocks.mean[i, j]), int(errors[i, j])
        if (i, j) in overlapping and shown.rows.names[i] == shown.columns.names[j]:
            pairs, wrong = pairs // 2, wrong // 2  # as pairs_once has it, of thousands of people
        elif (i, j) in overlapping:
            pairs, mean, wrong = pairs_once(image, (i, j), threshold)
        yield (
            shown.rows.names[i], shown.columns.names[j], pairs, mean,
            float(worst[i, j]), outcome, wrong, wrong / pairs,
        )  # fmt: skip


def faces_in_both(image: MatrixImage, cell: tuple[int, int]) -> np.ndarray:
    """Places of the faces that are in both groups of a cell: each of their pairs lies in it twice."""
    if not image.matrix.square:
        return np.empty(0, np.int32)
    return np.intersect1d(image.shown.rows.faces(cell[0]), image.shown.columns.faces(cell[1]))


def pairs_once(
    image: MatrixImage, cell: tuple[int, int], threshold: float
) -> tuple[int, float, int]:
    """Of a cell that has pairs: how many, each once, their mean score, and how many are errors."""
    rows, columns = (slice(place, place + 1) for place in cell)
    blocks, errors = image.blocks(rows, columns), image.errors(rows, columns, threshold)
    pairs, total, wrong = blocks.pairs[0, 0], float(blocks.total[0, 0]), errors[0, 0]
    both = faces_in_both(image, cell)
    if len(both) > 1:
        side, one = Side.of_groups([("", both)]), slice(0, 1)
        inside = BlockPyramid(image.counted, Arrangement(side, side))
        again = inside.part(one, one, 1)
        pairs, total = pairs - again.pairs[0, 0] // 2, total - float(again.total[0, 0]) / 2
        wrong = wrong - inside.errors(one, one, 1, threshold)[0, 0] // 2
    return int(pairs), total / int(pairs), int(wrong)
