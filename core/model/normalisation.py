"""What is done to a face's values before a network sees them."""

import math
from dataclasses import dataclass

from core.errors import XCosError

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Normalisation:
    """(x - mean) / std for x in 0..255, a number a channel in the network's own order.

    Raises XCosError for numbers that are not finite, and for a std that is not above 0.
    """

    mean: Triple
    std: Triple

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (*self.mean, *self.std)):
            raise XCosError(f"The normalisation {self} has a number that is not finite; mend it.")
        if min(self.std) <= 0:
            raise XCosError(f"The normalisation {self} divides by {min(self.std):g}; mend it.")

    def __str__(self) -> str:
        """As `parse_normalisation` reads it: none, MEAN,STD, or six numbers."""
        if self == UNCHANGED:
            return "none"
        flat = len({*self.mean}) == len({*self.std}) == 1
        values = (self.mean[0], self.std[0]) if flat else (*self.mean, *self.std)
        return ",".join(f"{value:.12g}" for value in values)

    @property
    def words(self) -> str:
        """As a formula, such as (x - 127.5) / 128."""
        if self == UNCHANGED:
            return "x from 0 to 255 as it is"
        if len({*self.mean}) == len({*self.std}) == 1:
            return f"(x \N{MINUS SIGN} {self.mean[0]:.6g}) / {self.std[0]:.6g}"
        mean, std = (", ".join(f"{v:.6g}" for v in row) for row in (self.mean, self.std))
        return f"(x \N{MINUS SIGN} ({mean})) / ({std})"


def same_for_all(mean: float, std: float) -> Normalisation:
    """The same mean and std for the three channels."""
    return Normalisation((mean,) * 3, (std,) * 3)


UNCHANGED = same_for_all(0.0, 1.0)  # values from 0 to 255 as they are
UNIT = same_for_all(0.0, 255.0)  # from 0 to 1
CENTRED = same_for_all(127.5, 127.5)  # from -1 to 1


def parse_normalisation(text: str) -> Normalisation:
    """none, MEAN,STD, or three means and three standard deviations. Raises XCosError."""
    if text.strip().lower() == "none":
        return UNCHANGED
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) == 2:
        return same_for_all(*values)
    if len(values) == 6:
        first, second, third, *std = values
        return Normalisation((first, second, third), (std[0], std[1], std[2]))
    raise XCosError(
        f"The normalisation {text!r} is not understood; write none, MEAN,STD such as 127.5,128, "
        "or three means and three standard deviations."
    )
