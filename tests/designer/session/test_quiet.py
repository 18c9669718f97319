"""The whole heap is collected when nobody touches anything, and not while a hand is at work or something trains."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any
from weakref import ref

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from designer.session import quiet
from designer.session.quiet import QuietCollection


class Knot:
    """Held by itself only."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def knot() -> Any:
    """A weak reference to old garbage: only a full collection frees it."""
    gc.collect()
    gc.disable()
    made = Knot()
    gc.collect(0)
    gc.collect(1)
    found = ref(made)
    del made
    gc.collect(1)
    assert found() is not None
    yield found
    gc.enable()


@pytest.fixture
def make(qtbot: Any) -> Any:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made: list[QuietCollection] = []

    def collection(busy: Callable[[], bool] = lambda: False) -> QuietCollection:
        made.append(QuietCollection(window, busy))
        return made[-1]

    yield collection
    for one in made:
        one.stop()


def test_it_waits_until_the_hand_rests(
    qtbot: Any, make: Any, knot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet, "QUIET_S", 0.4)
    collection = make()
    collection.ask()
    handle = collection.parent().windowHandle()
    until = time.monotonic() + 1.2
    k = 0
    while time.monotonic() < until:
        QTest.mouseMove(handle, QPoint(10 + k % 40, 10)) if k % 2 else QTest.keyClick(handle, Qt.Key.Key_A)
        qtbot.wait(20)
        k += 1
    assert knot() is not None and collection.waiting, "the hand is at work all the time"
    qtbot.waitUntil(lambda: knot() is None, timeout=20_000)
    assert not collection.waiting


def test_it_waits_for_what_trains_but_not_for_ever(
    qtbot: Any, make: Any, knot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet, "QUIET_S", 0.0)
    monkeypatch.setattr(quiet, "TICK_MS", 20)
    monkeypatch.setattr(quiet, "PATIENCE_S", 3600.0)
    collection = make(lambda: True)
    collection.ask()
    qtbot.wait(600)
    assert knot() is not None and collection.waiting
    monkeypatch.setattr(quiet, "PATIENCE_S", 0.5)
    qtbot.waitUntil(lambda: knot() is None, timeout=20_000)
