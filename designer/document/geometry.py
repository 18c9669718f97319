"""Points, boxes and the snap grid, in scene units (pixels at 100 %), y downwards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

#: the grid that cards snap to; card widths are multiples of it too
GRID = 8
#: the space that auto layout and inserting leave between two cards of a row
GAP = 48
#: a card with its live picture: what layout reserves where no other size is known
CARD_WIDTH, CARD_HEIGHT = 176, 128

Size = tuple[float, float]
Sizes = Mapping[str, Size]


class Point(NamedTuple):
    """A place on the canvas; JSON ``[x, y]``."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """x + width"""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """y + height"""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """(x + width / 2, y + height / 2)"""
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    def overlaps(self, other: Box, gap: float = 0.0) -> bool:
        """True where the two are nearer than ``gap`` in both directions."""
        return (
            self.x < other.right + gap
            and other.x < self.right + gap
            and self.y < other.bottom + gap
            and other.y < self.bottom + gap
        )


def snap(value: float, step: int = GRID) -> int:
    """step * round(value / step), halves upwards, so that a drag is even on both sides of zero."""
    return math.floor(value / step + 0.5) * step


def snap_point(x: float, y: float, step: int = GRID) -> Point:
    """Both coordinates on the grid."""
    return Point(snap(x, step), snap(y, step))


def snap_up(value: float, step: int = GRID) -> int:
    """The smallest multiple of step that is at least value."""
    return math.ceil(value / step - 1e-9) * step
