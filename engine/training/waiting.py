"""Waiting for a session, for tests and scripts; a window never waits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine.training.events import State

if TYPE_CHECKING:
    from engine.training.session import Session


def wait_for(session: Session, states: tuple[State, ...], timeout: float = 60.0) -> State:
    """Block until the session is in one of the states (for tests and scripts); TimeoutError says where it stood."""
    deadline = time.monotonic() + timeout
    while session.status.state not in states:
        if time.monotonic() > deadline:
            raise TimeoutError(f"expected {' or '.join(states)} within {timeout} s, got {session.status.state}")
        time.sleep(0.002)
    return session.status.state
