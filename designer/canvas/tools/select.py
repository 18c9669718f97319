"""Select: click on nothing clears, a rubber band takes what it touches; Shift adds, Ctrl toggles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsRectItem

from designer.canvas.tools.base import Pointer, Tool
from designer.document.sheet import members_of
from engine.graph import Edge
from widgets import tokens

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class SelectTool(Tool):
    """Begun on empty canvas."""

    def __init__(self, canvas: Canvas, at: Pointer) -> None:
        super().__init__(canvas, at)
        self._before = (canvas.selection.nodes, canvas.selection.wires, canvas.selection.areas)
        self._band: QGraphicsRectItem | None = None

    def start(self, at: Pointer) -> None:
        theme = tokens.theme()
        self._band = QGraphicsRectItem()
        pen = QPen(tokens.color(theme.accent), 1)
        pen.setCosmetic(True)
        self._band.setPen(pen)
        self._band.setBrush(tokens.color(theme.accent, 0.12))
        self._band.setZValue(20)
        self.canvas.scene_.addItem(self._band)

    def drag(self, at: Pointer) -> None:
        if self._band is None:
            return
        rect = QRectF(self.begun.scene, at.scene).normalized()
        self._band.setRect(rect)
        cards = [c for c, item in self.canvas.scene_.cards.items() if item.box().intersects(rect)]
        touched = members_of(self.canvas.store.state, cards)
        areas_there = ((k, i) for k, i in self.canvas.scene_.areas.items() if i.isVisible())
        held = [k for k, item in areas_there if rect.contains(item.rect())]
        nodes, wires, areas = self._before
        if at.ctrl:
            kept = [n for n in nodes if n not in touched]
            self.canvas.selection.show((*kept, *(n for n in touched if n not in nodes)), wires, areas ^ set(held))
        elif at.shift:
            self.canvas.selection.show((*nodes, *touched), wires, areas | set(held))
        else:
            self.canvas.selection.show(touched, (), held)

    def release(self, at: Pointer) -> None:
        if self._band is None and not (at.shift or at.ctrl):
            self.canvas.selection.clear()
        self._drop_band()

    def cancel(self) -> None:
        self._drop_band()
        self.canvas.selection.show(*self._before)

    def _drop_band(self) -> None:
        if self._band is not None:
            self.canvas.scene_.removeItem(self._band)
            self._band = None


class WireSelectTool(Tool):
    """Begun on a wire: a click selects it; near an end, a drag takes that end off its port."""

    def __init__(self, canvas: Canvas, at: Pointer, wire: Edge) -> None:
        super().__init__(canvas, at)
        self._wire = wire

    def start(self, at: Pointer) -> None:
        self.canvas.pull_off(self._wire, self.begun, at)

    def release(self, at: Pointer) -> None:
        selection, wires = self.canvas.selection, self.canvas.scene_.sheet.twins((self._wire,))
        if at.shift or at.ctrl:
            selection.show(selection.nodes, selection.wires ^ set(wires))
        else:
            selection.show((), wires)
