"""What a card says and how large it is: computed from node and analysis, compared by value, painted by node_item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt

from designer.canvas.look import Look
from designer.document.geometry import GRID, snap_up
from designer.document.ports import inputs_of, layer_class, outputs_of
from engine.analysis import NodeAnalysis, Problem, make_layer
from engine.declare import Value
from engine.graph import Node
from widgets import tokens
from widgets.i18n import tr, tr_declared

HEAD = 56
PORT_Y = 28
PORT_STEP = 20
CHIP_ROW = 24
#: what a problem badge takes at the right of the name
BADGE = 22
#: with picture, bar and value line a plain card is 128 px high
PICTURE_ROW = 72
WIDEST = 280
#: a collapsed card: its height with one port, how far apart several are, how narrow it may be
LOW, LOW_Y, LOW_STEP, LOW_WIDTH = 24, 12, 12, 96
_LEFT, _RIGHT, _ICON = 12, 10, 22

Place = tuple[str, float, float, bool]


@dataclass(frozen=True)
class Chip:
    """A small outlined word under the summary; ``icon`` alone where it says it all."""

    text: str
    width: float
    icon: str = ""


@dataclass(frozen=True)
class Card:
    """Everything that a card shows besides live pictures. ``inputs``/``outputs``: (port, x, y, takes many)."""

    title: str
    summary: str
    count: str
    group: str
    icon: str
    chips: tuple[Chip, ...]
    problem: str
    severity: str
    muted: bool
    width: int
    head: int
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    pictured: bool
    collapsed: bool = False
    down: bool = False

    @property
    def height(self) -> int:
        """With the picture row if there is something to show."""
        return self.head + (PICTURE_ROW if self.pictured else 0)

    @property
    def picture_top(self) -> float:
        """Where the live picture begins."""
        return self.head - 4


def short_count(count: int) -> str:
    """123, 1.2k, 12k, 1.2M: three figures at most."""
    value, unit = float(count), ""
    for larger in ("k", "M", "G", "T"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f}{unit}" if not unit or value >= 9.95 else f"{value:.1f}{unit}"


def make_card(
    node: Node,
    known: NodeAnalysis | None,
    problems: tuple[Problem, ...],
    look: Look,
    pictured: bool = False,
    collapsed: bool = False,
    down: bool = False,
) -> Card:
    """Cut what does not fit, widen by content in steps of 8 from 168 px to 280 px. ``down``: ports above and below."""
    layer = make_layer(node)
    group = "data" if isinstance(layer, Problem) else layer.group
    summary = tr_declared(node.type if isinstance(layer, Problem) else layer.summary())
    count = f"θ {short_count(known.parameters)}" if known is not None and known.parameters else ""
    chips = [] if collapsed else _chips(node, look)
    summary, count, pictured = ("", "", False) if collapsed else (summary, count, pictured)
    lines, names = look.line_metrics, look.name_metrics
    count_width = lines.horizontalAdvance(count) + 10 if count else 0
    beside = _LEFT + _ICON + count_width + _RIGHT + (BADGE if problems else 0)
    content = max(
        beside + names.horizontalAdvance(node.name),
        _LEFT + lines.horizontalAdvance(summary) + _RIGHT,
        _LEFT + sum(c.width + 4 for c in chips) + _RIGHT - 4,
    )
    # Below each other cards stand with their middles in line, which is on the grid where the width is even on it.
    step = 2 * GRID if down else GRID
    least = LOW_WIDTH if collapsed else 176 if pictured else tokens.NODE_WIDTH
    width = min(max(snap_up(least, step), snap_up(content, step)), snap_up(WIDEST, step))
    title = names.elidedText(node.name, Qt.TextElideMode.ElideRight, width - beside)
    summary = lines.elidedText(summary, Qt.TextElideMode.ElideRight, width - _LEFT - _RIGHT)
    ports = tuple((p.name, p.many) for p in inputs_of(node.type))
    ends = tuple((name, False) for name in outputs_of(node.type))
    head = head_height(max(len(ports), len(ends)), bool(chips), collapsed, down)
    high = float(head + (PICTURE_ROW if pictured else 0))
    side = (ports_across if down else ports_beside)(collapsed, width)
    places = side(ports, 0.0)
    outputs = side(ends, high if down else float(width))
    text, severity = _problem_text(problems)
    icon = f"group-{group}" if group in tokens.GROUPS else "layers"
    flags = (tuple(chips), text, severity, node.muted)
    shape = (width, head, places, outputs, pictured, collapsed, down)
    return Card(title, summary, count, group, icon, *flags, *shape)


def head_height(ports: int, chips: bool, collapsed: bool, down: bool) -> int:
    most = 1 if down else ports
    if collapsed:
        return snap_up(LOW + LOW_STEP * (most - 1))
    return max(HEAD + (CHIP_ROW if chips else 0), snap_up(PORT_Y + PORT_STEP * (most - 1) + 16))


def ports_beside(collapsed: bool, width: int) -> Callable[[tuple[tuple[str, bool], ...], float], tuple[Place, ...]]:
    """Ports at the left or right side, from above."""
    first, step = (LOW_Y, LOW_STEP) if collapsed else (PORT_Y, PORT_STEP)
    return lambda ports, x: tuple((name, x, float(first + step * k), many) for k, (name, many) in enumerate(ports))


def ports_across(collapsed: bool, width: int) -> Callable[[tuple[tuple[str, bool], ...], float], tuple[Place, ...]]:
    """Ports at the upper or lower side, around the middle."""

    def places(ports: tuple[tuple[str, bool], ...], y: float) -> tuple[Place, ...]:
        first = width / 2 - PORT_STEP * (len(ports) - 1) / 2
        return tuple((name, first + PORT_STEP * k, y, many) for k, (name, many) in enumerate(ports))

    return places


def _problem_text(problems: tuple[Problem, ...]) -> tuple[str, str]:
    if not problems:
        return "", ""
    lines = []
    for p in problems:
        line = tr_declared(p.template, **p.values)
        if p.expected and p.got:
            both = {"expected": tr_declared(p.expected), "got": tr_declared(p.got)}
            line += "\n" + tr("expected {expected}, got {got}", **both)
        lines.append(line)
    return "\n\n".join(lines), "error" if any(p.severity == "error" for p in problems) else "warning"


def _chips(node: Node, look: Look) -> list[Chip]:
    words: list[tuple[str, str]] = []
    norm, rate = _param(node, "batch_norm"), _param(node, "dropout")
    if norm in ("before", "after"):
        words.append((tr("BN") if norm == "before" else tr("BN after"), ""))
    if isinstance(rate, float) and rate > 0:
        words.append((tr("dropout {rate}", rate=f"{rate:g}"), ""))
    for name in ("l1", "l2"):
        penalty = _param(node, name)
        if isinstance(penalty, float) and penalty > 0:
            words.append((f"{name.upper()} {penalty:g}", ""))
    if node.frozen:
        words.append((tr("frozen"), "frozen"))
    if node.muted:
        words.append((tr("muted"), "muted"))
    measure = look.line_metrics.horizontalAdvance
    return [Chip(text, measure(text) + (26 if icon else 12), icon) for text, icon in words]


def _param(node: Node, name: str) -> Value:
    found = layer_class(node.type)
    declared = found.params.get(name) if found is not None else None
    return node.params.get(name, declared.default if declared is not None else None)
