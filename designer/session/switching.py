"""What a window does about the backend: it hands over the interpreter more often, and says when it is another."""

from __future__ import annotations

import sys

from engine.backends import Slowed
from widgets.i18n import tr, tr_declared

SWITCH_INTERVAL = 0.0005


class QuickSwitching:
    """A worker holds the interpreter between its pieces of work, or all the time where the backend steps in Python: it
    has to hand it over more often, until it is through.

    Several documents may train at once: it stays quick until the last of them is through.
    """

    _before = 0.0
    _asked = 0

    def __init__(self) -> None:
        self._on = False

    @staticmethod
    def anywhere() -> bool:
        """Whether a document has a session that trains or may at any time."""
        return QuickSwitching._asked > 0

    def show(self, on: bool) -> None:
        """Quick, or as it was before."""
        if on == self._on:
            return
        self._on = on
        if on and not QuickSwitching._asked:
            QuickSwitching._before = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_INTERVAL)
        QuickSwitching._asked += 1 if on else -1
        if not QuickSwitching._asked:
            sys.setswitchinterval(QuickSwitching._before)


def slowed_note(why: Slowed) -> str:
    """Why a training that could take any backend does not run on the fast kernels; "" where it does."""
    if why.lacks:
        return tr("Trains with NumPy: the fast kernels have none for {what}", what=", ".join(why.lacks))
    return tr("Trains with NumPy: the fast kernels are not compiled yet") if why.awaits else ""


def instead_note(reason: str, backend: str) -> str:
    """The backend that the project asks for is not here."""
    return tr("Trains with {backend}: {reason}", backend=backend, reason=tr_declared(reason))
