"""What a matrix tells in a notebook of what its scores are worth, as the commands do."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import XCosError
from core.gallery.cache import Cache
from core.project.edits import Edits
from core.project.project import Project
from core.project.sides import edits_of_sides
from core.scoring.scored import ScoredGallery

if TYPE_CHECKING:
    import pandas as pd

    from core.analysis.conditions.by_condition import ByCondition
    from core.analysis.conditions.measured import ConditionTable
    from core.analysis.conditions.slices import Slice
    from core.analysis.evidence.pair_strength import FittedReference
    from core.analysis.evidence.ratios import Method
    from core.analysis.groups import GroupRates
    from core.analysis.persons import Fusion, Identification, WhyNotSecond
    from core.analysis.readers.agreement import Readers
    from core.analysis.threshold_fit import ThresholdFit


class Evidence:
    """Strength, conditions, groups, threshold, identification and readers of a scored gallery.

    All raise XCosError; those at a threshold also for weights without one.
    """

    scored: ScoredGallery
    threshold: float | None

    @property
    def _cache(self) -> Cache:
        raise NotImplementedError

    def ratios(self, *faces: int, method: "Method" = "logistic") -> "FittedReference":
        """Likelihood ratios by all people of the gallery but those of some faces, by their places.

        Its `.strength(score)` tells what a score is worth.
        """
        from core.analysis.evidence.pair_strength import fit_for

        chosen = tuple(self.scored.columns.gallery.faces[place] for place in faces)
        return fit_for(chosen, self.scored, method)

    def conditions(self) -> "pd.DataFrame":
        """A row a face, with the columns of `xcos conditions`."""
        from core.analysis.conditions.measured import COLUMNS, condition_rows

        rows = condition_rows(self.scored, self._measured())
        return pandas_or_error().DataFrame(list(rows), columns=[name for name, _ in COLUMNS])

    def by_condition(self, name: str, edges: Sequence[float] = ()) -> "ByCondition":
        """Rates, thresholds and likelihood ratios by ranges of a condition; no edges: by quarters.

        pandas.DataFrame(found.ranges) has a row a range.
        """
        from core.analysis.conditions.by_condition import by_condition

        return by_condition(self.scored, self._limit(), self._measured(), name, edges)

    def slices(self) -> "tuple[Slice, ...]":
        """Where the model does worst, the worst first; each has its `.words` and `.pairs`."""
        from core.analysis.conditions.slices import worst_slices
        from core.analysis.conditions.traits import traits_of

        traits = traits_of(self.scored, edits_of_sides(self._edits()))
        return worst_slices(self.scored, self._limit(), self._measured(), traits)

    def groups(self, by: str) -> "GroupRates":
        """Rates by group of a column of the gallery's CSV or a tag, at the threshold."""
        from core.analysis.grouping import group_by
        from core.analysis.groups import group_rates

        grouping = group_by(by, [self.scored.columns.gallery], edits_of_sides(self._edits()))
        return group_rates(self.scored, self._limit(), grouping)

    def threshold_fit(self) -> "ThresholdFit":
        """Whether the threshold holds here, told without labels; `.words` says it."""
        from core.analysis.threshold_fit import threshold_fit

        return threshold_fit(self.scored, self._limit(), self._measured())

    def identify(self, fusion: "Fusion | None" = None) -> "Identification":
        """Each face against the gallery's people, its own photo left out; `.cmc()`, `.rates(t)`.

        fusion: how a person's photos become one score; None: as the window and reports do
        """
        from core.analysis.persons import USUAL, identify

        return identify(self.scored, fusion or USUAL)

    def why_not_second(self, identification: "Identification", probe: int) -> "WhyNotSecond":
        """Why a probe's first person and not the second; probe: its place in identification.probes."""
        from core.analysis.persons import why_not_second

        return why_not_second(self.scored, identification, probe, self._limit())

    def readers(self) -> "Readers":
        """How those who rated pairs agree, how right they are, and what they add to the score."""
        from core.analysis.readers.agreement import readers_of
        from core.project.readings import readings_of

        return readers_of(self.scored, readings_of(self._edits().readings))

    def readings(self) -> "pd.DataFrame":
        """A row a rating: who rated which pair how and when."""
        from core.project.readings import readings_of

        columns = ["reader", "left", "right", "rating", "time"]
        rows = [
            [getattr(one, name) for name in columns] for one in readings_of(self._edits().readings)
        ]
        return pandas_or_error().DataFrame(rows, columns=columns)

    def _limit(self) -> float:
        if self.threshold is None:
            raise XCosError("These weights have no threshold; give one to matrix().")
        return self.threshold

    def _edits(self) -> Edits:
        source: Path = self.scored.columns.gallery.source
        return Project.open(source, self._cache.folder).edits

    def _measured(self) -> "ConditionTable":
        from core.analysis.conditions.measured import Measurer

        return Measurer(self._cache).table(self.scored, self.threshold)


def pandas_or_error() -> Any:
    """pandas. Raises XCosError where it is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise XCosError("Frames need pandas; install xcos-studio[notebook].") from error
    return pandas
