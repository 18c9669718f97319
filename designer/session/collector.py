"""Python's cycle collector on the GUI thread only: a worker that collects Qt objects crashes the process."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

TICK_MS = 200
OLD_EVERY = 50


class Collector(QObject):
    """Switches automatic collection off while it lives and collects from a timer instead.

    What was imported until then stays for good, and no full collection needs to walk through it again.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        gc.freeze()
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """The youngest objects often, middle-aged ones seldom; the whole heap only in a quiet moment."""
        self._ticks += 1
        if gc.get_count()[0] > gc.get_threshold()[0]:
            gc.collect(1 if self._ticks % OLD_EVERY == 0 else 0)

    def close(self) -> None:
        """Automatic collection as it was before."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()
