"""The latest snapshot only: made when the last one was taken, so a slow reader costs the worker nothing."""

from __future__ import annotations

from engine.probes.snapshot import Snapshot


class Mailbox:
    """One writer, one reader. Rebinding one attribute is atomic, so no lock is needed."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None

    @property
    def empty(self) -> bool:
        """Whether the last snapshot was taken: the writer's sign to make a new one."""
        return self._snapshot is None

    def put(self, snapshot: Snapshot) -> None:
        """Replace what is there."""
        self._snapshot = snapshot

    def take(self) -> Snapshot | None:
        """The snapshot, once; None until there is a new one."""
        snapshot, self._snapshot = self._snapshot, None
        return snapshot
