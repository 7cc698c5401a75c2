"""What a project knows a photo by, should it move."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PhotoPrint:
    """What a photo is known by: bytes, the digest of its content, and who it told it shows."""

    size: int
    digest: str
    identity: str | None

    def to_json(self) -> list[Any]:
        """As a project file has it."""
        return [self.size, self.digest, self.identity]

    @staticmethod
    def from_json(stored: Any) -> "PhotoPrint":
        """What a project file has; one that fits no photo for what cannot be read."""
        if isinstance(stored, list) and [type(part) for part in stored[:2]] == [int, str]:
            match stored[2:]:
                case [None | str() as identity]:
                    return PhotoPrint(max(stored[0], -1), stored[1], identity)
        return PhotoPrint(-1, "", None)
