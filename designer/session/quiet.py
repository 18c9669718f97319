"""A full garbage collection stops everything for a tenth of a second: it waits for a moment when nobody looks."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QWidget

#: so long nobody has touched mouse or keys
QUIET_S = 2.0
#: what trains is disturbed only after that
PATIENCE_S = 30.0
TICK_MS = 250
_TOUCHES = frozenset(
    {
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.Wheel,
        QEvent.Type.NativeGesture,
        QEvent.Type.KeyPress,
        QEvent.Type.KeyRelease,
    }
)


class QuietCollection(QObject):
    """``ask()`` collects the whole heap once, later: after two seconds without a touch, and when nothing trains.

    Where something trains without end that is waited for half a minute at most; for the hand it is waited always.
    """

    def __init__(self, window: QWidget, busy: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window, self._busy = window, busy
        self._heard: QWindow | None = None
        self._touched = self._asked = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def waiting(self) -> bool:
        """Asked for and not done yet."""
        return self._timer.isActive()

    def ask(self) -> None:
        """Something large is garbage now."""
        self._touched = time.monotonic()
        if not self.waiting:
            self._asked = self._touched
            self._listen(True)
            self._timer.start()

    def stop(self) -> None:
        """Nobody needs it any more."""
        if self.waiting:
            self._timer.stop()
            self._listen(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Listens only while a collection waits."""
        if event.type() in _TOUCHES:
            self._touched = time.monotonic()
        return False

    def _listen(self, on: bool) -> None:
        # Of the system's window, through which all input comes: a filter of the application would be called for
        # objects that are just being taken apart, too.
        if self._heard is not None:
            self._heard.removeEventFilter(self)
        self._heard = self._window.windowHandle() if on else None
        if self._heard is not None:
            self._heard.installEventFilter(self)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._touched < QUIET_S or (self._busy() and now - self._asked < PATIENCE_S):
            return
        self.stop()
        gc.collect()
