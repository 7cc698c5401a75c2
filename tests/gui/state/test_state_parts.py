"""What the window keeps and runs without a widget: settings, jobs, messages, history, conditions."""

import pytest

from xcos_gui.shell.application import missing_library

if sentence := missing_library():
    pytest.skip(sentence, allow_module_level=True)

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QObject, QSettings, Signal
from pytestqt.qtbot import QtBot

from core.errors import Stopped, XCosError
from core.faces.conditions import BY_NAME
from core.faces.face import Face
from core.model.card import ModelCard
from core.model.kinds import AttentionKind
from core.model.target_choice import TargetChoice
from xcos_gui.state.activity import Activity
from xcos_gui.state.conditions import FaceConditions
from xcos_gui.state.editing import Editing
from xcos_gui.state.in_order import InOrder
from xcos_gui.state.jobs import LatestJob, _sparing
from xcos_gui.state.messages import Messages
from xcos_gui.state.pair_history import PairHistory
from xcos_gui.state.settings import Settings
from xcos_gui.state.threshold_watch import ThresholdWatch
from xcos_gui.state.thresholds import Judged, MovedThresholds


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


def test_settings_remember_the_last_few_and_survive_what_is_odd(settings: Settings) -> None:
    store = settings.store
    assert (settings.theme, settings.kind, settings.order) == ("system", "learned", "both")
    for name, key, odd in (
        ("theme", "theme", "pink"),
        ("kind", "attention", "x"),
        ("order", "order", 3),
    ):
        store.setValue(key, odd)
        assert getattr(settings, name) in ("system", "learned", "both")
    settings.theme, settings.kind, settings.order = "dark", "uniform", "left-right"
    assert (settings.theme, settings.kind, settings.order) == ("dark", "uniform", "left-right")
    for number in range(12):
        settings.remember_gallery(Path(f"/g/{number}"))
        settings.remember_path("x", Path(f"/p/{number}"))
    assert settings.recents == [Path(f"/g/{k}") for k in range(11, 1, -1)]
    assert settings.recent_paths("x") == [Path(f"/p/{k}") for k in range(11, 1, -1)]
    settings.remember_gallery(Path("/g/5"))
    settings.forget_recent(Path("/g/11"))
    assert (
        settings.recents[:3] == [Path("/g/5"), Path("/g/10"), Path("/g/9")]
        and len(settings.recents) == 9
    )
    for number in range(32):
        settings.remember_filter(f"score > {number}")
    assert settings.filters[0] == "score > 31" and len(settings.filters) == 30
    settings.remember_filter("score > 20")
    assert settings.filters[:2] == ["score > 20", "score > 31"] and len(settings.filters) == 30
    assert settings.thumbnail_side == 64
    settings.thumbnail_side = 90
    assert settings.thumbnail_side == 90
    store.setValue("gallery/side", "wide")
    assert settings.thumbnail_side == 64
    store.setValue("recents", "/only")
    assert settings.recents == [Path("/only")]
    assert settings.model is None and settings.target is None and not settings.story_seen
    settings.remember_story()
    settings.model = Path("/m")
    assert settings.story_seen and settings.model == Path("/m")
    settings.target = TargetChoice(Path("/t"), "BGR")
    assert settings.target == TargetChoice(Path("/t"), "BGR")
    settings.keep_note("n", "text")
    assert settings.note("n") == "text" and settings.note("other") == ""


def test_reports_are_few_but_the_first_and_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("xcos_gui.state.jobs.time.monotonic", lambda: clock.now)
    told: list[tuple[str, int]] = []
    report = _sparing(lambda what, done, total: told.append((what, done)))
    for step, (what, done) in enumerate([("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1)]):
        clock.now = 100 + 0.02 * step
        report(what, done, 9)
    assert told == [("a", 0), ("b", 0)]
    clock.now += 0.1
    report("b", 2, 9)
    assert told == [("a", 0), ("b", 0)]
    clock.now += 0.126
    report("b", 2, 9)
    report("b", 9, 9)
    assert told[2:] == [("b", 2), ("b", 9)]


def test_the_newest_work_alone_is_heard_of(qtbot: QtBot) -> None:
    activity = Activity()
    parent = QObject()
    job = activity.job(parent)
    heard: list[object] = []
    job.finished.connect(heard.append)
    job.failed.connect(lambda error: heard.append(str(error)))
    idle: list[bool] = []
    activity.idle.connect(lambda: idle.append(activity.busy))
    job.start(lambda _: 1)
    job.start(lambda running: (running.stopped(), 2))
    assert job.running and activity.busy and not job.stopping
    qtbot.waitUntil(lambda: heard == [(False, 2)])
    qtbot.waitUntil(lambda: idle == [False])

    def fails(_: object) -> None:
        raise XCosError("no")

    job.start(fails)
    qtbot.waitUntil(lambda: heard[1:] == ["no"])
    job.start(lambda _: 3)
    job.drop()
    assert not job.running
    job.close()
    job.start(lambda _: 4)
    assert not job.running and len(heard) == 2


def test_work_in_order_is_all_done(qtbot: QtBot) -> None:
    runner, heard, rests = InOrder(), list[object](), list[None]()
    runner.rested.connect(lambda: rests.append(None))

    def fails() -> None:
        raise XCosError("second")

    runner.do(lambda: 1, heard.append, heard.append)
    runner.do(fails, heard.append, lambda error: heard.append(str(error)))
    runner.do(lambda: 3, heard.append, heard.append)
    assert runner.running
    qtbot.waitUntil(lambda: heard == [1, "second", 3])
    assert not runner.running and len(rests) == 1
    runner.close()
    runner.do(lambda: 4, heard.append, heard.append)
    assert not runner.running


def test_why_work_failed_is_told_once_or_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    messages, told = Messages(), list[str]()
    messages.message.connect(told.append)
    for sentence in ("a", "b", "a"):
        messages.tell_once(sentence)
    assert told == ["a", "b"]
    monkeypatch.setattr("xcos_gui.state.messages.unexpected", lambda _: "odd")
    for error in (XCosError("x"), Stopped("y"), MemoryError(), KeyError("z")):
        messages.tell(error)
    assert told[2:] == [
        "x",
        "The memory is full; close other programs or open a smaller gallery.",
        "odd",
    ]


class Walked(QObject):
    """A session whose pairs are places in two lists of keys."""

    pair_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.keys = ["a", "b", "c"]
        self.pair: tuple[int, int] | None = None

    @property
    def rows(self) -> SimpleNamespace:
        index = {key: place for place, key in enumerate(self.keys)}
        return SimpleNamespace(gallery=SimpleNamespace(index=lambda: index))

    columns = rows

    def faces_of(self, pair: tuple[int, int]) -> tuple[SimpleNamespace, SimpleNamespace]:
        one, other = (SimpleNamespace(key=self.keys[place]) for place in pair)
        return one, other

    def select_pair(self, row: int, column: int) -> None:
        self.pair = (row, column)
        self.pair_changed.emit(self.pair)


def test_pairs_looked_at_are_gone_back_to_in_a_gallery_that_changed(qapp: object) -> None:
    session = Walked()
    history = PairHistory(session)  # type: ignore[arg-type]
    assert not history.can_go_back and not history.can_go_forward
    for pair in ((0, 1), (0, 1), (1, 2), (2, 0)):
        session.select_pair(*pair)
    history.back()
    assert session.pair == (1, 2) and history.can_go_forward
    session.keys = ["c", "a"]  # b is gone: the pairs with it are passed over
    history.forward()
    assert session.pair == (0, 1)
    history.back()
    assert session.pair == (0, 1) and history.can_go_back  # there is none before that is left
    session.keys = ["a", "b", "c"]
    history.back()
    history.back()
    assert session.pair == (0, 1) and not history.can_go_back
    session.select_pair(1, 1)  # goes on from here
    assert not history.can_go_forward and history.can_go_back
    session.pair_changed.emit(None)
    for number in range(250):
        session.select_pair(number % 2, 2)
    for _ in range(300):
        history.back()
    assert not history.can_go_back and len(history._pairs) == 200


def test_conditions_are_measured_once_asked(qtbot: QtBot) -> None:
    face = Face("a.png", 1, None, None, "d")
    columns = {name: np.array([np.nan]) for name in ("yaw", "pitch")} | {
        "sharpness": np.array([12.345678])
    }

    class Table(SimpleNamespace):
        columns: dict[str, np.ndarray]

    table = Table(columns=dict.fromkeys(BY_NAME, np.array([np.nan])) | columns)
    shown = SimpleNamespace(columns=SimpleNamespace(gallery=SimpleNamespace(faces=[face])))
    measured: list[float | None] = []

    def measure(scored: object, threshold: float | None, task: object) -> Table:
        measured.append(threshold)
        return table

    parent, activity = QObject(), Activity()
    found = FaceConditions(
        parent, activity, SimpleNamespace(table=measure), lambda: (shown, 0.25), print  # type: ignore[arg-type, return-value]
    )  # fmt: skip
    found.look_later()
    assert not found._timer.isActive() and found.table(shown) is None and found.words(face) == ""  # type: ignore[arg-type]
    changes: list[None] = []
    found.changed.connect(lambda: changes.append(None))
    found.ask()
    found.ask()
    qtbot.waitUntil(lambda: len(changes) == 1)
    assert measured == [0.25] and found.table(shown) is table and found.table(None) is None  # type: ignore[arg-type]
    assert (
        found.value(face, "sharpness") == pytest.approx(12.345678)
        and found.value(face, "yaw") is None
    )
    assert found.words(face) == "Sharpness 12.35"
    found.look_later()
    assert found._timer.isActive()
    found.close()


def test_names_that_nobody_has_any_more_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def face(key: str, name: str | None) -> Face:
        return Face(key, 1, name, None, key)

    faces = (face("1", "ann"), face("2", "ann"), face("3", "bob"), face("4", None))
    session = SimpleNamespace(
        loaded=SimpleNamespace(gallery=SimpleNamespace(faces=faces, aside=(face("5", "bob"),))),
        faces_so_far=None,
        cut_short=False,
    )
    asked: list[tuple[object, ...]] = []
    project = SimpleNamespace(set_identity=lambda *said: asked.append(said))
    session.edit = lambda change, _: change(project)
    for chosen, gone in (((0,), []), ((0, 1), ["ann"]), ((2,), []), ((0, 1, 3), ["ann"])):
        Editing.rename(session, [faces[k] for k in chosen], "eve")  # type: ignore[arg-type]
        assert asked[-1] == ({faces[k].key: faces[k].identity for k in chosen}, "eve", gone)
    session.faces_so_far = 4  # of ann more may come
    Editing.rename(session, faces[:2], "eve")  # type: ignore[arg-type]
    assert asked[-1][2] == []


def test_a_threshold_that_does_not_hold_is_told_in_per_cent() -> None:
    told: list[str] = []
    scored = SimpleNamespace(matrix=object())
    session = SimpleNamespace(scored=scored, message=SimpleNamespace(emit=told.append))
    watch = SimpleNamespace(_session=session, _looked=scored.matrix)
    found = SimpleNamespace(
        holds=False, found=SimpleNamespace(interval=(0.0123, 0.25)), shipped=0.001
    )
    ThresholdWatch._tell(watch, found)  # type: ignore[arg-type]
    assert told[0].startswith(
        "The threshold does not hold on these photos: by their scores alone 1.2 to 25.0 % of pairs of two "
        "people are called the same, 0.1 % where it was set."
    )
    found.holds = True
    ThresholdWatch._tell(watch, found)  # type: ignore[arg-type]
    found.holds, watch._looked = False, None
    ThresholdWatch._tell(watch, found)  # type: ignore[arg-type]
    assert len(told) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux calls a thread's priority")
def test_the_window_goes_before_its_threads(qtbot: QtBot) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    heard: list[object] = []
    in_order = InOrder()
    in_order.do(lambda: os.getpriority(os.PRIO_PROCESS, 0), heard.append, heard.append)
    job = LatestJob()
    job.finished.connect(heard.append)
    job.start(lambda running: os.getpriority(os.PRIO_PROCESS, 0))
    qtbot.waitUntil(lambda: len(heard) == 2)
    in_order.close()
    job.close()
    assert heard == [min(19, own + 5)] * 2
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [("learned", 7.0, 1.0), ("uniform", -2.0, -1.0), ("correlation", 7.0, 4.0), ("learned", 0.3, 0.3),
     ("correlation", 2.5, 2.5), ("correlation", -9.0, -4.0)],
)  # fmt: skip
def test_a_threshold_that_no_score_reaches_is_the_bound_of_scores(
    kind: AttentionKind, given: float, kept: float
) -> None:
    raw = np.full((7, 7), 4 / 49)
    card = ModelCard("raw", Path("raw"), "print", "xcos", "thin", correlation=raw)
    moved, judged = MovedThresholds(), Judged(card, kind, "both")
    moved.move(judged, given)
    assert moved.threshold(judged) == pytest.approx(kept)
    moved.replace(card, {kind: given})
    assert moved.threshold(judged) == pytest.approx(kept)
