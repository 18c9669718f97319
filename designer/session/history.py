"""Earlier snapshots, thinned so that few remain of long ago and all of just now."""

from __future__ import annotations

from engine.probes import Snapshot

MOST = 48


class SnapshotHistory:
    """At most ``most`` snapshots; when it is full, every second one goes and from then on only every second comes.

    The kept ones are evenly spaced in snapshots, hence nearly so in time. Heavy parts (maps, surfaces) are not kept.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.clear()

    def clear(self) -> None:
        """Forgets all."""
        self._kept: list[Snapshot] = []
        self._stride, self._count = 1, 0

    @property
    def kept(self) -> tuple[Snapshot, ...]:
        """Oldest first."""
        return tuple(self._kept)

    def add(self, snapshot: Snapshot) -> None:
        """One more, if it falls on the stride."""
        if not snapshot.layers:
            return
        if self._count % self._stride == 0:
            if len(self._kept) >= self.most:
                self._kept = self._kept[::2]
                self._stride *= 2
            self._kept.append(_light(snapshot))
        self._count += 1


def merged(seen: tuple[Snapshot, ...], kept: tuple[Snapshot, ...]) -> tuple[Snapshot, ...]:
    """Snapshots that were looked at and moments that were kept anyway, by step; the latter have all histograms."""
    by_step = {s.step: s for s in (*seen, *kept)}
    return tuple(by_step[k] for k in sorted(by_step))


def _light(s: Snapshot) -> Snapshot:
    return Snapshot(step=s.step, epoch=s.epoch, layers=s.layers, flow=s.flow, cost=s.cost)
