"""The theme's tokens as the brushes, pens and fonts that cards and wires paint with; made once per theme."""

from __future__ import annotations

from functools import cached_property, lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen

from widgets import tokens
from widgets.tokens import Theme

PORT_RADIUS = 5.0
#: room around a card for its ports and its selection outline
MARGIN = 8.0


class Look:
    """Colours, pens, fonts and metrics of one theme."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.name_font = tokens.font("title", bold=True)
        self.far_font = _larger(self.name_font, 1.2)
        self.line_font = tokens.font("caption")
        self.note_font = tokens.font("body")
        self.value_font = tokens.font("caption", bold=True)
        self.text, self.secondary, self.disabled = (QColor(c) for c in (theme.text, theme.secondary, theme.disabled))
        self._groups = {g: QColor(theme.group(g)) for g in tokens.GROUPS}
        self.card = QBrush(QColor(theme.raised))
        self.border = _pen(theme.border, 1.0)
        self.hover_border = _pen(theme.outline, 1.5)
        self.selected = _pen(theme.accent, 2.0)
        self.port = _pen(theme.outline, 1.5)
        self.port_fill = QBrush(QColor(theme.canvas))
        self.wire = _pen(tokens.blend(theme.canvas, theme.outline, 0.85), tokens.LINE_WIDTH)
        self.wire_hover = _pen(theme.text, tokens.LINE_WIDTH)
        self.wire_selected = _pen(theme.accent, 3.0)
        self.wire_wrong = _pen(theme.error, tokens.LINE_WIDTH)
        self.wire_muted = _pen(theme.disabled, tokens.LINE_WIDTH, Qt.PenStyle.DashLine)

    @cached_property
    def name_metrics(self) -> QFontMetricsF:
        """Widths of names."""
        return QFontMetricsF(self.name_font)

    @cached_property
    def far_metrics(self) -> QFontMetricsF:
        """Widths of names as they are drawn from far."""
        return QFontMetricsF(self.far_font)

    @cached_property
    def line_metrics(self) -> QFontMetricsF:
        """Widths of summaries, chips and labels."""
        return QFontMetricsF(self.line_font)

    def group(self, group: str) -> QColor:
        """A layer group's colour; the caller's own."""
        return QColor(self._groups[group] if group in self._groups else self.theme.group(group))


def _larger(font: QFont, factor: float) -> QFont:
    bigger = QFont(font)
    bigger.setPointSizeF(font.pointSizeF() * factor)
    return bigger


def _pen(color: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    return QPen(QColor(color), width, style, cap, join)


@lru_cache(maxsize=8)
def _look(theme: Theme, scale: float) -> Look:
    return Look(theme)


def look_of(theme: Theme) -> Look:
    """The look of that theme at the font size in force."""
    return _look(theme, tokens.font_scale())
