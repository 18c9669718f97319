"""Cost as colour: each card tinted by what it costs on a log scale, with its figure in words beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from designer.canvas.card import short_count
from designer.canvas.flow import viridis
from designer.canvas.look import Look
from designer.canvas.node_item import MIDDLE
from designer.document.costs import Measure, costs_of, heat, shares
from engine.analysis import Analysis
from widgets import tokens

TINT = 0.42
#: below a card: how far away a bar is, and how high
BELOW, HIGH = 4.0, 18.0


@dataclass(frozen=True)
class Heat:
    """``level`` 0 to 1 by node, and what to write at its card; nodes that cost nothing are absent. ``tip``: more words
    for whoever points at it. ``below``: as a bar below the card, which stays as it is, instead of a tint over it."""

    level: Mapping[str, float]
    text: Mapping[str, str]
    tip: Mapping[str, str] = field(default_factory=dict)
    below: bool = False


NO_HEAT = Heat({}, {})


def heat_of(
    analysis: Analysis, measure: Measure | None, groups: Mapping[str, tuple[str, ...]] | None = None
) -> Heat:
    """Colours and words for all cards; nothing without a measure. ``groups``: members by card, which count together."""
    if measure is None:
        return NO_HEAT
    costs = costs_of(analysis)
    part = shares(costs, measure)
    level = heat(costs, measure)
    unit = "B" if measure == "bytes" else ""
    text = {c.node: f"{short_count(c.value(measure))}{unit}  {part[c.node]:.0%}" for c in costs if c.node in level}
    values, largest = {c.node: c.value(measure) for c in costs}, max((c.value(measure) for c in costs), default=0)
    for card, members in (groups or {}).items():
        total = sum(values.get(m, 0) for m in members)
        if total and largest:
            level = {**level, card: min(max(1.0 + math.log10(total / largest) / 3.0, 0.0), 1.0)}
            text[card] = f"{short_count(total)}{unit}  {sum(part.get(m, 0.0) for m in members):.0%}"
    return Heat(level, text)


def paint_heat(painter: QPainter, box: QRectF, level: float, text: str, look: Look, zoom: float) -> None:
    """A tint over the card, and its figure on a plate at the lower edge."""
    color = viridis(level)
    painter.setPen(Qt.PenStyle.NoPen)
    tint = tokens.color(color.name(), TINT) if zoom >= MIDDLE else color
    painter.setBrush(tint)
    painter.drawRoundedRect(box.adjusted(4, 0, 0, 0), tokens.RADIUS, tokens.RADIUS)
    if zoom < MIDDLE:
        return
    painter.setFont(look.value_font)
    width = painter.fontMetrics().horizontalAdvance(text) + 12
    plate = QRectF(box.right() - width - 6, box.bottom() - 9, width, 18)
    painter.setBrush(tokens.color(look.theme.panel))
    painter.setPen(look.border)
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(look.text)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def paint_below(painter: QPainter, box: QRectF, level: float, text: str, look: Look, zoom: float) -> None:
    """A bar as long as the card is wide at level 1, with its figure."""
    plate = QRectF(box.left(), box.bottom() + BELOW, box.width(), HIGH)
    painter.setPen(look.border)
    painter.setBrush(tokens.color(look.theme.panel))
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.color(tokens.blend(look.theme.panel, look.theme.accent, 0.35)))
    painter.drawRoundedRect(plate.adjusted(1, 1, (level - 1) * (plate.width() - 2) - 1, -1), 3, 3)
    if zoom < MIDDLE:
        return
    painter.setFont(look.value_font)
    painter.setPen(look.text)
    painter.drawText(plate.adjusted(6, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
