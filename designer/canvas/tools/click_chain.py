"""Click-chain: a click on an output port, then a click on each layer that comes next; Escape or empty paper ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas.curve import wire_path
from designer.canvas.ports import PortRef, best_port
from designer.canvas.tools.base import Pointer
from designer.document import verbs
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


class ClickChain:
    """Lives from the first click to the last. ``origin``: the output that the next click is wired to."""

    def __init__(self, canvas: Canvas, origin: PortRef) -> None:
        self.canvas, self.origin = canvas, origin
        self._line = QGraphicsPathItem()
        self._line.setZValue(10)
        self._line.setPen(QPen(tokens.color(tokens.theme().accent, 0.7), 2, Qt.PenStyle.DashLine))
        canvas.scene_.addItem(self._line)
        canvas.message.emit(tr("Click the next layer; Escape ends"))

    def move(self, at: QPointF) -> None:
        """The loose end follows the mouse."""
        start = self.canvas.scene_.sheet.point_of(self.origin)
        down = self.canvas.scene_.state.down
        self._line.setPath(wire_path(start, at, QRectF(start, start), QRectF(at, at), (), down))

    def click(self, at: Pointer) -> bool:
        """Wires the layer there and goes on from its output. False, and ended, where there is none."""
        canvas = self.canvas
        port = canvas.scene_.port_at(at.scene, 9 / min(canvas.zoom, 1.0))
        groups, state = canvas.groups, canvas.store.state
        card = groups.card_of_port(port) if port is not None else canvas.scene_.card_at(at.scene)
        if card is None:
            self.end()
            return False
        if card == canvas.scene_.sheet.card_of(self.origin.node):
            return True
        best = best_port(state, card, self.origin) if card in state.graph.nodes else groups.best_port(card, self.origin)
        target = port if port is not None and port.is_input else best
        wire = self.origin.wire_to(target) if target is not None else None
        if wire is None or target is None:
            canvas.message.emit(tr("{name} takes no wire", name=groups.title_of(card)))
            return True
        change = groups.change(self.origin, target, None)
        if wire in state.graph.edges or canvas.store.attempt(tr("Connect"), verbs.rewire, *change):
            onward = groups.outputs_of(card)
            if not onward:
                self.end()
            else:
                self.origin = onward[0]
                self.move(at.scene)
        return True

    def end(self) -> None:
        """No more."""
        if self._line.scene() is not None:
            self.canvas.scene_.removeItem(self._line)
        if self.canvas.click_chain is self:
            self.canvas.click_chain = None
