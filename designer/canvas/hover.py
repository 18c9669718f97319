"""What the canvas says about the thing under the mouse: problems, figures, shapes and how they come about."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QRectF

from designer.canvas.flow import Magnitudes
from designer.canvas.group_card import totals_of
from designer.canvas.scene import CanvasScene
from designer.document.ports import inputs_of
from designer.document.sheet import card_of
from engine.analysis import NodeAnalysis, Problem, make_layer
from engine.graph import Edge
from widgets.i18n import tr, tr_declared

if TYPE_CHECKING:
    from designer.canvas.view import Canvas


def tip_at(canvas: Canvas, view: QPoint) -> tuple[str, QRect]:
    """(text, the viewport rectangle it holds for)."""
    scene, at = canvas.scene_, canvas.mapToScene(view)
    port = scene.port_at(at)
    if port is not None:
        side = tr("input") if port.is_input else tr("output")
        many = port.is_input and any(
            p.many for p in inputs_of(scene.state.graph.nodes[port.node].type) if p.name == port.port
        )
        behind = scene.sheet.bundle(port)
        if behind is not None:
            names = ", ".join(f"{scene.state.graph.nodes[s.node].name} “{s.port}”" for s in behind.slots)
            known = scene.analysis.output(port.node) if not port.is_input else None
            text = (tr("input of {names}", names=names) if port.is_input else tr("output of {names}", names=names))
            return text + (f"\n{known.text()}" if known else ""), QRect(view, view).adjusted(-6, -6, 6, 6)
        text = f"{side} “{port.port}”" + (", " + tr("takes several wires") if many else "")
        known = scene.analysis.output(port.node) if not port.is_input else None
        return text + (f"\n{known.text()}" if known is not None else ""), QRect(view, view).adjusted(-6, -6, 6, 6)
    group = scene.group_at(at)
    if group is not None:
        return group_tip(scene, group), _on_screen(canvas, scene.cards[card_of(group)].box())
    node = scene.node_at(at)
    if node is not None:
        item = scene.nodes[node]
        badge = item.badge().translated(item.pos())
        if item.card.problem and badge.contains(at):
            return item.card.problem, _on_screen(canvas, badge)
        live = canvas.overlay.values.get(node)
        text = node_tip(scene, node) + ("\n\n" + live.tip if live is not None and live.tip else "")
        more = canvas.overlay.heat.tip.get(node, "")
        text += "\n\n" + more if more else ""
        return text, _on_screen(canvas, item.box())
    wire = scene.wire_at(at, 6 / canvas.zoom)
    if wire is None:
        return "", QRect()
    text = "\n".join((wire_tip(scene, wire), *flow_lines(canvas.overlay.flow.get(wire))))
    return text, QRect(view, view).adjusted(-8, -8, 8, 8)


def group_tip(scene: CanvasScene, group: str) -> str:
    """Title, sums, what is wrong inside, and how to get there."""
    sums, own = totals_of(scene.state, scene.analysis, group), scene.state.groups[group]
    lines = [own.title, tr("{count} layers", count=sums.layers)]
    lines.append(tr("{count} parameters", count=f"{sums.parameters:,}"))
    lines.append(tr("{count} multiply-adds per sample", count=f"{sums.macs:,}"))
    lines.append(tr("Double-click or Enter opens it"))
    wrong = scene.cards[card_of(group)].card.problem
    return "\n".join(lines) + (f"\n\n{wrong}" if wrong else "")


def flow_lines(measured: Magnitudes | None) -> list[str]:
    """What flows through a wire now: both magnitudes with their decade."""
    if measured is None:
        return []
    forward, backward = measured
    lines = []
    if forward is not None:
        lines.append(tr("forward: RMS(a) = {value}", value=with_decade(forward)))
    if backward is None:
        lines.append(tr("backward: not computed, nothing before it learns"))
    else:
        lines.append(tr("backward: RMS(dL/da) = {value}", value=with_decade(backward)))
    return lines


def with_decade(value: float) -> str:
    """``0.00012 (10^-3.9)``."""
    return f"{value:.3g} (10^{math.log10(value):.1f})" if value > 0 and math.isfinite(value) else f"{value:.3g}"


def _on_screen(canvas: Canvas, rect: QRectF) -> QRect:
    return canvas.mapFromScene(rect).boundingRect()


def node_tip(scene: CanvasScene, node_id: str) -> str:
    """Name, shapes with their arithmetic, parameters, multiply-adds, bytes, problems."""
    node, known = scene.state.graph.nodes[node_id], scene.analysis.nodes.get(node_id)
    lines = [node.name]
    if known is not None and known.output is not None:
        came = ", ".join(t.text() for t in known.inputs if t is not None)
        lines.append(f"{came} → {known.output.text()}" if came else known.output.text())
        lines.extend(line for line in (explanation(known),) if line)
        if known.parameters:
            trained = "" if known.trainable else ", " + tr("frozen")
            lines.append(tr("{count} parameters", count=f"{known.parameters:,}") + trained)
        if known.macs:
            lines.append(tr("{count} multiply-adds per sample", count=f"{known.macs:,}"))
        if known.activation_bytes:
            lines.append(tr("{size} per sample kept for the backward pass", size=size_text(known.activation_bytes)))
    if scene.nodes[node_id].card.problem:
        lines.append("\n" + scene.nodes[node_id].card.problem)
    return "\n".join(lines)


def explanation(known: NodeAnalysis) -> str:
    """How the shape comes about, with its numbers."""
    layer = make_layer(known.node)
    shapes = [t.shape for t in known.inputs if t is not None]
    if isinstance(layer, Problem) or len(shapes) != len(known.inputs) or known.node.muted:
        return ""
    return tr_declared(layer.explain(*shapes))


def wire_tip(scene: CanvasScene, wire: Edge) -> str:
    """From where to where, what it carries, and why it has that shape."""
    names = scene.state.graph.nodes
    lines = [f"{names[wire.source].name} → {names[wire.target].name}"]
    carried = scene.analysis.output(wire.source)
    if carried is None:
        return lines[0] + "\n" + tr("shape unknown: a layer before it has a problem")
    count = 1
    for d in carried.shape:
        count *= d
    kind = "float32" if carried.dtype == "float" else tr("whole numbers")
    lines.append(f"{carried.text()}, {kind}, {size_text(4 * count)} " + tr("per sample"))
    known = scene.analysis.nodes.get(wire.source)
    lines.extend(line for line in (explanation(known) if known is not None else "",) if line)
    return "\n".join(lines)


def size_text(count: float) -> str:
    """Bytes in B, kB, MB, GB."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
