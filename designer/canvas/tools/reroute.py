"""Reroute dots: points that a wire is led through. Drag one; double-click a wire to add one, a dot to remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF

from designer.canvas.curve import polyline
from designer.canvas.scene import CanvasScene
from designer.canvas.tools.base import Pointer, Tool
from designer.canvas.wire_item import WireItem
from designer.document import Point, verbs
from designer.document.geometry import snap_point
from engine.graph import Edge
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: how near, on the screen, a dot is taken
GRIP = 9


def dot_at(scene: CanvasScene, point: QPointF, zoom: float) -> tuple[Edge, int] | None:
    """The wire and the number of the nearest dot within reach."""
    reach = GRIP / zoom
    found = []
    for edge, wire in scene.wires.items():
        if not wire.isVisible() or scene.sheet.at_border(edge):
            continue
        for k, (x, y) in enumerate(wire.through):
            far = max(abs(x - point.x()), abs(y - point.y()))
            if far <= reach:
                found.append((far, edge, k))
    best = min(found, key=lambda f: f[0], default=None)
    return (best[1], best[2]) if best is not None else None


def toggle_dot(canvas: Canvas, at: QPointF) -> bool:
    """A double-click: away with the dot there, or a new one on the wire there. False if there is neither."""
    hit = dot_at(canvas.scene_, at, canvas.zoom)
    if hit is not None:
        edge, k = hit
        points = canvas.store.state.reroutes[edge]
        left = (*points[:k], *points[k + 1 :])
        return canvas.store.attempt(tr("Remove a reroute dot"), verbs.set_reroute, edge, left)
    wire = canvas.scene_.wire_at(at, 6 / canvas.zoom)
    if wire is None or canvas.scene_.sheet.at_border(wire):
        return False
    k = _place_of(canvas.scene_.wires[wire], at)
    points = canvas.store.state.reroutes.get(wire, ())
    added = (*points[:k], snap_point(at.x(), at.y()), *points[k:])
    return canvas.store.attempt(tr("Add a reroute dot"), verbs.set_reroute, wire, added)


def _place_of(wire: WireItem, at: QPointF) -> int:
    """Among the wire's dots, counted along it."""
    line = np.asarray(polyline(wire.path()), dtype=float)
    starts, ways = line[:-1], np.diff(line, axis=0)
    lengths = np.maximum((ways**2).sum(axis=1), 1e-9)

    def along(x: float, y: float) -> float:
        """Segment number and share of the nearest point of the wire, as one number."""
        share = np.clip(((np.array((x, y)) - starts) * ways).sum(axis=1) / lengths, 0, 1)
        far = ((starts + share[:, None] * ways - (x, y)) ** 2).sum(axis=1)
        nearest = int(np.argmin(far))
        return nearest + float(share[nearest])

    here = along(at.x(), at.y())
    return sum(along(x, y) < here for x, y in wire.through)


class RerouteTool(Tool):
    """Begun on a dot."""

    def __init__(self, canvas: Canvas, at: Pointer, edge: Edge, index: int) -> None:
        super().__init__(canvas, at)
        self._edge, self._index = edge, index
        canvas.selection.show((), (edge,))

    def _points(self, at: Pointer) -> tuple[Point, ...]:
        points = self.canvas.store.state.reroutes[self._edge]
        return (*points[: self._index], snap_point(at.scene.x(), at.scene.y()), *points[self._index + 1 :])

    def _show(self, points: tuple[Point, ...]) -> None:
        scene, edge = self.canvas.scene_, self._edge
        scene.adjust_wire(edge, points)
        self.canvas.overlay.under.update()

    def drag(self, at: Pointer) -> None:
        self._show(self._points(at))

    def release(self, at: Pointer) -> None:
        if self.dragging:
            points = self._points(at)
            self.cancel()
            self.canvas.store.attempt(tr("Move a reroute dot"), verbs.set_reroute, self._edge, points)

    def cancel(self) -> None:
        self._show(self.canvas.store.state.reroutes.get(self._edge, ()))
