"""What follows a choice of weights, once they are hashed."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from core.digests import digest_is_known, file_digest
from core.errors import XCosError
from core.model.card import find_weights
from xcos_gui.state.in_order import InOrder


class AfterHashing(InOrder):
    """Goes on with choices of weights in their order; at once where nothing is to be hashed."""

    def after(
        self,
        weights: Sequence[Path | None],
        then: Callable[[], object],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Call `then` when weights, None for those that ship, and all chosen before are hashed."""
        files: list[Path] = []
        for path in weights:
            with suppress(XCosError):  # told when they are to be used
                files.append(find_weights(path))
        unknown = [file for file in files if not digest_is_known(file)]
        if not unknown and not self.running:
            then()
            return

        def work() -> None:
            for file in unknown:
                with suppress(OSError):  # the same
                    file_digest(file)

        self.do(work, lambda _: then(), failed)
