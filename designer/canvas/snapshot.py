"""All that can be seen of a scene, by value: equal to that of a scene built fresh from the same state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from designer.canvas.wire_item import WireItem

if TYPE_CHECKING:
    from designer.canvas.scene import CanvasScene


def snapshot_of(scene: CanvasScene) -> Mapping[object, object]:
    """Cards, wires, areas, what of them is seen, and the sheet."""
    cards = {n: (i.card, i.x(), i.y(), i.selected) for n, i in scene.nodes.items()}
    wires = {e: (_elements(w), w.state, w.labels) if w.isVisible() else None for e, w in scene.wires.items()}
    areas = {k: (a.area, a.rect().getRect(), a.isVisible()) for k, a in scene.areas.items()}
    seen = {n for n, i in scene.nodes.items() if i.isVisible()}
    return {"cards": cards, "wires": wires, "areas": areas, "seen": seen, "sheet": scene.sheet.snapshot()}


def _elements(wire: WireItem) -> tuple[tuple[float, float], ...]:
    path = wire.path()
    return tuple((e.x, e.y) for e in (path.elementAt(k) for k in range(path.elementCount())))  # type: ignore[attr-defined]
