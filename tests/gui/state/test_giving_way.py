"""Background work waits while the window is at work."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

from collections.abc import Iterator
from threading import Event

from pytestqt.qtbot import QtBot

from xcos_gui.state import jobs
from xcos_gui.state.jobs import LatestJob, Running


@pytest.fixture
def job(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[LatestJob]:
    monkeypatch.setattr(jobs, "GIVES_WAY", 60.0)  # what waits in vain is seen to
    monkeypatch.setattr(jobs, "ASKS_PER_SECOND", 1e9)
    made = LatestJob()
    yield made
    made.close()


def test_work_that_asks_goes_on_once_the_window_is_free(job: LatestJob, qtbot: QtBot) -> None:
    asks, went_on = Event(), Event()

    def work(running: Running) -> None:
        asks.set()
        assert not running.stopped()
        went_on.set()

    job.start(work)
    assert asks.wait(60)
    # The window is at work: this test has not given its thread back.
    assert not went_on.wait(0.2)
    qtbot.waitUntil(went_on.is_set)
    qtbot.waitUntil(lambda: not job.running)


@pytest.mark.parametrize("end", [LatestJob.stop, LatestJob.drop, LatestJob.close])
def test_work_that_waits_hears_of_its_end_at_once(job: LatestJob, end: object) -> None:
    waits, told = Event(), Event()

    def work(running: Running) -> None:
        waits.set()
        while not running.stopped():
            pass
        told.set()

    job.start(work)
    assert waits.wait(60)
    end(job)  # type: ignore[operator]
    assert told.wait(30)


def test_a_window_that_never_is_free_does_not_hold_up_work(
    job: LatestJob, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "GIVES_WAY", 0.01)
    done = Event()

    def work(running: Running) -> None:
        assert not any(running.stopped() for _ in range(3))
        done.set()

    job.start(work)
    assert done.wait(60)


def test_it_does_not_ask_the_window_all_the_time(
    job: LatestJob, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ASKS_PER_SECOND", 0.001)
    done = Event()

    def work(running: Running) -> None:
        assert not any(running.stopped() for _ in range(1000))
        done.set()

    job.start(work)
    assert done.wait(60)
