"""Cut: a stroke with Ctrl and the right button cuts every wire that it crosses; Alt and a click cuts one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas.tools.base import Pointer, Tool
from designer.document import verbs
from engine.graph import Edge
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class CutTool(Tool):
    """A stroke over wires."""

    _line: QGraphicsPathItem | None = None

    def start(self, at: Pointer) -> None:
        self._points: list[QPointF] = [self.begun.scene]
        self._line = QGraphicsPathItem()
        pen = QPen(tokens.color(tokens.theme().error), 1.5, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._line.setPen(pen)
        self._line.setZValue(20)
        self.canvas.scene_.addItem(self._line)
        self.canvas.viewport().setCursor(Qt.CursorShape.CrossCursor)

    def drag(self, at: Pointer) -> None:
        if self._line is None:
            return
        self._points.append(at.scene)
        path = QPainterPath(self._points[0])
        for p in self._points[1:]:
            path.lineTo(p)
        self._line.setPath(path)

    def release(self, at: Pointer) -> None:
        if self._line is None:
            return
        wires = self._crossed()
        self.cancel()
        if wires:
            self.canvas.store.attempt(tr("Cut {count} wires", count=len(wires)), verbs.disconnect, wires)

    def _crossed(self) -> tuple[Edge, ...]:
        stroke = np.array([(p.x(), p.y()) for p in self._points])
        seen = ((e, wire) for e, wire in self.canvas.scene_.wires.items() if wire.isVisible())
        return self.canvas.scene_.sheet.twins(e for e, wire in seen if wire.crosses(stroke))

    def cancel(self) -> None:
        if self._line is not None:
            self.canvas.scene_.removeItem(self._line)
            self._line = None
        self.canvas.restore_cursor()


class CutOneTool(Tool):
    """Alt and a click on a wire."""

    def __init__(self, canvas: Canvas, at: Pointer, wire: Edge) -> None:
        super().__init__(canvas, at)
        self._wire = wire

    def _twins(self) -> tuple[Edge, ...]:
        return self.canvas.scene_.sheet.twins((self._wire,))

    def release(self, at: Pointer) -> None:
        self.canvas.store.attempt(tr("Cut a wire"), verbs.disconnect, self._twins())
