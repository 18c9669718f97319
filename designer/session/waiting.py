"""Answers that a worker owes, used on the GUI thread once they are there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

Use = Callable[[Any], object]
Otherwise = Callable[[], object]


class Waiting:
    """``add`` what is waited for, ``answer`` on every tick."""

    def __init__(self) -> None:
        self._owed: list[tuple[Future[Any], Use, Otherwise]] = []

    def __bool__(self) -> bool:
        return bool(self._owed)

    def add(self, answer: Future[Any], use: Use, otherwise: Otherwise) -> None:
        """``use(result)`` once it is there; ``otherwise()`` where none will come."""
        self._owed.append((answer, use, otherwise))

    def clear(self) -> None:
        """Nobody waits any more."""
        self._owed.clear()

    def answer(self) -> None:
        """Uses what has come."""
        ready = [w for w in self._owed if w[0].done()]
        self._owed = [w for w in self._owed if not w[0].done()]
        for answer, use, otherwise in ready:
            if answer.cancelled() or answer.exception() is not None:
                otherwise()
            else:
                use(answer.result())
