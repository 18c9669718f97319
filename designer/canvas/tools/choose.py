"""Which gesture a press begins: a table of rules, first match wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, Qt

from designer.canvas.ports import PortRef
from designer.canvas.tools.area import AreaTool
from designer.canvas.tools.base import Pointer, Tool
from designer.canvas.tools.cut import CutOneTool, CutTool
from designer.canvas.tools.move import MoveTool
from designer.canvas.tools.pan import PanTool
from designer.canvas.tools.reroute import RerouteTool, dot_at
from designer.canvas.tools.select import SelectTool, WireSelectTool
from designer.canvas.tools.wire import WireTool
from designer.document.ports import wire_into
from engine.graph import Edge

if TYPE_CHECKING:
    from designer.canvas.view import Canvas

_LEFT, _MIDDLE, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
_BACK, _FORWARD = Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton
#: how near to its end, on the screen, a wire can be taken off
GRIP = 40


def choose_tool(canvas: Canvas, at: Pointer) -> Tool | None:
    """The tool for a press there, or None if it begins nothing."""
    if at.button == _MIDDLE or (at.button == _LEFT and canvas.space_held):
        return PanTool(canvas, at)
    if at.button in (_BACK, _FORWARD):
        canvas.visits.back() if at.button == _BACK else canvas.visits.forward()
        return None
    if at.button == _RIGHT:
        return CutTool(canvas, at) if at.ctrl else None
    if at.button != _LEFT:
        return None
    scene = canvas.scene_
    port = scene.port_at(at.scene, 9 / min(canvas.zoom, 1.0))
    if port is not None and not at.alt and canvas.zoom >= 0.35:
        return _wire_from(canvas, at, port)
    card = scene.card_at(at.scene)
    if card is not None:
        return MoveTool(canvas, at, card)
    dot = dot_at(scene, at.scene, canvas.zoom)
    if dot is not None and not at.alt:
        return RerouteTool(canvas, at, *dot)
    wire = scene.wire_at(at.scene, 6 / canvas.zoom)
    if wire is not None:
        return CutOneTool(canvas, at, wire) if at.alt else WireSelectTool(canvas, at, wire)
    area = canvas.annotations.at(at.scene)
    if area is not None:
        return AreaTool(canvas, at, area)
    return SelectTool(canvas, at)


def _wire_from(canvas: Canvas, at: Pointer, port: PortRef) -> WireTool:
    """From a taken input the wire's end comes off; from any other port a new wire begins."""
    taken = wire_into(canvas.store.state.graph, port.node, port.port) if port.is_input else None
    behind = canvas.scene_.sheet.bundle(port)
    if behind is not None and port.is_input:
        taken = behind.wires[0] if behind.wires else None
    if taken is not None:
        return WireTool(canvas, at, PortRef(taken.source, taken.source_port, False), taken)
    return WireTool(canvas, at, port)


def pull_off(canvas: Canvas, wire: Edge, begun: Pointer, at: Pointer) -> None:
    """Hand over from a press on a wire to dragging its nearer end; in the middle of a wire nothing comes off."""
    item = canvas.scene_.wires[wire]
    to_start = QLineF(begun.scene, item.start).length() * canvas.zoom
    to_end = QLineF(begun.scene, item.end).length() * canvas.zoom
    if min(to_start, to_end) > GRIP:
        return
    if to_end <= to_start:
        origin = PortRef(wire.source, wire.source_port, False)
    else:
        origin = canvas.groups.port_of(wire, True)
    canvas.tool = WireTool(canvas, begun, origin, wire)
    canvas.tool.move(at)
