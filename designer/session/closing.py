"""Sessions that were told to end: a step of a large network takes its time, and nobody waits for it."""

from __future__ import annotations

from engine.training import Session


class Closing:
    """Those whose worker still is at its last step."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []

    def __bool__(self) -> bool:
        return bool(self.sessions)

    def take(self, session: Session) -> None:
        """Ends it, without a wait."""
        session.close(timeout=0.0)
        self.sessions.append(session)

    def gone(self) -> list[Session]:
        """Those that have ended since this was asked last."""
        ended = [s for s in self.sessions if not s.alive]
        self.sessions = [s for s in self.sessions if s.alive]
        return ended

    def wait(self, timeout: float) -> bool:
        """Whether all end in so many seconds each."""
        ended = all([s.close(timeout) for s in self.sessions])
        self.sessions = [s for s in self.sessions if s.alive]
        return ended
