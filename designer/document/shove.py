"""Making room: what a placed card would cover moves aside, away from it along its row."""

from __future__ import annotations

import math
from collections.abc import Mapping

from designer.document.geometry import CARD_HEIGHT, CARD_WIDTH, Box, Point, Sizes, snap_up

#: height of the strips by which boxes are looked up
_STRIP = 128.0


def make_room(positions: Mapping[str, Point], sizes: Sizes, placed: tuple[str, ...], gap: float) -> dict[str, Point]:
    """Positions in which nothing is nearer than ``gap`` to a placed card, and nothing that moved covers another.

    Placed cards stay. The others are taken from near to far on each side and moved away along x only, so rows stay
    rows; those that are already free stay where they are. Terminates: each card moves at most once.
    """
    boxes = {n: Box(p.x, p.y, *sizes.get(n, (CARD_WIDTH, CARD_HEIGHT))) for n, p in positions.items()}
    after = {n: Point(*p) for n, p in positions.items()}
    solid = [boxes[n] for n in placed if n in boxes]
    if not solid:
        return after
    middle = sum(b.centre.x for b in solid) / len(solid)
    others = [n for n in positions if n not in set(placed)]
    right = sorted((n for n in others if boxes[n].centre.x >= middle), key=lambda n: (boxes[n].x, n))
    left = sorted((n for n in others if boxes[n].centre.x < middle), key=lambda n: (-boxes[n].right, n))
    for side, direction in ((right, 1), (left, -1)):
        rows = _Rows(solid)
        for n in side:
            box = _clear(boxes[n], rows.beside(boxes[n]), gap, direction)
            if box is not boxes[n]:
                after[n] = Point(box.x, box.y)
                rows.add(box)
    return after


class _Rows:
    """Boxes by the strips of the plane that they reach into, so that a card is compared with its row only."""

    def __init__(self, boxes: list[Box]) -> None:
        self._strips: dict[int, list[Box]] = {}
        for box in boxes:
            self.add(box)

    def _span(self, box: Box) -> range:
        return range(math.floor(box.y / _STRIP), math.floor(box.bottom / _STRIP) + 1)

    def add(self, box: Box) -> None:
        for k in self._span(box):
            self._strips.setdefault(k, []).append(box)

    def beside(self, box: Box) -> list[Box]:
        """All that could be in a common row with it; some twice."""
        return [b for k in self._span(box) for b in self._strips.get(k, ())]


def _clear(box: Box, solid: list[Box], gap: float, direction: int) -> Box:
    """The box moved away until it is free of all solid ones; the same object if it was."""
    while True:
        hit = next((s for s in solid if _beside(s, box, gap)), None)
        if hit is None:
            return box
        x = snap_up(hit.right + gap) if direction > 0 else -snap_up(-(hit.x - gap - box.width))
        box = Box(x, box.y, box.width, box.height)


def _beside(a: Box, b: Box, gap: float) -> bool:
    """In a common row and nearer than the gap along x; what stands above or below is no obstacle."""
    return a.x < b.right + gap and b.x < a.right + gap and a.y < b.bottom and b.y < a.bottom
