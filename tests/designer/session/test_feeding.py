"""Who is fed when: all at once with a new run, else by turns, each as often as before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from designer.session import feeding
from designer.session.feeding import INTERVAL, Feeder
from designer.session.frame import Frame


class View:
    """Takes note of the tick at which it was fed."""

    wants: frozenset[str] = frozenset()

    def __init__(self, clock: Clock, cost: float = 0.0) -> None:
        self.clock, self.cost, self.seen, self.fed = clock, cost, True, list[float]()

    def watching(self) -> bool:
        return self.seen

    def take(self, frame: Frame) -> None:
        self.fed.append(self.clock.now)
        self.clock.now += self.cost


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(feeding.time, "perf_counter", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def attached(clock: Clock, count: int, cost: float = 0.0) -> tuple[Feeder, list[View]]:
    feeder, views = Feeder(), [View(clock, cost) for _ in range(count)]
    for view in views:
        feeder.attach(view)
    return feeder, views


def test_a_new_run_is_shown_by_all_at_once(clock: Clock) -> None:
    feeder, views = attached(clock, 9)
    for run in (1, 2):
        feeder.feed(Frame(run=run))
        assert [len(v.fed) for v in views] == [run] * 9


@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_views_take_turns_and_each_is_fed_as_often_as_it_may(clock: Clock, count: int) -> None:
    feeder, views = attached(clock, count)
    frame, most = Frame(run=1), 0
    feeder.feed(frame)
    for _ in range(300):
        clock.now += 0.0334
        frame, before = replace(frame), sum(len(v.fed) for v in views)
        feeder.feed(frame)
        most = max(most, sum(len(v.fed) for v in views) - before)
    assert most == -(-count // 3)
    seconds = 300 * 0.0334
    for view in views:
        assert len(view.fed) >= 0.95 * seconds / INTERVAL
        assert all(b - a >= INTERVAL for a, b in zip(view.fed[1:], view.fed[2:]))


def test_a_dear_view_leaves_the_tick_and_nobody_starves(clock: Clock) -> None:
    feeder, views = attached(clock, 6, cost=0.004)
    frame = Frame(run=1)
    for _ in range(200):
        frame = replace(frame)
        feeder.feed(frame)
        assert feeder.cost <= feeding.BUDGET + 0.004
        clock.now += 0.03
    counts = [len(v.fed) for v in views]
    assert min(counts) >= 0.9 * max(counts) > 30


def test_who_is_not_watched_costs_nothing_and_the_last_frame_reaches_all_others(clock: Clock) -> None:
    feeder, views = attached(clock, 7)
    views[2].seen = False
    frame = Frame(run=1)
    for _ in range(50):
        frame = replace(frame)
        clock.now += 0.03
        feeder.feed(frame)
    for _ in range(10):
        clock.now += 0.03
        feeder.feed(frame)
    assert not feeder.pending(frame) and not views[2].fed
    assert all(v.fed for v in views if v.seen)
    assert feeder.request(None) is None
