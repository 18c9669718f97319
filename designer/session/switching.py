"""How often the interpreter changes threads while a backend that steps in Python trains under a window."""

from __future__ import annotations

import sys

SWITCH_INTERVAL = 0.0005


class QuickSwitching:
    """A backend that steps in Python holds the interpreter: it has to hand it over more often, until it is through."""

    def __init__(self) -> None:
        self._before = 0.0

    def show(self, on: bool) -> None:
        """Quick, or as it was before."""
        if on and not self._before:
            self._before = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_INTERVAL)
        elif not on and self._before:
            sys.setswitchinterval(self._before)
            self._before = 0.0
