"""Back and forward between the places that were looked at, as between the pages of a browser.

A leap (F, Home, find, a panel's jump, a group, the map) leaves a place and arrives at one; both are kept. Wheel and pan
only move within a place: where one really was is what one comes back to. View state, never in the document.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

_KEPT = 60
#: places nearer than this share of the view, at zooms less apart than this factor, are one place
_NEAR, _SAME_ZOOM = 0.2, 1.25
#: leaps that follow each other faster (walking through a list of hits, dragging in the map) are one leap
_BURST_S = 0.7


@dataclass(frozen=True)
class Place:
    """What was looked at: the middle of the view, the zoom, the group that was entered, and whether all was framed."""

    x: float
    y: float
    zoom: float
    group: str | None
    whole: bool = False

    def near(self, other: Place, width: float, height: float) -> bool:
        """True where the two show about the same."""
        if self.group != other.group or (self.whole and other.whole):
            return self.group == other.group
        ratio = max(self.zoom, other.zoom) / min(self.zoom, other.zoom)
        across, down = abs(self.x - other.x) * self.zoom, abs(self.y - other.y) * self.zoom
        return ratio < _SAME_ZOOM and across < _NEAR * width and down < _NEAR * height


class Visits:
    """The places of one canvas, and at which of them one is."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.places: list[Place] = []
        self.at = -1
        self._last_leap = -1e9
        self._leaping = False
        self._now: Place | None = None
        canvas.viewed.connect(lambda _: self._note())

    def _here(self) -> Place:
        canvas = self.canvas
        middle = canvas.viewportTransform().inverted()[0].map(QPointF(canvas.viewport().rect().center()))
        return Place(middle.x(), middle.y(), canvas.zoom, canvas.groups.entered, canvas.whole)

    def _note(self) -> None:
        """Where one is, before something enters a group or leaps: a leap knows only what was noted."""
        if not self._leaping:
            self._now = self._here()

    def _near(self, first: Place, second: Place) -> bool:
        view = self.canvas.viewport()
        return first.near(second, view.width(), view.height())

    @contextmanager
    def leap(self) -> Iterator[None]:
        """Whatever is done inside goes from one place to another, and both are kept."""
        if self._leaping:
            yield
            return
        left, now = self._here(), time.monotonic()
        if self._now is not None and self._now.group != left.group:
            left = self._now
        self._leaping = True
        try:
            yield
        finally:
            self._leaping = False
        self._now = arrived = self._here()
        burst, self._last_leap = now - self._last_leap < _BURST_S, now
        if burst and self.at > 0:
            self.places[self.at :] = [arrived]
            if self._near(self.places[self.at - 1], arrived):
                self._drop_last()
            return
        self._keep(left)
        self._keep(arrived)

    def _drop_last(self) -> None:
        self.places.pop()
        self.at = len(self.places) - 1

    def _keep(self, place: Place) -> None:
        """At the end of what is behind; in place of the last one where that is near. What was ahead is forgotten."""
        del self.places[self.at + 1 :]
        if self.places and self._near(self.places[-1], place):
            self.places[-1] = place
        else:
            self.places.append(place)
        del self.places[:-_KEPT]
        self.at = len(self.places) - 1

    def clear(self) -> None:
        """Another document."""
        self.places, self.at, self._now = [], -1, None

    def can_go(self, by: int) -> bool:
        """Whether there is a place before (-1) or after (+1) this one."""
        wandered = by < 0 and self.at >= 0 and not self._near(self.places[self.at], self._here())
        return wandered or 0 <= self.at + by < len(self.places)

    def back(self) -> None:
        """To the place before; from where one has wandered off, to the last place first."""
        self._go(-1)

    def forward(self) -> None:
        """To the place that ``back`` left."""
        self._go(1)

    def _go(self, by: int) -> None:
        if not self.can_go(by):
            return
        here = self._here()
        if not self._near(self.places[self.at], here):
            if by < 0:
                self.places.insert(self.at + 1, here)
                self.at += 1
            else:
                self.places[self.at] = here
        else:
            self.places[self.at] = here
        self.at += by
        self._last_leap = -1e9
        self._show(self.places[self.at])

    def _show(self, place: Place) -> None:
        canvas = self.canvas
        canvas.motion.finish()
        self._leaping = True
        try:
            if place.group != canvas.groups.entered:
                canvas.groups.enter(place.group)
            if place.whole:
                canvas.frame_all()
            else:
                canvas.zoom_to(place.zoom)
                canvas.centre_on(QPointF(place.x, place.y))
        finally:
            self._leaping = False
        self._now = self._here()
