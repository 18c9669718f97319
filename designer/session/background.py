"""Long work in a plain thread; the GUI thread asks for the answer by a timer, so that no thread touches a QObject.

A request carries all that it needs, the worker only computes, newer replaces older (napari, _layer_slicer.py).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

POLL_MS = 15


class Background(QObject):
    """One job at a time. ``start`` while another runs makes that one's answer count for nothing.

    ``done(result)`` or ``failed(exception)`` come on the GUI thread; after ``cancel`` neither does.
    """

    done = Signal(object)
    failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ticket = 0
        self._answers: queue.SimpleQueue[tuple[int, bool, Any]] = queue.SimpleQueue()
        self._busy = False
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._busy

    def start(self, work: Callable[[], Any]) -> None:
        """Runs ``work`` in a thread of its own."""
        self._ticket += 1
        ticket, answers = self._ticket, self._answers

        def job() -> None:
            try:
                answers.put((ticket, True, work()))
            except Exception as error:  # whatever it is, whoever asked must hear of it
                answers.put((ticket, False, error))

        self._show_busy(True)
        threading.Thread(target=job, name="gradloom-background", daemon=True).start()
        self._timer.start()

    def cancel(self) -> None:
        """Nobody waits any more; what still runs is not listened to."""
        self._ticket += 1
        self._timer.stop()
        self._show_busy(False)

    def _poll(self) -> None:
        while not self._answers.empty():
            ticket, fine, value = self._answers.get()
            if ticket != self._ticket:
                continue
            self._timer.stop()
            self._show_busy(False)
            (self.done if fine else self.failed).emit(value)

    def _show_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
