"""Palette drop: a ghost card follows, snapped; on a wire the layer goes on it and neighbours are shoved aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsRectItem

from designer.canvas.blocks import entry
from designer.canvas.look import look_of
from designer.document import Point
from designer.document.geometry import CARD_WIDTH, snap, snap_point
from designer.document.ports import inputs_of, layer_class, outputs_of
from engine.graph import Edge
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

LAYER_MIME = "application/x-gradloom-layer"


def dragged_layer(mime: QMimeData) -> str | None:
    """The layer type that is being dragged, or None if it is something else."""
    if not mime.hasFormat(LAYER_MIME):
        return None
    type_name = bytes(mime.data(LAYER_MIME).data()).decode("utf-8", "replace")
    return type_name if layer_class(type_name) is not None or entry(type_name) is not None else None


class DropTool:
    """From the drag's entry to its drop; leaving or Escape takes the ghost away."""

    def __init__(self, canvas: Canvas, type_name: str) -> None:
        self.canvas, self.type = canvas, type_name
        self.wire: Edge | None = None
        self._ghost = QGraphicsRectItem(0, 0, CARD_WIDTH, 56)
        known = layer_class(type_name) or entry(type_name)
        color = look_of(tokens.theme()).group(known.group if known is not None else "data")
        pen = QPen(color, 1.5, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._ghost.setPen(pen)
        fill = tokens.color(color.name(), 0.15)
        self._ghost.setBrush(fill)
        self._ghost.setZValue(20)
        canvas.scene_.addItem(self._ghost)

    def move(self, at: QPointF, view: QPoint) -> None:
        """The ghost at the cursor, the wire under it lit."""
        corner = snap_point(at.x() - CARD_WIDTH / 2, at.y() - 28)
        self._ghost.setPos(corner.x, corner.y)
        on_wire = inputs_of(self.type) and outputs_of(self.type)
        box = QRectF(corner.x, corner.y, CARD_WIDTH, 56)
        self.wire = self.canvas.wire_under(box, at) if on_wire else None
        self.canvas.scene_.show_hover(self.wire)
        self.canvas.bubble.say(tr("Insert here") if self.wire else "", view, "accent")

    def drop(self) -> str | None:
        """Add it; the new node's id, or None if it was refused."""
        at, wire = self._ghost.pos(), self.wire
        self.leave()
        return self.canvas.place_layer(self.type, Point(snap(at.x()), snap(at.y())), wire)

    def leave(self) -> None:
        """As if nothing had been dragged."""
        if self._ghost.scene() is not None:
            self.canvas.scene_.removeItem(self._ghost)
        self.canvas.scene_.show_hover(None)
        self.canvas.bubble.hide()
