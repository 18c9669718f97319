"""What an edit changed flashes for a moment: shapes on wires, figures on cards. So one sees how far it reaches.

With reduced motion nothing fades: the marks stand for the same time and are gone.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPen

from designer.canvas.node_item import NodeItem
from designer.canvas.scene import CanvasScene
from engine.analysis import Analysis
from engine.graph import Edge
from widgets import tokens

LASTS_MS, TICK_MS = 700, 40
#: up to so many marks are repainted one by one, more with the whole view
_SINGLY = 40


def differences(old: Analysis, new: Analysis) -> tuple[frozenset[str], frozenset[str]]:
    """(nodes whose output has another shape, nodes whose parameters or multiply-adds are others), of those in both."""
    shapes, figures = set[str](), set[str]()
    for node, now in new.nodes.items():
        before = old.nodes.get(node)
        if before is None or before is now:
            continue
        if before.output != now.output:
            shapes.add(node)
        if (before.parameters, before.macs) != (now.parameters, now.macs):
            figures.add(node)
    return frozenset(shapes), frozenset(figures)


class Flash(QObject):
    """The marks of one scene. ``share``: how bright they are now, 1 to 0."""

    def __init__(self, scene: CanvasScene, parent: QObject) -> None:
        super().__init__(parent)
        self.scene = scene
        self.wires: frozenset[Edge] = frozenset()
        self.nodes: frozenset[str] = frozenset()
        self.share = 0.0
        self._left = 0
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)

    def show(self, old: Analysis, new: Analysis) -> None:
        """Mark what is another now; what was marked a moment ago stays marked."""
        if not old.graph.nodes.keys() & new.graph.nodes.keys():
            self.clear()
            return
        shapes, figures = differences(old, new)
        if not shapes and not figures:
            return
        going = self.share > 0
        wires = frozenset(e for n in shapes for e in new.graph.outgoing.get(n, ()))
        self.wires, self.nodes = (wires | self.wires, figures | self.nodes) if going else (wires, figures)
        self.share, self._left = 1.0, LASTS_MS
        self._timer.start()
        self._repaint()

    def clear(self) -> None:
        """No marks."""
        self._timer.stop()
        self._repaint()
        self.wires, self.nodes, self.share = frozenset(), frozenset(), 0.0

    def _tick(self) -> None:
        self._left -= TICK_MS
        if self._left <= 0:
            self.clear()
            return
        if tokens.motion():
            self.share = min(1.0, 1.5 * self._left / LASTS_MS)
            self._repaint()

    def _repaint(self) -> None:
        scene = self.scene
        if len(self.wires) + len(self.nodes) > _SINGLY:
            scene.update()
            return
        for edge in self.wires & scene.wires.keys():
            left, top, right, bottom = scene.wires[edge].reach
            scene.update(QRectF(left, top, right - left, bottom - top))
        for node in self.nodes & scene.nodes.keys():
            scene.update(scene.nodes[node].box().adjusted(-4, -4, 4, 4))

    # ------------------------------------------------------------------ painting

    def paint_label(self, painter: QPainter, place: QRectF, edge: Edge) -> None:
        """A plate behind a wire's shape text."""
        if edge in self.wires and self.share > 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color(tokens.theme().accent, 0.38 * self.share))
            painter.drawRoundedRect(place, 4, 4)

    def paint_nodes(self, painter: QPainter, exposed: QRectF, zoom: float) -> None:
        """A frame around each card whose figures are others; it keeps its strength on the screen at any zoom."""
        if self.share <= 0:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tokens.color(tokens.theme().accent, self.share), 2.5 / min(zoom, 1.0)))
        for node in self.nodes & self.scene.nodes.keys():
            item = self.scene.nodes[node]
            if item.isVisible() and item.box().intersects(exposed):
                painter.drawRoundedRect(item.box().adjusted(1, 1, -1, -1), tokens.RADIUS, tokens.RADIUS)
                self._paint_count(painter, item, zoom)

    def _paint_count(self, painter: QPainter, item: NodeItem, zoom: float) -> None:
        """A plate over the number of parameters."""
        if zoom < 0.6 or not item.card.count:
            return
        width = item.look.line_metrics.horizontalAdvance(item.card.count)
        right = item.x() + item.card.width - 10 - (22 if item.card.problem else 0)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color(tokens.theme().accent, 0.38 * self.share))
        painter.drawRoundedRect(QRectF(right - width - 4, item.y() + 9, width + 8, 16), 4, 4)
        painter.restore()
