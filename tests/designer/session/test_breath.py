"""The worker waits while the window shows what is new, and goes on by itself."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from designer.session.breath import Breath


def test_it_is_held_until_the_event_loop_has_come_round(qtbot: Any) -> None:
    breath, session = Breath(), SimpleNamespace(free=threading.Event())
    session.free.set()
    breath.hold(session)
    assert not session.free.is_set()
    qtbot.waitUntil(session.free.is_set, timeout=20_000)


def test_another_session_frees_the_one_before(qtbot: Any) -> None:
    breath = Breath()
    first, second = (SimpleNamespace(free=threading.Event()) for _ in range(2))
    breath.hold(first)
    breath.hold(second)
    assert first.free.is_set() and not second.free.is_set()
    breath.release()
    breath.release()
    assert second.free.is_set()
