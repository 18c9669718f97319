"""Wire: drag from either end. Ports that fit glow, the others dim; near one the wire snaps and says what it would do.

Green: fits. Amber: allowed, but the shapes do not match, with the sentence. Red: refused, with the reason and remedy.
Dropped on a card it takes the card's first free port, on empty canvas it offers what fits; a wire dragged off its port
and dropped on nothing is unplugged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from designer.canvas.curve import wire_path
from designer.canvas.fits import new_problem
from designer.canvas.look import PORT_RADIUS
from designer.canvas.overlay import Layer
from designer.canvas.ports import PortRef, best_port, blocked
from designer.canvas.tools.base import Pointer, Tool
from designer.document import DocState, verbs
from engine.graph import Edge
from widgets import tokens
from widgets.i18n import tr

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

#: how near, on the screen, a port attracts the loose end
ATTRACT = 26


class WireTool(Tool):
    """``origin``: the fixed end. ``unplug``: the wire whose other end was taken off its port."""

    def __init__(self, canvas: Canvas, at: Pointer, origin: PortRef, unplug: Edge | None = None) -> None:
        super().__init__(canvas, at)
        self.origin, self.unplug = origin, unplug
        self._target: PortRef | None = None
        self._tone, self._sentence = "secondary", ""
        self._line: QGraphicsPathItem | None = None
        self._glow: Layer | None = None

    def start(self, at: Pointer) -> None:
        scene = self.canvas.scene_
        self._blocked = blocked(self._without(), self.origin)
        self._line = QGraphicsPathItem()
        self._line.setZValue(10)
        self._glow = Layer(9, self._paint_ports)
        scene.addItem(self._line)
        scene.addItem(self._glow)
        if self.unplug is not None:
            scene.wires[self.unplug].setOpacity(0.25)

    def _without(self) -> DocState:
        state = self.canvas.store.state
        return state if self.unplug is None else verbs.disconnect(state, (self.unplug,))

    def drag(self, at: Pointer) -> None:
        scene = self.canvas.scene_
        target = self._nearest(at)
        if target != self._target:
            self._target = target
            self._judge()
        fixed = scene.sheet.point_of(self.origin)
        loose = at.scene
        if self._target is not None:
            loose = scene.sheet.point_of(self._target)
        start, end = (loose, fixed) if self.origin.is_input else (fixed, loose)
        if self._line is not None:
            down = scene.state.down
            self._line.setPath(wire_path(start, end, QRectF(start, start), QRectF(end, end), (), down))
            width = 3.0 if self._target is not None else 2.0
            self._line.setPen(QPen(tokens.color(getattr(tokens.theme(), self._tone)), width))
        self.canvas.bubble.say(self._sentence, at.view, self._tone)

    def _nearest(self, at: Pointer) -> PortRef | None:
        """The nearest port that fits, else the nearest of the other side, which says why it does not; over a card
        without one near, the card's own choice."""
        scene, state, groups = self.canvas.scene_, self.canvas.store.state, self.canvas.groups
        own = groups.card_of_port(self.origin)
        near = [
            p for p in scene.ports_at(at.scene, ATTRACT / self.canvas.zoom)
            if p.is_input != self.origin.is_input and groups.card_of_port(p) != own
        ]  # fmt: skip
        if near:
            return next((p for p in near if p.node not in self._blocked), near[0])
        card = scene.card_at(at.scene)
        if card is None or card == own:
            return None
        group = card in scene.sheet.groups
        return groups.best_port(card, self.origin) if group else best_port(state, card, self.origin)

    def _judge(self) -> None:
        """What would happen on release, in colour and words."""
        self._tone, self._sentence = "secondary", ""
        wire = None if self._target is None else self.origin.wire_to(self._target)
        if wire is None or wire == self.unplug:
            self._tone = "accent" if self._target is not None else "secondary"
            return
        try:
            after = verbs.rewire(self.canvas.store.state, *self._change())
        except ValueError as refusal:
            self._tone, self._sentence = "error", self.canvas.words_of(refusal)
            return
        problem = new_problem(after, self._change()[0], self.canvas.analyst.analysis)
        self._tone, self._sentence = ("warning", problem) if problem else ("good", "")

    def _change(self) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
        """(new wires, wires that go): several where a port stands for several."""
        assert self._target is not None
        return self.canvas.groups.change(self.origin, self._target, self.unplug)

    def _paint_ports(self, painter: QPainter, exposed: QRectF, zoom: float) -> None:
        """Rings on what fits, a veil over what does not; visible cards only."""
        theme = tokens.theme()
        fits, veil = tokens.color(theme.good), tokens.color(theme.canvas, 0.65)
        ring = QPen(fits, 2.0)
        scene, own = self.canvas.scene_, self.canvas.groups.card_of_port(self.origin)
        for item in (*scene.cards.values(), *scene.sheet.borders.values()):
            if not item.box().adjusted(-12, -12, 12, 12).intersects(exposed):
                continue
            for is_input, places in ((True, item.card.inputs), (False, item.card.outputs)):
                for name, x, y, many in places:
                    ref = item.ref(name, is_input)
                    free = ref is not None and ref.node not in self._blocked and item.node_id != own
                    good = is_input != self.origin.is_input and free
                    tall = 5.0 if many else 0.0
                    box = QRectF(item.x() + x - PORT_RADIUS, item.y() + y - PORT_RADIUS - tall, 10, 10 + 2 * tall)
                    painter.setPen(ring if good else Qt.PenStyle.NoPen)
                    painter.setBrush(tokens.color(theme.good, 0.35) if good else veil)
                    grown = box.adjusted(-1.5, -1.5, 1.5, 1.5)
                    painter.drawRoundedRect(grown, PORT_RADIUS + 1.5, PORT_RADIUS + 1.5)

    def release(self, at: Pointer) -> None:
        if not self.dragging:
            if not self.origin.is_input and self.unplug is None:
                self.canvas.begin_click_chain(self.origin)
            return
        target, tone = self._target, self._tone
        unplug, origin = self.unplug, self.origin
        self.cancel()
        wire = None if target is None else origin.wire_to(target)
        if wire is not None and target is not None:
            if tone == "error":
                self.canvas.message.emit(self._sentence)
            elif wire != unplug:
                text = tr("Move a wire") if unplug is not None else tr("Connect")
                self.canvas.store.attempt(text, verbs.rewire, *self.canvas.groups.change(origin, target, unplug))
        elif unplug is not None:
            gone = self.canvas.scene_.sheet.twins((unplug,))
            self.canvas.store.attempt(tr("Unplug a wire"), verbs.disconnect, gone)
        elif self.canvas.scene_.card_at(at.scene) is None:
            self.canvas.quick_add(QPointF(at.scene), origin)

    def cancel(self) -> None:
        scene = self.canvas.scene_
        for item in (self._line, self._glow):
            if item is not None:
                scene.removeItem(item)
        self._line = self._glow = None
        if self.unplug in scene.wires:
            scene.wires[self.unplug].setOpacity(1.0)
        self.canvas.bubble.hide()
        self.canvas.restore_cursor()
