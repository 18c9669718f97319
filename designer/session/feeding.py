"""Hands frames to visible views, the one that waited longest first, and gathers what they want to be probed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from PySide6.QtCore import QObject

from designer.session.frame import Frame
from designer.session.grid import plane_grid
from engine.data.dataset import Dataset, SplitName
from engine.probes import ProbeRequest

BUDGET = 0.005
INTERVAL = 0.1
#: ticks in an interval
TICKS = 3


class LiveView(Protocol):
    """A panel or painter that shows a training. ``wants`` names parts of a Snapshot (engine.probes.snapshot.Want); one
    that wants "spreads" has ``near``, the ids of the nodes whose."""

    wants: frozenset[Any]

    def watching(self) -> bool:
        """Whether anybody can see it now."""
        ...

    def take(self, frame: Frame) -> None:
        """Shows a frame; only what differs from the last one need be drawn."""
        ...


class Feeder(QObject):
    """A view gets a frame at most ten times a second, and only while it is watched; a tick spends about 5 ms.

    What views take is painted in the same round of the event loop, and that costs more than the taking: of those that
    go on showing the same run, a tick feeds no more than their share, so that their paintings are spread evenly.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views: list[LiveView] = []
        self._fed: dict[int, tuple[float, Frame]] = {}
        self._request: ProbeRequest | None = None
        self._request_key: tuple[Any, ...] = ()
        self.sample: tuple[SplitName, int] = ("test", 0)
        #: the one layer that is looked at most closely, ""
        self.layer = ""
        #: seconds that the last feeding took
        self.cost = 0.0

    def attach(self, view: LiveView) -> None:
        """Feeds this view from now on."""
        self._views.append(view)

    def detach(self, view: LiveView) -> None:
        """Feeds it no more."""
        self._views = [v for v in self._views if v is not view]
        self._fed.pop(id(view), None)

    def feed(self, frame: Frame) -> None:
        """One tick. A new run is shown at once, whatever the pace."""
        started = now = time.perf_counter()
        due, fresh, watched = [], 0, 0
        for view in self._views:
            last, shown = self._fed.get(id(view), (0.0, None))
            if not view.watching():
                continue
            watched += 1
            new = shown is None or shown.run != frame.run
            if shown is not frame and (new or now - last >= INTERVAL):
                due.append((0.0 if new else last, view))
                fresh += new
        share = max(fresh, -(-watched // TICKS))
        for _, view in sorted(due, key=lambda pair: pair[0])[:share]:
            view.take(frame)
            now = time.perf_counter()
            self._fed[id(view)] = (now, frame)
            if now - started > BUDGET:
                break
        self.cost = time.perf_counter() - started

    def pending(self, frame: Frame) -> bool:
        """Whether some watched view has not seen this frame."""
        return any(v.watching() and self._fed.get(id(v), (0.0, None))[1] is not frame for v in self._views)

    def request(self, dataset: Dataset | None) -> ProbeRequest | None:
        """What the watched views want; the same object as long as nothing changed. None before there is data."""
        wants = frozenset().union(*(v.wants for v in self._views if v.watching())) if self._views else frozenset()
        near = self._near() if "spreads" in wants else frozenset()
        key = (wants, id(dataset), self.sample, self.layer if "percentiles" in wants else "", near)
        if dataset is None:
            return None
        if key != self._request_key:
            self._request_key = key
            self._request = self._make(wants, dataset, near)
        return self._request

    def _near(self) -> frozenset[str]:
        """Layers that a watched view shows a small histogram of."""
        return frozenset().union(*(getattr(v, "near", frozenset()) for v in self._views if v.watching()))

    def _make(self, wants: frozenset[Any], dataset: Dataset, near: frozenset[str]) -> ProbeRequest:
        grid = plane_grid(dataset) if "surfaces" in wants else None
        return ProbeRequest(
            wants=wants,
            sample=self._sample(dataset) if "maps" in wants else None,
            grid=grid.inputs if grid is not None else None,
            grid_side=grid.side if grid is not None else 0,
            layer=self.layer,
            near=near,
        )

    def _sample(self, dataset: Dataset) -> Mapping[str, Any] | None:
        part = dataset.split(self.sample[0])
        if not len(part):
            part = dataset.train
        at = min(self.sample[1], len(part) - 1)
        return {k: v[at : at + 1] for k, v in part.x.items()}
