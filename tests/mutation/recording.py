"""A pytest plugin that records which lines of the program each test runs, and how long it takes.

Loaded by `tests.mutation.coverage_map` with `-p`; writes to the file that MUTATION_RECORD names.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

PROGRAM = ("core", "xcos_gui")


class Recorder:
    """One coverage context a test, set-up and fixtures included."""

    def __init__(self, target: Path) -> None:
        self.target, self.seconds = target, dict[str, float]()
        self.measured = coverage.Coverage(data_file=None, source=list(PROGRAM), config_file=False)
        self.measured.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        started = time.perf_counter()
        self.measured.switch_context(item.nodeid)
        try:
            return (yield)  # type: ignore[return-value]
        finally:
            self.measured.switch_context("")
            self.seconds[item.nodeid] = round(time.perf_counter() - started, 3)

    def pytest_sessionfinish(self) -> None:
        self.measured.stop()
        data = self.measured.get_data()
        root = Path.cwd()
        lines = {}
        for file in sorted(data.measured_files()):
            found = data.contexts_by_lineno(file)
            name = Path(file).relative_to(root).as_posix()
            lines[name] = {str(line): [c for c in tests if c] for line, tests in found.items()}
        self.target.write_text(json.dumps({"seconds": self.seconds, "lines": lines}))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(
        Recorder(Path(os.environ["MUTATION_RECORD"])), "mutation-recorder"
    )
