"""Which cards can be seen on the canvas now: what is painted on the others is not worth a computation."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF

from designer.canvas import Canvas
from designer.canvas.node_item import FAR
from designer.canvas.sparkline import NEAR

#: scene units around the screen that count as seen, so that a card that is pushed in brings its picture along
BESIDE = 120.0


class Near:
    """``seen``: cards with room for a picture that are on the screen; ``close``: those of them that are also large
    enough for fine print. Looked up again only after the view or the drawing changed."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._seen: frozenset[str] | None = None
        self._of: tuple[Any, ...] = ()

    @property
    def seen(self) -> frozenset[str]:
        """Empty where everything is so small that no picture is painted."""
        canvas = self.canvas
        now = (canvas.viewportTransform(), canvas.viewport().size(), canvas.scene_.state, canvas.scene_.pictured)
        if self._seen is None or now != self._of:
            self._of, self._seen = now, self._found()
        return self._seen

    @property
    def close(self) -> frozenset[str]:
        """Those at good zoom."""
        return self.seen if self.canvas.zoom >= NEAR else frozenset()

    def _found(self) -> frozenset[str]:
        if self.canvas.zoom < FAR:
            return frozenset()
        room: QRectF = self.canvas.visible_rect().adjusted(-BESIDE, -BESIDE, BESIDE, BESIDE)
        nodes = self.canvas.scene_.nodes.items()
        return frozenset(
            k for k, item in nodes if not item.card.collapsed and item.isVisible() and item.box().intersects(room)
        )
