"""While the window shows what is new, the worker begins no new piece of work.

Between two pieces stands Python, and on a small network nearly all is that: it would hold the interpreter, and each of
the window's many calls into Qt would wait for it anew. A piece that is under way needs no interpreter on the fast
backend and goes on meanwhile; the worker waits only where it is the quicker one.
"""

from __future__ import annotations

import threading
from typing import Protocol

from PySide6.QtCore import QObject, QTimer


class Resting(Protocol):
    """A session: its worker begins a piece while this is set, or after a moment anyway."""

    free: threading.Event


class Breath(QObject):
    """``hold`` at the beginning of what the window does; it ends by itself when all of that is painted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held: Resting | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)  # after the paintings, which were asked for before it fires
        self._timer.timeout.connect(self.release)

    def hold(self, session: Resting) -> None:
        """Until the event loop has come round."""
        self.release()
        self._held = session
        session.free.clear()
        self._timer.start()

    def release(self) -> None:
        """The worker goes on."""
        if self._held is not None:
            self._held.free.set()
            self._held = None
