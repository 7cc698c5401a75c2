"""xcos score by several processes: each scores a part, and the first one tells the whole."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.processes import ProcessGroup
from tests.commands.conftest import Ask

SIZE = 3


@dataclass
class Fellows:
    """What the processes hand each other, each of them run after the other."""

    waits: list[int] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)

    def process(self, rank: int) -> Callable[[], AbstractContextManager[ProcessGroup]]:
        """How the process of a rank joins; the first one runs last, so that all parts are there."""
        fellows = self

        class Joined(ProcessGroup):
            def wait(self) -> None:
                fellows.waits.append(rank)

            def gather(self, mine: Any) -> list[Any]:
                if self.first:
                    return [mine, *fellows.parts]
                fellows.parts.append(mine)
                return []

        @contextmanager
        def join() -> Iterator[ProcessGroup]:
            yield Joined(rank, SIZE)

        return join


@pytest.mark.parametrize("probed", [False, True])
def test_processes_together_give_what_one_gives(
    ask_for: Ask, crops: Path, probes: Path, monkeypatch: pytest.MonkeyPatch, probed: bool
) -> None:
    monkeypatch.setattr("core.scoring.stream.TILE", 2)
    asked = ["score", crops, "--hardest", 4, *(["--probes", probes] if probed else [])]
    alone, summary = ask_for(*asked), json.loads(ask_for(*asked, "--json").out)
    fellows = Fellows()
    for rank in (1, 2):
        monkeypatch.setattr("core.commands.score.process_group", fellows.process(rank))
        said = ask_for(*asked)
        assert (said.code, said.out, said.warnings) == (0, "", [])
    assert 0 < sum(part.pairs for part in fellows.parts) < summary["pairs"]
    monkeypatch.setattr("core.commands.score.process_group", fellows.process(0))
    assert ask_for(*asked) == alone
    assert json.loads(ask_for(*asked, "--json").out) == summary
    assert fellows.waits == [1, 2, 0, 0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--filter", "genuine"], "--filter is for one process; leave it out, or start one process."),
        ([], "Several processes share a table of --hardest N only; add it, or use one."),
        (
            ["--hardest", 3, "--candidates", 2],
            "Several processes share a table of --hardest N only; add it, or use one.",
        ),
    ],
)  # fmt: skip
def test_what_several_processes_cannot_share_is_refused(
    ask_for: Ask,
    crops: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[object],
    sentence: str,
) -> None:
    monkeypatch.setattr("core.commands.score.process_group", Fellows().process(0))
    said = ask_for("score", crops, *options)
    assert (said.code, said.out, said.warnings) == (1, "", [sentence])


def test_without_a_threshold_pairs_are_told_without_outcomes(
    ask_for: Ask, crops: Path, bare_weights: Path
) -> None:
    for options in ([], ["--hardest", 4], ["--filter", "score > -2"]):
        said = ask_for("score", crops, "--json", *options, model=bare_weights)
        figures = json.loads(said.out)
        assert (said.code, figures["pairs"], figures["counts"]) == (0, 15, None)
        told = ask_for("score", crops, *options, model=bare_weights)
        assert told.warnings == ["6 faces, 15 pairs"]
        outcomes = [line.rpartition(",")[2] for line in told.out.splitlines()]
        assert outcomes[0] == "outcome" and {*outcomes[1:]} == {""}
