"""A group's card: title, what is in it, its sums, the worst that is wrong inside; a stack of cards with real ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath

from designer.canvas.card import (
    PICTURE_ROW,
    WIDEST,
    Card,
    Chip,
    Place,
    head_height,
    ports_across,
    ports_beside,
    short_count,
)
from designer.canvas.look import Look
from designer.canvas.node_item import NodeItem
from designer.canvas.ports import PortRef
from designer.document import DocState
from designer.document.geometry import GRID, snap_up
from designer.document.group_ports import GroupPort, input_ports, output_ports
from designer.document.ports import inputs_of, layer_class, title_of
from engine.analysis import Analysis
from engine.graph import Node
from widgets import tokens
from widgets.i18n import tr, tr_declared

#: how far the cards behind stand out, to the right and below
STACK = (3.0, 6.0)
_BANDS, _TYPES, _WORST = 8, 5, 3
_LEFT, _RIGHT, _ICON = 12, 10, 22


@dataclass(frozen=True)
class GroupCard(Card):
    """A card whose edge shows the colours of what is inside, in the order of the flow."""

    bands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Totals:
    """Sums over what a group holds. ``macs``: multiply-adds of one sample's forward pass."""

    layers: int
    parameters: int
    macs: int


def totals_of(state: DocState, analysis: Analysis, group: str) -> Totals:
    """Of its living members."""
    members = [m for m in state.groups[group].members if m in state.graph.nodes]
    known = [a for m in members if (a := analysis.nodes.get(m)) is not None]
    return Totals(len(members), sum(a.parameters for a in known), sum(a.macs for a in known))


def group_problem(state: DocState, analysis: Analysis, group: str) -> tuple[str, str]:
    """(what is wrong inside, errors first, each with its layer's name; "error", "warning" or "")."""
    graph = state.graph
    found = [
        (p.severity != "error", f"{graph.nodes[m].name}: {tr_declared(p.template, **p.values)}")
        for m in state.groups[group].members
        for p in (analysis.by_node.get(m, ()) if m in graph.nodes else ())
    ]
    if not found:
        return "", ""
    found.sort(key=lambda f: f[0])
    lines = [line for _, line in found[:_WORST]]
    if len(found) > _WORST:
        lines.append(tr("and {count} more", count=len(found) - _WORST))
    return "\n\n".join(lines), "warning" if found[0][0] else "error"


def make_group_card(
    state: DocState, analysis: Analysis, group: str, look: Look, rank: Mapping[str, int], pictured: bool = False
) -> tuple[GroupCard, tuple[GroupPort, ...], tuple[GroupPort, ...]]:
    """The card, and what stands behind its ports: their names are their numbers. ``rank``: places in the flow;
    ``pictured``: with room for a live picture."""
    own, down = state.groups[group], state.down
    inputs, outputs = input_ports(state.graph, own), output_ports(state.graph, own)
    nodes = [state.graph.nodes[n] for n in sorted(own.members, key=lambda n: rank.get(n, 0)) if n in state.graph.nodes]
    sums, (problem, severity) = totals_of(state, analysis, group), group_problem(state, analysis, group)
    count = f"θ {short_count(sums.parameters)}" if sums.parameters else ""
    chips = _chips(sums, nodes, look)
    bands = tuple(key for key, _ in groupby(_group_of(n) for n in nodes))[:_BANDS]
    kinds = [_group_of(n) for n in nodes]
    summary = _summary(nodes)
    names, lines = look.name_metrics, look.line_metrics
    beside = _LEFT + _ICON + (lines.horizontalAdvance(count) + 10 if count else 0) + _RIGHT + (22 if problem else 0)
    content = max(
        beside + names.horizontalAdvance(own.title),
        _LEFT + lines.horizontalAdvance(summary) + _RIGHT,
        _LEFT + sum(c.width + 4 for c in chips) + _RIGHT - 4,
    )
    step = 2 * GRID if down else GRID
    least = 176 if pictured else tokens.NODE_WIDTH
    width = min(max(snap_up(least, step), snap_up(content, step)), snap_up(WIDEST, step))
    title = names.elidedText(own.title, Qt.TextElideMode.ElideRight, width - beside)
    summary = lines.elidedText(summary, Qt.TextElideMode.ElideRight, width - _LEFT - _RIGHT)
    head = head_height(max(len(inputs), len(outputs), 1), True, False, down)
    places = _places(inputs, outputs, width, head + (PICTURE_ROW if pictured else 0), down, state)
    muted = bool(nodes) and all(n.muted for n in nodes)
    group_color = max(dict.fromkeys(kinds), key=kinds.count) if kinds else "data"
    flags = (tuple(chips), problem, severity, muted)
    shape = (width, head, *places, pictured, False, down)
    return GroupCard(title, summary, count, group_color, "group", *flags, *shape, bands), inputs, outputs


def _places(
    inputs: tuple[GroupPort, ...], outputs: tuple[GroupPort, ...], width: int, head: int, down: bool, state: DocState
) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    side = (ports_across if down else ports_beside)(False, width)
    ins = side(tuple((str(k), _takes_many(state, p)) for k, p in enumerate(inputs)), 0.0)
    outs = side(tuple((str(k), False) for k in range(len(outputs))), float(head if down else width))
    return ins, outs


def _takes_many(state: DocState, port: GroupPort) -> bool:
    """Only an open port of a merge takes several wires: any other stands for one source."""
    node, name = port.slots[0]
    many = any(p.many for p in inputs_of(state.graph.nodes[node].type) if p.name == name)
    return many and not port.wires and len(port.slots) == 1


def _group_of(node: Node) -> str:
    found = layer_class(node.type)
    return found.group if found is not None else "data"


def _summary(nodes: list[Node]) -> str:
    """Types in the order of the flow; repeats are counted."""
    words = []
    for type_name, same in groupby(n.type for n in nodes):
        times = len(list(same))
        words.append(tr_declared(title_of(type_name)) + (f" ×{times}" if times > 1 else ""))
    return " · ".join(words if len(words) <= _TYPES else [*words[: _TYPES - 1], "…"])


def _chips(sums: Totals, nodes: list[Node], look: Look) -> list[Chip]:
    words = [(tr("{count} layers", count=sums.layers), "")]
    if sums.macs:
        words.append((tr("{count} multiply-adds", count=short_count(sums.macs)), ""))
    words += [(tr("frozen"), "frozen")] if nodes and all(n.frozen for n in nodes) else []
    words += [(tr("muted"), "muted")] if nodes and all(n.muted for n in nodes) else []
    measure = look.line_metrics.horizontalAdvance
    return [Chip(text, measure(text) + (26 if icon else 12), icon) for text, icon in words]


class GroupItem(NodeItem):
    """``node_id`` is the card's id; ``ends``: what stands behind a port, by (name, is input)."""

    ends: dict[tuple[str, bool], GroupPort]
    #: the layer inside whose picture and figures the card shows, "" for none
    voice = ""

    def ref(self, name: str, is_input: bool) -> PortRef | None:
        """The first end inside; ``via`` tells this port from another that leads there."""
        node, port = self.ends[name, is_input].slots[0]
        return PortRef(node, port, is_input, f"{self.node_id}/{name}")

    def show_ports(self, inputs: tuple[GroupPort, ...], outputs: tuple[GroupPort, ...]) -> None:
        """What stands behind the ports from now on."""
        self.ends = {(str(k), True): p for k, p in enumerate(inputs)}
        self.ends |= {(str(k), False): p for k, p in enumerate(outputs)}

    def _paint_body(self, painter: QPainter) -> None:
        box, radius = QRectF(0, 0, self.card.width, self.card.height), float(tokens.RADIUS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self.look.card)
        painter.setPen(self.look.hover_border if self.hovered else self._behind())
        for way in reversed(STACK):
            painter.drawRoundedRect(box.translated(way, way).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        super()._paint_body(painter)
        edge, bands = QPainterPath(), self._bands()
        edge.addRoundedRect(box, radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        for k, band in enumerate(bands):
            strip = QPainterPath()
            share = box.height() / len(bands)
            strip.addRect(QRectF(0, k * share, tokens.NODE_EDGE, share))
            color = self.look.group(band)
            color.setAlphaF(0.4 if self.card.muted else 1.0)
            painter.setBrush(color)
            painter.drawPath(edge.intersected(strip))

    def _paint_far(self, painter: QPainter) -> None:
        """From far: the colours of what is inside side by side, before a second card."""
        box, bands = QRectF(0, 0, self.card.width, self.card.height), self._bands()
        painter.setPen(self._behind())
        painter.setBrush(self.look.card)
        painter.drawRect(box.translated(STACK[1], STACK[1]))
        super()._paint_far(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        for k, band in enumerate(bands):
            color = self.look.group(band)
            color.setAlphaF(0.35 if self.card.muted else 1.0)
            painter.setBrush(color)
            share = box.width() / len(bands)
            painter.drawRect(QRectF(k * share, 0, share + 0.5, box.height()))
        if self.card.problem:
            painter.setBrush(tokens.color(self._problem_color()))
            painter.drawRect(QRectF(self.card.width - 40, 0, 40, 40))
        if self.selected:
            painter.setPen(self.look.selected)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)

    def _behind(self) -> QColor:
        """The border of the cards behind: on light paper the usual one would not be seen."""
        return tokens.color(tokens.blend(self.look.theme.canvas, self.look.theme.outline, 0.55))

    def _bands(self) -> tuple[str, ...]:
        return (self.card.bands if isinstance(self.card, GroupCard) else ()) or (self.card.group,)
