"""Two trainings in lockstep: A makes some steps, B makes as many, and neither goes on before the other is there."""

from __future__ import annotations

import threading
from typing import Literal

Side = Literal["A", "B"]
ENDLESS = 1 << 30
#: seconds that a side waits for the other before it looks after its commands
PATIENCE = 0.005


class Pacer:
    """Shared by two sessions. A leads: it may make any number of steps while both have made equally many, B only as
    many as A is ahead. Whoever ``leave``s (through, diverged, failed, closed) is waited for no more."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._made: dict[Side, int] = {"A": 0, "B": 0}
        self._gone: set[Side] = set()
        self._resting = True
        self._hold = False

    @property
    def made(self) -> tuple[int, int]:
        """Steps that A and B have made since they parted."""
        with self._turn:
            return self._made["A"], self._made["B"]

    def release(self) -> None:
        """Both may go; one that is through leaves again."""
        with self._turn:
            self._gone.clear()
            self._hold = self._resting = False
            self._turn.notify_all()

    def hold(self) -> None:
        """Both are to rest at the same step: A at once, B when it has caught up."""
        with self._turn:
            self._hold = True
            self._turn.notify_all()

    def rests(self, side: Side) -> None:
        """This side has stopped, and makes no step before ``release``."""
        with self._turn:
            self._resting = self._resting or side == "A"
            self._turn.notify_all()

    def allowed(self, side: Side) -> int:
        """Steps that this side may make now; waits a little where it is not its turn."""
        with self._turn:
            if not self._allowed(side) and not self._must_rest(side):
                self._turn.wait(PATIENCE)
            return self._allowed(side)

    def must_rest(self, side: Side, *, busy: bool = False) -> bool:
        """Whether this side has come as far as it may and is to stop; ``busy``: it is at an evaluation, which only a
        ``hold`` interrupts."""
        with self._turn:
            return self._must_rest(side) and (self._hold or not busy)

    def _allowed(self, side: Side) -> int:
        ahead = self._made["A"] - self._made["B"]
        if side == "A":
            if self._hold:
                return 0
            return ENDLESS if ahead <= 0 or "B" in self._gone else 0
        if "A" in self._gone:
            return ENDLESS if ahead <= 0 and not self._hold else max(ahead, 0)
        return ahead

    def _must_rest(self, side: Side) -> bool:
        if side == "A":
            return self._hold
        return self._made["B"] >= self._made["A"] and (self._hold if "A" in self._gone else self._resting)

    def done(self, side: Side, steps: int) -> None:
        """This side has made so many steps more."""
        with self._turn:
            self._made[side] += steps
            self._turn.notify_all()

    def leave(self, side: Side) -> None:
        """This side makes no more steps."""
        with self._turn:
            self._gone.add(side)
            self._turn.notify_all()


class Turns:
    """One session's place at a pacer; without a pacer it may always go."""

    def __init__(self, place: tuple[Pacer, Side] | None) -> None:
        self._place = place

    def steps(self, busy: bool) -> int | None:
        """Steps that may be made now, 0 while it is the other's turn, None where this side is to rest. ``busy``: the
        next piece of work is an evaluation, which needs no turn."""
        if self._place is None:
            return ENDLESS
        pacer, side = self._place
        if pacer.must_rest(side, busy=busy):
            return None
        return 1 if busy else pacer.allowed(side)

    def done(self, steps: int) -> None:
        """So many were made."""
        if self._place is not None and steps:
            self._place[0].done(self._place[1], steps)

    def show(self, state: str) -> None:
        """Where the session stands now."""
        if self._place is not None and state in ("paused", "finished", "diverged", "failed", "closed"):
            (self._place[0].rests if state == "paused" else self._place[0].leave)(self._place[1])

    def leave(self) -> None:
        """It is through."""
        self.show("finished")
