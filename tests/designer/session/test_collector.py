"""Young garbage goes at once; a heap full of middle-aged objects is not walked through beside a training."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any
from weakref import ref

import pytest

from designer.session.collector import FEW, OLD_EVERY, Collector
from designer.session.switching import QuickSwitching


class Knot:
    """Held by itself only."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def collector(qtbot: Any) -> Iterator[Collector]:
    gc.collect()
    made = Collector()
    made._timer.stop()
    yield made
    made.close()


@pytest.fixture
def training() -> Iterator[None]:
    switching = QuickSwitching()
    switching.show(True)
    yield
    switching.show(False)


def busy_ticks(collector: Collector, count: int, kept: list[object]) -> None:
    """Each with more young objects than one of Python's thresholds."""
    for _ in range(count):
        kept.append([[] for _ in range(gc.get_threshold()[0] + 50)])
        collector.collect()


def old_knot(collector: Collector, kept: list[object]) -> ref[Knot]:
    """Garbage that was still in use when the youngest were collected."""
    knot = Knot()
    busy_ticks(collector, 1, kept)
    return ref(knot)


def test_young_garbage_goes_with_the_next_tick(collector: Collector) -> None:
    found, kept = ref(Knot()), []
    assert found() is not None
    busy_ticks(collector, 1, kept)
    assert found() is None


def test_middle_aged_garbage_goes_later_also_beside_a_training(collector: Collector, training: None) -> None:
    kept: list[object] = []
    found = old_knot(collector, kept)
    busy_ticks(collector, 5, kept)
    assert found() is not None
    for _ in range(OLD_EVERY):
        collector.collect()
    busy_ticks(collector, 1, kept)
    assert found() is None


def test_a_large_heap_waits_until_nothing_trains(collector: Collector) -> None:
    kept: list[object] = []
    switching = QuickSwitching()
    switching.show(True)
    try:
        found = old_knot(collector, kept)
        kept.append([[] for _ in range(FEW)])
        busy_ticks(collector, OLD_EVERY + 1, kept)
        assert found() is not None
    finally:
        switching.show(False)
    busy_ticks(collector, 1, kept)
    assert found() is None
