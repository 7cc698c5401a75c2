"""Several processes: of one command, started by torchrun, and commands in processes of their own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.errors import XCosError

PATIENCE = timedelta(hours=24)  # one opens a gallery while the others wait for it


@dataclass(frozen=True)
class ProcessGroup:
    """This process among all of the command: rank from 0, and how many there are."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether it is the one that prints and writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Return when every process got here."""
        if self.size > 1:
            import torch.distributed as dist

            dist.barrier()

    def gather(self, mine: Any) -> list[Any]:
        """What every process gives, by rank, for the first one; empty for the others."""
        if self.size == 1:
            return [mine]
        import torch.distributed as dist

        gathered: list[Any] | None = [None] * self.size if self.first else None
        dist.gather_object(mine, gathered)
        return gathered or []


@contextmanager
def process_group() -> Iterator[ProcessGroup]:
    """Join the processes that torchrun started. Raises XCosError where they cannot meet."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ProcessGroup()
        return
    import torch.distributed as dist

    try:
        dist.init_process_group("gloo", timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise XCosError(
            f"The {size} processes could not meet ({error}); start them by torchrun."
        ) from error
    try:
        yield ProcessGroup(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()


def own_command(*arguments: str) -> list[str]:
    """This program's command line in another process, whatever lies in its working directory."""
    return [sys.executable, "-P", "-m", "core.cli", *arguments]


def own_environment() -> dict[str, str]:
    """What such a process is started with, so that it and those it starts find this package."""
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
