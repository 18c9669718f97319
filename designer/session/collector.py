"""Python's cycle collector on the GUI thread only: a worker that collects Qt objects crashes the process."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from designer.session.switching import QuickSwitching

TICK_MS = 100
OLD_EVERY = 100
#: ticks; once in five minutes it is done in any case, and those that stay are old and looked at no more
PATIENCE = 3000
#: middle-aged objects that are looked through in a few milliseconds
FEW = 30_000


class Collector(QObject):
    """Switches automatic collection off while it lives and collects from a timer instead.

    What was imported until then stays for good, and no full collection needs to walk through it again.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        gc.freeze()
        self._ticks = self._passes = self._kept = 0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """The youngest objects often, middle-aged ones seldom; the whole heap only in a quiet moment.

        Compiled kernels leave hundreds of thousands of middle-aged ones, which take a third of a second: while
        there is a training they wait.
        """
        self._ticks += 1
        young, passes, _ = gc.get_count()
        if young <= gc.get_threshold()[0]:
            return
        if passes < self._passes:  # somebody has looked through all of them meanwhile
            self._kept = 0
        waits = self._kept + young >= FEW and QuickSwitching.anywhere()
        old = self._ticks >= (PATIENCE if waits else OLD_EVERY)
        gc.collect(1 if old else 0)
        self._passes = gc.get_count()[1]
        # As many as there were at most; those that died in between are not known.
        self._kept = 0 if old else self._kept + young
        if old:
            self._ticks = 0

    def close(self) -> None:
        """Automatic collection as it was before."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()
